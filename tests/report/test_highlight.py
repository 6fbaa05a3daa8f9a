from __future__ import annotations

import json
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console
from tests.report.finished_runs import PAYLOADS, REVIEW, explanation

from regard.records import Explanation, Highlight
from regard.report import highlight
from regard.report.highlight import LONGEST_UNREAD, from_json, segments, to_html, to_plain, to_terminal


class Text(HTMLParser):
    """What a browser shows, and the tags it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = ""
        self.tags: set[str] = set()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.shown += data


@pytest.mark.parametrize("signed", [True, False])
def test_segments_are_the_whole_text(signed: bool) -> None:
    made = explanation(REVIEW * 3, "positive", signed=signed)
    parts = segments(made)
    assert "".join(part.text for part in parts) == made.text
    assert max(part.level for part in parts) == 10
    assert {part.seen for part in parts} == {True, False}
    assert from_json(json.loads(json.dumps(made.to_json()))) == made


def test_a_long_unread_stretch_keeps_both_its_ends() -> None:
    made = explanation("good " * 60 + "x" * 1_000_000, "positive")
    last = segments(made)[-2:]
    assert [len(part.text) for part in last] == [LONGEST_UNREAD // 2] * 2
    assert last[0].left_out + LONGEST_UNREAD == 1_000_001  # the blank after the last word is not read either
    assert len(to_html(made)) < 60_000


@pytest.mark.parametrize("payload", PAYLOADS)
def test_html_keeps_the_text_and_lets_nothing_through(payload: str) -> None:
    made = explanation(payload + " " + REVIEW, payload)
    page = Text()
    page.feed(to_html(made))
    assert made.text.replace("\x00", "") in page.shown.replace("\x00", "")
    assert page.tags == {"div", "span", "mark"}
    assert page.names == {"style", "title", "data-score", "dir"}


def test_terminal_shows_the_text_without_its_escape_sequences() -> None:
    made = Explanation(
        "a\x1b[31mred\x07 word\r\n", "x", "x", 0.9, "attention", False, [Highlight(0, 1, 1.0)], [(0, 16)]
    )
    shown = to_terminal(made).plain
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert shown.startswith("a\ufffd[31mred\ufffd word\n")
    assert "100.0" in shown


def test_terminal_colours() -> None:
    made = explanation(REVIEW, "positive")
    out = StringIO()
    Console(file=out, force_terminal=True, color_system="truecolor", width=80).print(to_terminal(made))
    assert "\x1b[30;48;2;" in out.getvalue()
    assert "\x1b[4;30;48;2;" in out.getvalue()  # what speaks against is underlined too


@pytest.mark.parametrize("signed", [True, False])
def test_plain_fits_80_columns(signed: bool) -> None:
    made = explanation(REVIEW + "extraordinarily" * 9 + " " + "👩‍👧" * 30, "positive", signed=signed)
    lines = to_plain(made).splitlines()
    assert lines[0] == "positive (93.0\u00a0%)"
    assert max(cell_len(line) for line in lines) <= 80
    assert len(lines) == 4 + 20 + 1
    assert ("-" in "".join(line[54:] for line in lines[4:])) == signed


def test_an_empty_text() -> None:
    made = Explanation("", (), "x", 0.9, "weights", True, [], [])
    assert "none" in to_html(made)
    assert to_plain(made).startswith("none")
    assert to_terminal(made).plain.startswith("\n\n")
    assert highlight.scale(made) == "0"
