"""Normalising a text by switches, with every character's way back to the text as given.

The steps run in this order, each behind its switch in `recipe.PreprocessOptions`:

1. `html`: `<br>` and the ends of blocks become a line break, other tags and comments go, entities are
   decoded. One pass, so `&lt;b&gt;` ends as the three characters `<b>`. Only HTML's own tag names count:
   `<3` and `a < b` stay.
2. `urls`, `users`, `emoji`: a web address becomes `<url>`, an @name `<user>`, an emoji its name between
   colons.
3. `control`: NUL becomes U+FFFD; U+0080 to U+009F what Windows-1252 means by them (dashes, quotes), other
   control characters a blank; the byte order mark and the marks that only steer the direction of display go.
   Lone surrogates become U+FFFD with the switch off too: no tokeniser or file takes them.
4. `lowercase`. Before the composing, since small letters can compose where capitals can't (J + caron).
5. `unicode`: NFC.
6. `whitespace`: a run becomes one blank, none is left at the ends.

A step either keeps the number of characters (the map is the identity) or is a list of edits. Maps are
searched, not built: normalising costs no work per character, and a span costs one bisection a step.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator

from regard.recipe import PreprocessOptions
from regard.records import without_surrogates
from regard.text.edits import Edit, Rewrite, apply
from regard.text.emoji import EMOJI, emoji_name

Step = Callable[[str], "str | list[Edit]"]
"""Returns the whole new text, character for character, or the edits that make it (in order, apart)."""

_BREAKING = "address|article|blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|section|table|td|th|tr|ul"
_SILENT = (
    "a|abbr|acronym|b|bdi|bdo|big|body|button|center|cite|code|del|dfn|em|figure|font|form|head|html|i"
    "|iframe|img|input|ins|kbd|label|link|mark|meta|nobr|q|s|samp|script|small|span|strike|strong|style"
    "|sub|sup|tbody|tfoot|thead|time|title|tt|u|var|wbr"
)
# Possessive quantifiers, bounded values and comments that end at the next comment: linear on hostile text.
_VALUE = r"""(?:"[^"]{0,5000}+"|'[^']{0,5000}+'|[^\s"'<>]{1,5000}+)"""
_ATTRIBUTE = rf"\s++[A-Za-z_:][\w:.-]{{0,60}}+\s*+=\s*+{_VALUE}"
_HTML = re.compile(
    rf"(?P<breaking></?(?:{_BREAKING})(?:{_ATTRIBUTE})*+\s*+/?>)"
    rf"|</?(?:{_SILENT})(?:{_ATTRIBUTE})*+\s*+/?>"
    r"|<!--(?:[^-<]++|-(?!->)|<(?!!--))*+-->"
    r"|(?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)",
    re.IGNORECASE,
)
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"]{1,2000}(?<![.,;:!?')\]])", re.IGNORECASE)
_USER = re.compile(r"(?<![\w.@/])@[A-Za-z0-9_]{1,50}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_BEYOND_ASCII = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
_SPACES = re.compile(r"\s{2,}|[^\S ]")
_REPLACEMENT = "\ufffd"


class Normalised:
    """A normalised text that knows where each of its characters comes from."""

    __slots__ = ("_rewrites", "given", "text")

    def __init__(self, given: str, text: str, rewrites: tuple[Rewrite, ...]) -> None:
        self.given = given
        self.text = text
        self._rewrites = rewrites

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the text as given that `text[start:end]` comes from.

        A character made of several maps to all of them. An empty span maps to an empty span.
        Raises `IndexError` where 0 <= start <= end <= len(text) does not hold.
        """
        if not 0 <= start <= end <= len(self.text):
            raise IndexError(f"span ({start}, {end}) is outside a text of {len(self.text)} characters")
        if start == end:
            place = self.span(start, start + 1)[0] if start < len(self.text) else self._end()
            return place, place
        for rewrite in reversed(self._rewrites):
            start, end = rewrite.source(start)[0], rewrite.source(end - 1)[1]
        return start, end

    def _end(self) -> int:
        return self.span(len(self.text) - 1, len(self.text))[1] if self.text else 0


class Normaliser:
    """Normalises texts by the switches of `options`; the same text always gives the same result."""

    def __init__(self, options: PreprocessOptions) -> None:
        self.options = options
        switches: list[tuple[bool, Step]] = [
            (options.html, _html),
            (options.urls, _urls),
            (options.users, _users),
            (options.emoji, _emoji),
            (options.control, _control),
            (True, without_surrogates),
            (options.lowercase, _dotted_capitals),
            (options.lowercase, _lowercase),
            (options.unicode, _compose),
            (options.whitespace, _whitespace),
        ]
        self._steps = [step for on, step in switches if on]

    def __call__(self, text: str) -> Normalised:
        given, rewrites = text, []
        for step in self._steps:
            result = step(text)
            if isinstance(result, str):
                text = result
            elif result:
                rewrites.append(Rewrite(result))
                text = apply(text, result)
        return Normalised(given, text, tuple(rewrites))


def _html(text: str) -> list[Edit]:
    if "<" not in text and "&" not in text:
        return []
    edits = []
    for match in _HTML.finditer(text):
        found = match.group()
        unescaped = html.unescape(found) if match["entity"] else ""
        replacement = "\n" if match["breaking"] else unescaped
        if replacement != found:
            edits.append(Edit(match.start(), match.end(), replacement))
    return edits


def _urls(text: str) -> list[Edit]:
    return [Edit(*match.span(), "<url>") for match in _URL.finditer(text)]


def _users(text: str) -> list[Edit]:
    return [Edit(*match.span(), "<user>") for match in _USER.finditer(text)] if "@" in text else []


def _emoji(text: str) -> list[Edit]:
    if text.isascii():
        return []
    return [Edit(*match.span(), f":{emoji_name(match.group())}:") for match in EMOJI.finditer(text)]


def _control(text: str) -> list[Edit]:
    return [Edit(*match.span(), _without_control(match.group())) for match in _CONTROL.finditer(text)]


def _without_control(character: str) -> str:
    if character == "\0":
        return _REPLACEMENT
    if unicodedata.category(character) != "Cc":
        return ""
    # U+0096 and its like are Windows-1252 read as Latin-1: old web pages (IMDB's reviews) are full of them.
    meant = character.encode("latin-1").decode("cp1252", "replace") if character >= "\x80" else _REPLACEMENT
    return " " if meant == _REPLACEMENT else meant


def _dotted_capitals(text: str) -> list[Edit]:
    """The one capital whose small form is longer; without it, lower case keeps the number of characters."""
    return [Edit(*match.span(), match.group().lower()) for match in re.finditer("\u0130", text)]


def _lowercase(text: str) -> str:
    return text.lower()


def _compose(text: str) -> list[Edit]:
    if unicodedata.is_normalized("NFC", text):
        return []
    edits = []
    for run in _BEYOND_ASCII.finditer(text):
        if unicodedata.is_normalized("NFC", run.group()):
            continue
        for start, piece in _composing_pieces(run.group()):
            composed = unicodedata.normalize("NFC", piece)
            if composed != piece:
                edits.append(Edit(run.start() + start, run.start() + start + len(piece), composed))
    return edits


def _composing_pieces(run: str) -> Iterator[tuple[int, str]]:
    """Cut where NFC acts on neither side: before a character that starts anew and joins nothing before it."""
    start = 0
    for position in range(1, len(run)):
        character = run[position]
        if unicodedata.combining(character) == 0 and _independent(run[start:position], character):
            yield start, run[start:position]
            start = position
    yield start, run[start:]


def _independent(before: str, character: str) -> bool:
    apart = unicodedata.normalize("NFC", before) + unicodedata.normalize("NFC", character)
    return unicodedata.normalize("NFC", before + character) == apart


def _whitespace(text: str) -> list[Edit]:
    if " ".join(text.split()) == text:
        return []
    core = len(text) - len(text.lstrip()), len(text.rstrip())
    if core[0] >= core[1]:
        return [Edit(0, len(text), "")]
    edits = [Edit(0, core[0], "")] if core[0] else []
    # `core` begins and ends with a character that is no white space: no run reaches over its ends.
    edits += [Edit(*match.span(), " ") for match in _SPACES.finditer(text, *core)]
    if core[1] < len(text):
        edits.append(Edit(core[1], len(text), ""))
    return edits
