"""Writing with rounded weights: the same words of the same interface, a little another model; what can't is told."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.made_up import book
from tests.tasks.generate.test_continued import ENDS, FAMILIES, SETS, TEXT, make
from transformers import LlamaConfig

import regard
from regard.decoders.int8 import Int8Linear
from regard.errors import UsageError
from regard.jobs.generate import language_model
from regard.jobs.load import Model, load
from regard.tasks.generate.writing import Writing, stream, write

WIDTH = 64
"""As wide as torch's kernel needs it."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def config(size: int) -> LlamaConfig:
        more = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, **ENDS}
        return LlamaConfig(
            vocab_size=size, hidden_size=WIDTH, intermediate_size=2 * WIDTH, max_position_embeddings=48, **more
        )

    return make(config, tmp_path_factory.mktemp("checkpoint") / "llama")


@pytest.fixture(scope="module")
def whole(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return learned(checkpoint, tmp_path_factory.mktemp("whole"), steps=25)


@pytest.fixture(scope="module", params=["whole", "lora"])
def trained(request: pytest.FixtureRequest, whole: Model, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A run that taught all weights, or one that went on from it by LoRA."""
    if request.param == "whole":
        return whole
    return learned(whole.run.model, tmp_path_factory.mktemp("lora"), steps=3, lora=True)


def learned(checkpoint: Path, folder: Path, *, steps: int, lora: bool = False) -> Model:
    (folder / "trips.txt").write_text(TEXT)
    sets = {**SETS, "training.max_steps": steps, "head.lora": lora}
    return regard.train(
        folder / "trips.txt", task="generate", model=str(checkpoint), sets=sets, out=folder / "run", quiet=True
    )


def nats(decoder: Any, ids: list[int]) -> float:
    """The mean loss of a token."""
    given = torch.tensor([ids])
    with torch.no_grad():
        logits, _ = decoder.extend(given, decoder.start(rows=1))
    return float(torch.nn.functional.cross_entropy(logits[0, :-1], given[0, 1:]))


def test_a_trained_run_is_nearly_as_sure_of_texts(trained: Model) -> None:
    predictor = trained.language_model
    [encoded] = predictor.encoder.encode([book(8, seed=9)])
    windows = [encoded.ids[start : start + 48].tolist() for start in range(0, len(encoded.ids) - 48, 48)]
    assert len(windows) >= 1
    plain, rounded = (
        math.exp(sum(nats(predictor.writer(int8=int8), ids) for ids in windows) / len(windows))
        for int8 in (False, True)
    )
    assert plain < 0.1 * len(predictor.encoder.tokenizer), "it has learned something"
    assert rounded != plain
    assert rounded == pytest.approx(plain, rel=0.01)


def test_a_trained_run_writes_with_it(trained: Model) -> None:
    how: dict[str, Any] = {"tokens": 60, "top_p": 0.9, "seed": 7, "int8": True}
    written = trained.generate("Ada went", **how)
    assert len(written.log_probabilities) == 60, "more than it has positions for"
    assert "".join(piece.text for piece in trained.stream("Ada went", **how)) == written.text
    assert load(trained.run.path).generate("Ada went", **how) == written
    assert trained.generate("Ada went", **{**how, "seed": 8}).text != written.text


def test_other_ways_to_choose_work_too(trained: Model) -> None:
    greedy = trained.generate("Ada", tokens=12, greedy=True)
    rounded = trained.generate("Ada", tokens=12, greedy=True, int8=True)
    assert rounded.log_probabilities != greedy.log_probabilities
    assert trained.generate("Ada", tokens=12, greedy=True) == greedy, "the model itself stays as it is"
    assert trained.generate("Ada", tokens=4, beams=3, int8=True).log_probabilities


def test_a_checkpoint_as_published_writes_with_it(checkpoint: Path) -> None:
    model = language_model(str(checkpoint))
    writing = Writing(tokens=9, seed=3, int8=True)
    assert write(model, "Ada", writing) == write(language_model(str(checkpoint)), "Ada", writing)
    parts = [part for part in model.writer(int8=True).decoder.modules() if isinstance(part, Int8Linear)]
    assert len(parts) == 2 * 4 + 1
    assert all(part.has_kernel(torch.zeros(1, part.weight.shape[1])) for part in parts)
    assert not any(isinstance(part, Int8Linear) for part in model.writer().decoder.modules())


def test_it_is_told_how_it_was_written() -> None:
    assert Writing(greedy=True, int8=True).how == "the likeliest token each time, weights in int8"


def test_what_cannot_be_rounded_is_told(tmp_path: Path) -> None:
    gpt2 = language_model(str(make(FAMILIES["gpt2"], tmp_path / "gpt2")))
    with pytest.raises(UsageError, match=r"\(llama, mistral, qwen2\).*GPT2LMHeadModel computes otherwise"):
        stream(gpt2, "Ada", Writing(int8=True))
