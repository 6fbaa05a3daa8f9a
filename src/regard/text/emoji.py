"""Emoji as stretches of text, and their names: Unicode's own, from the standard library."""

from __future__ import annotations

import re
import unicodedata

_PICTURE = (
    "\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff\u2600-\u27bf\u231a\u231b"
    "\u23e9-\u23f3\u23f8-\u23fa\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u2934\u2935\u3030\u303d\u3297\u3299"
)
_TEXT_UNLESS_MARKED = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe"
)
_SKIN_TONE = "[\U0001f3fb-\U0001f3ff]"
_ELEMENT = rf"(?:[{_PICTURE}]\ufe0f?|[{_TEXT_UNLESS_MARKED}]\ufe0f)(?:{_SKIN_TONE})?[\U000e0020-\U000e007f]*"

EMOJI = re.compile(r"[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3" rf"|{_ELEMENT}(?:\u200d{_ELEMENT})*|{_SKIN_TONE}")
"""One emoji: a flag, a keycap, or pictures held together by zero-width joiners (UTS 51, a little laxer)."""

_REGIONAL_INDICATOR_A = 0x1F1E6
_KEYCAP = "\u20e3"


def emoji_name(emoji: str) -> str:
    """`thumbs_up_sign`; `flag_de`; `keycap_1`; a joined sequence is its pictures' names with + between them.

    Skin tones and style selectors are left out: they say how the picture looks, not what it means.
    """
    first = ord(emoji[0])
    if _REGIONAL_INDICATOR_A <= first < _REGIONAL_INDICATOR_A + 26:
        return "flag_" + "".join(chr(ord(letter) - _REGIONAL_INDICATOR_A + ord("a")) for letter in emoji)
    if emoji.endswith(_KEYCAP):
        return f"keycap_{emoji[0]}"
    pictures = [character for character in emoji if not _is_styling(character)]
    return "+".join(_character_name(character) for character in pictures or [emoji[0]])


def _is_styling(character: str) -> bool:
    code = ord(character)
    return character in "\ufe0f\u200d" or 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F


def _character_name(character: str) -> str:
    name = unicodedata.name(character, f"emoji {ord(character):x}")
    return name.lower().replace(" ", "_")
