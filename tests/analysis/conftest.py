"""Small real models to explain: networks of ours, transformers' own classifiers, and both baselines."""

from __future__ import annotations

from typing import Any

import pytest
from tests.checkpoints import ENDS, SMALL_WRITER

from regard.recipe import PreprocessOptions, TokenOptions, build
from regard.tasks.classify import BaselineClassifier, NetworkClassifier
from regard.text.normalise import Normaliser
from regard.text.tokenise import TextEncoder, train_tokenizer

TEXTS = [
    "a wonderful film, moving and wonderful acting",
    "a dull film, boring plot and terrible acting",
    "wonderful story; I loved the moving plot!",
    "terrible story; I hated the boring plot!",
] * 4
LABELS = ["positive", "negative", "positive", "negative"] * 4
NAMES = ["negative", "positive"]


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    options = TokenOptions(kind="wordpiece", vocabulary_size=150, minimum_frequency=1)
    return TextEncoder(train_tokenizer(TEXTS, options), Normaliser(PreprocessOptions()), 32, "head+tail")


@pytest.fixture(scope="session")
def network(encoder: TextEncoder) -> Any:
    """`network(word, **options)`: an untrained network of ours."""
    from regard.tasks.classify import build_network

    def make(word: str, *, multi_label: bool = False, **options: Any) -> NetworkClassifier:
        sets = {"hidden_size": 16, "embedding_size": 16} if word != "cnn" else {"embedding_size": 16, "channels": 8}
        recipe = build({"model": {"name": word, **sets, **options}, "tokens": {"max_length": 32}})
        model = build_network(recipe, encoder, NAMES, multi_label).eval()
        return NetworkClassifier(model, encoder, NAMES, multi_label, word)

    return make


@pytest.fixture(scope="session")
def checkpoint(encoder: TextEncoder) -> Any:
    """`checkpoint(family)`: a tiny classifier of transformers itself."""

    def make(family: str = "bert") -> NetworkClassifier:
        import torch
        from transformers import AutoConfig, AutoModelForSequenceClassification

        sizes = {
            "bert": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32},
            "roberta": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32},
            "distilbert": {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32},
            "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64},
            "bart": {**SMALL_WRITER, **ENDS, "eos_token_id": encoder.tokenizer.sep_token_id},
            "t5": {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "decoder_start_token_id": 0}
            | {"eos_token_id": encoder.tokenizer.sep_token_id},
        }[family]
        vocabulary = max(encoder.vocabulary.values()) + 1
        sizes["pad_token_id"] = encoder.pad_id
        config = AutoConfig.for_model(family, vocab_size=vocabulary, num_labels=2, **sizes)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = AutoModelForSequenceClassification.from_config(config).eval()
        return NetworkClassifier(model, encoder, NAMES, False, family, kind="checkpoint")

    return make


@pytest.fixture(scope="session", params=["tfidf", "nbsvm"])
def baseline(request: pytest.FixtureRequest) -> BaselineClassifier:
    recipe = build({"model": {"name": request.param, "min_df": 1}})
    normaliser = Normaliser(recipe.preprocess)
    model = recipe.entry.load()(recipe.model_options)
    model.fit([normaliser(text).text for text in TEXTS], LABELS, NAMES, False, 1)
    return BaselineClassifier(model, normaliser, NAMES, False, request.param)
