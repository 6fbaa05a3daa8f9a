"""Processor time of `regard --help`, beside Python's own start and Typer's import.

    python benchmarks/help.py [--rounds 9] [--json FILE]

Prints the median of the rounds with the lowest and highest, in seconds of processor time (user and system).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

COMMANDS = {
    "regard --help": [sys.executable, "-m", "regard.cli", "--help"],
    "import typer": [sys.executable, "-c", "import typer"],
    "python": [sys.executable, "-c", "pass"],
}


def processor_seconds(command: list[str]) -> float:
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    spent: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(given.rounds):
        for name, command in COMMANDS.items():
            spent[name].append(processor_seconds(command))
    rows = [
        {"row": name, "seconds": round(statistics.median(times), 3), "low": min(times), "high": max(times)}
        for name, times in spent.items()
    ]
    for row in rows:
        print(f"{row['row']:14} {row['seconds']:.3f} s [{row['low']:.2f}–{row['high']:.2f}]")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
