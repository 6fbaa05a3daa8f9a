"""The job of augmentation with tiny models of its own: words in context, the way there and back, files to train on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.checkpoints import SMALL
from transformers import AutoModelForMaskedLM, AutoModelForSeq2SeqLM, BartConfig, BertConfig, BertModel

from regard.errors import DataError, ModelError, UsageError
from regard.jobs.augment import augment, augmented
from regard.jobs.augment_models import masked_words, there_and_back
from regard.recipe import TokenOptions
from regard.records import Corpus
from regard.text.augment.options import BacktranslateOptions, ContextualOptions
from regard.text.read import read
from regard.text.read_tags import read_tagged
from regard.text.tokenise import train_tokenizer

WORDS = "a lovely film and the dull story of some warm evening with bright songs which moved every grey camera"
TEXTS = [WORDS, "The LOVELY story. A grey film! Every song, a dull camera?"]


def save(folder: Path, auto: type, config: Callable[[int], object]) -> Path:
    """A checkpoint with random weights, and a tokenizer of whole words."""
    tokenizer = train_tokenizer(TEXTS * 5, TokenOptions(vocabulary_size=400, minimum_frequency=1))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = auto.from_config(config(len(tokenizer)))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def bert(size: int) -> BertConfig:
    return BertConfig(vocab_size=size, max_position_embeddings=34, **SMALL)


def bart(size: int) -> BartConfig:
    return BartConfig(
        vocab_size=size,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_position_embeddings=18,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        decoder_start_token_id=2,
        forced_eos_token_id=3,
    )


@pytest.fixture(scope="module")
def masked_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save(tmp_path_factory.mktemp("models") / "masked", AutoModelForMaskedLM, bert))


@pytest.fixture(scope="module")
def translation_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save(tmp_path_factory.mktemp("models") / "there", AutoModelForSeq2SeqLM, bart))


def span(text: str, word: str, nth: int = 0) -> tuple[int, int]:
    start = -1
    for _ in range(nth + 1):
        start = text.index(word, start + 1)
    return start, start + len(word)


def test_words_are_proposed_for_each_place_alone_as_in_a_batch(masked_model: str) -> None:
    propose = masked_words(ContextualOptions(model=masked_model))
    text = "[MASK] a film, [MASK] a lovely film!"
    asked = [(text, [span(text, "film"), span(text, "lovely")]), ("nothing", []), (WORDS, [span(WORDS, "warm")])]
    found = propose(asked)
    assert [len(words) for words in found] == [2, 0, 1]
    assert all(len(words) > 5 and all(map(str.isalpha, words)) for places in found for words in places)
    assert found[0][0] != found[0][1]
    assert propose(asked[:1]) + propose(asked[1:]) == found


def test_a_text_longer_than_the_model_reads_is_read_in_windows(masked_model: str) -> None:
    propose = masked_words(ContextualOptions(model=masked_model))
    text = " ".join([WORDS] * 6)
    spans = [span(text, "film", nth) for nth in range(6)]
    [found] = propose([(text, spans)])
    assert all(found)


def test_contextual_end_to_end(masked_model: str) -> None:
    corpus = Corpus("made up", ["1", "2"], TEXTS, ["good", "bad"])
    options = {"contextual": {"model": masked_model, "share": 0.3}}
    first, again = (augment(corpus, ["contextual"], copies=2, options=options).drawn for _ in range(2))
    assert first == again
    assert len(first.copies) == 4
    for copy in first.copies:
        assert 1 <= len(copy.changes) <= 0.3 * len(copy.before.words)
        assert len(copy.after.words) == len(copy.before.words)


def test_a_model_without_its_head_is_refused(tmp_path: Path) -> None:
    folder = save(tmp_path / "bare", AutoModelForMaskedLM, bert)
    BertModel(bert(50)).save_pretrained(folder)
    with pytest.raises(ModelError, match=r"was not trained for contextual\.model"):
        masked_words(ContextualOptions(model=str(folder)))


def test_models_are_translated_sentence_by_sentence(translation_model: str) -> None:
    translate = there_and_back(BacktranslateOptions(there=translation_model, back=translation_model, beams=1))
    text = "A lovely film.  The dull story!\nEvery song"
    [found] = translate([text])
    [first] = translate(["A lovely film."])
    assert found.startswith(f"{first}  ")
    assert found.count("\n") == text.count("\n")
    long = " ".join(["film"] * 100)
    assert translate([long, text, "", " \n"]) == [long, found, "", " \n"]


def test_backtranslation_end_to_end(translation_model: str) -> None:
    corpus = Corpus("made up", ["1"], ["A lovely film."], ["good"])
    options = {"backtranslate": {"there": translation_model, "back": translation_model, "beams": 2}}
    found = augment(corpus, ["backtranslate"], copies=2, options=options)
    assert [copy.id for copy in found.drawn.copies] == ["1+backtranslate1"]
    assert found.drawn.left_out == 1


@pytest.mark.parametrize(
    ("method", "options", "error", "told"),
    [
        ("contextual", {}, UsageError, "contextual.model: no model is named"),
        ("backtranslate", {"there": "x"}, ModelError, "x: it can't be loaded for backtranslate.there"),
        ("contextual", {"model": "MISSING"}, ModelError, "can't be loaded for contextual.model"),
        ("contextual", {"modle": "x"}, UsageError, "contextual.modle: no such option"),
    ],
)
def test_what_is_wrong_with_a_model_is_told(
    method: str, options: dict[str, str], error: type[Exception], told: str, tmp_path: Path
) -> None:
    missing = tmp_path / "missing"
    missing.mkdir()
    (missing / "config.json").write_text("{}")
    given = {name: str(missing) if value == "MISSING" else value for name, value in options.items()}
    with pytest.raises(error, match=told):
        augment(Corpus("made up", ["1"], TEXTS[:1]), [method], options={method: given}, offline=True)


def test_texts_and_copies_are_a_file_that_is_read_again(reviews: Callable[..., Path], tmp_path: Path) -> None:
    data = reviews(tmp_path / "reviews.csv", 20, seed=1)
    found = augment(data, "swap, keyboard", copies=2, out=tmp_path / "more.parquet")
    assert found.out == tmp_path / "more.parquet"
    again = read(found.out)
    assert again.take(range(20)).texts == found.corpus.texts
    assert again.ids[20:] == [copy.id for copy in found.drawn.copies]
    assert len(again) == 20 + 80 - found.drawn.left_out
    assert (again.labels or [])[20:] == [(found.corpus.labels or [])[copy.row] for copy in found.drawn.copies]


def test_the_columns_keep_their_names(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("body,mark\na lovely film,good\na dull film,bad\n")
    columns = {"text_column": "body", "label_column": "mark"}
    found = augment(tmp_path / "data.csv", ["swap"], **columns, out=tmp_path / "more.parquet")
    assert len(read(tmp_path / "more.parquet", **columns)) == 4
    assert found.drawn.left_out == 0


def test_the_first_texts_alone_get_the_copies_that_all_would(reviews: Callable[..., Path], tmp_path: Path) -> None:
    data = reviews(tmp_path / "reviews.csv", 20, seed=1)
    few = augment(data, ["swap"], most=3).drawn.copies
    assert few == [copy for copy in augment(data, ["swap"]).drawn.copies if copy.row < 3]


def test_a_file_that_can_not_be_written_is_told_first(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"name it .*more\.parquet"):
        augment("missing.csv", ["swap"], out=tmp_path / "more.csv")
    (tmp_path / "more.parquet").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        augment("missing.csv", ["swap"], out=tmp_path / "more.parquet")


def test_labels_are_needed_for_a_file_only(tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_text("text\na lovely film\na dull film\n")
    assert len(augment(tmp_path / "texts.csv", ["swap"]).drawn.copies) == 2
    with pytest.raises(DataError, match="label"):
        augment(tmp_path / "texts.csv", ["swap"], out=tmp_path / "more.parquet")


def test_tagged_texts_and_their_copies_are_a_file_that_is_read_again(tmp_path: Path) -> None:
    data = tmp_path / "names.conll"
    data.write_text("Anna B-per\nLee I-per\nmet O\nsomebody O\nthere O\n\nBen B-per\nleft O\nearly O\n")
    found = augment(data, ["entity", "swap", "ocr"], task="tag", copies=3, out=tmp_path / "more.parquet")
    again = read_tagged(tmp_path / "more.parquet")
    assert again.ids[:3] == ["1", "2", "1+entity1"] or again.ids[:3] == ["1", "2", "2+entity1"]
    assert len(again) == 2 + len(found.drawn.copies) > 6
    for copy, row in zip(found.drawn.copies, range(2, len(again)), strict=True):
        assert again.texts[row] == copy.after.text
        assert again.tokens(row) == [copy.after.spelled(at) for at in range(len(copy.after.words))]
        assert (again.labels or [])[row] == tuple(word.tag for word in copy.after.words)


def test_a_recipe_s_group_augments_what_it_is_handed(caplog: pytest.LogCaptureFixture) -> None:
    corpus = Corpus("made up", ["1", "2"], TEXTS, ["good", "bad"])
    assert augmented(corpus, None, seed=1) is corpus
    assert augmented(corpus, {"methods": []}, seed=1) is corpus
    with caplog.at_level(logging.INFO, logger="regard"):
        more = augmented(corpus, {"methods": ["keyboard"], "options": {"keyboard": {"share": 0.2}}}, seed=1)
    assert more.ids == ["1", "2", "1+keyboard1", "2+keyboard1"]
    assert more.take([0, 1]) == corpus
    assert caplog.messages == ["made up: 2 copies by augmentation (keyboard)"]
    with pytest.raises(UsageError, match="swap is not among the methods"):
        augment(corpus, ["keyboard"], options={"swap": {}})
