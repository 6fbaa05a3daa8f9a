"""Copies behind their texts; methods and options by their words."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError
from tests.text.augment.corpora import labelled, tagged

from regard.errors import DataError, UsageError
from regard.records import Corpus, QuestionCorpus
from regard.registry import AUGMENTATIONS, TASKS
from regard.text.augment import augment, draw
from regard.text.augment.method import Method
from regard.text.augment.options import AugmentOptions, options_of

TEXT = "a lovely film, a story to watch"


def test_how_many_there_are() -> None:
    assert len(AUGMENTATIONS) == 10
    assert [word for word, entry in AUGMENTATIONS.items() if "classify" not in entry.tasks] == ["entity"]
    assert [word for word, entry in AUGMENTATIONS.items() if "tag" not in entry.tasks] == ["backtranslate"]


@pytest.mark.parametrize("word", AUGMENTATIONS)
def test_every_word_resolves(word: str) -> None:
    entry = AUGMENTATIONS[word]
    assert issubclass(entry.load(), Method)
    assert issubclass(entry.load_options(), BaseModel)
    assert all(field.description for field in entry.load_options().model_fields.values())
    assert set(entry.tasks) <= set(TASKS)


def test_copies_stand_behind_all_texts_with_their_labels_and_lines(caplog: pytest.LogCaptureFixture) -> None:
    corpus = replace(labelled(TEXT, "no", f"{TEXT} again"), labels=["good", "bad", "fair"])
    with caplog.at_level(logging.INFO, logger="regard"):
        result = augment(corpus, ["synonyms", "swap"], copies=2)
    assert result.take(range(3)) == corpus
    assert result.ids[3:] == [f"{row}+{method}{n}" for method in ("synonyms", "swap") for n in (1, 2) for row in "13"]
    assert (result.labels or [])[3:] == ["good", "fair"] * 4
    assert (result.lines or [])[3:] == [2, 4] * 4
    assert len(set(result.texts)) == len(result)
    assert "8 copies by augmentation (synonyms, swap); 4 left out" in caplog.text


def test_a_second_copy_that_equals_the_first_is_left_out() -> None:
    drawn = draw(labelled("a film"), ["synonyms"], copies=5)
    assert [copy.id for copy in drawn.copies] == ["1+synonyms1"]
    assert drawn.left_out == 4
    assert drawn.told() == ("1 copy by augmentation (synonyms); 4 left out that equal their text or another copy")
    assert draw(labelled(), ["synonyms"]).told() == "0 copies by augmentation"


def test_several_labels_and_none_at_all() -> None:
    several = replace(labelled(TEXT), labels=[("a", "b")], multi_label=True)
    assert (augment(several, ["swap"]).labels or [])[1] == ("a", "b")
    assert augment(replace(labelled(TEXT), labels=None, lines=None), ["swap"]).labels is None


def test_data_that_can_not_be_augmented_is_named() -> None:
    with pytest.raises(DataError, match="no tags to augment"):
        augment(replace(tagged("a/O"), labels=None), ["swap"])
    questions = QuestionCorpus("made up", ["1"], [TEXT], [("film",)], questions=["what?"], starts=[(9,)])
    with pytest.raises(UsageError, match="can't be done to a question"):
        augment(questions, ["swap"])
    with pytest.raises(UsageError, match=r"unknown augmentation 'swop'\. Did you mean swap"):
        augment(labelled(TEXT), ["swop"])


@pytest.mark.parametrize("corpus", [labelled(), labelled(""), tagged(), Corpus("made up", [], [])])
def test_nothing_to_augment_is_safe(corpus: Corpus) -> None:
    assert augment(corpus, ["eda", "keyboard"], copies=2) == corpus


def test_options_are_resolved_by_their_method() -> None:
    settings = AugmentOptions(methods="eda, keyboard", options={"eda": {"share": 0.2}})
    assert settings.methods == ["eda", "keyboard"]
    assert settings.options["eda"] == {"share": 0.2, "senses": 1, "keep_negations": True}
    assert settings.options["keyboard"] == {"share": 0.1, "shortest": 3}
    assert AugmentOptions(**settings.model_dump()) == settings
    assert AugmentOptions().options == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"methods": ["eda"], "options": {"eda": {"share": 2}}}, r"eda\.share: Input should be less"),
        ({"methods": ["eda"], "options": {"eda": {"shares": 0.2}}}, r"eda\.shares: no such option"),
        ({"methods": ["ead"]}, "unknown augmentation 'ead'"),
    ],
)
def test_a_wrong_option_of_a_method_is_named(given: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        AugmentOptions(**given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"methods": ["eda", "eda"]}, "named twice"),
        ({"methods": ["eda"], "options": {"swap": {}}}, "swap is not among the methods"),
        ({"copies": 0}, "greater than or equal to 1"),
        ({"method": ["eda"]}, "Extra inputs"),
    ],
)
def test_a_wrong_group_is_pydantics_to_tell(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        AugmentOptions(**given)


def test_the_mend_lists_a_method_s_options() -> None:
    with pytest.raises(UsageError, match="the options of synonyms: share, senses"):
        options_of("synonyms", {"sense": 2})


def test_the_page_names_every_method_with_its_options() -> None:
    page = (Path(__file__).parents[3] / "docs" / "augmentation.md").read_text(encoding="utf-8")
    for word, entry in AUGMENTATIONS.items():
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{word}` |")]
        assert re.findall("`([a-z_]+)`", row.split("|")[3]) == list(entry.tasks)
        assert set(re.findall("`([a-z_]+)`", row.split("|")[4])) == set(entry.load_options().model_fields)
