"""What our Transformers as decoders share: the embedding of what they write, and the map to the vocabulary, which is
the embedding once more where it is tied (Press and Wolf 2017)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from regard.decoders.base import Decoder
from regard.errors import UsageError
from regard.nn.dropout import Dropout
from regard.nn.linear import Linear, linear


class TiedDecoder(Decoder):
    """Base. The embedding should begin with a standard deviation of `embedding_size ** -0.5`, as it does here: scaled
    by `embedding_size ** 0.5` (Vaswani et al. 2017, section 3.4) a token's vector then has the size of one, and so have
    the scores where the embedding is also the map to them."""

    def __init__(
        self,
        vocabulary: int,
        width: int,
        heads: int,
        pad_id: int,
        embedding_size: int | None,
        embedding: nn.Embedding | None,
        embedding_dropout: float,
        norm: str,
        tie: bool,
    ) -> None:
        super().__init__()
        if width % heads:
            raise UsageError(
                f"a width of {width} does not divide into {heads} heads", mend=f"a width that is a multiple of {heads}"
            )
        self.width, self.heads, self.head_size = width, heads, width // heads
        self.embedding = embedding or _begun(nn.Embedding(vocabulary, embedding_size or width, padding_idx=pad_id))
        size = self.embedding.embedding_dim
        self.widen = nn.Identity() if size == width else Linear(size, width)
        self.embedding_dropout = Dropout(embedding_dropout)
        self.norm = nn.LayerNorm(width) if norm == "pre" else nn.Identity()
        self.narrow = Linear(width, size, bias=False) if tie and size != width else nn.Identity()
        self.output = None if tie else Linear(width, vocabulary)
        self.output_bias = nn.Parameter(torch.zeros(vocabulary)) if tie else None

    def scores(self, states: Float[Tensor, "b t d"]) -> Float[Tensor, "b t v"]:
        """Of the token after each place, from what the last layer gave."""
        states = self.narrow(self.norm(states))
        if self.output is not None:
            return self.output(states)
        return linear(states, self.embedding.weight, self.output_bias)


def _begun(embedding: nn.Embedding) -> nn.Embedding:
    with torch.no_grad():
        embedding.weight.normal_(std=embedding.embedding_dim**-0.5)
        embedding.weight[embedding.padding_idx] = 0.0
    return embedding
