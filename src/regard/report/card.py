"""README.md of a run: a model card as model hubs read it, written without asking one.

The body is ours and in plain Markdown; huggingface_hub writes the metadata above it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.records import RunFolder, write_atomically
from regard.report import verdict, wording
from regard.report.finished import Finished
from regard.report.markdown import code, plain, python, table
from regard.report.task_report import TaskReport, report_of


def write(run: RunFolder) -> Path:
    """Write README.md from the other files of a finished run; returns its path. No hub is asked.

    Raises `ModelError` where run.json, scores.json or predictions.parquet is missing or damaged.
    """
    write_atomically(run.card, render(run))
    return run.card


def render(run: RunFolder) -> str:
    from huggingface_hub import ModelCard

    found = Finished.read(run)
    report = report_of(found.record["task"])
    sections = [
        f"# {plain(found.name)}",
        *(plain(sentence) for sentence in verdict.sentences(found)),
        "## What it is for",
        _use(found, report),
        "## How to use it",
        _loading(found, report),
        "## Scores",
        _scores(found, report),
        "## Data",
        _data(found, report),
        "## Limits",
        _limits(found, report),
        "## How it was made",
        _making(found),
    ]
    card = ModelCard(f"---\n{_metadata(found, report).to_yaml()}\n---\n\n" + "\n\n".join(sections) + "\n")
    return str(card)


def _metadata(run: Finished, report: TaskReport) -> Any:
    """The front matter. A licence is for the user to choose, so none is named."""
    from huggingface_hub import EvalResult, ModelCardData

    record, scores = run.record, run.scores
    known = {row.key: row for row in report.rows(run) if row.key in report.hub_metrics}
    results = [
        EvalResult(
            task_type=report.pipeline_tag,
            task_name=report.pipeline_tag.replace("-", " ").capitalize(),
            dataset_type="regard",
            dataset_name=run.source,
            dataset_split=scores.part,
            metric_type=report.hub_metrics[name],
            metric_name=row.name,
            metric_value=round(row.value, 4),
        )
        for name, row in known.items()
    ]
    return ModelCardData(
        model_name=run.name,
        pipeline_tag=report.pipeline_tag,
        library_name="transformers" if record["kind"] == "checkpoint" else "regard",
        tags=["regard", report.pipeline_tag, record["architecture"]],
        metrics=[report.hub_metrics[name] for name in known],
        eval_results=results,
    )


def _use(run: Finished, report: TaskReport) -> str:
    return (
        f"{report.use(run)} It was trained on "
        f"{code(run.named_source('train'))} and is for texts like those: of that kind, in that language and of about "
        "that length. Measure it on texts of your own (`regard evaluate`) before you rely on it, and do not let it "
        "alone decide about people."
    )


def _loading(run: Finished, report: TaskReport) -> str:
    record, folder = run.record, f"{run.name}/model"
    parts = [python("import regard", "", f"model = regard.load({run.name!r})", report.call())]
    if record["kind"] == "checkpoint" and not record.get("attention"):
        parts.append(
            "It is a plain transformers checkpoint too (without Regard's preprocessing and its way of cutting long "
            f"texts):\n\n{python(*report.plain_use(run, folder))}"
        )
    elif record["kind"] != "baseline":
        imports = "import regard.auto", f"from transformers import {report.hub_class}"
        loading = python(*imports, "", f"{report.hub_class}.from_pretrained({folder!r})")
        parts.append(f"Or through transformers:\n\n{loading}")
    return "\n\n".join(parts)


def _scores(run: Finished, report: TaskReport) -> str:
    """The figures and what they are made of as tables; each figure with its interval and its n."""
    rows = []
    for row in report.rows(run):
        between = "" if row.interval is None else f"{row.interval[0]:.4f} – {row.interval[1]:.4f}"
        rows.append([row.name, f"{row.value:.4f}", between])
    on = f"On {wording.number_of(run.scores.n, f'{run.scores.part} {report.noun}')}:"
    return "\n\n".join([on, table(["figure", "value", "95 % interval"], rows), report.table(run)])


def _data(run: Finished, report: TaskReport) -> str:
    lines = [f"| part | source | {report.noun}s | SHA-256 |", "| --- | --- | ---: | --- |"]
    for name in ("train", "validation", "test"):
        part = run.record["data"].get(name)
        if part:
            source = "cut from train" if part.get("cut_from_train") else plain(run.named_source(name))
            lines.append(f"| {name} | {source} | {part['n']:,} | `{part['sha256']}` |")
    note = run.record["data"].get("split_note")
    return "\n".join(lines) + (f"\n\n{plain(note)}" if note else "")


def _limits(run: Finished, report: TaskReport) -> str:
    """What is known to be weak: the doctor's findings, cut texts, and what no score can show."""
    lines = [
        "- It repeats what its training texts say, their prejudices included, and is unreliable on other kinds of text."
    ]
    if reading := wording.reading(run.record, f"{report.noun}s"):
        lines.append(f"- Long texts: {reading}.")
    if pattern := wording.attention(run.record):
        lines.append(
            f"- Its attention was exchanged for another one ({plain(pattern)}), which the checkpoint met for the first "
            "time in this training."
        )
    for finding in (run.doctor or {}).get("findings", []):
        if finding["severity"] != "note":
            lines.append(f"- Data, {plain(finding['part'])}: {plain(finding['message'])}.")
    if report.gives_probabilities(run):
        lines.append(
            "- Its probabilities are those of a model: see the calibration in report.html before using them as such."
        )
    return "\n".join(lines)


def _making(run: Finished) -> str:
    record = run.record
    again = f"regard train {run.name}/recipe.toml{' --force' if run.forced else ''}"
    size, machine = record["size"], record["machine"]
    parameters = f"{size['parameters']:,} parameters, " if size.get("parameters") else ""
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
