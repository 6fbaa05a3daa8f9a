from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from regard.analysis.attribution import MOST_STEPS, TOLERANCE, UNSEEN, integrate, integrated_gradients, log_odds

TEXT = "a wonderful film, but a boring plot"
MODELS = ["rnn", "lstm", "gru", "cnn", "transformer"]
FAMILIES = ["bert", "roberta", "distilbert", "gpt2", "bart", "t5"]


def make(word: str, network: Any, checkpoint: Any) -> Any:
    return checkpoint(word) if word in FAMILIES else network(word)


@pytest.mark.parametrize("word", MODELS + FAMILIES)
def test_scores_add_up_to_the_change_of_the_log_odds(word: str, network: Any, checkpoint: Any) -> None:
    classifier = make(word, network, checkpoint)
    encoded = classifier.encoder.encode([TEXT])[0]
    scores, detail = integrated_gradients(classifier, encoded, "positive")
    positive = classifier.probabilities([TEXT])[0, 1]
    assert detail["score"] == pytest.approx(math.log(positive / (1 - positive)), abs=1e-4)
    change = detail["score"] - detail["baseline_score"]
    assert detail["completeness_error"] == pytest.approx(abs(sum(scores) - change) / abs(change), abs=1e-3)
    near = detail["completeness_error"] < TOLERANCE or abs(sum(scores) - change) < UNSEEN
    assert near or detail["steps"] == MOST_STEPS
    assert [score for score, special in zip(scores, encoded.special, strict=True) if special] == [0.0, 0.0]


@pytest.mark.parametrize("word", ["lstm", "roberta"])
def test_the_baseline_is_the_text_with_padding_in_its_place(word: str, network: Any, checkpoint: Any) -> None:
    """Roberta counts positions from the ids that are not padding: a baseline of padding ids would move them all."""
    classifier = make(word, network, checkpoint)
    encoded = classifier.encoder.encode([TEXT])[0]
    _, detail = integrated_gradients(classifier, encoded, "positive")
    ids = [
        token if special else classifier.encoder.pad_id
        for token, special in zip(encoded.ids, encoded.special, strict=True)
    ]
    embeddings = classifier.model.get_input_embeddings()(torch.tensor([ids]))
    with torch.no_grad():
        logits = classifier.model(inputs_embeds=embeddings, attention_mask=torch.ones(1, len(ids))).logits
    assert detail["baseline_score"] == pytest.approx(float(logits[0, 1] - logits[0, 0]), abs=1e-5)


def test_a_linear_model_is_explained_exactly(network: Any) -> None:
    """Mean of the embeddings, then a linear head: each token's share has a closed form."""
    classifier = network("transformer", layers=1, pooling="mean")
    model = classifier.model
    model.encoder = _Nothing()
    model.pooling.kind = "mean"
    encoded = classifier.encoder.encode([TEXT])[0]
    scores, detail = integrated_gradients(classifier, encoded, "positive")
    direction = (model.head.weight[1] - model.head.weight[0]).detach() / len(encoded.ids)
    moved = model.embedding(torch.tensor(encoded.ids)).detach()
    expected = [0.0 if s else float(row @ direction) for row, s in zip(moved, encoded.special, strict=True)]
    assert scores == pytest.approx(expected, abs=1e-6)
    assert detail["completeness_error"] < 1e-3


class _Nothing(torch.nn.Module):
    def forward(self, embeddings: torch.Tensor, keep: torch.Tensor, need_weights: bool = False) -> Any:
        from regard.encoders.base import EncoderOutput

        return EncoderOutput(embeddings)


def test_the_model_is_left_as_it_was(network: Any) -> None:
    classifier = network("lstm", train_vectors=False)
    classifier.model.train()
    before = {name: p.requires_grad for name, p in classifier.model.named_parameters()}
    assert set(before.values()) == {True, False}
    integrated_gradients(classifier, classifier.encoder.encode([TEXT])[0], "negative")
    assert {name: p.requires_grad for name, p in classifier.model.named_parameters()} == before
    assert all(p.grad is None for p in classifier.model.parameters())
    assert classifier.model.training
    assert not classifier.model.get_input_embeddings()._forward_hooks


def test_targets_speak_against_each_other(network: Any) -> None:
    classifier = network("cnn")
    encoded = classifier.encoder.encode([TEXT])[0]
    positive, _ = integrated_gradients(classifier, encoded, "positive")
    negative, _ = integrated_gradients(classifier, encoded, "negative")
    assert positive == pytest.approx([-score for score in negative], abs=1e-5)


def test_log_odds() -> None:
    logits = torch.tensor([[1.0, 2.0, 0.5]])
    share = logits.softmax(-1)[0, 1]
    assert log_odds(logits, 1, multi_label=False).item() == pytest.approx((share / (1 - share)).log().item())
    assert log_odds(logits, 1, multi_label=True).item() == 2.0


@pytest.mark.parametrize(("height", "steps"), [(1.0, 24), (0.001, 12)])
def test_what_nobody_could_see_is_not_worth_more_steps(height: float, steps: int) -> None:
    """A score that jumps on the way adds up only roughly: by as many steps as that much of a jump is worth."""

    def jumping(states: torch.Tensor) -> torch.Tensor:
        return height * torch.sigmoid(400 * (states.sum((1, 2)) - 0.33))

    _, detail = integrate(jumping, torch.full((1, 2, 2), 0.25), torch.zeros(1, 2, 2))
    assert detail["steps"] >= steps
    assert (detail["steps"] == 12) == (steps == 12)
