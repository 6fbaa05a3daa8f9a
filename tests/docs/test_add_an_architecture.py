"""The worked example of the docs, run as it stands."""

import re
import sys
import types
from pathlib import Path

import pytest

import regard
from regard import registry
from regard.registry import ARCHITECTURES, Entry

PAGE = Path(__file__).parents[2] / "docs" / "add-an-architecture.md"


@pytest.fixture
def dan(monkeypatch):
    code, line = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = types.ModuleType("regard.encoders.dan")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, "dan.py", "exec"), module.__dict__)
    entry = eval(line, {"Entry": Entry})
    monkeypatch.setitem(ARCHITECTURES._entries, entry.word, entry)
    assert registry.resolve(entry.target) is module.DanConfig


@pytest.mark.usefixtures("dan")
def test_one_file_and_one_line_are_all(tmp_path):
    rows = [f"{'lovely' if n % 2 else 'dreadful'} film number {n},{'good' if n % 2 else 'bad'}" for n in range(100)]
    (tmp_path / "reviews.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    sets = {"tokens.minimum_frequency": 1, "tokens.vocabulary_size": 200, "training.learning_rate": 0.02}
    model = regard.train(tmp_path / "reviews.csv", model="dan", sets=sets, out=tmp_path / "run", quiet=True)
    assert model.scores.values["accuracy"] > 0.9
    assert [item.output for item in regard.load(tmp_path / "run").predict(["a lovely one", "dreadful"])] == [
        "good",
        "bad",
    ]
