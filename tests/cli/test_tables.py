"""`regard models` and `regard get`: what is listed is what is registered."""

from __future__ import annotations

import json

import pytest

from regard import assets, cli
from regard.registry import ARCHITECTURES


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    with pytest.raises(SystemExit) as end:
        cli.main([*words, "--json"])
    assert not end.value.code
    return json.loads(capsys.readouterr().out)


def test_models_lists_every_word(capsys: pytest.CaptureFixture[str]) -> None:
    listed = {row["word"]: row for row in answer(capsys, "models")["models"]}
    assert set(listed) == {*ARCHITECTURES, *assets.models()}
    assert all(row["tasks"] for row in listed.values())


def test_get_lists_every_asset(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("REGARD_HOME", str(tmp_path))
    listed = answer(capsys, "get")["assets"]
    assert [row["word"] for row in listed] == assets.words()
    assert not any(row["cached"] for row in listed)


@pytest.mark.parametrize("words", [["models"], ["get"]])
def test_tables_fit_80_columns(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(words)
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(("word", "code"), [("nothing", 2), ("imdb", 3), ("minilm", 4)])
def test_get_says_what_is_wrong(
    word: str, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGARD_HOME", str(tmp_path))
    with pytest.raises(SystemExit) as end:
        cli.main(["get", word, "--offline"])
    assert end.value.code == code
    out, err = capsys.readouterr()
    assert out == ""
    assert word in err
