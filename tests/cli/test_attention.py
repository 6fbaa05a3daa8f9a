"""`regard attention`: the patterns drawn and listed, for a person and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from regard import cli
from regard.registry import PATTERNS, SCORES

Captured = pytest.CaptureFixture[str]
WINDOW = ("window", "--set", "left=2", "--set", "right=2", "--length", "16")


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["attention", *map(str, words)])
    return int(end.value.code or 0)


def document(capsys: Captured, *words: object) -> dict[str, Any]:
    assert run(*words, "--json") == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("word", PATTERNS)
@pytest.mark.parametrize("length", [1, 24, 300])
def test_every_pattern_is_drawn_within_80_columns(word: str, length: int, capsys: Captured) -> None:
    assert run("show", word, "--length", length) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) > min(length, 37)
    assert "\x1b" not in "".join(lines)
    assert any("random ones" in line for line in lines) == (word == "lsh")


def test_the_window_is_what_the_definition_says(capsys: Captured) -> None:
    found = document(capsys, "show", *WINDOW)
    assert found["counts"] == [[int(abs(q - k) <= 2) for k in range(16)] for q in range(16)]
    assert found["settings"] == {"left": 2, "right": 2, "dilation": 1, "global_tokens": []}
    own, long = found["costs"]
    assert (own["length"], own["pairs_met"], own["pairs_full"]) == (16, 16 * 5 - 6, 256)
    assert long["pairs_met"] == 4096 * 5 - 6
    assert long["pairs_met"] < long["pairs_computed"] < long["pairs_full"] / 20


def test_a_global_token_behind_the_text_is_told(capsys: Captured) -> None:
    assert run("show", *WINDOW, "--set", "global_tokens=[0, 99]") == 0
    assert "Global places behind the last token meet nothing: 99." in capsys.readouterr().out


def test_the_picture_is_written_as_svg(capsys: Captured, tmp_path: Path) -> None:
    assert run("show", *WINDOW, "--svg", tmp_path / "window.svg") == 0
    assert str(tmp_path / "window.svg") in capsys.readouterr().out
    root = ElementTree.parse(tmp_path / "window.svg").getroot()
    assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]


def test_colour_where_there_is_a_terminal(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert run("show", *WINDOW) == 0
    assert "\x1b[" in capsys.readouterr().out


def test_list_names_every_pattern_and_score(capsys: Captured) -> None:
    found = document(capsys, "list")
    assert [row["word"] for row in found["patterns"]] == list(PATTERNS)
    assert [row["word"] for row in found["scores"]] == list(SCORES)
    assert run("list") == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize("words", [["windo"], ["window", "--set", "lefty=1"], ["window", "--length", "0"]])
def test_a_wrong_call_ends_with_2(words: list[str], capsys: Captured) -> None:
    assert run("show", *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words[0] in err or "length" in err


def test_help_fits_and_has_the_common_options(capsys: Captured) -> None:
    for word in ("show", "list"):
        assert run(word, "--help") == 0
        shown = capsys.readouterr().out
        assert all(flag in shown for flag in ("--json", "--offline", "--quiet", "--debug"))
        assert max(map(len, shown.splitlines())) <= 80
