"""What the page of a translator shows of its outputs: baselines, errors by length, outputs beside their references,
alignments."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from markupsafe import Markup

from regard.metrics.chrf import chrf, chrf_counts
from regard.metrics.translate import figures_of
from regard.records import TextPrediction
from regard.records.alignment import METHOD, Alignment
from regard.report import alignment_map, charts, wording
from regard.report.finished import Finished

MOST_OF_A_KIND = 10
MOST_ALIGNMENTS = 6
MOST_COMPARED = 1000
"""Texts that a baseline is scored on: enough to compare with, and no wait."""
LONGEST_COMPARED = 600
"""Words of either side that differences are looked for in; of longer texts they cost too much and help nobody."""
LONGEST_SHOWN = 5000
_WORD = re.compile(r"\w+|[^\w\s]")
_SENTENCE = re.compile(r"(?<=[.!?。！？])['\"”’)]*\s+(?=\S)")

KINDS = {
    "worst": "among the worst",
    "middling": "middling",
    "best": "among the best",
}


@dataclass(frozen=True)
class Baseline:
    """What costs nothing, scored on the same texts."""

    name: str
    figures: dict[str, float]


@dataclass(frozen=True)
class LengthRow:
    """Scores of sources of about one length; `told` is from how many words to how many."""

    told: str
    at_least: int
    support: int
    bleu: float
    interval: tuple[float, float] | None
    chrf: float
    rouge_l: float | None
    length_ratio: float | None


@dataclass(frozen=True)
class Part:
    """A stretch of a text that stands in both texts, or in this one alone (`own`)."""

    text: str
    own: bool = False


@dataclass(frozen=True)
class Compared:
    """An output beside the reference that it is nearest to, word by word, with the other references as they are."""

    kind: str
    name: str
    id: str
    source: str
    output: list[Part]
    reference: list[Part]
    others: list[str]
    chrf: float
    confidence: float
    finished: bool
    length: int
    beginning: str


@dataclass(frozen=True)
class Aligned:
    """A text of explanations.json with its picture."""

    id: str
    right: bool
    alignment: Alignment
    shown: alignment_map.Shown


def between(interval: Sequence[float]) -> str:
    """(30.12, 32.4) as "30.1 – 32.4"."""
    return f"{interval[0]:.1f}\u00a0–\u00a0{interval[1]:.1f}"


def baselines(run: Finished) -> list[Baseline]:
    """The source as it is; of sources with more than one sentence their first one too."""
    judged = [item for item in run.predictions if item.gold][:MOST_COMPARED]
    if not judged:
        return []
    sources, references = tuple(item.input for item in judged), tuple(item.gold or () for item in judged)
    found = [Baseline("the source as it is", _figures(sources, references))]
    firsts = tuple(first_sentence(text) for text in sources)
    if sum(one != text.strip() for one, text in zip(firsts, sources, strict=True)) > len(judged) / 2:
        found.append(Baseline("its first sentence", _figures(firsts, references)))
    return found


@lru_cache(maxsize=4)
def _figures(outputs: tuple[str, ...], references: tuple[tuple[str, ...], ...]) -> dict[str, float]:
    """Kept, since the verdict, the section and the model card all ask for them."""
    return figures_of(outputs, references)


def first_sentence(text: str) -> str:
    """Up to the first sign that ends a sentence and has a blank behind it; the whole text where there is none."""
    return _SENTENCE.split(text.strip(), maxsplit=1)[0]


def beside_baselines(run: Finished) -> list[str]:
    """Whether the model is better than giving the source back, and than its first sentence."""
    mine = run.scores.values
    said = []
    for item in baselines(run):
        short = item.name == "its first sentence" and "rouge_l" in mine
        figure, name = ("rouge_l", "ROUGE-L") if short else ("bleu", "BLEU")
        theirs, own = item.figures.get(figure, 0.0), mine[figure]
        digits = 3 if short else 1
        verdict = "the model has no more than that" if own <= theirs else f"the model has {own:.{digits}f}"
        what = "Giving the source back as it is" if not short else "Giving its first sentence"
        said.append(f"{what} has a {name} of {theirs:.{digits}f}; {verdict}.")
    return said


def by_length(rows: Sequence[dict[str, Any]]) -> list[LengthRow]:
    """Scores by the words of the source, as rows of a table."""
    edges = [row["at_least"] for row in rows]
    told = [f"{low}" if high - low == 1 else f"{low}–{high - 1}" for low, high in itertools.pairwise(edges)]
    told += [f"{edges[-1]} or more"] if edges else []
    return [
        LengthRow(
            told=name,
            at_least=row["at_least"],
            support=row["support"],
            bleu=row["bleu"],
            interval=tuple(row["bleu_interval"]) if row.get("bleu_interval") else None,
            chrf=row["chrf"],
            rouge_l=row.get("rouge_l"),
            length_ratio=row.get("length_ratio"),
        )
        for name, row in zip(told, rows, strict=True)
    ]


def lengths(rows: Sequence[dict[str, Any]]) -> Markup:
    """BLEU by length with intervals; nothing for a single group."""
    found = by_length(rows)
    if len(found) < 2:
        return Markup("")
    shown = [
        charts.Whisker(
            row.told.replace(" or more", "+"),
            row.bleu,
            row.interval or (row.bleu, row.bleu),
            f"{row.told} words: BLEU {row.bleu:.1f}, {wording.texts(row.support)}",
        )
        for row in found
    ]
    described = "; ".join(row.told for row in shown)
    return charts.whiskers(
        shown,
        title="BLEU by length",
        description=f"{described}.",
        x_label="words in the source",
        y_label="BLEU",
        shares=False,
    )


def translations(predictions: Sequence[TextPrediction]) -> dict[str, Any]:
    """Outputs beside their references, by chrF of each text: the worst, the middling, the best."""
    judged = [item for item in predictions if item.gold]
    if not judged:
        return {"translations": [], "kinds": []}
    figures = chrf(chrf_counts([item.output for item in judged], [item.gold or () for item in judged]))
    order = np.argsort(figures, kind="stable").tolist()
    chosen = _chosen(order)
    shown = [_compared(judged[row], kind, float(figures[row])) for kind, rows in chosen.items() for row in rows]
    return {"translations": shown, "kinds": [(kind, KINDS[kind], len(rows)) for kind, rows in chosen.items() if rows]}


def _chosen(order: list[int]) -> dict[str, list[int]]:
    """Of rows in order, the worst first: some of each kind, none twice."""
    each = min(MOST_OF_A_KIND, max(1, len(order) // 3))
    if len(order) < len(KINDS):
        return {"worst": order, "middling": [], "best": []}
    middle = (len(order) - each) // 2
    return {"worst": order[:each], "middling": order[middle : middle + each], "best": order[::-1][:each]}


def _compared(item: TextPrediction, kind: str, figure: float) -> Compared:
    references = item.gold or ()
    nearest = int(np.argmax(chrf(chrf_counts([item.output] * len(references), [(one,) for one in references]))))
    output, reference = differences(item.output, references[nearest])
    return Compared(
        kind=kind,
        name=KINDS[kind],
        id=item.id,
        source=cut(item.input),
        output=output,
        reference=reference,
        others=[cut(one) for place, one in enumerate(references) if place != nearest],
        chrf=figure,
        confidence=item.confidence,
        finished=item.finished,
        length=len(item.input),
        beginning=wording.beginning(item.input),
    )


def differences(output: str, reference: str) -> tuple[list[Part], list[Part]]:
    """Both texts in stretches: what stands in both in the same order, and what each has alone. Blanks don't count."""
    one, other = ([match.span() for match in _WORD.finditer(text)] for text in (output, reference))
    if max(len(one), len(other)) > LONGEST_COMPARED:
        return [Part(cut(output))], [Part(cut(reference))]
    words = [[text[start:end] for start, end in spans] for text, spans in ((output, one), (reference, other))]
    blocks = difflib.SequenceMatcher(a=words[0], b=words[1], autojunk=False).get_matching_blocks()
    shared = [{place for block in blocks for place in range(block[side], block[side] + block.size)} for side in (0, 1)]
    return list(_parts(output, one, shared[0])), list(_parts(reference, other, shared[1]))


