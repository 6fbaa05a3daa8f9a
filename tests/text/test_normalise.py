"""Every switch does its work, and every character finds its way back."""

from __future__ import annotations

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regard.recipe import PreprocessOptions
from regard.text.normalise import Normaliser

OFF = dict.fromkeys(PreprocessOptions.model_fields, False)
ON = dict.fromkeys(PreprocessOptions.model_fields, True)

ANY_CHARACTER = st.characters(codec=None, exclude_categories=())
ODD_PIECES = st.sampled_from(
    [
        "<br />",
        "<b>",
        "</p>",
        "&amp;",
        "&#0;",
        "<3",
        "a < b",
        "\u202e",
        "\u200d",
        "\ufeff",
        "\x00",
        "\ud800",
        "e\u0301",
        "\u0130",
        "\u1100\u1161\u11a8",
        "👩‍👩‍👧",
        "🇩🇪",
        "1\ufe0f\u20e3",
        "  ",
        "\r\n",
        "@me",
        "https://a.b/c?d=é.",
        "<!-- x",
        "-->",
    ]
)
TEXTS = st.lists(st.one_of(st.text(ANY_CHARACTER, max_size=8), ODD_PIECES), max_size=12).map("".join)


def normalise(text: str, **switches: bool) -> str:
    return Normaliser(PreprocessOptions(**{**OFF, **switches}))(text).text


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("good<br /><br>film<BR/>", "good\n\nfilm\n"),
        ("<p class='x'>one</p><b>t</b>wo", "\none\ntwo"),
        ('<a href="http://x.y/?a=1>2">here</a>', "here"),
        ("fish &amp; chips &lt;b&gt; &#39;x&#x27; &nosuch; AT&T", "fish & chips <b> 'x' &nosuch; AT&T"),
        ("a < b and c > d, I <3 it, <grins>, x<y>z", "a < b and c > d, I <3 it, <grins>, x<y>z"),
        ("if a <b and c> d", "if a <b and c> d"),
        ("x<!-- a -- b -->y<!-- open", "xy<!-- open"),
    ],
)
def test_html(given_text: str, expected: str) -> None:
    assert normalise(given_text, html=True) == expected


@pytest.mark.parametrize(
    ("switch", "given_text", "expected"),
    [
        ("urls", "see https://a.b/c?d=e. Or (www.x.org/y)!", "see <url>. Or (<url>)!"),
        ("users", "@anna and me@home.org, @bob_2!", "<user> and me@home.org, <user>!"),
        ("emoji", "nice 👍🏽👍!", "nice :thumbs_up_sign::thumbs_up_sign:!"),
        ("emoji", "👩‍👩‍👧", ":woman+woman+girl:"),
        (
            "emoji",
            "🇩🇪 1\ufe0f\u20e3 ❤️ 🏴\U000e0067\U000e0062\U000e007f",
            ":flag_de: :keycap_1: :heavy_black_heart: :waving_black_flag:",
        ),
        ("emoji", "\u200d © 1 #", "\u200d © 1 #"),
        ("control", "\ufeffa\x00b\x07c\u202ed\te", "a\ufffdb cd\te"),
        ("control", "a\x96b \x93c\x94 \x81", "a–b “c”  "),
        ("lowercase", "\u0130STANBUL ΟΔΟΣ", "i\u0307stanbul οδος"),
        ("unicode", "Cafe\u0301 \u1100\u1161\u11a8 \u212b", "Café 각 \u00c5"),
        ("whitespace", " \t a \n\n b\u00a0c\u2003 ", "a b c"),
        ("whitespace", " \n ", ""),
    ],
)
def test_a_switch(switch: str, given_text: str, expected: str) -> None:
    assert normalise(given_text, **{switch: True}) == expected
    assert normalise(given_text) == given_text


def test_lone_surrogates_never_get_through() -> None:
    assert normalise("a\ud800b\udfff") == "a\ufffdb\ufffd"


def test_only_one_capital_has_a_longer_small_form() -> None:
    longer = [chr(code) for code in range(sys.maxunicode + 1) if len(chr(code).lower()) != 1]
    assert longer == ["\u0130"]


def test_spans_of_the_text_as_given() -> None:
    text = "  Cafe\u0301 &amp; <b>bar</b><br />\u0130t"
    result = Normaliser(PreprocessOptions(lowercase=True))(text)
    assert result.text == "café & bar i\u0307t"

    def origin(word: str) -> str:
        start = result.text.index(word)
        return text[slice(*result.span(start, start + len(word)))]

    assert origin("é") == "e\u0301"
    assert origin("café") == "Cafe\u0301"
    assert origin("&") == "&amp;"
    assert origin("bar") == "bar"
    assert origin("i\u0307") == origin("i") == origin("\u0307") == "\u0130"
    assert result.span(0, 0) == (2, 2)
    assert result.span(len(result.text), len(result.text)) == (len(text), len(text))


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(IndexError, match="outside a text of 1"):
        Normaliser(PreprocessOptions())("a").span(0, 2)


@settings(max_examples=500, deadline=None)
@given(TEXTS, st.fixed_dictionaries({name: st.booleans() for name in OFF}))
@example("\ud83d\ude00", ON)
@example("J\u030c", ON)
def test_any_text_has_a_result_with_spans_in_order(text: str, switches: dict[str, bool]) -> None:
    result = Normaliser(PreprocessOptions(**switches))(text)
    result.text.encode("utf-8")
    spans = [result.span(i, i + 1) for i in range(len(result.text))]
    for (start, end), (later_start, later_end) in pairwise(spans):
        assert start <= later_start
        assert end <= later_end
    assert all(0 <= start < end <= len(text) for start, end in spans)
    if spans:
        assert result.span(0, len(result.text)) == (spans[0][0], spans[-1][1])
    assert Normaliser(PreprocessOptions(**switches))(text).text == result.text


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_what_no_step_touches_keeps_its_place(text: str) -> None:
    result = Normaliser(PreprocessOptions())(text)
    for position, character in enumerate(result.text):
        start, end = result.span(position, position + 1)
        if character.isascii() and character.isalnum() and text[start] not in "&":
            assert text[start:end] == character


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_composing_piece_by_piece_is_composing_the_whole(text: str) -> None:
    assert normalise(text, unicode=True) == unicodedata.normalize("NFC", normalise(text))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_white_space_is_collapsed_as_str_split_sees_it(text: str) -> None:
    assert normalise(text, whitespace=True) == " ".join(normalise(text).split())


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_all_switches_off_keeps_the_length(text: str) -> None:
    result = Normaliser(PreprocessOptions(**OFF))(text)
    assert len(result.text) == len(text)
    assert all(result.span(i, i + 1) == (i, i + 1) for i in range(len(text)))


@pytest.mark.parametrize("piece", ["<!--", '<b a="', "&", "<a b=c", "  ", "\u0301", "\u1100\u1161", "@a", "www.", "👩‍"])
def test_a_long_hostile_text_has_a_result(piece: str) -> None:
    result = Normaliser(PreprocessOptions(**ON))(piece * 50_000)
    assert result.span(0, len(result.text))[0] >= 0
