"""Every illness of tagged texts is found with the line of its word; what is mended follows its scheme."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.records import TaggedCorpus
from regard.records.tags import entities, follows, scheme_of
from regard.text.align import joined
from regard.text.broken_tags import broken
from regard.text.diagnosis import Diagnosis, Finding
from regard.text.doctor_tags import examine_tags, mend_tags
from regard.text.read_tags import read_tagged


def corpus_of(tags: Sequence[str], words: Sequence[str] | None = None) -> TaggedCorpus:
    """Sentences from their tags, `O B-x`, of made-up words that differ from sentence to sentence."""
    rows = [tuple(row.split()) for row in tags]
    made = [[f"w{i}x{j}" for j in range(len(row))] for i, row in enumerate(rows)]
    given = made if words is None else [row.split() for row in words]
    texts, spans = zip(*map(joined, given), strict=True)
    numbers = list(range(1, len(rows) + 1))
    return TaggedCorpus("made.jsonl", [str(n) for n in numbers], list(texts), list(rows), numbers, words=list(spans))


def only(diagnosis: Diagnosis, code: str, part: str = "train") -> Finding:
    found = [finding for finding in diagnosis.findings if (finding.code, finding.part) == (code, part)]
    assert len(found) == 1, [(f.code, f.part) for f in diagnosis.findings]
    return found[0]


def codes(diagnosis: Diagnosis) -> set[str]:
    return {finding.code for finding in diagnosis.findings}


def test_healthy_data() -> None:
    diagnosis = examine_tags({"train": corpus_of(["O B-x I-x", "B-y O O"] * 10)})
    assert diagnosis.lines() == ["doctor: good to go: nothing found", "  train: 20 texts; x 10, y 10"]
    assert diagnosis.parts["train"] == {"n": 20, "labels": {"x": 10, "y": 10}, "words": 60, "scheme": "bio"}


def test_a_broken_tag_is_named_with_the_line_of_its_word(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("# sent_id = s\na O\n\n# sent_id = t\nb I-x\nc I-x\nd B-x\ne I-y\n")
    finding = only(examine_tags({"train": read_tagged(path)}), "broken_scheme")
    assert finding.message == "2 tags do not follow the scheme, in 1 text: 2 I- without its B-"
    assert [example["line"] for example in finding.examples] == [5, 8]
    assert finding.examples[0] == {"id": "t", "line": 5, "text": "I-x on 'b' at the beginning"}
    assert "after B-x" in finding.examples[1]["text"]
    mended, changes = mend_tags(read_tagged(path))
    assert mended.labels == [("O",), ("B-x", "I-x", "B-x", "B-y")]
    assert str(changes[0]) == "line 5: 'b' has B-x, not I-x"
    assert [change.to_json() for change in changes] == [
        {"id": "t", "line": 5, "word": "b", "before": "I-x", "after": "B-x"},
        {"id": "t", "line": 8, "word": "e", "before": "I-y", "after": "B-y"},
    ]


def test_bioes_breaks_on_both_sides() -> None:
    corpus = corpus_of(["B-x O E-x S-x I-x", "S-x B-x I-x E-x O"])
    found = [(item.tag, item.what) for item in broken(corpus)]
    assert found == [
        ("B-x", "B- without its E-"),
        ("E-x", "E- without its B-"),
        ("I-x", "I- without its B-"),
        ("I-x", "I- without its E-"),
    ]
    mended, _ = mend_tags(corpus)
    assert mended.labels == [("S-x", "O", "S-x", "S-x", "S-x"), corpus.labels[1]]  # type: ignore[index]


def test_other_prefixes_are_kept() -> None:
    mended, changes = mend_tags(corpus_of(["B-x I-x O", "U-x B-x L-x"]))
    assert mended.labels == [("B-x", "L-x", "O"), ("U-x", "B-x", "L-x")]
    assert [(change.word, change.after) for change in changes] == [("w0x1", "L-x")]
    assert "L-x, not I-x" in str(changes[0])


TAGS = {"bio": ["O", "B-x", "I-x", "B-y", "I-y"], "bioes": ["O", "B-x", "I-x", "E-x", "S-x", "S-y", "E-y"]}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["bio", "bioes"]), st.data())
def test_what_is_mended_follows_and_means_the_same(scheme: str, data: st.DataObject) -> None:
    row = st.lists(st.sampled_from(TAGS[scheme]), min_size=1, max_size=8).map(" ".join)
    corpus = corpus_of(data.draw(st.lists(row, min_size=1, max_size=4)))
    mended, changes = mend_tags(corpus)
    found = scheme_of(corpus.label_names())
    assert broken(mended) == [] == mend_tags(mended)[1]
    for before, after in zip(corpus.labels or [], mended.labels or [], strict=True):
        assert entities(before) == entities(after)
        pairs = zip((None, *after), (*after, None), strict=True)
        assert found is None or all(follows(*pair, found) for pair in pairs)
    assert bool(changes) == (mended is not corpus) == (mended.labels != corpus.labels)
    assert len(changes) == sum(
        one != other
        for before, after in zip(corpus.labels or [], mended.labels or [], strict=True)
        for one, other in zip(before, after, strict=True)
    )


@pytest.mark.parametrize(
    ("code", "part", "parts"),
    [
        ("no_texts", "train", {"train": TaggedCorpus("x", [], [], [], words=[])}),
        ("one_class", "train", {"train": corpus_of(["O O", "O"])}),
        ("unknown_labels", "test", {"train": corpus_of(["N V"]), "test": corpus_of(["N X"], ["a b"])}),
        ("unknown_labels", "test", {"train": corpus_of(["O B-x"]), "test": corpus_of(["O B-y"], ["a b"])}),
        ("unknown_labels", "test", {"train": corpus_of(["B-x I-x O"]), "test": corpus_of(["S-x O"], ["a b"])}),
        ("unknown_labels", "test", {"train": corpus_of(["B-x O"]), "test": corpus_of(["x O"], ["a b"])}),
        ("same_as_train", "test", {"train": corpus_of(["N V"] * 4), "test": corpus_of(["N V"] * 4)}),
    ],
)
def test_what_makes_the_result_meaningless_blocks(code: str, part: str, parts: dict[str, TaggedCorpus]) -> None:
    diagnosis = examine_tags(parts)
    assert diagnosis.blocked
    assert only(diagnosis, code, part).severity == "block"


def test_tags_that_are_not_in_both_parts() -> None:
    parts = {"train": corpus_of(["B-x I-x O B-z"]), "test": corpus_of(["B-x O"], ["a b"])}
    diagnosis = examine_tags(parts)
    assert only(diagnosis, "missing_labels", "test").message == "no word of 'z': nothing is measured on it"
    seen = examine_tags({"train": parts["test"], "test": corpus_of(["B-x I-x"], ["c d"])})
    assert "'I-x'" in only(seen, "unseen_tags", "test").message
    assert not diagnosis.blocked
    assert not seen.blocked


def test_rare_types_and_texts_without_words() -> None:
    corpus = corpus_of(["B-x I-x O", "O O", "", *["B-y"] * 12])
    diagnosis = examine_tags({"train": corpus, "validation": corpus_of(["B-x"], ["a"])})
    assert only(diagnosis, "rare_types").message == "fewer than 10 entities: x 1; hardly learnt"
    assert only(diagnosis, "rare_types").severity == "warn"
    assert only(diagnosis, "no_words").examples[0]["line"] == 3
    assert only(diagnosis, "empty_texts").count == 1
    words = examine_tags({"train": corpus_of(["N V", *["N"] * 9])})
    assert only(words, "rare_types").message.startswith("fewer than 10 words: V 1")


def test_doubles_count_from_six_words_on() -> None:
    short, long = "thank you .", "this is a sentence of seven words"
    corpus = corpus_of(["N V P"] * 2 + ["N V P N V P N"] * 2, [short, short, long, long])
    finding = only(examine_tags({"train": corpus}), "duplicates")
    assert (finding.count, finding.examples[0]["line"]) == (1, 4)
    other = corpus_of(["N V P", *["N V V"] * 5], [short, *(f"{c} b c" for c in "vwxyz")])
    assert not {"shared_with_train", "near_shared"} & codes(examine_tags({"train": corpus, "test": other}))


def test_one_text_in_two_ways_and_one_name_of_two_types() -> None:
    corpus = corpus_of(["B-x O", "B-y O", "B-y I-y O"], ["Tesla sells", "Tesla sells", "New York sleeps"])
    diagnosis = examine_tags({"train": corpus})
    assert only(diagnosis, "conflicting_labels").message == "1 text is tagged in two ways or more"
    assert only(diagnosis, "two_types").message == "1 name has two types or more: 'Tesla' (x 1, y 1)"


def test_tags_without_prefixes_beside_o() -> None:
    assert only(examine_tags({"train": corpus_of(["O place"] * 10)}), "no_scheme").severity == "note"
    assert "no_scheme" not in codes(examine_tags({"train": corpus_of(["N V"] * 10)}))


def test_long_texts_untagged_texts_and_json() -> None:
    generator = np.random.default_rng(0)
    corpus = corpus_of([" ".join(generator.choice(["N", "V"], 12)) for _ in range(20)])
    diagnosis = examine_tags({"train": corpus}, token_lengths={"train": [10] * 19 + [90]}, max_length=50)
    assert only(diagnosis, "truncated").count == 1
    assert Diagnosis.from_json(json.loads(json.dumps(diagnosis.to_json()))) == diagnosis
    untagged = TaggedCorpus("x", ["1"], ["a b"], words=[[(0, 1), (2, 3)]])
    assert examine_tags({"test": untagged}).lines()[1] == "  test: 1 texts, no labels"
    assert mend_tags(untagged) == (untagged, [])
