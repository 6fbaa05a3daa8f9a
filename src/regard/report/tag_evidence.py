"""What the page of a tagger shows of its predictions: what became of names, its errors one by one, right texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from regard.analysis import mistakes
from regard.metrics.span_errors import SpanError, span_errors
from regard.metrics.spans import KINDS, Pair, pairs, stretches
from regard.metrics.tag_counts import NONE
from regard.records import Entity, Explanation, Scores, Span, TagPrediction
from regard.records.tags import OUTSIDE, Scheme, Stretch
from regard.report import charts, evidence, marked, wording

MOST_OF_A_KIND = 10
MOST_ERRORS = 40
MOST_WORDS = 10
MOST_EXAMPLES = 4
EXAMPLE_LENGTHS = range(20, 700)
"""Characters of a text that can be taken in at a glance."""

OF_NAMES = {
    "exact": ("exactly right", "the right words and the right type"),
    "wrong_type": ("wrong type", "the right words, another type"),
    "wrong_boundary": ("wrong boundary", "the right type, words too many or too few"),
    "wrong_both": ("wrong boundary and type", "some of the words, another type"),
    "missed": ("missed", "nothing was given there"),
    "invented": ("invented", "given where there is none"),
}
OF_WORDS = {
    "exact": ("right", "the right tag"),
    "wrong_type": ("wrong tag", "another tag than the right one"),
    "missed": ("missed", "no tag was given"),
    "invented": ("invented", "a tag was given where there is none"),
}


@dataclass(frozen=True)
class KindRow:
    """How often something became of a name, and its share of all names; of invented ones the share of those given."""

    name: str
    meaning: str
    count: int
    share: float
    of: str
    bar: Markup


@dataclass(frozen=True)
class ShownError:
    """One mistake with its text. `given` and `right` are a name's words and its label; None where there is none."""

    kind: str
    name: str
    id: str
    given: tuple[str, str] | None
    right: tuple[str, str] | None
    same_words: bool
    confidence: float
    beginning: str
    length: int
    parts: list[marked.Part]
    explanation: Explanation | None


@dataclass(frozen=True)
class HardWord:
    """A word that was often tagged wrong: how often of how often, and what was given for what most often."""

    word: str
    wrong: int
    times: int
    right: str
    given: str


@dataclass(frozen=True)
class Tagged:
    """A text that was tagged right."""

    id: str
    parts: list[marked.Part]
    confidence: float


def kinds(scores: Scores, *, names: bool) -> list[KindRow]:
    """What became of the names there are, then those that were invented."""
    found, of = scores.detail["pairs"], scores.detail["entities"]
    rows = []
    for kind, (name, meaning) in (OF_NAMES if names else OF_WORDS).items():
        whole, what = (of["output"], "given") if kind == "invented" else (of["gold"], "there")
        share = found[kind] / whole if whole else 0.0
        rows.append(KindRow(name, meaning, found[kind], share, f"of {whole:,} {what}", charts.share_bar(share)))
    return rows


def mixed_up(predictions: Iterable[TagPrediction], scheme: Scheme | None) -> list[mistakes.Confusion]:
    """Types given for others, most often first; a name that was missed or invented is no type given for another."""
    found = [_labels(pair) for item in predictions for pair in _pairs(item, scheme)]
    return [item for item in mistakes.mixed_up(found, 2 * MOST_WORDS) if NONE not in (item.gold, item.output)][
        :MOST_WORDS
    ]


def hard_words(predictions: Iterable[TagPrediction]) -> list[HardWord]:
    """Words that were tagged wrong at least twice, the most often wrong first; capitals are set aside."""
    times: Counter[str] = Counter()
    wrong: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for item in predictions:
        for (start, end), gold, output in zip(item.words, item.gold or (), item.output, strict=True):
            word = item.input[start:end].lower()
            times[word] += 1
            if gold != output:
                wrong[word][gold, output] += 1
    ranked = sorted(wrong, key=lambda word: (-wrong[word].total(), word))
    return [_hard(word, wrong[word], times[word]) for word in ranked[:MOST_WORDS] if wrong[word].total() > 1]


