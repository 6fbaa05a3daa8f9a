"""Trained models that make a text of a text: input, loss, search, and what a prediction is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import DataError
from regard.recipe import TrainingOptions
from regard.records import Alternative, TextPairCorpus, TextPrediction
from regard.tasks.translate.search_options import SearchOptions
from regard.text.batch import IGNORED, TokenBudget, pad
from regard.text.target_encoder import TranslationEncoder
from regard.text.tokenise import Encoded

if TYPE_CHECKING:
    from torch import Tensor, nn

    from regard.nn.search import Hypothesis

SPREAD = 1_000_003
"""Between the seeds of one text and another draw of it: no two texts of a corpus share a stream."""


@dataclass
class NetworkTranslator:
    """A network or checkpoint with its encoder of sources and targets. `batch_tokens` bounds the memory of a batch.

    `search` is how outputs are looked for; in training, `validated_texts` of the validation part are translated
    greedily where a figure of the outputs chooses the best checkpoint (`translates`).
    """

    model: Any
    encoder: TranslationEncoder
    architecture: str
    kind: str = "network"
    search: SearchOptions = field(default_factory=SearchOptions)
    scheduled_sampling: float = 0.0
    translates: bool = True
    validated_texts: int = 500
    labels: list[str] = field(default_factory=list)
    multi_label: bool = False
    batch_tokens: int = 4096

    @property
    def reach(self) -> int:
        return int(self.encoder.reach)

    @cached_property
    def decoder(self) -> Any:
        """What `nn.search` asks: a network of our own, or a checkpoint behind the same words."""
        if hasattr(self.model, "reorder"):
            return self.model
        from regard.decoders.pretrained import PretrainedTranslator

        return PretrainedTranslator(self.model)

    def targets(self, corpus: TextPairCorpus, encoded: Sequence[Encoded]) -> list[list[int]]:
        """The tokens of the first reference of each text. Raises `DataError` where there are none."""
        if corpus.labels is None:
            raise DataError("no targets in it", file=corpus.source, mend="name the column with --label-column")
        return self.encoder.target.encode([label[0] for label in corpus.labels])

    def batch(self, encoded: Sequence[Encoded], targets: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        """`input_ids` and `attention_mask` `[b s]`, `labels` `[b t]` with -100 for padding."""
        import torch

        labels, _ = pad(targets, IGNORED)
        return {**self._inputs(encoded), "labels": torch.from_numpy(labels)}

    def loss(self, options: TrainingOptions) -> Any:
        """The summed loss of the tokens of a batch, and their number."""
        from regard.tasks.translate.networks import shifted, token_loss
        from regard.tasks.translate.scheduled_sampling import mixed, share_at

        begin, pad_id = self.encoder.target.begin_id, self.encoder.target.pad_id

        def loss(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, int]:
            labels = batch["labels"]
            inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
            read = shifted(labels, begin, pad_id)
            if share := share_at(getattr(model, "training_progress", 0.0), self.scheduled_sampling):
                with _without_gradients():
                    told = model(**inputs, decoder_input_ids=read).logits
                read = mixed(read, told, share)
            logits = model(**inputs, decoder_input_ids=read).logits
            return token_loss(logits, labels, options.label_smoothing)

        return loss

    def validate(
        self, encoded: Sequence[Encoded], targets: Sequence[list[int]], corpus: TextPairCorpus
    ) -> dict[str, float]:
        """Loss a token and the share of tokens that are likeliest, given the true ones before them; BLEU, chrF and
        ROUGE-L of greedy outputs where one of them may be asked for."""
        figures = self._forced(encoded, targets)
        if self.translates:
            from regard.metrics.translate import figures_of

            some = encoded[: self.validated_texts]
            found = self.hypotheses(some, replace(self.search, method="greedy"))
            outputs = [self.encoder.target.decode(own[0].ids) for own in found]
            told = figures_of(outputs, [tuple(label) for label in (corpus.labels or [])[: len(some)]])
            figures |= {name: told.get(name, 0.0) for name in ("bleu", "chrf", "rouge_l")}
        return figures

    def settle(self, encoded: Sequence[Encoded], corpus: TextPairCorpus) -> None:
        """Nothing is chosen once the weights are final."""

    def predictions(self, corpus: TextPairCorpus) -> list[TextPrediction]:
        return self.encoded_predictions(self.encoder.encode(corpus.texts), corpus)

    def encoded_predictions(
        self, encoded: Sequence[Encoded], corpus: TextPairCorpus, search: SearchOptions | None = None
    ) -> list[TextPrediction]:
        """The best output of each text by `search`, its own where none is named; of an empty text an empty one."""
        golds = corpus.labels if corpus.labels is not None else [None] * len(corpus)
        found = self.hypotheses(encoded, search)
        rows = zip(found, corpus.ids, corpus.texts, golds, strict=True)
        return [self._prediction(own, identity, text, gold) for own, identity, text, gold in rows]

    def hypotheses(self, encoded: Sequence[Encoded], search: SearchOptions | None = None) -> list[list[Hypothesis]]:
        """What a search finds for each text, the best first. Evaluation mode for the call."""
        import torch

        chosen = search or self.search
        training = self.model.training
        self.model.eval()
        found: list[list[Hypothesis]] = [[] for _ in encoded]
        beams = chosen.beams if chosen.method == "beam" else 1
        budget = TokenBudget(
            [len(item.ids) for item in encoded], max(self.batch_tokens // beams, 1), max_examples=max(256 // beams, 1)
        )
        try:
            with torch.inference_mode():
                for rows in budget.longest_first():
                    # A sampled output depends on its text's place alone, not on who stands in its batch.
                    seeds = [chosen.seed * SPREAD + row for row in rows]
                    for row, own in zip(rows, self._found([encoded[row] for row in rows], chosen, seeds), strict=True):
                        found[row] = own
        finally:
            self.model.train(training)
        return found

    def _found(self, encoded: Sequence[Encoded], chosen: SearchOptions, seeds: Sequence[int]) -> list[list[Hypothesis]]:
        import torch

        from regard.nn import search

        target, inputs = self.encoder.target, self._inputs(encoded)
        ids, keep = (inputs[name].to(self.model.device) for name in ("input_ids", "attention_mask"))
        state = self.decoder.start(ids, keep.bool())
        # A checkpoint may force a second token, such as the sign of a language.
        *read, last = getattr(self.decoder, "first", (target.begin_id,))
        if read:
            _, state = self.decoder.extend(torch.tensor([read] * len(encoded), device=self.model.device), state)
        first = torch.full((len(encoded),), last, device=self.model.device)
        most = getattr(self.model.config, "max_position_embeddings", None) if self.kind == "checkpoint" else None
        limit = min(chosen.max_tokens, most - len(read)) if most and most > 0 else chosen.max_tokens
        common: dict[str, Any] = {"end": target.end_id, "max_tokens": limit, "banned": target.never}
        if chosen.method == "beam":
            return search.beam(
                self.decoder,
                state,
                first,
                beams=chosen.beams,
                length_penalty=chosen.length_penalty,
                early_stopping=chosen.early_stopping,
                n_best=chosen.n_best,
                **common,
            )
        if chosen.method == "greedy":
            one = search.greedy(self.decoder, state, first, repetition_penalty=chosen.repetition_penalty, **common)
            return [[item] for item in one]
        drawn = search.sample(
            self.decoder,
            state,
            first,
            seed=seeds,
            temperature=chosen.temperature,
            top_k=chosen.top_k,
            top_p=chosen.top_p,
            min_p=chosen.min_p,
            repetition_penalty=chosen.repetition_penalty,
            **common,
        )
        return [[item] for item in drawn]

    def _prediction(self, found: Sequence[Hypothesis], identity: str, text: str, gold: Any) -> TextPrediction:
        references = None if gold is None else tuple(gold)
        if not text.strip():
            return TextPrediction(identity, text, "", references, 0.0, 0)
        best, *others = found
        decode = self.encoder.target.decode
        return TextPrediction(
            id=identity,
            input=text,
            output=decode(best.ids),
            gold=references,
            log_probability=float(sum(best.log_probabilities)),
            tokens=len(best.log_probabilities),
            finished=best.finished,
            alternatives=tuple(Alternative(decode(item.ids), float(item.score)) for item in others),
        )

    def _forced(self, encoded: Sequence[Encoded], targets: Sequence[Sequence[int]]) -> dict[str, float]:
        """Loss and accuracy of a token under teacher forcing."""
        import torch

        from regard.tasks.translate.networks import shifted, token_loss

        training = self.model.training
        self.model.eval()
        loss, right, tokens = 0.0, 0, 0
        lengths = [max(len(item.ids), len(target)) for item, target in zip(encoded, targets, strict=True)]
        try:
            with torch.no_grad():
                for rows in TokenBudget(lengths, self.batch_tokens, max_examples=256).longest_first():
                    batch = self.batch([encoded[row] for row in rows], [targets[row] for row in rows])
                    batch = {name: tensor.to(self.model.device) for name, tensor in batch.items()}
                    labels = batch.pop("labels")
                    read = shifted(labels, self.encoder.target.begin_id, self.encoder.target.pad_id)
                    logits = self.model(**batch, decoder_input_ids=read).logits
                    total, count = token_loss(logits, labels)
                    loss, tokens = loss + float(total), tokens + count
                    right += int(((logits.argmax(-1) == labels) & (labels != IGNORED)).sum())
        finally:
            self.model.train(training)
        return {"loss": loss / max(tokens, 1), "accuracy": right / max(tokens, 1)}

    def _inputs(self, encoded: Sequence[Encoded]) -> dict[str, Tensor]:
        import torch

        ids, keep = pad([item.ids for item in encoded], self.encoder.pad_id)
        return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(keep).long()}

    def save(self, folder: Path) -> None:
        self.model.save_pretrained(folder)
        self.encoder.save(folder)


def _without_gradients() -> Any:
    import torch

    return torch.no_grad()
