"""The recipes of pretraining and of what comes after, trained in small; their page's Python run as it stands, every
command on it parsed."""

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
PAGE = ROOT / "docs" / "recipes" / "pretraining.md"
NAMES = ("pretrain-transformer", "pretrain-minilm", "finetune-pretrained")
SMALL = {
    "model.layers": 1,
    "model.hidden_size": 16,
    "model.embedding_size": 16,
    "model.feed_forward_size": 32,
    "tokens.minimum_frequency": 1,
    "tokens.max_length": 32,
    "training.max_steps": 2,
}


def recipe_file(name: str) -> Path:
    return ROOT / "recipes" / f"{name}.toml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `runs/domain` and `runs/tuned`, as the page's two commands leave them, from made-up reviews."""
    place = tmp_path_factory.mktemp("pages")
    rows = [f"a {'lovely' if n % 2 else 'dull'} film and story number {n}" for n in range(60)]
    (place / "corpus.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    labelled = [f"{row},{n % 2}" for n, row in enumerate(rows)]
    (place / "labelled.csv").write_text("text,label\n" + "\n".join(labelled) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        pretrain, tune = recipe_file("pretrain-transformer"), recipe_file("finetune-pretrained")
        regard.train("corpus.txt", recipe=pretrain, sets=SMALL, out="runs/domain", quiet=True)
        sets = {"training.max_steps": 1, "tokens.max_length": 32}
        regard.train("labelled.csv", recipe=tune, sets=sets, out="runs/tuned", quiet=True)
    return place


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_short_and_says_its_command(name: str) -> None:
    text = recipe_file(name).read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 120
    [command] = (line for line in lines if line.startswith("# regard train "))
    assert f" --recipe recipes/{name}.toml" in command
    assert recipes.load(recipe_file(name)).task == ("pretrain" if name.startswith("pretrain") else "classify")


def test_the_two_recipes_train_one_after_the_other(folder: Path) -> None:
    domain, tuned = (regard.load(folder / "runs" / name) for name in ("domain", "tuned"))
    assert domain.recipe.head_options.whole_word
    assert tuned.recipe.entry.word == "checkpoint"
    assert tuned.predictor.encoder.vocabulary == domain.predictor.encoder.vocabulary  # type: ignore[attr-defined]


def test_its_python_runs(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(folder)
    [block] = blocks("python")
    exec(compile(block, PAGE.name, "exec"), {})
    assert re.search(r" 0\.\d+", capsys.readouterr().out)


def test_its_commands_are_commands() -> None:
    group = typer.main.get_command(app)
    lines = [line for block in blocks("") for line in block.splitlines()]
    assert len(lines) >= 4
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "regard"
        context = group.make_context("regard", arguments, resilient_parsing=True)
        name, command, rest = group.resolve_command(context, arguments)
        given = command.make_context(name, list(rest), parent=context).params
        assert given.get("recipe") is None or (ROOT / given["recipe"]).is_file()


def test_what_it_says_to_change_can_be_changed_and_every_link_leads_somewhere() -> None:
    text = PAGE.read_text(encoding="utf-8")
    spans = re.findall(r"`--set ([^`]+)`", text)
    assert len(spans) >= 2
    for span in spans:
        recipes.load(recipe_file("pretrain-transformer"), sets=[span])
    for path in re.findall(r"`((?:training|tokens|model|head)\.\w+)", text):
        group, name = path.split(".")
        recipe = recipes.load(recipe_file("pretrain-transformer")).model_dump()
        assert name in recipe[group], path
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert (PAGE.parent / target).exists()


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [block for named, block in found if named == language]
