"""The generated tasks: the label is what was asked for, the distance what was said, and the words alone do not tell."""

import re

import pytest
from benchmarks.recall import SHOWN, TASKS, corpus


def answer(task, words):
    *told, question = words
    shown, asked = told[:SHOWN], question.removeprefix("which")
    if task == "copy":
        return shown[int(asked)][1:]
    return next(word[1:] for word in shown if word[0] == asked)


@pytest.mark.parametrize("task", TASKS)
def test_the_label_is_what_was_asked_for(task):
    made = corpus(task, {16: 30, 5: 20}, seed=4)
    assert len(made) == 50
    for row, (text, label) in enumerate(zip(made.texts, made.labels, strict=True)):
        words = text.split()
        assert label == f"value {answer(task, words)}"
        noise = words[SHOWN:-1]
        assert len(noise) == (16 if row < 30 else 5)
        assert all(re.fullmatch(r"n\d", word) for word in noise)


@pytest.mark.parametrize("task", TASKS)
def test_held_out_texts_are_others_and_the_same_seed_gives_the_same(task):
    first, again, other = (corpus(task, {16: 50}, seed) for seed in (1, 1, 3))
    assert first.texts == again.texts
    assert not set(first.texts) & set(other.texts)
