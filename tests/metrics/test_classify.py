"""Scores against scikit-learn's, and what must hold for any predictions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import metrics as peer

from regard.errors import DataError
from regard.metrics.classify import score
from regard.records import Prediction, Scores

Make = Callable[..., list[Prediction]]


def names(k: int) -> list[str]:
    return [str(label) for label in range(k)]


def scored(made: list[Prediction], k: int, **options: Any) -> Scores:
    defaults = {"part": "test", "multi_label": False, "seed": 1, "resamples": 50}
    return score(made, names(k), **(defaults | options))


def arrays(made: list[Prediction], k: int) -> tuple[list[Any], list[Any], np.ndarray]:
    return (
        [p.gold for p in made],
        [p.output for p in made],
        np.array([[p.probabilities[name] for name in names(k)] for p in made]),
    )


@pytest.mark.parametrize("k", [2, 3, 7])
def test_one_label_equals_scikit_learn(k: int, predictions: Make) -> None:
    made = predictions(300, k, seed=k)
    gold, output, probabilities = arrays(made, k)
    found, labels = scored(made, k), names(k)
    expected = {
        "accuracy": peer.accuracy_score(gold, output),
        "mcc": peer.matthews_corrcoef(gold, output),
        "macro_f1": peer.f1_score(gold, output, average="macro"),
        "macro_precision": peer.precision_score(gold, output, average="macro"),
        "macro_recall": peer.recall_score(gold, output, average="macro"),
        "micro_f1": peer.f1_score(gold, output, average="micro"),
        "micro_precision": peer.precision_score(gold, output, average="micro"),
        "micro_recall": peer.recall_score(gold, output, average="micro"),
        "log_loss": peer.log_loss(gold, probabilities, labels=labels),
        "brier": peer.brier_score_loss(
            np.array(gold),
            probabilities if k > 2 else probabilities[:, 1],
            labels=labels,
            scale_by_half=True,
            pos_label="1" if k == 2 else None,
        ),
        "auroc": peer.roc_auc_score([g == "1" for g in gold], probabilities[:, 1])
        if k == 2
        else peer.roc_auc_score(gold, probabilities, multi_class="ovr", average="macro", labels=labels),
    }
    for name, value in expected.items():
        assert found.values[name] == pytest.approx(value), name
    assert set(found.values) == set(expected) | {"ece"}
    assert found.confusion == peer.confusion_matrix(gold, output, labels=labels).tolist()
    precision, recall, f1, support = peer.precision_recall_fscore_support(gold, output, labels=labels)
    for column, label in enumerate(labels):
        assert found.per_class[label] == pytest.approx(
            {"precision": precision[column], "recall": recall[column], "f1": f1[column], "support": support[column]}
        )


def test_several_labels_equal_scikit_learn(predictions: Make) -> None:
    made = predictions(300, 4, seed=1, multi_label=True)
    gold, output, probabilities = arrays(made, 4)
    truth = np.array([[name in g for name in names(4)] for g in gold])
    answer = np.array([[name in o for name in names(4)] for o in output])
    found = scored(made, 4, multi_label=True)
    expected = {
        "accuracy": peer.accuracy_score(truth, answer),
        "macro_f1": peer.f1_score(truth, answer, average="macro"),
        "micro_f1": peer.f1_score(truth, answer, average="micro"),
        "macro_precision": peer.precision_score(truth, answer, average="macro"),
        "macro_recall": peer.recall_score(truth, answer, average="macro"),
        "micro_precision": peer.precision_score(truth, answer, average="micro"),
        "micro_recall": peer.recall_score(truth, answer, average="micro"),
        "auroc": peer.roc_auc_score(truth, probabilities, average="macro"),
        "brier": ((probabilities - truth) ** 2).mean(),
        "log_loss": np.mean([peer.log_loss(truth[:, k], probabilities[:, k]) for k in range(4)]),
    }
    for name, value in expected.items():
        assert found.values[name] == pytest.approx(value), name
    assert set(found.values) == set(expected) | {"ece"}
    assert found.confusion is None
    assert found.per_class["2"]["support"] == truth[:, 2].sum()
    assert {"accuracy", "macro_f1", "micro_f1"} <= set(found.intervals)


def test_intervals_hold_their_figure_and_shrink_with_n(predictions: Make) -> None:
    small, large = (scored(predictions(n, 2, seed=1), 2, resamples=500) for n in (100, 1600))
    for found in (small, large):
        assert {"accuracy", "macro_f1", "mcc", "auroc"} <= set(found.intervals)
        for name, (low, high) in found.intervals.items():
            assert low <= found.values[name] <= high, name
    width = {
        n: found.intervals["accuracy"][1] - found.intervals["accuracy"][0] for n, found in ((100, small), (1600, large))
    }
    assert width[100] / width[1600] == pytest.approx(4, rel=0.25)


def test_the_interval_of_a_share_is_the_one_of_the_book(predictions: Make) -> None:
    """p ± 1.96 sqrt(p (1 - p) / n), the normal approximation, for n = 2,000."""
    found = scored(predictions(2000, 2, seed=1), 2, resamples=4000)
    p = found.values["accuracy"]
    margin = 1.96 * np.sqrt(p * (1 - p) / 2000)
    assert found.intervals["accuracy"] == pytest.approx((p - margin, p + margin), abs=0.002)


def test_the_same_seed_gives_the_same_intervals(predictions: Make) -> None:
    made = predictions(100, 3, seed=1)
    assert scored(made, 3) == scored(made, 3)
    assert scored(made, 3).intervals != scored(made, 3, seed=2).intervals
    assert scored(made, 3, resamples=0).intervals == {}


def test_auroc_is_left_out_where_one_label_is_all_there_is(predictions: Make) -> None:
    made = [replace(p, gold="1") for p in predictions(20, 2, seed=1)]
    found = scored(made, 2)
    assert "auroc" not in found.values
    assert "auroc" not in found.intervals
    assert np.isfinite(list(found.values.values())).all()


def test_a_label_that_never_occurs_does_not_pull_the_mean_down(predictions: Make) -> None:
    made = [replace(p, probabilities={**p.probabilities, "never": 0.0}) for p in predictions(50, 2, seed=1)]
    found = score(made, ["0", "1", "never"], part="test", multi_label=False, seed=1, resamples=10)
    assert found.values["macro_f1"] == pytest.approx(scored(made, 2).values["macro_f1"])
    assert found.per_class["never"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}


def test_a_probability_of_zero_for_the_truth_stays_finite(predictions: Make) -> None:
    made = [replace(p, gold="0", probabilities={"0": 0.0, "1": 1.0}) for p in predictions(5, 2, seed=1)]
    assert scored(made, 2).values["log_loss"] == pytest.approx(-np.log(1e-15))


def test_scores_survive_json(predictions: Make) -> None:
    found = scored(predictions(40, 3, seed=1), 3)
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert Scores.from_json(document) == found
    assert document["accuracy"] == found.values["accuracy"]


def test_what_can_not_be_scored_is_said(predictions: Make) -> None:
    made = predictions(5, 2, seed=1)
    with pytest.raises(DataError, match="nothing to score"):
        scored([], 2)
    with pytest.raises(DataError, match="'0' has no gold"):
        scored([replace(made[0], gold=None)], 2)
    with pytest.raises(DataError, match="'other', which the model does not know") as caught:
        scored([replace(made[0], gold="other")], 2)
    assert "0, 1" in str(caught.value)


COUNTS = st.integers(1, 60)
KINDS = st.sampled_from([(2, False), (4, False), (3, True)])
RANDOM = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@RANDOM
@given(n=COUNTS, kind=KINDS, seed=st.integers(0, 10_000))
def test_figures_stay_in_their_ranges(n: int, kind: tuple[int, bool], seed: int, predictions: Make) -> None:
    k, multi_label = kind
    found = scored(predictions(n, k, seed=seed, multi_label=multi_label), k, multi_label=multi_label, resamples=20)
    for name, value in found.values.items():
        assert (-1 if name == "mcc" else 0) <= value <= (np.inf if name == "log_loss" else 1), name
    for name, (low, high) in found.intervals.items():
        assert (-1 if name == "mcc" else 0) <= low <= high <= 1, name
    if found.confusion is not None:
        assert np.sum(found.confusion) == n


@RANDOM
@given(n=COUNTS, kind=KINDS, seed=st.integers(0, 10_000))
def test_the_order_of_rows_means_nothing(n: int, kind: tuple[int, bool], seed: int, predictions: Make) -> None:
    k, multi_label = kind
    made = predictions(n, k, seed=seed, multi_label=multi_label)
    mixed = [made[i] for i in np.random.default_rng(seed).permutation(n)]
    one, other = (scored(rows, k, multi_label=multi_label, resamples=20) for rows in (made, mixed))
    assert one.values == pytest.approx(other.values)
    assert one.per_class == other.per_class
    assert one.confusion == other.confusion
    assert one.intervals["accuracy"] == other.intervals["accuracy"]


@RANDOM
@given(n=st.integers(4, 60), kind=KINDS, seed=st.integers(0, 10_000))
def test_perfect_predictions_are_perfect(n: int, kind: tuple[int, bool], seed: int, predictions: Make) -> None:
    k, multi_label = kind
    made = []
    for p in predictions(n, k, seed=seed, multi_label=multi_label):
        held = {p.gold} if isinstance(p.gold, str) else set(p.gold or ())
        sure = {name: float(name in held) for name in p.probabilities}
        made.append(replace(p, output=p.gold or (), probabilities=sure, confidence=1.0))
    found = scored(made, k, multi_label=multi_label, resamples=20)
    assert found.values["accuracy"] == 1
    assert found.values["brier"] == found.values["ece"] == 0
    assert found.values["log_loss"] == pytest.approx(0)
    low, high = found.intervals["accuracy"]  # Wilson's: a bootstrap of right answers only would say 1 to 1
    assert low < 1
    assert high == pytest.approx(1)
    if "auroc" in found.values:
        assert found.values["auroc"] == 1
    if any(p.gold for p in made):
        assert found.values["macro_f1"] == found.values["micro_f1"] == 1
    if not multi_label and len({p.gold for p in made}) > 1:
        assert found.values["mcc"] == pytest.approx(1)


def test_the_room_needs_no_torch_and_no_scikit_learn() -> None:
    code = (
        "import sys; import regard.metrics.classify, regard.metrics.verdict; "
        "sys.exit(len({'torch', 'sklearn', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
