"""What all commands share: four options, and an answer that is shown to a person or printed as JSON."""

from __future__ import annotations

import inspect
import json
import logging
import math
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer

from regard.cli import environment

COMMON: dict[str, tuple[str, str]] = {
    "json": ("--json", "Print one JSON document to standard output."),
    "offline": ("--offline", "Never touch the network."),
    "quiet": ("--quiet", "Show no progress."),
    "debug": ("--debug", "Show the traceback of an error."),
}


@dataclass(frozen=True)
class Answer:
    """What a command found: `document` for `--json`, `show` prints the same for a person."""

    document: dict[str, Any]
    show: Callable[[], None]
    exit_code: int = 0


def command(work: Callable[..., Answer]) -> Callable[..., None]:
    """`work` as a command: with the COMMON options, its answer on stdout, the rest on stderr.

    `work` is handed `json`, `offline` and `quiet` where it has parameters of these names.
    """
    signature = inspect.signature(work, eval_str=True)

    @wraps(work)
    def run(**options: Any) -> None:
        common = {name: options.pop(name) for name in COMMON}
        environment.settle_network(options, offline=common["offline"])
        options.update({name: common[name] for name in ("json", "offline", "quiet") if name in signature.parameters})
        _log_to_stderr(logging.WARNING if common["quiet"] else logging.INFO)
        with redirect_stdout(sys.stderr):
            answer = work(**options)
        if common["json"]:
            print(json.dumps(finite(answer.document), ensure_ascii=False, allow_nan=False))
        else:
            answer.show()
        if answer.exit_code:
            raise typer.Exit(answer.exit_code)

    own = [parameter for name, parameter in signature.parameters.items() if name not in COMMON]
    run.__signature__ = signature.replace(parameters=[*own, *_common_parameters()], return_annotation=None)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in own}
    return run


def _common_parameters() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False,
            annotation=Annotated[bool, typer.Option(flag, help=help_text, rich_help_panel="Every command")],
        )
        for name, (flag, help_text) in COMMON.items()
    ]


def _log_to_stderr(level: int) -> None:
    """What the rooms report as they work, as plain lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("regard")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(level)


def finite(value: Any) -> Any:
    """The same document with null for what is no finite number: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
