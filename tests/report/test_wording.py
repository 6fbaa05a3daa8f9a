from __future__ import annotations

import math

import pytest

from regard.report import wording


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (wording.percent(0.9051), "90.5\u00a0%"),
        (wording.percent(math.nan), "–"),
        (wording.percent(None), "–"),
        (wording.percent_interval((0.8931, 0.916)), "89.3\u00a0–\u00a091.6\u00a0%"),
        (wording.figure(-0.25), "−0.250"),
        (wording.signed(0.12345), "+0.123"),
        (wording.signed(-1234.5), "−1.23e+03"),
        (wording.signed(0.0), "0"),
        (wording.count(1234567), "1,234,567"),
        (wording.texts(1), "1 text"),
        (wording.number_of(1200, "step"), "1,200 steps"),
        (wording.model("org/name"), "org/name"),
        (wording.model("/home/me/checkpoints/bert"), "checkpoints/bert"),
        (wording.model("C:\\me\\checkpoints\\bert"), "checkpoints/bert"),
        (wording.duration(8.24), "8.2\u00a0s"),
        (wording.duration(200), "3\u00a0min 20\u00a0s"),
        (wording.duration(3900), "1\u00a0h 5\u00a0min"),
        (wording.size(512), "512\u00a0bytes"),
        (wording.size(12_900_000), "12.3\u00a0MiB"),
        (wording.size(5 * 2**30), "5.0\u00a0GiB"),
        (wording.label(("a", "b")), "a, b"),
        (wording.label(()), "none"),
        (wording.enumeration(["a"]), "a"),
        (wording.enumeration(["a", "b", "c"]), "a, b and c"),
        (wording.enumeration(list("abcd"), 2), "a, b and 2 more"),
        (wording.enumeration([]), "none"),
    ],
)
def test_wording(made: str, expected: str) -> None:
    assert made == expected
