"""The worked example of docs/attention.md, run as it stands: one file, one line, held to its definition."""

import json
import re
import sys
import types
from pathlib import Path

import pytest
from tests.contracts.test_attention import HEADS, LENGTHS, compare, has_layout, keeps, small_pieces  # noqa: F401

from regard import cli
from regard.nn import attention
from regard.registry import PATTERNS, Entry

PAGE = Path(__file__).parents[2] / "docs" / "attention.md"


@pytest.fixture
def fixed(monkeypatch):
    code, line = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = types.ModuleType("regard.nn.attention.patterns.fixed")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, "fixed.py", "exec"), module.__dict__)
    entry = eval(line, {"Entry": Entry})
    monkeypatch.setitem(PATTERNS._entries, entry.word, entry)
    return entry


@pytest.mark.parametrize("padding", ["none", "right", "left", "hole", "empty"])
def test_one_file_and_one_line_are_held_to_the_definition(fixed, padding):
    examples = fixed.load_options().examples
    assert len(examples) == 2
    for settings in examples:
        pattern = attention.pattern("fixed", **settings)
        for length in LENGTHS:
            assert has_layout(pattern, length)
            for engine in ("dense", "blocked"):
                compare(pattern, engine, length, keeps(length)[padding])


@pytest.mark.usefixtures("fixed")
def test_it_is_drawn_by_its_word(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["attention", "show", "fixed", "--set", "stride=4", "--set", "summary=1", "--length", "8", "--json"])
    assert not end.value.code
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert counts[6] == [0, 0, 0, 1, 1, 1, 1, 0]
    assert counts[7] == [0, 0, 0, 1, 1, 1, 1, 1]


def test_every_pattern_has_its_part_and_its_picture():
    text = PAGE.read_text(encoding="utf-8")
    for word in PATTERNS:
        assert f"\n## {word}\n" in text
        assert f"pictures/attention/{word}.svg)" in text
        assert (PAGE.parent / "pictures" / "attention" / f"{word}.svg").is_file()
