"""Checkpoints of Hugging Face behind the words of `nn/search`: causal ones, and those that read a source first.

Notable: a state is transformers' own cache, so that whatever layers a family has (full, sliding, recurrent) are its own
matter; a checkpoint that keeps none reads all tokens again. `causal_decoder` takes the faster decoder of our own where
the checkpoint is one of Llama's kind.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutput

from regard.decoders.base import Decoder, DecoderOutput
from regard.decoders.llama import refuse_longer
from regard.errors import UsageError


def causal_decoder(model: Any, *, int8: bool = False) -> Decoder:
    """What writes with a causal checkpoint: the same logits by whichever decoder is the fastest for it.

    A decoder of our own (`decoders/llama.py`) holds a copy of the weights as they are now. `int8`: weights rounded to
    eight bits (`decoders/int8.py`), on a CPU two to three times as fast again, with other logits. Raises `UsageError`
    for a model that can't be rounded.
    """
    from regard.decoders import llama_weights

    if llama_weights.suits(model):
        decoder = llama_weights.of_llama(model)
        if int8:
            from regard.decoders.int8 import quantise

            quantise(decoder)
        return decoder
    if int8:
        refuse_int8(f"{type(model).__name__} computes otherwise here")
    return CausalDecoder(model)


def refuse_int8(what: str) -> NoReturn:
    """Raises `UsageError`: what can be rounded, and that this can't."""
    from regard.decoders.llama_weights import FAMILIES

    raise UsageError(
        f"int8 is for checkpoints of Llama's kind ({', '.join(FAMILIES)}) with plain attention; {what}",
        mend="leave int8 out, or write with smollm2 or a checkpoint trained on from it",
    )


@dataclass(frozen=True)
class CheckpointState:
    """What was read, and transformers' cache of it; of a source its states."""

    ids: Int[Tensor, "b t"]
    cache: Any = None
    memory: Float[Tensor, "b s m"] | None = None
    keep: Bool[Tensor, "b s"] | None = None


class CausalDecoder(Decoder):
    """A ...ForCausalLM of transformers, in the mode it is in.

    Raises `UsageError` for more tokens than it has positions.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        ids: Int[Tensor, "b t"],
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        need_weights: bool = False,
    ) -> DecoderOutput:
        _refuse_longer(self.model, ids.shape[1])
        return DecoderOutput(self.model(input_ids=ids, use_cache=False).logits)

    def start(
        self,
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        rows: int | None = None,
    ) -> CheckpointState:
        return CheckpointState(torch.empty(rows or 1, 0, dtype=torch.long, device=self.model.device))

    def extend(self, ids: Int[Tensor, "b t"], state: Any) -> tuple[Float[Tensor, "b t v"], CheckpointState]:
        read = torch.cat([state.ids, ids], 1)
        _refuse_longer(self.model, read.shape[1])
        given = read if state.cache is None else ids
        output = self.model(input_ids=given, past_key_values=_twin(state.cache), use_cache=True)
        return output.logits[:, -ids.shape[1] :], replace(state, ids=read, cache=_cache_of(output))

    def reorder(self, state: Any, rows: Int[Tensor, " n"]) -> CheckpointState:
        return _reordered(state, rows)


class PretrainedTranslator(Decoder):
    """A ...ForSeq2SeqLM of transformers, in the mode it is in. Its memory is the source's ids, which its own encoder
    reads. `first` are the tokens that stand before any text: the one that decoding starts with and, where the
    checkpoint forces another, that; all but the last are to be read before a search begins.

    Raises `UsageError` for more tokens than it has positions.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    @property
    def first(self) -> tuple[int, ...]:
        settings = self.model.generation_config
        start = settings.decoder_start_token_id
        start = self.model.config.decoder_start_token_id if start is None else start
        start = settings.bos_token_id if start is None else start
        forced = settings.forced_bos_token_id
        return (int(start),) if forced is None else (int(start), int(forced))

    def forward(
        self,
        ids: Int[Tensor, "b t"],
        memory: Int[Tensor, "b s"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        need_weights: bool = False,
    ) -> DecoderOutput:
        assert memory is not None, "a translator reads a source"
        _refuse_longer(self.model, max(ids.shape[1], memory.shape[1]))
        with _shows_weights(self.model, need_weights):
            output = self.model(
                input_ids=memory,
                attention_mask=_as_mask(keep),
                decoder_input_ids=ids,
                use_cache=False,
                output_attentions=need_weights,
            )
        return DecoderOutput(output.logits, tuple(output.cross_attentions) if need_weights else None)

    def start(
        self,
        memory: Int[Tensor, "b s"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        rows: int | None = None,
    ) -> CheckpointState:
        """`memory`: the ids of the sources, which are read here."""
        assert memory is not None, "a translator reads a source"
        _refuse_longer(self.model, memory.shape[1])
        encoder = self.model.get_encoder()
        states = encoder(input_ids=memory, attention_mask=_as_mask(keep), return_dict=True)[0]
        return CheckpointState(memory[:, :0], None, states, keep)

    def extend(self, ids: Int[Tensor, "b t"], state: Any) -> tuple[Float[Tensor, "b t v"], CheckpointState]:
        read = torch.cat([state.ids, ids], 1)
        _refuse_longer(self.model, read.shape[1])
        output = self.model(
            encoder_outputs=BaseModelOutput(last_hidden_state=state.memory),
            attention_mask=_as_mask(state.keep),
            decoder_input_ids=read if state.cache is None else ids,
            past_key_values=_twin(state.cache),
            use_cache=True,
        )
        return output.logits[:, -ids.shape[1] :], replace(state, ids=read, cache=_cache_of(output))

    def reorder(self, state: Any, rows: Int[Tensor, " n"]) -> CheckpointState:
        return _reordered(state, rows)


def _refuse_longer(model: Any, tokens: int) -> None:
    refuse_longer(tokens, getattr(model.config, "max_position_embeddings", None), model.config.model_type)


def _cache_of(output: Any) -> Any:
    """None where a family keeps nothing that could be carried on."""
    return getattr(output, "past_key_values", None)


def _as_mask(keep: Bool[Tensor, "b s"] | None) -> Int[Tensor, "b s"] | None:
    return None if keep is None else keep.long()


def _reordered(state: CheckpointState, rows: Int[Tensor, " n"]) -> CheckpointState:
    rows = rows.to(state.ids.device)
    cache = _twin(state.cache)
    if cache is not None:
        cache.reorder_cache(rows)
    memory = None if state.memory is None else state.memory.index_select(0, rows)
    keep = None if state.keep is None else state.keep.index_select(0, rows)
    return CheckpointState(state.ids.index_select(0, rows), cache, memory, keep)


def _twin(cache: Any) -> Any:
    """A cache of the same tensors: transformers puts others in their place, and the one it came from stays as it is."""
    if cache is None:
        return None
    twin = copy.copy(cache)
    for name in ("self_attention_cache", "cross_attention_cache"):
        if hasattr(cache, name):
            setattr(twin, name, _twin(getattr(cache, name)))
    if hasattr(cache, "is_updated"):
        twin.is_updated = dict(cache.is_updated)
    if hasattr(cache, "layers"):
        twin.layers = [copy.copy(layer) for layer in cache.layers]
    return twin


@contextmanager
def _shows_weights(model: Any, needed: bool) -> Iterator[None]:
    """Attention that gives its weights, for the call."""
    before = model.config._attn_implementation
    if needed:
        model.set_attn_implementation("eager")
    try:
        yield
    finally:
        if needed:
            model.set_attn_implementation(before)
