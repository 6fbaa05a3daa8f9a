"""What every network in the registry must keep, with every one of its tiny examples."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

import regard.auto  # noqa: F401
from regard import recipe as recipes
from regard.nn import linear
from regard.registry import ARCHITECTURES
from regard.tasks import classify
from regard.text.normalise import Normaliser
from regard.text.tokenise import train_tokenizer

TEXTS = [
    "a fine film with a warm heart",
    "dull, slow and far too long",
    "I laughed, I cried, and I would go again tomorrow with all of my friends",
    "no",
    "not a good idea at all, and badly made besides",
    "wonderful!",
    "the worst two hours of my year so far, and I have been to the dentist",
    "bright, quick and full of life",
]
LABELS = ["good", "bad", "good", "bad", "bad", "good", "bad", "good"]

CASES = [
    pytest.param(word, example, id=f"{word}-{number}")
    for word, entry in ARCHITECTURES.items()
    if entry.kind == "network"
    for number, example in enumerate(entry.load_options().examples)
]


def test_every_network_is_covered():
    words = {case.values[0] for case in CASES}
    assert words == {word for word, entry in ARCHITECTURES.items() if entry.kind == "network"}
    assert len(words) == 9


def build(word, example, *, multi_label=False, labels=("bad", "good")):
    recipe = recipes.build(
        {"model": dict(example), "tokens": {"vocabulary_size": 300, "minimum_frequency": 1, "max_length": 24}},
        model=word,
    )
    normaliser = Normaliser(recipe.preprocess)
    tokenizer = train_tokenizer((normaliser(text).text for text in TEXTS), recipe.tokens)
    encoder = classify.text_encoder(recipe, tokenizer)
    model = classify.build_network(recipe, encoder, labels, multi_label)
    return classify.NetworkClassifier(model, encoder, list(labels), multi_label, word)


def batch(classifier, texts=TEXTS):
    return classify.batch_of(classifier.encoder.encode(texts, offsets=False), classifier.encoder.pad_id)


@pytest.mark.parametrize(("word", "example"), CASES)
def test_alone_equals_in_a_padded_batch(word, example):
    classifier = build(word, example)
    classifier.model.double()
    together = classifier.probabilities(TEXTS)
    alone = np.concatenate([classifier.probabilities([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-12)


@pytest.mark.parametrize(("word", "example"), CASES)
def test_every_parameter_gets_a_gradient(word, example):
    classifier = build(word, example)
    loss, examples = classify.loss_function(False, 0.0)(
        classifier.model.train(), {**batch(classifier), "labels": torch.tensor([1, 0, 1, 0, 0, 1, 0, 1])}
    )
    loss.backward()
    assert examples == len(TEXTS)
    silent = [name for name, p in classifier.model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    # Of a sequence that ends at the first pooled token, later positions and unused directions are no part.
    assert silent == []


@pytest.mark.parametrize(("word", "example"), CASES)
def test_it_learns_the_same_whoever_computes_its_products(word, example, monkeypatch):
    """At full size large products go to oneDNN, at this size to torch's own function: here both, large and small."""
    found, taken, own = [], [], linear.onednn
    monkeypatch.setattr(linear, "onednn", lambda *given: (taken.append(given), own(*given))[1])
    for large in (0, linear.LARGE):
        monkeypatch.setattr(linear, "LARGE", large)
        torch.manual_seed(0)
        classifier = build(word, example)
        given = {**batch(classifier), "labels": torch.tensor([1, 0, 1, 0, 0, 1, 0, 1])}
        loss, _ = classify.loss_function(False, 0.0)(classifier.model.train(), given)
        loss.backward()
        gradients = {name: parameter.grad for name, parameter in classifier.model.named_parameters()}
        found.append((loss.detach(), gradients, torch.from_numpy(classifier.probabilities(TEXTS))))
    torch.testing.assert_close(found[0], found[1], rtol=1e-3, atol=1e-5)
    assert bool(taken) == any(isinstance(part, linear.Linear) for part in classifier.model.modules())


@pytest.mark.parametrize(("word", "example"), CASES)
def test_saved_and_loaded_gives_the_same_logits(word, example, tmp_path: Path):
    classifier = build(word, example)
    expected = classifier.probabilities(TEXTS)
    classifier.model.save_pretrained(tmp_path)
    loaded = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    assert type(loaded) is type(classifier.model)
    assert loaded.config.id2label == {0: "bad", 1: "good"}
    classifier.model = loaded
    np.testing.assert_array_equal(classifier.probabilities(TEXTS), expected)


@pytest.mark.parametrize(("word", "example"), CASES)
def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone(word, example):
    before = torch.random.get_rng_state()
    first, second = build(word, example).model.state_dict(), build(word, example).model.state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("word", "example"), CASES)
@pytest.mark.parametrize("multi_label", [False, True], ids=["one", "several"])
def test_a_tiny_set_is_learned_wholly(word, example, multi_label):
    classifier = build(word, {**example, "dropout": 0.0, "embedding_dropout": 0.0}, multi_label=multi_label)
    target = torch.tensor([1, 0, 1, 0, 0, 1, 0, 1])
    labels = torch.stack([1 - target, target], dim=1) if multi_label else target
    inputs = {**batch(classifier), "labels": labels}
    loss = classify.loss_function(multi_label, 0.0)
    optimizer = torch.optim.AdamW(classifier.model.parameters(), lr=1e-2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        classifier.model.train()
        for _ in range(150):
            optimizer.zero_grad()
            total, examples = loss(classifier.model, inputs)
            (total / examples).backward()
            optimizer.step()
    said = [classify.decode(row, classifier.labels, multi_label)[0] for row in classifier.probabilities(TEXTS)]
    assert said == [(label,) if multi_label else label for label in LABELS]


@pytest.mark.parametrize(("word", "example"), CASES)
def test_embeddings_can_be_handed_in(word, example):
    """Integrated gradients need it: logits of the embedded ids are the logits of the ids."""
    classifier = build(word, example)
    model, inputs = classifier.model.eval(), batch(classifier)
    embedded = model.get_input_embeddings()(inputs["input_ids"])
    with torch.no_grad():
        expected = model(**inputs).logits
        given = model(inputs_embeds=embedded, attention_mask=inputs["attention_mask"]).logits
    torch.testing.assert_close(given, expected)
