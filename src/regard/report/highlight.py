"""An explanation as highlighted text: for a page or notebook, for a terminal, and in plain characters.

Blue speaks for the target and orange against it (a pair that colour-blind readers tell apart), with a solid and a
dashed line below, so that nothing hangs on colour alone. Unsigned scores have one hue. Full colour is the largest score
of the text, and a scale says how much that is. The text stays as given: blanks, line breaks, emoji.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regard.records import Explanation, Highlight
from regard.report import wording

if TYPE_CHECKING:
    from rich.text import Text

LEVELS = 10
LONGEST_UNREAD = 2000  # characters of a stretch that the model did not read, before its middle is left out
FOR, AGAINST, UNSIGNED = (0, 114, 178), (222, 120, 10), (15, 148, 136)
METHODS = {
    "weights": "exact weights",
    "integrated_gradients": "integrated gradients",
    "attention": "attention",
    "last_layer_attention": "attention of the last layer",
    "cross_attention": "attention to the source",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Segment:
    """A stretch of the text. `score` is None where no word was scored; `share` is that of the largest score, -1 to 1.

    `left_out` characters of the text that was not read follow.
    """

    text: str
    seen: bool = True
    score: float | None = None
    share: float = 0.0
    left_out: int = 0

    @property
    def level(self) -> int:
        """How strong the colour is, 0 to LEVELS."""
        return round(abs(self.share) * LEVELS)

    @property
    def side(self) -> str:
        return "against" if self.share < 0 else "for"


def from_json(document: dict[str, Any]) -> Explanation:
    """What `Explanation.to_json` wrote."""
    output = document["output"]
    return Explanation(
        text=document["text"],
        output=output if isinstance(output, str) else tuple(output),
        target=document["target"],
        confidence=document["confidence"],
        method=document["method"],
        signed=document["signed"],
        highlights=[Highlight(item["start"], item["end"], item["score"]) for item in document["highlights"]],
        seen=[(start, end) for start, end in document["seen"]],
        detail=document["detail"],
    )


def largest(explanation: Explanation) -> float:
    """The score that has full colour."""
    return max((abs(item.score) for item in explanation.highlights), default=0.0)


def segments(explanation: Explanation) -> list[Segment]:
    """The whole text in order: scored words, what lies between them, and what the model did not read."""
    text, full = explanation.text, largest(explanation) or 1.0
    found: list[Segment] = []
    position = 0
    for item in explanation.highlights:
        found += _plain(text, position, item.start, explanation.seen)
        found.append(Segment(text[item.start : item.end], score=item.score, share=item.score / full))
        position = item.end
    return [*found, *_plain(text, position, len(text), explanation.seen)]


def strongest(explanation: Explanation, most: int = 20) -> list[tuple[str, float]]:
    """The words with the largest scores, the largest first."""
    return sorted(explanation.words(), key=lambda item: -abs(item[1]))[:most]


def headline(explanation: Explanation) -> str:
    """What the scores are, in one line."""
    method = METHODS.get(explanation.method, explanation.method)
    if explanation.signed:
        return f"Words for and against {explanation.target}, by {method}"
    return f"Words that the model looked at, by {method}"


def unit(explanation: Explanation) -> str:
    return explanation.detail.get("unit", "") if explanation.signed else "of the attention"


def scale(explanation: Explanation) -> str:
    """What full colour means."""
    full = largest(explanation)
    if explanation.signed:
        return f"{wording.signed(full)} {unit(explanation)}".strip()
    return f"{wording.percent(full)} of the attention"


def value(explanation: Explanation, score: float) -> str:
    """A word's score as it is told: signed, or as a share."""
    return wording.signed(score) if explanation.signed else wording.percent(score)


def unread_words(explanation: Explanation) -> int:
    """How many words of the text lie wholly outside what the model read."""
    places = (match.span() for match in re.finditer(r"\S+", explanation.text))
    return sum(all(end <= low or high <= start for low, high in explanation.seen) for start, end in places)


def to_html(explanation: Explanation) -> str:
    """A snippet that stands alone: inline styles, no script; readable on a light and on a dark background."""
    from markupsafe import Markup

    words = Markup("").join(_html_segment(explanation, segment) for segment in segments(explanation))
    snippet = Markup(
        '<div style="max-width:48rem;line-height:1.8">'
        '<div style="font-weight:600">{output} <span style="font-weight:400">({confidence})</span></div>'
        '<div style="font-size:.875em">{headline}. {legend}</div>'
        '<div style="white-space:pre-wrap;overflow-wrap:anywhere;margin-top:.5em" dir="auto">{words}</div></div>'
    ).format(
        output=wording.label(explanation.output),
        confidence=wording.percent(explanation.confidence),
        headline=headline(explanation),
        legend=_html_legend(explanation),
        words=words,
    )
    return str(snippet)  # not Markup: that would escape whatever a caller joins to it


