"""A pattern inside a checkpoint: BERT with BigBird's blocks, GPT-2 with a window.

Notable: whether a checkpoint can carry one is tried, not looked up. It reads a few made-up tokens by its own attention
and by ours without a pattern: what differs, or never asks for an attention function, is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

import torch
from torch import Tensor

from regard.assets.quiet import quiet
from regard.encoders import carrier as carriers
from regard.encoders.carrier import NAME, OTHERS, ROLE, Carrier
from regard.encoders.patterned_config import carry
from regard.errors import UsageError
from regard.nn.attention import pattern as make
from regard.nn.attention.patterns.full import Full

PARTS = ("encoder", "decoder")
TOKENS, TARGETS = 5, 3  # of the trial: unlike numbers tell cross-attention from self-attention


def use(model: Any, word: str, *, part: str | None = None, **settings: Any) -> Any:
    """Let the self-attention of `model` see only what the pattern `word` sees; changes the model and returns it.

    The pattern, its global tokens included, is joined with the model's own causality, sliding window and padding;
    cross-attention stays full. `part`: "encoder" or "decoder" of a model that has both, the other then stays as it is.
    What is saved afterwards holds the pattern. Raises `UsageError` for a pattern or a model that can't.
    """
    made = make(word, **settings)
    if made.options.one_vector:
        raise UsageError(made.options.one_vector, mend="take window, bigbird, chunk or segment")
    root = _part(model, part)
    _refuse_second_part(model, part)
    carriers.register()
    _refuse_unroutable(root)
    if root is not model:
        _own_config(root, model)
    heard = _try(root)
    self_attention, cross_attention = Carrier(made), Carrier(Full(), cross=True)
    for module, queries, keys in heard:
        setattr(module, ROLE, self_attention if queries == keys else cross_attention)
    stored = {"pattern": word, **made.options.model_dump(mode="json")}
    for config in _configs(root):
        _set(config, NAME)
        carry(config, stored)
    if root is not model:
        for config in _configs(model):
            if not any(config is own for own in _configs(root)):
                carry(config, {**stored, "part": part})
    return model


def _part(model: Any, part: str | None) -> Any:
    if getattr(model.config, "model_type", "") in ("", None) or getattr(model, "main_input_name", "") != "input_ids":
        raise UsageError(f"{type(model).__name__} is no checkpoint that reads tokens")
    if part is None:
        return model
    if part not in PARTS:
        raise UsageError(f"part: {part!r}", mend=f"one of {', '.join(PARTS)}")
    if not getattr(model.config, "is_encoder_decoder", False):
        raise UsageError(f"part: {type(model).__name__} has no {part} apart", mend="leave part out")
    return getattr(model, f"get_{part}")()


def _refuse_second_part(model: Any, part: str | None) -> None:
    held = getattr(model.config, "attention_pattern", None)
    if part is not None and held is not None and held.get("part") != part:
        raise UsageError(
            f"{type(model).__name__} carries a pattern in its {held.get('part', 'whole')} already; only one is saved",
            mend="load it anew, or leave part out",
        )


def _refuse_unroutable(root: Any) -> None:
    """transformers itself knows, by a class's source, whether its attention can be exchanged at all."""
    from transformers import PreTrainedModel

    for module in root.modules():
        if isinstance(module, PreTrainedModel) and not module._can_set_attn_implementation():
            raise _cannot(root, "its attention is written out and can't be exchanged")


def _own_config(root: Any, model: Any) -> None:
    """A configuration of its own for a part: BART's encoder and decoder share one, and with it their attention."""
    shared = root.config
    if not any(module.config is shared for module in _with_config(model) if not _inside(module, root)):
        return
    own = copy.deepcopy(shared)
    for module in _with_config(root):
        if module.config is shared:
            module.config = own


def _with_config(model: Any) -> list[Any]:
    return [module for module in model.modules() if getattr(module, "config", None) is not None]


def _inside(module: Any, root: Any) -> bool:
    return any(module is inner for inner in root.modules())


def _configs(model: Any) -> list[Any]:
    return list({id(module.config): module.config for module in _with_config(model)}.values())


def _set(config: Any, name: str | None) -> None:
    config.__dict__["_attn_implementation_internal"] = name  # past the guard of a configuration that carries


def _try(root: Any) -> list[tuple[Any, int, int]]:
    """The attention modules of a model with the queries and keys that each had. Raises `UsageError`."""
    before = [(config, config._attn_implementation) for config in _configs(root)]
    try:
        with _quietly(root), quiet():
            for config, _ in before:
                _set(config, "eager")
            expected = _answer(root)
            for config, _ in before:
                _set(config, NAME)
            with carriers.hearing() as heard:
                found = _answer(root)
    finally:
        for config, name in before:
            _set(config, name)
    silent = _attention_modules(root) - {id(module) for module, *_ in heard}
    if not heard or silent:
        raise _cannot(root, "not all of its attention asks for an attention function")
    tolerance = 1e-4 if expected.dtype in (torch.float32, torch.float64) else 5e-2
    if not torch.allclose(found, expected, rtol=tolerance, atol=tolerance * float(expected.abs().max())):
        raise _cannot(root, "its attention does more than to weigh values by queries and keys")
    return heard


def _cannot(root: Any, why: str) -> UsageError:
    return UsageError(
        f"{type(root).__name__} can't carry an attention pattern: {why}",
        mend=OTHERS,
    )


@contextmanager
def _quietly(root: Any) -> Iterator[None]:
    """Evaluation mode, no gradients; as before afterwards."""
    modes = [(module, module.training) for module in root.modules()]
    try:
        root.eval()
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def _answer(root: Any) -> Tensor:
    """The states that a model without its head gives for a few tokens."""
    base, config = root.base_model, root.config
    ids = torch.arange(TOKENS, device=root.device)[None] % base.get_input_embeddings().num_embeddings
    inputs: dict[str, Any] = {"input_ids": ids}
    takes = signature(base.forward).parameters
    if "decoder_input_ids" in takes:
        inputs["decoder_input_ids"] = ids[:, :TARGETS]
    elif "encoder_hidden_states" in takes and (config.is_encoder_decoder or config.add_cross_attention):
        states = torch.ones(1, TOKENS, config.hidden_size, device=root.device, dtype=root.dtype)
        inputs = {"input_ids": ids[:, :TARGETS], "encoder_hidden_states": states}
    answer: Tensor = base(**inputs, return_dict=True).last_hidden_state
    return answer


def _attention_modules(root: Any) -> set[int]:
    """Modules that are an attention by their class's name, and are not made of such."""
    named = [module for module in root.modules() if "Attention" in type(module).__name__]
    return {id(m) for m in named if not any("Attention" in type(inner).__name__ for inner in _below(m))}


def _below(module: Any) -> Iterator[Any]:
    inner = module.modules()
    next(inner)
    return inner
