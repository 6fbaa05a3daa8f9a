"""The batches of a language model: windows of one long stream of tokens, cut at other places in each epoch.

Notable: texts follow each other with the end token between them, and attention is not stopped there: that what stands
before it is another text is for the model to learn, as in GPT-3 (Brown et al. 2020, appendix B).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from regard.tasks.generate.encoder import EncodedText

if TYPE_CHECKING:
    from torch import Tensor


class StreamFeed:
    """Windows of `length` tokens, each with the token after it, in batches of at most `batch_tokens`.

    The stream is a ring: its end token is also what stands before its first text, so that no window is a scrap. The
    first window of an epoch begins at a place drawn from (`seed`, epoch), the others follow without a gap; fewer than
    `length` tokens are left out, elsewhere each time. A stream shorter than a window is one window.
    """

    def __init__(
        self,
        texts: Sequence[EncodedText],
        *,
        end_id: int,
        length: int,
        batch_tokens: int,
        max_batch_examples: int,
        seed: int,
    ) -> None:
        end = np.array([end_id], dtype=np.int32)
        self.stream = np.concatenate([part for text in texts for part in (end, text.ids)] or [end])
        self.length = min(length, len(self.stream))
        self.seed = seed
        self._windows = min(max(1, batch_tokens // self.length), max_batch_examples)

    def epoch(self, number: int) -> list[list[int]]:
        """The first tokens of the windows, batch by batch."""
        generator = np.random.default_rng([self.seed, 3, number])
        first, count = int(generator.integers(self.length)), len(self.stream) // self.length
        starts = generator.permutation(first + self.length * np.arange(count)) % len(self.stream)
        return [starts[place : place + self._windows].tolist() for place in range(0, count, self._windows)]

    def batch(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """`input_ids` and `labels` `[b t]`: of each token the one after it."""
        import torch

        places = (np.asarray(rows)[:, None] + np.arange(self.length + 1)) % len(self.stream)
        tokens = torch.from_numpy(self.stream[places].astype(np.int64))
        return {"input_ids": tokens[:, :-1], "labels": tokens[:, 1:]}
