"""A published language model goes on learning, wholly or by LoRA; what is saved is a plain checkpoint."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.made_up import book
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig

import regard
from regard import recipe as recipes
from regard.errors import UsageError
from regard.jobs.generate import language_model
from regard.jobs.load import load
from regard.recipe import TokenOptions
from regard.records import Corpus
from regard.tasks.generate.writing import Writing, write
from regard.tasks.task import task_of
from regard.text.tokenise import train_tokenizer

TEXT = book(200, seed=1)
FAMILIES: dict[str, Any] = {
    "gpt2": lambda size: GPT2Config(vocab_size=size, n_positions=48, n_embd=16, n_layer=1, n_head=2, **ENDS),
    "llama": lambda size: LlamaConfig(
        vocab_size=size,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=48,
        **ENDS,
    ),
}
ENDS = {"bos_token_id": 3, "eos_token_id": 3}
SETS: dict[str, Any] = {"tokens.max_length": 24, "training.learning_rate": 0.01, "training.batch_tokens": 240}


def make(config: Any, folder: Path) -> Path:
    """A causal checkpoint with random weights and a byte-level BPE tokenizer, [SEP] its beginning and end. `config` is
    called with the size of the vocabulary."""
    tokenizer = train_tokenizer([TEXT], TokenOptions(kind="bpe", vocabulary_size=300, lowercase=False))
    tokenizer.backend_tokenizer.post_processor = None
    tokenizer.bos_token = tokenizer.eos_token = "[SEP]"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config(len(tokenizer)))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=FAMILIES)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(FAMILIES[request.param], tmp_path_factory.mktemp("checkpoint") / request.param)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "trips.txt"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("lora", [False, True], ids=["whole", "lora"])
def test_it_goes_on_learning_and_stays_a_plain_checkpoint(
    checkpoint: Path, data: Path, lora: bool, tmp_path: Path
) -> None:
    before = language_model(str(checkpoint))
    sets = {**SETS, "training.epochs": 2, "head.lora": lora}
    model = regard.train(data, task="generate", model=str(checkpoint), sets=sets, out=tmp_path / "run", quiet=True)
    logged = model.scores.values["bits_per_character"]
    held_out = Corpus("made up", ["1"], [TEXT[-400:]])
    assert -sum(item.log_probability for item in before.predictions(held_out)) > 400 * logged * 0.7
    plain = AutoModelForCausalLM.from_pretrained(model.run.model)
    assert type(plain).__module__.startswith("transformers.")
    assert not any("lora" in name for name, _ in plain.named_parameters())
    loaded = load(model.run.path)
    assert loaded.evaluate(data).values["bits_per_character"] == pytest.approx(logged, abs=0.5)
    written = loaded.generate("Ada went", tokens=60, seed=1)
    assert len(written.log_probabilities) == 60  # more than it has positions for


def test_adapters_alone_learn_and_are_merged(checkpoint: Path) -> None:
    recipe = recipes.build(
        {"task": "generate", "head": {"lora": True, "lora_rank": 2}, "tokens": {"max_length": 24}},
        model=str(checkpoint),
    )
    task = task_of("generate")
    predictor = task.network(recipe, task.encoder(recipe, Corpus("none", [], [])), [])
    learning = {name for name, parameter in predictor.model.named_parameters() if parameter.requires_grad}
    assert learning
    assert all("lora" in name for name in learning)
    with torch.no_grad():
        for name, parameter in predictor.model.named_parameters():
            if name in learning:
                parameter.add_(0.05)
    encoded = predictor.encoder.encode([TEXT[:200]])
    [expected] = predictor.log_probabilities(encoded)
    predictor.settle(encoded, Corpus("none", [], []))
    [found] = predictor.log_probabilities(encoded)
    assert found == pytest.approx(expected, abs=1e-3)
    assert type(predictor.model).__module__.startswith("transformers.")


def test_the_same_recipe_gives_the_same_adapters(checkpoint: Path, data: Path, tmp_path: Path) -> None:
    sets = {**SETS, "training.max_steps": 2, "head.lora": True}
    runs = [
        regard.train(data, task="generate", model=str(checkpoint), sets=sets, out=tmp_path / name, quiet=True).run
        for name in ("one", "two")
    ]
    first, second = ((run.model / "model.safetensors").read_bytes() for run in runs)
    assert first == second


def test_what_lora_lacks_is_said(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of("generate")

    def build(**head: Any) -> Any:
        settings = {"task": "generate", "head": {"lora": True, **head}, "tokens": {"max_length": 24}}
        recipe = recipes.build(settings, model=str(checkpoint))
        return task.network(recipe, task.encoder(recipe, Corpus("none", [], [])), [])

    with pytest.raises(UsageError, match=r"head\.lora_targets: nowhere"):
        build(lora_targets="nowhere")
    real = builtins.__import__

    def without_peft(name: str, *rest: Any, **more: Any) -> Any:
        if name == "peft":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_peft)
    with pytest.raises(UsageError, match="peft is not installed") as caught:
        build()
    assert "regard[lora]" in str(caught.value.mend)


def test_as_published_it_writes_too(checkpoint: Path) -> None:
    model = language_model(str(checkpoint))
    assert model.positions == 48
    assert write(model, "", Writing(tokens=5, seed=1)).log_probabilities
    assert write(model, "Ada went", Writing(tokens=70, greedy=True)).log_probabilities[69] <= 0
    with pytest.raises(UsageError, match="the model reads 48"):
        write(model, TEXT[:1000], Writing())
