"""What every network of the registry must keep as a masked language model, with every one of its tiny examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

import regard.auto  # noqa: F401
from regard.registry import ARCHITECTURES
from regard.tasks.pretrain.networks import masked_class, masked_classes, masked_loss, read_chosen

CASES = [
    pytest.param(word, example, id=f"{word}-{number}")
    for word, entry in ARCHITECTURES.items()
    if entry.kind == "network" and "pretrain" in entry.tasks
    for number, example in enumerate(entry.load_options().examples)
    if example.get("bidirectional", True)
]
FIRST = [case for case in CASES if case.id and case.id.endswith("-0")]
BERT_LIKE = ("rnn", "lstm", "gru", "transformer", "reformer", "longformer", "bigbird")
LENGTHS = (9, 14, 20, 3)
SIZE = 40


def test_every_network_that_sees_both_sides_is_covered() -> None:
    assert {case.values[0] for case in CASES} == set(BERT_LIKE)
    assert set(masked_classes()) == {ARCHITECTURES[word].load() for word in BERT_LIKE}


def build(word: str, example: dict[str, Any], *, next_sentence: bool = False) -> Any:
    entry = ARCHITECTURES[word]
    options = entry.load_options()(**example).model_dump()
    del options["vectors"]
    config = entry.load()(
        architecture=word,
        vocab_size=SIZE,
        max_position_embeddings=max(LENGTHS),
        pad_token_id=0,
        next_sentence=next_sentence,
        **options,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return masked_class(type(config))(config)


def batch(lengths: tuple[int, ...] = LENGTHS, *, first: int = 0) -> dict[str, torch.Tensor]:
    """Rows of made-up tokens, the second and the last one of each hidden; row `r` is the same in every batch."""
    width = max(lengths)
    ids, keep = torch.zeros(len(lengths), width, dtype=torch.long), torch.zeros(len(lengths), width, dtype=torch.long)
    chosen = torch.zeros(len(lengths), width, dtype=torch.bool)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(5, SIZE, (length,), generator=torch.Generator().manual_seed(first + row))
        keep[row, :length] = 1
        chosen[row, [1, length - 1]] = True
    labels = ids[chosen].clone()
    ids[chosen] = 4
    halves = (torch.arange(width) > 4).long().expand_as(ids)
    return {"input_ids": ids, "attention_mask": keep, "chosen": chosen, "labels": labels, "token_type_ids": halves}


def loss_of(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    logits, judged = read_chosen(model, inputs)
    total, places = masked_loss(logits, inputs["labels"], judged, torch.tensor([0, 1, 0, -100])[: len(LENGTHS)])
    return total / places


@pytest.mark.parametrize(("word", "example"), CASES)
def test_alone_equals_in_a_padded_batch(word: str, example: dict[str, Any]) -> None:
    model = build(word, example, next_sentence=True).double().eval()
    with torch.no_grad():
        together, judged = read_chosen(model, batch())
        for row, length in enumerate(LENGTHS):
            alone, own = read_chosen(model, batch((length,), first=row))
            torch.testing.assert_close(together[2 * row : 2 * row + 2], alone, rtol=0, atol=1e-10)
            torch.testing.assert_close(judged[row : row + 1], own, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("word", "example"), CASES)
@pytest.mark.parametrize("next_sentence", [False, True], ids=["one", "halves"])
def test_every_parameter_gets_a_gradient(word: str, example: dict[str, Any], next_sentence: bool) -> None:
    model = build(word, example, next_sentence=next_sentence).train()
    loss_of(model, batch()).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    if word == "longformer" and not next_sentence:
        # Of its last layer nobody reads the states of global tokens, which are never hidden.
        last = f"encoder.layers.layers.{model.config.layers - 1}.global_"
        silent = [name for name in silent if not name.startswith(last)]
    assert silent == []


@pytest.mark.parametrize(("word", "example"), CASES)
@pytest.mark.parametrize("next_sentence", [False, True], ids=["one", "halves"])
def test_saved_and_loaded_gives_the_same_logits(
    word: str, example: dict[str, Any], next_sentence: bool, tmp_path: Path
) -> None:
    model = build(word, example, next_sentence=next_sentence).eval()
    model.save_pretrained(tmp_path)
    loaded = AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    assert type(loaded) is type(model)
    with torch.no_grad():
        for one, other in zip(read_chosen(model, batch()), read_chosen(loaded, batch()), strict=True):
            assert one is other is None or torch.equal(one, other)


@pytest.mark.parametrize(("word", "example"), CASES)
def test_other_tasks_begin_from_its_weights(word: str, example: dict[str, Any], tmp_path: Path) -> None:
    model = build(word, example, next_sentence=True)
    model.save_pretrained(tmp_path)
    learned = {name: weight for name, weight in model.state_dict().items() if not name.startswith(("vocab", "follows"))}
    for auto in (
        AutoModelForSequenceClassification,
        AutoModelForTokenClassification,
        AutoModelForQuestionAnswering,
    ):
        begun = auto.from_pretrained(tmp_path, num_labels=2).state_dict()
        shared = learned.keys() & begun.keys()
        assert {name.partition(".")[0] for name in shared} >= {"embedding", "encoder"}
        assert {name for name in begun if name.startswith(("embedding.", "encoder."))} <= shared
        assert all(torch.equal(begun[name], learned[name]) for name in shared)


@pytest.mark.parametrize(("word", "example"), FIRST)
def test_a_tiny_set_is_learned_wholly(word: str, example: dict[str, Any]) -> None:
    model, inputs = build(word, {**example, "dropout": 0.0, "embedding_dropout": 0.0}, next_sentence=True), batch()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model.train()
        for _ in range(150):
            optimizer.zero_grad()
            loss = loss_of(model, inputs)
            if loss < 0.01:
                break
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        logits, judged = read_chosen(model.eval(), inputs)
    assert logits.argmax(-1).tolist() == inputs["labels"].tolist()
    assert judged[:3].argmax(-1).tolist() == [0, 1, 0]


@pytest.mark.parametrize(("word", "example"), FIRST)
def test_embeddings_can_be_handed_in(word: str, example: dict[str, Any]) -> None:
    model, inputs = build(word, example).eval(), batch()
    embedded = model.get_input_embeddings()(inputs["input_ids"])
    with torch.no_grad():
        expected = model(inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
        given = model(inputs_embeds=embedded, attention_mask=inputs["attention_mask"]).logits
    torch.testing.assert_close(given, expected)
