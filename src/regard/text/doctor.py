"""The doctor: what is wrong with labelled texts, before a model learns it.

It blocks only what makes the result meaningless: no texts, one class, a test that is the training set, labels in
the test that training never saw. Everything else is told and the work goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from regard.records import Corpus, Label
from regard.text import checks
from regard.text.diagnosis import SEVERITIES, Diagnosis, Finding, Severity

__all__ = ["Diagnosis", "Finding", "examine"]


def examine(
    parts: Mapping[str, Corpus],
    *,
    token_lengths: Mapping[str, Sequence[int]] | None = None,
    max_length: int | None = None,
) -> Diagnosis:
    """Examine the parts of the data (`train` first; `validation` and `test` where there are any).

    `token_lengths` are the tokens of each text of a part before any cut, `max_length` how many of them the model reads
    (with the strategy `windows`: in all windows together).
    """
    own: list[Callable[[str, Corpus], Iterator[Finding]]] = [
        checks.empty_texts,
        checks.odd_characters,
        checks.duplicates,
        _labels,
        _order,
    ]
    findings = [finding for name, corpus in parts.items() for check in own for finding in check(name, corpus)]
    findings += _across(parts)
    findings += checks.near(parts)
    if token_lengths and max_length:
        findings += [
            found for name in token_lengths for found in checks.too_long(name, token_lengths[name], max_length)
        ]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Diagnosis(findings, {name: _summary(corpus) for name, corpus in parts.items()})


def _summary(corpus: Corpus) -> dict[str, Any]:
    counts = _label_counts(corpus)
    return {"n": len(corpus), "labels": {label: counts[label] for label in corpus.label_names()}}


def _label_counts(corpus: Corpus) -> Counter[str]:
    return Counter(name for label in corpus.labels or [] for name in ([label] if isinstance(label, str) else label))


def _labels(part: str, corpus: Corpus) -> Iterator[Finding]:
    counts = _label_counts(corpus)
    if not counts:
        return
    most, least = counts.most_common()[0], counts.most_common()[-1]
    if len(counts) == 1 and part == "train" and not corpus.multi_label:
        message = f"every text has the label {most[0]!r}"
        yield Finding("block", "one_class", part, message, "give texts of at least two classes", len(corpus), 1.0)
    elif most[1] >= 3 * least[1]:
        ratio = most[1] / least[1]
        message = f"{most[0]!r} has {most[1]:,} texts, {least[0]!r} {least[1]:,} ({ratio:.1f} to 1)"
        mend = "read macro F1 and each class's own scores, not accuracy alone"
        severity: Severity = "warn" if ratio >= 10 or least[1] < 10 else "note"
        yield Finding(severity, "imbalance", part, message, mend, least[1], least[1] / len(corpus))


def _order(part: str, corpus: Corpus) -> Iterator[Finding]:
    """Neighbours with equal labels far more often than in a shuffled file."""
    labels = corpus.labels or []
    changes = sum(label != before for before, label in pairwise(labels))
    expected = len(labels) - sum(n * n for n in Counter(labels).values()) / max(len(labels), 1)
    if len(labels) >= 20 and expected >= 5 and changes < 0.1 * expected:
        message = f"the rows are ordered by label ({changes + 1:,} runs): a part cut off the end would hold one class"
        mend = "nothing here: Regard cuts by class and shuffles. Shuffle before you cut a part off yourself"
        yield Finding("note", "ordered_labels", part, message, mend, len(labels), 1.0)


def _across(parts: Mapping[str, Corpus]) -> Iterator[Finding]:
    """What validation and test share with train, and which labels train never saw."""
    train = parts.get("train")
    if train is None:
        return
    for part, corpus in parts.items():
        if part != "train" and len(corpus) > 0:
            yield from checks.shared_with_train(part, corpus, train)
            yield from _label_sets(part, corpus, train)


def _label_sets(part: str, corpus: Corpus, train: Corpus) -> Iterator[Finding]:
    known, own = set(train.label_names()), set(corpus.label_names())
    if not known or not own:
        return
    if unknown := sorted(own - known):
        rows = [row for row, label in enumerate(corpus.labels or []) if _has(label, set(unknown))]
        message = f"labels that train does not have: {checks.named(unknown)}"
        mend = "spell labels alike in both, or take these texts out"
        yield checks.at_rows("block", "unknown_labels", part, message, corpus, rows, mend)
    if missing := sorted(known - own):
        message = f"no text has the label {checks.named(missing)}: nothing is measured on it"
        yield Finding("warn" if len(own) == 1 else "note", "missing_labels", part, message, None, len(missing))


def _has(label: Label, names: set[str]) -> bool:
    return label in names if isinstance(label, str) else bool(names.intersection(label))
