"""What every network in the registry must keep as a tagger, with each of its tiny examples, with and without a CRF."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForTokenClassification

from regard.encoders.base import EncoderConfig
from regard.recipe import PreprocessOptions, TokenOptions
from regard.records.tags import follows
from regard.registry import ARCHITECTURES
from regard.tasks.tag.networks import IGNORED, decode, tag_loss, tagger_class, tagger_classes
from regard.text.batch import pad
from regard.text.normalise import Normaliser
from regard.text.word_encoder import WordEncoder, words_of
from regard.text.word_vocabulary import CharacterVocabulary, train_word_tokenizer

TAGGED = [
    "Ada/B-who Lovelace/I-who met/O Charles/B-who Babbage/I-who in/O London/B-where yesterday/O",
    "no/O",
    "Paris/B-where",
    "she/O lives/O in/O New/B-where York/I-where with/O Max/B-who ,/O not/O in/O Rome/B-where anymore/O !/O",
    "Grace/B-who Hopper/I-who wrote/O it/O",
]
TEXTS = [" ".join(item.rpartition("/")[0] for item in line.split()) for line in TAGGED]
GOLD = [[item.rpartition("/")[2] for item in line.split()] for line in TAGGED]
WORDS = [[match.span() for match in re.finditer(r"\S+", text)] for text in TEXTS]
TAGS = ["O", "B-who", "I-who", "B-where", "I-where"]

CASES = [
    pytest.param(word, example, id=f"{word}-{number}")
    for word, entry in ARCHITECTURES.items()
    if entry.kind == "network"
    for number, example in enumerate(entry.load_options().examples)
]
CRF = pytest.mark.parametrize("crf", [False, True], ids=["words", "crf"])


def test_every_network_is_covered():
    words = {case.values[0] for case in CASES}
    assert words == {word for word, entry in ARCHITECTURES.items() if entry.kind == "network"}
    assert len(words) == 9
    assert set(tagger_classes()) == {ARCHITECTURES[word].load() for word in words}


@pytest.fixture(autouse=True, scope="module")
def _auto_classes_know_them():
    for config, model in tagger_classes().items():
        AutoConfig.register(config.model_type, config, exist_ok=True)
        AutoModelForTokenClassification.register(config, model, exist_ok=True)


def word_encoder():
    normaliser = Normaliser(PreprocessOptions())
    words = list(words_of(normaliser, TEXTS, WORDS))
    tokenizer = train_word_tokenizer(words, TokenOptions(kind="word", vocabulary_size=200, minimum_frequency=1))
    characters = CharacterVocabulary.train(words, minimum_frequency=1)
    return WordEncoder(tokenizer, characters, normaliser, max_length=24)


ENCODER = word_encoder()
ENCODED = ENCODER.encode(TEXTS, WORDS)


def build(word, example, crf, tags=TAGS):
    entry = ARCHITECTURES[word]
    options = entry.load_options()(**example).model_dump()
    del options["vectors"]
    config = entry.load()(
        architecture=word,
        vocab_size=len(ENCODER.vocabulary),
        max_position_embeddings=ENCODER.max_length,
        pad_token_id=ENCODER.pad_id,
        id2label=dict(enumerate(tags)),
        label2id={tag: number for number, tag in enumerate(tags)},
        crf=crf,
        character_vocab_size=len(ENCODER.characters),
        character_size=6,
        character_channels=7,
        **options,
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return tagger_class(type(config))(config)


def batch(rows=None):
    own = ENCODED if rows is None else [ENCODED[row] for row in rows]
    ids, keep = pad([item.ids for item in own], ENCODER.pad_id)
    longest = max(len(letters) for item in own for letters in item.characters)
    characters = np.zeros((*ids.shape, longest), dtype=np.int64)
    for row, item in enumerate(own):
        for place, letters in enumerate(item.characters):
            characters[row, place, : len(letters)] = letters
    made = {"input_ids": ids, "attention_mask": keep.astype(np.int64), "characters": characters}
    return {name: torch.from_numpy(array) for name, array in made.items()}


def gold(tags=TAGS):
    labels, _ = pad([[tags.index(tag) for tag in row] for row in GOLD], IGNORED)
    return torch.from_numpy(labels)


@pytest.mark.parametrize(("word", "example"), CASES)
def test_alone_equals_in_a_padded_batch(word, example):
    model = build(word, example, crf=True).double().eval()
    with torch.no_grad():
        together = model(**batch()).logits
        for row, own in enumerate(GOLD):
            alone = model(**batch([row])).logits[0]
            assert len(alone) == len(own)
            torch.testing.assert_close(together[row, : len(own)], alone, rtol=0, atol=1e-12)


@CRF
@pytest.mark.parametrize(("word", "example"), CASES)
def test_every_parameter_gets_a_gradient(word, example, crf):
    model, inputs, labels = build(word, example, crf).train(), batch(), gold()
    total, words = tag_loss(model, model(**inputs).logits, labels, inputs["attention_mask"].bool())
    total.backward()
    assert words == sum(map(len, GOLD))
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert silent == []


@CRF
@pytest.mark.parametrize(("word", "example"), CASES)
def test_saved_and_loaded_gives_the_same_tags(word, example, crf, tmp_path: Path):
    model, inputs = build(word, example, crf).eval(), batch()
    if crf:
        torch.nn.init.normal_(model.crf.transitions, generator=torch.Generator().manual_seed(0))
    model.save_pretrained(tmp_path)
    loaded = AutoModelForTokenClassification.from_pretrained(tmp_path).eval()
    assert type(loaded) is type(model)
    assert loaded.config.embedding_size == model.config.embedding_size
    assert loaded.config.id2label == dict(enumerate(TAGS))
    keep = inputs["attention_mask"].bool()
    with torch.no_grad():
        expected, found = model(**inputs).logits, loaded(**inputs).logits
    assert torch.equal(found, expected)
    assert decode(loaded, found, keep) == decode(model, expected, keep)


@CRF
@pytest.mark.parametrize(("word", "example"), CASES)
def test_a_tiny_set_is_learned_wholly(word, example, crf):
    model = build(word, {**example, "dropout": 0.0, "embedding_dropout": 0.0}, crf)
    inputs, labels = batch(), gold()
    keep = inputs["attention_mask"].bool()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model.train()
        for _ in range(150):
            optimizer.zero_grad()
            total, words = tag_loss(model, model(**inputs).logits, labels, keep)
            if total < 0.5:
                break
            (total / words).backward()
            optimizer.step()
    with torch.no_grad():
        tags, confidences = decode(model.eval(), model(**inputs).logits, keep)
    assert [[TAGS[tag] for tag in row] for row in tags] == GOLD
    assert min(min(row) for row in confidences) > 0.5


@pytest.mark.parametrize(("word", "example"), CASES)
def test_embeddings_can_be_handed_in(word, example):
    model, inputs = build(word, example, crf=True).eval(), batch()
    embedded = model.get_input_embeddings()(inputs["input_ids"])
    with torch.no_grad():
        expected = model(**inputs).logits
        inputs.pop("input_ids")
        found = model(**inputs, inputs_embeds=embedded).logits
    torch.testing.assert_close(found, expected)


@CRF
@pytest.mark.parametrize("word", [word for word, entry in ARCHITECTURES.items() if entry.kind == "network"])
def test_no_broken_entity_is_given_however_little_was_learned(word, crf):
    model, inputs = build(word, ARCHITECTURES[word].load_options().examples[0], crf).eval(), batch()
    keep = inputs["attention_mask"].bool()
    with torch.no_grad():
        tags, _ = decode(model, 50 * model(**inputs).logits, keep)
    for row in tags:
        named = [None, *(TAGS[tag] for tag in row), None]
        assert all(follows(before, tag, "bio") for before, tag in pairwise(named))


def test_only_encoders_of_ours_are_taggers():
    assert all(issubclass(config, EncoderConfig) for config in tagger_classes())
