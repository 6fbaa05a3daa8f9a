"""Layers, errors that name the path, and a recipe that says the same after a round trip through TOML."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regard import assets
from regard import recipe as recipes
from regard.errors import DataError, UsageError
from regard.registry import ARCHITECTURES, TASKS

WORDS = [word for word in ARCHITECTURES if word != "checkpoint"]


@settings(deadline=None)
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
        (["task=transcribe"], "unknown task 'transcribe'"),
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
    every = set(recipes._leaves(recipes.build(model="lstm").model_dump())) | {
        "tokens",
        "training",
        "preprocess",
        "head",
    }
    every |= {f"head.{name}" for entry in TASKS.values() for name in entry.load_options().model_fields}
    for entry in ARCHITECTURES.values():
        assert every.issuperset(entry.load_options().unused)


# The task and its [head]


PAIRS = [(word, task) for word in WORDS for task in ARCHITECTURES[word].tasks] + [("hub:x", task) for task in TASKS]


@pytest.mark.parametrize(("word", "task"), PAIRS)
def test_toml_gives_the_recipe_of_every_task_back(word, task, tmp_path):
    recipe = recipes.build({"task": task, "data": {"train": "a.file"}}, model=word)
    (tmp_path / "recipe.toml").write_text(recipe.to_toml(), encoding="utf-8")
    again = recipes.load(tmp_path / "recipe.toml")
    assert again == recipe
    assert again.to_toml() == recipe.to_toml()
    assert again.head_options == TASKS[task].load_options()()


def test_the_task_decides_before_the_architecture_and_a_call_before_both():
    def settings(*sets, model="lstm", task="tag"):
        recipe = recipes.build({"task": task}, model=model, sets=list(sets))
        return recipe.tokens.vocabulary_size, recipe.training.epochs, recipe.training.metric_for_best_model

    assert settings(task="classify") == (30_000, 4, "accuracy")
    assert settings() == (100_000, 15, "f1")
    assert settings("training.epochs=2", "training.metric_for_best_model=loss") == (100_000, 2, "loss")
    assert settings(model="hub:x")[1:] == (3, "f1")
    assert settings(model="hub:x", task="answer")[1:] == (2, "f1")
    assert recipes.build({"task": "tag", "head": {"crf": False}}, model="lstm").head_options.crf is False
    assert recipes.build({"task": "tag"}, model="hub:x").tokens.strategy == "windows"


@pytest.mark.parametrize(
    ("task", "sets", "message"),
    [
        ("tag", ["head.crff=true"], r"head\.crff: no such option; did you mean head\.crf\?"),
        ("tag", ["head.word_length=2"], r"head\.word_length: .*greater than or equal to 3 \(given: 2\)"),
        ("tag", ["head=3"], "head: a group of settings is expected"),
        ("classify", ["head.crf=true"], r"head\.crf: no such option"),
        ("answer", ["head.no_answer=always"], r"head\.no_answer: .*'auto' or 'never'"),
        (
            "tag",
            ["training.metric_for_best_model=exact_match"],
            "tag has no exact_match\n.*f1, accuracy, macro_f1, loss",
        ),
        ("answer", ["training.metric_for_best_model=accuracy"], "answer has no accuracy\n.*f1, exact_match, loss"),
        ("classify", ["training.metric_for_best_model=f1"], "classify has no f1\n.*accuracy, macro_f1, loss"),
    ],
)
def test_an_error_of_a_task_names_its_path(task, sets, message):
    with pytest.raises(UsageError, match=message):
        recipes.build({"task": task}, model="lstm", sets=sets)


@pytest.mark.parametrize(
    ("task", "models", "path"),
    [
        ("tag", ["lstm"], "tokens.strategy=windows"),
        ("tag", ["lstm", "spacy"], "model.pooling=max"),
        ("tag", ["lstm"], "data.label_separator=|"),
        ("tag", ["hub:x"], "head.crf=false"),
        ("tag", ["spacy"], "head.crf=false"),
        ("tag", ["spacy", "hub:x"], "head.character_channels=0"),
        ("tag", ["spacy"], "training.epochs=3"),
        ("answer", ["gru"], "tokens.window_pooling=max"),
        ("answer", ["gru"], "training.label_smoothing=0.1"),
        ("classify", ["lstm"], "data.question_column=q"),
    ],
)
def test_a_setting_that_a_task_has_no_use_for_is_refused(task, models, path):
    with pytest.raises(UsageError, match=rf"{path.partition('=')[0]}: .* (does not use|uses) this setting"):
        recipes.refuse_unused([path], models, task=task)


@pytest.mark.parametrize(
    ("task", "models", "path"),
    [
        ("tag", ["lstm"], "head.crf=false"),
        ("tag", ["spacy", "lstm"], "head.crf=false"),
        ("tag", ["hub:x"], "tokens.max_windows=4"),
        ("answer", ["hub:x"], "head.max_answer_tokens=9"),
        ("answer", ["gru"], "data.question_column=q"),
        ("classify", ["lstm"], "tokens.window_pooling=max"),
    ],
)
def test_a_setting_that_a_task_uses_is_taken(task, models, path):
    recipes.refuse_unused([path], models, task=task)


@pytest.mark.parametrize("task", TASKS)
def test_what_a_task_says_of_its_settings_is_there(task):
    options, recipe = TASKS[task].load_options(), recipes.build({"task": task}, model="lstm")
    every = {*recipes._leaves(recipe.model_dump()), *recipes._paths(recipes.Recipe)}
    assert every.issuperset(options.unused)
    assert set(options.network_only) <= set(options.model_fields)
    assert {"network", *ARCHITECTURES}.issuperset(options.recipe_defaults)
    allowed = recipes.TrainingOptions.model_fields["metric_for_best_model"].annotation
    assert set(options.metrics) <= set(get_args(allowed))


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
        assert recipes.load(file).data.train in (*assets.words("data"), "")  # the rest is handed its data
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 25
