"""The parts of BERT's layer (Devlin et al. 2019; Vaswani et al. 2017, section 3.1) around attention of any pattern.

Notable: all that follows attention looks at one token at a time. Where no gradient is wanted it runs on pieces of the
text, whose inner states, four times as wide, then stay in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from regard.errors import ModelError
from regard.nn.attention import Pattern, Plan, Prepared, attend, prepare, weights
from regard.nn.dropout import Dropout
from regard.nn.linear import Linear, activated

TOKENS_AT_ONCE = 1024

# GELU by its name in checkpoints; "new" is the one by tanh (Hendrycks and Gimpel 2016, section 2).
ACTIVATIONS = {"gelu": "none", "gelu_python": "none", "gelu_new": "tanh", "gelu_pytorch_tanh": "tanh"}


@dataclass(frozen=True)
class LayerSizes:
    """One layer's sizes; `bias` is that of queries, keys and values."""

    width: int
    heads: int
    inner: int
    dropout: float = 0.0
    attention_dropout: float = 0.0
    activation: str = "gelu"
    epsilon: float = 1e-12
    bias: bool = True


def activation(name: str) -> nn.Module:
    """Raises `ModelError` for one that is not known."""
    if name in ("relu", "silu"):
        return nn.ReLU() if name == "relu" else nn.SiLU()
    if name not in ACTIVATIONS:
        raise ModelError(f"unknown activation {name!r}", mend=f"known: relu, silu, {', '.join(ACTIVATIONS)}")
    return nn.GELU(approximate=ACTIVATIONS[name])


def prepare_for(
    states: Float[Tensor, "b t w"],
    heads: int,
    pattern: Pattern,
    keep: Bool[Tensor, "b t"] | None,
    plan: Plan | None = None,
    dropout: float = 0.0,
) -> Prepared:
    """`prepare` for layers over `states`, before there are queries and keys: only for patterns that hash nothing."""
    batch, tokens, width = states.shape
    like = states.new_empty(()).expand(batch, heads, tokens, width // heads)
    return prepare(pattern, like, like, keep, plan=plan, dropout=dropout)


class PatternedAttention(nn.Module):
    """Heads side by side (Vaswani et al. 2017, section 3.2.2) over the pairs of a pattern; still to be projected."""

    def __init__(self, sizes: LayerSizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        self.dropout = sizes.attention_dropout
        self.query, self.key, self.value = (Linear(sizes.width, sizes.width, bias=sizes.bias) for _ in range(3))

    def forward(
        self,
        states: Float[Tensor, "b t w"],
        seen: Prepared,
        padding: Bool[Tensor, "b t"] | None = None,
        need_weights: bool = False,
    ) -> tuple[Float[Tensor, "b t w"], Float[Tensor, "b h t t"] | None]:
        """Mixed states, zero at `padding`, and the weights where they are asked for."""
        query, key, value = (
            part(states).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        shown = weights(query, key, seen.pattern, seen.plan, seen.keep) if need_weights else None
        mixed = attend(query, key, value, seen, dropout=self.dropout if self.training else 0.0)
        mixed = mixed.transpose(1, 2).flatten(2)
        return mixed if padding is None else mixed.masked_fill(padding[..., None], 0.0), shown


class TokenWise(nn.Module):
    """What follows attention in a layer: its projection and the feed-forward net, each with a residual and a norm."""

    def __init__(self, sizes: LayerSizes) -> None:
        super().__init__()
        self.output = Linear(sizes.width, sizes.width)
        self.attention_norm = nn.LayerNorm(sizes.width, eps=sizes.epsilon)
        self.inner = Linear(sizes.width, sizes.inner)
        self.activation = activation(sizes.activation)
        self.outer = Linear(sizes.inner, sizes.width)
        self.feed_forward_norm = nn.LayerNorm(sizes.width, eps=sizes.epsilon)
        self.dropout = Dropout(sizes.dropout)

    def forward(self, mixed: Float[Tensor, "b t w"], states: Float[Tensor, "b t w"]) -> Float[Tensor, "b t w"]:
        """`mixed` is what attention gave for `states`, the layer's input."""
        if states.shape[0] * states.shape[1] <= TOKENS_AT_ONCE:
            return self._piece(mixed, states)
        parts = (tensor.flatten(0, 1).split(TOKENS_AT_ONCE) for tensor in (mixed, states))
        return torch.cat([self._piece(*part) for part in zip(*parts, strict=True)]).view_as(states)

    def _piece(self, mixed: Float[Tensor, "*t w"], states: Float[Tensor, "*t w"]) -> Float[Tensor, "*t w"]:
        states = self.attention_norm(states + self.dropout(self.output(mixed)))
        wide = activated(self.inner, states, self.activation)
        return self.feed_forward_norm(states + self.dropout(self.outer(wide)))


class TokenEmbeddings(nn.Module):
    """A token, its place and its type, summed and normed (Devlin et al. 2019, section 3, figure 2).

    `norm_first`: the norm before the dropout, as BERT and Longformer have it, or after it, as BigBird. `scale`: of the
    token's own vector. `pad_id` and `pad_place`: the vectors that stand for padding and never learn.
    """

    def __init__(
        self,
        vocabulary: int,
        places: int,
        types: int,
        sizes: LayerSizes,
        *,
        pad_id: int | None = None,
        pad_place: int | None = None,
        scale: float = 1.0,
        norm_first: bool = True,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, sizes.width, padding_idx=pad_id)
        self.places = nn.Embedding(places, sizes.width, padding_idx=pad_place)
        self.types = nn.Embedding(types, sizes.width)
        self.norm = nn.LayerNorm(sizes.width, eps=sizes.epsilon)
        self.dropout = Dropout(sizes.dropout)
        self.scale, self.norm_first = scale, norm_first

    def forward(
        self, ids: Int[Tensor, "b t"], places: Int[Tensor, "b t"] | Int[Tensor, " t"], types: Int[Tensor, "b t"] | None
    ) -> Float[Tensor, "b t w"]:
        """`types`: all 0 where none are given. Raises `ModelError` for a text with more places than were learned."""
        last = int(places.max()) if places.numel() else 0
        if last >= self.places.num_embeddings:
            raise ModelError(
                f"a text reaches place {last}, but places were learned up to {self.places.num_embeddings - 1}",
                mend="cut the text",
            )
        of_types = self.types.weight[0] if types is None else self.types(types)
        tokens = self.tokens(ids)
        tokens = tokens if self.scale == 1.0 else tokens * self.scale
        states = tokens + self.places(places) + of_types
        return self.dropout(self.norm(states)) if self.norm_first else self.norm(self.dropout(states))
