"""`contextual`: words become what a masked language model expects in their place (Kobayashi 2018; Wu et al. 2019).

The model is a function that is handed in. It knows nothing of the label: what it expects after "a" may well be "bad" in
a praise, so that this is no method for sentiment unless the model was tuned on the labels (as in both papers).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from regard.records import Span
from regard.text.augment.example import Change, Example
from regard.text.augment.method import Method, Supplies, cased_like, drawn, is_exchangeable, share_of
from regard.text.augment.options import ContextualOptions

Propose = Callable[[list[tuple[str, list[Span]]]], list[list[list[str]]]]
"""Texts, each with stretches to be hidden together, in order: for each stretch the words expected there, likeliest
first; none where the model does not read as far."""


class Contextual(Method):
    def __init__(self, options: ContextualOptions, supplies: Supplies) -> None:
        super().__init__(options, supplies)
        self.propose: Propose = supplies.function("contextual", "a masked language model that proposes words")

    def __call__(self, examples: Sequence[Example], generators: Sequence[np.random.Generator]) -> list[list[Change]]:
        hidden = [self._hidden(*pair) for pair in zip(examples, generators, strict=True)]
        asked = [
            (example.text, [(word.start, word.end) for word in (example.words[position] for position in positions)])
            for example, positions in zip(examples, hidden, strict=True)
        ]
        proposed = self.propose(asked)
        rows = zip(examples, generators, hidden, proposed, strict=True)
        return [self._chosen(*row) for row in rows]

    def _hidden(self, example: Example, generator: np.random.Generator) -> list[int]:
        number = share_of(example, self.options.share)
        return list(drawn(example.free, number, partial(is_exchangeable, example), generator))

    def _chosen(
        self, example: Example, generator: np.random.Generator, hidden: list[int], proposed: list[list[str]]
    ) -> list[Change]:
        changes = []
        for position, words in zip(hidden, proposed, strict=True):
            own = example.spelled(position)
            if likeliest := [word for word in words if _may_stand_for(own, word)][: self.options.candidates]:
                changes.append(example.renamed(position, cased_like(own, str(generator.choice(likeliest)))))
        return changes


def _may_stand_for(own: str, word: str) -> bool:
    """Whether a proposal is another word, of letters only; a name takes no small word's place."""
    return word.isalpha() and word.lower() != own.lower() and (word.islower() or not own.islower())
