"""The decoding lab: one trained model, every way of writing, on one page. Which to take, at what price, and how the
model fares with its own words before it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import DataError, UsageError
from regard.jobs import facts
from regard.jobs.load import Model, load
from regard.jobs.prepare import prepare
from regard.records import TextPairCorpus, TextPrediction, write_atomically

if TYPE_CHECKING:
    from regard.analysis.coverage import Coverage
    from regard.analysis.decoding import Method, Outcome
    from regard.analysis.exposure import Along, Exposure

logger = logging.getLogger("regard")
EXAMPLES = 200
PAGE = "lab.html"
AT_ONCE = 64
"""References that are walked along together."""


@dataclass(frozen=True)
class Lab:
    """What the lab found. `outcomes` begin with greedy, `take` is the one to use; `coverage` is None of a model without
    attention to the source. `references` are the shares of repeated stretches in the references."""

    model: Model
    source: str
    part: str
    seed: int
    outcomes: list[Outcome] = field(repr=False)
    take: Outcome
    exposure: Exposure = field(repr=False)
    coverage: Coverage | None = field(repr=False)
    references: dict[str, float]
    page: Path

    @property
    def sentence(self) -> str:
        """Which way of writing to take."""
        from regard.analysis.decoding import sentence

        return sentence(self.outcomes, self.take)

    def to_json(self) -> dict[str, Any]:
        """All that the page shows."""
        from regard.analysis.decoding import examples

        covered = None
        if self.coverage is not None:
            worst = [{"id": identity, "alignment": found.to_json()} for identity, found in self.coverage.worst]
            covered = {**self.coverage.to_json(), "worst": worst}
        return {
            "regard": self.model.record["regard"],
            "task": self.model.recipe.task,
            "n": len(self.take.predictions),
            "run": str(self.model.run.path),
            "model": self.model.record["model"],
            "source": self.source,
            "part": self.part,
            "seed": self.seed,
            "command": facts.command("lab"),
            "machine": facts.machine(),
            "take": self.take.method.name,
            "options": dict(self.take.method.options),
            "sentence": self.sentence,
            "methods": [outcome.to_json() for outcome in self.outcomes],
            "references": self.references,
            "exposure": self.exposure.to_json(),
            "coverage": covered,
            "examples": examples(self.outcomes),
            "page": str(self.page),
        }


def lab(
    run: str | Path,
    data: Any = None,
    *,
    examples: int = EXAMPLES,
    out: str | Path | None = None,
    seed: int | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    offline: bool = False,
) -> Lab:
    """Write by every method what belongs to the first `examples` texts of `data` (by default of the run's validation
    part), compare, and leave a page: `out`, or lab.html in the run folder. The columns are those of `data`.

    Raises `UsageError` for a run of another task or where no part to look at is left, `DataError` and `ModelError` as
    `regard.load(run)` does.
    """
    from regard.report import lab as page

    model = load(run)
    if model.recipe.task != "translate":
        raise UsageError(
            f"{run} was trained for {model.recipe.task}; the lab compares outputs with references",
            mend="give a run of --task translate",
        )
    if examples < 1:
        raise UsageError(f"--examples is {examples}", mend="give 1 or more")
    if data is None:
        part, read = "validation", _validation(model, offline=offline)
    else:
        part = Path(str(data)).name if isinstance(data, str | Path) else "data"
        read = model.read(data, text_column=text_column, label_column=label_column, offline=offline)
    corpus = _with_references(read)
    path = Path(out) if out is not None else model.run.path / PAGE
    found = _examined(model, corpus.take(range(min(examples, len(corpus)))), part, path, seed=seed)
    write_atomically(path, page.render(found.to_json()))
    return found


def _with_references(corpus: TextPairCorpus) -> TextPairCorpus:
    """The texts that have a word and a reference. Raises `DataError` where there is none."""
    rows = [row for row, (_, text, label) in enumerate(corpus) if text.strip() and label and label[0].strip()]
    if not rows:
        raise DataError("no text with a reference in it", file=corpus.source, mend="name columns, or give another file")
    return corpus.take(rows)


def _validation(model: Model, *, offline: bool) -> TextPairCorpus:
    """The run's validation part as it was. Raises `UsageError` where its data have changed since."""
    found = prepare(model.recipe, offline=offline).validation
    if found.sha256() != model.record["data"]["validation"]["sha256"]:
        raise UsageError(
            f"the validation part of {model.run.path} is not what it was trained with: its data have changed",
            mend="give a file of texts and references: regard lab RUN FILE",
        )
    assert isinstance(found, TextPairCorpus)
    return found


