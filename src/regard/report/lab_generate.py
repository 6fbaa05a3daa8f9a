"""What the page of the decoding lab shows of a language model alone: each way against true text, and what it wrote."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from regard.report import lab_charts
from regard.report.heat import Warm, warm

FAMILIES = {
    "greedy": "Greedy",
    "beams": "Beams",
    "sampling": "Sampling",
    "repetition": "Repetition penalty",
}
IN_VIEW = ("greedy", "8 beams", "sampling")
"""Ways whose continuations are shown at once beside the true text's and those of the way to take; others unfold."""


@dataclass(frozen=True)
class Said:
    """A continuation token by token, and the ways that wrote it."""

    methods: list[str]
    pieces: list[Warm]


@dataclass(frozen=True)
class Example:
    """A prompt, what truly follows it, and what was written: first what is in view."""

    id: str
    prompt: str
    true: list[Warm]
    written: list[Said]
    others: list[Said]


def content(found: dict[str, Any]) -> dict[str, Any]:
    """What its template asks for beside what all labs have."""
    return {
        "likelihoods": lab_charts.to_truth(
            found["methods"],
            "log_probability",
            title="Log-probability of a token against that of the true text",
            axis="nats a token, difference to the true text",
            digits=2,
        ),
        "repetitions": lab_charts.to_truth(
            found["methods"],
            "repeated_4",
            title="Repetition against that of the true text",
            axis="stretches of 4 words that come again, difference in points",
            scale=100,
        ),
        "examples": [_example(item, {*IN_VIEW, found["take"]}) for item in found["examples"]],
    }


def setting(found: dict[str, Any]) -> str:
    """How the run writes in the way to take."""
    options = {name: value for name, value in found["options"].items() if name != "seed"}
    words = ["regard", "generate", found["run"], "The beginning", "--tokens", str(found["tokens"])]
    for name, value in options.items():
        words.append(f"--{name.replace('_', '-')}")
        words += [] if value is True else [f"{value:g}"]
    return shlex.join(words)


def _example(item: dict[str, Any], in_view: set[str]) -> Example:
    written = [Said(row["methods"], _warm(row)) for row in item["written"]]
    shown = [said for said in written if in_view.intersection(said.methods)]
    others = [said for said in written if not in_view.intersection(said.methods)]
    return Example(item["id"], item["prompt"], _warm(item["true"]), shown, others)


def _warm(row: dict[str, Any]) -> list[Warm]:
    return warm(row["text"], row["spans"], row["log_probabilities"])
