"""Offline unless a hub id is named, and settled in the environment before anything reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from regard.cli import environment


@pytest.mark.parametrize("word", ["org/name", "hub:imdb", "stanfordnlp/imdb"])
def test_hub_ids(word: str) -> None:
    assert environment.names_hub(word)


@pytest.mark.parametrize("word", ["imdb", "a.csv", "data/a.csv", "/abs/path", "./folder", "a/b/c", ""])
def test_what_is_no_hub_id(word: str) -> None:
    assert not environment.names_hub(word)


def test_a_folder_that_exists_is_no_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "org" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert not environment.names_hub("org/name")


@pytest.mark.parametrize(
    "options",
    [
        {"data": "org/name"},
        {"model": "org/name"},
        {"models": "tfidf,org/name"},
        {"run": "hub:gpt2", "prompts": ["Ada"]},
        {"sets": ["training.epochs=1", "model.name=org/name"]},
        {"test": "hub:imdb", "data": None},
    ],
)
def test_a_hub_id_keeps_the_network(options: dict[str, object]) -> None:
    environment.settle_network(options, offline=False)
    assert not offline()


def test_offline_is_the_default() -> None:
    environment.settle_network({"data": "reviews.csv", "model": "lstm", "sets": None}, offline=False)
    assert offline()


def test_offline_overrules_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "0")
    environment.settle_network({"data": "org/name"}, offline=True)
    assert offline()


def test_the_user_s_environment_overrules_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    environment.settle_network({"data": "reviews.csv"}, offline=False)
    assert os.environ["HF_HUB_OFFLINE"] == "0"


@pytest.mark.parametrize("place", ['[data]\ntrain = "org/name"', '[model]\nname = "hub:bert"'])
def test_a_recipe_s_hub_id_keeps_the_network(tmp_path: Path, place: str) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(place)
    environment.settle_network({"data": str(recipe)}, offline=False)
    assert not offline()


def test_a_recipe_that_is_none_is_no_hub_id(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("this is no TOML")
    environment.settle_network({"data": str(recipe)}, offline=False)
    assert offline()


def offline() -> bool:
    return all(os.environ.get(variable) == "1" for variable in environment.OFFLINE)


def test_what_the_user_sets_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    environment.settle()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "info")
    environment.settle()
    assert (os.environ["OMP_WAIT_POLICY"], os.environ["TRANSFORMERS_VERBOSITY"]) == ("ACTIVE", "info")
