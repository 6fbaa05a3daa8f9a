"""`regard report RUN`: write the page (and the model card) of a run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.answer import Answer


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder that train, compare or demo wrote.")],
) -> Answer:
    """Write the page of a run or of a comparison again, from what lies in its folder."""
    from regard.report import compare_page

    if (run / compare_page.DOCUMENT).is_file():
        written = [compare_page.write(run)]
    else:
        from regard.records import RunFolder
        from regard.report import card, page

        folder = RunFolder.open(run)
        written = [page.write(folder), card.write(folder)]

    def show() -> None:
        for path in written:
            print(path)

    return Answer({"run": str(run), "report": str(written[0]), "written": list(map(str, written))}, show)
