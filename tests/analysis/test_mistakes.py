from __future__ import annotations

import pytest

from regard.analysis.mistakes import Confusion, by_length, confused, figure_by_length, mixed_up, surest
from regard.metrics.bootstrap import wilson
from regard.records import Label, Prediction


def prediction(name: str, gold: Label | None, output: Label, confidence: float = 0.9, words: int = 3) -> Prediction:
    return Prediction(name, " ".join(["w"] * words), output, gold, confidence, {})


def test_surest_first_and_only_mistakes() -> None:
    rows = [
        prediction("a", "x", "y", 0.6),
        prediction("b", "x", "x", 1.0),
        prediction("c", "x", "y", 0.9),
        prediction("d", None, "y", 1.0),
        prediction("e", "y", "x", 0.9),
    ]
    assert [item.id for item in surest(rows)] == ["c", "e", "a"]
    assert [item.id for item in surest(rows, 1)] == ["c"]


def test_lengths_in_bins_of_the_same_number_of_texts() -> None:
    rows = [prediction(str(i), "x", "x" if i % 2 else "y", words=i + 1) for i in range(20)]
    bins = by_length(rows, 4)
    assert [(item.low, item.high, item.n, item.figure) for item in bins] == [
        (1, 5, 5, 0.4),
        (6, 10, 5, 0.6),
        (11, 15, 5, 0.4),
        (16, 20, 5, 0.6),
    ]
    # R: binom.confint(2, 5, methods = "wilson")
    assert bins[0].interval == pytest.approx((0.1176208, 0.7692757), abs=1e-6)


def test_texts_of_one_length_share_a_bin() -> None:
    rows = [prediction(str(i), "x", "x", words=4 if i < 8 else 9) for i in range(10)]
    assert [(item.low, item.high, item.n) for item in by_length(rows)] == [(4, 4, 8), (9, 9, 2)]
    assert by_length([]) == []
    assert by_length(rows[:1])[0].interval[1] == 1.0


def test_confused_pairs() -> None:
    rows = [prediction("1", "a", "b"), prediction("2", "a", "b"), prediction("3", "a", "a"), prediction("4", "b", "a")]
    assert confused(rows) == [Confusion("a", "b", 2, 2 / 3), Confusion("b", "a", 1, 1.0)]
    assert confused([prediction("5", ("a", "b"), ("a",))]) == [Confusion(("a", "b"), ("a",), 1, 1.0)]


def words(item: Prediction) -> int:
    return len(item.input.split())


def counted(item: Prediction) -> tuple[float, float]:
    return (3.0, 3.0) if item.output == "x" else (0.0, 1.0)


def test_a_figure_is_the_ratio_of_what_the_texts_of_a_bin_count() -> None:
    rows = [prediction(str(i), "x", "x" if i % 2 else "y", words=i + 1) for i in range(20)]
    bins = figure_by_length(rows, counted, words, seed=1, bins=2)
    assert [(item.low, item.high, item.n, item.figure) for item in bins] == [(1, 10, 10, 0.75), (11, 20, 10, 0.75)]
    assert all(low < 0.75 < high for low, high in (item.interval for item in bins))
    assert bins == figure_by_length(rows, counted, words, seed=1, bins=2)


def test_a_bin_that_counts_nothing_is_left_out_and_one_that_is_all_right_has_an_interval() -> None:
    rows = [prediction(str(i), "x", "x", words=3 if i < 6 else 9) for i in range(12)]
    bins = figure_by_length(rows, lambda item: (0.0, 0.0) if words(item) == 3 else (2.0, 2.0), words, seed=1)
    assert [(item.low, item.n, item.figure, item.interval) for item in bins] == [(9, 6, 1.0, wilson(6, 6))]
    assert figure_by_length([], counted, words, seed=1) == []


def test_mixed_up_pairs() -> None:
    pairs = [("a", "b"), ("a", "b"), ("a", "a"), ("b", "c")]
    assert mixed_up(pairs, 1) == [Confusion("a", "b", 2, 2 / 3)]
    assert mixed_up(pairs) == [Confusion("a", "b", 2, 2 / 3), Confusion("b", "c", 1, 1.0)]
