"""Words of a text, and changes that take words and tags along."""

from __future__ import annotations

import pytest

from regard.text.augment.example import Change, Word, applied, example, goes_on


def found(text: str) -> list[str]:
    given = example(text)
    return [given.spelled(position) for position in range(len(given.words))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  \n", []),
        ("A fine film, isn't it?", ["A", "fine", "film", "isn't", "it"]),
        ("good<br /><br>It's &amp; caf&eacute;!", ["good", "It's"]),
        ("I cannot say 👍🏽 1\ufe0f\u20e3", ["I", "cannot", "say"]),
        ("cafe\u0301 nai\u0308ve", ["cafe\u0301", "nai\u0308ve"]),
        ("see https://a.b/c?d=e. now", ["see", "https://a.b/c?d=e", "now"]),
        ("one.Two", ["one", "Two"]),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    assert found(text) == words


def test_what_is_written_together_is_not_free() -> None:
    given = example("do n't it's 好片 end.", [(0, 2), (3, 6), (7, 9), (9, 11), (12, 13), (13, 14), (15, 18), (18, 19)])
    assert [given.spelled(position) for position in given.free] == ["do", "n't", "end"]
    assert [example("我喜欢 it").spelled(position) for position in example("我喜欢 it").free] == ["it"]


def test_what_a_mark_or_a_joiner_ties_is_not_free() -> None:
    given = example("cafe\u0301 so", [(0, 4), (6, 8)])
    assert given.free == (1,)
    assert goes_on("👩\u200d👧", 1)
    assert goes_on("👩\u200d👧", 2)
    assert not goes_on("ab", 1)
    assert not goes_on("", 0)


def test_words_of_entities_are_not_free() -> None:
    given = example("Anna sings now", [(0, 4), (5, 10), (11, 14)], ["B-person", "O", "O"], inside=[0])
    assert given.free == (1, 2)


def test_changes_move_words_and_tags() -> None:
    given = example("Anna sings  now!", [(0, 4), (5, 10), (12, 15)], ["N", "V", "R"])
    after = applied(
        given,
        [
            Change(0, 0, "So ", (Word(0, 2, "R"),)),
            given.renamed(0, "Annabel"),
            Change(10, 15, ""),
            Change(16, 16, " ok", (Word(1, 3, "X"),)),
        ],
    )
    assert after.text == "So Annabel sings! ok"
    assert [(after.spelled(at), word.tag) for at, word in enumerate(after.words)] == [
        ("So", "R"),
        ("Annabel", "N"),
        ("sings", "V"),
        ("ok", "X"),
    ]
    assert applied(given, []).words == given.words


@pytest.mark.parametrize("change", [Change(2, 2, "x"), Change(0, 2, ""), Change(3, 6, "y")])
def test_a_change_never_cuts_a_word(change: Change) -> None:
    with pytest.raises(ValueError, match="cuts the word"):
        applied(example("Anna sings"), [change])
