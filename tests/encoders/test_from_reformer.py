"""Ours with the weights of transformers' Reformer against the real thing: states and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import ReformerConfig, ReformerModel

from regard.encoders.from_reformer import ReformerModel as OurReformer
from regard.encoders.from_reformer import convert_reformer
from regard.nn import reversible

CASES: dict[str, dict[str, Any]] = {
    "both": {},
    "lsh": {"attn_layers": ["lsh", "lsh"]},
    "local": {"attn_layers": ["local", "local", "local"]},
    "two rounds": {"attn_layers": ["lsh", "local"], "num_hashes": 2},
    "four rounds": {"attn_layers": ["lsh", "lsh"], "num_hashes": 4},
    "buckets": {"attn_layers": ["lsh"], "num_buckets": 6},
    "factors": {"attn_layers": ["lsh", "lsh"], "num_buckets": [4, 2], "num_hashes": 2},
    "around": {"lsh_num_chunks_after": 1, "local_num_chunks_after": 1, "num_hashes": 2},
    "far": {"lsh_num_chunks_before": 3, "local_num_chunks_before": 2},
    "uneven chunks": {"local_attn_chunk_length": 6, "attn_layers": ["local", "lsh", "lsh"]},
    "learned places": {"axial_pos_embds": False},
    "three axes' worth of width": {"axial_pos_embds_dim": (4, 12), "hidden_act": "gelu"},
    "decoder": {"is_decoder": True, "num_hashes": 2},
    "decoder, far": {"is_decoder": True, "lsh_num_chunks_before": 2, "local_num_chunks_before": 3},
}


@pytest.fixture(autouse=True)
def none_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """But the last layer: texts of a test are short, and all would be."""
    monkeypatch.setattr(reversible, "KEPT", 0)


def theirs(**changes: Any) -> ReformerModel:
    settings = {
        "vocab_size": 50,
        "hidden_size": 16,
        "num_attention_heads": 2,
        "attention_head_size": 5,
        "feed_forward_size": 24,
        "attn_layers": ["local", "lsh", "local", "lsh"],
        "local_attn_chunk_length": 4,
        "lsh_attn_chunk_length": 4,
        "axial_pos_shape": (8, 6),
        "axial_pos_embds_dim": (6, 10),
        "max_position_embeddings": 48,
        "hidden_dropout_prob": 0.0,
        "local_attention_probs_dropout_prob": 0.0,
        "lsh_attention_probs_dropout_prob": 0.0,
        "hash_seed": 7,
        "use_cache": False,
        **changes,
    }
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = ReformerModel(ReformerConfig(**settings))
        for weight in model.parameters():  # away from the beginning, where norms and biases are all alike
            weight.data += 0.3 * torch.randn_like(weight)
    return model


def batch(length: int, padding: str) -> tuple[Tensor, Tensor]:
    ids = torch.randint(1, 50, (3, length), generator=torch.Generator().manual_seed(length))
    keep = torch.ones(3, length, dtype=torch.long)
    if padding == "right":
        keep[1, max(1, length * 2 // 3) :] = 0
        keep[2, max(2, length // 5) :] = 0
    if padding == "left":
        keep[1, : length // 3] = 0
    return ids, keep


def exact(peer: ReformerModel) -> ReformerModel:
    """In float64 where tokens meet themselves only, and more than once: theirs has logarithms near -100,000 there, of
    which float32 holds two digits behind the point."""
    return peer.double() if peer.config.is_decoder else peer


def compare(peer: ReformerModel, length: int, padding: str) -> None:
    """States at real tokens, and the gradients of all weights where it trains. Converted before theirs has run: it
    keeps its first number of buckets."""
    ours = convert_reformer(peer)
    ids, keep = batch(length, padding)
    with torch.random.fork_rng():
        right = peer(input_ids=ids, attention_mask=keep).last_hidden_state * keep[..., None]
        found = ours(input_ids=ids, attention_mask=keep).states * keep[..., None]
        torch.testing.assert_close(found, right, atol=1e-4, rtol=1e-4)
        if not peer.training:
            return
        weighting = torch.linspace(-1, 1, right.numel()).to(right).view(right.shape)
        (right * weighting).sum().backward()
        (found * weighting).sum().backward()
    of_ours = convert_reformer(of_gradients(peer))
    for (name, mine), wanted in zip(ours.named_parameters(), of_ours.parameters(), strict=True):
        torch.testing.assert_close(
            mine.grad, wanted.data, atol=1e-3, rtol=1e-3, msg=lambda text, n=name: f"{n}: {text}"
        )


def of_gradients(peer: ReformerModel) -> ReformerModel:
    """The same model with its gradients for weights: conversion then lays them out as ours."""
    with torch.no_grad():
        for weight in peer.parameters():
            weight.copy_(torch.zeros_like(weight) if weight.grad is None else weight.grad)
    return peer


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
@pytest.mark.parametrize("padding", ["none", "right", "left"])
@pytest.mark.parametrize("length", [1, 3, 4, 7, 12, 17, 29, 48])
def test_states_are_theirs(settings: dict[str, Any], padding: str, length: int) -> None:
    compare(exact(theirs(**settings).eval()), length, padding)


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
@pytest.mark.parametrize("padding", ["none", "right"])
@pytest.mark.parametrize("double", [False, True], ids=["float32", "float64"])
def test_states_and_gradients_are_theirs_in_training(settings: dict[str, Any], padding: str, double: bool) -> None:
    """At the one length that theirs trains at."""
    peer = theirs(**settings).train()
    compare(peer.double() if double else exact(peer), 48, padding)


def test_many_chunks_take_their_number_of_factors() -> None:
    """More buckets than theirs allows for one factor, which depends on the longest text."""
    for chunk, longest in ((2, 48), (2, 32 * 20), (4, 48)):
        shape = (longest // 6 + 1, 6)
        peer = theirs(
            attn_layers=["lsh"], lsh_attn_chunk_length=chunk, max_position_embeddings=longest, axial_pos_shape=shape
        )
        compare(peer.eval(), 47, "none")


def test_the_fast_engine_runs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts of a test are short: the choice by cost would always be the dense engine."""
    from regard.nn.attention import engine

    chosen = []

    def choose(*arguments: Any, **keywords: Any) -> str:
        layout = arguments[1]
        chosen.append(type(layout).__name__)
        return "dense" if layout is None else "blocked"

    monkeypatch.setattr(engine, "_choose", choose)
    for settings in CASES.values():
        compare(exact(theirs(**settings).train()), 48, "right")
        compare(exact(theirs(**settings).eval()), 29, "right")
    assert {"Sorted", "Grid"} <= set(chosen)


def test_any_length_trains() -> None:
    """Theirs refuses all lengths but the product of its axial shape, and those that are no multiple of a chunk."""
    peer = theirs().train()
    ids, keep = batch(29, "right")
    with pytest.raises(ValueError, match="sequence length"):
        peer(input_ids=ids, attention_mask=keep)
    ours = convert_reformer(peer)
    ours(input_ids=ids, attention_mask=keep).states.sum().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in ours.parameters())


def test_the_global_generator_is_left_alone() -> None:
    ours: OurReformer = convert_reformer(theirs().eval())
    before = torch.random.get_rng_state()
    ours(input_ids=batch(29, "none")[0]).states.sum().backward()
    assert torch.equal(torch.random.get_rng_state(), before)
