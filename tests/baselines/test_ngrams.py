"""N-grams are counted and placed by the same definition."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from regard.baselines.ngrams import Ngrams
from regard.baselines.options import TfidfOptions
from regard.errors import DataError

TEXTS = ["a good film !", "a bad film", "good , good"]


def learned(sizes: tuple[int, int] = (1, 2), min_df: int = 1) -> Ngrams:
    ngrams = Ngrams(r"\w+|[^\w\s]", sizes)
    ngrams.fit(TEXTS, min_df=min_df)
    return ngrams


def test_terms_are_words_and_pairs() -> None:
    assert {"good", "a good", "film !", "!", "good ,", ", good"} < set(learned().columns)
    assert set(learned(min_df=2).columns) == {"a", "film", "good"}
    assert set(learned((2, 2)).columns) >= {"a good", "good film"}
    assert "good" not in learned((2, 2)).columns


def test_fit_gives_the_same_counts_as_counts() -> None:
    ngrams = Ngrams(r"\w+", (1, 2))
    np.testing.assert_array_equal(ngrams.fit(TEXTS, min_df=1).toarray(), ngrams.counts(TEXTS).toarray())


def test_max_features_keeps_the_commonest() -> None:
    ngrams = Ngrams(r"\w+", (1, 1))
    ngrams.fit(TEXTS, min_df=1, max_features=1)
    assert ngrams.terms() == ["good"]


@given(st.lists(st.sampled_from(["good", "film", "a", "!", ",", " ", "\n", "zzz", "é", "🙂"]), max_size=30))
def test_occurrences_are_the_counts(pieces: list[str]) -> None:
    ngrams, text = learned(), " ".join(pieces)
    places = list(ngrams.occurrences(text))
    counts = ngrams.counts([text]).toarray()[0]
    found = Counter(column for _, _, column in places)
    assert {column: count for column, count in enumerate(counts) if count} == found
    terms = ngrams.terms()
    for start, end, column in places:
        assert " ".join(text[start:end].split()) == terms[column]


def test_nothing_to_learn_is_said() -> None:
    with pytest.raises(DataError, match="at least 9 of the 3"):
        Ngrams(r"\w+", (1, 2)).fit(TEXTS, min_df=9)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"token_pattern": "("}, "regular expression"),
        ({"token_pattern": r"(\w)+"}, "group"),
        ({"token_pattern": r"\w*"}, "empty"),
        ({"ngram_min": 3, "ngram_max": 2}, "below"),
        ({"min_df": 0}, "greater"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TfidfOptions(**options)  # type: ignore[arg-type]
