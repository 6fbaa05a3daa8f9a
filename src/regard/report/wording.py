"""Figures as a reader takes them in: with their unit, their interval and no more digits than they carry.

A number and its unit are joined by a no-break space, so that no line ends between them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import PureWindowsPath
from typing import Any

from regard.metrics.measure import name_of, unit_of
from regard.records import Label


def percent(share: float | None, digits: int = 1) -> str:
    """0.905 as "90.5 %"; a dash where there is no number."""
    return "–" if share is None or not math.isfinite(share) else f"{100 * share:.{digits}f}\u00a0%"


def percent_interval(interval: Sequence[float] | None) -> str:
    """(0.893, 0.916) as "89.3 – 91.6 %"."""
    return "" if interval is None else f"{100 * interval[0]:.1f}\u00a0–\u00a0{100 * interval[1]:.1f}\u00a0%"


def value(of: str, value: float | None, digits: int | None = None) -> str:
    """A value of the figure `of` as it is written: an accuracy in per cent, BLEU from 0 to 100, bits as bits."""
    unit = unit_of(of)
    if value is None or not math.isfinite(value):
        return "–"
    return unit.value(value, digits).replace(" ", "\u00a0").replace("-", "−")


def interval(of: str, between: Sequence[float] | None) -> str:
    """From the lowest to the highest value of the figure `of`, its sign once."""
    if between is None:
        return ""
    unit = unit_of(of)
    return f"{unit.bare(between[0])}\u00a0–\u00a0{unit.value(between[1])}".replace(" ", "\u00a0")


def figure(value: float | None, digits: int = 3) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float) -> str:
    """Three significant digits and always a sign: +0.125, −1.3, 0."""
    if not math.isfinite(value):
        return "–"
    shown = f"{value:+.3g}" if 0.001 <= abs(value) < 1000 else f"{value:+.2e}"
    return "0" if value == 0 else shown.replace("-", "−")


def count(number: float | None) -> str:
    return "–" if number is None or not math.isfinite(number) else f"{number:,.0f}"


def number_of(number: int, noun: str) -> str:
    """1 step, 800 steps."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def model(name: str) -> str:
    """A model's name; of a folder on somebody's disk the last two parts."""
    path = PureWindowsPath(name)
    return "/".join(path.parts[-2:]) if path.root else name


HEADLINES = {
    "accuracy": ("Accuracy", "texts answered right"),
    "bits_per_character": ("Bits per character", "bits per character, fewer are better"),
}


def headline(figure: str) -> tuple[str, str]:
    """The name of the figure that models are compared by, at the beginning of a line and below an axis."""
    return HEADLINES.get(figure, (name_of(figure), name_of(figure)))


def texts(number: int) -> str:
    return number_of(number, "text")


NOT_READ = {
    "head": "the head of each is read, its tail is not",
    "tail": "the tail of each is read, its head is not",
    "head+tail": "head and tail of each are read, its middle is not",
    "windows": "the first windows of each are read, what follows is not",
}


def beginning(text: str, most: int = 110) -> str:
    """The first words of a text, on one line."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + " …"


def reading(record: Mapping[str, Any], of: str = "texts") -> str | None:
    """What run.json says of texts longer than the model's limit, in a sentence; None where there are none. `of` is what
    is counted."""
    read = record.get("reading") or {}
    parts = [name for name in ("train", "validation", "test") if (read.get("longer") or {}).get(name)]
    if not parts:
        return None
    strategy, limit, cut = read["strategy"], f"{read['max_length']:,}", record["truncated"]

    def shares(each: Mapping[str, float]) -> str:
        return enumeration([f"{percent(each[name])} ({name})" for name in parts])

    said = f"{shares(read['longer'])} of the {of} are longer than {limit} tokens"
    if strategy != "windows":
        what = f"{NOT_READ[strategy]} (strategy {strategy})"
    elif not any(cut.values()):
        return f"{said}: they are read whole, in windows that overlap (strategy windows)"
    else:
        most = number_of(read["max_windows"], "window")
        what = f"they are read in windows that overlap, {shares(cut)} of the {of} no further than {most}"
    return f"{said}: {what}; {shares(read['unread'])} of the tokens are not read"


def duration(seconds: float | None) -> str:
    """8.2 s, 3 min 20 s, 1 h 5 min."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 60:
        return f"{seconds:.1f}\u00a0s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}\u00a0h {minutes}\u00a0min" if hours else f"{minutes}\u00a0min {rest}\u00a0s"


def size(number: float | None) -> str:
    """Bytes in the largest unit that leaves a number of at least 1."""
    if number is None or not math.isfinite(number):
        return "–"
    for unit in ("bytes", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f}\u00a0{unit}" if unit == "bytes" else f"{number:.1f}\u00a0{unit}"
        number /= 1024
    return f"{number:.1f}\u00a0GiB"


def label(value: Label | Sequence[str] | None) -> str:
    """One label, or several with commas; "none" where a text has no label of several possible ones."""
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else ", ".join(value) or "none"


def attention(record: dict[str, Any]) -> str:
    """The pattern that a checkpoint's attention was exchanged for, with its settings; empty where it was not."""
    pattern = dict(record.get("attention") or {})
    word = pattern.pop("pattern", "")
    settings = [f"{name} {value}" for name, value in pattern.items() if value not in (None, [], "")]
    return ", ".join([word, *settings]) if word else ""


def enumeration(words: Sequence[str], most: int = 12) -> str:
    """a, b and c; of more than `most` the first and how many follow."""
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most:,} more"
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else "none"
