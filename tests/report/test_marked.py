"""Marked text: nothing of it is lost or shown twice, and both sides of an overlap stay visible."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regard.records import Span
from regard.report import marked
from regard.report.marked import Mark, Part, Piece

TEXT = "Ann Smith met Bob in New York ."


def shown(parts: list[Part]) -> str:
    return "".join(piece.text for part in parts for piece in part.pieces)


@st.composite
def marks(draw: st.DrawFn, length: int = 1200) -> list[Mark]:
    """Stretches that are right and, apart from them, stretches that were given, as pairs or alone."""

    def stretches() -> list[Span]:
        borders = sorted(draw(st.sets(st.integers(0, length), max_size=8)))
        return list(zip(borders[::2], borders[1::2], strict=False))

    found = [Mark(span, None, "gold", looked_at=draw(st.booleans())) for span in stretches()]
    return found + [Mark(None, span, "given", looked_at=draw(st.booleans())) for span in stretches()]


@given(marks())
def test_the_whole_text_is_there_in_order_or_counted(found: list[Mark]) -> None:
    text = "".join(chr(ord("a") + place % 26) if place % 7 else " " for place in range(1200))
    parts = marked.parts(text, found)
    position = 0
    for part in parts:
        assert bool(part.left_out) != bool(part.pieces)
        for piece in part.pieces:
            assert text[position : position + len(piece.text)] == piece.text
            position += len(piece.text)
        position += part.left_out
    assert position == len(text)
    for mark in found:
        if mark.looked_at:
            start, end = mark.span
            assert text[start:end] in shown(parts)


def test_both_sides_of_an_overlap_are_seen() -> None:
    parts = marked.parts(TEXT, [Mark((0, 9), (4, 13), "given B, right A"), Mark((14, 17), (14, 17), "A", right=True)])
    assert parts == [
        Part(
            (Piece("Ann ", gold=True), Piece("Smith", gold=True, given=True), Piece(" met", given=True)),
            ("given B, right A",),
        ),
        Part((Piece(" "),)),
        Part((Piece("Bob", gold=True, given=True, right=True),), ("A",)),
        Part((Piece(" in New York ."),)),
    ]


def test_marks_that_overlap_are_one_part_with_both_notes() -> None:
    parts = marked.parts(TEXT, [Mark((21, 29), (21, 24), "wrong boundary"), Mark(None, (25, 29), "invented")])
    assert [part.told for part in parts if part.told] == [("wrong boundary", "invented")]
    assert shown(parts) == TEXT


def test_of_a_long_text_the_surroundings_of_what_is_looked_at() -> None:
    text = f"{'before ' * 500}NAME{' after' * 500}"
    found = [Mark((3500, 3504), None, "missed", looked_at=True), Mark((0, 6), None, "far away")]
    parts = marked.parts(text, found)
    assert [part.told for part in parts] == [(), (), ("missed",), (), ()]
    assert shown(parts).startswith("before before")
    assert "NAME" in shown(parts)
    assert parts[0].left_out + parts[-1].left_out + len(shown(parts)) == len(text)
    assert len(shown(parts)) <= 2 * marked.AROUND + 4


def test_without_anything_looked_at_the_beginning() -> None:
    assert len(shown(marked.parts("word " * 100_000, []))) <= marked.LONGEST
    assert marked.parts("", []) == []
    assert marked.parts("a b", [Mark((1, 1), None, "nothing")]) == [Part((Piece("a b"),))]


def test_a_stretch_without_end_loses_its_middle() -> None:
    parts = marked.parts("x" * 1_000_000, [Mark(None, (0, 1_000_000), "invented", looked_at=True)])
    assert "[…998,000 characters…]" in shown(parts)
    assert len(shown(parts)) < 2 * marked.LONGEST


def test_an_excerpt_is_one_line_cut_between_words() -> None:
    text = "one two three four five\nsix seven eight nine"
    assert marked.excerpt(text, (19, 23), around=9) == "… four five six …"
    assert marked.excerpt(text, (0, 3), around=100) == "one two three four five six seven eight nine"
