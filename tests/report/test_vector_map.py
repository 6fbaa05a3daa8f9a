"""The map of words: every word is in it, no name lies on another or on a dot, and it is told in words."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.report.finished_runs import PAYLOADS

from regard.report import vector_map
from regard.report.vector_map import DOT, WIDTH, Label

SVG = "{http://www.w3.org/2000/svg}"


def drawn(words: list[str], places: np.ndarray, **told: str) -> ET.Element:
    return ET.fromstring(vector_map.vector_map(words, places, **{"title": "t", "told": "d", **told}))


def groups(root: ET.Element) -> list[ET.Element]:
    return list(root.iter(f"{SVG}g"))


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 60), st.floats(0.05, 1), st.integers(0, 2**32 - 1))
def test_names_never_lie_on_each_other_or_on_a_dot(n: int, spread: float, seed: int) -> None:
    places = np.random.default_rng(seed).normal(size=(n, 2)) ** 3 * [1, spread]
    words = [f"word{number}" for number in range(n)]
    points, height = vector_map._on_paper(places)
    boxes = [label.box for label in vector_map._labels(words, points, height) if isinstance(label, Label)]
    dots = [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in points.tolist()]
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        assert top >= 0
        assert right <= WIDTH
        assert bottom <= height
        for other in [*boxes[:number], *dots]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]
    assert len(boxes) >= min(n, 5)


def test_every_word_has_a_dot_with_its_name() -> None:
    words = [f"word{n}" for n in range(300)]
    root = drawn(words, np.random.default_rng(0).normal(size=(300, 2)) / 50)
    assert [group.findtext(f"{SVG}title") for group in groups(root)] == words
    assert all(len(group.findall(f"{SVG}circle")) == 1 for group in groups(root))
    named = sum(group.find(f"{SVG}text") is not None for group in groups(root))
    assert 100 < named < 300
    notes = [note.text for note in root.findall(f"{SVG}text")]
    assert f"{300 - named} of 300 names had no room: point at a dot." in notes


def test_both_directions_have_one_scale_and_up_is_up() -> None:
    root = drawn(["left", "right", "above"], np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]]))
    (a, b, c) = [
        (float(dot.attrib["cx"]), float(dot.attrib["cy"]))
        for group in groups(root)
        for dot in group.iter(f"{SVG}circle")
    ]
    assert b[0] - a[0] == pytest.approx(2 * (a[1] - c[1]), abs=0.3)
    assert a[0] == c[0]


def test_one_place_for_all_is_no_fault() -> None:
    for places in (np.zeros((3, 2)), np.array([[0.0, 0], [0, 1]]), np.array([[0.0, 0], [1, 0]])):
        root = drawn(["a", "b", "c"][: len(places)], places)
        for dot in root.iter(f"{SVG}circle"):
            assert 0 <= float(dot.attrib["cx"]) <= WIDTH
            assert math.isfinite(float(dot.attrib["cy"]))


@pytest.mark.parametrize("evil", PAYLOADS[:8])
def test_texts_are_escaped_and_told(evil: str) -> None:
    root = drawn([evil, "b"], np.eye(2), title=evil, told=evil)
    assert root.findtext(f"{SVG}title") == evil
    assert root.findtext(f"{SVG}desc") == f"{evil} 2 words."
    assert groups(root)[0].findtext(f"{SVG}title") == evil
    assert not list(root.iter(f"{SVG}script"))
    assert "prefers-color-scheme:dark" in root.findtext(f"{SVG}style", "")


def test_broad_letters_take_more_room() -> None:
    assert vector_map.width_of("ill") < vector_map.width_of("own") < vector_map.width_of("言語学")
