"""A `LlamaDecoder` with the weights of a transformers model of Llama's kind: same logits, made for writing."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from regard.decoders.llama import LlamaDecoder, lay_out
from regard.nn.linear import PLAIN

FAMILIES = ("llama", "mistral", "qwen2")
"""Configurations whose layers are a `LlamaBlock`."""
PLAIN_ATTENTION = ("sdpa", "eager")
PLAIN_ROTATION = ("default", "linear", "llama3")
"""Ways to turn positions whose frequencies don't hang on the length of a text."""


def suits(model: Any) -> bool:
    """Whether `of_llama` gives what the model gives: of a known family, with plain attention, rotation and sizes."""
    config = model.config
    rotation = getattr(config, "rope_parameters", None) or {}
    return (
        getattr(config, "model_type", None) in FAMILIES
        and type(model).__module__.startswith("transformers.models.")
        and type(model).__name__.endswith("ForCausalLM")
        and config._attn_implementation in PLAIN_ATTENTION
        and getattr(config, "hidden_act", None) == "silu"
        and rotation.get("rope_type", "default") in PLAIN_ROTATION
        and rotation.get("partial_rotary_factor", 1.0) == 1.0
        and all(kind == "full_attention" for kind in _layer_types(config))
        and all(
            type(part) in PLAIN
            for layer in model.model.layers
            for block in (layer.self_attn, layer.mlp)
            for name, part in block.named_children()
            if name.endswith("_proj")
        )
        and type(model.get_output_embeddings()) in PLAIN
        and type(model.get_input_embeddings()) is nn.Embedding
    )


def _layer_types(config: Any) -> list[str]:
    if getattr(config, "layer_types", None):
        return list(config.layer_types)
    windowed = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    return ["sliding_attention"] if windowed else []


@torch.no_grad()
def of_llama(model: Any) -> LlamaDecoder:
    """A decoder in evaluation mode with a copy of the weights, which what the model learns later does not reach."""
    config, body = model.config, model.model
    attention, feed_forward, rotation = body.layers[0].self_attn, body.layers[0].mlp, body.rotary_emb
    maps = {
        "query_key_value": attention.q_proj,
        "output": attention.o_proj,
        "gate_up": feed_forward.gate_proj,
        "down": feed_forward.down_proj,
    }
    tie = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    with torch.device("meta"):
        decoder = LlamaDecoder(
            config.vocab_size,
            config.hidden_size,
            config.num_hidden_layers,
            config.num_attention_heads,
            config.num_key_value_heads,
            attention.head_dim,
            config.intermediate_size,
            rotation.inv_freq,
            rotary_scale=rotation.attention_scaling,
            epsilon=config.rms_norm_eps,
            biases=frozenset(name for name, part in maps.items() if part.bias is not None),
            positions=config.max_position_embeddings,
        )
    decoder.load_state_dict(_weights(model), assign=True)
    decoder.frequencies = rotation.inv_freq.clone()
    if tie:
        decoder.embedding.weight = decoder.vocabulary.weight
    decoder.requires_grad_(False)
    lay_out(decoder)
    return decoder.eval()


def _weights(model: Any) -> dict[str, torch.Tensor]:
    """Copies, those together that a `LlamaBlock` keeps together."""
    width = model.config.hidden_size
    found = {
        "embedding.weight": model.get_input_embeddings().weight.detach().clone(),
        "vocabulary.weight": model.get_output_embeddings().weight.detach().clone(),
        "norm.scale": model.model.norm.weight * width**0.5,
    }
    for number, layer in enumerate(model.model.layers):
        attention, feed_forward = layer.self_attn, layer.mlp
        norms = {"attention_norm": layer.input_layernorm, "feed_forward_norm": layer.post_attention_layernorm}
        maps = {
            "query_key_value": [attention.q_proj, attention.k_proj, attention.v_proj],
            "output": [attention.o_proj],
            "gate_up": [feed_forward.gate_proj, feed_forward.up_proj],
            "down": [feed_forward.down_proj],
        }
        found |= {f"layers.{number}.{name}.scale": norm.weight * width**0.5 for name, norm in norms.items()}
        for name, modules in maps.items():
            found[f"layers.{number}.{name}.weight"] = torch.cat([module.weight for module in modules])
            if modules[0].bias is not None:
                found[f"layers.{number}.{name}.bias"] = torch.cat([module.bias for module in modules])
    return found
