"""What the page of a model that answers shows of its predictions: its surest errors in their texts, right answers."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from regard.analysis import mistakes
from regard.metrics.answer import exact_match, f1
from regard.records import AnswerPrediction, Explanation, Span
from regard.report import evidence, marked, wording

MOST_OF_A_KIND = 12
MOST_ERRORS = 30
MOST_EXAMPLES = 4
MOST_PLACES = 5
"""Places of one right answer that are marked: "2" may stand anywhere."""
LEAST_SHOWN = 0.0005
"""A smaller probability of no answer is 0.0 % as it is told."""

KINDS = {
    "partly": ("partly right", "words in common with a right answer"),
    "elsewhere": ("wrong", "no word in common with a right answer"),
    "silent": ("no answer given", "the text has one"),
    "needless": ("answered", "the text has no answer"),
}


@dataclass(frozen=True)
class Range:
    """A row of scores by length: `told` is from how many words to how many."""

    told: str
    at_least: int
    f1: float
    exact_match: float
    support: int


@dataclass(frozen=True)
class Asked:
    """One question with the answer given, those that are right, and the text around them."""

    kind: str
    name: str
    id: str
    question: str
    given: str
    right: tuple[str, ...]
    confidence: float
    f1: float
    length: int
    parts: list[marked.Part]
    others: list[tuple[str, float]]
    explanation: Explanation | None


def ranges(rows: Sequence[dict[str, Any]]) -> list[Range]:
    """Scores by length as rows of a table; the last one has no end."""
    edges = [row["at_least"] for row in rows]
    told = [f"{low}" if high - low == 1 else f"{low}–{high - 1}" for low, high in itertools.pairwise(edges)]
    told += [f"{edges[-1]} or more"] if edges else []
    return [
        Range(name, row["at_least"], row["f1"], row["exact_match"], int(row["support"]))
        for name, row in zip(told, rows, strict=True)
    ]


def errors(predictions: Sequence[AnswerPrediction], explained: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The surest wrong answers of each kind and of all together, the surest first; how many of each there are."""
    every = mistakes.surest(predictions, len(predictions), _is_right)
    of_kind: Counter[str] = Counter()
    chosen: list[int] = []
    rest: list[int] = []
    for place, item in enumerate(every):
        of_kind[_kind(item)] += 1
        (chosen if of_kind[_kind(item)] <= MOST_OF_A_KIND else rest).append(place)
    chosen = sorted([*chosen, *rest[: max(0, MOST_ERRORS - len(chosen))]])
    known = evidence.explanations(explained)
    return {
        "errors": [_shown(every[place], known) for place in chosen],
        "errors_in_all": len(every),
        "error_kinds": [(kind, name, of_kind[kind]) for kind, (name, _) in KINDS.items() if of_kind[kind]],
    }


def examples(predictions: Sequence[AnswerPrediction], explained: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Questions that were answered right, the explained ones first, then some from all over the data."""
    known = evidence.explanations(explained)
    right = [item for item in predictions if item.gold is not None and _is_right(item) and item.input.strip()]
    first = [item for item in right if item.id in known]
    rest = [item for item in right if item.id not in known]
    step = max(1, len(rest) // MOST_EXAMPLES)
    chosen = [*first, *rest[::step]][: max(MOST_EXAMPLES, len(first))]
    return {"examples": [_shown(item, known) for item in chosen]}


def _is_right(item: AnswerPrediction) -> bool:
    return exact_match(item.output, item.gold or ()) == 1


def _kind(item: AnswerPrediction) -> str:
    if not item.gold:
        return "needless"
    if not item.output:
        return "silent"
    return "partly" if f1(item.output, item.gold) > 0 else "elsewhere"


def _shown(item: AnswerPrediction, known: dict[str, Explanation]) -> Asked:
    right, gold = _is_right(item), item.gold or ()
    return Asked(
        kind="" if right else _kind(item),
        name="right" if right else KINDS[_kind(item)][0],
        id=item.id,
        question=item.question,
        given=wording.beginning(item.output, 300),
        right=tuple(wording.beginning(one, 300) for one in dict.fromkeys(gold)),
        confidence=item.confidence,
        f1=f1(item.output, gold),
        length=len(item.input),
        parts=marked.parts(item.input, _marks(item)),
        others=_others(item),
        explanation=known.get(item.id),
    )


def _marks(item: AnswerPrediction) -> Iterator[marked.Mark]:
    """The answer given and, where it is wrong, every place where a right one stands: which was meant isn't kept."""
    given = (item.start, item.end)
    if item.output and _is_right(item):
        yield marked.Mark(given, given, "given and right", right=True, looked_at=True)
        return
    if item.output:
        yield marked.Mark(None, given, "given", looked_at=True)
    for span in _merged(span for one in item.gold or () for span in _places(item.input, one)):
        yield marked.Mark(span, None, "right", looked_at=True)


def _places(text: str, answer: str) -> list[Span]:
    """Where an answer stands as whole words; anywhere, where it nowhere does."""
    if not answer.strip():
        return []
    whole = rf"(?<!\w){re.escape(answer)}(?!\w)"
    for pattern in (whole, re.escape(answer)):
        if found := [match.span() for match in itertools.islice(re.finditer(pattern, text), MOST_PLACES)]:
            return found
    return []


def _merged(spans: Iterator[Span]) -> list[Span]:
    """Stretches in order, those that overlap as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            start, end = found[-1][0], max(end, found.pop()[1])
        found.append((start, end))
    return found


def _others(item: AnswerPrediction) -> list[tuple[str, float]]:
    """The next best answers with their probabilities, and that of none; the most probable first."""
    found = [(wording.beginning(item.input[one.start : one.end], 200), one.confidence) for one in item.alternatives]
    if item.output and item.no_answer >= LEAST_SHOWN:
        found.append(("", item.no_answer))
    return sorted(found, key=lambda other: -other[1])
