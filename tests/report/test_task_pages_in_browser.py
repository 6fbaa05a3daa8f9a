"""The pages of taggers and of models that answer in a real Chromium: they keep what a classifier's page promises."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.report.browsing import CONTRAST, Visit
from tests.report.conftest import MakeRun
from tests.report.finished_runs import PAYLOADS
from tests.report.finished_tasks import make_answerer, make_tagger

from regard.report import page

pytestmark = pytest.mark.browser
Browse = Callable[..., Visit]
TASKS: dict[str, MakeRun] = {
    "names": partial(make_tagger, right=0.4),
    "words": partial(make_tagger, types=("NOUN", "VERB", "DET"), scheme=None),
    "answers": partial(make_answerer, right=0.5),
}


@pytest.fixture(params=TASKS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> MakeRun:
    return partial(TASKS[request.param], tmp_path)


def opened(seen: Visit) -> None:
    seen.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")


def test_it_asks_for_nothing_but_itself(make: MakeRun, visit: Browse) -> None:
    path = page.write(make())
    seen = visit(path)
    assert seen.requests == [path.as_uri()]
    assert seen.complaints == []


@pytest.mark.parametrize("width", [390, 1100])
def test_nothing_is_wider_than_the_window(make: MakeRun, visit: Browse, width: int) -> None:
    seen = visit(page.write(make(payloads=["x" * 300, "y z"])), width=width)
    opened(seen)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


def test_long_names_of_many_types_are_no_wider_than_the_window(tmp_path: Path, visit: Browse) -> None:
    types = tuple(f"a_rather_long_name_of_a_type_without_blanks_{'x' * 60}_{i}" for i in range(12))
    seen = visit(page.write(make_tagger(tmp_path, types=types, right=0.4)), width=390)
    opened(seen)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_in_light_and_dark(make: MakeRun, visit: Browse, scheme: str) -> None:
    seen = visit(page.write(make()), color_scheme=scheme)
    opened(seen)
    assert seen.page.evaluate(CONTRAST) == []


def test_what_is_right_and_what_was_given_differ_without_colour(tmp_path: Path, visit: Browse) -> None:
    seen = visit(page.write(make_tagger(tmp_path, right=0.4)))
    opened(seen)
    lines = "(node) => { const s = getComputedStyle(node); return [s.borderTopStyle, s.borderBottomStyle]; }"
    for kind, drawn in (
        (".right-is:not(.was-given)", ["none", "dashed"]),
        (".was-given:not(.right-is)", ["dotted", "none"]),
        (".right-is.was-given", ["dotted", "dashed"]),
        (".both", ["solid", "solid"]),
    ):
        assert seen.page.locator(f"#mistakes li mark {kind}").first.evaluate(lines) == drawn
    labels = seen.page.locator("#mistakes li mark small").all_inner_texts()
    assert {"missed: person", "invented: person", "given place, right person"} <= set(labels)
    # What is written beside the words can't be copied along with them.
    assert seen.page.locator("#mistakes li small").first.evaluate("(n) => getComputedStyle(n).userSelect") == "none"


def test_mistakes_are_filtered_by_their_kind_and_found(tmp_path: Path, visit: Browse) -> None:
    for run, kind in ((make_tagger(tmp_path, right=0.4), "missed"), (make_answerer(tmp_path, right=0.4), "partly")):
        seen = visit(page.write(run))
        items = seen.page.locator("#mistakes .mistakes > li")
        shown = seen.page.locator("#mistakes .mistakes > li:visible")
        seen.page.locator("[data-kinds]").select_option(kind)
        assert 0 < shown.count() < items.count()
        assert set(shown.evaluate_all("(all) => all.map((li) => li.dataset.kind)")) == {kind}
        assert seen.page.locator("[data-count]").inner_text() == f"{shown.count()} of {items.count()} shown"
        of_kind = shown.count()
        seen.page.locator("[data-find]").fill("no such words anywhere")
        assert shown.count() == 0
        seen.page.locator("[data-find]").fill("")
        assert shown.count() == of_kind
        seen.page.locator("[data-kinds]").select_option("")
        assert shown.count() == items.count()


def test_the_keyboard_opens_a_mistake(make: MakeRun, visit: Browse) -> None:
    seen = visit(page.write(make()))
    seen.page.locator("#mistakes summary").first.focus()
    seen.page.keyboard.press("Enter")
    text = seen.page.locator("#mistakes li").first.locator(".text").first
    assert text.is_visible()
    assert text.locator("mark.at small").first.is_visible()


def test_tables_are_sorted_by_their_heads(make: MakeRun, visit: Browse) -> None:
    seen = visit(page.write(make()))
    table = seen.page.locator("table[data-sortable]").first
    values = "(table) => [...table.tBodies[0].rows].map((row) => +row.cells[row.cells.length - 1].dataset.value)"
    table.locator("th button").last.click()
    assert table.evaluate(values) == sorted(table.evaluate(values), reverse=True)


def test_without_scripts_all_is_there(make: MakeRun, visit: Browse) -> None:
    seen = visit(page.write(make()), java_script_enabled=False)
    assert seen.page.locator("#mistakes .mistakes > li").count() > 20
    assert not seen.page.locator("[data-controls]").is_visible()
    assert seen.page.locator("#mistakes summary").first.is_visible()


def test_it_prints_with_all_details_open(make: MakeRun, visit: Browse) -> None:
    seen = visit(page.write(make()), color_scheme="dark")
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert seen.page.locator("details:not([open])").count() == 0
    assert len(seen.page.pdf()) > 20_000


def test_no_payload_runs(tmp_path: Path, visit: Browse) -> None:
    """In texts, names, types and tags, questions, answers and contexts."""
    types = tuple(PAYLOADS[:12])
    runs = [
        make_tagger(tmp_path / "names", types=types, payloads=PAYLOADS, right=0.3),
        make_tagger(tmp_path / "words", types=types, payloads=PAYLOADS, scheme=None),
        make_answerer(tmp_path, payloads=PAYLOADS, right=0.4),
    ]
    for run in runs:
        path = page.write(run)
        seen = visit(path)
        assert all(html.escape(evil[:12], quote=False) in seen.page.content() for evil in PAYLOADS[:12])
        opened(seen)
        seen.page.locator("#mistakes mark").first.hover()
        assert seen.page.evaluate("window.ran") is None
        assert seen.requests == [path.as_uri()]
        assert seen.complaints == []
