"""What was put in hidden places is counted over all of them, and texts are what is drawn."""

from __future__ import annotations

import json
import math

import pytest

from regard.errors import DataError
from regard.metrics.pretrain import score_masked, tally_masked
from regard.records import MaskedPrediction, Scores


def masked(
    output: str, gold: str | None, *log_probabilities: float, follows: tuple[float, bool] | None = None
) -> MaskedPrediction:
    """One letter a hidden token; the confidence in each is 0.5."""
    places = tuple((place, place + 1) for place in range(len(output)))
    said = None if gold is None else tuple(gold)
    told = log_probabilities or (math.log(0.5),) * len(output)
    return MaskedPrediction("m", output, places, tuple(output), said, (0.5,) * len(output), told, follows)


def test_scores_of_hidden_tokens() -> None:
    said = [masked("abc", "abd", -1.0, -1.0, -4.0), masked("a", "a", -2.0), masked("", ""), masked("xy", "ab")]
    found = score_masked(said, part="validation", seed=1)
    loss = (8 + 2 * math.log(2)) / 6
    assert found.values == pytest.approx(
        {"accuracy": 0.5, "loss": loss, "pseudo_perplexity": math.exp(loss), "ece": 0.0}
    )
    low, high = found.intervals["accuracy"]
    assert low < 0.5 < high
    assert found.detail == {"tokens": 6, "pairs": 0}
    assert sum(part["n"] for part in found.calibration) == 6
    assert Scores.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_next_sentence_is_judged_where_it_was_asked_for() -> None:
    said = [masked("a", "a", follows=(0.9, True)), masked("a", "a", follows=(0.6, False)), masked("a", "a")]
    found = score_masked(said * 10, part="test", seed=1)
    assert found.values["next_sentence_accuracy"] == 0.5
    assert found.detail["pairs"] == 20
    assert found.intervals["next_sentence_accuracy"][0] < 0.5
    assert 0.8 < found.intervals["accuracy"][0] < found.intervals["accuracy"][1] == 1  # all right: Wilson's
    only = score_masked(said[:1], part="test", seed=1)
    assert only.values["next_sentence_accuracy"] == 1
    assert only.intervals["next_sentence_accuracy"][0] < 0.3


def test_a_tally_is_hidden_tokens_that_are_right_and_all() -> None:
    assert tally_masked(masked("abc", "abd")) == (2, 3)


def test_nothing_to_score() -> None:
    for nothing in ([], [masked("", "")]):
        with pytest.raises(DataError, match="nothing to score"):
            score_masked(nothing, part="test", seed=1)
    with pytest.raises(DataError, match="'m' what stood in the hidden places is not known"):
        score_masked([masked("a", None)], part="test", seed=1)