def to_terminal(explanation: Explanation) -> Text:
    """The text with words on coloured ground, and a scale below."""
    from rich.text import Text

    shown = Text()
    for segment in segments(explanation):
        shown.append(printable(segment.text), style=_terminal_style(explanation, segment))
        if segment.left_out:
            shown.append(f" […{segment.left_out:,} characters…] ", style="dim italic")
    shown.append("\n\n")
    shown.append_text(_terminal_scale(explanation))
    if unread := unread_words(explanation):
        of_all = f"{unread:,} of {len(explanation.text.split()):,} words"
        shown.append(f"\nDim: not read by the model ({of_all})", style="dim")
    return shown


def to_plain(explanation: Explanation, most: int = 20) -> str:
    """The strongest words in a table that fits 80 columns; no colour, no control characters."""
    rows = strongest(explanation, most)
    answer = f"{wording.label(explanation.output)} ({wording.percent(explanation.confidence)})"
    head = [answer, headline(explanation), f"The largest score is {scale(explanation)}"]
    lines = [*(_fitted(line, 80).rstrip() for line in head), ""]
    if unread := unread_words(explanation):
        lines[:-1] = [*lines[:-1], f"The model did not read {unread:,} of {len(explanation.text.split()):,} words"]
    full = largest(explanation) or 1.0
    for word, score in rows:
        bar = ("-" if score < 0 else "+") * round(20 * abs(score) / full)
        lines.append(f"{_fitted(word, 40)}  {value(explanation, score):>10}  {bar}".rstrip())
    if rest := len(explanation.highlights) - len(rows):
        lines.append(f"and {rest:,} weaker {'word' if rest == 1 else 'words'}")
    return "\n".join(lines)


def _plain(text: str, start: int, end: int, seen: list[tuple[int, int]]) -> Iterator[Segment]:
    """Unscored text cut where reading starts and stops; a long unread stretch without its middle."""
    borders = sorted({start, end, *(place for span in seen for place in span if start < place < end)})
    for left, right in itertools.pairwise(borders):
        read = any(low <= left and right <= high for low, high in seen)
        left_out = 0 if read else max(0, right - left - LONGEST_UNREAD)
        if not left_out:
            yield Segment(text[left:right], read)
            continue
        half = LONGEST_UNREAD // 2
        yield Segment(text[left : left + half], read, left_out=left_out)
        yield Segment(text[right - half : right], read)


def _hue(explanation: Explanation, share: float) -> tuple[int, int, int]:
    if not explanation.signed:
        return UNSIGNED
    return AGAINST if share < 0 else FOR


def _html_segment(explanation: Explanation, segment: Segment) -> str:
    from markupsafe import Markup

    if segment.score is None:
        style = "" if segment.seen else "opacity:.65"
        note = f" […{segment.left_out:,} characters…] " if segment.left_out else ""
        return Markup('<span style="{}">{}</span>{}').format(style, segment.text, note)
    red, green, blue = _hue(explanation, segment.share)
    line = "dashed" if segment.share < 0 else "solid"
    # Half transparent at most: the notebook's own text colour stays readable on it, light or dark.
    style = (
        f"color:inherit;border-radius:2px;background:rgba({red},{green},{blue},{segment.level / LEVELS / 2:.2f});"
        f"border-bottom:2px {line} rgba({red},{green},{blue},{segment.level / LEVELS:.1f})"
    )
    told = value(explanation, segment.score)
    return Markup('<mark style="{}" title="{}" data-score="{}">{}</mark>').format(
        style, told, f"{segment.score:.6g}", segment.text
    )


def _html_legend(explanation: Explanation) -> str:
    from markupsafe import Markup

    sides = [(1.0, "for"), (-1.0, "against")] if explanation.signed else [(1.0, "most")]
    swatches = Markup(" ").join(
        _html_segment(explanation, Segment(word, score=share * largest(explanation), share=share))
        for share, word in sides
    )
    return Markup("Full colour: {} {}").format(scale(explanation).lstrip("+"), swatches)


def _terminal_style(explanation: Explanation, segment: Segment) -> str:
    if segment.score is None:
        return "" if segment.seen else "dim"
    if segment.level == 0:
        return ""
    weight = 0.25 + 0.6 * segment.level / LEVELS
    red, green, blue = (round(255 + weight * (part - 255)) for part in _hue(explanation, segment.share))
    line = " underline" if segment.share < 0 else ""
    return f"black on rgb({red},{green},{blue}){line}"


def _terminal_scale(explanation: Explanation) -> Text:
    from rich.text import Text

    shown = Text(printable(headline(explanation)) + "\n")
    full = largest(explanation)
    for step in (-1.0, -0.5, 0.5, 1.0) if explanation.signed else (0.25, 0.5, 1.0):
        segment = Segment("", score=step * full, share=step)
        shown.append(f" {value(explanation, step * full)} ", style=_terminal_style(explanation, segment))
        shown.append(" ")
    return shown.append(unit(explanation))


def printable(text: str) -> str:
    """Without what would steer a terminal: a text may hold escape sequences."""
    return _CONTROL.sub("\ufffd", text.replace("\r", ""))


def _fitted(word: str, width: int) -> str:
    """A word padded or cut to terminal cells; an emoji takes two."""
    from rich.cells import cell_len, set_cell_size

    word = re.sub(r"[\t\n ]+", " ", printable(word)).strip()
    return set_cell_size(word, width) if cell_len(word) <= width else set_cell_size(word, width - 1) + "…"
