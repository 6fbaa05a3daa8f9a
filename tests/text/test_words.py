"""Raw text as words of taggers' corpora: examples of every rule, and what holds for any text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regard.records import Corpus
from regard.text.words import split_words, with_words


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in split_words(text)]


EXAMPLES = {
    "punctuation": 'He said|: "|Yes|" (|twice|) — ok|.',
    "runs of marks": "wow|!!! what|?! so|... a -- b",
    "contractions": "do|n't ca|n't wo|n’t it|'s I|'m they|'ll CAN|NOT gon|na",
    "apostrophes": "O'Neil d'été dogs|' '90s 'em rock'n'roll",
    "hyphens": "state-of-the-art F-16s mother-in-law|'s word|--|word",
    "numbers": "1,000.5 10:30 12/25/2004 3.14|. $|5 5|% -5 (|−3.2|) .5 5th 10am 2|,|x",
    "abbreviations": "the U.S. economy|. Mr. Smith 9 a.m. e.g. Ph.D. No. 5 No|. J. Doe and I|.",
    "a forgotten blank": "the end|.|Next README.TXT node.js",
    "addresses": "see http://a.org/b_(c)?d=1|, www.b.org|. bit.ly/x me@c.co.uk|;",
    "tweets": "@user #tag #|1 :) great|:) ;-D <3 xD ^_^ &amp;",
    "ampersands": "AT&T R&D this|&|that",
    "emoji": "👍🏽|ok|👨‍👩‍👧‍👦 1️⃣ 🇩🇪|🇫🇷 ❤️|!",
    "scripts": "東|京|に हिन्दी نص‌ها Ärger|, нет|. e\u0301",
}
"""A blank, or where there is none a bar, between words."""


@pytest.mark.parametrize("rule", sorted(EXAMPLES))
def test_each_rule(rule: str) -> None:
    assert words(EXAMPLES[rule].replace("|", "")) == EXAMPLES[rule].replace("|", " ").split()


def test_what_is_cut_already_stays_cut() -> None:
    cut = "I do n't think it 's Mr. O'Neil 's dog , can not you ? `` Yes '' -- of course ( $ 5 ) !"
    assert " ".join(words(cut)) == cut


TEXTS = st.text(
    st.one_of(
        st.sampled_from("aZ1 .,-'’@#:/&_)(é\u0301\u200d\ufe0f👍🏽東☺\ud800\x00\u00a0\u3000\u2028nst"),
        st.characters(),
    ),
    max_size=60,
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("http://. www.. a@b :) #1 n't 's")
def test_every_character_but_blanks_is_in_one_word(text: str) -> None:
    spans = split_words(text)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    inside = {place for start, end in spans for place in range(start, end)}
    assert inside == {place for place, character in enumerate(text) if not character.isspace()}


@pytest.mark.parametrize(
    "piece", ["a", "a.", "a'", "+-", "@", "www.", "a@a.", ":)", "n't", "1,", "&a", "\u0301", "#1", "👍\u200d", "aa./"]
)
def test_a_hostile_text_takes_steps_in_its_length(piece: str) -> None:
    """Steps in the square of its length would take hours."""
    assert split_words(piece * 20_000)


def test_texts_become_a_corpus_without_tags() -> None:
    plain = Corpus(
        "made up", ["1", "2"], ["It's me.", ""], ["x", "y"], lines=[4, 7], columns={"text": "t", "label": "l"}
    )
    corpus = with_words(plain)
    assert corpus.tokens(0) == ["It", "'s", "me", "."]
    assert corpus.words[1] == []
    assert corpus.labels is None
    assert (corpus.ids, corpus.lines) == (plain.ids, plain.lines)
    assert corpus.told() == "text: t; words: cut from the text"
