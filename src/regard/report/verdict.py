"""The verdict of a run, in sentences that someone who trains no models can read and act on."""

from __future__ import annotations

from typing import Any

from regard.report import wording
from regard.report.finished import Finished
from regard.report.task_report import report_of
from regard.tasks.task import task_of


def sentences(run: Finished) -> list[str]:
    """How often it is right, against what, and how far the figure can be trusted."""
    report = report_of(run.record["task"])
    return [
        report.lead(run),
        *_against_advice(run.doctor),
        *report.beside(run),
        *_against_peers(run),
        *_trust(run.record, report.noun),
    ]


def _against_advice(doctor: dict[str, Any] | None) -> list[str]:
    """What the doctor would have stopped the training for."""
    stops = [item for item in (doctor or {}).get("findings", []) if item["severity"] == "block"]
    if not stops:
        return []
    found = "; ".join(f"{item['part']}: {item['message']}" for item in stops)
    return [f"Do not rely on this figure. The doctor advised against this training ({found}), and --force went on."]


def _against_peers(run: Finished) -> list[str]:
    """run.json may name other models scored on the same texts (`peers`: model, figure, within_noise)."""
    said, report, task = [], report_of(run.record["task"]), task_of(run.record["task"])
    mine = run.scores.values.get(task.headline, 0.0)
    for peer in run.record.get("peers") or []:
        did = f"{peer['model']} {report.peer(run, peer['figure'])}"
        if peer.get("within_noise"):
            said.append(f"{did}: the difference is within noise.")
        elif peer["figure"] < mine if task.lower_is_better else peer["figure"] > mine:
            said.append(f"{did}: take that one.")
        else:
            said.append(f"{did}: this model is better.")
    return said


def _trust(record: dict[str, Any], noun: str) -> list[str]:
    """Whether choices were made on these texts; how they were cut, where they come from the training data."""
    if record["scored"] == "test":
        return [f"The test {noun}s were scored once, after every choice was made."]
    data = record["data"]
    said = [
        f"Choices were made on these same {noun}s, so expect a little less on new ones; "
        f"--test FILE scores {noun}s that nothing was chosen on."
    ]
    if (data.get("validation") or {}).get("cut_from_train"):
        said.append(f"They were cut from the training data. {data.get('split_note') or ''}".strip())
    return said


def beside_one_answer(said: str, share: float, interval: tuple[float, float] | None, what: str = "") -> str:
    """What always giving one answer would reach, `said` up to the figure, and whether the model is better: what it has
    to beat to know anything. `interval` is that of the model's own figure."""
    said = f"{said} {wording.percent(share)}{what}"
    if interval is None:
        return f"{said}."
    if interval[0] > share:
        return f"{said}: the model is better by more than chance explains."
    if interval[1] < share:
        return f"{said}: the model is worse than that."
    return f"{said}, which lies within the interval: this model has not been shown to know anything."


def with_interval(said: str, interval: tuple[float, float] | None) -> str:
    """A sentence with the 95 % interval of its figure at its end, where there is one."""
    return f"{said}." if interval is None else f"{said} (95\u00a0% interval: {wording.percent_interval(interval)})."
