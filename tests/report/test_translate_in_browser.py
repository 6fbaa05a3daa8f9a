"""The page of a translator and those of the decoding lab in a real Chromium."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.report.browsing import CONTRAST, Visit
from tests.report.finished_generators import language_lab_document
from tests.report.finished_runs import PAYLOADS
from tests.report.finished_translations import lab_document, make_translator

from regard.report import lab, page

pytestmark = pytest.mark.browser
Browse = Callable[..., Visit]


@pytest.fixture(params=["run", "lab", "language lab"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Path]:
    def written(payloads: list[str] | None = None) -> Path:
        if request.param == "run":
            return page.write(make_translator(tmp_path, payloads=payloads, n=24))
        path = tmp_path / "lab.html"
        document = lab_document(payloads) if request.param == "lab" else language_lab_document(payloads)
        path.write_text(lab.render(document), encoding="utf-8")
        return path

    return written


def opened(seen: Visit) -> None:
    seen.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")


@pytest.mark.parametrize("width", [390, 1100])
def test_nothing_is_wider_than_the_window(make: Callable[..., Path], visit: Browse, width: int) -> None:
    seen = visit(make(["x" * 300, "y z"]), width=width)
    opened(seen)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_in_light_and_dark(make: Callable[..., Path], visit: Browse, scheme: str) -> None:
    seen = visit(make(), color_scheme=scheme)
    opened(seen)
    assert seen.page.evaluate(CONTRAST) == []


def test_no_payload_runs_and_nothing_is_asked_for(make: Callable[..., Path], visit: Browse) -> None:
    path = make(PAYLOADS)
    seen = visit(path)
    assert all(html.escape(evil[:12], quote=False) in seen.page.content() for evil in PAYLOADS[:8])
    opened(seen)
    assert seen.page.evaluate("window.ran") is None
    assert seen.requests == [path.as_uri()]
    assert seen.complaints == []


def test_the_keyboard_goes_from_cell_to_cell_and_each_tells_its_weight(tmp_path: Path, visit: Browse) -> None:
    seen = visit(page.write(make_translator(tmp_path)))
    first = seen.page.locator("#alignments rect[data-weight]").first
    first.focus()
    told = seen.page.locator("#alignments [data-told]").first
    assert "Ein ← A: 60" in told.inner_text() or "← A: 60" in told.inner_text()
    seen.page.keyboard.press("ArrowRight")
    assert "← man" in told.inner_text()
    seen.page.keyboard.press("ArrowDown")
    assert "← man: 60" in told.inner_text()
    stops = "(region) => region.querySelectorAll('rect[tabindex=\"0\"]').length"
    assert seen.page.locator("#alignments [data-words]").first.evaluate(stops) == 1


def test_outputs_are_filtered_and_sorted(tmp_path: Path, visit: Browse) -> None:
    seen = visit(page.write(make_translator(tmp_path)))
    shown = seen.page.locator("#mistakes .mistakes > li:visible")
    seen.page.locator("[data-kinds]").select_option("best")
    assert shown.count() == 10
    assert set(shown.evaluate_all("(all) => all.map((li) => li.dataset.kind)")) == {"best"}


def test_without_scripts_all_is_there(make: Callable[..., Path], visit: Browse) -> None:
    seen = visit(make(), java_script_enabled=False)
    assert seen.page.locator("svg.heat, svg.ladder").count() > 0
    assert seen.page.locator("summary").first.is_visible()
