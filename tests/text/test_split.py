"""No row in both parts, none lost, every class in both, the same for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.errors import DataError
from regard.records import Corpus
from regard.text.split import GAP, How, cut_groups, cut_validation, limit, limit_rows


def corpus_of(labels: list[str], texts: list[str] | None = None, **keywords: object) -> Corpus:
    ids = [str(row) for row in range(len(labels))]
    return Corpus("made", ids, texts or [f"text {row}" for row in ids], list(labels), **keywords)  # type: ignore[arg-type]


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """Two to four classes of at least two different texts each, some texts more than once."""
    rows = [
        (f"{label}{i}", label) for label in "abcd"[: draw(st.integers(2, 4))] for i in range(draw(st.integers(2, 30)))
    ]
    rows += draw(st.lists(st.sampled_from(rows), max_size=20))
    rows = draw(st.permutations(rows))
    return corpus_of([label for _, label in rows], [text for text, _ in rows])


@settings(max_examples=200, deadline=None)
@given(corpora(), st.floats(0.05, 0.6), st.integers(0, 9))
def test_a_random_cut_loses_nothing_and_shares_nothing(corpus: Corpus, fraction: float, seed: int) -> None:
    train, validation, note = cut_validation(corpus, fraction=fraction, seed=seed)
    assert sorted(train.ids + validation.ids, key=int) == corpus.ids
    assert not set(train.texts) & set(validation.texts)
    assert train.label_names() == validation.label_names() == corpus.label_names()
    assert train.ids == sorted(train.ids, key=int)
    assert "at random" in note
    assert cut_validation(corpus, fraction=fraction, seed=seed).validation.ids == validation.ids


@settings(max_examples=100, deadline=None)
@given(corpora(), st.integers(1, 60), st.integers(0, 9), st.sampled_from(["random", "blocks"]))
def test_a_limit_keeps_the_classes(corpus: Corpus, n: int, seed: int, how: str) -> None:
    part = limit(corpus, n, seed=seed, how=how)  # type: ignore[arg-type]
    assert len(part) == len(set(part.ids)) == min(n, len(corpus))
    if n >= len(corpus.label_names()):
        assert part.label_names() == corpus.label_names()
    assert part.ids == sorted(part.ids, key=int)
    assert limit(corpus, n, seed=seed, how=how).ids == part.ids  # type: ignore[arg-type]


def test_a_cut_has_the_size_asked_for() -> None:
    corpus = corpus_of(["a"] * 300 + ["b"] * 700)
    validation = cut_validation(corpus, fraction=0.1, seed=1).validation
    assert Counter(validation.labels) == {"a": 30, "b": 70}
    assert validation.ids != cut_validation(corpus, fraction=0.1, seed=2).validation.ids


@pytest.mark.parametrize("seed", range(5))
def test_blocks_are_runs_with_a_gap(seed: int) -> None:
    corpus = corpus_of(["a"] * 3000 + ["b"] * 3000, contiguous=True)
    train, validation, note = cut_validation(corpus, fraction=0.1, seed=seed)
    left_out = len(corpus) - len(train) - len(validation)
    for label in "ab":
        rows = [int(row) for row, _, own in validation if own == label]
        assert rows == list(range(rows[0], rows[0] + 300))
        trained = {int(row) for row, _, own in train if own == label}
        assert not trained & set(range(rows[0] - GAP, rows[-1] + GAP + 1))
    assert 2 * GAP <= left_out <= 4 * GAP
    assert f"{left_out} rows at the cuts" in note
    assert "film" not in note


def test_the_packaged_reviews_are_told_of_the_other_class() -> None:
    corpus = Corpus("imdb", [str(i) for i in range(200)], [str(i) for i in range(200)], ["a"] * 100 + ["b"] * 100)
    note = cut_validation(corpus, fraction=0.1, seed=1, how="blocks").note
    assert "may still fall on the other side" in note


def test_a_text_of_the_held_block_is_not_trained_on() -> None:
    corpus = corpus_of(
        ["a"] * 100 + ["b"] * 100, ["same"] + [f"{i}" for i in range(98)] + ["same"] + [f"b{i}" for i in range(100)]
    )
    for seed in range(20):
        cut = cut_validation(corpus, fraction=0.2, seed=seed, how="blocks")
        assert not set(cut.train.texts) & set(cut.validation.texts)


def test_a_limit_of_contiguous_rows_is_spread_out() -> None:
    corpus = corpus_of(["a"] * 100 + ["b"] * 100, contiguous=True)
    assert limit(corpus, 8, seed=1).ids == ["12", "37", "62", "87", "112", "137", "162", "187"]


@pytest.mark.parametrize("how", ["random", "blocks"])
def test_a_class_too_small_is_named(how: str) -> None:
    with pytest.raises(DataError, match=r"the class 'b' has 1 .*too few for train and validation"):
        cut_validation(corpus_of(["a"] * 10 + ["b"]), fraction=0.1, seed=1, how=how)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="1 texts can't be cut"):
        cut_validation(corpus_of(["a"]), fraction=0.1, seed=1)


def test_rare_combinations_of_labels_are_no_error() -> None:
    labels = [("x",)] * 20 + [("y",)] * 20 + [("x", "y")]
    corpus = Corpus("made", [str(i) for i in range(41)], [str(i) for i in range(41)], labels, multi_label=True)
    cut = cut_validation(corpus, fraction=0.1, seed=1)
    assert len(cut.train) + len(cut.validation) == 41


def test_texts_without_labels_can_be_cut() -> None:
    corpus = Corpus("made", [str(i) for i in range(20)], [str(i) for i in range(20)])
    assert len(cut_validation(corpus, fraction=0.1, seed=1).validation) == 2


# Rows that belong together, without classes


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Corpus, list[set[str]]]:
    """Rows of some texts, each with kinds of what is in it; no text is in all rows."""
    texts = draw(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=40).filter(lambda row: len(set(row)) > 1))
    kinds = [set(draw(st.lists(st.sampled_from("xyz"), max_size=2))) for _ in texts]
    return corpus_of(["?"] * len(texts), texts, contiguous=draw(st.booleans())), kinds


@settings(max_examples=100, deadline=None)
@given(grouped(), st.floats(0.05, 0.9), st.integers(0, 9), st.sampled_from(["auto", "random", "blocks"]))
def test_groups_stay_on_one_side_and_nothing_is_lost(
    made: tuple[Corpus, list[set[str]]], fraction: float, seed: int, how: How
) -> None:
    corpus, _ = made
    train, validation, note = cut_groups(corpus, corpus.texts, fraction=fraction, seed=seed, how=how)
    assert sorted(train.ids + validation.ids, key=int) == corpus.ids
    assert train.ids == sorted(train.ids, key=int)
    assert not set(train.texts) & set(validation.texts)
    assert min(len(train), len(validation)) > 0
    blocks = how == "blocks" or (how == "auto" and corpus.contiguous)
    assert ("neighbouring" if blocks else "at random") in note
    assert cut_groups(corpus, corpus.texts, fraction=fraction, seed=seed, how=how).validation.ids == validation.ids
    if blocks:
        order = list(dict.fromkeys(corpus.texts))
        held = sorted(order.index(text) for text in set(validation.texts))
        assert held == list(range(held[0], held[0] + len(held)))


@settings(max_examples=100, deadline=None)
@given(grouped(), st.floats(0.05, 0.9), st.integers(0, 9), st.integers(1, 40))
def test_train_has_some_of_every_kind(made: tuple[Corpus, list[set[str]]], fraction: float, seed: int, n: int) -> None:
    corpus, kinds = made
    every = set().union(*kinds)

    def of(part: Corpus) -> set[str]:
        return set().union(*(kinds[int(row)] for row in part.ids))

    part = limit_rows(corpus, n, seed=seed, kinds=kinds)
    assert of(part) == every
    assert min(n, len(corpus)) <= len(part) <= len(corpus)
    assert part.ids == sorted(part.ids, key=int)
    try:
        cut = cut_groups(corpus, corpus.texts, fraction=fraction, seed=seed, kinds=kinds)
    except DataError as error:
        assert "each holds something that no other one has" in str(error)  # noqa: PT017
        return
    assert of(cut.train) == every
    assert sorted(cut.train.ids + cut.validation.ids, key=int) == corpus.ids


def test_a_cut_of_groups_has_the_size_asked_for() -> None:
    corpus = corpus_of(["?"] * 1000, [str(row // 5) for row in range(1000)])
    for how in ("random", "blocks"):
        sizes = [
            len(cut_groups(corpus, corpus.texts, fraction=0.2, seed=seed, how=how).validation) for seed in range(9)
        ]
        assert set(sizes) == {200}
    runs = {
        cut_groups(corpus, corpus.texts, fraction=0.2, seed=seed, how="blocks").validation.ids[0] for seed in range(9)
    }
    assert len(runs) > 5


def test_one_group_can_not_be_cut() -> None:
    with pytest.raises(DataError, match="3 rows that belong together can't be cut"):
        cut_groups(corpus_of(["?"] * 3, ["same"] * 3), ["same"] * 3, fraction=0.1, seed=1)
    with pytest.raises(DataError, match="a single row can't be cut"):
        cut_groups(corpus_of(["?"]), ["one"], fraction=0.1, seed=1)
    with pytest.raises(DataError, match="each holds something"):
        cut_groups(corpus_of(["?"] * 2), ["a", "b"], fraction=0.5, seed=1, kinds=[{"x"}, {"y"}])


def test_a_limit_of_rows() -> None:
    corpus = corpus_of(["?"] * 100)
    part = limit_rows(corpus, 10, seed=1)
    assert len(part) == 10
    assert part.ids != limit_rows(corpus, 10, seed=2).ids
    assert limit_rows(corpus, 100, seed=1) is corpus
    spread = corpus_of(["?"] * 100, contiguous=True)
    assert (
        limit_rows(spread, 5, seed=1).ids
        == limit_rows(corpus, 5, seed=1, how="blocks").ids
        == ["10", "30", "50", "70", "90"]
    )
    assert limit_rows(spread, 5, seed=1, how="random").ids != limit_rows(spread, 5, seed=1).ids
