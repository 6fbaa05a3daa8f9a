"""Long documents: baselines, a checkpoint of 512 tokens by each strategy, and the checkpoint lengthened to 4,096.

    python benchmarks/long_documents.py [TRAIN [TEST]] [--label-column NAME] [--documents 240] [--epochs 2]
        [--only WORDS] [--precision bf16] [--json FILE]

All models train on the same documents (of the packaged `bbc` where none are named); TEST is scored once by each, the
validation part where there is none. Every training is a process of its own, whose time (of the clock, and of the
processors) and greatest memory are written beside the accuracy. `--only` picks rows by name; `--precision` is the
number format in which the networks train.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

STEP = {"training.learning_rate": 1e-4, "training.evaluations_per_epoch": 1}
SHORT = {**STEP, "tokens.max_length": 512, "training.batch_tokens": 4096}
# One document of 4,096 tokens a batch, eight batches a step: as many documents a step as the others have.
LENGTHENED = {
    **STEP,
    "tokens.max_length": 4096,
    "tokens.strategy": "head",
    "training.batch_tokens": 4096,
    "training.gradient_accumulation_steps": 8,
}
ROWS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "tfidf": (["--model", "tfidf"], {}),
    "nbsvm": (["--model", "nbsvm"], {}),
    **{
        f"minilm 512 {word}": (["--model", "minilm"], {**SHORT, "tokens.strategy": word})
        for word in ("head", "tail", "head+tail")
    },
    "minilm 512 windows": (
        ["--model", "minilm"],
        {
            **SHORT,
            "tokens.strategy": "windows",
            "tokens.window_stride": 510,
            "tokens.max_windows": 8,
            "training.gradient_accumulation_steps": 8,
        },
    ),
    "minilm 4096 window": (
        ["--model", "minilm", "--attention", "window"],
        {**LENGTHENED, "attention.left": 128, "attention.right": 128, "attention.global_tokens": [0]},
    ),
    "minilm 4096 bigbird": (["--model", "minilm", "--attention", "bigbird"], LENGTHENED),
}


def run(name: str, given: argparse.Namespace, out: Path) -> dict[str, Any]:
    """One training from the command line: accuracy with its interval, wall time, peak memory."""
    arguments, sets = ROWS[name]
    if name not in ("tfidf", "nbsvm"):
        sets = {**sets, "training.epochs": given.epochs, "training.mixed_precision": given.precision}
    command = [sys.executable, "-m", "regard.cli", "train", given.train, *arguments]
    command += ["--test", given.test] if given.test else []
    command += ["--out", str(out), "--json", "--quiet", "--offline", "--seed", "1"]
    command += ["--text-column", "text", "--label-column", given.label_column] if given.label_column else []
    if given.documents:
        command += ["--max-train-examples", str(given.documents)]
    for key, value in sets.items():
        command += ["--set", f"{key}={json.dumps(value) if not isinstance(value, str) else value}"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{name}: exit {os.waitstatus_to_exitcode(status)}")
    said = json.loads(printed)
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return {
        "row": name,
        "accuracy": said["accuracy"],
        "interval": said["intervals"]["accuracy"],
        "macro_f1": said["macro_f1"],
        "n": said["n"],
        "documents": record["data"]["train"]["n"],
        "seconds": round(time.perf_counter() - start, 1),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "train_seconds": record["timings"]["train"],
        "peak_gb": round(usage.ru_maxrss / 2**20, 2),
        "truncated": record.get("truncated"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", nargs="?", default="bbc")
    parser.add_argument("test", nargs="?", default="")
    parser.add_argument("--label-column", default="")
    parser.add_argument("--documents", type=int, default=240, help="train on so many (0: all)")
    parser.add_argument("--epochs", type=int, default=2, help="passes of the networks")
    parser.add_argument("--only", default="", help="rows whose name holds one of these words")
    parser.add_argument("--precision", choices=["no", "bf16"], default="no")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    words = [word for word in given.only.split(",") if word]
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(ROWS):
            if words and not any(word in name for word in words):
                continue
            line = run(name, given, Path(folder) / str(number))
            low, high = line["interval"]
            print(
                f"{name:22} {line['accuracy']:.3f} [{low:.3f}–{high:.3f}]  n={line['n']}, trained on "
                f"{line['documents']} in {line['train_seconds']:.0f} s "
                f"({line['processor_seconds']:.0f} s of processors in all), {line['peak_gb']:.1f} GB",
                flush=True,
            )
            lines.append(line)
            if given.json:
                given.json.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
