"""README.md of a run: a model card as model hubs read it, written without asking one.

The body is ours and in plain Markdown; huggingface_hub writes the metadata above it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from regard.records import RunFolder, Scores, write_atomically
from regard.report import evidence, verdict, wording

# Our names of figures as model hubs know them.
METRICS = {"accuracy": "accuracy", "macro_f1": "f1", "mcc": "matthews_correlation", "auroc": "roc_auc"}
_MARKDOWN = re.compile(r"[\\`*_\[\]<>#|~&{}]|^[-+]")
_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def write(run: RunFolder) -> Path:
    """Write README.md from the other files of a finished run; returns its path. No hub is asked.

    Raises `ModelError` where run.json, scores.json or predictions.parquet is missing or damaged.
    """
    write_atomically(run.card, render(run))
    return run.card


def render(run: RunFolder) -> str:
    from huggingface_hub import ModelCard

    from regard.tasks.predictions import read_predictions

    record = run.read_json(run.run_json)
    scores = Scores.from_json(run.read_json(run.scores))
    doctor = run.read_json(run.doctor) if run.doctor.is_file() else None
    said = verdict.sentences(record, scores, read_predictions(run.predictions), doctor)
    sections = [
        f"# {plain(_name(run))}",
        *(plain(sentence) for sentence in said),
        "## What it is for",
        _use(record),
        "## How to use it",
        _loading(record, run),
        "## Scores",
        _scores(record, scores),
        "## Data",
        _data(record),
        "## Limits",
        _limits(record, doctor),
        "## How it was made",
        _making(record, run, forced=bool(doctor and doctor["blocked"])),
    ]
    card = ModelCard(f"---\n{_metadata(record, scores, run).to_yaml()}\n---\n\n" + "\n\n".join(sections) + "\n")
    return str(card)


def plain(text: str) -> str:
    """A text that Markdown shows as it is, on one line: names and labels may hold anything."""
    return _MARKDOWN.sub(r"\\\g<0>", _BREAK.sub(" ", text))


def code(text: str) -> str:
    """A code span of any text: its fence is longer than every run of backticks in it."""
    text = _BREAK.sub(" ", text)
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _name(run: RunFolder) -> str:
    return run.path.resolve().name


def _source(record: dict[str, Any], part: str) -> str:
    """The name of the file or data set: where it lies on somebody's disk is nobody's business."""
    return str(record["data"][part]["source"]).replace("\\", "/").rstrip("/").split("/")[-1]


def _metadata(record: dict[str, Any], scores: Scores, run: RunFolder) -> Any:
    """The front matter. A licence is for the user to choose, so none is named."""
    from huggingface_hub import EvalResult, ModelCardData

    dataset = _source(record, scores.part if record["data"].get(scores.part) else "train")
    results = [
        EvalResult(
            task_type="text-classification",
            task_name="Text classification",
            dataset_type="regard",
            dataset_name=dataset,
            dataset_split=scores.part,
            metric_type=known,
            metric_name=evidence.FIGURES[name][0],
            metric_value=round(scores.values[name], 4),
        )
        for name, known in METRICS.items()
        if name in scores.values
    ]
    return ModelCardData(
        model_name=_name(run),
        pipeline_tag="text-classification",
        library_name="transformers" if record["kind"] == "checkpoint" else "regard",
        tags=["regard", "text-classification", record["architecture"]],
        metrics=[METRICS[name] for name in METRICS if name in scores.values],
        eval_results=results,
    )


def _use(record: dict[str, Any]) -> str:
    labels = wording.enumeration([plain(label) for label in record["labels"]], 30)
    what = "any of the labels" if record["multi_label"] else "one of the labels"
    return (
        f"It gives a text {what} {labels}, with a probability for each. It was trained on "
        f"{code(_source(record, 'train'))} and is for texts like those: of that kind, in that language and of about "
        "that length. Measure it on texts of your own (`regard evaluate`) before you rely on it, and do not let it "
        "alone decide about people."
    )


def _loading(record: dict[str, Any], run: RunFolder) -> str:
    name = _name(run)
    parts = [f'```python\nimport regard\n\nmodel = regard.load({name!r})\nmodel.predict(["a text"])\n```']
    if record["kind"] == "checkpoint" and not record.get("attention"):
        parts.append(
            "It is a plain transformers checkpoint too (without Regard's preprocessing and its way of cutting long "
            "texts):\n\n```python\nfrom transformers import pipeline\n\n"
            f'pipeline("text-classification", {name + "/model"!r})("a text")\n```'
        )
    elif record["kind"] != "baseline":
        parts.append(
            "Or through transformers:\n\n```python\nimport regard.auto\n"
            "from transformers import AutoModelForSequenceClassification\n\n"
            f"AutoModelForSequenceClassification.from_pretrained({name + '/model'!r})\n```"
        )
    return "\n\n".join(parts)


def _scores(record: dict[str, Any], scores: Scores) -> str:
    """The figures and the classes as tables; each figure with its interval and its n."""
    lines = [f"On {scores.n:,} {scores.part} texts:", "", "| figure | value | 95 % interval |", "| --- | ---: | ---: |"]
    for row in evidence.score_rows(scores, None, multi_label=record["multi_label"]):
        between = "" if row.interval is None else f"{row.interval[0]:.4f} – {row.interval[1]:.4f}"
        lines.append(f"| {row.name} | {row.value:.4f} | {between} |")
    lines += ["", "| class | precision | recall | F1 | texts |", "| --- | ---: | ---: | ---: | ---: |"]
    for label, figures in scores.per_class.items():
        told = " | ".join(f"{figures[name]:.4f}" for name in ("precision", "recall", "f1"))
        lines.append(f"| {plain(label)} | {told} | {figures['support']:,.0f} |")
    return "\n".join(lines)


def _data(record: dict[str, Any]) -> str:
    lines = ["| part | source | texts | SHA-256 |", "| --- | --- | ---: | --- |"]
    for name in ("train", "validation", "test"):
        part = record["data"].get(name)
        if part:
            source = "cut from train" if part.get("cut_from_train") else plain(_source(record, name))
            lines.append(f"| {name} | {source} | {part['n']:,} | `{part['sha256']}` |")
    note = record["data"].get("split_note")
    return "\n".join(lines) + (f"\n\n{plain(note)}" if note else "")


def _limits(record: dict[str, Any], doctor: dict[str, Any] | None) -> str:
    """What is known to be weak: the doctor's findings, cut texts, and what no score can show."""
    lines = [
        "- It repeats what its training texts say, their prejudices included, and is unreliable on other kinds of text."
    ]
    if reading := wording.reading(record):
        lines.append(f"- Long texts: {reading}.")
    if pattern := wording.attention(record):
        lines.append(
            f"- Its attention was exchanged for another one ({plain(pattern)}), which the checkpoint met for the first "
            "time in this training."
        )
    for finding in (doctor or {}).get("findings", []):
        if finding["severity"] != "note":
            lines.append(f"- Data, {plain(finding['part'])}: {plain(finding['message'])}.")
    lines.append(
        "- Its probabilities are those of a model: see the calibration in report.html before using them as such."
    )
    return "\n".join(lines)


def _making(record: dict[str, Any], run: RunFolder, *, forced: bool) -> str:
    again = f"regard train {_name(run)}/recipe.toml{' --force' if forced else ''}"
    size = record["size"]
    parameters = f"{size['parameters']:,} parameters, " if size.get("parameters") else ""
    machine = record["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return "\n".join(
        [
            f"- Model: {code(wording.model(record['model']))}, {parameters}{wording.size(size['bytes'])}",
            f"- Training: {wording.duration(record['timings']['train'])} on {machine['cores']} cores "
            f"({plain(str(machine['processor']))}), {plain(str(machine['device']))}; seed {record['seed']}",
            f"- Versions: {plain(versions)}",
            f"- Again: {code(again)} gives the same weights on the same machine",
            "- The whole story: `report.html`",
        ]
    )