def errors(
    predictions: Sequence[TagPrediction], explained: Sequence[dict[str, Any]], scheme: Scheme | None
) -> dict[str, Any]:
    """The surest errors of each kind, and of all kinds together, the surest first; how many of each there are."""
    every = span_errors(predictions)
    of_kind: defaultdict[str, list[SpanError]] = defaultdict(list)
    for error in every:
        of_kind[error.kind].append(error)
    chosen = {id(error) for found in of_kind.values() for error in found[:MOST_OF_A_KIND]}
    for error in every:
        if len(chosen) >= MOST_ERRORS:
            break
        chosen.add(id(error))
    known = evidence.explanations(explained)
    named = OF_WORDS if scheme is None else OF_NAMES
    shown = [error for error in every if id(error) in chosen]
    marks = {row: _marks(predictions[row], scheme) for row in {error.row for error in shown}}
    return {
        "errors": [
            _shown(error, predictions[error.row], named[error.kind][0], known.get(error.id), marks[error.row])
            for error in shown
        ],
        "errors_in_all": len(every),
        "error_kinds": [(kind, named[kind][0], len(of_kind[kind])) for kind in KINDS if of_kind[kind]],
    }


def examples(
    predictions: Sequence[TagPrediction], explained: Sequence[dict[str, Any]], scheme: Scheme | None
) -> dict[str, Any]:
    """Texts that were tagged right, those with the most types first, and the highlighted ones that explain a tag."""
    right = [item for item in predictions if item.gold is not None and item.output == item.gold]
    found = {item.id: stretches(item.output, scheme) for item in right}
    telling = [item for item in right if found[item.id] and len(item.input) in EXAMPLE_LENGTHS]
    telling.sort(key=lambda item: -len({kind for _, _, kind in found[item.id]}))
    reasons = [item for item in evidence.examples(explained) if item.output != OUTSIDE]
    return {"examples": [_tagged(item, found[item.id]) for item in telling[:MOST_EXAMPLES]], "reasons": reasons}


def _pairs(item: TagPrediction, scheme: Scheme | None) -> list[Pair]:
    return pairs(stretches(item.gold or (), scheme), stretches(item.output, scheme))


def _labels(pair: Pair) -> tuple[str, str]:
    one, other = (NONE if stretch is None else stretch[2] for stretch in (pair.gold, pair.output))
    return one, other


def _hard(word: str, wrong: Counter[tuple[str, str]], times: int) -> HardWord:
    (right, given), _ = wrong.most_common(1)[0]
    return HardWord(word, wrong.total(), times, right, given)


def _shown(
    error: SpanError,
    item: TagPrediction,
    name: str,
    explanation: Explanation | None,
    marks: Sequence[marked.Mark],
) -> ShownError:
    gold, output = (None if one is None else (one.start, one.end) for one in (error.gold, error.output))
    around = output or gold or (0, 0)
    return ShownError(
        kind=error.kind,
        name=name,
        id=error.id,
        given=_named(item, error.output),
        right=_named(item, error.gold),
        same_words=gold == output or None in (gold, output),
        confidence=error.confidence,
        beginning=marked.excerpt(item.input, around),
        length=len(item.input),
        parts=marked.parts(
            item.input, [replace(one, looked_at=(one.gold, one.given) == (gold, output)) for one in marks]
        ),
        explanation=explanation if explanation is not None and _explains(explanation, around) else None,
    )


def _named(item: TagPrediction, entity: Entity | None) -> tuple[str, str] | None:
    return None if entity is None else (wording.beginning(item.input[entity.start : entity.end], 80), entity.label)


def _explains(explanation: Explanation, span: Span) -> bool:
    """Whether the word whose tag is explained stands in a stretch."""
    start, end = explanation.detail.get("word", (0, 0))
    return bool(start < span[1] and span[0] < end)


def _marks(item: TagPrediction, scheme: Scheme | None) -> list[marked.Mark]:
    """Every name with what was given for it; of words those that are wrong."""
    return [
        marked.Mark(
            _characters(item, pair.gold), _characters(item, pair.output), _told(pair), right=pair.kind == "exact"
        )
        for pair in _pairs(item, scheme)
        if scheme is not None or pair.kind != "exact"
    ]


def _characters(item: TagPrediction, stretch: Stretch | None) -> Span | None:
    return None if stretch is None else (item.words[stretch[0]][0], item.words[stretch[1] - 1][1])


def _told(pair: Pair) -> str:
    gold, output = _labels(pair)
    if pair.kind in ("missed", "invented"):
        return f"{pair.kind}: {gold if pair.gold else output}"
    if pair.kind == "exact":
        return gold
    said = gold if gold == output else f"given {output}, right {gold}"
    return said if pair.kind == "wrong_type" else f"{said}, wrong boundary"


def _tagged(item: TagPrediction, found: Sequence[Stretch]) -> Tagged:
    spans = [(_characters(item, stretch), stretch[2]) for stretch in found]
    marks = [marked.Mark(span, span, label, right=True) for span, label in spans]
    return Tagged(item.id, marked.parts(item.input, marks), item.confidence)
