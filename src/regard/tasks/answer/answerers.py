"""Trained models that answer questions: input, loss, the best stretch, and what a prediction is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.errors import DataError
from regard.recipe import TrainingOptions
from regard.records import AnswerPrediction, QuestionCorpus
from regard.tasks.answer.span_search import ALWAYS, as_answer, best_spans, choose_threshold
from regard.text.batch import TokenBudget
from regard.text.pair_encoder import EncodedPair, PairEncoder, answer_positions, padded

if TYPE_CHECKING:
    from torch import Tensor, nn

Places = list[tuple[int, int]]
"""Of each window of a question the first and last token of its answer."""


@dataclass
class NetworkAnswerer:
    """A network or checkpoint with its encoder of questions and contexts. `batch_tokens` bounds the memory of a batch.

    `max_answer_tokens` bounds an answer, `alternatives` is how many are kept with their probabilities. Whether there is
    no answer is decided by a threshold on its probability, which is chosen on the validation part and kept in the
    model's config.
    """

    model: Any
    encoder: PairEncoder
    architecture: str
    kind: str = "network"
    max_answer_tokens: int = 30
    alternatives: int = 5
    never: bool = False
    labels: list[str] = field(default_factory=list)
    multi_label: bool = False
    batch_tokens: int = 8192

    @property
    def reach(self) -> int:
        return int(self.encoder.reach)

    @property
    def no_answer_threshold(self) -> float:
        return ALWAYS if self.never else float(getattr(self.model.config, "no_answer_threshold", ALWAYS))

    def targets(self, corpus: QuestionCorpus, encoded: Sequence[EncodedPair]) -> list[Places]:
        """Where the first of each question's answers stands. Raises `DataError` where no answers are given."""
        if corpus.labels is None or corpus.starts is None:
            raise DataError("no answers in it", file=corpus.source, mend="name the column with --label-column")
        rows = []
        for item, answers, starts in zip(encoded, corpus.labels, corpus.starts, strict=True):
            start, end = (starts[0], starts[0] + len(answers[0])) if answers else (0, 0)
            rows.append(answer_positions(item, start, end))
        return rows

    def batch(self, encoded: Sequence[EncodedPair], targets: Sequence[Places]) -> dict[str, Tensor]:
        import torch

        places = torch.tensor([place for row in targets for place in row])
        inputs = batch_of([window for item in encoded for window in item.windows], self.encoder.pad_id)
        return {**inputs, "starts": places[:, 0], "ends": places[:, 1]}

    def loss(self, options: TrainingOptions) -> Any:
        return answer_loss

    def settle(self, encoded: Sequence[EncodedPair], corpus: QuestionCorpus) -> None:
        """Choose the threshold above which there is no answer, on the validation part; where all of its questions have
        one, an answer is always given."""
        self.model.config.no_answer_threshold = ALWAYS
        if not self.never and any(not answers for answers in corpus.labels or []):
            threshold, _ = choose_threshold(self.encoded_predictions(encoded, corpus))
            self.model.config.no_answer_threshold = threshold

    def validate(
        self, encoded: Sequence[EncodedPair], targets: Sequence[Places], corpus: QuestionCorpus
    ) -> dict[str, float]:
        """Loss a window; F1 and exact match by the threshold that is best here, as `settle` chooses it."""
        from regard.metrics.answer import exact_match, f1

        scores, loss = self._read(encoded, targets)
        said = self._answers(scores, encoded, corpus, ALWAYS)
        if not self.never and any(not answers for answers in corpus.labels or []):
            said = self._answers(scores, encoded, corpus, choose_threshold(said)[0])
        rows = [(item.output, item.gold or ()) for item in said]
        return {
            "loss": loss,
            "f1": float(np.mean([f1(*row) for row in rows])),
            "exact_match": float(np.mean([exact_match(*row) for row in rows])),
        }

    def predictions(self, corpus: QuestionCorpus) -> list[AnswerPrediction]:
        return self.encoded_predictions(self.encoder.encode(corpus.questions, corpus.texts), corpus)

    def encoded_predictions(self, encoded: Sequence[EncodedPair], corpus: QuestionCorpus) -> list[AnswerPrediction]:
        scores, _ = self._read(encoded, None)
        return self._answers(scores, encoded, corpus, self.no_answer_threshold)

    def _answers(
        self,
        scores: Sequence[tuple[np.ndarray, np.ndarray]],
        encoded: Sequence[EncodedPair],
        corpus: QuestionCorpus,
        threshold: float,
    ) -> list[AnswerPrediction]:
        golds = corpus.labels if corpus.labels is not None else [None] * len(corpus)
        rows = zip(scores, encoded, corpus.ids, corpus.texts, corpus.questions, golds, strict=True)
        return [
            as_answer(
                best_spans(start, end, item, max_answer_tokens=self.max_answer_tokens, most=self.alternatives),
                identity=identity,
                context=context,
                question=question,
                gold=None if gold is None else tuple(gold),
                no_answer_threshold=threshold,
            )
            for (start, end), item, identity, context, question, gold in rows
        ]

    def _read(
        self, encoded: Sequence[EncodedPair], targets: Sequence[Places] | None
    ) -> tuple[list[tuple[np.ndarray, np.ndarray]], float]:
        """Scores of first and last tokens `[w t]` of each question's windows, and where targets are given the mean loss
        of a window. Evaluation mode for the call, the mode of before after it."""
        import torch

        training = self.model.training
        self.model.eval()
        windows = [window for item in encoded for window in item.windows]
        places = None if targets is None else [place for row in targets for place in row]
        rows: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0), np.empty(0))] * len(windows)
        budget = TokenBudget([len(window.ids) for window in windows], self.batch_tokens, max_examples=256)
        loss = 0.0
        try:
            with torch.no_grad():
                for own in budget.longest_first():
                    batch = batch_of([windows[row] for row in own], self.encoder.pad_id)
                    if places is not None:
                        gold = torch.tensor([places[row] for row in own])
                        batch |= {"starts": gold[:, 0], "ends": gold[:, 1]}
                    batch = {key: value.to(self.model.device) for key, value in batch.items()}
                    start, end = scores_of(self.model, batch)
                    loss += float(loss_of(start, end, batch)[0]) if places is not None else 0.0
                    first, last = (one.double().cpu().numpy() for one in (start, end))
                    for place, row in enumerate(own):
                        rows[row] = first[place], last[place]
        finally:
            self.model.train(training)
        return _by_question(rows, encoded), loss / max(len(windows), 1)

    def save(self, folder: Path) -> None:
        self.model.save_pretrained(folder)
        self.encoder.save(folder)


