"""The command line as a whole: its words, its exit codes, one JSON document on standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
import typer

import regard
from regard import cli
from regard.cli.answer import Answer, command
from regard.errors import DataError, DivergedError, ModelError, RegardError, UsageError


def run(*words: str) -> int:
    """The exit code of a command; what it prints is pytest's capsys's."""
    with pytest.raises(SystemExit) as end:
        cli.main(words)
    return int(end.value.code or 0)


def app_of(work: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line reduced to the one command `work`."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    app.command("work")(command(work))
    monkeypatch.setattr(cli, "app", app)


def failing_with(error: BaseException) -> Callable[..., Answer]:
    def work() -> Answer:
        raise error

    return work


def test_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert len(cli.COMMANDS) == 13
    for word in cli.COMMANDS:
        assert f" {word} " in shown


@pytest.mark.parametrize("word", cli.COMMANDS)
def test_each_command_takes_the_common_options(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(word, "--help") == 0
    shown = capsys.readouterr().out
    assert all(flag in shown for flag in ("--json", "--offline", "--quiet", "--debug"))
    assert max(map(len, shown.splitlines())) <= 80


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"regard {regard.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    assert run("--show-completion", shell) == 0
    assert "_REGARD_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["unknown"], ["train", "--unknown"], ["predict"], ["compare", "a.csv"], ["train", "--seed", "x"]]
)
def test_a_wrong_call_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RegardError("found this"), 1),
        (UsageError("found this"), 2),
        (DataError("found this"), 3),
        (ModelError("found this"), 4),
        (DivergedError("found this"), 5),
        (OSError(28, "found this"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app_of(failing_with(error), monkeypatch)
    assert run("work", "--json") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert ("interrupted" if code == 130 else "found this") in err
    assert len(err.strip().splitlines()) == 1


def test_an_error_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    app_of(failing_with(DataError("no label", file="a.csv", line=7, mend="add one")), monkeypatch)
    assert run("work") == 3
    assert capsys.readouterr().err == "error: a.csv:7: no label\n  mend: add one\n"


def test_a_bug_is_called_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    app_of(failing_with(KeyError("lost")), monkeypatch)
    assert run("work") == 1
    err = capsys.readouterr().err
    assert "bug in regard" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    app_of(failing_with(DataError("found this")), monkeypatch)
    assert run("work", "--debug") == 3
    assert "Traceback" in capsys.readouterr().err


def test_what_is_printed_in_between_stays_off_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> Answer:
        print("a library chats")
        return Answer({"n": 1, "scores": {"auroc": float("nan")}}, lambda: print("for a person"))

    app_of(work, monkeypatch)
    assert run("work", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"n": 1, "scores": {"auroc": None}}
    assert err == "a library chats\n"
    assert run("work") == 0
    assert capsys.readouterr().out == "for a person\n"


def test_an_answer_can_end_with_a_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    app_of(lambda: Answer({}, lambda: None, exit_code=3), monkeypatch)
    assert run("work") == 3


def test_quiet_and_offline_reach_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def work(quiet: bool = False, offline: bool = False) -> Answer:
        seen.update(quiet=quiet, offline=offline)
        return Answer({}, lambda: None)

    app_of(work, monkeypatch)
    run("work")
    assert seen == {"quiet": False, "offline": False}
    run("work", "--quiet", "--offline")
    assert seen == {"quiet": True, "offline": True}


def test_no_tracking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "0")
    run("--version")
    assert os.environ["DO_NOT_TRACK"] == os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_main_reads_the_process_arguments(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["regard", "--version"])
    with pytest.raises(SystemExit):
        cli.main()
    assert regard.__version__ in capsys.readouterr().out
