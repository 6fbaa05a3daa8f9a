"""Masked language models in training or trained: what the training loop and later steps ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import DataError
from regard.recipe import TrainingOptions
from regard.records import Corpus, MaskedPrediction
from regard.tasks.pretrain import guesses
from regard.tasks.pretrain.asked import Asked, Asking, batch_of, refuse_single_sentences
from regard.tasks.pretrain.hiding import Hiding, guessable
from regard.tasks.pretrain.passages import Answering
from regard.text.document_encoder import DocumentEncoder, EncodedText

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class NetworkPretrainer:
    """A network or checkpoint with its encoder of documents; `batch_tokens` bounds the memory of a batch. With `pairs`
    it also judges whether the second half of what it reads follows the first. What is hidden: see `Asking`."""

    model: Any
    encoder: DocumentEncoder
    hiding: Hiding
    architecture: str
    kind: str = "network"
    pairs: bool = False
    labels: list[str] = field(default_factory=list)
    multi_label: bool = False
    batch_tokens: int = 4096

    @property
    def reach(self) -> int:
        return self.encoder.reach

    @cached_property
    def _asking(self) -> Asking:
        return Asking(self.encoder, self.hiding, self.pairs)

    @cached_property
    def _answering(self) -> Answering:
        return Answering(self.encoder.tokenizer)

    def targets(self, corpus: Corpus, encoded: Sequence[EncodedText]) -> list[int]:
        """How many tokens of each text could be hidden. Raises `DataError` where no text has two tokens, or, where
        halves are judged, none could be put together."""
        whole = self.hiding.whole_word
        found = [max((guessable(own.words, whole=whole) for own in item.windows), default=0) for item in encoded]
        if max(found, default=0) < 2:
            message = "no text has two tokens or more: there is nothing to guess a word from"
            raise DataError(message, file=corpus.source, mend="check the column of texts, or give longer ones")
        if self.pairs:
            refuse_single_sentences(corpus, encoded)
        return found

    def batch(self, encoded: Sequence[EncodedText], targets: Sequence[int]) -> dict[str, Tensor]:
        """The tensors of all windows of these texts with what a figure is measured on; training has a feed of its
        own."""
        return batch_of(self._asking(encoded), self.encoder.pad_id, pairs=self.pairs)

    def loss(self, options: TrainingOptions) -> Any:
        return guesses.pretrain_loss

    def validate(self, encoded: Sequence[EncodedText], targets: Sequence[int], corpus: Corpus) -> dict[str, float]:
        asked = [item for item in self._asking(encoded) if item.known]
        return guesses.figures(asked, self._guess(asked))

    def settle(self, encoded: Sequence[EncodedText], corpus: Corpus) -> None:
        """Nothing is chosen but the weights."""

    def predictions(self, corpus: Corpus) -> list[MaskedPrediction]:
        return self.encoded_predictions(self.encoder.encode(corpus.texts), corpus)

    def encoded_predictions(self, encoded: Sequence[EncodedText], corpus: Corpus) -> list[MaskedPrediction]:
        """One for each passage of the texts, in order; a text of less than 2,000 characters is one."""
        asked = self._asking(encoded)
        filled_in = [self._asking.is_filled_in(item) for item in encoded]
        return self._answering.predictions(corpus, asked, self._guess(asked), filled_in)

    def save(self, folder: Path) -> None:
        self.model.save_pretrained(folder)
        self.encoder.save(folder)

    def _guess(self, asked: Sequence[Asked]) -> list[guesses.Guessed]:
        return guesses.guess(self.model, asked, self.encoder.pad_id, pairs=self.pairs, batch_tokens=self.batch_tokens)
