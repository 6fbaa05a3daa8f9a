"""How often words stand near each other: what GloVe learns from (Pennington, Socher and Manning 2014, section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regard.text.vectors.sentences import Sentences

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def cooccurrence(sentences: Sentences, window: int) -> csr_array:
    """Counts `[v v]`, float64: two words that stand `d` apart within a sentence add 1/d to each other's cell.

    The window is symmetric, so that the matrix is; a word beside itself adds 2/d to its own cell, once from each side.
    """
    from scipy.sparse import coo_array, csr_array

    ids, size = sentences.ids, len(sentences.words)
    sentence = np.repeat(np.arange(len(sentences)), np.diff(sentences.starts))
    counts = csr_array((size, size), dtype=np.float64)
    for distance in range(1, window + 1):
        together = sentence[:-distance] == sentence[distance:]
        left, right = ids[:-distance][together], ids[distance:][together]
        counts = counts + coo_array((np.full(len(left), 1 / distance), (left, right)), shape=(size, size)).tocsr()
    counts = (counts + counts.T).tocsr()
    counts.sort_indices()
    return counts
