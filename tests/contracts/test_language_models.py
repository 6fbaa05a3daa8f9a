"""What every network that generates must keep, with every one of its tiny examples."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.made_up import book
from transformers import AutoModelForCausalLM

import regard.auto  # noqa: F401
from regard import recipe as recipes
from regard.records import Corpus
from regard.registry import ARCHITECTURES
from regard.tasks.generate import LanguageModels
from regard.tasks.generate.networks import language_model_classes, token_loss
from regard.tasks.generate.writing import Writing, write
from regard.tasks.task import task_of

TEXTS = [book(12, seed=1), "no", book(3, seed=2), "Ada went to Rome."]
CORPUS = Corpus("made up", [str(number) for number in range(len(TEXTS))], TEXTS)
WORDS = [word for word, entry in ARCHITECTURES.items() if entry.kind == "network" and "generate" in entry.tasks]
CASES = [
    pytest.param(word, example, id=f"{word}-{number}")
    for word in WORDS
    for number, example in enumerate(ARCHITECTURES[word].load_options().examples)
]
OVER_ALL = pytest.mark.parametrize(("word", "example"), CASES)


def test_every_network_is_covered() -> None:
    assert {case.values[0] for case in CASES} == set(WORDS) == {"rnn", "lstm", "gru", "transformer", "transformer-xl"}
    assert set(language_model_classes()) == {ARCHITECTURES[word].load() for word in WORDS}


def recipe(word: str, example: dict[str, Any], **groups: Any) -> Any:
    model = {key: value for key, value in example.items() if key not in ("pooling", "bidirectional")}
    tokens = {"kind": "character", "minimum_frequency": 1, "max_length": 12}
    return recipes.build({"task": "generate", "model": model, "tokens": tokens, **groups}, model=word)


def build(word: str, example: dict[str, Any], **groups: Any) -> LanguageModels:
    task, settled = task_of("generate"), recipe(word, example, **groups)
    made = task.network(settled, task.encoder(settled, CORPUS), [])
    assert isinstance(made, LanguageModels)
    return made


def batch(model: LanguageModels) -> dict[str, torch.Tensor]:
    encoded = model.encoder.encode(["Ada went to ", "no", "Max fle"])
    return model.batch(encoded, model.targets(CORPUS.take([0, 1, 2]), encoded))


@OVER_ALL
def test_no_token_sees_what_stands_after_it(word: str, example: dict[str, Any]) -> None:
    model = build(word, example).model.double().eval()
    ids = batch(build(word, example))["input_ids"]
    with torch.no_grad():
        expected = model(input_ids=ids).logits
        for place in range(1, ids.shape[1]):
            torch.testing.assert_close(model(input_ids=ids[:, :place]).logits, expected[:, :place])


@OVER_ALL
def test_every_parameter_gets_a_gradient(word: str, example: dict[str, Any]) -> None:
    predictor = build(word, example)
    loss = predictor.loss(recipe(word, example).training)
    total, tokens = loss(predictor.model.train(), batch(predictor))
    total.backward()
    assert tokens == 12 + 2 + 7
    silent = [name for name, p in predictor.model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert silent == []


@OVER_ALL
def test_it_begins_by_knowing_nothing(word: str, example: dict[str, Any]) -> None:
    """A loss near that of guessing: a beginning far above it would waste the first steps."""
    predictor = build(word, example)
    inputs = batch(predictor)
    with torch.no_grad():
        total, tokens = token_loss(predictor.model.eval()(inputs["input_ids"]).logits, inputs["labels"])
    assert float(total) / tokens < math.log(len(predictor.encoder.vocabulary)) + 1.5


@OVER_ALL
def test_saved_and_loaded_it_holds_the_same_of_a_text(word: str, example: dict[str, Any], tmp_path: Path) -> None:
    predictor = build(word, example)
    predictor.save(tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    assert type(loaded) is type(predictor.model)
    with torch.no_grad():
        inputs = batch(predictor)["input_ids"]
        assert torch.equal(loaded(inputs).logits, predictor.model.eval()(inputs).logits)
    assert (tmp_path / "tokenizer.json").is_file()


@OVER_ALL
def test_a_text_in_a_corpus_is_as_likely_as_alone(word: str, example: dict[str, Any]) -> None:
    predictor = build(word, example)
    together = predictor.predictions(CORPUS)
    alone = [item for row in range(len(CORPUS)) for item in predictor.predictions(CORPUS.take([row]))]
    assert [item.id for item in together] == [item.id for item in alone]
    assert "".join(item.input for item in together) == "".join(TEXTS)
    assert sum(item.tokens for item in together) == sum(len(text) for text in TEXTS)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.log_probabilities, other.log_probabilities, atol=1e-4)


@OVER_ALL
def test_what_it_writes_has_the_probability_that_it_gives_it(word: str, example: dict[str, Any]) -> None:
    """Written token by token and read at once, the same text is as likely."""
    predictor = build(word, example)
    written = write(predictor, "", Writing(tokens=10, seed=3))
    ids = predictor.encoder.encode([written.text])[0].ids.tolist()
    assert len(ids) == len(written.log_probabilities)
    read = torch.tensor([[predictor.encoder.begin_id, *ids]])
    with torch.no_grad():
        logits = predictor.model.eval()(read).logits[0, :-1].log_softmax(-1)
    expected = logits.gather(1, torch.tensor(ids)[:, None])[:, 0]
    np.testing.assert_allclose(written.log_probabilities, expected.numpy(), atol=1e-4)


@OVER_ALL
def test_it_writes_on_and_on_the_same_for_the_same_seed(word: str, example: dict[str, Any]) -> None:
    predictor = build(word, example)
    written = write(predictor, "Ada", Writing(tokens=40, seed=3))
    assert written == write(predictor, "Ada", Writing(tokens=40, seed=3))
    assert written != write(predictor, "Ada", Writing(tokens=40, seed=4))
    greedy, one_beam = (
        write(predictor, "Ada", how) for how in (Writing(tokens=20, greedy=True), Writing(tokens=20, top_k=1))
    )
    assert greedy == one_beam


@pytest.mark.parametrize("word", WORDS)
def test_a_tiny_text_is_learned_wholly(word: str) -> None:
    example = {
        **CASES[[case.values[0] for case in CASES].index(word)].values[1],
        "dropout": 0.0,
        "embedding_dropout": 0.0,
    }
    predictor = build(word, {**example, "hidden_size": 32}, training={"learning_rate": 1e-2})
    text = "Ada went."
    encoded = predictor.encoder.encode([text])
    inputs = predictor.batch(encoded, [len(text)])
    optimizer = torch.optim.AdamW(predictor.model.parameters(), lr=1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        total, tokens = token_loss(predictor.model.train()(inputs["input_ids"]).logits, inputs["labels"])
        (total / tokens).backward()
        optimizer.step()
    assert predictor.validate(encoded, [len(text)], CORPUS.take([3]))["loss"] < 0.1
    assert write(predictor, "", Writing(tokens=len(text), greedy=True)).text == text
