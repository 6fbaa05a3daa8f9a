"""A text in windows is explained as a whole: every character read has a score, and sums are the pooled answer's."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
import torch

from regard.analysis import attribution
from regard.analysis.attention import attention
from regard.analysis.attribution import MOST_STEPS, TOLERANCE, UNSEEN, integrated_gradients
from regard.analysis.explain import explain, methods
from regard.text.tokenise import TextEncoder

TEXT = "a wonderful film, but <br />the boring plot and terrible acting! I loved the moving story, hated the rest"
MODELS = [
    ("lstm", {"pooling": "attention"}),
    ("cnn", {}),
    ("transformer", {"pooling": "mean"}),
    ("bert", {}),
    ("gpt2", {}),
]


def make(word: str, options: Any, network: Any, checkpoint: Any, pooling: str = "mean") -> Any:
    """The model, reading windows of 8 tokens."""
    made = checkpoint(word) if word in ("bert", "gpt2") else network(word, **options)
    encoder = TextEncoder(made.encoder.tokenizer, made.encoder.normaliser, 10, "windows")
    return replace(made, encoder=encoder, window_pooling=pooling)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize(("word", "options"), MODELS)
def test_gradients_add_up_to_the_change_of_the_pooled_log_odds(
    word: str, options: Any, pooling: str, network: Any, checkpoint: Any
) -> None:
    classifier = make(word, options, network, checkpoint, pooling)
    found = explain(classifier, TEXT, method="integrated_gradients", target="positive")
    detail = found.detail
    positive = classifier.probabilities([TEXT])[0, 1]
    assert detail["windows"] > 3
    assert detail["score"] == pytest.approx(math.log(positive / (1 - positive)), abs=1e-4)
    change = detail["score"] - detail["baseline_score"]
    total = sum(item.score for item in found.highlights)
    assert detail["completeness_error"] == pytest.approx(abs(total - change) / abs(change), abs=1e-3)
    near = detail["completeness_error"] < TOLERANCE or abs(total - change) < UNSEEN
    assert near or detail["steps"] == MOST_STEPS or pooling == "max"
    assert found.seen == [(0, len(TEXT))]


def test_gradients_of_many_windows_are_the_same_in_parts(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = make("transformer", {}, network, None)
    encoded = classifier.encoder.encode([TEXT])[0]
    expected, _ = integrated_gradients(classifier, encoded, "positive")
    monkeypatch.setattr(attribution, "TOKENS_AT_ONCE", 20)
    found, _ = integrated_gradients(classifier, encoded, "positive")
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("method", ["attention", "last_layer_attention"])
@pytest.mark.parametrize(("word", "options"), [case for case in MODELS if case[0] != "cnn"])
def test_attention_is_a_share_of_the_whole_text(
    word: str, options: Any, method: str, network: Any, checkpoint: Any
) -> None:
    classifier = make(word, options, network, checkpoint)
    if method not in methods(classifier):
        return
    found = explain(classifier, TEXT, method=method)
    assert sum(item.score for item in found.highlights) == pytest.approx(1.0)
    assert all(item.score >= 0 for item in found.highlights)
    assert found.seen == [(0, len(TEXT))]


def test_a_token_in_two_windows_has_the_mean_of_both(network: Any) -> None:
    classifier = make("gru", {"pooling": "attention"}, network, None)
    encoded = classifier.encoder.encode([TEXT])[0]
    scores, detail = attention(classifier, encoded)
    assert detail["windows"] == len(encoded.windows)
    together, of_each = defaultdict(float), defaultdict(list)
    for number, window in enumerate(encoded.windows):
        ids = torch.tensor([window.ids])
        with torch.no_grad():
            weights = classifier.model(input_ids=ids, attention_mask=torch.ones_like(ids)).pooling_weights[0, 1:-1]
        for place, weight in enumerate((weights / weights.sum()).tolist(), start=window.start):
            of_each[place].append(weight)
        own = scores[10 * number + 1 : 10 * number + 9]
        for place, score in enumerate(own, start=window.start):
            together[place] += score
    means = {place: sum(found) / len(found) for place, found in of_each.items()}
    assert max(map(len, of_each.values())) > 1
    total = sum(means.values())
    assert dict(together) == pytest.approx({place: mean / total for place, mean in means.items()})


def test_a_short_text_is_explained_as_ever(network: Any) -> None:
    plain = network("lstm", pooling="attention")
    classifier = make("lstm", {"pooling": "attention"}, network, None)
    for method in methods(classifier):
        assert explain(classifier, "a boring film", method=method) == explain(plain, "a boring film", method=method)
