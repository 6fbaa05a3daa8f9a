"""What the tests against transformers' long encoders share: ragged texts, and a comparison of states and gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from regard.encoders.bert_weights import EMBEDDINGS

TINY = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.5,  # so that attention is far from uniform
}


def texts(lengths: tuple[int, ...], pad: int, *, left: bool = False) -> dict[str, Tensor]:
    """A ragged batch, padded on the right or on the left."""
    ids = torch.full((len(lengths), max(lengths)), pad)
    for row, length in enumerate(lengths):
        place = slice(max(lengths) - length, None) if left else slice(length)
        ids[row, place] = torch.randint(3, 50, (length,), generator=torch.Generator().manual_seed(row))
    return {"input_ids": ids, "attention_mask": (ids != pad).long()}


def compare(their: Any, own: Any, inputs: dict[str, Tensor], layer: Mapping[str, str]) -> None:
    """States at every place, padding included, and the gradients of every parameter of the encoder."""
    expected, found = their(**inputs).last_hidden_state, own(**inputs).states
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)
    fixed = torch.linspace(-1, 1, expected.numel(), dtype=expected.dtype).view(expected.shape)
    fixed = fixed * inputs["attention_mask"][..., None]
    (expected * fixed).sum().backward()
    (found * fixed).sum().backward()
    pairs = dict(EMBEDDINGS)
    for number in range(len(own.layers.layers)):
        pairs |= {f"layers.layers.{number}.{mine}": f"encoder.layer.{number}.{name}" for mine, name in layer.items()}
    checked = 0
    for mine, theirs in pairs.items():
        for (name, one), other in zip(
            own.get_submodule(mine).named_parameters(), their.get_submodule(theirs).parameters(), strict=True
        ):
            assert (one.grad is None) == (other.grad is None), f"{mine}.{name}"
            if one.grad is not None:
                torch.testing.assert_close(
                    one.grad, other.grad, atol=2e-4, rtol=1e-4, msg=lambda text, of=f"{mine}.{name}": f"{of}: {text}"
                )
            checked += 1
    assert checked == len(list(own.parameters()))
