"""What the page of the decoding lab shows of a translator alone: BLEU against greedy, and coverage of the sources."""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from regard.analysis.coverage import EDGES, LOOKED_AT, TOO_MUCH, counted, is_hardly, is_too_much
from regard.records.alignment import Alignment
from regard.report import alignment_map, charts, lab_charts, translate_evidence

FAMILIES = {
    "greedy": "Greedy",
    "beams": "Beams",
    "penalty": "Length penalties",
    "sampling": "Sampling",
}
CONDENSED = 0.5
"""Outputs that are this much shorter than their sources are no translations: what they leave out is no fault."""


@dataclass(frozen=True)
class Word:
    """A word of a source with what it got in all, and whether that is too little or too much."""

    text: str
    total: float
    kind: str


@dataclass(frozen=True)
class Covered:
    """A text with words that got too little or too much."""

    id: str
    output: str
    words: list[Word]
    shown: alignment_map.Shown


def content(found: dict[str, Any]) -> dict[str, Any]:
    """What its template asks for beside what all labs have."""
    covered = found["coverage"]
    return {
        "differences": lab_charts.differences(found["methods"]),
        "covered": None if covered is None else [_covered(item) for item in covered["worst"]],
        "bins": None if covered is None else _bins(covered),
        "condensed": covered is not None and covered["mean"] < CONDENSED,
        "looked_at": LOOKED_AT,
        "too_much": TOO_MUCH,
    }


def setting(found: dict[str, Any]) -> str:
    """How to have a run write in the way to take, as settings of its recipe; empty where a recipe has no such way."""
    options = found["options"]
    if options["method"] == "sample":
        return ""
    beams = options.get("beams", 1)
    words = ["--set", f"head.beams={beams}"]
    if beams > 1:
        words += ["--set", f"head.length_penalty={options['length_penalty']:g}"]
    return shlex.join(words)


def _bins(covered: dict[str, Any]) -> list[tuple[str, int, float, Markup]]:
    """How much source words got: from how much to how much, how many words, their share and its bar."""
    rows = []
    for (low, high), row in zip(itertools.pairwise(EDGES), covered["bins"], strict=True):
        told = f"{low:g} or more" if high == float("inf") else f"{low:g} to {high:g}"
        share = row["words"] / max(covered["words"], 1)
        rows.append((told, row["words"], share, charts.share_bar(share)))
    return rows


def _covered(item: dict[str, Any]) -> Covered:
    alignment = Alignment.from_json(item["alignment"])
    kept, coverage = set(counted(alignment)), alignment.coverage
    words = [
        Word(word, total, _kind(total) if place in kept else "")
        for place, (word, total) in enumerate(zip(alignment.source_words, coverage, strict=True))
    ]
    return Covered(item["id"], translate_evidence.cut(str(alignment.output)), words, alignment_map.shown(alignment))


def _kind(total: float) -> str:
    if is_hardly(total):
        return "hardly"
    return "too-much" if is_too_much(total) else ""
