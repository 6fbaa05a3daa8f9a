from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.nn.test_look import Largest

from regard.analysis.attention import attention, has_attention, rollout
from regard.errors import UsageError
from regard.recipe import build
from regard.registry import ARCHITECTURES
from regard.tasks.classify import NetworkClassifier, build_network
from regard.text.tokenise import TextEncoder

TEXT = "a wonderful film, but a boring plot"


def test_rollout_follows_equation_1() -> None:
    first = torch.tensor([[1.0, 0.0], [0.5, 0.5]], dtype=torch.float64)
    second = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    by_hand = torch.tensor([[0.5, 0.5], [0.5, 0.5]], dtype=torch.float64) @ torch.tensor(
        [[1.0, 0.0], [0.25, 0.75]], dtype=torch.float64
    )
    layers = [lambda shares: shares @ first, lambda shares: shares @ second]
    for row, start in zip(by_hand, torch.eye(2, dtype=torch.float64), strict=True):
        torch.testing.assert_close(rollout(layers, start), row)


@pytest.mark.parametrize(
    ("word", "options", "where"),
    [
        ("lstm", {"pooling": "attention"}, "every token"),
        ("transformer", {"pooling": "mean"}, "the mean of all tokens"),
        ("transformer", {"pooling": "first"}, "the first token"),
        ("transformer", {"pooling": "attention"}, "the pooling's weights"),
        ("transformer-xl", {"segment_length": 3, "memory_length": 2}, "the mean of all tokens"),
        ("transformer-xl", {"segment_length": 3, "memory_length": 2, "pooling": "last"}, "the last token"),
    ],
)
def test_our_networks(network: Any, word: str, options: dict[str, Any], where: str) -> None:
    classifier = network(word, **options)
    encoded = classifier.encoder.encode([TEXT])[0]
    scores, detail = attention(classifier, encoded)
    assert has_attention(classifier)
    assert detail["from"] == where
    assert sum(scores) == pytest.approx(1.0)
    assert all(score >= 0 for score in scores)
    assert scores[0] == scores[-1] == 0.0


def test_pooling_weights_are_shown_as_they_are(network: Any) -> None:
    classifier = network("gru", pooling="attention")
    encoded = classifier.encoder.encode([TEXT])[0]
    ids = torch.tensor([encoded.ids])
    with torch.no_grad():
        weights = classifier.model(input_ids=ids, attention_mask=torch.ones_like(ids)).pooling_weights[0, 1:-1]
    scores, _ = attention(classifier, encoded)
    assert scores[1:-1] == pytest.approx((weights / weights.sum()).tolist())


@pytest.mark.parametrize(
    ("family", "where"),
    [
        ("bert", "the first token"),
        ("roberta", "the first token"),
        ("distilbert", "the first token"),
        ("gpt2", "the last token"),
    ],
)
def test_a_checkpoint_shows_its_weights_and_stays_as_it_was(checkpoint: Any, family: str, where: str) -> None:
    classifier = checkpoint(family)
    before = classifier.model.config.to_dict(), classifier.model.config._attn_implementation
    assert before[1] == "sdpa"
    logits = classifier.probabilities([TEXT])
    encoded = classifier.encoder.encode([TEXT])[0]
    scores, detail = attention(classifier, encoded)
    assert detail["from"] == where
    assert sum(scores) == pytest.approx(1.0)
    assert (classifier.model.config.to_dict(), classifier.model.config._attn_implementation) == before
    assert (classifier.probabilities([TEXT]) == logits).all()


def test_the_last_layer_is_that_of_transformers(checkpoint: Any) -> None:
    classifier = checkpoint("bert")
    encoded = classifier.encoder.encode([TEXT])[0]
    scores, _ = attention(classifier, encoded, last_layer=True)
    classifier.model.set_attn_implementation("eager")
    with torch.no_grad():
        weights = classifier.model(torch.tensor([encoded.ids]), output_attentions=True).attentions[-1]
    row = weights[0].mean(0)[0, 1:-1]
    assert scores[1:-1] == pytest.approx((row / row.sum()).tolist(), rel=1e-5)


@pytest.mark.parametrize(("word", "options"), [("cnn", {}), ("lstm", {"pooling": "max"})])
def test_a_model_without_attention(network: Any, word: str, options: dict[str, Any]) -> None:
    classifier = network(word, **options)
    assert not has_attention(classifier)
    with pytest.raises(UsageError, match="no attention"):
        attention(classifier, classifier.encoder.encode([TEXT])[0])


@pytest.mark.parametrize("word", ["transformer", "longformer", "bigbird", "reformer", "transformer-xl"])
@pytest.mark.parametrize("last_layer", [False, True])
def test_looking_afterwards_says_what_the_maps_say(
    network: Any, word: str, last_layer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if word not in ARCHITECTURES:
        pytest.skip(f"{word} is not registered")
    classifier = network(word)
    encoded = classifier.encoder.encode([TEXT])[0]
    looked_up = attention(classifier, encoded, last_layer=last_layer)
    monkeypatch.setattr("regard.analysis.attention._runs_our_engines", lambda classifier: False)
    by_maps = attention(classifier, encoded, last_layer=last_layer)
    assert looked_up[0] == pytest.approx(by_maps[0], rel=1e-4, abs=1e-7)
    assert looked_up[1] == by_maps[1]


@pytest.mark.parametrize("word", ["longformer", "bigbird"])
def test_a_long_text_is_explained_without_a_map(encoder: Any, word: str) -> None:
    if word not in ARCHITECTURES:
        pytest.skip(f"{word} is not registered")
    length, text = 4096, " ".join([TEXT] * 700)
    sizes = {"left": 16, "right": 16} if word == "longformer" else {"block_size": 16}
    model = {"name": word, "hidden_size": 16, "embedding_size": 16, **sizes}
    recipe = build({"model": model, "tokens": {"max_length": length}})
    long = TextEncoder(encoder.tokenizer, encoder.normaliser, length, "head")
    network = build_network(recipe, long, ["bad", "good"], False).eval()
    classifier = NetworkClassifier(network, long, ["bad", "good"], False, word)
    encoded = long.encode([text])[0]
    assert len(encoded.ids) == length
    with Largest() as largest:
        scores, _ = attention(classifier, encoded)
    assert sum(scores) == pytest.approx(1.0)
    assert length < largest.numbers < length**2 / 4
