"""Every illness is found where it is, and only what makes the result meaningless blocks."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.records import Corpus, Label
from regard.text.diagnosis import Diagnosis, Finding
from regard.text.doctor import examine
from regard.text.near_duplicates import near_duplicates

WORDS = [f"word{i}" for i in range(500)]


def sentences(n: int, seed: int = 0, length: int = 30) -> list[str]:
    generator = np.random.default_rng(seed)
    return [" ".join(generator.choice(WORDS, length)) for _ in range(n)]


def corpus_of(texts: Sequence[str], labels: Sequence[Label] | None = None) -> Corpus:
    if labels is None:
        labels = ["ab"[row % 2] for row in range(len(texts))]
    numbers = list(range(2, len(texts) + 2))
    return Corpus("made.csv", [str(i) for i in range(len(texts))], list(texts), list(labels), lines=numbers)


def only(diagnosis: Diagnosis, code: str, part: str = "train") -> Finding:
    found = [finding for finding in diagnosis.findings if (finding.code, finding.part) == (code, part)]
    assert len(found) == 1, [f.code for f in diagnosis.findings]
    return found[0]


def test_healthy_data() -> None:
    diagnosis = examine({"train": corpus_of(sentences(40)), "test": corpus_of(sentences(10, seed=1))})
    assert diagnosis.findings == []
    assert not diagnosis.blocked
    assert diagnosis.lines() == [
        "doctor: good to go: nothing found",
        "  train: 40 texts; a 20, b 20",
        "  test: 10 texts; a 5, b 5",
    ]


def test_each_illness_of_one_part() -> None:
    texts = sentences(30)
    texts[3], texts[4], texts[5] = "", texts[0], texts[1]
    texts[6] = texts[2].upper() + "!"
    texts[7] += " \x00 \ud800"
    diagnosis = examine({"train": corpus_of(texts)})
    assert [example["line"] for example in only(diagnosis, "empty_texts").examples] == [5]
    assert [example["line"] for example in only(diagnosis, "duplicates").examples] == [6, 7]
    assert only(diagnosis, "near_duplicates").examples[0]["same_as"]["line"] == 4
    assert "U+0000 1 times" in only(diagnosis, "odd_characters").message
    assert not diagnosis.blocked
    json.dumps(diagnosis.to_json()).encode()


def test_one_text_with_two_labels() -> None:
    texts = sentences(6)
    texts[3] = texts[0]
    finding = only(examine({"train": corpus_of(texts)}), "conflicting_labels")
    assert finding.count == 1
    assert finding.examples[0]["line"] == 2


def test_ordered_labels_and_imbalance() -> None:
    diagnosis = examine({"train": corpus_of(sentences(100), ["a"] * 90 + ["b"] * 10)})
    assert "2 runs" in only(diagnosis, "ordered_labels").message
    assert "(9.0 to 1)" in only(diagnosis, "imbalance").message
    assert not diagnosis.blocked


@pytest.mark.parametrize(
    ("code", "part", "parts"),
    [
        ("no_texts", "train", {"train": corpus_of([])}),
        ("no_texts", "train", {"train": corpus_of(["", " "])}),
        ("one_class", "train", {"train": corpus_of(sentences(5), ["a"] * 5)}),
        ("same_as_train", "test", {"train": corpus_of(sentences(8)), "test": corpus_of(sentences(8)[:4])}),
        (
            "unknown_labels",
            "test",
            {"train": corpus_of(sentences(8)), "test": corpus_of(sentences(4, seed=1), ["a", "b", "B", "b"])},
        ),
    ],
)
def test_what_makes_the_result_meaningless_blocks(code: str, part: str, parts: dict[str, Corpus]) -> None:
    diagnosis = examine(parts)
    assert diagnosis.blocked
    assert only(diagnosis, code, part).severity == "block"
    assert diagnosis.lines()[0].startswith("doctor: stop")


def test_texts_shared_across_parts() -> None:
    train, test = sentences(20), sentences(10, seed=1)
    test[0], test[1] = train[1], train[5].title()
    diagnosis = examine({"train": corpus_of(train), "test": corpus_of(test)})
    shared = only(diagnosis, "shared_with_train", "test")
    assert (shared.count, shared.share) == (1, 0.1)
    assert "1 with another label" in shared.message
    assert only(diagnosis, "near_shared", "test").examples[0]["same_as"]["id"] == "5"


def test_what_the_length_limit_cuts() -> None:
    parts = {"train": corpus_of(sentences(4))}
    finding = only(examine(parts, token_lengths={"train": [10, 10, 20, 60]}, max_length=15), "truncated")
    assert "2 texts (50%), 50% of all tokens" in finding.message
    assert finding.severity == "warn"


def test_a_test_without_a_class_and_parts_without_labels() -> None:
    diagnosis = examine({"train": corpus_of(sentences(8)), "test": corpus_of(sentences(4, seed=1), ["a"] * 4)})
    assert only(diagnosis, "missing_labels", "test").severity == "warn"
    unlabelled = Corpus("x", ["1", "2"], sentences(2))
    assert examine({"test": unlabelled}).lines()[1] == "  test: 2 texts, no labels"


def test_several_labels() -> None:
    corpus = Corpus("x", list("123"), sentences(3), [("a", "b"), ("a",), ()], multi_label=True)
    diagnosis = examine({"train": corpus})
    assert not diagnosis.blocked
    assert diagnosis.parts["train"]["labels"] == {"a": 2, "b": 1}


def test_a_diagnosis_survives_json() -> None:
    diagnosis = examine({"train": corpus_of(["same", "same", ""], ["a", "a", "a"])})
    assert Diagnosis.from_json(json.loads(json.dumps(diagnosis.to_json()))) == diagnosis


def test_near_duplicates_are_found_and_are_ones() -> None:
    texts = sentences(300, length=60)
    changed = [text.replace(text.split()[30], "other", 1) for text in texts[:50]]
    unlike = [" ".join(text.split()[:20] + sentences(1, seed=9, length=40)) for text in texts[50:100]]
    pairs = near_duplicates([*texts, *changed, *unlike])
    assert [(pair.first, pair.second) for pair in pairs] == [(i, 300 + i) for i in range(50)]
    assert all(0.8 <= pair.similarity < 1 for pair in pairs)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab \ud800é"), max_size=12), max_size=12))
def test_pairs_are_ordered_and_alike(texts: list[str]) -> None:
    pairs = near_duplicates(texts)
    assert all(pair.first < pair.second < len(texts) and pair.similarity >= 0.8 for pair in pairs)
    words = [tuple(text.split()) for text in texts]
    repeated = {i for i, own in enumerate(words) if own and own in words[:i] and "\ud800" not in texts[i]}
    assert repeated <= {pair.second for pair in pairs}
