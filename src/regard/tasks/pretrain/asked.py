"""What a masked language model is asked where a figure is measured or a text is to be filled in, and the tensors of
that and of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regard.errors import DataError
from regard.records import Corpus
from regard.tasks.pretrain.hiding import SHOWN_SHARE, Hiding, of_tokens
from regard.tasks.pretrain.sequences import Sequence as Read
from regard.tasks.pretrain.sequences import of_pair, of_window
from regard.text.batch import IGNORED
from regard.text.document_encoder import DocumentEncoder, EncodedText, Window

if TYPE_CHECKING:
    from torch import Tensor


class Asked(NamedTuple):
    """A sequence of the text with this row: `read` `[t]` are the ids that the model sees, `chosen` the places that it
    is asked about; `known` says whether what stood there is known."""

    row: int
    sequence: Read
    read: np.ndarray
    chosen: np.ndarray
    known: bool = True


@dataclass(frozen=True)
class Asking:
    """How texts are asked about. Those in which the mask token stands are to be filled in. In others 15 % of the tokens
    are hidden, the same ones wherever these tokens stand; with `pairs` they are read as two halves."""

    encoder: DocumentEncoder
    hiding: Hiding
    pairs: bool = False

    def __call__(self, encoded: Sequence[EncodedText]) -> list[Asked]:
        """Every window of the texts that there is something to ask about, in order."""
        others = [window for item in encoded for window in item.windows] if self.pairs else []
        return [
            asked for row, item in enumerate(encoded) for asked in self._of_text(row, item, others) if len(asked.chosen)
        ]

    def is_filled_in(self, item: EncodedText) -> bool:
        return any(self._masks(window).any() for window in item.windows)

    def _of_text(self, row: int, item: EncodedText, others: Sequence[Window]) -> Iterator[Asked]:
        if self.is_filled_in(item):
            for window in item.windows:
                sequence = of_window(self.encoder, window)
                chosen = np.flatnonzero(sequence.ids == self.encoder.mask_id)
                yield Asked(row, sequence, sequence.ids, chosen, known=False)
            return
        for window in item.windows:
            yield self._hidden(row, window, others)

    def _hidden(self, row: int, window: Window, others: Sequence[Window]) -> Asked:
        generator = of_tokens(window.ids)
        sequence = of_pair(self.encoder, window, others, generator) if self.pairs else of_window(self.encoder, window)
        chosen = self.hiding.choose(sequence.words, generator, SHOWN_SHARE)
        return Asked(row, sequence, self.hiding.hide(sequence.ids, chosen), chosen)

    def _masks(self, window: Window) -> np.ndarray:
        found: np.ndarray = window.ids == self.encoder.mask_id
        return found


def batch_of(asked: Sequence[Asked], pad_id: int, *, pairs: bool = False) -> dict[str, Tensor]:
    """`input_ids`, `attention_mask` and `chosen` `[b t]`, `labels` `[n]` of the places chosen, row by row; with `pairs`
    also `token_type_ids` `[b t]` and `follows` `[b]` (0: it does, 1: it does not, -100: there is one half)."""
    import torch

    from regard.text.batch import pad

    ids, keep = pad([item.read.tolist() for item in asked], pad_id)
    places = np.zeros(ids.shape, dtype=bool)
    for row, item in enumerate(asked):
        places[row, item.chosen] = True
    batch = {
        "input_ids": ids,
        "attention_mask": keep.astype(np.int64),
        "chosen": places,
        "labels": np.concatenate([item.sequence.ids[item.chosen] for item in asked]),
    }
    if pairs:
        batch["token_type_ids"], _ = pad([item.sequence.segments.tolist() for item in asked], 0)
        judged = [item.sequence.follows for item in asked]
        batch["follows"] = np.array([IGNORED if follows is None else int(not follows) for follows in judged])
    return {name: torch.from_numpy(array) for name, array in batch.items()}


def refuse_single_sentences(corpus: Corpus, encoded: Sequence[EncodedText]) -> None:
    """Raise `DataError` where no halves could be put together: one document, or none with two sentences."""
    windows = [window for item in encoded for window in item.windows]
    leave = "or leave head.next_sentence out"
    if len({window.document for window in windows}) < 2:
        mend = f"give several texts, or --set head.documents=paragraphs (blank lines between documents); {leave}"
        raise DataError("head.next_sentence needs two documents or more", file=corpus.source, mend=mend)
    if not any(window.sentences for window in windows):
        message = "head.next_sentence needs documents of two sentences or more, and there is none"
        raise DataError(message, file=corpus.source, mend=f"give whole texts, not single sentences; {leave}")
