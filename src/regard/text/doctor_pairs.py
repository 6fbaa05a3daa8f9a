"""The doctor for text pairs: what is wrong with sources and targets before a model learns to make one of the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from regard.records import TextPairCorpus
from regard.text.checks import MOST_SHARED, at_rows, counted, empty_texts, near, odd_characters, too_long
from regard.text.diagnosis import SEVERITIES, Diagnosis, Finding

SAME_MOST = 0.5
"""The share of targets that may be their sources before copying is all there is to learn."""
FAR_OFF = 4.0
"""Times the usual relation of a target's length to its source's from which a pair is looked at twice."""


def examine_pairs(
    parts: Mapping[str, TextPairCorpus],
    *,
    token_lengths: Mapping[str, Sequence[int]] | None = None,
    max_length: int | None = None,
) -> Diagnosis:
    """Examine the parts of the data (`train` first); arguments as `text.doctor.examine` has them."""
    checks: list[Callable[[str, TextPairCorpus], Iterator[Finding]]] = [
        empty_texts,
        odd_characters,
        _doubles,
        _copies,
        _lengths,
    ]
    findings = [finding for name, corpus in parts.items() for check in checks for finding in check(name, corpus)]
    findings += _across(parts)
    findings += near(parts)
    if token_lengths and max_length:
        findings += [found for name in token_lengths for found in too_long(name, token_lengths[name], max_length)]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Diagnosis(findings, {name: _summary(corpus) for name, corpus in parts.items()})


def _summary(corpus: TextPairCorpus) -> dict[str, Any]:
    references = sum(map(len, corpus.labels or []))
    return {"n": len(corpus), "labels": {"targets": references} if references else {}}


def _doubles(part: str, corpus: TextPairCorpus) -> Iterator[Finding]:
    """Pairs that occur again, and sources that are given another target elsewhere."""
    targets: defaultdict[str, set[Any]] = defaultdict(set)
    first: dict[tuple[str, Any], int] = {}
    later = []
    for row, (_, text, label) in enumerate(corpus):
        targets[text].add(label)
        if text.strip() and first.setdefault((text, label), row) != row:
            later.append(row)
    if later:
        message = f"{counted(later, corpus)} the same as an earlier one, target and all"
        yield at_rows("warn", "duplicates", part, message, corpus, later, "take the doubles out")
    torn = [row for row, (_, text, _) in enumerate(corpus) if len(targets[text]) > 1 and text.strip()]
    if torn:
        message = f"{counted(torn, corpus)} given another target elsewhere"
        mend = "put all good targets of a source in one row, as a list"
        yield at_rows("note", "several_targets", part, message, corpus, torn, mend)


def _copies(part: str, corpus: TextPairCorpus) -> Iterator[Finding]:
    """Targets that are their sources: nothing to translate, or a row in the wrong language."""
    same = [row for row, (_, text, label) in enumerate(corpus) if label and text.strip() in map(str.strip, label)]
    if not same:
        return
    message = f"{counted(same, corpus)} the same as the target"
    if len(same) > SAME_MOST * len(corpus):
        yield at_rows(
            "block", "copies", part, message, corpus, same, "check the columns (--text-column, --label-column)"
        )
    else:
        yield at_rows(
            "note", "copies", part, message, corpus, same, "look at them: is the target in the right language?"
        )


def _lengths(part: str, corpus: TextPairCorpus) -> Iterator[Finding]:
    """Pairs whose target is much longer or shorter beside its source than usual: often they are misaligned."""
    if not corpus.labels:
        return
    ratios = np.array([(len(label[0]) + 1) / (len(text) + 1) for _, text, label in corpus if label])
    usual = float(np.median(ratios))
    far = [int(row) for row in np.flatnonzero((ratios > FAR_OFF * usual) | (ratios < usual / FAR_OFF))]
    if far:
        message = (
            f"{counted(far, corpus)} more than {FAR_OFF:.0f} times off the usual length of a target beside its source"
        )
        yield at_rows(
            "note", "odd_lengths", part, message, corpus, far, "look at them: do source and target belong together?"
        )


def _across(parts: Mapping[str, TextPairCorpus]) -> Iterator[Finding]:
    """Sources of validation and test that training has too."""
    train = parts.get("train")
    if train is None:
        return
    known = set(train.texts)
    for part, corpus in parts.items():
        if part == "train" or not len(corpus):
            continue
        shared = [row for row, text in enumerate(corpus.texts) if text in known and text.strip()]
        if shared:
            grave = len(shared) > MOST_SHARED * len(corpus)
            message = f"{counted(shared, corpus)} in train too"
            mend = f"take them out of train or {part}: scores are too good by them"
            yield at_rows("block" if grave else "warn", "shared_with_train", part, message, corpus, shared, mend)
