"""Sources of data as a recipe can name them: what was given as an object is kept as a file of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard import assets, recipe
from regard.errors import UsageError
from regard.recipe import Recipe
from regard.tasks.task import task_of

IN_MEMORY = "data/{part}.parquet"
MODELS = ("model", "there", "back")
"""Settings of augmentation that name a checkpoint."""


def settled(given: Recipe, folder: Path, **sources: Any) -> Recipe:
    """The recipe with its files named so that they are found from anywhere; `sources` win over what it names.

    An object (DataFrame, Corpus) is written below `folder`. Raises `UsageError` where no training data is named.
    """
    task = task_of(given.task)
    named: dict[str, str | None] = {}
    contiguous = False
    for part, source in sources.items():
        chosen = getattr(given.data, part) if source is None else source
        if chosen is None or (isinstance(chosen, str) and not chosen):
            named[part] = None
        elif isinstance(chosen, str | Path):
            named[part] = _path_or_word(chosen)
        else:
            corpus = task.read(chosen, given.data)
            contiguous |= corpus.contiguous
            named[part] = str(task.keep(corpus, folder / IN_MEMORY.format(part=part), given.data).resolve())
    if not named["train"]:
        raise UsageError("no training data is named", mend="give a file, a folder, an asset's word or a hub id")
    changes: dict[str, Any] = dict(named)
    if contiguous and given.data.split == "auto":
        changes["split"] = "blocks"  # a file does not tell that its neighbouring rows belong together
    data = given.data.model_copy(update=changes)
    changed = {"data": data, "model": recipe.absolute(given.model), "augment": _models_found(given.augment)}
    return given.model_copy(update=changed)


def _models_found(augment: dict[str, Any] | None) -> dict[str, Any] | None:
    """`[augment]` with the checkpoints of its methods as absolute paths where they are folders."""
    if augment is None:
        return None
    options = {
        word: {
            name: str(Path(value).resolve()) if name in MODELS and value and Path(value).is_dir() else value
            for name, value in settings.items()
        }
        for word, settings in augment["options"].items()
    }
    return {**augment, "options": options}


def _path_or_word(source: str | Path) -> str:
    path = Path(source).expanduser()
    return str(path.resolve()) if path.exists() and not assets.is_data(str(source)) else str(source)
