"""What a word's letters say of it: a convolution over its characters, the strongest answer of each filter kept
(dos Santos and Zadrozny 2014, section 2.1; as features of a tagger Ma and Hovy 2016, section 2.1).

Notable: a spelling that stands many times in a batch is computed once, and padding is not computed at all.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from regard.nn.dropout import Dropout

MULTIPLIER = 6_364_136_223_846_793_005  # Knuth's, for sums that differ where rows do


class CharacterCnn(nn.Module):
    """Character ids `[b t c]`, padded with 0 on the right, to features `[b t f]`; f, as `width`, is `channels`.

    `filter_width` is odd: characters that a filter sees, with zeros beyond both ends of a word. A word without any
    characters, as padding is, has zeros. Dropout falls on the characters' vectors (Ma and Hovy 2016, figure 1), in one
    batch the same ones wherever a spelling stands.
    """

    def __init__(
        self, vocabulary: int, embedding_size: int = 30, channels: int = 30, filter_width: int = 3, dropout: float = 0.0
    ) -> None:
        super().__init__()
        if filter_width % 2 == 0:
            raise ValueError(f"a filter over {filter_width} characters has no middle: take an odd width")
        self.width, self.reach = channels, filter_width // 2
        self.embedding = nn.Embedding(vocabulary, embedding_size, padding_idx=0)
        self.convolution = nn.Conv1d(embedding_size, channels, filter_width, padding=self.reach)
        self.dropout = Dropout(dropout)

    def forward(self, characters: Int[Tensor, "b t c"]) -> Float[Tensor, "b t f"]:
        spellings, places = distinct(characters.flatten(0, 1))
        return F.embedding(places, self._features(spellings)).unflatten(0, characters.shape[:2])

    def _features(self, words: Int[Tensor, "u c"]) -> Float[Tensor, "u f"]:
        """Of each word: max over its characters of the convolution's answers there."""
        real = words != 0
        answers = self._answers(words, real)
        strongest = answers.new_full((len(words), self.width), torch.finfo(answers.dtype).min)
        strongest = strongest.scatter_reduce(0, real.nonzero()[:, :1].expand_as(answers), answers, "amax")
        return strongest.masked_fill(~real.any(1, keepdim=True), 0.0)

    def _answers(self, words: Int[Tensor, "u c"], real: Bool[Tensor, "u c"]) -> Float[Tensor, "n f"]:
        """The convolution at each real character, one after the other."""
        vectors = F.pad(self.dropout(self.embedding(words[real])), (0, 0, 1, 0))  # the first one is that of padding
        number = real.flatten().cumsum(0).view_as(words).masked_fill(~real, 0)
        seen = F.pad(number, (self.reach, self.reach)).unfold(1, 2 * self.reach + 1, 1)[real]
        weight = self.convolution.weight.transpose(1, 2).flatten(1)
        return F.linear(F.embedding(seen, vectors).flatten(1), weight, self.convolution.bias)


def distinct(rows: Int[Tensor, "n c"]) -> tuple[Int[Tensor, "u c"], Int[Tensor, " n"]]:
    """The different rows, and which of them each row is: `different[places]` are the rows.

    By one sum a row, since numbers are sorted several times faster than rows. Should two rows share one, which is seen,
    the rows are sorted after all.
    """
    powers = [pow(MULTIPLIER, power, 2**63) for power in range(1, rows.shape[1] + 1)]
    sums = (rows * torch.tensor(powers, dtype=torch.int64, device=rows.device)).sum(1)
    different, places = sums.unique(return_inverse=True)
    one = places.new_zeros(len(different)).scatter_(0, places, torch.arange(len(rows), device=rows.device))
    if not torch.equal(rows[one][places], rows):
        return rows.unique(dim=0, return_inverse=True)
    return rows[one], places
