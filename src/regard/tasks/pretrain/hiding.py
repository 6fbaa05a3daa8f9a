"""Which tokens are hidden, and what stands in their place: masked language modelling (Devlin et al. 2019, section 3.1,
task 1 and appendix A.1), whole words where that is asked for (their code's whole-word masking).

Notable: nothing here knows a global generator. What training hides depends on (seed, epoch, row) alone; what a figure
is measured on depends on the tokens alone, so that it is the same for every run and every order of the texts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from regard.text.document_encoder import NO_WORD

SHOWN_SHARE = 0.15
"""Of the tokens that are hidden where a figure is measured, whatever training hides, so that runs can be compared."""


@dataclass(frozen=True)
class Hiding:
    """`share` of the tokens is to be guessed: `as_mask` of these read the mask token, `as_random` a random one, the
    rest themselves. `whole_word`: all pieces of a word together. `ordinary` are the ids that a random one is of."""

    mask_id: int
    ordinary: np.ndarray
    share: float = 0.15
    as_mask: float = 0.8
    as_random: float = 0.1
    whole_word: bool = False

    def choose(self, words: np.ndarray, generator: np.random.Generator, share: float | None = None) -> np.ndarray:
        """The places `[n]` to be guessed, in order, among tokens of these words `[t]` (`NO_WORD`: never).

        At least one and not all of them are; none where there are fewer than two.
        """
        free = np.flatnonzero(words != NO_WORD)
        if len(free) < 2:
            return free[:0]
        number = min(max(1, round(len(free) * (self.share if share is None else share))), len(free) - 1)
        if not self.whole_word:
            return np.sort(generator.permutation(free)[:number])
        return self._whole(words[free], free, number, generator)

    def replace(self, ids: np.ndarray, chosen: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """The ids `[t]` that training reads, with others at the places `chosen`."""
        drawn = generator.random(len(chosen))
        others = self.ordinary[generator.integers(len(self.ordinary), size=len(chosen))]
        read = ids.copy()
        masked, random = drawn < self.as_mask, drawn >= 1 - self.as_random
        read[chosen[masked]] = self.mask_id
        read[chosen[random & ~masked]] = others[random & ~masked]
        return read

    def hide(self, ids: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """The ids `[t]` with the mask token at every place `chosen`."""
        read = ids.copy()
        read[chosen] = self.mask_id
        return read

    def _whole(self, words: np.ndarray, free: np.ndarray, number: int, generator: np.random.Generator) -> np.ndarray:
        """Words in random order while they fit into `number` tokens; the first one where none does."""
        names, sizes = np.unique(words, return_counts=True)
        if len(names) < 2:
            return free[:0]
        order = generator.permutation(len(names))
        taken: list[int] = []
        left = number
        for word in order:
            if sizes[word] <= left:
                taken.append(word)
                left -= int(sizes[word])
            if not left:
                break
        return free[np.isin(words, names[taken or order[:1]])]


def of_training(seed: int, epoch: int, row: int) -> np.random.Generator:
    """What is drawn for one row in one epoch."""
    return np.random.default_rng([seed, epoch, row])


def of_tokens(ids: np.ndarray) -> np.random.Generator:
    """What is drawn for these tokens wherever a figure is measured on them."""
    digest = hashlib.blake2b(np.ascontiguousarray(ids, dtype="<i8").tobytes(), digest_size=16).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype="<u4"))


def guessable(words: np.ndarray, *, whole: bool) -> int:
    """What could be hidden of tokens of these words `[t]`: the tokens, or (`whole`) their words. Of one alone nothing
    can: there is nothing to guess it from."""
    free = words[words != NO_WORD]
    return len(np.unique(free)) if whole else len(free)
