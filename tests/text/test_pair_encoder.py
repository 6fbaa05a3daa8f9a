"""Question and context as the tokenizer's own template puts them; every context token is read; answers are found in
tokens and back in characters of the context as given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import processors

from regard.errors import ModelError
from regard.recipe import PreprocessOptions, TokenOptions
from regard.text.normalise import Normaliser
from regard.text.pair_encoder import PairEncoder, answer_positions, padded
from regard.text.tokenise import train_tokenizer

TEXTS = [
    "Who built the old bridge?",
    "The caf\u00e9 by the bridge isn't <b>old</b> &amp; not new: 10 😀 — 1 2 3 4 5 6 7 8 9",
]
TEMPLATES = {
    "bert": "[CLS] $A [SEP] $B:1 [SEP]:1",
    "roberta": "[CLS] $A [SEP] [SEP] $B [SEP]",
    "xlnet": "$A [SEP] $B:1 [SEP]:1 [CLS]:2",
    "bare": "$A $B:1",
}
KINDS = ("wordpiece", "bpe", "word")


def encoder(kind="wordpiece", template="bert", max_length=24, stride=0, max_windows=100, **switches):
    options = TokenOptions(kind=kind, vocabulary_size=400, minimum_frequency=1)
    normaliser = Normaliser(PreprocessOptions(**switches))
    tokenizer = train_tokenizer((normaliser(text).text for text in TEXTS * 3), options)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair=TEMPLATES[template],
        special_tokens=[(word, tokenizer.convert_tokens_to_ids(word)) for word in ("[CLS]", "[SEP]")],
    )
    return PairEncoder(tokenizer, normaliser, max_length, stride, max_windows)


ENCODERS = {(kind, template): encoder(kind, template) for kind in KINDS for template in TEMPLATES}


def pieces(window, context):
    return [context[start:end] for start, end in window.offsets]


@pytest.mark.parametrize(("kind", "template"), ENCODERS)
def test_a_short_pair_is_what_the_tokenizer_makes_of_it(kind, template):
    own = ENCODERS[kind, template]
    for question, context in (("old?", "the old bridge"), ("who", "1"), ("", "a b"), ("who", "")):
        [pair] = own.encode([question], [context])
        expected = own.backend.encode(question, context)
        assert (pair.ids, pair.type_ids) == (expected.ids, expected.type_ids)
        assert pair.further == ()
        assert not pair.is_cut
        assert pair.tokens_in_text == len(pair.ids)
        places = [place for place, text in enumerate(expected.sequence_ids) if text == 1]
        assert list(range(*pair.context)) == places


@pytest.mark.parametrize(("template", "place"), [("bert", 0), ("roberta", 0), ("xlnet", -1), ("bare", 0)])
def test_the_place_of_no_answer_is_that_of_cls(template, place):
    [pair] = ENCODERS["word", template].encode(["old?"], ["the old [CLS] bridge"])
    assert pair.no_answer == place % len(pair.ids)


def test_a_long_context_is_read_in_windows_that_overlap():
    context = "1 2 3 4 5 6 7 8 9"
    [pair] = encoder("word", max_length=9, stride=2).encode(["old bridge"], [context])
    assert ["".join(pieces(window, context)) for window in pair.windows] == ["1234", "3456", "5678", "6789"]
    assert [window.start for window in pair.windows] == [0, 2, 4, 5]
    assert {tuple(window.ids[:4]) for window in pair.windows} == {tuple(pair.ids[:4])}
    assert [len(window.ids) for window in pair.windows] == [9, 9, 9, 9]
    assert pair.tokens_in_text == 14
    [half] = encoder("word", max_length=9).encode(["old bridge"], [context])
    assert [window.start for window in half.windows] == [0, 3, 5]


def test_a_long_question_is_cut_and_that_is_known():
    own = encoder("word", max_length=9)
    [pair] = own.encode(["1 2 3 4 5 6 7"], ["8 9"])
    assert own.question_limit == 3
    assert pair.question_tokens == 7
    assert pair.context == (5, 7)
    assert pair.tokens_in_text == 12
    assert encoder(max_length=512).question_limit == 64


def test_what_is_behind_the_last_window_is_known_to_be_unread():
    own = encoder("word", max_length=9, stride=2, max_windows=2)
    context = "1 2 3 4 5 6 7 8 9"
    [pair] = own.encode(["old bridge"], [context])
    assert len(pair.windows) == 2
    assert pair.is_cut
    assert own.reach == 11 < pair.tokens_in_text
    assert answer_positions(pair, 10, 11) == [(0, 0), (7, 7)]
    assert answer_positions(pair, 10, 13) == [(0, 0), (0, 0)]
    assert answer_positions(pair, 14, 15) == [(0, 0), (0, 0)]


def test_a_very_long_context_is_cut_by_characters_first():
    own = encoder("word", max_length=12, max_windows=3)
    context = " ".join(f"w{number:06}" for number in range(100_000))
    [pair] = own.encode(["old?"], [context])
    assert pair.is_cut
    assert len(pair.windows) == 3
    assert pair.tokens_in_text == pytest.approx(100_000, rel=0.5)
    assert pieces(pair, context)[0] == "w000000"


@pytest.mark.parametrize("kind", KINDS)
def test_offsets_are_characters_of_the_context_as_given(kind):
    context = "The cafe\u0301 is &lt;old&gt; &amp; new 😀<br>it&#39;s <b>bridge</b> 10"
    own = encoder(kind, max_length=200)
    [pair] = own.encode(["x"], [context])
    read = "".join(pieces(pair, context))
    for word in ("cafe\u0301", "&lt;", "&amp;", "😀", "it&#39;s", "bridge"):
        assert word in read
        start = context.index(word)
        [(first, last)] = answer_positions(pair, start, start + len(word))
        assert pieces(pair, context)[first - pair.context[0]][0] == word[0]
        assert context[pair.offsets[last - pair.context[0], 1] - 1] == word[-1]
    assert "<b>" not in read


def test_one_context_is_tokenised_once():
    own = encoder()
    asked = []
    tokenised = own._tokenised
    own._tokenised = lambda texts: asked.extend(texts) or tokenised(texts)
    first, second = own.encode(["who?", "what?"], [TEXTS[1], TEXTS[1]])
    assert len(asked) == 3
    assert np.shares_memory(first.offsets, second.offsets)


contexts = st.lists(
    st.sampled_from(
        [
            "bridge ",
            "old",
            " ",
            "\n",
            "\u0301",
            "e\u0301",
            "😀",
            "👩‍👩‍👧",
            "&amp;",
            "&#x1F600;",
            "<b>",
            "</b>",
            "<br/>",
            "a",
            "É",
            "\u200b",
        ]
    )
    | st.text(max_size=5),
    max_size=25,
).map("".join)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100, deadline=None)
@given(contexts, st.data())
def test_an_answer_is_found_in_tokens_and_back_in_characters(kind, context, data):
    own = WINDOWED[kind]
    start = data.draw(st.integers(0, len(context)))
    end = data.draw(st.integers(start, len(context)))
    [pair] = own.encode(["old bridge?"], [context])
    tokens = {window.start + i: tuple(s) for window in pair.windows for i, s in enumerate(window.offsets.tolist())}
    assert sorted(tokens) == list(range(pair.context_tokens))
    assert all(0 <= a <= b <= len(context) for a, b in tokens.values())
    answer = [place for place, (a, b) in tokens.items() if b > start and a < end]
    for window, (first, last) in zip(pair.windows, answer_positions(pair, start, end), strict=True):
        inside = range(window.start, window.start + len(window.offsets))
        if not answer or min(answer) not in inside or max(answer) not in inside:
            assert (first, last) == (window.no_answer, window.no_answer)
            continue
        assert window.context[0] <= first <= last < window.context[1]
        spans = window.offsets[first - window.context[0] : last + 1 - window.context[0]].tolist()
        covered = {i for a, b in spans for i in range(a, b)}
        readable = {i for a, b in tokens.values() for i in range(a, b)}
        assert readable.intersection(range(start, end)) <= covered


WINDOWED = {kind: encoder(kind, max_length=16, stride=3) for kind in KINDS}


@given(st.integers(0, 60), st.integers(0, 12), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_every_token_is_read_in_full_windows(length, question, stride):
    own = encoder_of(stride)
    [pair] = own.encode(["1 " * question], ["2 " * length])
    read = [place for window in pair.windows for place in range(window.start, window.start + len(window.offsets))]
    assert set(read) == set(range(length))
    assert max(len(window.ids) for window in pair.windows) <= own.max_length
    if pair.further:
        assert {len(window.ids) for window in pair.windows} == {own.max_length}
    for before, after in zip(pair.windows, pair.windows[1:], strict=False):
        assert 0 < after.start - before.start <= own.step


MADE: dict[int, PairEncoder] = {}


def encoder_of(stride):
    if stride not in MADE:
        MADE[stride] = encoder("word", max_length=20, stride=stride)
    return MADE[stride]


def test_padded_on_the_right():
    pairs = ENCODERS["word", "bert"].encode(["who?", "who built?"], ["the bridge", "the old bridge"])
    arrays = padded(pairs, 7)
    assert arrays["input_ids"].shape == (2, 9)
    assert arrays["attention_mask"].tolist() == [[1] * 7 + [0] * 2, [1] * 9]
    assert arrays["token_type_ids"].tolist() == [[0] * 4 + [1] * 3 + [0] * 2, [0] * 5 + [1] * 4]
    assert arrays["input_ids"][0].tolist() == [*pairs[0].ids, 7, 7]


def test_what_leaves_no_room_is_refused():
    with pytest.raises(ModelError, match="no room for a question and a context"):
        encoder(max_length=4)


def test_a_stride_that_would_leave_tokens_unread_beside_a_long_question_is_shortened():
    assert encoder(max_length=24, stride=11).step == 11
    assert encoder(max_length=24, stride=128).step == 11
    own = encoder("word", max_length=9, stride=128)
    [pair] = own.encode(["1 2 3 4 5 6"], ["2 " * 20])
    assert [window.start for window in pair.windows] == [0, 3, 6, 9, 12, 15, 17]


def test_nothing_at_all_is_one_token_of_padding():
    own = ENCODERS["word", "bare"]
    [pair] = own.encode(["<b>"], ["</b>"])
    assert (pair.ids, pair.type_ids, pair.no_answer) == ([own.pad_id], [0], 0)
    assert answer_positions(pair, 0, 4) == [(0, 0)]
