"""A trained language model: its loss, what it holds of texts, and how it writes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.encoders.options import RECURRENT
from regard.recipe import TrainingOptions
from regard.records import Corpus, StretchPrediction
from regard.tasks.generate.encoder import EncodedText, LanguageEncoder
from regard.tasks.generate.predictions import as_predictions
from regard.text.batch import IGNORED

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass
class LanguageModels:
    """A network or checkpoint with its tokenizer. A text is read in windows of `encoder.max_length` tokens, one every
    `stride` (0: half a window), or read once where the network carries on what it read and `carry` is on."""

    model: Any
    encoder: LanguageEncoder
    architecture: str
    kind: str = "network"
    stride: int = 0
    carry: bool = True
    labels: list[str] = field(default_factory=list)
    multi_label: bool = False
    _writers: dict[bool, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def reach(self) -> int:
        return self.encoder.reach

    def targets(self, corpus: Corpus, encoded: Sequence[EncodedText]) -> list[int]:
        """Of each text how many tokens there are to learn."""
        return [len(item.ids) for item in encoded]

    def batch(self, encoded: Sequence[EncodedText], targets: Sequence[Any]) -> dict[str, Tensor]:
        """Whole texts, padded on the right; training takes windows, from `StreamFeed`."""
        import torch

        longest = max(len(item.ids) for item in encoded)
        read = np.full((len(encoded), longest), self.encoder.pad_id, dtype=np.int64)
        asked = np.full((len(encoded), longest), IGNORED, dtype=np.int64)
        for row, item in enumerate(encoded):
            asked[row, : len(item.ids)] = item.ids
            read[row, 0], read[row, 1 : len(item.ids)] = self.encoder.begin_id, item.ids[:-1]
        return {"input_ids": torch.from_numpy(read), "labels": torch.from_numpy(asked)}

    def loss(self, options: TrainingOptions) -> Any:
        from regard.tasks.generate.networks import token_loss

        def loss(model: nn.Module, batch: Mapping[str, Tensor]) -> tuple[Tensor, int]:
            logits = model(input_ids=batch["input_ids"]).logits
            return token_loss(logits, batch["labels"], options.label_smoothing)

        return loss

    def validate(self, encoded: Sequence[EncodedText], targets: Any, corpus: Corpus) -> dict[str, float]:
        """`loss` in nats a token and `bits_per_character`, on all of the validation part.

        A recurrent network reads it in windows here, side by side: reading one long text on, token by token, takes as
        long as an epoch. Its scores after training are those of reading on, and a little better for it.
        """
        carry = self.carry and self.architecture not in RECURRENT
        nats = -sum(float(own.sum()) for own in self._log_probabilities(encoded, carry=carry))
        characters = sum(len(text) for text in corpus.texts)
        return {
            "bits_per_character": nats / math.log(2) / max(characters, 1),
            "loss": nats / max(sum(targets), 1),
        }

    def settle(self, encoded: Sequence[EncodedText], corpus: Corpus) -> None:
        """The adapters that were trained become part of the weights they stand beside."""
        merge = getattr(self.model, "merge_and_unload", None)
        if merge is not None:
            self.model = merge()
        self._writers.clear()  # they may hold copies of the weights that were

    def predictions(self, corpus: Corpus) -> list[StretchPrediction]:
        return self.encoded_predictions(self.encoder.encode(corpus.texts), corpus)

    def encoded_predictions(self, encoded: Sequence[EncodedText], corpus: Corpus) -> list[StretchPrediction]:
        return as_predictions(corpus, encoded, self.log_probabilities(encoded))

    def save(self, folder: Path) -> None:
        self.model.save_pretrained(folder)
        self.encoder.save(folder)

    def log_probabilities(self, encoded: Sequence[EncodedText]) -> list[np.ndarray]:
        """Of each token (natural logarithm), float64 `[n]` a text. Evaluation mode for the call."""
        return self._log_probabilities(encoded, carry=self.carry)

    def _log_probabilities(self, encoded: Sequence[EncodedText], *, carry: bool) -> list[np.ndarray]:
        import torch

        from regard.tasks.generate.likelihood import carried, in_windows

        texts, window = [item.ids for item in encoded], self._window
        common = {
            "begin": self.encoder.begin_id,
            "vocabulary": len(self.encoder.tokenizer),
            "device": self.model.device,
        }
        training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode():
                if carry and self.carries_on:
                    return carried(self.model.decoder, texts, chunk=self._chunk, **common)
                stride = min(self.stride or (window + 1) // 2, window)
                return in_windows(self.model, texts, window=window, stride=stride, **common)
        finally:
            self.model.train(training)

    @property
    def positions(self) -> int | None:
        """How many tokens can stand in one text; None: any number."""
        if self.kind == "checkpoint":
            found = getattr(self.model.config, "max_position_embeddings", None)
            return None if found is None else int(found)
        limited = self.architecture == "transformer" and self.model.config.positions == "learned"
        return self.encoder.max_length if limited else None

    def writer(self, *, int8: bool = False) -> Any:
        """What writes, in the words of `nn.search`: any number of tokens. `int8`: with weights rounded to eight bits,
        in a copy. Raises `UsageError` for a model whose weights can't be."""
        from regard.tasks.generate.sliding import SlidingDecoder

        self.model.eval()
        if int8 not in self._writers:
            self._writers[int8] = self._new_writer(int8=int8)
        decoder = self._writers[int8]
        return decoder if self.positions is None else SlidingDecoder(decoder, self.positions)

    def _new_writer(self, *, int8: bool) -> Any:
        from regard.decoders.pretrained import causal_decoder, refuse_int8

        if self.kind == "checkpoint":
            return causal_decoder(self.model, int8=int8)
        if int8:
            refuse_int8(f"{self.architecture} is a network from scratch")
        return self.model.decoder

    @property
    def carries_on(self) -> bool:
        """Whether the network has a state that holds what was read, however long ago or in its memory."""
        return self.architecture in (*RECURRENT, "transformer-xl")

    @property
    def _window(self) -> int:
        """Tokens of a window that is read by itself. Of transformer-xl a segment: in a longer one it would remember."""
        return int(getattr(self.model.config, "segment_length", self.encoder.max_length))

    @property
    def _chunk(self) -> int:
        """Tokens that are read at a time on the way through a text: whole segments."""
        return self._window * max(1, self.encoder.max_length // self._window)
