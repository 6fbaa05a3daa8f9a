"""Scores of taggers against seqeval's and scikit-learn's, and what must hold for any tags."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval import metrics as seqeval
from sklearn import metrics as peer

from regard.errors import DataError
from regard.metrics.span_errors import span_errors
from regard.metrics.spans import KINDS, pairs
from regard.metrics.tag import score_tags, tally_tags
from regard.records import Scores, TagPrediction
from regard.records.tags import Stretch
from regard.text.align import joined

BIO = ["O", "B-x", "I-x", "B-y", "I-y"]
BIOES = ["O", *(f"{prefix}-{kind}" for prefix in "BIES" for kind in "xy")]
POS = ["N", "V", "D"]


def made(
    gold: Sequence[str] | str, output: Sequence[str] | str, confidence: float = 0.9, name: str = "1"
) -> TagPrediction:
    """One text from its tags, `O B-x`."""
    gold, output = (tuple(tags.split() if isinstance(tags, str) else tags) for tags in (gold, output))
    text, spans = joined([f"word{place}" for place in range(len(output))])
    return TagPrediction(name, text, tuple(spans), output, gold, (confidence,) * len(output))


def scored(predictions: Sequence[TagPrediction], labels: Sequence[str] = BIO, **options: Any) -> Scores:
    return score_tags(predictions, labels, **{"part": "test", "seed": 1, "resamples": 30} | options)


def drawn(labels: Sequence[str], n: int, *, seed: int, skill: float = 0.7) -> list[TagPrediction]:
    generator = np.random.default_rng(seed)
    found = []
    for row in range(n):
        gold = generator.choice(labels, generator.integers(1, 12))
        wrong = generator.random(len(gold)) > skill
        output = np.where(wrong, generator.choice(labels, len(gold)), gold)
        found.append(made(gold.tolist(), output.tolist(), float(generator.random()), str(row)))
    return found


def rows(labels: list[str]) -> st.SearchStrategy[list[list[tuple[str, str]]]]:
    """Texts of words, each with its gold tag and its output."""
    words = st.tuples(st.sampled_from(labels), st.sampled_from(labels))
    return st.lists(st.lists(words, min_size=1, max_size=12), min_size=1, max_size=6)


@pytest.mark.parametrize("labels", [BIO, BIOES])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_entities_are_scored_as_seqeval_does(labels: list[str], data: st.DataObject) -> None:
    """Any tags, broken ones too."""
    texts = data.draw(rows(labels))
    gold, output = ([[word[side] for word in text] for text in texts] for side in (0, 1))
    found = scored([made(*row) for row in zip(gold, output, strict=True)], labels, resamples=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "precision": seqeval.precision_score(gold, output),
            "recall": seqeval.recall_score(gold, output),
            "f1": seqeval.f1_score(gold, output),
            "accuracy": seqeval.accuracy_score(gold, output),
        }
        report = seqeval.classification_report(gold, output, output_dict=True)
    for name, value in expected.items():
        assert found.values[name] == pytest.approx(value), name
    types = {name: row for name, row in report.items() if not name.endswith("avg")}
    assert found.values["macro_f1"] == pytest.approx(np.mean([row["f1-score"] for row in types.values()] or [0.0]))
    for name, row in types.items():
        own = {"precision": row["precision"], "recall": row["recall"], "f1": row["f1-score"], "support": row["support"]}
        assert found.per_class[name] == pytest.approx(own)
    assert found.values["f1"] <= found.values["partial_f1"]
    assert found.values["f1"] <= found.values["span_f1"]


def test_words_without_a_scheme_equal_scikit_learn() -> None:
    predictions = drawn(POS, 200, seed=1)
    gold, output = ([tag for p in predictions for tag in tags(p)] for tags in (lambda p: p.gold, lambda p: p.output))
    found = scored(predictions, POS)
    assert found.values == pytest.approx(
        {
            "accuracy": peer.accuracy_score(gold, output),
            "f1": peer.f1_score(gold, output, average="micro"),
            "macro_f1": peer.f1_score(gold, output, average="macro"),
            "macro_precision": peer.precision_score(gold, output, average="macro"),
            "macro_recall": peer.recall_score(gold, output, average="macro"),
            "sentence_accuracy": np.mean([p.gold == p.output for p in predictions]),
            "ece": found.values["ece"],
        }
    )
    assert found.values["f1"] == found.values["accuracy"]
    assert found.labels == POS
    assert found.confusion == peer.confusion_matrix(gold, output, labels=POS).tolist()
    assert found.detail["pairs"]["exact"] == found.detail["right_words"] == sum(map(str.__eq__, gold, output))
    assert scored(drawn([f"t{n}" for n in range(41)], 5, seed=1), [f"t{n}" for n in range(41)]).confusion is None


def test_names_without_prefixes_beside_o() -> None:
    """`O` is no tag: it counts for the accuracy alone."""
    found = scored([made("O x O y O", "O x x O O")], ["O", "x", "y"])
    assert found.values["accuracy"] == pytest.approx(3 / 5)
    assert (found.values["precision"], found.values["recall"], found.values["f1"]) == (0.5, 0.5, 0.5)
    assert sorted(found.per_class) == ["x", "y"]
    assert found.confusion == [[2, 1, 0], [0, 1, 0], [1, 0, 0]]


KINDS_OF = {
    "exact": ("O B-x I-x O", "O B-x I-x O"),
    "wrong_type": ("O B-x I-x O", "O B-y I-y O"),
    "wrong_boundary": ("O B-x I-x O", "O B-x O O"),
    "wrong_both": ("O B-x I-x O", "O O B-y I-y"),
    "missed": ("O B-x I-x O", "O O O O"),
    "invented": ("O O O O", "O O O B-y"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mistake(kind: str) -> None:
    prediction = made(*KINDS_OF[kind])
    found = scored([prediction])
    assert {name: n for name, n in found.detail["pairs"].items() if n} == {kind: 1}
    assert found.labels == ["x", "y", "(none)"]
    confused = {"exact": (0, 0), "wrong_boundary": (0, 0), "missed": (0, 2), "invented": (2, 1)}.get(kind, (0, 1))
    assert np.argwhere(found.confusion).tolist() == [list(confused)]
    errors = span_errors([prediction])
    assert [error.kind for error in errors] == ([] if kind == "exact" else [kind])
    for error in errors:
        said = error.to_json(prediction.input)
        assert (said["gold"] is None) == (kind == "invented")
        assert said["gold"] is None or (said["gold"]["text"], said["gold"]["label"]) == ("word1 word2", "x")
        assert (said["output"] is None) == (kind == "missed")


def test_partial_credit_is_half() -> None:
    found = scored([made("B-x I-x O B-y O", "B-x O O B-y O"), made("B-x O", "O O")])
    assert found.values["partial_f1"] == pytest.approx(2 * 1.5 / 5)
    assert found.values["f1"] == pytest.approx(2 * 1 / 5)
    assert found.detail["entities"] == {"gold": 3, "output": 2}


STRETCHES = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("xy")), max_size=6)
"""Words before a stretch, words in it, and its type."""


def stretches(steps: list[tuple[int, int, str]]) -> list[Stretch]:
    found, place = [], 0
    for gap, length, kind in steps:
        found.append((place + gap, place + gap + length, kind))
        place += gap + length
    return found


@settings(max_examples=200, deadline=None)
@given(STRETCHES.map(stretches), STRETCHES.map(stretches))
def test_every_stretch_is_in_one_pair(gold: list[Stretch], output: list[Stretch]) -> None:
    found = pairs(gold, output)
    assert sorted(pair.gold for pair in found if pair.gold) == gold
    assert sorted(pair.output for pair in found if pair.output) == output
    assert {pair.gold for pair in found if pair.kind == "exact"} == set(gold) & set(output)
    for kind, one, other in found:
        assert (kind == "missed") == (other is None)
        assert (kind == "invented") == (one is None)
        if one and other:
            assert max(one[0], other[0]) < min(one[1], other[1])
    mirrored = [pair.kind for pair in pairs(output, gold)]
    swap = {"missed": "invented", "invented": "missed"}
    assert sorted(swap.get(kind, kind) for kind in mirrored) == sorted(pair.kind for pair in found)


@pytest.mark.parametrize("labels", [BIO, BIOES, POS, ["O", "x", "y"]])
def test_tallies_of_texts_give_f1(labels: list[str]) -> None:
    predictions = [*drawn(labels, 60, seed=2), made("O O", "O O") if "O" in labels else made("N", "N")]
    right, of = np.sum([tally_tags(prediction) for prediction in predictions], axis=0)
    assert right / of == pytest.approx(scored(predictions, labels).values["f1"])


def test_a_text_is_wholly_right_where_all_counts() -> None:
    for labels in (POS, ["O", "x", "y"]):
        for prediction in drawn(labels, 60, seed=5):
            right, of = tally_tags(prediction)
            assert (right == of) == (prediction.gold == prediction.output)


def test_what_a_text_counts() -> None:
    assert tally_tags(made("B-x O B-y", "B-x O O")) == (2, 3)
    assert tally_tags(made("N V", "N N")) == (1, 2)
    assert tally_tags(made("O O", "O O")) == (0, 0)


def test_intervals_are_of_texts_and_hold_their_figure() -> None:
    small, large = (scored(drawn(BIO, n, seed=3), resamples=400) for n in (60, 960))
    for found in (small, large):
        assert {"accuracy", "f1", "precision", "recall", "macro_f1", "partial_f1"} <= set(found.intervals)
        for name, (low, high) in found.intervals.items():
            assert low <= found.values[name] <= high, name
    width = [high - low for found in (small, large) for low, high in [found.intervals["f1"]]]
    assert width[0] / width[1] == pytest.approx(4, rel=0.35)


def test_texts_are_drawn_not_words() -> None:
    """Texts that are wholly right or wrong: an interval of words would be as narrow as that of ten times the texts."""
    predictions = [made("N " * 10, ("N " if row % 2 else "V ") * 10, name=str(row)) for row in range(100)]
    low, high = scored(predictions, POS, resamples=1000).intervals["accuracy"]
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 100), rel=0.1)


def test_all_right_has_an_interval_too() -> None:
    found = scored([made("B-x O", "B-x O", name=str(row)) for row in range(20)])
    assert found.values["f1"] == 1.0
    assert found.intervals["f1"] == found.intervals["accuracy"]
    assert found.intervals["f1"][0] == pytest.approx(0.839, abs=0.001)
    nothing = scored([made("O O", "O O")])
    assert nothing.values["f1"] == 0.0
    assert "f1" not in nothing.intervals


def test_the_same_seed_gives_the_same_intervals_and_json_keeps_all() -> None:
    predictions = drawn(BIO, 50, seed=4)
    found = scored(predictions)
    assert found == scored(predictions)
    assert Scores.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert (found.task, found.n) == ("tag", 50)
    old = {key: value for key, value in found.to_json().items() if key != "detail"}
    assert Scores.from_json(old).detail == {}


def test_calibration_is_of_words() -> None:
    predictions = [made("N N", "N N", 0.8), made("N N N", "V V V", 0.6)]
    found = scored(predictions, POS)
    assert [(part["confidence"], part["accuracy"], part["n"]) for part in found.calibration] == [
        (pytest.approx(0.6), 0.0, 3),
        (pytest.approx(0.8), 1.0, 2),
    ]
    assert found.values["ece"] == pytest.approx((3 * 0.6 + 2 * 0.2) / 5)


def test_what_can_not_be_scored() -> None:
    bare = TagPrediction("7", "a", ((0, 1),), ("O",), None, (1.0,))
    with pytest.raises(DataError, match="'7' has no gold tags"):
        scored([bare])
    for predictions in ([], [TagPrediction("1", "", (), (), (), ())]):
        with pytest.raises(DataError, match="nothing to score"):
            scored(predictions)
    with pytest.raises(DataError, match="'1' has the tag 'B-z', which the model does not know"):
        scored([made("B-z", "O")])
    with pytest.raises(DataError, match="has the tag 'x', which"):
        scored([made("x", "O")])
    assert scored([made("I-y", "O")], ["O", "B-x", "B-y"]).per_class["y"]["support"] == 1


def test_the_surest_mistakes_come_first() -> None:
    predictions = [made("N V", "V V", 0.4, "a"), made("N V", "N N", 0.7, "b"), made("N", "N", 0.9, "c")]
    errors = span_errors([*predictions, TagPrediction("d", "a", ((0, 1),), ("N",), None, (1.0,))])
    assert [(error.row, error.id, error.kind, error.confidence) for error in errors] == [
        (1, "b", "wrong_type", 0.7),
        (0, "a", "wrong_type", 0.4),
    ]
    assert errors[0].gold is not None
    assert (errors[0].gold.start, errors[0].gold.end, errors[0].gold.label) == (6, 11, "V")


def test_no_torch() -> None:
    code = "import sys, regard.metrics.tag, regard.metrics.span_errors; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
