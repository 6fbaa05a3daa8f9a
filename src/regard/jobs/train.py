"""The main job: data and a recipe in, a run folder out. Read, examine, train, score once, explain, report."""

from __future__ import annotations

import itertools
import logging
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regard import recipe as recipes
from regard.errors import RegardError, UsageError
from regard.jobs import facts, sources
from regard.jobs.load import Model, load
from regard.jobs.prepare import Parts, changed, prepare
from regard.jobs.trained import Stopwatch, Trained
from regard.recipe import Recipe
from regard.records import RunFolder, Scores, write_atomically
from regard.tasks.task import Task, task_of

logger = logging.getLogger("regard")
EXPLAINED = 3  # mistakes, and as many other texts, that the report shows highlighted
PATIENCE, SHARE = 120.0, 0.2  # seconds, and of the time until then, after which no further text is explained


def train(
    data: Any = None,
    *,
    model: str | None = None,
    task: str | None = None,
    recipe: str | Path | Recipe | None = None,
    out: str | Path | None = None,
    validation: Any = None,
    test: Any = None,
    text_column: str | None = None,
    label_column: str | None = None,
    question_column: str | None = None,
    seed: int | None = None,
    sets: dict[str, Any] | list[str] | None = None,
    max_train_examples: int | None = None,
    resume: bool = False,
    force: bool = False,
    offline: bool = False,
    quiet: bool = False,
) -> Model:
    """Train one model and leave a run folder.

    `data`, `validation` and `test` are a file, a folder, an asset's word, a hub id, a DataFrame or a Corpus; `recipe` a
    TOML file or a `Recipe`. What is named here wins over the recipe. `test` is scored once and chooses nothing.

    Raises `UsageError` (options), `DataError` (data, or what the doctor blocks without `force`), `ModelError`,
    `DivergedError`; `Interrupted` when stopped, after a checkpoint that `resume` goes on from.
    """
    given = {
        "data.text_column": text_column,
        "data.label_column": label_column,
        "data.question_column": question_column,
        "data.max_train_examples": max_train_examples,
        "seed": seed,
        "task": task,
    }
    named = {key: value for key, value in given.items() if value is not None}
    asked = task_of(str(recipes.parse_sets(sets or {}).get("task") or task or _named_task(recipe)))
    for source in (data, validation, test):
        if isinstance(source, str | Path) and source:
            asked.require(source)  # before the recipe: of a call with a wrong name for its data this is said first
    settled = _settle(recipe, sets, named, model)
    run = _open(out, data if isinstance(data, str | Path) else settled.data.train, settled, resume=resume)
    settled = sources.settled(settled, run.path, train=data, validation=validation, test=test)
    switches = {"resume": resume, "force": force, "offline": offline, "quiet": quiet}
    return carry_out(settled, run, lambda: prepare(settled, offline=offline), **switches)


def carry_out(
    recipe: Recipe,
    run: RunFolder,
    prepared: Callable[[], Parts],
    *,
    resume: bool,
    force: bool,
    offline: bool,
    quiet: bool,
) -> Model:
    """Train what a settled recipe says on the data that `prepared` gives. Raises what `train` raises."""
    if resume and run.recipe.is_file() and not run.began_with(recipe.to_toml()):
        raise UsageError(
            f"{run.path} was begun with another recipe than this one",
            mend=f"go on with its own: regard train {run.recipe} --out {run.path} --resume; or name another --out",
        )
    if resume and run.run_json.is_file():
        return _finished(run, prepared())
    begun = run.recipe.is_file()
    write_atomically(run.recipe, recipe.to_toml())
    try:
        return _run(recipe, run, prepared, resume=resume, force=force, offline=offline, quiet=quiet)
    except RegardError:
        if not begun and {path.name for path in run.path.iterdir()} == {run.recipe.name}:
            shutil.rmtree(run.path)  # nothing was trained: a folder with a recipe alone only takes the name
        raise


def _finished(run: RunFolder, parts: Parts) -> Model:
    """The run as it is. Raises `UsageError` where it was trained on other data than these."""
    model = load(run.path)
    if names := changed(parts, model.record):
        files = ", ".join(dict.fromkeys(parts.named()[name].source for name in names))
        raise UsageError(
            f"{run.path} is finished, and its data have changed since ({', '.join(names)}: {files})",
            mend="train on what they are now into another folder with --out; or bring back what they were",
        )
    logger.info("%s is finished already: nothing to resume", run.path)
    return model


