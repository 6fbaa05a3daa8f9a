"""lab.html: one trained model and every way of writing with it. Which to take first, then what each costs, how the
model fares with its own words before it, what of the sources it looked at, and outputs side by side."""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from regard.analysis.coverage import EDGES, LOOKED_AT, TOO_MUCH, counted, is_hardly, is_too_much
from regard.records.alignment import Alignment
from regard.report import alignment_map, charts, document, lab_charts, translate_evidence, wording

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


def render(found: dict[str, Any]) -> str:
    """The page of a lab's document, as `Lab.to_json` gives it."""
    covered = found["coverage"]
    return document.render(
        "lab.html",
        title=f"{wording.model(found['model'])}: take {found['take']}",
        written_by=found["regard"],
        found=found,
        run_name=found["run"].replace("\\", "/").rstrip("/").split("/")[-1],
        source=found["source"].replace("\\", "/").rstrip("/").split("/")[-1],
        families=_families(found["methods"]),
        greedy=found["methods"][0],
        differences=lab_charts.differences(found["methods"]),
        signed=lab_charts.signed,
        exposed=exposed(found["exposure"]),
        by_place=[
            picture
            for key, name in (("loss", "Loss"), ("accuracy", "Accuracy"))
            if (picture := lab_charts.by_place(found["exposure"]["places"], key, name))
        ],
        by_share=lab_charts.by_share(found["exposure"]["shares"]),
        covered=None if covered is None else [_covered(item) for item in covered["worst"]],
        bins=None if covered is None else _bins(covered),
        condensed=covered is not None and covered["mean"] < CONDENSED,
        looked_at=LOOKED_AT,
        too_much=TOO_MUCH,
        setting=setting(found),
    )


def exposed(found: dict[str, Any]) -> str:
    """Exposure bias in a sentence."""
    difference = found["difference"]
    low, high = difference["interval"]
    small = next((row for row in found["shares"] if 0 < row["share"] < 1), None)
    said = (
        f"With the true words before it a true token costs the model {found['forced_loss']:.2f} nats "
        f"({wording.percent(found['forced_accuracy'], 0)} are its first choice), with its own words "
        f"{found['free_loss']:.2f} ({wording.percent(found['free_accuracy'], 0)}): "
        f"{difference['difference']:.2f} more (95\u00a0% interval: {low:.2f} to {high:.2f})."
    )
    if small is None:
        return said
    return f"{said} With {wording.percent(small['share'], 0)} of its own words it costs {small['loss']:.2f}."


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


def _families(methods: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    found = [(name, [row for row in methods if row["family"] == family]) for family, name in FAMILIES.items()]
    return [(name, rows) for name, rows in found if rows]


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
