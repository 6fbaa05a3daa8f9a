"""Several models on the same split: which to take, and which differences are noise. `regard.compare(...)`.

A comparison lives in a folder: `data/` (the split, as files), one run folder for each training, `compare.json` and
`compare.html`. What is finished in it is taken as it is, so that a comparison that was stopped goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regard
from regard import recipe as recipes
from regard.errors import UsageError
from regard.jobs import facts
from regard.jobs.entrant import Entrant, Result, Sets, refuse_other_texts, sets_for
from regard.jobs.load import Model
from regard.jobs.shared_split import Split, cut
from regard.jobs.train import carry_out
from regard.recipe import Recipe
from regard.records import RunFolder

if TYPE_CHECKING:
    from regard.metrics.verdict import Verdict

logger = logging.getLogger("regard")


@dataclass(frozen=True)
class Comparison:
    """What was found. `models` are in the order of the verdict's ranking, the best first."""

    folder: Path
    task: str
    headline: str
    lower_is_better: bool
    n: int
    data: dict[str, Any]
    models: list[dict[str, Any]]
    verdict: Verdict

    @property
    def report(self) -> Path:
        from regard.report import compare_page

        return self.folder / compare_page.PAGE

    def to_json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "headline": self.headline,
            "lower_is_better": self.lower_is_better,
            "n": self.n,
            "report": str(self.report),
            **self.verdict.to_json(),
            "models": self.models,
            "data": self.data,
            "command": facts.command("compare"),
            "regard": regard.__version__,
        }


def compare(
    data: Any,
    *,
    models: Sequence[str],
    seeds: int = 3,
    out: str | Path | None = None,
    validation: Any = None,
    test: Any = None,
    text_column: str | None = None,
    label_column: str | None = None,
    question_column: str | None = None,
    max_train_examples: int | None = None,
    task: str | None = None,
    seed: int | None = None,
    sets: Sets = None,
    force: bool = False,
    offline: bool = False,
    quiet: bool = False,
) -> Comparison:
    """Train each model with each seed on one split, score all on the same held-out texts, and judge.

    `test` is cut from `data` before any training where it is not given, `validation` likewise. `seed` decides
    the split and is the first of `seeds`; a model that does not depend on its seed is trained once. `sets`
    goes to every model. Raises `UsageError` before anything is trained, and what `regard.train` raises.
    """
    if len(set(models)) < 2 or len(set(models)) < len(models):
        found = ", ".join(models) or "none"
        raise UsageError(f"different models are compared, found: {found}", mend="--models tfidf,lstm,minilm")
    parsed = recipes.parse_sets(sets or {})
    asked = str(parsed.get("task") or task or "classify")
    questions = {} if question_column is None else {"data.question_column": question_column}
    recipes.refuse_unused({**parsed, **questions}, models, task=asked)
    own = {model: sets_for(model, models, sets) for model in models}
    entrants = [Entrant(model, own[model], max_train_examples, task=asked) for model in models]
    named = {
        "data.text_column": text_column,
        "data.label_column": label_column,
        "data.question_column": question_column,
        "task": asked,
        "seed": seed,
    }
    layer = recipes.nest({key: value for key, value in named.items() if value is not None})
    settled, *_ = [recipes.build(layer, model=model, sets=own[model]) for model in models]
    folder = Path(out) if out is not None else Path("runs") / f"{_stem(data)}-compare"
    split = cut(data, validation, test, recipe=settled, offline=offline)
    every = range(settled.seed, settled.seed + seeds)
    return run(entrants, split, folder, seeds=every, force=force, offline=offline, quiet=quiet)


def run(
    entrants: Sequence[Entrant],
    split: Split,
    folder: Path,
    *,
    seeds: Sequence[int],
    force: bool = False,
    offline: bool = False,
    quiet: bool = False,
) -> Comparison:
    """Train every entrant with every seed on `split`, judge, and write compare.json and compare.html in `folder`."""
    from regard.report import compare_page

    if (folder / "run.json").exists():
        raise UsageError(f"{folder} holds a finished run", mend="name another folder with --out")
    files = split.keep(folder / "data")
    results = []
    with _said_once():
        for number, entrant in enumerate(entrants, start=1):
            logger.info("%s (model %d of %d)", entrant.model, number, len(entrants))
            seeded = entrant.recipe(seeds[0], files).entry.kind != "baseline"
            trained = [
                _train(entrant.recipe(seed, files), split, folder / entrant.run_folder(seed), force, offline, quiet)
                for seed in (seeds if seeded else seeds[:1])
            ]
            results.append(Result(entrant, trained))
    comparison = _judge(results, split, folder, seed=seeds[0])
    RunFolder(folder).write_json(folder / compare_page.DOCUMENT, comparison.to_json())
    compare_page.write(folder)
    for result in results:
        _name_peers(result, comparison)
    return comparison


@contextmanager
def _said_once() -> Iterator[None]:
    """While entered, what the log has said is not said again: every training looks at the same data."""
    said: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        new = message not in said
        said.add(message)
        return new

    logger.addFilter(is_new)
    try:
        yield
    finally:
        logger.removeFilter(is_new)


def _train(recipe: Recipe, split: Split, out: Path, force: bool, offline: bool, quiet: bool) -> Model:
    """One run: taken as it is where it is finished, gone on with where it was stopped."""
    run = RunFolder(out)
    begun = run.run_json.is_file() or run.checkpoints.is_dir()
    if begun and not run.began_with(recipe.to_toml()):
        raise UsageError(f"{out} was trained with another recipe", mend="name another --out, or take that folder away")
    switches = {"force": force, "offline": offline, "quiet": quiet}
    return carry_out(recipe, run, lambda: split.parts(recipe), resume=True, **switches)


def _judge(results: list[Result], split: Split, folder: Path, *, seed: int) -> Comparison:
    from regard.metrics.measure import Measure
    from regard.metrics.verdict import Contender, verdict
    from regard.report.task_report import report_of

    task = split.task
    measure = Measure(task.headline, task.figure, task.lower_is_better, task.consecutive)
    refuse_other_texts(results)
    rows, contenders = {}, []
    for result in results:
        row = result.to_json(folder)
        contenders.append(Contender(row["model"], result.tallies(), row["latency_ms"], row["bytes"], measure))
        row["interval"] = list(contenders[-1].interval(seed=seed))
        rows[row["model"]] = row
    found = verdict(contenders, seed=seed, noun=report_of(task.word).noun)
    ranked = [rows[name] for name in found.ranking]
    return Comparison(
        folder,
        task.word,
        task.headline,
        task.lower_is_better,
        contenders[0].texts,
        split.describe(),
        ranked,
        found,
    )


def _name_peers(result: Result, comparison: Comparison) -> None:
    """Into each run of one model how the others did on the same texts, and its page written again."""
    from regard.report import page

    mine = result.entrant.model
    noise = {frozenset((pair.first, pair.second)): pair.within_noise for pair in comparison.verdict.pairs}
    peers = [
        {"model": row["model"], "figure": row["figure"], "within_noise": noise[frozenset((mine, row["model"]))]}
        for row in comparison.models
        if row["model"] != mine
    ]
    for model in result.models:
        if model.record.get("peers") != peers:
            model.record["peers"] = peers
            model.run.write_json(model.run.run_json, model.record)
            page.write(model.run)


def _stem(data: Any) -> str:
    return Path(str(data)).stem if isinstance(data, str | Path) else "data"
