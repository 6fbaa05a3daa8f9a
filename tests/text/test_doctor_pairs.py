"""What the doctor says of text pairs."""

from __future__ import annotations

from regard.records import TextPairCorpus
from regard.text.diagnosis import Diagnosis
from regard.text.doctor_pairs import examine_pairs

GOOD = [(f"the sentence number {n} says {n * n}", f"der Satz Nummer {n} sagt {n * n}") for n in range(20)]


def corpus(rows: list[tuple[str, str]]) -> TextPairCorpus:
    ids = [str(row) for row in range(len(rows))]
    return TextPairCorpus("made up", ids, [row[0] for row in rows], labels=[(row[1],) for row in rows])


def found(diagnosis: Diagnosis) -> dict[str, tuple[str, int]]:
    return {f"{item.part}:{item.code}": (item.severity, item.count) for item in diagnosis.findings}


def test_good_pairs_are_good_to_go() -> None:
    diagnosis = examine_pairs({"train": corpus(GOOD[:15]), "validation": corpus(GOOD[15:])})
    assert not [item for item in diagnosis.findings if item.severity != "note"]
    assert diagnosis.parts["train"] == {"n": 15, "labels": {"targets": 15}}


def test_doubles_copies_and_odd_lengths_are_told() -> None:
    rows = [
        *GOOD,
        GOOD[3],
        (GOOD[4][0], "etwas ganz anderes steht hier"),
        ("same here", "same here"),
        ("short", "x" * 200),
    ]
    told = found(examine_pairs({"train": corpus(rows)}))
    assert told["train:duplicates"] == ("warn", 1)
    assert told["train:several_targets"] == ("note", 2)
    assert told["train:copies"] == ("note", 1)
    assert told["train:odd_lengths"] == ("note", 1)


def test_a_target_column_that_is_the_source_blocks() -> None:
    diagnosis = examine_pairs({"train": corpus([(text, text) for text, _ in GOOD])})
    assert found(diagnosis)["train:copies"] == ("block", 20)


def test_sources_that_training_has_too_are_told_and_block_where_they_are_most() -> None:
    some = examine_pairs(
        {"train": corpus(GOOD), "test": corpus([GOOD[0], *((f"new one {n} here", "x y z") for n in range(9))])}
    )
    assert found(some)["test:shared_with_train"] == ("warn", 1)
    most = examine_pairs({"train": corpus(GOOD), "validation": corpus(GOOD[:5])})
    assert found(most)["validation:shared_with_train"] == ("block", 5)


def test_what_is_not_read_is_told() -> None:
    diagnosis = examine_pairs({"train": corpus(GOOD)}, token_lengths={"train": [10] * 19 + [100]}, max_length=50)
    assert found(diagnosis)["train:truncated"][1] == 1


def test_no_text_at_all_blocks() -> None:
    assert examine_pairs({"train": corpus([(" ", "x")])}).blocked
    bare = TextPairCorpus("made up", ["0"], ["a text"])
    assert not examine_pairs({"train": bare}).blocked
