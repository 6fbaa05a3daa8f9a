from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.report import finished_runs, finished_tasks
from tests.report.browsing import QUIET, Visit

from regard.records import RunFolder

MakeRun = Callable[..., RunFolder]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """`make_run(labels=..., n=..., kind=..., payloads=...)` writes a finished run folder of a classifier."""
    return partial(finished_runs.make_run, tmp_path)


@pytest.fixture
def make_tagger(tmp_path: Path) -> MakeRun:
    """`make_tagger(types=..., scheme=..., n=..., payloads=...)` writes one of a tagger."""
    return partial(finished_tasks.make_tagger, tmp_path)


@pytest.fixture
def make_answerer(tmp_path: Path) -> MakeRun:
    """`make_answerer(n=..., without=..., payloads=...)` writes one of a model that answers questions."""
    return partial(finished_tasks.make_answerer, tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = shutil.which("chromium")
    if found is None:
        message = "no chromium on the path; install it (apt-get install chromium)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    contexts: list[Any] = []

    def open_page(path: Path, *, width: int = 1100, **options: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        made = Visit(context.new_page())
        made.page.on("request", lambda request: made.requests.append(request.url))
        made.page.on("console", lambda message: made.complaints.append(message.text))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("dialog", lambda dialog: made.complaints.append(dialog.message))
        made.page.goto(path.as_uri())
        return made

    yield open_page
    for context in contexts:
        context.close()
