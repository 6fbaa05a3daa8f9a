"""Encoders of ours with the weights of transformers' own long ones. Imports nothing heavy until it is called."""

from __future__ import annotations

from typing import Any

from regard.errors import UsageError
from regard.registry import resolve

# transformers' class: what makes ours of it.
CONVERSIONS = {
    "LongformerModel": "regard.encoders.longformer:convert",
    "BigBirdModel": "regard.encoders.bigbird:convert",
    "ReformerModel": "regard.encoders.from_reformer:convert_reformer",
}


def from_transformers(model: Any) -> Any:
    """Our encoder with a copy of the weights of `model`: the same states, in less time and memory.

    It is called as `encoder(input_ids, attention_mask)` and returns an `EncoderOutput`, states `[b t d]`. Its number
    format, device and mode are the model's. Raises `UsageError` for a model that there is no encoder for.
    """
    word = type(model).__name__
    if word not in CONVERSIONS:
        inner = type(getattr(model, "base_model", None)).__name__
        mend = "give its encoder: model.base_model" if inner in CONVERSIONS else f"known: {', '.join(CONVERSIONS)}"
        raise UsageError(f"there is no encoder for a {word}", mend=mend)
    own = resolve(CONVERSIONS[word])(model)
    weight = next(model.parameters())
    return own.to(device=weight.device, dtype=weight.dtype).train(model.training)