def _run(recipe: Recipe, run: RunFolder, prepared: Callable[[], Parts], **switches: bool) -> Model:
    watch = Stopwatch()
    with watch.stage("prepare"):
        parts = prepared()
    trained = _fit(recipe.entry.kind)(recipe, parts, run, watch, **switches)
    with watch.stage("evaluate"):
        scored = _score(recipe, parts, trained, run)
    with watch.stage("explain"):
        _explain(recipe, trained, scored, run, max(PATIENCE, SHARE * watch.record()["total"]))
    _write_record(recipe, parts, trained, run, watch)
    from regard.report import card, page

    page.write(run)
    card.write(run)
    return Model(run)


def _fit(kind: str) -> Callable[..., Trained]:
    """How a kind of model is trained; a baseline never loads torch."""
    if kind == "baseline":
        from regard.jobs.fit_baseline import fit_baseline

        return fit_baseline
    from regard.jobs.fit_network import fit_network

    return fit_network


def _named_task(recipe: Any) -> str:
    """The task that a recipe names; the first of all where it names none. A recipe that can't be read says so later."""
    if isinstance(recipe, Recipe):
        return recipe.task
    named = recipes.read_toml(recipe).get("task") if recipe is not None else None
    return named if isinstance(named, str) else "classify"


def _settle(recipe: Any, sets: Any, named: dict[str, Any], model: str | None) -> Recipe:
    base: dict[str, Any] = {}
    if isinstance(recipe, Recipe):
        base = recipe.model_dump()
    elif recipe is not None:
        base = recipes.read_toml(recipe)
    named_model = base.get("model")
    if model is not None and isinstance(named_model, dict) and named_model.get("name") not in (None, model):
        base = {key: value for key, value in base.items() if key != "model"}  # another model's options
    if base.get("task", "classify") != named.get("task", base.get("task", "classify")):
        base = {key: value for key, value in base.items() if key != "head"}  # another task's options
    settled = recipes.build(base, recipes.nest(named), sets=sets, model=model)
    asked = {**recipes.parse_sets(sets or {}), **{path: value for path, value in named.items() if "question" in path}}
    recipes.refuse_unused(asked, [settled.model_name], task=settled.task)
    return settled


def _open(out: str | Path | None, data: Any, recipe: Recipe, *, resume: bool) -> RunFolder:
    """The run folder to write. A finished one is never written over."""
    if out is None:
        stem = f"{Path(str(data)).stem or 'data'}-{Path(recipe.model_name.removeprefix('hub:')).name}"
        return RunFolder(Path("runs") / _numbered(stem, resume=resume))
    run = RunFolder(Path(out))
    if run.path.is_file():
        raise UsageError(f"--out {out} is a file", mend="name a folder")
    if run.comparison.is_file():
        raise UsageError(f"{out} holds a comparison", mend="name another folder with --out")
    if not resume and (run.run_json.is_file() or run.checkpoints.is_dir()):
        state = "a finished run" if run.run_json.is_file() else "the checkpoints of an unfinished run"
        raise UsageError(f"{out} holds {state}", mend="go on with --resume, or name another folder with --out")
    return run


def _numbered(stem: str, *, resume: bool) -> str:
    """The first name in runs/ that is free: stem, stem-2, …; to resume, the latest one there, since it was stopped."""
    runs = Path("runs")
    taken = [
        re.fullmatch(rf"{re.escape(stem)}(?:-([2-9]|[1-9]\d+))?", path.name)
        for path in (runs.iterdir() if runs.is_dir() else ())
    ]
    numbers = {int(found[1] or 1) for found in taken if found}
    number = max(numbers) if resume and numbers else next(n for n in itertools.count(1) if n not in numbers)
    return stem if number == 1 else f"{stem}-{number}"


