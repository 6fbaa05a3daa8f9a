"""Why a word got its tag: scores that add up, on the word that decides, in the window that answers for it."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import torch
from tests import checkpoints

from regard import recipe as recipes
from regard.analysis.attribution import MOST_STEPS, TOLERANCE
from regard.analysis.explain_tag import METHOD, explain_word
from regard.analysis.reasons import can_explain, explain, explain_prediction
from regard.errors import UsageError
from regard.records import Corpus, TaggedCorpus
from regard.tasks.tag import BaselineTagger, NetworkTagger, Tag
from regard.text.words import with_words

TASK = Tag()
FILLER = ("the", "old", "man", "went", "there", "again", "today", "with", "his", "dog")
TELLING = {"paid": "B-money", "swam": "B-water"}
LABELS = ["O", "B-money", "I-money", "B-water", "I-water"]


def sentence(generator: random.Random) -> tuple[list[str], list[str]]:
    """A bank is of money or of water, as one other word tells, somewhere before it or behind it."""
    words = generator.sample(FILLER, 5)
    told = generator.choice(sorted(TELLING))
    words.insert(generator.randrange(6), told)
    place = generator.randrange(7)
    words.insert(place, "bank")
    return words, [TELLING[told] if word == "bank" else "O" for word in words]


def corpus(n: int = 160) -> TaggedCorpus:
    generator = random.Random(1)
    rows = [sentence(generator) for _ in range(n)]
    plain = with_words(Corpus("made up", [str(row) for row in range(n)], [" ".join(words) for words, _ in rows]))
    return TaggedCorpus("made up", plain.ids, plain.texts, [tuple(tags) for _, tags in rows], words=plain.words)


CORPUS = corpus()


def make(model: str, **sets: Any) -> NetworkTagger:
    recipe = recipes.build({"task": "tag"}, model=model, sets={**sets, "model.dropout": 0.0})
    return TASK.network(recipe, TASK.encoder(recipe, CORPUS), LABELS)


def learn(tagger: NetworkTagger, steps: int) -> NetworkTagger:
    encoded = TASK.encode(tagger.encoder, CORPUS)
    batch = tagger.batch(encoded, tagger.targets(CORPUS, encoded))
    loss = tagger.loss(recipes.build(model="lstm").training)
    optimizer = torch.optim.AdamW(tagger.model.parameters(), lr=0.02)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tagger.model.train()
        for _ in range(steps):
            optimizer.zero_grad()
            total, words = loss(tagger.model, batch)
            (total / words).backward()
            optimizer.step()
    tagger.model.eval()
    return tagger


@pytest.fixture(scope="module", params=[True, False], ids=["crf", "words"])
def tagger(request: pytest.FixtureRequest) -> NetworkTagger:
    sizes = {"model.hidden_size": 12, "model.embedding_size": 12, "head.character_channels": 4, "tokens.max_length": 12}
    return learn(make("gru", **sizes, **{"head.crf": request.param, "model.embedding_dropout": 0.0}), 120)


def given(text: str) -> TaggedCorpus:
    return TASK.given([text])


def test_the_word_that_decides_has_the_largest_score(tagger: NetworkTagger) -> None:
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for text in CORPUS.texts[:12]:
        found = explain_word(tagger, given(text), target="bank")
        told = next(word for word in text.split() if word in TELLING)
        assert (found.output, found.target) == (TELLING[told], f"{TELLING[told]} for “bank”")
        assert [word for word, _ in found.words()] == text.split()
        for word, score in found.words():
            scores["telling" if word == told else word].append(score)
    mean = {word: sum(own) / len(own) for word, own in scores.items()}
    assert mean["bank"] > 0
    assert mean["telling"] > 2 * max(mean[word] for word in FILLER)


def test_scores_add_up_to_the_log_odds_of_the_confidence_that_is_told(tagger: NetworkTagger) -> None:
    for text in CORPUS.texts[:4]:
        found = explain_word(tagger, given(text))
        assert found.output in TELLING.values()
        change = found.detail["score"] - found.detail["baseline_score"]
        assert found.detail["score"] == pytest.approx(math.log(found.confidence / (1 - found.confidence)), abs=1e-3)
        error = abs(sum(item.score for item in found.highlights) - change) / abs(change)
        assert found.detail["completeness_error"] == pytest.approx(error, abs=1e-3)
        assert error < TOLERANCE or found.detail["steps"] == MOST_STEPS
        assert (found.method, found.signed, found.detail["unit"]) == (METHOD, True, "log-odds")
        assert found.seen == [(0, len(text))]


def test_letters_that_decide_are_told_of_their_word() -> None:
    """Every word is new, and the one with a q is the one."""
    generator = random.Random(2)

    def word(letter: str) -> str:
        letters = [*generator.choices("abcdefgh", k=4), letter]
        generator.shuffle(letters)
        return "".join(letters)

    rows = [[word("q" if place == row % 4 else "z") for place in range(4)] for row in range(48)]
    plain = with_words(Corpus("made up", [str(row) for row in range(48)], [" ".join(row) for row in rows]))
    tags = [tuple("B-odd" if "q" in word else "O" for word in row) for row in rows]
    train = TaggedCorpus("made up", plain.ids, plain.texts, list(tags), words=plain.words)
    sets = {
        "tokens.minimum_frequency": 5,
        "model.hidden_size": 8,
        "model.embedding_size": 4,
        "head.character_dropout": 0.0,
    }
    recipe = recipes.build({"task": "tag"}, model="lstm", sets={**sets, "head.character_channels": 12})
    made = TASK.network(recipe, TASK.encoder(recipe, train), ["O", "B-odd", "I-odd"])
    encoded = TASK.encode(made.encoder, train)
    batch, optimizer = (
        made.batch(encoded, made.targets(train, encoded)),
        torch.optim.AdamW(made.model.parameters(), lr=0.03),
    )
    for _ in range(60):
        optimizer.zero_grad()
        total, words = made.loss(recipe.training)(made.model, batch)
        (total / words).backward()
        optimizer.step()
    made.model.eval()
    found = explain_word(made, given("abzcd hqabd ezcda"))
    assert found.output == "B-odd"
    assert max(found.words(), key=lambda item: item[1])[0] == "hqabd"


@pytest.mark.parametrize("model", ["bert", "transformer"])
def test_other_encoders_add_up_too(model: str, tmp_path: Path) -> None:
    if model == "bert":
        made = make(str(checkpoints.make("bert", tmp_path / "bert", CORPUS.texts)), **{"tokens.max_length": 24})
    else:
        sizes = {"model.hidden_size": 16, "model.heads": 2, "model.feed_forward_size": 16, "model.embedding_size": 16}
        made = make("transformer", **sizes)
    made.model.eval()
    text = "The old man (unheard-of) paid at the bank!"
    found = explain_word(made, given(text), target="bank")
    change = found.detail["score"] - found.detail["baseline_score"]
    assert sum(item.score for item in found.highlights) == pytest.approx(change, rel=2 * TOLERANCE, abs=1e-6)
    assert [text[item.start : item.end] for item in found.highlights][-2:] == ["bank", "!"]
    assert found.seen == [(0, len(text))]


def test_of_a_long_text_the_window_that_answers_is_explained(tagger: NetworkTagger) -> None:
    text = f"paid {' '.join(FILLER)} the old man bank swam today with his dog"
    found = explain_word(tagger, given(text), target="bank")
    assert found.output == "B-water"
    assert found.detail["windows"] > 1
    assert found.seen[0][0] > 0
    assert len(found.highlights) == 12
    assert "paid" not in dict(found.words())
    assert text[slice(*found.detail["word"])] == "bank"


def test_a_word_is_named_as_it_stands_or_by_its_number(tagger: NetworkTagger) -> None:
    text = "bank 3 paid 1 bank"
    places = {"bank": (0, 4), "3": (5, 6), "4": (14, 18), "2": (7, 11), 3: (12, 13), 1: (5, 6)}
    for target, place in places.items():
        assert tuple(explain_word(tagger, given(text), target=target).detail["word"]) == place
    for wrong in ("money", "5", "-1", 5, -1, "²"):
        with pytest.raises(UsageError, match="has no word"):
            explain_word(tagger, given(text), target=wrong)


def test_what_can_not_be_told_is_said(tagger: NetworkTagger) -> None:
    with pytest.raises(UsageError, match="no word in the text"):
        explain_word(tagger, given(" \n"))
    with pytest.raises(UsageError, match="can't be explained by 'attention'"):
        explain_word(tagger, given("a bank"), method="attention")
    with pytest.raises(UsageError, match="lies behind what is read"):
        explain_word(tagger, given("there " * 200 + "bank"), target="bank")
    baseline = BaselineTagger(None, LABELS, "spacy")
    assert can_explain(TASK, tagger)
    assert not can_explain(TASK, baseline)
    with pytest.raises(UsageError, match="spacy can't be explained"):
        explain(TASK, baseline, given("a bank"))


def test_a_prediction_is_explained_by_the_words_that_it_was_made_of(tagger: NetworkTagger) -> None:
    rows = TaggedCorpus("made up", ["9"], ["bankpaid"], [("O", "B-money")], words=[[(0, 4), (4, 8)]])
    [item] = tagger.predictions(rows)
    found = explain_prediction(TASK, tagger, item)
    number = TASK.telling(item)
    assert number is not None
    assert found.detail["word"] == list(item.words[number])
    assert found.confidence == pytest.approx(item.confidences[number])


def test_the_model_is_left_as_it_was(tagger: NetworkTagger) -> None:
    tagger.model.zero_grad()
    tagger.model.train()
    explain_word(tagger, given("a bank paid"))
    assert tagger.model.training
    tagger.model.eval()
    assert all(parameter.requires_grad and parameter.grad is None for parameter in tagger.model.parameters())
    assert not tagger.model.embedding_dropout._forward_hooks
