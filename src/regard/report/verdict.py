"""The verdict of a run, in sentences that someone who trains no models can read and act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from regard.records import Prediction, Scores
from regard.report import wording


def sentences(
    record: dict[str, Any],
    scores: Scores,
    predictions: Sequence[Prediction],
    doctor: dict[str, Any] | None = None,
) -> list[str]:
    """How often it is right, against what, and how far the figure can be trusted.

    `record` is run.json and `doctor` doctor.json.
    """
    return [
        _how_often(record, scores),
        *_against_advice(doctor),
        *_against_one_answer(scores, predictions),
        *_against_peers(record, scores),
        *_trust(record),
    ]


def headline(record: dict[str, Any], scores: Scores) -> str:
    share = wording.percent(scores.values.get("accuracy"))
    return f"{wording.model(record['model'])}: {share} of {wording.texts(scores.n)} right"


def _how_often(record: dict[str, Any], scores: Scores) -> str:
    what = "all the right labels and no wrong one" if record["multi_label"] else "the right label"
    said = (
        f"{wording.model(record['model'])} gives {what} to {wording.percent(scores.values.get('accuracy'))} of "
        f"{scores.n:,} {scores.part} {'text' if scores.n == 1 else 'texts'}"
    )
    interval = scores.intervals.get("accuracy")
    if interval is None:
        return f"{said}."
    return f"{said} (95\u00a0% interval: {wording.percent_interval(interval)})."


def _against_advice(doctor: dict[str, Any] | None) -> list[str]:
    """What the doctor would have stopped the training for."""
    stops = [item for item in (doctor or {}).get("findings", []) if item["severity"] == "block"]
    if not stops:
        return []
    found = "; ".join(f"{item['part']}: {item['message']}" for item in stops)
    return [f"Do not rely on this figure. The doctor advised against this training ({found}), and --force went on."]


def _against_one_answer(scores: Scores, predictions: Sequence[Prediction]) -> list[str]:
    """The accuracy of always giving the most frequent answer: what a model has to beat to know anything."""
    gold = Counter(item.gold for item in predictions if item.gold is not None)
    if not gold:
        return []
    answer, times = gold.most_common(1)[0]
    share = times / gold.total()
    said = f"Always answering “{wording.label(answer)}” would be right for {wording.percent(share)}"
    interval = scores.intervals.get("accuracy")
    if interval is None:
        return [f"{said}."]
    if interval[0] > share:
        return [f"{said}: the model is better by more than chance explains."]
    if interval[1] < share:
        return [f"{said}: the model is worse than that."]
    return [f"{said}, which lies within the interval: this model has not been shown to know anything."]


def _against_peers(record: dict[str, Any], scores: Scores) -> list[str]:
    """run.json may name other models scored on the same texts (`peers`: model, accuracy, within_noise)."""
    said = []
    mine = scores.values.get("accuracy", 0.0)
    for peer in record.get("peers") or []:
        share = f"{peer['model']} is right for {wording.percent(peer['accuracy'])} of the same texts"
        if peer.get("within_noise"):
            said.append(f"{share}: the difference is within noise.")
        elif peer["accuracy"] > mine:
            said.append(f"{share}: take that one.")
        else:
            said.append(f"{share}: this model is better.")
    return said


def _trust(record: dict[str, Any]) -> list[str]:
    """Whether choices were made on these texts; how they were cut, where they come from the training data."""
    if record["scored"] == "test":
        return ["The test texts were scored once, after every choice was made."]
    data = record["data"]
    said = [
        "Choices were made on these same texts, so expect a little less on new ones; "
        "--test FILE scores texts that nothing was chosen on."
    ]
    if (data.get("validation") or {}).get("cut_from_train"):
        said.append(f"They were cut from the training data. {data.get('split_note') or ''}".strip())
    return said
