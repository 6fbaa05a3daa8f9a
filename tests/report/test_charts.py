from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from tests.report.finished_runs import PAYLOADS

from regard.report import charts
from regard.report.charts import Axes, Series, Whisker

SVG = "{http://www.w3.org/2000/svg}"


def parse(picture: str) -> ET.Element:
    return ET.fromstring(str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


@pytest.mark.parametrize("evil", PAYLOADS[:8])
def test_texts_are_escaped_and_told(evil: str) -> None:
    line = Series([(1, 2.0), (2, 1.0)], evil)
    words = {"title": evil, "description": evil, "x_label": evil, "y_label": evil}
    picture = parse(charts.curves([line], **words, mark=(2, 1.0, evil)))
    assert picture.findtext(f"{SVG}title") == picture.findtext(f"{SVG}desc") == evil
    assert not list(picture.iter(f"{SVG}script"))
    row = Whisker(evil, 0.9, (0.8, 1.0), evil)
    parse(charts.whiskers([row, row], **words))


@pytest.mark.parametrize("values", [[0.0], [1e-9, 2e-9], [3e7, 2e7], [1.0, math.nan, 2.0], [math.inf, 1.0]])
def test_curves_of_any_size_lie_in_the_picture(values: list[float]) -> None:
    line = Series(list(enumerate(values)), "loss", dots=True)
    picture = parse(charts.curves([line], title="t", description="d", x_label="x", y_label="y"))
    for dot in picture.iter(f"{SVG}circle"):
        assert 0 <= float(dot.attrib["cx"]) <= charts.WIDTH
        assert 0 <= float(dot.attrib["cy"]) <= charts.HEIGHT
    assert charts.curves([Series([(1, math.nan)], "")], title="", description="", x_label="", y_label="") == ""


def test_axes_start_at_0_or_where_nothing_is_hidden() -> None:
    low = charts.whiskers([Whisker("a", 0.6, (0.4, 0.7), "")], title="", description="", x_label="", y_label="")
    high = charts.whiskers([Whisker("a", 0.9, (0.8, 0.95), "")], title="", description="", x_label="", y_label="")
    assert [">0<" in low, ">0<" in high] == [True, False]
    assert ">0.5<" in high
    bins = [{"confidence": 0.9, "accuracy": 0.4, "n": 3}]
    assert ">0<" in charts.reliability(bins, title="", description="")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0.5, 1, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]), (0, 847, [0, 200, 400, 600, 800])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert charts.ticks(low, high) == expected


def test_places() -> None:
    axes = Axes((0, 10), (0, 1), "x", "y")
    assert axes.at(0, 0) == (charts.LEFT, charts.HEIGHT - charts.BOTTOM)
    assert axes.at(10, 1) == (charts.WIDTH - charts.RIGHT, charts.TOP)


def test_thinned_keeps_the_mean() -> None:
    points = [(float(step), float(step % 2)) for step in range(1000)]
    thin = charts.thinned(points)
    assert len(thin) == 250
    assert {y for _, y in thin} == {0.5}
    assert charts.thinned(points[:5]) == points[:5]
