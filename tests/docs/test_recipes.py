"""The recipes of the LSTM and the CNN, trained in small; their pages' Python run as it stands, what they say on the
command line taken by the real one; and the list of all recipes is whole."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

import regard
from regard import recipe as recipes
from regard.cli import app

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "recipes"
TWINS = {"lstm-classification": "imdb-lstm", "cnn-sentiment": "imdb-cnn"}
OWN = {"lstm-classification": {"model.hidden_size": 8}, "cnn-sentiment": {"model.channels": 8}}
SMALL = {
    "model.vectors": "",
    "model.embedding_size": 16,
    "tokens.minimum_frequency": 1,
    "tokens.vocabulary_size": 200,
    "training.epochs": 1,
}
NAMES = list(TWINS)


def recipe_file(name: str) -> Path:
    return ROOT / "recipes" / f"{name}.toml"


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The fenced blocks of a page in a language, or (empty) in none: its commands."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page(name), re.DOTALL | re.MULTILINE)
    return [block for given, block in found if given == language]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs that the pages train: 60 made-up reviews, one epoch, no word vectors."""
    folder = tmp_path_factory.mktemp("pages")
    rows = [f"a {'lovely' if n % 2 else 'dull'} film and story number {n},{n % 2}" for n in range(60)]
    (folder / "mine.csv").write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    for name in NAMES:
        out = folder / "runs" / recipes.load(recipe_file(name)).model_name
        sets = {**SMALL, **OWN[name]}
        regard.train(folder / "mine.csv", recipe=recipe_file(name), sets=sets, out=out, quiet=True)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_short_and_says_its_command(name: str) -> None:
    lines = recipe_file(name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 120
    [command] = (line.removeprefix("# ") for line in lines if line.startswith("# regard train "))
    assert command in page(name).splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_its_figures_are_those_of_its_twin(name: str) -> None:
    assert recipes.load(recipe_file(name)) == recipes.load(recipe_file(TWINS[name]))


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_trains(name: str, runs: Path) -> None:
    recipe = recipes.load(recipe_file(name))
    model = regard.load(runs / "runs" / recipe.model_name)
    assert model.recipe.training.batch_tokens == recipe.training.batch_tokens
    assert model.record["training"]["epochs"] == 1
    assert model.scores.n > 0
    assert model.report.is_file()


@pytest.mark.parametrize("name", NAMES)
def test_its_python_runs(name: str, runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(runs)
    [block] = blocks(name, "python")
    exec(compile(block, f"{name}.md", "exec"), {})
    assert re.search(r"[01] 0\.\d+", capsys.readouterr().out)


@pytest.mark.parametrize("name", NAMES)
def test_its_keras_is_python(name: str) -> None:
    [block] = blocks(name, "py")
    compile(block, f"{name}.md", "exec")


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What the real command line makes of a command. It ends the process where it does not understand one."""
    group = typer.main.get_command(app)
    context = group.make_context("regard", list(arguments), resilient_parsing=True)
    name, command, rest = group.resolve_command(context, list(arguments))
    return dict(command.make_context(name, list(rest), parent=context).params)


@pytest.mark.parametrize("name", NAMES)
def test_its_commands_are_commands(name: str) -> None:
    lines = [line for block in blocks(name, "") for line in block.splitlines()]
    assert len(lines) >= 6
    for line in lines:
        program, *arguments = shlex.split(line)
        if program == "python":
            assert (ROOT / arguments[0]).is_file()
            continue
        assert program == "regard"
        given = parsed(arguments)
        for value in (given.get("recipe"), given.get("data")):
            assert not str(value).endswith(".toml") or (ROOT / value).is_file()
        if given.get("recipe") or str(given.get("data")).endswith(".toml"):
            recipes.load(recipe_file(name), sets=given["sets"] or [])


@pytest.mark.parametrize("name", NAMES)
def test_what_it_says_to_change_can_be_changed(name: str) -> None:
    spans = re.findall(r"`(--(?:set|model|max-length|strategy) [^`]+)`", page(name))
    assert len(spans) >= 4
    for span in spans:
        given = parsed(["train", "mine.csv", *shlex.split(span)])
        base = {} if given["model"] else recipes.read_toml(recipe_file(name))
        recipes.build(base, model=given["model"], sets=given["sets"] or [])


def test_every_page_stands_in_the_list_and_every_link_leads_somewhere() -> None:
    names = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert {*NAMES, "named-entities"} <= names
    assert set(re.findall(r"\]\(([\w-]+)\.md\)", page("README"))) == names
    for name in ("README", *NAMES):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page(name)):
            assert (PAGES / target).exists(), f"{name}.md: {target}"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_its_recipe_and_its_figures(name: str) -> None:
    text = page(name)
    assert f"](../../recipes/{name}.toml)" in text
    assert "](../results.md)" in text
    assert "](../results.md#beside-keras-3)" in text
    assert "<!--" not in text
