"""Strings in a registry escape the import linter: every one of them is resolved here, and counted."""

import pytest
from pydantic import BaseModel

from regard.errors import UsageError
from regard.registry import ARCHITECTURES, TASKS, Entry, Registry

ENTRIES = [*ARCHITECTURES.values(), *TASKS.values()]


def test_how_many_there_are():
    assert len(ARCHITECTURES) == 13
    assert len(TASKS) == 6
    assert {entry.kind for entry in ARCHITECTURES.values()} == {"baseline", "network", "checkpoint"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.word)
def test_every_target_resolves(entry):
    assert callable(entry.load())


@pytest.mark.parametrize("entry", ARCHITECTURES.values(), ids=lambda entry: entry.word)
def test_every_architecture_has_options_with_defaults_and_does_a_task(entry):
    options = entry.load_options()
    assert issubclass(options, BaseModel)
    assert options()
    assert isinstance(options.recipe_defaults, dict)
    assert set(entry.tasks) <= set(TASKS)
    assert entry.tasks


def test_an_unknown_word_gets_its_neighbours():
    with pytest.raises(UsageError, match=r"unknown model 'lsmt'. Did you mean lstm"):
        ARCHITECTURES["lsmt"]


def test_a_word_is_registered_once():
    with pytest.raises(ValueError, match="registered twice"):
        Registry("thing", Entry("a", "m:A", ""), Entry("a", "m:B", ""))
