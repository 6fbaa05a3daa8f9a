"""Each figure is written in its own unit, and made of sums in any number of resamples at once."""

from __future__ import annotations

import numpy as np
import pytest

from regard.metrics.measure import ACCURACY, Measure, name_of, ratio, shares, unit_of


@pytest.mark.parametrize(
    ("figure", "value", "written", "difference"),
    [
        ("accuracy", 0.9051, "90.5 %", "90.5 points"),
        ("f1", 1.0, "100.0 %", "100.0 points"),
        ("rouge_l", 0.4321, "43.2 %", "43.2 points"),
        ("bleu", 35.64, "35.6", "35.6 points"),
        ("bits_per_character", 1.7123, "1.712", "1.712 bits"),
        ("loss", 1.4696, "1.470", "1.470 nats"),
        ("perplexity", 27.346, "27.35", "27.35"),
    ],
)
def test_a_value_has_its_unit(figure: str, value: float, written: str, difference: str) -> None:
    unit = unit_of(figure)
    assert (unit.value(value), unit.difference(value)) == (written, difference)


def test_names_within_a_sentence() -> None:
    names = ["bleu", "chrf", "f1", "rouge_l", "bits_per_character"]
    assert [name_of(name) for name in names] == ["BLEU", "chrF", "F1", "ROUGE-L", "bits per character"]


def test_the_best_is_called_by_what_it_has() -> None:
    assert ACCURACY.best == "highest"
    assert Measure("perplexity", lower_is_better=True).best == "lowest"
    assert Measure("bits_per_character", lower_is_better=True).best == "fewest"


def test_a_ratio_of_many_sums() -> None:
    sums = np.array([[[1.0, 2.0], [0.0, 0.0]], [[3.0, 4.0], [1.0, 1.0]]])
    assert ratio(sums).tolist() == [[0.5, 0.0], [0.75, 1.0]]
    assert shares(np.array([True, False])).tolist() == [[1, 1], [0, 1]]
    assert shares(np.array([[1, 2]]), np.array([3, 4])).tolist() == [[[1, 3], [2, 4]]]
