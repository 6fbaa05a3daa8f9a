"""What is hidden: how many, what stands there instead, whole words, and always the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.tasks.pretrain.hiding import Hiding, of_tokens, of_training
from regard.text.document_encoder import NO_WORD

MASK = 4
HIDING = Hiding(MASK, np.arange(5, 200))
WORDS = st.lists(st.integers(1, 4), max_size=40).map(lambda sizes: np.repeat(np.arange(len(sizes)), sizes))


@given(words=WORDS, seed=st.integers(0, 99), share=st.floats(0.01, 0.99), whole=st.booleans())
def test_at_least_one_and_never_all(words: np.ndarray, seed: int, share: float, whole: bool) -> None:
    words = words.copy()
    words[::7] = NO_WORD
    hiding = Hiding(MASK, HIDING.ordinary, share=share, whole_word=whole)
    chosen = hiding.choose(words, of_training(seed, 0, 0))
    free = np.flatnonzero(words != NO_WORD)
    assert set(chosen) <= set(free)
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    if len(set(words[free])) > 1:
        assert 0 < len(chosen) < len(free)
    if not whole and len(free) > 1:
        assert len(chosen) == min(max(1, round(share * len(free))), len(free) - 1)
    if whole:
        names = set(words[chosen])
        assert set(np.flatnonzero(np.isin(words, list(names)))) == set(chosen)


def test_the_shares_are_those_asked_for() -> None:
    ids = np.arange(1000, 21000)
    chosen = np.arange(20000)
    read = HIDING.replace(ids, chosen, of_training(1, 0, 0))
    assert (read == MASK).mean() == pytest.approx(0.8, abs=0.01)
    assert (read == ids).mean() == pytest.approx(0.1, abs=0.01)
    others = read[(read != MASK) & (read != ids)]
    assert set(others.tolist()) == set(range(5, 200))
    alone = Hiding(MASK, HIDING.ordinary, as_mask=0, as_random=0)
    assert (alone.replace(ids, chosen, of_training(1, 0, 0)) == ids).all()
    assert ids[0] == 1000
    assert (HIDING.hide(ids, chosen[:3])[:4] == [MASK, MASK, MASK, 1003]).all()


def test_a_draw_is_of_seed_epoch_and_row_or_of_the_tokens() -> None:
    words = np.arange(60)
    draws = {HIDING.choose(words, of_training(*at)).tobytes() for at in ((1, 0, 0), (1, 1, 0), (1, 0, 1), (2, 0, 0))}
    assert len(draws) == 4
    one, same, other = (HIDING.choose(words, of_tokens(words + shift)) for shift in (0, 0, 1))
    assert one.tolist() == same.tolist() != other.tolist()
    wide = HIDING.choose(words.astype(np.int32), of_tokens(words.astype(np.int32)))
    assert wide.tolist() == one.tolist()