def _score(recipe: Recipe, parts: Parts, trained: Trained, run: RunFolder) -> list[Any]:
    """Score test (once) where it is given, else validation; write scores.json and predictions.parquet."""
    found: dict[str, tuple[list[Any], Scores]] = {}
    for part in parts.named():
        if part == "train":
            continue
        said = trained.predictions(part)
        found[part] = (
            said,
            parts.task.score(said, parts.labels, part=part, multi_label=parts.multi_label, seed=recipe.seed),
        )
    said, scores = found["test" if parts.test is not None else "validation"]
    document = scores.to_json()
    if parts.test is not None:
        document["validation"] = found["validation"][1].to_json()
    run.write_json(run.scores, document)
    parts.task.write(run.predictions, said, parts.labels, multi_label=parts.multi_label)
    return said


def _explain(recipe: Recipe, trained: Trained, scored: list[Any], run: RunFolder, seconds: float) -> None:
    """A few texts highlighted, for the report: the surest mistakes, and texts that were answered right. Fewer where
    `seconds` do not suffice: a text of thousands of tokens takes minutes on a CPU."""
    from regard.analysis.reasons import can_explain, explain_prediction

    task = task_of(recipe.task)
    if not can_explain(task, trained.predictor):
        run.write_json(run.explanations, _samples(task, trained, scored, recipe.seed))
        return
    chosen = _telling(task, scored)
    documents: list[dict[str, Any]] = []
    began = time.perf_counter()
    for kind, item in chosen:
        if documents and time.perf_counter() - began > seconds:
            logger.info("%d of %d texts explained for the report: long ones take time", len(documents), len(chosen))
            break
        try:
            explanation = explain_prediction(task, trained.predictor, item)
        except Exception as error:  # a training of hours is not lost for a picture in its report
            logger.warning("no explanation for text %s: %s", item.id, error)
            continue
        documents.append({"kind": kind, "id": item.id, "gold": item.gold, "explanation": explanation.to_json()})
    documents.sort(key=lambda document: document["kind"] == "example")  # mistakes first, as the report shows them
    run.write_json(run.explanations, documents)


def _telling(task: Task, scored: list[Any]) -> list[tuple[str, Any]]:
    """Predictions to explain, mistakes and examples by turns."""
    from regard.analysis import mistakes

    wrong = mistakes.surest(scored, EXPLAINED, task.is_right)
    right = [item for item in scored if item.gold is not None and task.is_right(item)]
    right = [item for item in right if task.shows(item)] or right
    step = max(1, len(right) // EXPLAINED)
    kinds = [("mistake", item) for item in wrong], [("example", item) for item in right[::step][:EXPLAINED]]
    pairs = itertools.chain.from_iterable(itertools.zip_longest(*kinds))
    return [pair for pair in pairs if pair is not None and pair[1].input.strip()]


def _samples(task: Task, trained: Trained, scored: list[Any], seed: int) -> list[dict[str, Any]]:
    """What a model writes, for the report. Where it can't, a training is not lost for it."""
    try:
        return task.samples(trained.predictor, scored, seed=seed)
    except Exception as error:
        logger.warning("no samples for the report: %s", error)
        return []


def _write_record(recipe: Recipe, parts: Parts, trained: Trained, run: RunFolder, watch: Stopwatch) -> None:
    """run.json, last of all: a folder that has it is a finished run."""
    import regard

    assert parts.diagnosis is not None
    run.write_json(run.doctor, parts.diagnosis.to_json())
    scored = parts.test if parts.test is not None else parts.validation
    run.write_json(
        run.run_json,
        {
            "regard": regard.__version__,
            "task": recipe.task,
            "model": recipe.model_name,
            "architecture": recipe.entry.word,
            "kind": recipe.entry.kind,
            "attention": facts.attention(run),
            "labels": parts.labels,
            "multi_label": parts.multi_label,
            "seed": recipe.seed,
            "command": facts.command(),
            "versions": facts.versions(),
            "machine": facts.machine(),
            "data": parts.describe(),
            "training": trained.training,
            "size": facts.size(run, trained.predictor),
            "latency_ms": facts.latency(trained.predictor, parts.task.one_by_one(scored)),
            "scored": "validation" if parts.test is None else "test",
            "truncated": parts.truncated,
            "reading": facts.reading(recipe, parts) if parts.truncated else None,
            "peak_memory_mib": facts.peak_memory_mib(),
            "timings": watch.record(),
        },
    )
