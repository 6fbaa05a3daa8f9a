"""Tags as entities and back, against seqeval, which is what published scores of taggers are computed by."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from regard.records.tags import Scheme, Stretch, entities, follows, parts, scheme_of, spelled

KINDS = ("who", "where", "long-name")
BIO = ["O", *(f"{prefix}-{kind}" for kind in KINDS for prefix in "BI")]
BIOES = ["O", *(f"{prefix}-{kind}" for kind in KINDS for prefix in "BIES")]
BILOU = {"E": "L", "S": "U"}


@st.composite
def marked(draw: st.DrawFn) -> tuple[list[Stretch], int]:
    """Stretches that do not overlap, some of them touching, in a text of some words."""
    found: list[Stretch] = []
    place = 0
    for _ in range(draw(st.integers(0, 5))):
        start = place + draw(st.integers(0, 2))
        place = start + draw(st.integers(1, 3))
        found.append((start, place, draw(st.sampled_from(KINDS))))
    return found, place + draw(st.integers(0, 2))


@settings(deadline=None)
@given(marked(), st.sampled_from(["bio", "bioes"]))
def test_spelled_and_read_again_entities_are_the_same(made: tuple[list[Stretch], int], scheme: Scheme) -> None:
    stretches, length = made
    tags = spelled(stretches, length, scheme)
    assert len(tags) == length
    assert entities(tags) == stretches
    assert all(follows(before, tag, scheme) for before, tag in pairwise([None, *tags, None]))
    assert scheme_of(tags) == (scheme if stretches else None)
    bilou = [BILOU.get(tag[0], tag[0]) + tag[1:] for tag in tags]
    assert entities(bilou) == stretches
    assert [parts(tag) for tag in bilou] == [parts(tag) for tag in tags]


@settings(deadline=None)
@given(st.lists(st.sampled_from(BIO), max_size=12))
def test_any_bio_tags_broken_or_not_are_read_as_seqeval_reads_them(tags: list[str]) -> None:
    assert entities(tags) == peer(tags)


@settings(deadline=None)
@given(marked())
def test_bioes_tags_are_read_as_seqeval_reads_them(made: tuple[list[Stretch], int]) -> None:
    tags = spelled(*made, "bioes")
    assert entities(tags) == peer(tags)


@settings(deadline=None)
@given(st.lists(st.sampled_from(BIOES), max_size=12))
def test_of_broken_bioes_tags_no_marked_word_is_lost(tags: list[str]) -> None:
    found = entities(tags)
    held = {word for start, end, _ in found for word in range(start, end)}
    assert held == {word for word, tag in enumerate(tags) if tag != "O"}
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert all(tags[word].partition("-")[2] == kind for start, end, kind in found for word in range(start, end))


def peer(tags: list[str]) -> list[Stretch]:
    """seqeval's, whose ends are inclusive; it joins what stands behind the first dash again."""
    return [(start, end + 1, kind) for kind, start, end in get_entities(tags)]


@pytest.mark.parametrize("scheme", ["bio", "bioes"])
def test_what_may_follow_is_what_a_spelling_can_hold(scheme: Scheme) -> None:
    """Of all texts of three words those that are spelled alike again are those whose tags may follow each other."""
    labels = ["O", *(f"{prefix}-{kind}" for kind in KINDS[:2] for prefix in ("BI" if scheme == "bio" else "BIES"))]
    for tags in product(labels, repeat=3):
        own = list(tags)
        allowed = all(follows(before, tag, scheme) for before, tag in pairwise([None, *own, None]))
        assert allowed == (spelled(entities(own), 3, scheme) == own)


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ([], None),
        (["O"], None),
        (["NOUN", "VERB"], None),
        (["B-who", "X"], None),
        (["O", "I-who"], "bio"),
        (["O", "B-who"], "bio"),
        (["O", "S-who"], "bioes"),
        (["O", "U-who"], "bioes"),
        (["B-who", "L-who"], "bioes"),
        (["B", "I"], None),
        (["B-", "-who"], None),
    ],
)
def test_the_scheme_of_some_tags(tags: list[str], scheme: Scheme | None) -> None:
    assert scheme_of(tags) == scheme


def test_the_parts_of_a_tag() -> None:
    given = {"O": ("O", ""), "B-long-name": ("B", "long-name"), "L-x": ("E", "x"), "U-x": ("S", "x"), "NN": ("", "NN")}
    given |= {"B": ("", "B"), "B-": ("", "B-"), "X-who": ("", "X-who"), "b-who": ("", "b-who"), "": ("", "")}
    assert {tag: parts(tag) for tag in given} == given
