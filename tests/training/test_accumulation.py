"""RELIABILITY 7: a group of batches moves the weights as one batch of all its examples does."""

import pytest
import torch
from tiny_training import BagOfWords, TinyFeed, log_lines, loss, train

OPTIONS = {"max_grad_norm": 0.05, "logging_steps": 1, "weight_decay": 0.1}


def run(folder, sizes, accumulation):
    return train(
        folder,
        model=BagOfWords(dropout=0.0),
        feed=TinyFeed(sizes=sizes),
        options={**OPTIONS, "gradient_accumulation_steps": accumulation},
    )


@pytest.mark.parametrize(
    ("sizes", "accumulation"),
    [((4,), 4), ((1, 7, 2, 6), 4), ((16,), 1), ((15, 1), 2)],
    ids=["4x4", "unequal", "one", "lopsided"],
)
def test_groups_equal_one_batch(tmp_path, sizes, accumulation):
    # 36 rows: two groups of 16, then a short one of 4 examples in fewer batches.
    parts = run(tmp_path / "parts", sizes, accumulation)
    whole = run(tmp_path / "whole", (16,), 1)
    assert parts.result.steps == whole.result.steps == 9
    assert parts.result.examples == whole.result.examples == 3 * 36
    for part, one in zip(log_lines(tmp_path / "parts"), log_lines(tmp_path / "whole"), strict=True):
        assert part["loss"] == pytest.approx(one["loss"], abs=1e-5)
    for part, one in zip(parts.model.parameters(), whole.model.parameters(), strict=True):
        torch.testing.assert_close(part, one, atol=1e-5, rtol=0)


def test_the_logged_loss_is_the_mean_over_examples(tmp_path):
    """Frozen weights: the mean loss of an epoch is that of all its rows, whatever the batches."""
    model, feed = BagOfWords(dropout=0.0), TinyFeed(sizes=(1, 9, 2))
    expected = loss(model, feed.batch(range(feed.rows)))[0].item() / feed.rows
    train(tmp_path, model=model, feed=feed, options={"learning_rate": 1e-12, "epochs": 1, "logging_steps": 1000})
    [line] = [line for line in log_lines(tmp_path) if line["event"] == "step"]
    assert line["loss"] == pytest.approx(expected, abs=1e-6)
