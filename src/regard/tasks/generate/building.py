"""What a recipe of a language model describes: its encoder around a tokenizer, and its network with new weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.errors import UsageError
from regard.recipe import Recipe
from regard.records import Corpus
from regard.tasks.generate.encoder import LanguageEncoder
from regard.tasks.scratch import from_scratch
from regard.tasks.tokens import own_tokenizer
from regard.text.normalise import Normaliser
from regard.text.tokenise import SPECIAL_TOKENS, load_tokenizer, train_tokenizer


def language_encoder(recipe: Recipe, train: Corpus, *, offline: bool = False) -> LanguageEncoder:
    """The checkpoint's own tokenizer, or one trained on the training part."""
    if recipe.head_options.lora and recipe.entry.kind != "checkpoint":
        raise UsageError(
            "head.lora: a network from scratch has nothing to keep", mend="leave it out; it is for checkpoints"
        )
    if tokenizer := own_tokenizer(recipe, offline=offline):
        return _encoder(recipe, tokenizer)
    normaliser = Normaliser(recipe.preprocess)
    tokenizer = train_tokenizer((normaliser(text).text for text in train.texts), recipe.tokens)
    # One token is the end of a text and what stands before the next, as in GPT-2.
    tokenizer.bos_token = tokenizer.eos_token = SPECIAL_TOKENS["sep_token"]
    return _encoder(recipe, tokenizer)


def load_encoder(recipe: Recipe, folder: Path) -> LanguageEncoder:
    """The encoder of a trained model, from its folder."""
    return _encoder(recipe, load_tokenizer(str(folder)))


def _encoder(recipe: Recipe, tokenizer: Any) -> LanguageEncoder:
    own = recipe.entry.kind == "checkpoint"
    return LanguageEncoder(tokenizer, Normaliser(recipe.preprocess), recipe.tokens.max_length, as_is=own)


def build_network(recipe: Recipe, encoder: LanguageEncoder, *, offline: bool = False) -> Any:
    """An untrained network, or a checkpoint to go on with. New weights begin from `recipe.seed`."""
    import torch

    head = recipe.head_options
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        if recipe.entry.kind == "checkpoint":
            from regard.tasks.generate.continued import load_checkpoint

            return load_checkpoint(recipe, encoder, offline=offline)
        from regard.tasks.generate.networks import language_model_class

        return from_scratch(
            recipe,
            encoder,
            language_model_class,
            tie_embeddings=head.tie_embeddings,
            bos_token_id=encoder.begin_id,
            eos_token_id=encoder.end_id,
        )