def _examined(model: Model, corpus: TextPairCorpus, part: str, page: Path, *, seed: int | None) -> Lab:
    from regard.analysis import decoding

    predictor: Any = model.predictor
    chosen = model.recipe.seed if seed is None else seed
    encoded = predictor.encoder.encode(corpus.texts)
    tried = decoding.methods(length_penalty=predictor.search.length_penalty, seed=chosen)

    def write(method: Method, most: int | None) -> list[TextPrediction]:
        search = replace(predictor.search, **method.options)
        some = corpus if most is None else corpus.take(range(min(most, len(corpus))))
        return list(predictor.encoded_predictions(encoded[: len(some)], some, search))

    def told(method: Method) -> None:
        place = tried.index(method) + 1
        logger.info("writing %d texts, way %d of %d: %s", len(corpus), place, len(tried), method.name)

    outcomes = decoding.compare(tried, write, seed=chosen, told=told)
    take = decoding.best(outcomes, seed=chosen)
    references = [one for label in corpus.labels or [] for one in label[:1]]
    return Lab(
        model=model,
        source=corpus.source,
        part=part,
        seed=chosen,
        outcomes=outcomes,
        take=take,
        exposure=_exposure(predictor, encoded, references, seed=chosen),
        coverage=_coverage(predictor, take.predictions),
        references={f"repeated_{n}": decoding.repeated(references, n) for n in decoding.REPEATED},
        page=page,
    )


def _exposure(predictor: Any, encoded: Sequence[Any], references: Sequence[str], *, seed: int) -> Exposure:
    from regard.analysis.exposure import SHARES, exposure, joined

    logger.info("walking along %d references with true and with own words before each place", len(references))
    targets = predictor.encoder.target.encode(references)
    order = sorted(range(len(targets)), key=lambda row: len(targets[row]))
    batches = [order[start : start + AT_ONCE] for start in range(0, len(order), AT_ONCE)]
    training = predictor.model.training
    predictor.model.eval()
    try:
        passes = [
            joined(
                [
                    _walked(
                        predictor, [encoded[row] for row in rows], [targets[row] for row in rows], share, seed + place
                    )
                    for place, rows in enumerate(batches)
                ]
            )
            for share in SHARES
        ]
    finally:
        predictor.model.train(training)
    return exposure(passes, seed=seed)


def _walked(predictor: Any, encoded: Sequence[Any], targets: Sequence[list[int]], share: float, seed: int) -> Along:
    import torch

    from regard.analysis.exposure import along
    from regard.text.batch import pad

    target, device = predictor.encoder.target, predictor.model.device
    ids, keep = (
        torch.from_numpy(part).to(device) for part in pad([item.ids for item in encoded], predictor.encoder.pad_id)
    )
    with torch.inference_mode():
        state = predictor.decoder.start(ids, keep.bool())
    first = torch.full((len(encoded),), target.begin_id, device=device)
    return along(predictor.decoder, state, first, targets, share=share, never=[*target.never, target.end_id], seed=seed)


def _coverage(predictor: Any, predictions: Sequence[TextPrediction]) -> Coverage | None:
    from regard.analysis.alignment import align, has_alignment
    from regard.analysis.coverage import coverage

    if not has_alignment(predictor):
        return None
    logger.info("looking at what %d outputs were written from", len(predictions))
    return coverage(list(zip([item.id for item in predictions], align(predictor, predictions), strict=True)))
