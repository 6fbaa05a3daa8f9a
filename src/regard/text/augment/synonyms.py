"""`synonyms`: words become synonyms (EDA's SR: Wei and Zou 2019, section 2).

Other than there, the label's safety goes first: a synonym is one word, of one of the commonest meanings, with the
capitals and the -s of the word it stands for; function words and names stay.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from regard.text.augment import wordnet
from regard.text.augment.example import Change, Example
from regard.text.augment.method import OneByOne, Supplies, cased_like, drawn, is_exchangeable, share_of
from regard.text.augment.options import SynonymOptions


class Synonyms(OneByOne):
    def __init__(self, options: SynonymOptions, supplies: Supplies) -> None:
        super().__init__(options, supplies)
        self.thesaurus = wordnet.thesaurus(wordnet.folder(offline=supplies.offline))

    def synonyms(self, example: Example, position: int) -> tuple[str, ...]:
        """What may stand for one word of a text; nothing for a word that no other may stand for."""
        if not is_exchangeable(example, position):
            return ()
        return self.thesaurus.synonyms(example.spelled(position), self.options.senses)

    def changes(self, example: Example, generator: np.random.Generator) -> list[Change]:
        number = share_of(example, self.options.share)
        found = drawn(example.free, number, partial(self.synonyms, example), generator)
        return [
            example.renamed(position, cased_like(example.spelled(position), str(generator.choice(words))))
            for position, words in found.items()
        ]
