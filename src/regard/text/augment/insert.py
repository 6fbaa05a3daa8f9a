"""`insert`: synonyms of words of the text come in at other places of it (EDA's RI: Wei and Zou 2019, section 2).

A word that comes in has the tag of the word that it is a synonym of, and never stands within an entity.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from regard.text.augment.example import Change, Example, Word
from regard.text.augment.method import drawn, share_of
from regard.text.augment.synonyms import Synonyms


class Insert(Synonyms):
    def changes(self, example: Example, generator: np.random.Generator) -> list[Change]:
        places = [place for place in example.free if _after_a_blank(example, place)]
        if not places:
            return []
        number = share_of(example, self.options.share)
        coming: dict[int, list[tuple[str, str | None]]] = {}
        for source, words in drawn(example.free, number, partial(self.synonyms, example), generator).items():
            come = str(generator.choice(words)), example.words[source].tag
            coming.setdefault(places[int(generator.integers(len(places)))], []).append(come)
        return [_before(example.words[place], coming[place]) for place in sorted(coming)]


def _after_a_blank(example: Example, position: int) -> bool:
    start = example.words[position].start
    return start == 0 or example.text[start - 1].isspace()


def _before(word: Word, coming: list[tuple[str, str | None]]) -> Change:
    """Words with their tags, each with a blank after it, before `word`."""
    text, words = "", []
    for spelled, tag in coming:
        words.append(Word(len(text), len(text) + len(spelled), tag))
        text += f"{spelled} "
    return Change(word.start, word.start, text, tuple(words))
