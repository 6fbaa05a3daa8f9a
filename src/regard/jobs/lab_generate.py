"""The decoding lab of a language model: prompts from held-out text, and what each way writes against what truly
follows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import DataError
from regard.jobs.lab_findings import Lab, teller, walked
from regard.jobs.load import Model
from regard.records import Corpus

if TYPE_CHECKING:
    from torch import Tensor

    from regard.analysis.continuing import Continuation, Outcome
    from regard.analysis.exposure import Exposure
    from regard.analysis.ways import Method
    from regard.metrics.bootstrap import Interval
    from regard.tasks.generate.passages import Passage

logger = logging.getLogger("regard")
SHOWN = 4
"""Passages whose continuations are shown."""


@dataclass(frozen=True)
class LanguageLab(Lab):
    """`truth` is what follows the prompts of the `passages`, with the probabilities that the model gave it; `true` are
    its figures and their intervals."""

    outcomes: list[Outcome] = field(repr=False)
    take: Outcome
    passages: list[Passage] = field(repr=False)
    truth: list[Continuation] = field(repr=False)
    true: tuple[dict[str, float], dict[str, Interval]]

    @property
    def n(self) -> int:
        return len(self.passages)

    @property
    def sentence(self) -> str:
        from regard.analysis.closest import sentence

        return sentence(self.outcomes, self.take, self.true[0])

    def findings(self) -> dict[str, Any]:
        figures, intervals = self.true
        return {
            "prompt_tokens": len(self.passages[0].prompt),
            "tokens": len(self.passages[0].truth),
            "true": {"figures": figures, "intervals": {name: list(between) for name, between in intervals.items()}},
            "exposure": self.exposure.to_json(),
            "examples": self._examples(),
        }

    def _examples(self) -> list[dict[str, Any]]:
        """A few passages from all over the text, nothing chosen: what truly follows first, then what was written."""
        count = min(SHOWN, len(self.passages))
        return [self._example((2 * number + 1) * len(self.passages) // (2 * count)) for number in range(count)]

    def _example(self, row: int) -> dict[str, Any]:
        passage = self.passages[row]
        written: list[tuple[Continuation, list[str]]] = []
        for outcome in self.outcomes:
            said = outcome.continuations[row]
            names = next((names for one, names in written if one.ids == said.ids), None)
            if names is None:
                written.append((said, [outcome.method.name]))
            else:
                names.append(outcome.method.name)
        return {
            "id": passage.id,
            "prompt": self._predictor.encoder.decode(passage.prompt),
            "true": self._spelled(passage, self.truth[row]),
            "written": [{"methods": names, **self._spelled(passage, said)} for said, names in written],
        }

    def _spelled(self, passage: Passage, said: Continuation) -> dict[str, Any]:
        """Its text with the characters and the log-probability of each token."""
        from regard.tasks.generate.writing import spelled

        told = list(zip(said.ids, said.log_probabilities, strict=True))
        found = spelled(self._predictor, "", passage.prompt, told, finished=False).to_json()
        return {name: found[name] for name in ("text", "spans", "log_probabilities")}

    @property
    def _predictor(self) -> Any:
        return self.model.predictor


def examined(
    model: Model,
    corpus: Corpus,
    part: str,
    page: Path,
    *,
    examples: int,
    seed: int,
    prompt_tokens: int | None,
    tokens: int | None,
) -> LanguageLab:
    """Raises `UsageError` for lengths that the model has no room for, `DataError` where no text is so long."""
    from regard.analysis import closest, continuing
    from regard.tasks.generate.passages import continued, text_of
    from regard.tasks.generate.writing import Writing

    predictor: Any = model.predictor
    chosen = _passages(predictor, corpus, examples, prompt_tokens, tokens)
    exposure = _exposure(predictor, chosen, seed=seed)
    truth = [
        continuing.Continuation(passage.truth, (-losses).tolist(), text_of(predictor, passage, passage.truth))
        for passage, losses in zip(chosen, exposure.forced.losses, strict=True)
    ]
    tried = continuing.methods(seed=seed)

    def write(method: Method, most: int | None) -> list[Continuation]:
        some = chosen[:most]
        found = continued(predictor, some, Writing(tokens=len(chosen[0].truth), **method.options))
        return [
            continuing.Continuation(own.ids, own.log_probabilities, text_of(predictor, passage, own.ids))
            for passage, own in zip(some, found, strict=True)
        ]

    outcomes = continuing.compare(tried, write, truth, seed=seed, told=teller(tried, len(chosen)))
    return LanguageLab(
        model=model,
        source=corpus.source,
        part=part,
        seed=seed,
        outcomes=outcomes,
        take=closest.best(outcomes, truth, seed=seed),
        exposure=exposure,
        page=page,
        passages=chosen,
        truth=truth,
        true=continuing.described(truth, seed=seed),
    )


def _passages(
    predictor: Any, corpus: Corpus, examples: int, prompt_tokens: int | None, tokens: int | None
) -> list[Passage]:
    from regard.tasks.generate.passages import lengths, passages

    prompt, after = lengths(predictor, prompt_tokens, tokens)
    encoded = predictor.encoder.encode(corpus.texts)
    found = passages(corpus.ids, encoded, prompt_tokens=prompt, tokens=after, most=examples)
    if not found:
        longest = max((len(item.ids) for item in encoded), default=0)
        raise DataError(
            f"its longest text has {longest:,} tokens, a prompt of {prompt:,} and {after:,} after it need more",
            file=corpus.source,
            mend="lower --prompt-tokens and --tokens, or give longer texts: regard lab RUN FILE",
        )
    return found


def _exposure(predictor: Any, chosen: Sequence[Passage], *, seed: int) -> Exposure:
    from regard.tasks.generate.passages import begun, unwritten

    logger.info("walking along %d passages with true and with own words before each place", len(chosen))

    def begin(rows: Sequence[int]) -> tuple[Any, Tensor]:
        return begun(predictor, [chosen[row] for row in rows])

    return walked(
        predictor.model,
        predictor.writer(),
        begin,
        [passage.truth for passage in chosen],
        never=unwritten(predictor),
        seed=seed,
        consecutive=True,
    )
