"""Recipes for names, parts of speech, answers and augmentation, trained in small; their pages' Python run as it stands,
every command on them parsed."""

from __future__ import annotations

import json
import random
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.text.augment.conftest import write as write_wordnet

import regard
import regard.spacy  # an installed Regard tells spaCy of it by itself
from regard.cli import app
from regard.text.augment import wordnet

ROOT = Path(__file__).parents[2]
REFERENCE = ("tagging", "answering")
WORKED = ("named-entities", "parts-of-speech", "question-answering", "augmentation")
PAGES = [*(ROOT / "docs" / f"{name}.md" for name in REFERENCE)]
PAGES += [ROOT / "docs" / "recipes" / f"{name}.md" for name in WORKED]

LSTM = {"model.vectors": "", "model.embedding_size": 16, "model.hidden_size": 8, "training.max_steps": 2}
MINILM = {"training.max_steps": 2, "tokens.max_length": 48}


def write_names(folder: Path, first: int = 0) -> Path:
    return columns(
        folder / "names.conll", first, [("Ada", "B-who"), ("Lovelace", "I-who"), ("in", "O"), ("Rome", "B-where")]
    )


def write_words(folder: Path) -> Path:
    return columns(folder / "words.conll", 0, [("the", "DET"), ("cat", "NOUN"), ("sleeps", "VERB"), ("here", "ADV")])


def columns(path: Path, first: int, tagged: list[tuple[str, str]]) -> Path:
    """Thirty different texts of these words, a number in each, from `first` on."""
    generator = random.Random(first)
    rows = []
    for number in range(first, first + 30):
        own = [*generator.sample(tagged[2:], 2), *tagged[:2], (f"x{number}", tagged[2][1])]
        rows.append("\n".join(map("\t".join, own)))
    path.write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    return path


def write_questions(folder: Path, first: int = 0) -> Path:
    path = folder / "questions.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(first, first + 30):
            context = f"Ada number {number} lives in Rome."
            answers = {"text": ["Rome"], "answer_start": [context.index("Rome")]}
            file.write(json.dumps({"context": context, "question": "Where does she live?", "answers": answers}) + "\n")
    return path


def write_reviews(folder: Path) -> Path:
    path = folder / "reviews.csv"
    rows = [f"a {'lovely' if n % 2 else 'dull'} film and story number {n},{n % 2}" for n in range(60)]
    path.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


RECIPES: dict[str, tuple[Callable[[Path], Path], dict[str, Any]]] = {
    "ner-lstm": (write_names, LSTM),
    "ner-minilm": (write_names, MINILM),
    "ner-spacy": (write_names, {}),
    "pos-lstm": (write_words, LSTM),
    "pos-minilm": (write_words, MINILM),
    "qa-minilm": (write_questions, MINILM),
    "augmentation": (write_reviews, {**LSTM, "tokens.minimum_frequency": 1}),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with `runs/` of every recipe, and the files that the pages name."""
    folder = tmp_path_factory.mktemp("pages")
    small = write_wordnet(folder / "wordnet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wordnet, "folder", lambda *, offline=False: small)
        for name, (write, sets) in RECIPES.items():
            recipe = ROOT / "recipes" / f"{name}.toml"
            regard.train(write(folder), recipe=recipe, sets=sets, out=folder / "runs" / name, quiet=True)
        for part, first in (("train", 0), ("test", 1000)):
            write_names(folder, first).rename(folder / f"{part}.conll")
            write_questions(folder, first).rename(folder / f"{part}.jsonl")
        yield folder


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_short_and_says_its_command(name: str) -> None:
    text = (ROOT / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 120
    assert f" --recipe recipes/{name}.toml" in "\n".join(line for line in lines if line.startswith("# regard train "))
    assert not {"train", "validation", "test"} & tomllib.loads(text).get("data", {}).keys()


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains(name: str, runs: Path) -> None:
    model = regard.load(runs / "runs" / name)
    settings = tomllib.loads((ROOT / "recipes" / f"{name}.toml").read_text(encoding="utf-8"))
    assert model.recipe.task == settings.get("task", "classify")
    assert model.recipe.model_name == settings["model"]["name"]
    assert model.scores.n > 0
    assert model.report.is_file()


def test_the_recipe_of_augmentation_makes_a_copy_of_each_text(runs: Path) -> None:
    record = regard.load(runs / "runs" / "augmentation").record
    assert record["training"]["copies"] > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_python_runs(page: Path, runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(runs)
    assert blocks(page, "python")
    for number, block in enumerate(blocks(page, "python")):
        names: dict[str, Any] = {}
        exec(compile(block, f"{page.name} {number}", "exec"), names)
        assert capsys.readouterr().out or "print" not in block
        assert names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_commands_are_commands(page: Path) -> None:
    group = typer.main.get_command(app)
    checked = 0
    for line in commands(page):
        program, *arguments = shlex.split(line.rpartition(" | ")[2])
        if program == "python":
            assert (ROOT / arguments[0]).is_file()
        elif program == "regard":
            context = group.make_context("regard", arguments, resilient_parsing=True)
            name, command, rest = group.resolve_command(context, arguments)
            parsed = command.make_context(name, list(rest), parent=context)
            recipe = parsed.params.get("recipe")
            assert recipe is None or (ROOT / recipe).is_file()
            checked += 1
    assert checked >= 3


def commands(page: Path) -> Iterator[str]:
    for block in blocks(page, ""):
        yield from (line for line in block.splitlines() if re.match(r"(regard|python|cat) ", line))


def blocks(page: Path, language: str) -> list[str]:
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [block for named, block in found if named == language]


@pytest.mark.parametrize("name", WORKED)
def test_a_worked_page_has_its_recipe_and_its_figures(name: str) -> None:
    page = ROOT / "docs" / "recipes" / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    assert "<!-- figures -->" in text or "results.md" in text
    linked = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    assert any(target.startswith("../../recipes/") for target in linked)
    assert all((page.parent / target).exists() for target in linked)
