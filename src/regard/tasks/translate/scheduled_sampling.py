"""Scheduled sampling: a decoder in training reads some of its own words in the place of the true ones, so that it
learns to go on from what it will really have before it (Bengio et al. 2015).

Notable: the words are drawn at once for all places, from what the model says under teacher forcing (Duckworth et al.
2019, section 3; Mihaylova and Martins 2019), so that a Transformer keeps learning all places in parallel.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def share_at(progress: float, most: float) -> float:
    """The share of words that are the model's own: none at first, `most` at the end of training, in a straight line
    (section 2.4, "linear decay"); `progress` from 0 to 1."""
    return most * min(max(progress, 0.0), 1.0)


def mixed(inputs: Int[Tensor, "b t"], logits: Float[Tensor, "b t v"], share: float) -> Int[Tensor, "b t"]:
    """`inputs` with a share of them drawn from `logits`, of which place i says what stands at i + 1. The first token of
    each text stays. Draws from the global generator, which training seeds and keeps."""
    drawn = torch.distributions.Categorical(logits=logits[:, :-1].float()).sample()
    own = torch.rand(drawn.shape, device=drawn.device) < share
    return torch.cat([inputs[:, :1], torch.where(own, drawn, inputs[:, 1:])], dim=1)
