"""The page in a real Chromium, opened from disk: nothing is requested, nothing hostile runs, everything is reached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.report.browsing import CONTRAST, Visit
from tests.report.finished_runs import PAYLOADS
from tests.report.test_compare_page import comparison, explanation, row

from regard.records import RunFolder
from regard.report import compare_page, page

pytestmark = pytest.mark.browser
MakeRun = Callable[..., RunFolder]


@pytest.mark.parametrize(("kind", "part"), [("network", "test"), ("baseline", "validation")])
def test_it_asks_for_nothing_but_itself(make_run: MakeRun, visit: Callable[..., Visit], kind: str, part: str) -> None:
    path = page.write(make_run(kind=kind, part=part))
    seen = visit(path)
    assert seen.requests == [path.as_uri()]
    assert seen.complaints == []


@pytest.mark.parametrize("width", [390, 1100])
def test_a_comparison_has_the_same_frame(tmp_path: Path, visit: Callable[..., Visit], width: int) -> None:
    example = {"kind": "example", "id": "1", "gold": None, "explanation": explanation("fine")}
    path = tmp_path / compare_page.PAGE
    path.write_text(compare_page.render(comparison(row("lstm", [0.9, 0.8]), row("cnn", [0.8])), [example]))
    seen = visit(path, width=width)
    assert seen.requests == [path.as_uri()]
    assert seen.complaints == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    seen.page.locator("#examples .text mark").first.focus()
    assert seen.page.evaluate("getComputedStyle(document.activeElement, '::after').content") not in ("none", "normal")


@pytest.mark.parametrize("width", [390, 1100])
def test_nothing_is_wider_than_the_window(make_run: MakeRun, visit: Callable[..., Visit], width: int) -> None:
    labels = tuple(f"a rather long name of label {i}" for i in range(12))
    seen = visit(page.write(make_run(labels=labels, payloads=["x" * 300, "y z"])), width=width)
    seen.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_in_light_and_dark(make_run: MakeRun, visit: Callable[..., Visit], scheme: str) -> None:
    seen = visit(page.write(make_run()), color_scheme=scheme)
    seen.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 23, 26)"}[scheme]
    assert seen.page.evaluate(CONTRAST) == []


def test_highlights_are_coloured_and_told(make_run: MakeRun, visit: Callable[..., Visit]) -> None:
    seen = visit(page.write(make_run()))
    grounds = {
        side: seen.page.locator(f"#examples .text mark.{side}.l10").first.evaluate(
            "(mark) => getComputedStyle(mark).backgroundColor"
        )
        for side in ("for", "unsigned")
    }
    assert len(set(grounds.values())) == 2
    mark = seen.page.locator("#examples .text mark").first
    assert float(mark.get_attribute("data-score")) != 0
    assert mark.get_attribute("title")
    text = seen.page.locator("#examples .text").first
    assert text.evaluate("(node) => node.textContent") == _first_example(seen)


def _first_example(seen: Visit) -> str:
    import json

    folder = Path(seen.page.url.removeprefix("file://")).parent
    documents = json.loads((folder / "explanations.json").read_text(encoding="utf-8"))
    return str(next(item for item in documents if item["kind"] == "example")["explanation"]["text"])


def test_the_keyboard_reaches_details_and_words(make_run: MakeRun, visit: Callable[..., Visit]) -> None:
    seen = visit(page.write(make_run()))
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "skip"
    seen.page.locator("#mistakes summary").first.focus()
    seen.page.keyboard.press("Enter")
    assert seen.page.locator("#mistakes details").first.evaluate("(node) => node.open")
    seen.page.locator("#examples .text mark").first.focus()
    seen.page.keyboard.press("ArrowRight")
    assert seen.page.evaluate("document.activeElement === document.querySelectorAll('#examples .text mark')[1]")
    assert seen.page.evaluate("getComputedStyle(document.activeElement, '::after').content") not in ("none", "normal")
    text = seen.page.locator("#examples .text").first
    assert text.evaluate("(node) => [...node.querySelectorAll('mark')].filter((m) => m.tabIndex === 0).length") == 1


def test_mistakes_are_found_and_ordered(make_run: MakeRun, visit: Callable[..., Visit]) -> None:
    seen = visit(page.write(make_run(payloads=["", "needle", "hay", "straw"])))
    shown = seen.page.locator("#mistakes .mistakes > li:visible")
    assert shown.count() == 25
    seen.page.locator("[data-find]").fill("NEEDLE")
    assert 0 < shown.count() < 25
    assert seen.page.locator("[data-count]").inner_text() == f"{shown.count()} of 25 shown"
    seen.page.locator("[data-find]").fill("")
    seen.page.locator("[data-order]").select_option("long")
    lengths = seen.page.locator("#mistakes .mistakes > li").evaluate_all("(all) => all.map((li) => +li.dataset.length)")
    assert lengths == sorted(lengths, reverse=True)


def test_tables_are_sorted_by_their_heads(make_run: MakeRun, visit: Callable[..., Visit]) -> None:
    seen = visit(page.write(make_run(labels=("a", "b", "c", "d"))))
    column = "(table) => [...table.tBodies[0].rows].map((row) => +row.cells[4].dataset.value)"
    table = seen.page.locator("#classes table[data-sortable]").first
    head = table.locator("th button").nth(4)
    head.click()
    assert table.evaluate(column) == sorted(table.evaluate(column), reverse=True)
    head.click()
    assert table.evaluate(column) == sorted(table.evaluate(column))
    assert table.locator("th").nth(4).get_attribute("aria-sort") == "ascending"


def test_without_scripts_all_is_there(make_run: MakeRun, visit: Callable[..., Visit]) -> None:
    seen = visit(page.write(make_run()), java_script_enabled=False)
    assert seen.page.locator("#mistakes .mistakes > li").count() == 25
    assert not seen.page.locator("[data-controls]").is_visible()
    assert seen.page.locator("#mistakes summary").first.is_visible()


def test_it_prints_with_all_details_open(make_run: MakeRun, visit: Callable[..., Visit]) -> None:
    seen = visit(page.write(make_run()), color_scheme="dark")
    seen.page.emulate_media(media="print", color_scheme="dark")
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not seen.page.locator("nav").is_visible()
    seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert seen.page.locator("details:not([open])").count() == 0
    assert len(seen.page.pdf()) > 20_000


def test_no_payload_runs(make_run: MakeRun, visit: Callable[..., Visit]) -> None:
    for evil in PAYLOADS:
        run = make_run(labels=tuple(PAYLOADS[:12]), payloads=[evil, *PAYLOADS])
        path = page.write(run)
        seen = visit(path)
        seen.page.locator("#mistakes summary").first.click()
        seen.page.locator("#examples .text mark").first.hover()
        assert seen.page.evaluate("window.ran") is None
        assert seen.requests == [path.as_uri()]
        assert seen.complaints == []


def test_the_policy_stops_what_escaping_would_let_through(make_run: MakeRun, visit: Callable[..., Visit]) -> None:
    """The second lock, tried alone: markup put into the page by hand does not run and asks for nothing."""
    path = page.write(make_run())
    # A policy can't stop a page from being sent elsewhere, only escaping can.
    evil = "".join(payload for payload in PAYLOADS if "refresh" not in payload)
    evil += "<img src='http://127.0.0.1:9/x.png'>"
    path.write_text(path.read_text(encoding="utf-8").replace("<main>", f"<main>{evil}"), encoding="utf-8")
    seen = visit(path)
    assert seen.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in line for line in seen.complaints)
