"""Windows cover every token and none is longer than there is room; a stride that would skip tokens is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.text.test_tokenise import TEXTS

from regard.errors import UsageError
from regard.recipe import PreprocessOptions, TokenOptions
from regard.text.cut import Cut
from regard.text.normalise import Normaliser
from regard.text.tokenise import TextEncoder, train_tokenizer

STRATEGIES = ("head", "tail", "head+tail", "windows")


@st.composite
def cuts(draw):
    room = draw(st.integers(1, 40))
    return Cut(room, draw(st.sampled_from(STRATEGIES)), draw(st.integers(0, room)), draw(st.integers(1, 6)))


@given(cuts(), st.integers(0, 400))
def test_every_window_is_full_and_within_the_text(cut, length):
    windows = cut.windows(length)
    assert all(len(window) == min(length, cut.room) for window in windows)
    assert all(0 <= place < length for window in windows for place in window)
    assert all(list(window) == sorted(set(window)) for window in windows)
    assert len({place for window in windows for place in window}) == min(length, cut.reach)


@given(st.integers(1, 40), st.data(), st.integers(1, 400))
def test_windows_cover_every_token_up_to_their_reach_without_a_gap(room, data, length):
    cut = Cut(room, "windows", data.draw(st.integers(0, room)), data.draw(st.integers(1, 50)))
    windows = cut.windows(length)
    assert len(windows) <= cut.most
    assert sorted({place for window in windows for place in window}) == list(range(min(length, cut.reach)))
    assert all(0 < later[0] - earlier[0] <= cut.step for earlier, later in pairwise(windows))


def test_the_last_window_ends_with_the_text():
    assert Cut(10, "windows").windows(23) == [range(10), range(5, 15), range(10, 20), range(13, 23)]
    assert Cut(10, "windows", stride=10).windows(21) == [range(10), range(10, 20), range(11, 21)]
    assert Cut(10, "windows", most=2).windows(23) == [range(10), range(5, 15)]
    assert Cut(10, "windows").windows(10) == [range(10)]


def test_a_stride_that_skips_tokens_is_refused():
    with pytest.raises(UsageError, match=r"tokens\.window_stride: 11"):
        Cut(10, "windows", stride=11)


def encoder(kind="word", max_length=7, **options):
    tokens = TokenOptions(kind=kind, vocabulary_size=400, minimum_frequency=1)
    return TextEncoder(
        train_tokenizer(TEXTS, tokens), Normaliser(PreprocessOptions()), max_length, "windows", **options
    )


def test_each_window_is_a_text_with_special_tokens_and_places_of_its_own():
    text = "1 2 3 4 5 6 7 8 9 0"
    found = encoder(window_stride=3).encode([text])[0]
    read = [[text[start:end] for start, end in window.offsets[1:-1]] for window in found.windows]
    assert read == [["1", "2", "3", "4", "5"], ["4", "5", "6", "7", "8"], ["6", "7", "8", "9", "0"]]
    assert [window.start for window in found.windows] == [0, 3, 5]
    assert all(window.special == [True, *[False] * 5, True] for window in found.windows)
    assert {window.tokens_in_text for window in found.windows} == {12}
    assert encoder(window_stride=3, max_windows=2).reach == 2 + 5 + 3


@pytest.mark.parametrize("kind", ["wordpiece", "bpe", "word"])
@given(st.text(alphabet="abc é😀.\n", max_size=120))
def test_windows_hold_the_tokens_of_the_whole_text(kind, text):
    small, whole = ENCODERS[kind]
    windows = small.encode([text])[0].windows
    assert all(len(window.ids) <= 7 for window in windows)
    expected = whole.encode([text])[0]
    own = {}
    for window in windows:
        own.update(enumerate(zip(window.ids[1:-1], window.offsets[1:-1], strict=True), start=window.start))
    assert [own[place] for place in sorted(own)] == list(zip(expected.ids[1:-1], expected.offsets[1:-1], strict=True))
    assert windows[0].tokens_in_text == expected.tokens_in_text


ENCODERS = {
    kind: (encoder(kind, max_windows=1000), encoder(kind, max_length=2000)) for kind in ("wordpiece", "bpe", "word")
}


def test_a_very_long_text_is_read_to_the_last_window_only():
    short = encoder(max_windows=3)
    text = " ".join(f"w{n:06}" for n in range(300_000))
    found = short.encode([text])[0]
    read = {text[start:end] for window in found.windows for start, end in window.offsets[1:-1]}
    assert sorted(read) == [f"w{n:06}" for n in range(short.reach - 2)]
    assert found.tokens_in_text == pytest.approx(300_000, rel=0.5)
