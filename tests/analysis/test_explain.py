from __future__ import annotations

import json
from typing import Any

import pytest

from regard.analysis.explain import SIGNED, explain, methods
from regard.errors import UsageError
from regard.tasks.classify import BaselineClassifier

TEXT = "A <b>WONDERFUL</b> film&hellip;<br /><br />Wonderful acting,\n  but a boring plot! 👩‍👧"
HOSTILE = ["", " \n", "\ud800 film", "\0\0", "<br />", "👩‍👧", "film " * 500, "x" * 5000]


def test_weights_add_up_to_the_decision_score(baseline: BaselineClassifier) -> None:
    assert methods(baseline) == ["weights"]
    for target in baseline.labels:
        found = explain(baseline, TEXT, target=target)
        total = sum(item.score for item in found.highlights) + found.detail["bias"]
        assert total == pytest.approx(found.detail["total"])
        assert (found.target, found.signed, found.method) == (target, True, "weights")


def test_weights_fall_on_words_of_the_text_as_given(baseline: BaselineClassifier) -> None:
    found = explain(baseline, TEXT, target="positive")
    words = dict(found.words())
    assert list(words) == [
        "A",
        "WONDERFUL",
        "film",
        "&hellip;",
        "Wonderful",
        "acting",
        ",",
        "but",
        "a",
        "boring",
        "plot",
        "!",
        "👩‍👧",
    ]
    assert words["WONDERFUL"] > 0 > words["boring"]
    assert found.seen == [(0, len(TEXT))]


@pytest.mark.parametrize(
    ("word", "options", "names"),
    [
        ("cnn", {}, ["integrated_gradients"]),
        ("lstm", {}, ["integrated_gradients", "attention"]),
        ("gru", {"pooling": "max"}, ["integrated_gradients"]),
        ("transformer", {}, ["integrated_gradients", "attention", "last_layer_attention"]),
    ],
)
def test_methods_of_networks(network: Any, word: str, options: dict[str, Any], names: list[str]) -> None:
    classifier = network(word, **options)
    assert methods(classifier) == names
    for name in names:
        found = explain(classifier, TEXT, method=name)
        assert found.signed == (name in SIGNED)
        assert [word for word, _ in found.words()][:3] == ["A", "WONDERFUL", "film"]
        if not found.signed:
            assert sum(item.score for item in found.highlights) == pytest.approx(1.0)
        json.dumps(found.to_json(), allow_nan=False)


def test_a_long_text_shows_what_was_read(checkpoint: Any) -> None:
    classifier = checkpoint()
    text = " ".join(["wonderful"] * 40 + ["plot"] * 40)
    found = explain(classifier, text)
    assert [found.seen[0][0], found.seen[-1][1]] == [0, len(text)]
    assert len(found.seen) == 2
    assert len(found.highlights) < 80


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts(baseline: BaselineClassifier, network: Any, checkpoint: Any, text: str) -> None:
    for classifier in (baseline, network("lstm"), checkpoint()):
        for method in methods(classifier):
            found = explain(classifier, text, method=method)
            assert all(text[item.start : item.end].strip() for item in found.highlights)


def test_multi_label_speaks_for_the_most_probable_label(network: Any) -> None:
    classifier = network("cnn", multi_label=True)
    found = explain(classifier, TEXT)
    row = classifier.probabilities([TEXT])[0]
    assert isinstance(found.output, tuple)
    assert found.target == classifier.labels[row.argmax()]


def test_wrong_words_are_told(baseline: BaselineClassifier, network: Any) -> None:
    with pytest.raises(UsageError, match=r"^(tfidf|nbsvm) can't") as error:
        explain(baseline, TEXT, method="attention")
    assert error.value.mend == "its methods are weights"
    with pytest.raises(UsageError, match="positive"):
        explain(network("cnn"), TEXT, target="positve")
