"""The decoding lab: one trained model, every way of writing, on one page. Which to take, at what price, and how the
model fares with its own words before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.errors import UsageError
from regard.jobs.lab_findings import Lab
from regard.jobs.load import Model, load
from regard.jobs.prepare import prepare
from regard.records import write_atomically

EXAMPLES = 200
PAGE = "lab.html"
TASKS = ("translate", "generate")


def lab(
    run: str | Path,
    data: Any = None,
    *,
    examples: int = EXAMPLES,
    out: str | Path | None = None,
    seed: int | None = None,
    prompt_tokens: int | None = None,
    tokens: int | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    offline: bool = False,
) -> Lab:
    """Write by every method what belongs to the first `examples` texts of `data` (by default of the run's validation
    part), compare, and leave a page: `out`, or lab.html in the run folder. The columns are those of `data`.

    A language model writes `tokens` tokens after prompts of `prompt_tokens` tokens from all over the texts. Raises
    `UsageError` for a run of a task without a lab, lengths that the model has no room for, or where no part to look at
    is left, `DataError` where texts are too short, and both and `ModelError` as `regard.load(run)` does.
    """
    model = load(run)
    _refuse(model, run, examples, seed, prompt_tokens, tokens)
    if data is None:
        part, corpus = "validation", _validation(model, offline=offline)
    else:
        part = Path(str(data)).name if isinstance(data, str | Path) else "data"
        corpus = model.read(data, text_column=text_column, label_column=label_column, offline=offline)
    path = Path(out) if out is not None else model.run.path / PAGE
    chosen = model.recipe.seed if seed is None else seed
    found = _examined(model, corpus, part, path, examples, chosen, prompt_tokens, tokens)
    _write_page(found)
    return found


def _refuse(
    model: Model, run: str | Path, examples: int, seed: int | None, prompt_tokens: int | None, tokens: int | None
) -> None:
    """Raises `UsageError` for what the lab does not do."""
    task = model.recipe.task
    if task not in TASKS:
        raise UsageError(
            f"{run} was trained for {task}; the lab compares ways of writing text",
            mend=f"give a run of --task {' or --task '.join(TASKS)}",
        )
    if examples < 1:
        raise UsageError(f"--examples is {examples}", mend="give 1 or more")
    if seed is not None and seed < 0:
        raise UsageError(f"--seed is {seed}", mend="give 0 or more")
    for name, given in (("--prompt-tokens", prompt_tokens), ("--tokens", tokens)):
        if given is not None and task != "generate":
            raise UsageError(
                f"{name}: a {task} run writes what belongs to a source, not to a prompt",
                mend="leave it out; it is for runs of --task generate",
            )


def _validation(model: Model, *, offline: bool) -> Any:
    """The run's validation part as it was. Raises `UsageError` where its data have changed since."""
    found = prepare(model.recipe, offline=offline).validation
    if found.sha256() != model.record["data"]["validation"]["sha256"]:
        raise UsageError(
            f"the validation part of {model.run.path} is not what it was trained with: its data have changed",
            mend="give a file of texts: regard lab RUN FILE",
        )
    return found


def _examined(
    model: Model,
    corpus: Any,
    part: str,
    page: Path,
    examples: int,
    seed: int,
    prompt_tokens: int | None,
    tokens: int | None,
) -> Lab:
    if model.recipe.task == "translate":
        from regard.jobs import lab_translate

        return lab_translate.examined(model, corpus, part, page, examples=examples, seed=seed)
    from regard.jobs import lab_generate

    lengths = {"prompt_tokens": prompt_tokens, "tokens": tokens}
    return lab_generate.examined(model, corpus, part, page, examples=examples, seed=seed, **lengths)


def _write_page(found: Lab) -> None:
    from regard.report import lab as page

    write_atomically(found.page, page.render(found.to_json()))