def _by_question(
    rows: Sequence[tuple[np.ndarray, np.ndarray]], encoded: Sequence[EncodedPair]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The scores of all windows, in order, as those of each question's, padded to its longest window."""
    borders = np.cumsum([0, *(len(item.windows) for item in encoded)])
    found = []
    for first, after in pairwise(borders):
        own = rows[first:after]
        width = max(len(start) for start, _ in own)
        padded_rows = [np.pad(one, (0, width - len(one))) for pair in own for one in pair]
        found.append((np.stack(padded_rows[::2]), np.stack(padded_rows[1::2])))
    return found


def batch_of(windows: Sequence[EncodedPair], pad_id: int) -> dict[str, Tensor]:
    """`input_ids`, `attention_mask` and `token_type_ids` `[w t]`, padded on the right to the longest window."""
    import torch

    return {name: torch.from_numpy(array) for name, array in padded(windows, pad_id).items()}


def scores_of(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """`[w t]` each: how well a token begins the answer, and ends it. A model without segments is given none."""
    inputs = {key: batch[key] for key in ("input_ids", "attention_mask")}
    if takes_segments(model):
        inputs["token_type_ids"] = batch["token_type_ids"]
    output = model(**inputs)
    return output.start_logits.float(), output.end_logits.float()


def takes_segments(model: Any) -> bool:
    """Whether the model tells question from context by segment: our own, and checkpoints with two or more."""
    return model.config.model_type.startswith("regard-") or getattr(model.config, "type_vocab_size", 0) > 1


def loss_of(start: Tensor, end: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, int]:
    from regard.tasks.answer.networks import span_loss

    return span_loss(start, end, batch["starts"], batch["ends"], batch["attention_mask"].bool())


def answer_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, int]:
    """The summed loss of the windows of a batch, and their number."""
    return loss_of(*scores_of(model, batch), batch)
