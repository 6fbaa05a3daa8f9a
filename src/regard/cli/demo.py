"""`regard demo`: the main job on real film reviews."""

from __future__ import annotations

from typing import Annotated

import typer

from regard.cli import options
from regard.cli.answer import Answer


def demo(
    out: options.Out = None,
    quick: Annotated[bool, typer.Option("--quick", help="The same on fewer reviews, in under 2 minutes.")] = False,
    offline: bool = False,
    quiet: bool = False,
) -> Answer:
    """Train a ladder of models on film reviews, compare them, and explain a prediction word by word.

    Takes at most 10 minutes on 2 cores. Needs the assets imdb, minilm and glove: fetched once, then offline.
    """
    from regard.cli import console
    from regard.jobs.demo import demo as job

    shown = job(out, quick=quick, offline=offline, quiet=quiet)
    return Answer(shown.to_json(), lambda: console.print_demo(shown))
