"""Trained taggers: tags as the model spells them, words found again in windows, losses that add up, predictions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import checkpoints
from tests.made_up import bilou, iob1

from regard import recipe as recipes
from regard.errors import DataError
from regard.records import Corpus, TaggedCorpus
from regard.records.tags import entities, parts, spelled
from regard.tasks.tag import BaselineTagger, NetworkTagger, Tag
from regard.tasks.tag.taggers import batch_of, documents, emissions_of, found, spelled_as, tag_loss
from regard.text.word_windows import EncodedWords
from regard.text.words import with_words

TASK = Tag()
BIO = ["O", "B-where", "I-where", "B-who", "I-who"]
BIOES = ["O", *(f"{prefix}-{kind}" for kind in ("where", "who") for prefix in "BEIS")]
BILOU = ["O", *(f"{prefix}-{kind}" for kind in ("where", "who") for prefix in "BILU")]
ROWS = [
    "Ada/B-who Lovelace/I-who met/O Max/B-who",
    "no/O",
    "",
    "she/O lives/O in/O New/B-where York/I-where with/O Grace/B-who Brewster/I-who Murray/I-who and/O Lin/B-who ./O",
    "Paris/B-where",
]


def corpus(rows: list[str] = ROWS, **more: Any) -> TaggedCorpus:
    pairs = [[item.rpartition("/")[::2] for item in row.split()] for row in rows]
    plain = Corpus("made up", [str(row) for row in range(len(rows))], [" ".join(w for w, _ in row) for row in pairs])
    words = [[(0, 0)] * len(row) for row in pairs]
    for text, row, spans in zip(plain.texts, pairs, words, strict=True):
        place = 0
        for number, (word, _) in enumerate(row):
            place = text.index(word, place)
            spans[number] = (place, place + len(word))
            place += len(word)
    labels = [tuple(tag for _, tag in row) for row in pairs]
    return TaggedCorpus(plain.source, plain.ids, plain.texts, labels, words=words, **more)


CORPUS = corpus()


def tagger(labels: list[str] = BIO, **sets: Any) -> NetworkTagger:
    """An untrained LSTM in double precision; every text is wider than one window of 5 words where it has more."""
    settings = {"model.hidden_size": 6, "model.embedding_size": 8, "tokens.max_length": 5, "head.character_channels": 4}
    recipe = recipes.build({"task": "tag"}, model="lstm", sets={**settings, **sets})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), labels)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for parameter in made.model.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    made.model.eval()
    return made


def checkpoint(folder: Path, **sets: Any) -> NetworkTagger:
    place = checkpoints.make("bert", folder / "bert", CORPUS.texts)
    recipe = recipes.build({"task": "tag"}, model=str(place), sets={"tokens.max_length": 7, **sets})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), BIO)
    made.model.eval()
    return made


# Tags as the model spells them


@pytest.mark.parametrize(("labels", "write"), [(BIO, iob1), (BILOU, bilou), (BIOES, bilou)])
def test_other_ways_to_write_an_entity_are_no_mistake(labels: list[str], write: Any) -> None:
    for tags in CORPUS.labels or []:
        again = spelled_as(labels, write(list(tags)))
        assert entities(again) == entities(tags)
        assert set(again) <= set(labels)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*BIOES, *BILOU]), max_size=8), st.sampled_from([BIO, BIOES, BILOU]))
def test_any_tags_are_spelled_with_the_labels_and_mark_the_same(tags: list[str], labels: list[str]) -> None:
    again = spelled_as(labels, tags)
    assert set(again) <= set(labels)
    assert entities(again) == entities(tags)
    assert spelled_as(labels, again) == again


def test_tags_without_a_scheme_and_of_unknown_types_stay_as_they_are() -> None:
    assert spelled_as(["NOUN", "VERB"], ["VERB", "X"]) == ("VERB", "X")
    assert spelled_as(BIO, ["I-who", "O", "B-thing"]) == ("I-who", "O", "B-thing")
    assert spelled_as(["O"], ["O", "B-who"]) == ("O", "B-who")


def test_labels_of_a_scheme_are_whole_though_training_lacks_some() -> None:
    only = replace(CORPUS.take([0]), labels=[("B-who", "E-who", "O", "O")])
    assert TASK.labels(only) == ["O", "B-who", "E-who", "I-who", "S-who"]
    assert TASK.labels(replace(only, labels=[("U-who", "O", "O", "O")])) == ["O", "B-who", "I-who", "L-who", "U-who"]
    assert TASK.labels(CORPUS) == BIO
    assert TASK.labels(replace(only, labels=[("NOUN", "X", "VERB", "X")])) == ["NOUN", "VERB", "X"]


# Targets


@pytest.mark.parametrize("labels", [BIO, BIOES, BILOU])
def test_targets_are_what_a_crf_allows_also_of_broken_tags_and_of_an_entity_that_is_read_in_part(
    labels: list[str],
) -> None:
    made = tagger(labels, **{"tokens.max_windows": 2})
    rows = replace(CORPUS, labels=[tuple(iob1(list(tags))) for tags in CORPUS.labels or []])
    encoded = made.encode(rows)
    assert [item.unread for item in encoded] == [0, 0, 0, 4, 0]
    targets = made.targets(rows, encoded)
    for tags, own in zip(CORPUS.labels or [], targets, strict=True):
        assert entities([labels[number] for number in own]) == entities(tags[: len(own)])
    batch = made.batch(encoded, targets)
    total, words = tag_loss(made.model, emissions_of(made.model, batch), batch)
    assert words == sum(map(len, targets))
    assert 0 < total.item() / words < 100


def test_a_tag_that_training_never_saw_is_named_with_its_line() -> None:
    rows = corpus(["Ada/B-who", "Mars/B-planet"], lines=[3, 7])
    made = tagger()
    with pytest.raises(DataError, match="'B-planet' does not occur") as caught:
        made.targets(rows, made.encode(rows))
    assert caught.value.line == 7
    with pytest.raises(DataError, match="no tags"):
        made.targets(replace(rows, labels=None), made.encode(rows))


# Batches


@pytest.mark.parametrize("channels", [0, 4])
def test_words_are_found_again_in_the_windows_that_answer_for_them(channels: int) -> None:
    made = tagger(**{"head.character_channels": channels})
    encoded = made.encode(CORPUS)
    assert max(len(item.windows) for item in encoded) > 2
    batch = batch_of(encoded, made.encoder.pad_id)
    assert ("characters" in batch) == bool(channels)
    assert batch["words"].sum(1).tolist() == [4, 1, 0, 12, 1]
    flat = batch["input_ids"].flatten()
    for row, spans in enumerate(CORPUS.words):
        ids = flat[batch["places"][row][batch["words"][row]]].tolist()
        assert made.encoder.tokenizer.convert_ids_to_tokens(ids) == [word.lower() for word in CORPUS.tokens(row)]
        assert len(ids) == len(spans)


def test_a_word_has_the_scores_of_its_window_alone() -> None:
    made = tagger()
    made.model.double()
    encoded = made.encode(CORPUS)
    scores = emissions_of(made.model, batch_of(encoded, made.encoder.pad_id))
    assert scores.shape == (5, 12, 5)
    for row, item in enumerate(encoded):
        for word, (number, token) in enumerate(item.places()):
            alone = batch_of([replace(item.windows[number], further=())], made.encoder.pad_id)
            inputs = {name: alone[name] for name in ("input_ids", "attention_mask", "characters")}
            with torch.no_grad():
                expected = made.model(**inputs).logits[0, token]
            torch.testing.assert_close(scores[row, word].double(), expected, atol=1e-6, rtol=0, check_dtype=False)


@pytest.mark.parametrize("crf", [True, False])
def test_losses_of_parts_add_up_to_that_of_the_whole(crf: bool) -> None:
    made = tagger(**{"head.crf": crf})
    encoded = made.encode(CORPUS)
    targets = made.targets(CORPUS, encoded)
    loss = made.loss(recipes.build(model="lstm").training)

    def of(rows: list[int]) -> tuple[float, int]:
        total, words = loss(made.model, made.batch([encoded[row] for row in rows], [targets[row] for row in rows]))
        return total.item(), words

    whole, words = of([0, 1, 2, 3, 4])
    apart = [of([row]) for row in range(5)]
    assert words == sum(count for _, count in apart) == 18
    assert whole == pytest.approx(sum(total for total, _ in apart), rel=1e-5)
    assert apart[2] == (0.0, 0)
    found = made.validate(encoded, targets, CORPUS)
    assert found["loss"] == pytest.approx(whole / words, rel=1e-5)


def test_a_text_without_words_teaches_nothing() -> None:
    made = tagger()
    targets = made.targets(CORPUS, made.encode(CORPUS))
    assert [TASK.teaches(own) for own in targets] == [True, True, False, True, True]


# Predictions


@pytest.mark.parametrize("kind", ["lstm", "words alone", "bert"])
def test_a_text_is_answered_alone_as_among_others_in_order(kind: str, tmp_path: Path) -> None:
    made = checkpoint(tmp_path) if kind == "bert" else tagger(**{"head.crf": kind == "lstm"})
    made.batch_tokens = 12
    together = made.predictions(CORPUS)
    assert [item.id for item in together] == CORPUS.ids
    for row, item in enumerate(together):
        [alone] = made.predictions(CORPUS.take([row]))
        assert alone.output == item.output
        assert alone.confidences == pytest.approx(item.confidences, abs=1e-5)
        assert len(item.output) == len(item.words) == len(item.confidences) == len(CORPUS.words[row])
        assert all(0 < sure <= 1 for sure in item.confidences)
        assert item.gold == (CORPUS.labels or [])[row]
        assert spelled(entities(item.output), len(item.output), "bio") == list(item.output)
    assert made.predictions(CORPUS.take([])) == []


def test_predicting_leaves_the_mode_of_training() -> None:
    made = tagger()
    made.model.train()
    made.predictions(CORPUS)
    assert made.model.training


def test_words_behind_the_last_window_get_no_entity_and_no_confidence() -> None:
    made = tagger(**{"tokens.max_windows": 1})
    item = made.predictions(CORPUS)[3]
    assert item.output[5:] == ("O",) * 7
    assert item.confidences[5:] == (0.0,) * 7
    assert min(item.confidences[:5]) > 0
    assert TASK.unread(made.encode(CORPUS)[3], made.reach) == 7
    assert [TASK.unread(own, made.reach) for own in made.encode(CORPUS.take([0, 1, 2]))] == [0, 0, 0]


@pytest.mark.parametrize(("tokens", "behind", "counted"), [(20, 0, 0), (26, 0, 0), (20, 3, 3), (40, 3, 16)])
def test_windows_of_whole_words_are_judged_by_the_words_that_they_hold(tokens: int, behind: int, counted: int) -> None:
    """A window ends with a word: a text may be cut though it has no more tokens than are read at most."""
    item = EncodedWords([5], [0], range(1), range(1), tokens_in_text=tokens, unread=behind)
    assert TASK.unread(item, 24) == counted


def test_what_is_explained_first_is_a_mistake_that_was_read() -> None:
    item = tagger().predictions(CORPUS)[0]
    said = replace(item, output=("B-who", "I-who", "O", "O"), confidences=(0.9, 0.8, 0.7, 0.6))
    assert TASK.telling(said) == 3
    assert TASK.telling(replace(said, confidences=(0.9, 0.8, 0.7, 0.0))) == 0
    assert TASK.telling(replace(said, gold=said.output)) == 0
    assert TASK.telling(replace(said, output=("O",) * 4, gold=None)) == 0
    assert TASK.shows(said)
    assert not TASK.shows(replace(said, output=("O",) * 4))
    empty = tagger().predictions(CORPUS)[2]
    assert TASK.telling(empty) is None
    assert (empty.output, empty.entities, empty.confidence) == ((), (), 1.0)


def test_entities_are_characters_of_the_text_as_given() -> None:
    text = "Today  Ada\tLovelace, of New York."
    words = with_words(Corpus("given", ["0"], [text])).words[0]
    tags = ["O", "B-who", "I-who", "O", "O", "B-where", "I-where", "O"]
    first, second = found(words, tags, [0.5, 0.9, 0.7, 1, 1, 0.6, 0.4, 1])
    assert (text[first.start : first.end], first.label) == ("Ada\tLovelace", "who")
    assert first.confidence == pytest.approx(0.8)
    assert (text[second.start : second.end], second.label) == ("New York", "where")
    assert found(words, ["X"] * 8, [1.0] * 8) == ()


def test_figures_of_validation_are_those_of_the_score() -> None:
    made = tagger()
    encoded = made.encode(CORPUS)
    values = TASK.score(made.predictions(CORPUS), BIO, part="made up", multi_label=False, seed=1).values
    figures = made.validate(encoded, made.targets(CORPUS, encoded), CORPUS)
    assert {name: figures[name] for name in ("f1", "accuracy", "macro_f1")} == pytest.approx(
        {name: values[name] for name in ("f1", "accuracy", "macro_f1")}
    )


# A pipeline of another house


class Everyone:
    """Says that every capital begins a person, in BIOES."""

    def tag(self, rows: list[tuple[list[str], list[bool]]]) -> list[list[str]]:
        return [["S-who" if word[0].isupper() else "O" for word in words] for words, _ in rows]


def test_a_pipeline_is_handed_words_and_blanks_and_its_tags_are_spelled_as_the_labels() -> None:
    text = "Ada's, no"
    words = with_words(Corpus("given", ["0"], [text]))
    assert documents(words) == [(["Ada", "'s", ",", "no"], [False, False, True, False])]
    made = BaselineTagger(Everyone(), BILOU, "everyone")
    [item] = made.predictions(words)
    assert item.output == ("U-who", "O", "O", "O")
    assert item.confidences == (1.0,) * 4
    assert {parts(tag)[0] for tag in item.output} == {"S", "O"}
    assert np.isclose(item.entities[0].confidence, 1.0)
