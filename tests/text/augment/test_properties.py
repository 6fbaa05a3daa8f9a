"""What holds for every text, tag, seed and method: spans cover what they say, entities stay, the rest is untouched."""

from __future__ import annotations

import unicodedata
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.text.augment.corpora import EACH_METHOD, entities, labelled, places

from regard.records import TaggedCorpus, tags
from regard.text.augment import augment, draw
from regard.text.augment.example import Example, applied, example

PIECES = st.sampled_from(
    [
        *("film", "lovely", "story", "Movies", "QUICKLY", "never", "the", "watch", "box", "corn", "l1me", "don't"),
        *("e\u0301te\u0301", "👩\u200d👧", "🇩🇪", "1\ufe0f\u20e3", "I\u0307x", "नमस्ते", "好", "...", "a-b"),
        *("&amp;", "<br />", "\ud800x"),
    ]
)
WORDS = st.one_of(PIECES, st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=6))
TEXTS = st.lists(st.tuples(st.one_of(PIECES, st.text(max_size=6)), st.sampled_from([" ", "", "\n", "  "])), max_size=14)
GAPS = st.sampled_from([" ", " ", "  ", "", "\n"])
SEEDS = st.integers(0, 2**32 - 1)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def tagged_rows(draw_from: st.DrawFn, scheme: tags.Scheme) -> tuple[list[str], list[str], tuple[str, ...]]:
    """Words, the gap behind each, and tags that follow a scheme."""
    words = draw_from(st.lists(WORDS, min_size=1, max_size=12))
    gaps = [draw_from(GAPS) for _ in words]
    stretches, start = [], 0
    while start < len(words):
        length = draw_from(st.integers(0, 3))
        if length and start + length <= len(words):
            stretches.append((start, start + length, draw_from(st.sampled_from(["per", "loc"]))))
        start += max(length, 1)
    return words, gaps, tuple(tags.spelled(stretches, len(words), scheme))


@st.composite
def corpora(draw_from: st.DrawFn) -> TaggedCorpus:
    scheme = draw_from(st.sampled_from(["bio", "bioes"]))
    rows = draw_from(st.lists(tagged_rows(scheme), min_size=1, max_size=3))
    fixed: tuple[list[str], list[str], tuple[str, ...]] = (["Ann", "Lee", "met"], [" ", " ", ""], ("O", "O", "O"))
    known = tags.spelled([(0, 2, "per"), (2, 3, "loc")], 3, scheme)
    rows.append((*fixed[:2], tuple(known)))
    return TaggedCorpus(
        "made up",
        [str(row) for row in range(len(rows))],
        ["".join(word + gap for word, gap in zip(words, gaps, strict=True)) for words, gaps, _ in rows],
        [labels for _, _, labels in rows],
        words=[places(words, gaps) for words, gaps, _ in rows],
    )


def all_words(example: Example) -> Counter[tuple[str, str | None]]:
    return Counter((example.spelled(at), word.tag) for at, word in enumerate(example.words))


@QUICK
@given(corpora(), SEEDS, st.sampled_from([*EACH_METHOD, "entity"]))
def test_a_tagged_corpus_stays_one(corpus: TaggedCorpus, seed: int, method: str) -> None:
    share = {} if method == "eda" else {method: {"share": 0.5}}
    result = augment(corpus, [method], copies=2, seed=seed, options=share)
    scheme = tags.scheme_of(tag for labels in corpus.labels or [] for tag in labels)
    assert scheme is not None
    assert result.take(range(len(corpus))) == corpus
    assert len(set(result.ids)) == len(result)
    for row, (text, words, labels) in enumerate(zip(result.texts, result.words, result.labels or [], strict=True)):
        assert len(words) == len(labels)
        assert all(0 <= start < end <= len(text) for start, end in words)
        assert all(one[1] <= other[0] for one, other in pairwise(words))
        around = [None, *labels, None]
        assert all(tags.follows(one, other, scheme) for one, other in pairwise(around))
        original = int(result.ids[row].partition("+")[0])
        kinds = [kind for _, _, kind in tags.entities(labels)]
        assert kinds == [kind for _, _, kind in tags.entities(corpus.labels[original])]


