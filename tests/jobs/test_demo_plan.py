"""What the demo sets out to do; the demo itself is `make demo`."""

from __future__ import annotations

import pytest

from regard.jobs import demo
from regard.registry import ARCHITECTURES

PLANS = {"full": demo.FULL, "quick": demo.QUICK}


@pytest.mark.parametrize("name", PLANS)
def test_the_ladder_goes_from_linear_to_transformer(name: str) -> None:
    plan = PLANS[name]
    assert [entrant.model for entrant in plan.ladder] == ["tfidf", "nbsvm", "cnn", "lstm", "minilm"]
    assert plan.ladder[-1].model == demo.EXPLAINED


@pytest.mark.parametrize("name", PLANS)
def test_every_recipe_of_the_ladder_is_valid(name: str) -> None:
    files = {"train": "t.parquet", "validation": "v.parquet", "test": "e.parquet"}
    for entrant in PLANS[name].ladder:
        recipe = entrant.recipe(demo.SEED, files)
        assert recipe.model_name in (*ARCHITECTURES, "minilm")
        assert recipe.data.max_train_examples == entrant.max_train_examples
        assert recipe.data.test == "e.parquet"


def test_minilm_sees_at_most_2500_reviews() -> None:
    [minilm] = [entrant for entrant in demo.FULL.ladder if entrant.model == "minilm"]
    assert minilm.max_train_examples is not None
    assert minilm.max_train_examples <= 2500


def test_the_run_folders_have_plain_names() -> None:
    assert [entrant.run_folder(demo.SEED) for entrant in demo.FULL.ladder][-1] == "minilm"


def test_quick_asks_for_less() -> None:
    assert demo.QUICK.test < demo.FULL.test
    for quick, full in zip(demo.QUICK.ladder, demo.FULL.ladder, strict=True):
        assert quick.max_train_examples is not None
        assert full.max_train_examples is None or quick.max_train_examples < full.max_train_examples


def test_parts_of_the_packaged_reviews_share_no_text() -> None:
    from regard import assets
    from regard.errors import DataError

    try:
        assets.path("imdb")
    except DataError:
        pytest.skip("the asset imdb is not in the cache: regard get imdb")
    split = demo.hold_out(demo.QUICK)
    parts = [set(split.train.texts), set(split.validation.texts), set(split.test.texts)]
    assert len(split.test) == demo.QUICK.test
    assert len(split.validation) == demo.QUICK.validation
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert split.train.label_names() == split.test.label_names() == ["negative", "positive"]
    assert split.note is not None
    assert "other class may still fall on the other side" in split.note
