"""What a recipe for text pairs describes: its encoder of sources and targets, and its network with new weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard.errors import ModelError, UsageError
from regard.recipe import Recipe
from regard.records import TextPairCorpus
from regard.tasks.published import published
from regard.tasks.scratch import from_scratch
from regard.tasks.tokens import own_tokenizer
from regard.text.normalise import Normaliser
from regard.text.target_encoder import TargetEncoder, TranslationEncoder, load_target_tokenizer
from regard.text.tokenise import TextEncoder, load_tokenizer, train_tokenizer


def train_encoder(recipe: Recipe, train: TextPairCorpus, *, offline: bool = False) -> TranslationEncoder:
    """A checkpoint's own tokenizer, or one trained on sources and targets together, or one on each."""
    if tokenizer := own_tokenizer(recipe, offline=offline):
        return _of_checkpoint(recipe, tokenizer, _start_of(recipe, offline=offline))
    normaliser = Normaliser(recipe.preprocess)
    sources = [normaliser(text).text for text in train.texts]
    targets = [normaliser(text).text for label in train.labels or [] for text in label]
    if recipe.head_options.shared_vocabulary:
        if recipe.model_options.vectors:
            raise UsageError(
                "model.vectors: word vectors are of one language, and source and target share one vocabulary",
                mend="--set head.shared_vocabulary=false",
            )
        tokenizer = train_tokenizer([*sources, *targets], recipe.tokens)
        return _of_network(recipe, tokenizer, tokenizer)
    return _of_network(recipe, train_tokenizer(sources, recipe.tokens), train_tokenizer(targets, recipe.tokens))


def load_encoder(recipe: Recipe, folder: Path, model: Any) -> TranslationEncoder:
    """The encoder of a trained translator, from its model's folder."""
    tokenizer = load_tokenizer(str(folder))
    if recipe.entry.kind == "checkpoint":
        return _of_checkpoint(recipe, tokenizer, _start_id(model.config, recipe.model_name))
    return _of_network(recipe, tokenizer, load_target_tokenizer(folder, tokenizer))


def _of_network(recipe: Recipe, source: Any, target: Any) -> TranslationEncoder:
    return TranslationEncoder(
        _source(recipe, source),
        TargetEncoder(
            target,
            Normaliser(recipe.preprocess),
            begin_id=int(target.cls_token_id),
            end_id=int(target.sep_token_id),
            max_length=recipe.head_options.max_output_tokens,
        ),
    )


def _of_checkpoint(recipe: Recipe, tokenizer: Any, begin_id: int) -> TranslationEncoder:
    if tokenizer.eos_token_id is None:
        raise ModelError(
            f"{recipe.model_name}: its tokenizer has no end token", mend="name an eos_token in tokenizer_config.json"
        )
    target = TargetEncoder(
        tokenizer,
        Normaliser(recipe.preprocess),
        begin_id=begin_id,
        end_id=int(tokenizer.eos_token_id),
        max_length=recipe.head_options.max_output_tokens,
        as_is=True,
    )
    return TranslationEncoder(_source(recipe, tokenizer), target)


def _source(recipe: Recipe, tokenizer: Any) -> TextEncoder:
    tokens = recipe.tokens
    if tokens.strategy == "windows":
        raise UsageError(
            "tokens.strategy: one output is made of one window, so windows can't be read",
            mend="--strategy head, tail or head+tail, and a larger --max-length",
        )
    return TextEncoder(tokenizer, Normaliser(recipe.preprocess), tokens.max_length, tokens.strategy)


def _start_of(recipe: Recipe, *, offline: bool) -> int:
    """What a checkpoint's decoder reads first, from its configuration."""
    import transformers

    from regard.encoders.pretrained import locate

    place, local = locate(recipe.model_name, offline=offline)
    try:
        config = transformers.AutoConfig.from_pretrained(place, local_files_only=local, trust_remote_code=False)
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise ModelError(f"{recipe.model_name}: its configuration can't be read: {first}") from None
    return _start_id(config, recipe.model_name)


def _start_id(config: Any, name: str) -> int:
    if not getattr(config, "is_encoder_decoder", False) or getattr(config, "decoder_start_token_id", None) is None:
        raise ModelError(
            f"{name} is no model of text to text (an encoder and a decoder, such as T5 or BART)",
            mend="take one that is; or `--model transformer` trains one from scratch",
        )
    return int(config.decoder_start_token_id)


def build_network(recipe: Recipe, encoder: TranslationEncoder, *, offline: bool = False) -> Any:
    """An untrained network, or a checkpoint as it is. New weights begin from `recipe.seed`."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        if recipe.entry.kind != "checkpoint":
            return _from_scratch(recipe, encoder)
        return published(recipe, "AutoModelForSeq2SeqLM", "a model of text to text", encoder.pad_id, offline=offline)


def _from_scratch(recipe: Recipe, encoder: TranslationEncoder) -> Any:
    from regard.tasks.translate.networks import translator_class

    head, target = recipe.head_options, encoder.target
    return from_scratch(
        recipe,
        encoder,
        translator_class,
        target_vocab_size=target.vocabulary_size,
        target_positions=target.max_length + 1,
        decoder_layers=head.decoder_layers or recipe.model_options.layers,
        decoder_attention=head.attention,
        tie_target_embedding=head.tie_embeddings,
        shared_embedding=head.shared_vocabulary,
        scaled_source=True,
        decoder_start_token_id=target.begin_id,
        eos_token_id=target.end_id,
    )
