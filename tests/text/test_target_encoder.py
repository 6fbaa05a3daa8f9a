"""Targets come back from their tokens as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import processors

from regard.errors import ModelError
from regard.recipe import PreprocessOptions, TokenOptions
from regard.text.normalise import Normaliser
from regard.text.target_encoder import TargetEncoder, TranslationEncoder, load_target_tokenizer
from regard.text.tokenise import TextEncoder, load_tokenizer, train_tokenizer

TEXTS = ["Zwei Männer stehen an einem Auto.", "a man & a woman", "Ein Hund läuft über die Straße, oder nicht?"]
OPTIONS = TokenOptions(kind="bpe", vocabulary_size=400, minimum_frequency=1, lowercase=False)
TOKENIZER = train_tokenizer(TEXTS, OPTIONS)
PLAIN = Normaliser(PreprocessOptions())


def encoder(max_length: int = 100, tokenizer=TOKENIZER, **more) -> TargetEncoder:
    ids = {"begin_id": tokenizer.cls_token_id, "end_id": tokenizer.sep_token_id}
    return TargetEncoder(tokenizer, PLAIN, max_length=max_length, **ids, **more)


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn"), blacklist_characters="&<>"), max_size=40))
def test_decoding_gives_the_text_back(text: str) -> None:
    [ids] = encoder(1000).encode([text])
    assert ids[-1] == TOKENIZER.sep_token_id
    assert encoder().decode(ids) == PLAIN(text).text


def test_a_long_target_is_cut_and_has_no_end() -> None:
    [ids] = encoder(5).encode([TEXTS[2]])
    assert len(ids) == 5
    assert TOKENIZER.sep_token_id not in ids
    with pytest.raises(ModelError, match="max_output_tokens"):
        encoder(1)


def test_a_checkpoint_keeps_its_own_special_tokens() -> None:
    tokenizer = train_tokenizer(TEXTS, OPTIONS)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", tokenizer.cls_token_id), ("[SEP]", tokenizer.sep_token_id)]
    )
    [ids] = encoder(tokenizer=tokenizer, as_is=True).encode(["a man"])
    assert (ids[0], ids[-1], ids.count(tokenizer.sep_token_id)) == (tokenizer.cls_token_id, tokenizer.sep_token_id, 1)
    assert encoder(tokenizer=tokenizer).encode(["a man"]) == [ids[1:]]


def test_what_is_never_written_is_known() -> None:
    never = encoder().never
    assert TOKENIZER.pad_token_id in never
    assert TOKENIZER.cls_token_id in never
    assert TOKENIZER.sep_token_id not in never


@pytest.mark.parametrize("shared", [True, False])
def test_saved_and_loaded_both_sides_are_the_same(tmp_path: Path, shared: bool) -> None:
    other = TOKENIZER if shared else train_tokenizer(TEXTS[1:], OPTIONS)
    both = TranslationEncoder(TextEncoder(TOKENIZER, PLAIN, 50, "head"), encoder(tokenizer=other))
    assert both.shared == shared
    both.save(tmp_path)
    source = load_tokenizer(str(tmp_path))
    target = load_target_tokenizer(tmp_path, source)
    assert (target is source) == shared
    assert encoder(tokenizer=target).encode(TEXTS) == both.target.encode(TEXTS)
    assert target.pad_token_id == other.pad_token_id
