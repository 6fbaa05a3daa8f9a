"""`eda`: synonyms, swap, delete or insert, drawn anew for each copy (EDA, Wei and Zou 2019)."""

from __future__ import annotations

import numpy as np

from regard.text.augment.delete import Delete
from regard.text.augment.example import Change, Example
from regard.text.augment.insert import Insert
from regard.text.augment.method import OneByOne, Supplies
from regard.text.augment.options import EdaOptions
from regard.text.augment.swap import Swap
from regard.text.augment.synonyms import Synonyms


class Eda(OneByOne):
    def __init__(self, options: EdaOptions, supplies: Supplies) -> None:
        super().__init__(options, supplies)
        self._methods: list[OneByOne] = [made(options, supplies) for made in (Synonyms, Swap, Delete, Insert)]

    def changes(self, example: Example, generator: np.random.Generator) -> list[Change]:
        """Of the four in an order that is drawn, what the first one does that finds something to do."""
        for number in generator.permutation(len(self._methods)):
            if found := self._methods[number].changes(example, generator):
                return found
        return []
