"""What an import may bring in: `regard --help` and `import regard` stay light."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "transformers", "numpy", "pydantic"}
WITHOUT_TORCH = ("records", "recipe", "assets", "text", "metrics", "baselines", "report", "cli")


def roots_after(code: str) -> set[str]:
    """The names of the top-level modules that a fresh Python holds after `code`."""
    ending = "import json, sys; print(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    command = [sys.executable, "-c", f"{code}\n{ending}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def roots_after_command(*words: str) -> set[str]:
    call = f"main({list(words)})"
    return roots_after(
        f"from regard.cli import main\ntry:\n    {call}\nexcept SystemExit as end:\n    assert not end.code"
    )


def test_import_regard_is_light() -> None:
    roots = roots_after("import regard; dir(regard)")
    assert "regard" in roots
    assert not roots & HEAVY


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_is_light(word: str) -> None:
    roots = roots_after_command(word)
    assert "typer" in roots
    assert not roots & HEAVY


def test_a_command_s_help_is_light() -> None:
    # Typer itself takes pydantic to read a command's options.
    roots = roots_after_command("train", "--help")
    assert "typer" in roots
    assert not roots & (HEAVY - {"pydantic"})


@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_rooms_without_torch(room: str) -> None:
    assert not roots_after(f"import regard.{room}") & {"torch", "transformers"}
