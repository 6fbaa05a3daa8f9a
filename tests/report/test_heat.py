"""Every character is shown once, in order, with the bits of the tokens that it is of."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.report import heat
from regard.report.heat import Warm, warm

LOGS = st.floats(-20, 0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), LOGS), max_size=12), st.text(max_size=30))
def test_the_text_and_the_bits_stay_whole(steps: list[tuple[int, int, float]], text: str) -> None:
    spans, place = [], 0
    for gap, length, _ in steps:
        start = min(place + gap, len(text))
        spans.append((start, min(start + length, len(text))))
        place = spans[-1][1]
    found = warm(text, spans, [own for *_, own in steps])
    assert "".join(piece.text for piece in found) == text
    shown = sum(piece.bits for piece in found if piece.bits is not None)
    if any(end > start for start, end in spans):
        assert shown == pytest.approx(-sum(own for *_, own in steps) / math.log(2), abs=1e-6)


def test_the_bytes_of_an_emoji_are_one_token() -> None:
    found = warm("a 👧", [(0, 1), (1, 3), (2, 3), (2, 3)], [-math.log(2)] * 4)
    assert found == [Warm("a", 1.0), Warm(" 👧", 3.0)]


def test_bits_are_told_as_chances() -> None:
    assert Warm("x", 1.0).told == "50.0\u00a0%, 1.0\u00a0bits"
    assert heat.chance(15) == "0.0031\u00a0%"
    assert [Warm("x", bits).level for bits in (0, 5, 10, 99)] == [0, 5, 10, 10]


def test_nothing_in_a_text_steers_the_terminal() -> None:
    shown = heat.to_terminal([Warm("a\x1b[31m", 3.0), Warm("b")])
    assert "\x1b" not in shown.plain
    assert shown.plain.endswith("b")
    assert heat.of_token("", -1.0) == []
