"""The doctor: what is wrong with labelled texts, before a model learns it.

It blocks only what makes the result meaningless: no texts, one class, a test that is the training set, labels in
the test that training never saw. Everything else is told and the work goes on.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from regard.records import Corpus, Label
from regard.text.diagnosis import SEVERITIES, Diagnosis, Finding, Severity
from regard.text.near_duplicates import near_duplicates

__all__ = ["Diagnosis", "Finding", "examine"]

MOST_SHARED = 0.5
"""Above this share of a part that is also in train, its scores measure memory."""
MOST_COMPARED = 60_000
"""Texts compared for near duplicates; of more, evenly spread ones are, and a note says so."""

_EXAMPLES = 5
_ODD = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffd]")


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
    checks: list[Callable[[str, Corpus], Iterator[Finding]]] = [_texts, _odd_characters, _duplicates, _labels, _order]
    findings = [finding for name, corpus in parts.items() for check in checks for finding in check(name, corpus)]
    findings += _across(parts)
    findings += _near(parts)
    if token_lengths and max_length:
        findings += [found for name in token_lengths for found in _too_long(name, token_lengths[name], max_length)]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Diagnosis(findings, {name: _summary(corpus) for name, corpus in parts.items()})


def _summary(corpus: Corpus) -> dict[str, Any]:
    counts = _label_counts(corpus)
    return {"n": len(corpus), "labels": {label: counts[label] for label in corpus.label_names()}}


def _label_counts(corpus: Corpus) -> Counter[str]:
    return Counter(name for label in corpus.labels or [] for name in ([label] if isinstance(label, str) else label))


def _texts(part: str, corpus: Corpus) -> Iterator[Finding]:
    empty = [row for row, text in enumerate(corpus.texts) if not text.strip()]
    if len(empty) == len(corpus):
        message = "there is no text" if not empty else "every text is empty"
        yield Finding("block", "no_texts", part, message, "check the text column (--text-column)", len(empty), 1.0)
    elif empty:
        message = f"{_count(empty, corpus)} empty"
        yield _finding("warn", "empty_texts", part, message, corpus, empty, "take them out, or check the text column")


def _odd_characters(part: str, corpus: Corpus) -> Iterator[Finding]:
    odd = [row for row, text in enumerate(corpus.texts) if _ODD.search(text)]
    if odd:
        found = Counter(character for row in odd for character in _ODD.findall(corpus.texts[row]))
        named = ", ".join(f"U+{ord(character):04X} {n} times" for character, n in found.most_common(3))
        message = f"{_count(odd, corpus, 'has', 'have')} control characters, lone surrogates or U+FFFD ({named})"
        mend = "preprocessing replaces them; many of them mean a wrong encoding"
        yield _finding("note", "odd_characters", part, message, corpus, odd, mend)


def _duplicates(part: str, corpus: Corpus) -> Iterator[Finding]:
    first: dict[str, int] = {}
    labels: defaultdict[str, set[Label]] = defaultdict(set)
    later: list[int] = []
    for row, text in enumerate(corpus.texts):
        if not text.strip():
            continue
        if first.setdefault(text, row) != row:
            later.append(row)
        if corpus.labels is not None:
            labels[text].add(corpus.labels[row])
    if later:
        message = f"{_count(later, corpus)} the same as an earlier one"
        yield _finding("warn", "duplicates", part, message, corpus, later, "take the doubles out")
    torn = [first[text] for text, found in labels.items() if len(found) > 1]
    if torn:
        message = f"{len(torn):,} different texts have two labels or more"
        yield _finding("warn", "conflicting_labels", part, message, corpus, torn, "decide for one label of each")


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
            yield from _shared(part, corpus, train)
            yield from _label_sets(part, corpus, train)


def _shared(part: str, corpus: Corpus, train: Corpus) -> Iterator[Finding]:
    labels = {text: label for _, text, label in train}
    shared = [row for row, text in enumerate(corpus.texts) if text in labels and text.strip()]
    if len(shared) > MOST_SHARED * len(corpus):
        mend = "give texts that training does not see"
        message = f"{_count(shared, corpus)} also in train: its scores would say nothing"
        yield _finding("block", "same_as_train", part, message, corpus, shared, mend)
    elif shared:
        own = corpus.labels
        other = sum(own is not None and labels[corpus.texts[row]] not in (None, own[row]) for row in shared)
        message = f"{_count(shared, corpus)} also in train" + (f", {other:,} with another label" if other else "")
        yield _finding("warn", "shared_with_train", part, message, corpus, shared, "take them out of one of the two")


def _label_sets(part: str, corpus: Corpus, train: Corpus) -> Iterator[Finding]:
    known, own = set(train.label_names()), set(corpus.label_names())
    if not known or not own:
        return
    if unknown := sorted(own - known):
        rows = [row for row, label in enumerate(corpus.labels or []) if _has(label, set(unknown))]
        message = f"labels that train does not have: {_some(unknown)}"
        mend = "spell labels alike in both, or take these texts out"
        yield _finding("block", "unknown_labels", part, message, corpus, rows, mend)
    if missing := sorted(known - own):
        message = f"no text has the label {_some(missing)}: nothing is measured on it"
        yield Finding("warn" if len(own) == 1 else "note", "missing_labels", part, message, None, len(missing))


def _near(parts: Mapping[str, Corpus]) -> Iterator[Finding]:
    """Near duplicates within parts and across them; texts that are exactly the same are not counted again."""
    places: dict[str, tuple[str, int]] = {}
    for part, corpus in parts.items():
        for row, text in enumerate(corpus.texts):
            places.setdefault(text, (part, row))
    texts = list(places)
    if len(texts) > MOST_COMPARED:
        message = f"near duplicates were looked for in {MOST_COMPARED:,} of {len(texts):,} texts"
        yield Finding("note", "near_duplicates_sampled", "all parts", message, None, MOST_COMPARED)
        texts = [texts[i * len(texts) // MOST_COMPARED] for i in range(MOST_COMPARED)]
    found: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for pair in near_duplicates(texts):
        (one, first), (other, second) = places[texts[pair.first]], places[texts[pair.second]]
        found[one, other].append((first, second))
    for (one, other), pairs in found.items():
        yield _near_finding(one, other, pairs, parts)


def _near_finding(one: str, other: str, pairs: list[tuple[int, int]], parts: Mapping[str, Corpus]) -> Finding:
    corpus, rows = parts[other], [second for _, second in pairs]
    across = one != other
    message = f"{_count(rows, corpus)} almost the same as {'one in ' + one if across else 'an earlier one'}"
    examples = [
        {**_example(corpus, second), "same_as": _example(parts[one], first)} for first, second in pairs[:_EXAMPLES]
    ]
    code, mend = ("near_duplicates", "look at them; take the doubles out")
    if across:
        code, mend = ("near_shared", f"take them out of {one} or {other}: scores are too good by them")
    return Finding(
        "warn" if across else "note", code, other, message, mend, len(rows), len(rows) / len(corpus), examples
    )


def _too_long(part: str, lengths: Sequence[int], max_length: int) -> Iterator[Finding]:
    beyond = [length - max_length for length in lengths if length > max_length]
    if beyond:
        texts, tokens = len(beyond) / len(lengths), sum(beyond) / sum(lengths)
        message = (
            f"the limit of {max_length:,} tokens cuts {len(beyond):,} texts ({texts:.0%}), "
            f"{tokens:.0%} of all tokens are not read"
        )
        mend = (
            "a larger --max-length (with windows, tokens.max_windows) reads more and takes longer; "
            "--strategy says which part is read"
        )
        severity: Severity = "warn" if tokens >= 0.2 else "note"
        yield Finding(severity, "truncated", part, message, mend, len(beyond), texts)


def _finding(
    severity: Severity, code: str, part: str, message: str, corpus: Corpus, rows: Sequence[int], mend: str | None
) -> Finding:
    examples = [_example(corpus, row) for row in rows[:_EXAMPLES]]
    return Finding(severity, code, part, message, mend, len(rows), len(rows) / len(corpus), examples)


def _example(corpus: Corpus, row: int) -> dict[str, Any]:
    line = None if corpus.lines is None else corpus.lines[row]
    text = corpus.texts[row][:80].encode("utf-8", "replace").decode("utf-8")
    return {"id": corpus.ids[row], "line": line, "text": text}


def _count(rows: Sequence[int], corpus: Corpus, one: str = "is", more: str = "are") -> str:
    """`3 texts (0.1%) are`: how the messages begin."""
    noun, verb = ("text", one) if len(rows) == 1 else ("texts", more)
    return f"{len(rows):,} {noun} ({len(rows) / len(corpus):.1%}) {verb}"


def _has(label: Label, names: set[str]) -> bool:
    return label in names if isinstance(label, str) else bool(names.intersection(label))


def _some(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