def _parts(text: str, spans: Sequence[tuple[int, int]], shared: set[int]) -> Iterator[Part]:
    """The text in stretches of words that are shared, or that are not; what lies between two goes with the shared."""
    position = 0
    for own, group in itertools.groupby(range(len(spans)), key=lambda place: place not in shared):
        places = list(group)
        start, end = spans[places[0]][0], spans[places[-1]][1]
        if own:
            if start > position:
                yield Part(text[position:start])
            yield Part(text[start:end], own=True)
        else:
            yield Part(text[position:end])
        position = end
    if position < len(text):
        yield Part(text[position:])


def alignments(explained: Sequence[dict[str, Any]]) -> list[Aligned]:
    """The alignments of explanations.json that have words on both sides."""
    found = []
    for item in explained:
        if item["explanation"]["method"] != METHOD:
            continue
        alignment = Alignment.from_json(item["explanation"])
        if alignment.highlights and alignment.written:
            found.append(Aligned(item["id"], item["kind"] == "example", alignment, alignment_map.shown(alignment)))
    return found[:MOST_ALIGNMENTS]


def cut(text: str) -> str:
    """A text without the end that nobody reads on a page."""
    rest = len(text) - LONGEST_SHOWN
    return text if rest <= 0 else f"{text[:LONGEST_SHOWN]} […{rest:,} characters…]"
