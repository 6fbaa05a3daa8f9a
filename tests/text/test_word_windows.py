"""Windows of whole words: all of them are read, each is answered once, by the window that shows most around it."""

from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from regard.text.cut import Cut
from regard.text.word_windows import EncodedWords, answering, whole_words


@st.composite
def cases(draw, most=100_000):
    room = draw(st.integers(1, 20))
    sizes = draw(st.lists(st.integers(1, room), max_size=60))
    return sizes, Cut(room, "windows", draw(st.integers(0, room)), most)


@given(cases())
def test_windows_hold_every_word_whole_and_none_holds_nothing_new(case):
    sizes, cut = case
    windows = whole_words(sizes, cut)
    assert all(sum(sizes[word] for word in window) <= cut.room for window in windows)
    assert [windows[0].start, windows[-1].stop] == [0, len(sizes)]
    for one, other in pairwise(windows):
        assert one.start < other.start <= one.stop < other.stop
        assert sum(sizes[one.start : other.start]) >= cut.step or other.start == one.stop or other is windows[-1]


@given(cases())
def test_every_window_but_the_first_is_as_full_as_whole_words_allow(case):
    sizes, cut = case
    windows = whole_words(sizes, cut)
    for window in windows[:-1]:
        assert sum(sizes[window.start : window.stop + 1]) > cut.room
    last = windows[-1]
    assert last.start == 0 or sum(sizes[last.start - 1 :]) > cut.room


@given(st.integers(1, 20), st.data(), st.integers(0, 200))
def test_words_of_one_token_are_cut_as_tokens_are(room, data, length):
    cut = Cut(room, "windows", data.draw(st.integers(0, room)), data.draw(st.integers(1, 50)))
    assert whole_words([1] * length, cut) == cut.windows(length)


@given(cases(), st.integers(1, 4))
def test_with_too_many_windows_the_end_is_left_out(case, most):
    sizes, cut = case
    windows = whole_words(sizes, Cut(cut.room, "windows", cut.stride, most))
    everything = whole_words(sizes, cut)
    assert len(windows) == min(most, len(everything))
    assert windows[:-1] == everything[: len(windows) - 1]


def context(word, window, before, length):
    """As the docstring says it, for one word in one window."""
    left = before[word] - before[window.start] if window.start else float("inf")
    right = before[window.stop] - before[word + 1] if window.stop < length else float("inf")
    return min(left, right)


@settings(max_examples=200)
@given(cases())
def test_each_word_is_answered_once_by_the_window_with_most_context(case):
    sizes, cut = case
    windows, before = whole_words(sizes, cut), [0, *accumulate(sizes)]
    found = answering(windows, sizes)
    assert [word for own in found for word in own] == list(range(len(sizes)))
    for window, own in zip(windows, found, strict=True):
        for word in own:
            holding = [other for other in windows if word in other]
            most = max(context(word, other, before, len(sizes)) for other in holding)
            best = next(other for other in holding if context(word, other, before, len(sizes)) == most)
            assert best == window


def test_places_are_tokens_of_the_window_that_answers():
    other = EncodedWords([2, 12, 13, 14, 3], first=[1, 2, 3], words=range(2, 5), answers=range(3, 5), tokens_in_text=9)
    text = EncodedWords(
        [2, 10, 99, 11, 12, 3], first=[1, 3, 4], words=range(3), answers=range(3), tokens_in_text=9, further=(other,)
    )
    assert text.places() == [(0, 1), (0, 3), (0, 4), (1, 2), (1, 3)]
    assert text.longest == 6
