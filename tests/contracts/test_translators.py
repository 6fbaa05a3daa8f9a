"""What every network that translates must keep, with every one of its tiny examples and every way of attending."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM

import regard.auto  # noqa: F401
from regard import recipe as recipes
from regard.nn import search
from regard.records import TextPairCorpus
from regard.registry import ARCHITECTURES
from regard.tasks.task import task_of
from regard.tasks.translate import NetworkTranslator
from regard.tasks.translate.networks import shifted, translator_classes
from regard.tasks.translate.search_options import SearchOptions

PAIRS = [
    ("a dog runs", "ein Hund rennt"),
    ("two men by a car", "zwei Männer an einem Auto"),
    ("no", "nein"),
    (
        "the dog of the two men runs by a red car in the rain",
        "der Hund der zwei Männer rennt im Regen an einem Auto vorbei",
    ),
    ("a red car!", "ein rotes Auto!"),
]
CORPUS = TextPairCorpus(
    "made up", [str(n) for n in range(len(PAIRS))], [a for a, _ in PAIRS], labels=[(b,) for _, b in PAIRS]
)
WORDS = [word for word, entry in ARCHITECTURES.items() if entry.kind == "network" and "translate" in entry.tasks]
RECURRENT = ("rnn", "lstm", "gru")
HEADS = [{"attention": name} for name in ("none", "dot", "general", "concat", "additive")]
CASES = [
    pytest.param(word, example, head, id=f"{word}-{number}-{'-'.join(map(str, head.values()))}")
    for word in WORDS
    for number, example in enumerate(ARCHITECTURES[word].load_options().examples)
    for head in (
        HEADS if word in RECURRENT and number == 0 else [{"shared_vocabulary": False}, {"tie_embeddings": False}]
    )
]

LEARNED = [
    case for case in CASES if re.fullmatch("(lstm-0-.*|gru-0-additive|rnn-0-dot|transformer-0-.*)", str(case.id))
]
"""What learns a tiny set wholly here: an LSTM by every way of attending, the others by one."""


def test_every_network_is_covered() -> None:
    assert {case.values[0] for case in CASES} == set(WORDS) == {*RECURRENT, "transformer"}
    assert len(translator_classes()) == 2
    assert len(LEARNED) == 9


def build(word: str, example: dict[str, Any], head: dict[str, Any], **training: Any) -> NetworkTranslator:
    recipe = recipes.build(
        {
            "task": "translate",
            "model": {key: value for key, value in example.items() if key != "pooling"},
            "head": {"max_output_tokens": 40, "beams": 3, **head},
            "tokens": {"vocabulary_size": 330, "minimum_frequency": 1, "max_length": 40},
            "training": training,
        },
        model=word,
    )
    task = task_of("translate")
    made: NetworkTranslator = task.network(recipe, task.encoder(recipe, CORPUS), [])
    return made


def batch(made: NetworkTranslator) -> dict[str, torch.Tensor]:
    encoded = made.encoder.encode(CORPUS.texts)
    return made.batch(encoded, made.targets(CORPUS, encoded))


@pytest.mark.parametrize(("word", "example", "head"), CASES)
def test_alone_equals_in_a_padded_batch(word: str, example: dict[str, Any], head: dict[str, Any]) -> None:
    made = build(word, example, head)
    made.model.double().eval()
    together = batch(made)
    with torch.no_grad():
        logits = made.model(**together).logits
        for row, encoded in enumerate(made.encoder.encode(CORPUS.texts)):
            target = made.encoder.target.encode([CORPUS.labels[row][0]])
            alone = made.model(**made.batch([encoded], target)).logits[0]
            torch.testing.assert_close(logits[row, : len(target[0])], alone, atol=1e-10, rtol=0)


@pytest.mark.parametrize(("word", "example", "head"), CASES)
def test_written_step_by_step_scores_are_those_of_teacher_forcing(
    word: str, example: dict[str, Any], head: dict[str, Any]
) -> None:
    made = build(word, example, head)
    model, inputs = made.model.double().eval(), batch(made)
    read = shifted(inputs["labels"], made.encoder.target.begin_id, made.encoder.target.pad_id)
    with torch.no_grad():
        expected = model(**inputs).logits
        state = model.start(inputs["input_ids"], inputs["attention_mask"].bool())
        for place, ids in enumerate(read.unbind(1)):
            logits, state = model.step(ids, state)
            torch.testing.assert_close(logits, expected[:, place], atol=1e-10, rtol=0)


@pytest.mark.parametrize(("word", "example", "head"), CASES)
def test_every_parameter_gets_a_gradient(word: str, example: dict[str, Any], head: dict[str, Any]) -> None:
    made = build(word, example, head)
    model = made.model.train()
    loss, tokens = made.loss(recipes.TrainingOptions(label_smoothing=0.1))(model, batch(made))
    loss.backward()
    assert tokens == sum(map(len, made.targets(CORPUS, [])))
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert silent == []


@pytest.mark.parametrize(("word", "example", "head"), CASES)
def test_saved_and_loaded_it_writes_the_same(
    word: str, example: dict[str, Any], head: dict[str, Any], tmp_path: Path
) -> None:
    made = build(word, example, head)
    before = made.predictions(CORPUS)
    made.model.save_pretrained(tmp_path)
    loaded = AutoModelForSeq2SeqLM.from_pretrained(tmp_path).eval()
    assert type(loaded) is type(made.model)
    for name, value in made.model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], value)
    again = build(word, example, head)
    again.model = loaded
    for one, other in zip(again.predictions(CORPUS), before, strict=True):
        assert (one.output, one.finished) == (other.output, other.finished)
        assert one.log_probability == pytest.approx(other.log_probability, rel=1e-5)


@pytest.mark.parametrize(("word", "example", "head"), CASES)
def test_the_same_seed_gives_the_same_weights(word: str, example: dict[str, Any], head: dict[str, Any]) -> None:
    before = torch.random.get_rng_state()
    first, second = (build(word, example, head).model.state_dict() for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("word", "example", "head"), LEARNED)
def test_a_tiny_set_is_learned_wholly(word: str, example: dict[str, Any], head: dict[str, Any]) -> None:
    wide = {"hidden_size": 24} if word in RECURRENT else {}
    made = build(word, {**example, **wide, "dropout": 0.0, "embedding_dropout": 0.0}, head)
    inputs, loss = batch(made), made.loss(recipes.TrainingOptions())
    optimizer = torch.optim.AdamW(made.model.parameters(), lr=2e-2 if word in RECURRENT else 1e-2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made.model.train()
        for _ in range(150):
            optimizer.zero_grad()
            total, tokens = loss(made.model, inputs)
            (total / tokens).backward()
            torch.nn.utils.clip_grad_norm_(made.model.parameters(), 1.0)
            optimizer.step()
    for search_by in (SearchOptions("greedy"), SearchOptions("beam", beams=4), SearchOptions("sample", top_k=1)):
        said = made.encoded_predictions(made.encoder.encode(CORPUS.texts), CORPUS, search_by)
        assert [item.output for item in said] == [target for _, target in PAIRS]
        assert all(item.finished and item.confidence > 0.5 for item in said)


def test_a_beam_of_one_is_greedy_and_alternatives_come_in_order() -> None:
    made = build("gru", ARCHITECTURES["gru"].load_options().examples[0], {})
    encoded = made.encoder.encode(CORPUS.texts)
    greedy = made.hypotheses(encoded, SearchOptions("greedy", max_tokens=8))
    one = made.hypotheses(encoded, SearchOptions("beam", beams=1, max_tokens=8))
    assert [item[0].ids for item in greedy] == [item[0].ids for item in one]
    said = made.encoded_predictions(encoded, CORPUS, SearchOptions("beam", beams=4, n_best=3, max_tokens=8))
    for item in said:
        assert len(item.alternatives) == 2
        assert item.alternatives[0].score >= item.alternatives[1].score
    assert isinstance(greedy[0][0], search.Hypothesis)
