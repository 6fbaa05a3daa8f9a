"""Layers, errors that name the path, and a recipe that says the same after a round trip through TOML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard import recipe as recipes
from regard.errors import DataError, UsageError
from regard.registry import ARCHITECTURES

WORDS = [word for word in ARCHITECTURES if word != "checkpoint"]


@pytest.mark.parametrize("word", WORDS)
def test_toml_gives_the_recipe_back(word, tmp_path):
    recipe = recipes.build({"data": {"train": "a.csv"}}, model=word)
    path = tmp_path / "recipe.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    again = recipes.load(path)
    assert again == recipe
    assert again.to_toml() == recipe.to_toml()


@given(st.integers(1, 50), st.floats(1e-6, 1.0), st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_any_setting_survives(epochs, rate, source):
    layer = {"data": {"train": source}, "training": {"epochs": epochs, "learning_rate": rate}}
    recipe = recipes.build(layer, model="lstm")
    import tomllib

    assert recipes.build(tomllib.loads(recipe.to_toml())) == recipe


def test_later_layers_win():
    defaults = recipes.build(model="lstm")
    file = recipes.build({"training": {"epochs": 9}}, model="lstm")
    call = recipes.build({"training": {"epochs": 9}}, model="lstm", sets=["training.epochs=2"])
    assert (defaults.tokens.kind, file.training.epochs, call.training.epochs) == ("word", 9, 2)
    assert recipes.build(model="transformer").tokens.kind == "wordpiece"


@pytest.mark.parametrize(
    ("item", "value"),
    [("data.label_separator=|", "|"), ('data.label_separator="|"', "|"), ("data.label_separator=a b", "a b")],
)
def test_what_set_takes_is_toml_or_a_word(item, value):
    assert recipes.build(model="tfidf", sets=[item]).data.label_separator == value


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["training.epochs=0"], r"training\.epochs: .*greater than or equal to 1 \(given: 0\)"),
        (["training.epochs=many"], r"training\.epochs: .*integer"),
        (["training.epoch=3"], r"training\.epoch: no such option"),
        (["model.depth=3"], r"model\.depth: no such option"),
        (["nothing=3"], "nothing: no such option"),
        (["training"], r"expected a\.b=c"),
        (["task=translate"], "unknown task 'translate'"),
    ],
)
def test_an_error_names_its_path(sets, message):
    with pytest.raises(UsageError, match=message):
        recipes.build(model="lstm", sets=sets)


@pytest.mark.parametrize(
    ("model", "sets", "message"),
    [
        ("transformer", ["model.heads=3"], "model: .*heads: 3 of them do not divide"),
        ("cnn", ["model.widths=[0]"], r"model\.widths\.0: .*greater than or equal to 1"),
    ],
)
def test_options_that_do_not_fit_each_other_are_named_before_anything_is_trained(model, sets, message):
    with pytest.raises(UsageError, match=message):
        recipes.build(model=model, sets=sets)


@pytest.mark.parametrize(
    ("models", "sets", "message"),
    [
        (["tfidf"], ["training.epochs=3"], r"training\.epochs: tfidf does not use this setting\n.*lstm, gru"),
        (["nbsvm"], {"tokens": {"max_length": 9}}, r"tokens\.max_length: nbsvm does not use"),
        (["hub:x"], ["tokens.vocabulary_size=500"], r"tokens\.vocabulary_size: hub:x does not use"),
        (["tfidf", "nbsvm"], ["training.epochs=3"], r"training\.epochs: none of tfidf, nbsvm uses"),
        (["tfidf", "hub:x"], ["tokens.lowercase=false"], r"tokens\.lowercase: none of tfidf, hub:x uses"),
    ],
)
def test_a_setting_that_no_model_uses_is_refused(models, sets, message):
    with pytest.raises(UsageError, match=message):
        recipes.refuse_unused(sets, models)


@pytest.mark.parametrize("models", [["lstm"], ["tfidf", "lstm"], ["hub:x"]])
def test_a_setting_that_one_model_uses_is_taken(models):
    recipes.refuse_unused(["training.epochs=3", "tokens.max_length=9", "seed=2", "preprocess.urls=true"], models)


def test_what_is_said_to_be_unused_is_there():
    every = set(recipes._leaves(recipes.build(model="lstm").model_dump())) | {"tokens", "training"}
    for entry in ARCHITECTURES.values():
        assert every.issuperset(entry.load_options().unused)


def test_what_is_no_toml_is_bad_data(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("seed = \n")
    with pytest.raises(DataError, match="no TOML"):
        recipes.load(path)
    with pytest.raises(DataError, match="no such recipe"):
        recipes.load(tmp_path / "missing.toml")


def test_every_recipe_that_is_shipped_is_whole():
    from pathlib import Path

    files = sorted((Path(__file__).parents[1] / "recipes").glob("*.toml"))
    assert len(files) >= 6
    for file in files:
        assert recipes.load(file).data.train == "imdb"
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 25
