"""What a recipe of a pretraining describes: its encoder of documents, and its network."""

from __future__ import annotations

import logging
from typing import Any

from regard.errors import UsageError
from regard.recipe import Recipe
from regard.records import Corpus
from regard.tasks.pretrain.hiding import Hiding
from regard.tasks.scratch import from_scratch
from regard.tasks.tokens import own_tokenizer
from regard.text.document_encoder import DocumentEncoder
from regard.text.normalise import Normaliser
from regard.text.tokenise import train_tokenizer

logger = logging.getLogger("regard")


def document_encoder(recipe: Recipe, tokenizer: Any) -> DocumentEncoder:
    """The encoder that a recipe describes, around a tokenizer. Raises `ModelError` for one without a mask token."""
    head = recipe.head_options
    return DocumentEncoder(
        tokenizer,
        Normaliser(recipe.preprocess),
        recipe.tokens.max_length,
        head.documents,
        pairs=head.next_sentence,
        name=recipe.model_name,
    )


def train_encoder(recipe: Recipe, train: Corpus, *, offline: bool = False) -> DocumentEncoder:
    """A checkpoint's own tokenizer, or one trained on the training part."""
    if tokenizer := own_tokenizer(recipe, offline=offline):
        return document_encoder(recipe, tokenizer)
    normaliser = Normaliser(recipe.preprocess)
    return document_encoder(recipe, train_tokenizer((normaliser(text).text for text in train.texts), recipe.tokens))


def hiding_of(recipe: Recipe, encoder: DocumentEncoder) -> Hiding:
    head = recipe.head_options
    return Hiding(
        encoder.mask_id,
        encoder.ordinary,
        share=head.mask_share,
        as_mask=head.mask_token_share,
        as_random=head.random_token_share,
        whole_word=head.whole_word,
    )


def build_network(recipe: Recipe, encoder: DocumentEncoder, *, offline: bool = False) -> Any:
    """An untrained network, or a checkpoint to go on with, which is said where its head is new. Its weights begin from
    `recipe.seed`. Raises `UsageError` for a network that sees what stands before a token only."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        if recipe.entry.kind != "checkpoint":
            return _from_scratch(recipe, encoder)
        return _checkpoint(recipe, encoder, offline=offline)


def _from_scratch(recipe: Recipe, encoder: DocumentEncoder) -> Any:
    from regard.tasks.pretrain.networks import masked_class

    if recipe.model.get("bidirectional") is False:
        raise UsageError(
            "model.bidirectional: a hidden word is guessed from what stands on both sides of it",
            mend="leave it out; what is learned from one side is --task generate",
        )
    return from_scratch(recipe, encoder, masked_class, next_sentence=recipe.head_options.next_sentence)


def _checkpoint(recipe: Recipe, encoder: DocumentEncoder, *, offline: bool) -> Any:
    from regard.encoders.pretrained import load_masked

    pairs = recipe.head_options.next_sentence
    model, new = load_masked(
        recipe.model_name,
        pairs=pairs,
        options=recipe.model_options,
        offline=offline,
        pad_token_id=encoder.pad_id,
        attention=recipe.attention,
        max_length=recipe.tokens.max_length,
    )
    if new:
        said = "%s has no weights of a masked language model's head: it begins untrained (%s)"
        logger.warning(said, recipe.model_name, ", ".join(new[:3]) + (", …" if len(new) > 3 else ""))
    return model
