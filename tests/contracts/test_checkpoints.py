"""What every family of checkpoints must keep, tiny ones, through the same rooms as the real thing."""

import numpy as np
import pytest
import torch
from tests import checkpoints
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from regard import recipe as recipes
from regard.errors import ModelError
from regard.tasks import classify
from regard.text.tokenise import load_tokenizer

TEXTS = ["a fine film with a warm heart", "dull, slow and far too long", "no", "wonderful!", "not a good idea at all"]
LABELS = ["bad", "good"]


@pytest.fixture(params=checkpoints.FAMILIES)
def classifier(request, tmp_path):
    folder = checkpoints.make(request.param, tmp_path / "checkpoint", TEXTS)
    recipe = recipes.build({"tokens": {"max_length": 32}}, model=str(folder))
    encoder = classify.text_encoder(recipe, load_tokenizer(str(folder)))
    model = classify.build_network(recipe, encoder, LABELS, False, offline=True)
    return classify.NetworkClassifier(model.eval(), encoder, LABELS, False, str(folder), "checkpoint")


def test_alone_equals_in_a_padded_batch(classifier):
    together = classifier.probabilities(TEXTS)
    alone = np.concatenate([classifier.probabilities([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_plain_transformers_and_its_pipeline_load_what_was_trained(classifier, tmp_path):
    expected = classifier.probabilities(TEXTS)
    classifier.model.save_pretrained(tmp_path / "model")
    classifier.encoder.save(tmp_path / "model")
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model")
    assert type(model).__module__.startswith("transformers.")
    pipe = pipeline(
        "text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained(tmp_path / "model"), top_k=None
    )
    for row, found in zip(expected, pipe(TEXTS), strict=True):
        by_label = {item["label"]: item["score"] for item in found}
        np.testing.assert_allclose([by_label[label] for label in LABELS], row, atol=2e-6)


def test_attention_dropout_is_off_and_the_rest_on(classifier):
    config = classifier.model.config
    assert {
        getattr(config, name)
        for name in ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop")
        if hasattr(config, name)
    } == {0.0}


def test_the_head_begins_from_the_seed(classifier):
    recipe = recipes.build({"tokens": {"max_length": 32}}, model=classifier.architecture)
    again = classify.build_network(recipe, classifier.encoder, LABELS, False, offline=True).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in classifier.model.state_dict().items())


def test_an_empty_text_is_answered(classifier):
    alone, among = classifier.probabilities([""]), classifier.probabilities(["", *TEXTS])
    np.testing.assert_allclose(alone[0], among[0], atol=2e-6)
    np.testing.assert_allclose(alone.sum(), 1)


def head(model):
    inside = {id(parameter) for parameter in model.base_model.parameters()}
    return [parameter for parameter in model.parameters() if id(parameter) not in inside]


@pytest.mark.parametrize(
    ("labels", "kept"),
    [(LABELS, True), (["good", "bad"], False), (["a", "b", "c"], False)],
    ids=["same", "order", "more"],
)
def test_a_head_is_kept_for_its_own_labels_only(classifier, tmp_path, labels, kept):
    """A published sentiment model can be fine-tuned for other labels; continued for its own, it keeps what it knows."""
    classifier.model.save_pretrained(tmp_path / "trained")
    classifier.encoder.save(tmp_path / "trained")
    recipe = recipes.build({"tokens": {"max_length": 32}, "seed": 9}, model=str(tmp_path / "trained"))
    again = classify.build_network(recipe, classifier.encoder, labels, False, offline=True)
    assert again.config.num_labels == len(labels)
    base = classifier.model.base_model.state_dict()
    assert all(torch.equal(value, base[name]) for name, value in again.base_model.state_dict().items())
    matrices = [(one, other) for one, other in zip(head(classifier.model), head(again), strict=True) if one.ndim > 1]
    assert matrices
    same = [one.shape == other.shape and torch.equal(one, other) for one, other in matrices]
    assert all(same) if kept else not any(same)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    recipe = recipes.build(model=str(tmp_path))
    with pytest.raises(ModelError, match="tokenizer can't be loaded"):
        load_tokenizer(str(tmp_path))
    with pytest.raises(ModelError, match=r"is no checkpoint: it has no config\.json"):
        recipe.entry.load()(str(tmp_path), LABELS, multi_label=False, options=recipe.model_options, offline=True)


def test_pickled_weights_are_refused(tmp_path):
    folder = checkpoints.make("bert", tmp_path, TEXTS)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    recipe = recipes.build(model=str(folder))
    with pytest.raises(ModelError, match="can't be loaded"):
        recipe.entry.load()(str(folder), LABELS, multi_label=False, options=recipe.model_options, offline=True)