@QUICK
@given(corpora(), SEEDS, st.sampled_from(EACH_METHOD))
def test_changes_cover_what_changed_and_nothing_else(corpus: TaggedCorpus, seed: int, method: str) -> None:
    for copy in draw(corpus, [method], copies=2, seed=seed).copies:
        before, after = copy.before, copy.after
        # Words that no change touches are there as they were, in order.
        touched = {at for at, w in enumerate(before.words) for c in copy.changes if w.start < c.end and c.start < w.end}
        kept = [(before.spelled(at), w.tag) for at, w in enumerate(before.words) if at not in touched]
        left = iter([(after.spelled(at), word.tag) for at, word in enumerate(after.words)])
        assert all(word in left for word in kept)
        if method in ("keyboard", "ocr"):
            assert [word.tag for word in after.words] == [word.tag for word in before.words]
        else:
            assert entities(after.text, after.words) == entities(before.text, before.words)
        if method == "swap":
            assert all_words(after) == all_words(before)
        if method == "delete":
            assert all_words(after) < all_words(before)
        if method == "insert":
            assert all_words(after) > all_words(before)


@QUICK
@given(TEXTS, SEEDS, st.sampled_from(EACH_METHOD))
def test_texts_with_a_label(pieces: list[tuple[str, str]], seed: int, method: str) -> None:
    text = "".join(piece + gap for piece, gap in pieces)
    corpus = labelled(text, text, "")
    first, again = (augment(corpus, [method], copies=2, seed=seed) for _ in range(2))
    assert first == again
    assert first.take(range(3)) == corpus
    assert set(first.labels or []) == {"good"}
    for copy in draw(corpus, [method], seed=seed).copies:
        assert copy.row != 2
        assert applied(copy.before, copy.changes) == copy.after
        assert copy.after.text != text
        assert pictures(copy.after.text) == pictures(text)
        if method in ("swap", "synonyms", "keyboard", "ocr"):
            assert marks(copy.after.text) == marks(text)


def pictures(text: str) -> list[str]:
    """Emoji and the joiners between them, which nothing moves or cuts."""
    return [character for character in text if unicodedata.category(character) in ("So", "Sk") or character == "\u200d"]


def marks(text: str) -> Counter[str]:
    """Each accent with the character that it stands on; nothing takes another one away from it."""
    return Counter(
        text[at - 1 : at + 1]
        for at in range(1, len(text))
        if unicodedata.category(text[at]).startswith("M") and not unicodedata.category(text[at - 1]).startswith("M")
    )


@QUICK
@given(st.text(), SEEDS)
def test_words_found_in_any_text_lie_in_it(text: str, seed: int) -> None:
    given_text = example(text)
    assert all(0 <= word.start < word.end <= len(text) for word in given_text.words)
    assert all(one.end <= other.start for one, other in pairwise(given_text.words))


@pytest.mark.parametrize("method", EACH_METHOD)
def test_another_row_copy_seed_or_method_is_another_draw(method: str) -> None:
    text = "a lovely film and a story to watch quickly, the movie of a hero, the tale of another lovely film"
    corpus = labelled(*[text] * 6)
    copies = draw(corpus, [method], copies=2).copies
    assert len({copy.after.text for copy in copies}) > 4
    other = draw(corpus, [method], copies=2, seed=2).copies
    assert [copy.after.text for copy in copies] != [copy.after.text for copy in other]
    # A row's copies are its own, whichever other rows and methods there are.
    alone = draw(corpus, ["swap", method] if method != "swap" else [method], rows=[3]).copies
    assert {(c.id, c.after.text) for c in alone if c.method == method} <= {(c.id, c.after.text) for c in copies}


def test_no_global_generator_is_touched() -> None:
    state = np.random.get_state()[1].tolist()
    draw(labelled("a lovely film and a story to watch quickly"), EACH_METHOD)
    assert np.random.get_state()[1].tolist() == state
