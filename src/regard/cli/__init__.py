"""The command line: `regard COMMAND`. One file a command; each imports what is heavy only when it works.

`regard --help` brings in no torch, transformers, numpy or pydantic: tests/test_imports.py holds it.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, NoReturn

import typer

from regard import __version__
from regard.cli import (
    attention,
    augment,
    compare,
    demo,
    doctor,
    environment,
    evaluate,
    explain,
    generate,
    get,
    lab,
    models,
    predict,
    report,
    train,
    vectors,
)
from regard.cli.answer import Answer, command
from regard.errors import RegardError

COMMANDS: dict[str, Callable[..., Answer]] = {
    "train": train.train,
    "compare": compare.compare,
    "predict": predict.predict,
    "evaluate": evaluate.evaluate,
    "explain": explain.explain,
    "generate": generate.generate,
    "lab": lab.lab,
    "doctor": doctor.doctor,
    "augment": augment.augment,
    "models": models.models,
    "get": get.get,
    "report": report.report,
    "demo": demo.demo,
}
GROUPS: dict[str, tuple[str, dict[str, Callable[..., Answer]]]] = {
    "attention": ("Which query meets which key: the attention patterns, drawn.", attention.COMMANDS),
    "vectors": ("Word vectors: trained, searched, scored, drawn.", vectors.COMMANDS),
}
INTERRUPTED = 130

app = typer.Typer(
    name="regard",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _word, _work in COMMANDS.items():
    app.command(_word)(command(_work))
for _word, (_help, _commands) in GROUPS.items():
    _group = typer.Typer(help=_help, no_args_is_help=True)
    for _name, _work in _commands.items():
        _group.command(_name)(command(_work))
    app.add_typer(_group, name=_word)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"regard {__version__}")
        raise typer.Exit


@app.callback()
def regard(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Labelled text in; a trained, compared and explained model out. Every architecture is one word.

    The whole thing on real film reviews: regard demo
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with the exit code that regard.errors documents."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    environment.settle()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a text may hold a lone surrogate
    try:
        app(words, prog_name="regard")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print("interrupted", file=sys.stderr)
        raise
    except BrokenPipeError:
        # Who reads has read enough (| head): no fault. What is still in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if "--debug" in words:
            traceback.print_exc()
        print(_sentence(error), file=sys.stderr)
        sys.exit(error.exit_code if isinstance(error, RegardError) else 1)
    sys.exit(0)


def _sentence(error: Exception) -> str:
    if isinstance(error, RegardError):
        return f"error: {error}"
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"error: {error.strerror or error}{where}"
    if isinstance(error, MemoryError):
        return "error: out of memory\n  mend: lower training.batch_tokens or tokens.max_length with --set"
    return (
        f"error: {type(error).__name__}: {error}\n"
        "  this is a bug in regard; run the same command with --debug and report what it prints"
    )
