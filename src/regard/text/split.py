"""Cutting a validation part off, and taking fewer rows: seeded, by class, and honest about neighbours.

Two ways. `random` shuffles within each class and keeps equal texts on one side. `blocks` is for rows whose
neighbours belong together, as the reviews of one film do: it takes one run of rows from each class, so that only
its two ends separate neighbours, and leaves a gap out there. `auto` takes blocks where the corpus is contiguous.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar

import numpy as np

from regard.errors import DataError
from regard.records import Corpus, Label

How = Literal["auto", "random", "blocks"]
Kinds = Sequence[Collection[str]]
"""Of each row what is to be learned from it: labels, types of entities."""

GAP = 30
"""Rows left out at a cut between blocks: IMDB has at most 30 reviews of a film (Maas et al. 2011)."""

_MEND = "give a validation file, or join or leave out the class"
_RARE = None
"""The class that stands for all combinations of labels that are too rare to be cut by themselves."""


C = TypeVar("C", bound=Corpus)


class Cut(NamedTuple, Generic[C]):
    """Two parts of a corpus, and a sentence for the user on how they were cut."""

    train: C
    validation: C
    note: str


def cut_validation(corpus: Corpus, *, fraction: float, seed: int, how: How = "auto") -> Cut:
    """Cut `fraction` of every class off as validation; both parts keep the order of rows.

    `random` loses no row. Raises `DataError` where a class is too small to be in both parts.
    """
    if len(corpus) < 2:
        raise DataError(f"{len(corpus)} texts can't be cut in two", file=corpus.source, mend=_MEND)
    generator = np.random.default_rng([seed, 1])
    if how == "blocks" or (how == "auto" and corpus.contiguous):
        return _cut_blocks(corpus, fraction, generator)
    return _cut_random(corpus, fraction, generator)


def limit(corpus: Corpus, n: int, *, seed: int, how: How = "auto") -> Corpus:
    """At most `n` rows, each class by its share and none left out while there is room; rows stay in order.

    With several labels a text, rows are added where a label would be lost.

    Of a contiguous corpus (or with `blocks`) evenly spread rows are taken, else random ones.
    """
    if n >= len(corpus):
        return corpus
    classes = _rows_by_class(corpus)
    generator = np.random.default_rng([seed, 2])
    spread = how == "blocks" or (how == "auto" and corpus.contiguous)
    taken: list[int] = []
    for rows, share in zip(classes.values(), _shares([len(rows) for rows in classes.values()], n), strict=True):
        picked = _spread(len(rows), share) if spread else generator.permutation(len(rows))[:share]
        taken += [rows[i] for i in picked]
    kept = set(taken)
    return corpus.take(sorted(kept | _needed_to_learn(corpus, kept, set(range(len(corpus))) - kept)))


def cut_groups(
    corpus: C, groups: Sequence[str], *, fraction: float, seed: int, how: How = "auto", kinds: Kinds | None = None
) -> Cut[C]:
    """Cut `fraction` of the rows off where no class is to be kept in proportion; both parts keep the order of rows.

    Rows with an equal entry in `groups` `[n]` stay on one side: the questions of one page, texts that are the same.
    `random` draws groups; `blocks`, and `auto` where the corpus is contiguous, takes one run of them, in the order of
    their first rows. Of what there is in each row (`kinds` `[n]`) train gets some of every kind: rows that would hold
    the only ones out are not cut off. Raises `DataError` where nothing can be cut off.
    """
    if len(set(groups)) < 2:
        found = f"{len(corpus)} rows that belong together" if len(corpus) > 1 else "a single row"
        raise DataError(f"{found} can't be cut in two", file=corpus.source, mend="give a validation file")
    generator = np.random.default_rng([seed, 1])
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        rows[group].append(row)
    target, blocks = fraction * len(corpus), how == "blocks" or (how == "auto" and corpus.contiguous)
    draw = _one_run if blocks else _fill
    validation = set(draw(list(rows.values()), target, generator))
    validation -= _only_ones(kinds, groups, set(range(len(corpus))) - validation, validation)
    if not validation:
        message = "no row can be cut off: each holds something that no other one has"
        raise DataError(message, file=corpus.source, mend="give a validation file")
    kept = set(range(len(corpus))) - validation
    share = len(validation) / len(corpus)
    way = "one run of neighbouring rows" if blocks else "at random"
    apart = "" if len(rows) == len(corpus) else "; rows that belong together stay together"
    note = f"{len(validation):,} of {len(corpus):,} rows ({share:.0%}) cut from train, {way}{apart}"
    return Cut(corpus.take(sorted(kept)), corpus.take(sorted(validation)), note)


def limit_rows(corpus: C, n: int, *, seed: int, how: How = "auto", kinds: Kinds | None = None) -> C:
    """At most `n` rows, in order: random ones; of a contiguous corpus (or with `blocks`) evenly spread ones. Rows are
    added where one of the `kinds` that rows hold would be lost."""
    if n >= len(corpus):
        return corpus
    spread = how == "blocks" or (how == "auto" and corpus.contiguous)
    drawn = _spread(len(corpus), n) if spread else np.random.default_rng([seed, 2]).permutation(len(corpus))[:n]
    kept = {int(row) for row in drawn}
    return corpus.take(sorted(kept | _only_ones(kinds, corpus.texts, kept, set(range(len(corpus))) - kept)))


def _one_run(groups: list[list[int]], target: float, generator: np.random.Generator) -> list[int]:
    """Whole groups, one after the other, until `target` rows are reached; at least one in, at least one left out. The
    run begins anywhere from where it does not pass the end, so that one or two cuts separate neighbours."""
    ends = np.cumsum([len(group) for group in groups])
    latest = int(np.searchsorted(ends, ends[-1] - target, side="right"))
    start = int(generator.integers(min(latest, len(groups) - 1) + 1))
    taken = list(groups[start])
    for group in groups[start + 1 : start + len(groups) - 1]:
        if len(taken) + len(group) / 2 > target:
            break
        taken += group
    return taken


def _cut_random(corpus: Corpus, fraction: float, generator: np.random.Generator) -> Cut:
    validation: set[int] = set()
    for label, rows in _rows_by_class(corpus).items():
        groups = _groups_of_equal_texts(corpus, rows)
        if len(groups) < 2:
            if label is _RARE:
                continue
            raise _too_small(corpus, label, len(groups), "different text")
        validation.update(_fill(groups, fraction * len(rows), generator))
    validation -= _needed_to_learn(corpus, set(range(len(corpus))) - validation, validation)
    share = len(validation) / len(corpus)
    note = f"{len(validation):,} of {len(corpus):,} rows ({share:.0%}) cut from train, at random within each class"
    return _cut(corpus, set(range(len(corpus))) - validation, validation, note)


def _needed_to_learn(corpus: Corpus, train: set[int], validation: set[int]) -> set[int]:
    """Held-out rows that must go back, since a label of theirs (of several) would occur nowhere in train."""
    return _only_ones(corpus.labels if corpus.multi_label else None, corpus.texts, train, validation)


def _only_ones(kinds: Kinds | None, groups: Sequence[str], train: set[int], others: set[int]) -> set[int]:
    """Rows of `others` with a kind that `train` has nowhere: the first with each such kind, and its whole group."""
    if kinds is None:
        return set()
    known = {kind for row in train for kind in kinds[row]}
    back: set[str] = set()
    for row in sorted(others):
        if not known.issuperset(kinds[row]):
            known.update(kinds[row])
            back.add(groups[row])
    return {row for row in others if groups[row] in back}


def _groups_of_equal_texts(corpus: Corpus, rows: Sequence[int]) -> list[list[int]]:
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        groups[corpus.texts[row]].append(row)
    return list(groups.values())


def _fill(groups: list[list[int]], target: float, generator: np.random.Generator) -> list[int]:
    """Whole groups in random order until `target` rows are reached; at least one in, at least one left out."""
    order = [groups[i] for i in generator.permutation(len(groups))]
    taken = list(order[0])
    for group in order[1:-1]:
        if len(taken) + len(group) / 2 <= target:
            taken += group
    return taken


def _cut_blocks(corpus: Corpus, fraction: float, generator: np.random.Generator) -> Cut:
    train: set[int] = set()
    validation: set[int] = set()
    for label, rows in _rows_by_class(corpus).items():
        length = max(1, round(len(rows) * fraction))
        gap = min(GAP, length // 10)
        if len(rows) - length - 2 * gap < 1:
            if label is not _RARE:
                raise _too_small(corpus, label, len(rows), "row")
            train.update(rows)
            continue
        start = int(generator.integers(len(rows) - length + 1))
        validation.update(rows[start : start + length])
        train.update([*rows[: max(start - gap, 0)], *rows[start + length + gap :]])
    back = _needed_to_learn(corpus, train, validation)
    validation, train = validation - back, train | back
    held = {corpus.texts[row] for row in validation}
    kept = {row for row in train if corpus.texts[row] not in held}
    return _cut(corpus, kept, validation, _blocks_note(corpus, len(kept), len(validation)))


def _blocks_note(corpus: Corpus, train: int, validation: int) -> str:
    left_out = len(corpus) - train - validation
    note = (
        f"{validation:,} rows cut from train, one run of neighbouring rows a class; {left_out:,} rows at the cuts "
        "(or equal to a row beyond them) are left out"
    )
    if corpus.source == "imdb":
        note += (
            ". Reviews of a film lie side by side within a class, so those of one class stay together; its reviews "
            "of the other class may still fall on the other side (the data carry no film ids)"
        )
    return note


def _cut(corpus: Corpus, train: set[int], validation: set[int], note: str) -> Cut:
    if not train or not validation:
        raise DataError("too few texts to cut a validation part off", file=corpus.source, mend=_MEND)
    return Cut(corpus.take(sorted(train)), corpus.take(sorted(validation)), note)


def _rows_by_class(corpus: Corpus) -> dict[Label | None, list[int]]:
    """Row numbers of each class, in order; with several labels a text, of each combination that is not rare.

    Equal texts are one class, that of the first of them: doctor tells of those with two labels.
    """
    labels: Sequence[Label | None] = corpus.labels if corpus.labels is not None else [""] * len(corpus)
    first: dict[str, Label | None] = {}
    own = [first.setdefault(text, label) for text, label in zip(corpus.texts, labels, strict=True)]
    counts = Counter(own)
    classes: dict[Label | None, list[int]] = {}
    for row, label in enumerate(own):
        rare = corpus.multi_label and counts[label] < 10
        classes.setdefault(_RARE if rare else label, []).append(row)
    return classes


def _shares(sizes: list[int], n: int) -> list[int]:
    """`n` divided by size, one for every class first where that many are asked for (largest remainders)."""
    exact = np.array(sizes) * n / sum(sizes)
    floor = 1 if n >= len(sizes) else 0
    shares = np.maximum(np.floor(exact).astype(int), floor)
    order = np.argsort(shares - exact, kind="stable")
    position = 0
    while (missing := n - int(shares.sum())) != 0:
        i = order[position % len(order)] if missing > 0 else int(np.argmax(shares))
        if missing < 0 or shares[i] < sizes[i]:
            shares[i] += 1 if missing > 0 else -1
        position += 1
    return [int(share) for share in shares]


def _spread(length: int, n: int) -> list[int]:
    """`n` positions at even distances, from the middle of each stretch."""
    return [(2 * i + 1) * length // (2 * n) for i in range(n)]


def _too_small(corpus: Corpus, label: Label | None, found: int, noun: str) -> DataError:
    message = f"the class {label!r} has {found} {noun}{'' if found == 1 else 's'}: too few for train and validation"
    return DataError(message, file=corpus.source, mend=_MEND)
