"""Masked language models untrained: the batches of training, what is asked, what a prediction is, halves."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests import checkpoints
from torch.nn import functional as F
from transformers import AutoModelForMaskedLM

import regard.auto  # noqa: F401
from regard import recipe as recipes
from regard.errors import DataError, ModelError, UsageError
from regard.records import Corpus
from regard.tasks.pretrain import Pretrain
from regard.tasks.pretrain.models import NetworkPretrainer
from regard.tasks.pretrain.networks import masked_loss, read_chosen
from regard.tasks.pretrain.passages import SHORTEST, passages
from regard.text.document_encoder import NO_WORD

TASK = Pretrain()
TEXTS = [
    "Ada went to Rome. She stayed there for years. Nobody knew why!",
    "Max ate  bread, and Grace drank water. Then they slept.",
    "Lin flew to Oslo again. It was cold there. She liked it.",
    "one",
    "",
]
CORPUS = Corpus("made up", [f"t{row}" for row in range(len(TEXTS))], TEXTS)
SMALL = {
    "model.hidden_size": 8, "model.embedding_size": 8, "tokens.minimum_frequency": 1, "tokens.max_length": 16,
    "tokens.vocabulary_size": 150,
}  # fmt: skip


def recipe_of(model: str = "gru", **sets: Any) -> recipes.Recipe:
    return recipes.build({"task": "pretrain"}, model=model, sets={**SMALL, **sets} if model == "gru" else sets)


def untrained(**sets: Any) -> NetworkPretrainer:
    recipe = recipe_of(**sets)
    return TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])


def test_a_batch_of_training_asks_for_what_stood_there() -> None:
    recipe, made = recipe_of(), untrained()
    encoded = TASK.encode(made.encoder, CORPUS)
    feed = TASK.feed(recipe, made, encoded, made.targets(CORPUS, encoded))
    rows = [row for batch in feed.epoch(0) for row in batch]
    assert sorted(rows) == list(range(len(feed.windows)))
    again = [row for batch in feed.epoch(2) for row in batch]
    assert sorted(again) == [row + 2 * len(rows) for row in range(len(rows))]
    batch = feed.batch(sorted(rows))
    keep, chosen = batch["attention_mask"].bool(), batch["chosen"]
    assert batch["labels"].tolist() == [
        token
        for window, places in zip(feed.windows, chosen, strict=True)
        for token in window.ids[np.flatnonzero(places[1:-1].numpy()[: len(window.ids)])].tolist()
    ]
    assert not chosen[~keep].any()
    assert all(row.any() for row in chosen)
    for name, tensor in feed.batch(sorted(rows)).items():
        assert torch.equal(tensor, batch[name])
    assert not torch.equal(feed.batch(sorted(again))["chosen"], chosen)


def test_only_chosen_places_are_computed_and_counted() -> None:
    made = untrained()
    batch = made.batch(TASK.encode(made.encoder, CORPUS), [])
    made.model.double().eval()
    with torch.no_grad():
        every = made.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        chosen, judged = read_chosen(made.model, batch)
    torch.testing.assert_close(chosen, every[batch["chosen"]])
    assert judged is None
    total, places = masked_loss(chosen, batch["labels"])
    assert places == int(batch["chosen"].sum())
    labels = torch.full_like(batch["input_ids"], -100)
    labels[batch["chosen"]] = batch["labels"]
    by_hand = made.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels).loss
    torch.testing.assert_close(total / places, by_hand)


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "modernbert"])
def test_a_checkpoint_gives_the_same_at_chosen_places(family: str, tmp_path: Path) -> None:
    place = checkpoints.make(family, tmp_path / family, TEXTS[:3])
    recipe = recipe_of(str(place), **{"tokens.max_length": 24})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    batch = made.batch(TASK.encode(made.encoder, CORPUS), [])
    made.model.eval()
    with torch.no_grad():
        every = made.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        chosen, _ = read_chosen(made.model, batch)
    torch.testing.assert_close(chosen, every[batch["chosen"]])
    made.save(tmp_path / "saved")
    again = AutoModelForMaskedLM.from_pretrained(tmp_path / "saved").eval()
    with torch.no_grad():
        assert torch.equal(again(batch["input_ids"], attention_mask=batch["attention_mask"]).logits, every)


def test_a_head_that_begins_untrained_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = checkpoints.make("bert", tmp_path / "bert", TEXTS[:3])
    recipe = recipe_of(str(place), **{"tokens.max_length": 24})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    assert "begins untrained (cls.predictions" in caplog.text
    made.save(tmp_path / "again")
    caplog.clear()
    recipe = recipe_of(str(tmp_path / "again"), **{"tokens.max_length": 24})
    again = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    assert caplog.text == ""
    for one, other in zip(made.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_prediction_says_what_stood_there_and_how_probable_it_was() -> None:
    made = untrained()
    found = made.predictions(CORPUS)
    assert [item.id for item in found] == CORPUS.ids
    assert [item.input for item in found] == TEXTS
    assert [len(item.places) > 0 for item in found] == [True, True, True, False, False]
    assert found[4].gold == ()
    assert found[4].confidence == 1.0
    for item in found:
        assert item.gold is not None
        stood = [item.input[start:end].lower() for start, end in item.places]
        assert stood == [word.removeprefix("##") for word in item.gold]
        assert all(0 < sure <= 1 for sure in item.confidences)
        rows = zip(item.gold, item.output, item.confidences, item.log_probabilities, strict=True)
        assert all(math.log(sure) >= log - 1e-6 and (word != said or math.isclose(math.log(sure), log, abs_tol=1e-6))
                   for word, said, sure, log in rows)  # fmt: skip
    alone = [item for row in range(len(CORPUS)) for item in made.predictions(CORPUS.take([row]))]
    assert [(item.places, item.gold, item.output) for item in alone] == [
        (item.places, item.gold, item.output) for item in found
    ]


def test_what_is_measured_does_not_depend_on_what_training_hides_nor_on_the_seed() -> None:
    places = [item.places for item in untrained().predictions(CORPUS)]
    other = untrained(**{"head.mask_share": 0.5, "seed": 7})
    assert [item.places for item in other.predictions(CORPUS)] == places


def test_validation_counts_as_the_scores_do() -> None:
    made = untrained(**{"head.next_sentence": True})
    encoded = TASK.encode(made.encoder, CORPUS)
    found = made.validate(encoded, made.targets(CORPUS, encoded), CORPUS)
    scores = TASK.score(made.encoded_predictions(encoded, CORPUS), [], part="p", multi_label=False, seed=1).values
    assert found == pytest.approx({name: scores[name] for name in found})
    assert set(found) == {"loss", "accuracy", "next_sentence_accuracy"}


def test_masks_that_are_given_are_filled_in() -> None:
    made = untrained()
    corpus = TASK.given(["Ada went to [MASK]. [MASK] liked it.", "Ada went to Rome."])
    first, second = made.predictions(corpus)
    assert first.gold is None
    assert first.log_probabilities == ()
    assert [first.input[slice(*span)] for span in first.places] == ["[MASK]", "[MASK]"]
    assert len(first.output) == 2
    assert second.gold
    with pytest.raises(DataError, match="nothing to score"):
        TASK.score([first], [], part="p", multi_label=False, seed=1)


def test_halves_are_put_together_and_judged() -> None:
    made = untrained(**{"head.next_sentence": True, "tokens.max_length": 40})
    texts = [f"{text} Number {row} is here. It ends." for row, text in enumerate(TEXTS[:3] * 10)]
    corpus = Corpus("made up", [str(row) for row in range(30)], texts)
    encoded = TASK.encode(made.encoder, corpus)
    asked = made._asking(encoded)
    follows = [item.sequence.follows for item in asked]
    assert 5 < sum(map(bool, follows)) < 25
    assert None not in follows
    for item in asked:
        first, second = item.sequence.parts
        assert (first.window is second.window) == item.sequence.follows
        assert first.window.document == second.window.document or not item.sequence.follows
        if item.sequence.follows:
            assert first.last == second.first
        assert len(item.read) <= 40
        halves = item.sequence.segments[item.sequence.words != NO_WORD]
        assert sorted(halves) == halves.tolist()
        assert set(halves.tolist()) == {0, 1}
    found = made.encoded_predictions(encoded, corpus)
    assert [item.id for item in found[:2]] == ["0+1", "1+1"]
    for item, own in zip(found, asked, strict=True):
        assert item.follows is not None
        assert item.follows[1] is own.sequence.follows
        assert item.input.count("\n") == 1
        assert [item.input[slice(*span)].lower() for span in item.places] == [
            word.removeprefix("##") for word in item.gold or ()
        ]
    batch = made.batch(encoded, [])
    logits, judged = read_chosen(made.model, batch)
    assert judged is not None
    total, places = masked_loss(logits, batch["labels"], judged, batch["follows"])
    expected = F.cross_entropy(logits, batch["labels"]) + F.cross_entropy(judged, batch["follows"])
    torch.testing.assert_close(total / places, expected)


def test_a_bert_judges_halves_too(tmp_path: Path) -> None:
    place = checkpoints.make("bert", tmp_path / "bert", TEXTS[:3])
    recipe = recipe_of(str(place), **{"tokens.max_length": 40, "head.next_sentence": True})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    assert {"follows", "token_type_ids"} <= made.batch(TASK.encode(made.encoder, CORPUS), []).keys()
    assert any(item.follows for item in made.predictions(CORPUS))
    other = checkpoints.make("roberta", tmp_path / "roberta", TEXTS[:3])
    recipe = recipe_of(str(other), **{"tokens.max_length": 40, "head.next_sentence": True})
    with pytest.raises(UsageError, match=r"head\.next_sentence: .*roberta has no place"):
        TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])


@pytest.mark.parametrize(
    ("texts", "sets", "message"),
    [
        (["one", ""], {}, "no text has two tokens"),
        (TEXTS[:1], {"head.next_sentence": True}, "two documents or more"),
        (["no stop here", "nor there"], {"head.next_sentence": True}, "documents of two sentences"),
    ],
)
def test_texts_that_teach_nothing_are_refused(texts: list[str], sets: dict[str, Any], message: str) -> None:
    made = untrained(**sets)
    corpus = Corpus("made up", [str(row) for row in range(len(texts))], texts)
    with pytest.raises(DataError, match=message) as caught:
        made.targets(corpus, TASK.encode(made.encoder, corpus))
    assert caught.value.file == "made up"


def test_networks_that_see_one_side_and_tokenizers_without_a_mask_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"model\.bidirectional"):
        untrained(**{"model.bidirectional": False})
    with pytest.raises(UsageError, match="transformer-xl does not do pretrain"):
        recipe_of("transformer-xl")
    place = checkpoints.make("gpt2", tmp_path / "gpt2", TEXTS[:3])
    recipe = recipe_of(str(place), **{"tokens.max_length": 24})
    with pytest.raises(ModelError, match="can't be loaded as a masked language model"):
        TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    with pytest.raises(UsageError, match="more than all"):
        untrained(**{"head.random_token_share": 0.3})


def test_tokens_that_read_alike_stay_different() -> None:
    made = untrained(**{"tokens.kind": "bpe", "tokens.vocabulary_size": 300})
    made.encoder.tokenizer.decode = lambda ids: "\ufffd"
    [item] = made.predictions(CORPUS.take([0]))
    assert item.gold is not None
    wrong = [(said, stood) for said, stood in zip(item.output, item.gold, strict=True) if "\ufffd" not in (said, stood)]
    assert wrong
    assert all(said != stood for said, stood in wrong)


def test_passages_are_the_text_cut_by_its_own_lines() -> None:
    text = "".join(f"Line {row} of a text that goes on and on.\n" for row in range(200))
    cuts = list(passages(text))
    assert "".join(text[start:end] for start, end in cuts) == text
    assert all(SHORTEST <= end - start < 2 * SHORTEST for start, end in cuts[:-1])
    assert all(text[end - 1] == "\n" for _, end in cuts)
    assert list(passages("x" * 4999))[:2] == [(0, 1999), (1999, 3998)]
    assert list(passages("short")) == [(0, 5)]
    made = untrained()
    found = made.predictions(replace(CORPUS.take([0]), texts=[text]))
    assert "".join(item.input for item in found) == text
    assert [item.id for item in found] == [f"t0:{number + 1}" for number in range(len(cuts))]
    assert all(item.input[slice(*span)].lower() == gold.removeprefix("##")
               for item in found for span, gold in zip(item.places, item.gold or (), strict=True))  # fmt: skip
