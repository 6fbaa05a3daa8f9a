"""A text in windows has the pooled logits of its windows, in prediction and in training, for every network."""

import numpy as np
import pytest
import torch
from tests import checkpoints
from torch.nn import functional as F

from regard import recipe as recipes
from regard.registry import ARCHITECTURES
from regard.tasks import classify
from regard.text.normalise import Normaliser
from regard.text.tokenise import load_tokenizer, train_tokenizer

LONG = "it was a fine film with a warm heart and a slow end . " * 4
TEXTS = ["short and good", LONG, "", "a dull film , far too long and badly made , with no heart", LONG[:80]]
LABELS = ["bad", "good", "fair"]
NETWORKS = [word for word, entry in ARCHITECTURES.items() if entry.kind == "network"]


def tokens(**more):
    return {"vocabulary_size": 300, "minimum_frequency": 1, "max_length": 10, "strategy": "windows", **more}


def network(word, **more):
    recipe = recipes.build({"model": dict(ARCHITECTURES[word].load_options().examples[0])}, model=word)
    recipe = recipes.build(recipe.model_dump(), {"tokens": tokens(**more)})
    normaliser = Normaliser(recipe.preprocess)
    tokenizer = train_tokenizer((normaliser(text).text for text in TEXTS), recipe.tokens)
    return classifier(recipe, classify.text_encoder(recipe, tokenizer))


def checkpoint(family, folder, **more):
    place = checkpoints.make(family, folder / family, TEXTS)
    recipe = recipes.build({"tokens": {**tokens(**more), "kind": "checkpoint"}}, model=str(place))
    return classifier(recipe, classify.text_encoder(recipe, load_tokenizer(str(place))))


def classifier(recipe, encoder):
    model = classify.build_network(recipe, encoder, LABELS, False, offline=True).eval().double()
    pooling = recipe.tokens.window_pooling
    kind = recipe.entry.kind
    return classify.NetworkClassifier(model, encoder, LABELS, False, recipe.model_name, kind, window_pooling=pooling)


def by_hand(model, text, pooling):
    """Each window alone, then the mean or the maximum of the logits."""
    with torch.no_grad():
        rows = [
            model.model(input_ids=torch.tensor([window.ids]), attention_mask=torch.ones(1, len(window.ids)).long())
            for window in model.encoder.encode([text])[0].windows
        ]
    logits = np.stack([row.logits[0].numpy() for row in rows])
    return logits.mean(0) if pooling == "mean" else logits.max(0)


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("word", [*NETWORKS, *checkpoints.FAMILIES])
def test_pooled_logits_are_those_of_the_windows_one_by_one(word, pooling, tmp_path):
    more = {"window_pooling": pooling}
    model = checkpoint(word, tmp_path, **more) if word in checkpoints.FAMILIES else network(word, **more)
    encoded = model.encoder.encode(TEXTS)
    assert [len(item.windows) > 1 for item in encoded] == [False, True, False, True, True]
    found = model.logits(encoded)
    np.testing.assert_allclose(found, [by_hand(model, text, pooling) for text in TEXTS], atol=1e-6)


def test_neither_order_nor_batches_change_a_text(tmp_path):
    model = network("lstm")
    expected = model.logits(model.encoder.encode(TEXTS))
    backwards = model.logits(model.encoder.encode(TEXTS[::-1]))[::-1]
    model.batch_tokens = 16
    np.testing.assert_allclose(backwards, expected, atol=1e-12)
    np.testing.assert_allclose(model.logits(model.encoder.encode(TEXTS)), expected, atol=1e-12)


def test_short_texts_are_those_of_any_other_strategy_bit_for_bit():
    windows, head = network("gru"), network("gru", strategy="head")
    short = ["short and good", "", "a dull film"]
    assert windows.encoder.encode(short) == head.encoder.encode(short)
    assert windows.probabilities(short).tobytes() == head.probabilities(short).tobytes()


def test_memory_is_that_of_a_batch_however_long_the_text():
    model = network("cnn", max_windows=1000)
    model.batch_tokens = 64
    widest = []
    model.model.register_forward_pre_hook(lambda _, __, named: widest.append(named["input_ids"].numel()), with_kwargs=1)
    [encoded] = model.encoder.encode([LONG * 40])
    assert len(encoded.windows) > 200
    model.logits([encoded])
    assert len(widest) > 30
    assert max(widest) <= 64


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_the_loss_is_on_the_pooled_logits_and_counts_texts(pooling):
    model = network("transformer", window_pooling=pooling)
    encoded = model.encoder.encode(TEXTS)
    batch = classify.batch_of(encoded, model.encoder.pad_id)
    assert batch["windows"].tolist() == [len(item.windows) for item in encoded]
    gold = torch.tensor([1, 0, 2, 0, 1])
    total, examples = classify.loss_function(False, 0.0, pooling)(model.model, {**batch, "labels": gold})
    expected = F.cross_entropy(torch.from_numpy(model.logits(encoded)), gold, reduction="sum")
    assert examples == len(TEXTS)
    assert total.item() == pytest.approx(expected.item(), rel=1e-6)
    total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.model.parameters())


def test_a_batch_without_long_texts_is_as_it_was():
    model = network("cnn")
    assert "windows" not in classify.batch_of(model.encoder.encode(["short and good", ""]), model.encoder.pad_id)
