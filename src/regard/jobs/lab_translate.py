"""The decoding lab of a translator: outputs by every way of writing against references, and what of the sources was
looked at."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import DataError
from regard.jobs.lab_findings import Lab, teller, walked
from regard.jobs.load import Model
from regard.records import TextPairCorpus, TextPrediction

if TYPE_CHECKING:
    from torch import Tensor

    from regard.analysis.coverage import Coverage
    from regard.analysis.decoding import Outcome
    from regard.analysis.exposure import Exposure
    from regard.analysis.ways import Method

logger = logging.getLogger("regard")


@dataclass(frozen=True)
class TranslationLab(Lab):
    """`coverage` is None of a model without attention to the source. `references` are the shares of repeated stretches
    in the references."""

    outcomes: list[Outcome] = field(repr=False)
    take: Outcome
    coverage: Coverage | None = field(repr=False)
    references: dict[str, float]

    @property
    def n(self) -> int:
        return len(self.take.predictions)

    @property
    def sentence(self) -> str:
        from regard.analysis.decoding import sentence

        return sentence(self.outcomes, self.take)

    def findings(self) -> dict[str, Any]:
        from regard.analysis.decoding import examples

        covered = None
        if self.coverage is not None:
            worst = [{"id": identity, "alignment": found.to_json()} for identity, found in self.coverage.worst]
            covered = {**self.coverage.to_json(), "worst": worst}
        return {
            "references": self.references,
            "exposure": self.exposure.to_json(),
            "coverage": covered,
            "examples": examples(self.outcomes),
        }


def examined(model: Model, read: TextPairCorpus, part: str, page: Path, *, examples: int, seed: int) -> TranslationLab:
    """Raises `DataError` where no text has a reference."""
    from regard.analysis import decoding, variety

    corpus = _with_references(read)
    corpus = corpus.take(range(min(examples, len(corpus))))
    predictor: Any = model.predictor
    encoded = predictor.encoder.encode(corpus.texts)
    tried = decoding.methods(length_penalty=predictor.search.length_penalty, seed=seed)

    def write(method: Method, most: int | None) -> list[TextPrediction]:
        search = replace(predictor.search, **method.options)
        some = corpus if most is None else corpus.take(range(min(most, len(corpus))))
        return list(predictor.encoded_predictions(encoded[: len(some)], some, search))

    outcomes = decoding.compare(tried, write, seed=seed, told=teller(tried, len(corpus)))
    take = decoding.best(outcomes, seed=seed)
    references = [one for label in corpus.labels or [] for one in label[:1]]
    return TranslationLab(
        model=model,
        source=corpus.source,
        part=part,
        seed=seed,
        outcomes=outcomes,
        take=take,
        exposure=_exposure(predictor, encoded, references, seed=seed),
        coverage=_coverage(predictor, take.predictions),
        references={f"repeated_{n}": variety.repeated(references, n) for n in variety.REPEATED},
        page=page,
    )


def _with_references(corpus: TextPairCorpus) -> TextPairCorpus:
    """The texts that have a word and a reference. Raises `DataError` where there is none."""
    rows = [row for row, (_, text, label) in enumerate(corpus) if text.strip() and label and label[0].strip()]
    if not rows:
        raise DataError("no text with a reference in it", file=corpus.source, mend="name columns, or give another file")
    return corpus.take(rows)


def _exposure(predictor: Any, encoded: Sequence[Any], references: Sequence[str], *, seed: int) -> Exposure:
    logger.info("walking along %d references with true and with own words before each place", len(references))
    target = predictor.encoder.target

    def begin(rows: Sequence[int]) -> tuple[Any, Tensor]:
        return _begun(predictor, [encoded[row] for row in rows])

    never = [*target.never, target.end_id]
    return walked(predictor.model, predictor.decoder, begin, target.encode(references), never=never, seed=seed)


def _begun(predictor: Any, encoded: Sequence[Any]) -> tuple[Any, Tensor]:
    """The decoder's state on these sources, and what it reads first."""
    import torch

    from regard.text.batch import pad

    device = predictor.model.device
    ids, keep = (
        torch.from_numpy(part).to(device) for part in pad([item.ids for item in encoded], predictor.encoder.pad_id)
    )
    with torch.inference_mode():
        state = predictor.decoder.start(ids, keep.bool())
    return state, torch.full((len(encoded),), predictor.encoder.target.begin_id, device=device)


def _coverage(predictor: Any, predictions: Sequence[TextPrediction]) -> Coverage | None:
    from regard.analysis.alignment import align, has_alignment
    from regard.analysis.coverage import coverage

    if not has_alignment(predictor):
        return None
    logger.info("looking at what %d outputs were written from", len(predictions))
    return coverage(list(zip([item.id for item in predictions], align(predictor, predictions), strict=True)))
