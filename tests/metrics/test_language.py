"""Perplexity and bits are shares of one log-probability; intervals know that neighbours resemble each other."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from regard.errors import DataError
from regard.metrics.bootstrap import intervals, run_length, summed_in_runs
from regard.metrics.language import figures, score_language, tally_stretch
from regard.records import Scores, StretchPrediction


def stretch(text: str, *log_probabilities: float) -> StretchPrediction:
    return StretchPrediction("s", text, tuple((0, 1) for _ in log_probabilities), log_probabilities)


def test_figures_of_a_text_of_known_likelihood() -> None:
    found = score_language(
        [stretch("to be ", math.log(0.5), math.log(0.25)), stretch("or not", *[math.log(0.5)] * 3)],
        part="validation",
        seed=1,
    )
    assert found.values == pytest.approx(
        {
            "loss": 6 * math.log(2) / 5,
            "perplexity": 2 ** (6 / 5),
            "bits_per_character": 6 / 12,
            "loss_per_character": 6 * math.log(2) / 12,
            "perplexity_per_word": 2 ** (6 / 4),
        }
    )
    assert found.detail == {"tokens": 5, "characters": 12, "words": 4, "run": 1}
    assert Scores.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_guess_among_k_tokens_has_a_perplexity_of_k() -> None:
    found = score_language([stretch("abcd", *[math.log(1 / 27)] * 4)] * 40, part="test", seed=1)
    assert found.values["perplexity"] == pytest.approx(27)
    assert found.values["bits_per_character"] == pytest.approx(math.log2(27))
    assert found.intervals == {}  # stretches that are all alike


def test_the_tokenizer_counts_for_the_loss_and_not_for_bits() -> None:
    """The same likelihood of the same text, once in characters and once in words."""
    fine = score_language([stretch("a cat", *[-1.0] * 5)], part="test", seed=1)
    coarse = score_language([stretch("a cat", -2.5, -2.5)], part="test", seed=1)
    assert fine.values["perplexity"] != coarse.values["perplexity"]
    for name in ("bits_per_character", "loss_per_character", "perplexity_per_word"):
        assert fine.values[name] == pytest.approx(coarse.values[name])


def test_what_is_too_large_to_be_a_number_is_left_out() -> None:
    found = score_language([stretch("a" * 600, *[-3.0] * 600), stretch(" " * 9, -3.0)], part="test", seed=1)
    assert "perplexity_per_word" not in found.values
    assert "perplexity_per_word" not in found.intervals
    assert found.values["perplexity"] == pytest.approx(math.exp(3))
    assert not np.isfinite(figures(np.array([-2.0, 1.0, 4.0, 0.0]))["perplexity_per_word"])


def test_a_tally_is_bits_and_characters() -> None:
    assert tally_stretch(stretch("to be ", math.log(0.5), math.log(0.25))) == pytest.approx((3.0, 6.0))


def correlated(n: int, generator: np.random.Generator) -> np.ndarray:
    """Bits of stretches of which each resembles the one before, 2 on average, as rows of bits and characters."""
    noise, bits = generator.normal(size=n), np.empty(n)
    bits[0] = noise[0] / math.sqrt(1 - 0.6**2)
    for place in range(1, n):
        bits[place] = 0.6 * bits[place - 1] + noise[place]
    return np.stack([200 + bits, np.full(n, 100.0)], axis=1)


def test_runs_of_neighbours_keep_the_promise_of_an_interval() -> None:
    """Of 200 texts each with its 95 % interval: stretches drawn one by one miss the truth in a third of them."""
    generator = np.random.default_rng(1)
    hits = {"alone": 0, "runs": 0}
    for _ in range(200):
        rows = correlated(400, generator)
        for how, length in (("alone", 1), ("runs", run_length(400))):
            runs = summed_in_runs(rows, length)
            found = intervals(
                np.ones(len(runs), dtype=int),
                lambda counts, runs=runs: {"bits": (counts @ runs)[:, 0] / (counts @ runs)[:, 1]},
                seed=1,
                resamples=300,
            )["bits"]
            hits[how] += found[0] <= 2 <= found[1]
    assert hits["alone"] < 150
    assert hits["runs"] > 170


@pytest.mark.parametrize(("n", "length"), [(1, 1), (3, 1), (8, 2), (100, 5), (1000, 10)])
def test_runs_grow_with_the_cube_root(n: int, length: int) -> None:
    assert run_length(n) == length
    rows = np.arange(2.0 * n).reshape(n, 2)
    runs = summed_in_runs(rows, length)
    assert len(runs) == math.ceil(n / length)
    assert runs.sum(axis=0) == pytest.approx(rows.sum(axis=0))
    assert runs[0] == pytest.approx(rows[:length].sum(axis=0))


def test_nothing_to_score() -> None:
    for nothing in ([], [stretch("")]):
        with pytest.raises(DataError, match="nothing to score"):
            score_language(nothing, part="test", seed=1)
