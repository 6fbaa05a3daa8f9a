from __future__ import annotations

from typing import Any

import pytest
import torch

from regard.analysis.attention import attention, has_attention, rollout
from regard.errors import UsageError

TEXT = "a wonderful film, but a boring plot"


def test_rollout_follows_equation_1() -> None:
    first = torch.tensor([[1.0, 0.0], [0.5, 0.5]], dtype=torch.float64)
    second = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    by_hand = torch.tensor([[0.5, 0.5], [0.5, 0.5]], dtype=torch.float64) @ torch.tensor(
        [[1.0, 0.0], [0.25, 0.75]], dtype=torch.float64
    )
    torch.testing.assert_close(rollout([first, second]), by_hand)


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
