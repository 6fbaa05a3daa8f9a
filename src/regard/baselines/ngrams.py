"""Word n-grams: one definition that counts them for a matrix and places them in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from regard.errors import DataError


@dataclass
class Ngrams:
    """The n-grams of `sizes` (smallest, largest) consecutive tokens that `pattern` finds; a column for each
    term.

    A term is its tokens joined by a blank. Texts are taken as they are: lower case is the normaliser's
    business.
    """

    pattern: str
    sizes: tuple[int, int]
    columns: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._token = re.compile(self.pattern)

    def __len__(self) -> int:
        return len(self.columns)

    def fit(self, texts: Sequence[str], *, min_df: int, max_features: int = 0) -> Any:
        """Learn the terms of `texts`: those in at least `min_df` texts, the `max_features` commonest of them.

        Returns the counts, as `counts` would. Raises `DataError` where no term is left.
        """
        vectorizer = self._vectorizer(min_df=min_df, max_features=max_features or None)
        try:
            counts = vectorizer.fit_transform(texts)
        except ValueError:
            raise DataError(
                f"no word or pair of words occurs in at least {min_df} of the {len(texts)} training texts",
                mend="give more text, or --set model.min_df=1",
            ) from None
        self.columns = {term: int(column) for term, column in vectorizer.vocabulary_.items()}
        return counts

    def counts(self, texts: Sequence[str]) -> Any:
        """How often each term occurs: a sparse float64 matrix [texts, terms]."""
        vectorizer = self._vectorizer()
        # Handed over as fitted: as an option, scikit-learn would check and copy all terms for every call.
        vectorizer.vocabulary_ = self.columns
        return vectorizer.transform(texts)

    def occurrences(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(start, end, column) of every known term in `text`, in order; an n-gram covers its words."""
        tokens = [(match.group(), *match.span()) for match in self._token.finditer(text)]
        for first in range(len(tokens)):
            for size in range(self.sizes[0], self.sizes[1] + 1):
                window = tokens[first : first + size]
                column = self.columns.get(" ".join(token for token, _, _ in window))
                if len(window) == size and column is not None:
                    yield window[0][1], window[-1][2], column

    def terms(self) -> list[str]:
        """The terms in the order of their columns."""
        return sorted(self.columns, key=self.columns.__getitem__)

    def _split(self, text: str) -> list[str]:
        tokens = self._token.findall(text)
        smallest, largest = self.sizes
        return [
            " ".join(tokens[first : first + size])
            for size in range(smallest, largest + 1)
            for first in range(len(tokens) - size + 1)
        ]

    def _vectorizer(self, **options: Any) -> Any:
        import numpy as np
        from sklearn.feature_extraction.text import CountVectorizer

        return CountVectorizer(analyzer=self._split, dtype=np.float64, **options)
