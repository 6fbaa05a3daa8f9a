"""What the doctors of all tasks look for: empty texts, odd characters, doubles, leaks between parts, lengths."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from regard.records import Corpus, Label
from regard.text.diagnosis import Finding, Severity
from regard.text.near_duplicates import near_duplicates

MOST_SHARED = 0.5
"""Above this share of a part that is also in train, its scores measure memory."""
MOST_COMPARED = 60_000
"""Texts compared for near duplicates; of more, evenly spread ones are, and a note says so."""
EXAMPLES = 5

_ODD = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffd]")


def empty_texts(part: str, corpus: Corpus) -> Iterator[Finding]:
    """Texts of nothing but blanks; none at all, or nothing else, blocks."""
    empty = [row for row, text in enumerate(corpus.texts) if not text.strip()]
    if len(empty) == len(corpus):
        message = "there is no text" if not empty else "every text is empty"
        yield Finding("block", "no_texts", part, message, "check the text column (--text-column)", len(empty), 1.0)
    elif empty:
        message = f"{counted(empty, corpus)} empty"
        yield at_rows("warn", "empty_texts", part, message, corpus, empty, "take them out, or check the text column")


def odd_characters(part: str, corpus: Corpus) -> Iterator[Finding]:
    """Characters that no one writes."""
    odd = [row for row, text in enumerate(corpus.texts) if _ODD.search(text)]
    if odd:
        found = Counter(character for row in odd for character in _ODD.findall(corpus.texts[row]))
        named = ", ".join(f"U+{ord(character):04X} {n} times" for character, n in found.most_common(3))
        message = f"{counted(odd, corpus, 'has', 'have')} control characters, lone surrogates or U+FFFD ({named})"
        mend = "preprocessing replaces them; many of them mean a wrong encoding"
        yield at_rows("note", "odd_characters", part, message, corpus, odd, mend)


def duplicates(part: str, corpus: Corpus, *, shortest: int = 1) -> Iterator[Finding]:
    """Texts that occur again, and equal texts that are labelled differently. Of fewer than `shortest` words a text may
    occur again."""
    first: dict[str, int] = {}
    labels: defaultdict[str, set[Label]] = defaultdict(set)
    later: list[int] = []
    for row, text in enumerate(corpus.texts):
        if not text.strip():
            continue
        if first.setdefault(text, row) != row and _is_long(text, shortest):
            later.append(row)
        if corpus.labels is not None:
            labels[text].add(corpus.labels[row])
    if later:
        message = f"{counted(later, corpus)} the same as an earlier one"
        yield at_rows("warn", "duplicates", part, message, corpus, later, "take the doubles out")
    torn = [first[text] for text, found in labels.items() if len(found) > 1]
    if torn:
        message = f"{len(torn):,} different texts have two labels or more"
        yield at_rows("warn", "conflicting_labels", part, message, corpus, torn, "decide for one label of each")


def shared_with_train(part: str, corpus: Corpus, train: Corpus, *, shortest: int = 1) -> Iterator[Finding]:
    """Texts that training sees too: more than half of a part block; of fewer, those of `shortest` words are told."""
    labels = {text: label for _, text, label in train}
    shared = [row for row, text in enumerate(corpus.texts) if text in labels and text.strip()]
    telling = [row for row in shared if _is_long(corpus.texts[row], shortest)]
    if len(shared) > MOST_SHARED * len(corpus):
        mend = "give texts that training does not see"
        message = f"{counted(shared, corpus)} also in train: its scores would say nothing"
        yield at_rows("block", "same_as_train", part, message, corpus, shared, mend)
    elif telling:
        own = corpus.labels
        other = sum(own is not None and labels[corpus.texts[row]] not in (None, own[row]) for row in telling)
        message = f"{counted(telling, corpus)} also in train" + (f", {other:,} with another label" if other else "")
        yield at_rows("warn", "shared_with_train", part, message, corpus, telling, "take them out of one of the two")


def near(parts: Mapping[str, Corpus], *, shortest: int = 0) -> Iterator[Finding]:
    """Near duplicates of at least `shortest` words, within parts and across them; texts that are exactly the same are
    not counted again."""
    places: dict[str, tuple[str, int]] = {}
    for part, corpus in parts.items():
        for row, text in enumerate(corpus.texts):
            if _is_long(text, shortest):
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
    message = f"{counted(rows, corpus)} almost the same as {'one in ' + one if across else 'an earlier one'}"
    examples = [
        {**example(corpus, second), "same_as": example(parts[one], first)} for first, second in pairs[:EXAMPLES]
    ]
    code, mend = ("near_duplicates", "look at them; take the doubles out")
    if across:
        code, mend = ("near_shared", f"take them out of {one} or {other}: scores are too good by them")
    return Finding(
        "warn" if across else "note", code, other, message, mend, len(rows), len(rows) / len(corpus), examples
    )


def too_long(part: str, lengths: Sequence[int], max_length: int) -> Iterator[Finding]:
    """What a limit on the tokens of a text leaves unread."""
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


def at_rows(
    severity: Severity, code: str, part: str, message: str, corpus: Corpus, rows: Sequence[int], mend: str | None
) -> Finding:
    """A finding on these rows, with the first of them as examples."""
    examples = [example(corpus, row) for row in rows[:EXAMPLES]]
    return Finding(severity, code, part, message, mend, len(rows), len(rows) / len(corpus), examples)


def _is_long(text: str, words: int) -> bool:
    return words < 1 or len(text.split(maxsplit=words - 1)) >= words


def example(corpus: Corpus, row: int) -> dict[str, Any]:
    """How a row is shown: its id, its line and the beginning of its text."""
    line = None if corpus.lines is None else corpus.lines[row]
    text = corpus.texts[row][:80].encode("utf-8", "replace").decode("utf-8")
    return {"id": corpus.ids[row], "line": line, "text": text}


def counted(rows: Sequence[int], corpus: Corpus, one: str = "is", more: str = "are") -> str:
    """`3 texts (0.1%) are`: how the messages begin."""
    noun, verb = ("text", one) if len(rows) == 1 else ("texts", more)
    return f"{len(rows):,} {noun} ({len(rows) / len(corpus):.1%}) {verb}"


def named(names: Sequence[str]) -> str:
    """The first five names, and how many more there are."""
    return ", ".join(repr(name) for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
