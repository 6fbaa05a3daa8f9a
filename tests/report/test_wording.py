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
        (wording.value("accuracy", 0.9051), "90.5\u00a0%"),
        (wording.value("bleu", 35.64), "35.6"),
        (wording.value("bits_per_character", -1.7), "−1.700"),
        (wording.value("chrf", math.nan), "–"),
        (wording.value("f1", 0.9, 0), "90\u00a0%"),
        (wording.interval("f1", (0.8931, 0.916)), "89.3\u00a0–\u00a091.6\u00a0%"),
        (wording.interval("bleu", [30.12, 32.4]), "30.1\u00a0–\u00a032.4"),
        (wording.interval("bleu", None), ""),
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
        (wording.beginning(" a\n b  c "), "a b c"),
        (wording.beginning("abc def ghi", 9), "abc def …"),
        (wording.beginning("x" * 12, 9), "x" * 9 + " …"),
    ],
)
def test_wording(made: str, expected: str) -> None:
    assert made == expected


@pytest.mark.parametrize(
    ("strategy", "cut", "said"),
    [
        ("head", 0.2, "the head of each is read, its tail is not (strategy head); 5.0 % (train) of the tokens are not"),
        ("tail", 0.2, "the tail of each is read, its head is not (strategy tail)"),
        ("head+tail", 0.2, "head and tail of each are read, its middle is not (strategy head+tail)"),
        ("windows", 0.0, "they are read whole, in windows that overlap (strategy windows)"),
        (
            "windows",
            0.1,
            "10.0 % (train) of the texts no further than 16 windows; 5.0 % (train) of the tokens",
        ),
    ],
)
def test_what_is_read_of_long_texts_is_said_with_the_strategy(strategy: str, cut: float, said: str) -> None:
    reading = {"strategy": strategy, "max_length": 1256, "max_windows": 16, "longer": {"train": 0.2, "validation": 0.0}}
    record = {"truncated": {"train": cut}, "reading": {**reading, "unread": {"train": 0.05}}}
    found = str(wording.reading(record)).replace("\u00a0", " ")
    assert found.startswith("20.0 % (train) of the texts are longer than 1,256 tokens: ")
    assert said in found


@pytest.mark.parametrize("record", [{}, {"reading": None}, {"reading": {"longer": {"train": 0.0}}}])
def test_nothing_is_said_where_no_text_is_longer(record: dict[str, object]) -> None:
    assert wording.reading(record) is None
