"""What a recipe of a tagger describes: its encoder of words, and its network with new weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regard.errors import UsageError
from regard.recipe import Recipe
from regard.records import TaggedCorpus
from regard.tasks.scratch import from_scratch, numbered
from regard.tasks.tokens import own_tokenizer
from regard.text import vectors
from regard.text.normalise import Normaliser
from regard.text.piece_encoder import PieceEncoder
from regard.text.tokenise import load_tokenizer
from regard.text.word_encoder import WordEncoder, words_of
from regard.text.word_vocabulary import CharacterVocabulary, train_word_tokenizer


def word_encoder(recipe: Recipe, train: TaggedCorpus, *, offline: bool = False) -> PieceEncoder | WordEncoder:
    """The checkpoint's pieces, or whole words and their characters as the training part has them."""
    if tokenizer := own_tokenizer(recipe, offline=offline):
        return _pieces(recipe, tokenizer)
    if recipe.tokens.kind != "word":
        raise UsageError(
            f"tokens.kind: a tagger from scratch reads whole words and their characters, given: {recipe.tokens.kind}",
            mend="leave it out, or set it to word",
        )
    head, source = recipe.head_options, recipe.model_options.vectors
    words = list(words_of(Normaliser(recipe.preprocess), train.texts, train.words))
    known = vectors.load(source).words if source else []
    tokenizer = train_word_tokenizer(words, recipe.tokens, known=known, unseen=head.known_words)
    characters = None
    if head.character_channels:
        characters = CharacterVocabulary.train(words, longest=head.word_length)
    return _words(recipe, tokenizer, characters)


def load_encoder(recipe: Recipe, folder: Path) -> PieceEncoder | WordEncoder:
    """The encoder of a trained tagger, from its model's folder."""
    tokenizer = load_tokenizer(str(folder))
    if recipe.entry.kind == "checkpoint":
        return _pieces(recipe, tokenizer)
    return _words(
        recipe, tokenizer, CharacterVocabulary.load(folder) if recipe.head_options.character_channels else None
    )


def _pieces(recipe: Recipe, tokenizer: Any) -> PieceEncoder:
    return PieceEncoder(tokenizer, Normaliser(recipe.preprocess), **_windows(recipe))


def _words(recipe: Recipe, tokenizer: Any, characters: CharacterVocabulary | None) -> WordEncoder:
    return WordEncoder(tokenizer, characters, Normaliser(recipe.preprocess), **_windows(recipe))


def _windows(recipe: Recipe) -> dict[str, int]:
    tokens = recipe.tokens
    return {
        "max_length": tokens.max_length,
        "window_stride": tokens.window_stride,
        "max_windows": tokens.max_windows,
    }


def build_network(recipe: Recipe, encoder: Any, labels: Sequence[str], *, offline: bool = False) -> Any:
    """An untrained network, or a checkpoint with a new head, for these tags. Its weights begin from `recipe.seed`."""
    import torch

    from regard.encoders.pretrained_tagger import load_tagger

    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        if recipe.entry.kind != "checkpoint":
            return _from_scratch(recipe, encoder, labels)
        return load_tagger(
            recipe.model_name,
            list(labels),
            options=recipe.model_options,
            offline=offline,
            pad_token_id=encoder.pad_id,
            attention=recipe.attention,
            max_length=recipe.tokens.max_length,
        )


def _from_scratch(recipe: Recipe, encoder: WordEncoder, labels: Sequence[str]) -> Any:
    from regard.tasks.tag.networks import tagger_class

    head = recipe.head_options
    return from_scratch(
        recipe,
        encoder,
        tagger_class,
        unk_token_id=encoder.tokenizer.unk_token_id,
        crf=head.crf,
        word_dropout=head.word_dropout,
        character_vocab_size=len(encoder.characters) if encoder.characters else 0,
        character_size=head.character_size,
        character_channels=head.character_channels,
        character_dropout=head.character_dropout,
        **numbered(labels),
    )
