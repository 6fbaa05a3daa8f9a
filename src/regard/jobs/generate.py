"""A language model to write with: that of a run folder, or a checkpoint as it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard import assets, recipe
from regard.jobs.load import load


def language_model(name: str, *, offline: bool = False) -> Any:
    """The trained model in the run folder `name`; else the checkpoint of this asset's word, folder or hub id, as it is.

    Raises `UsageError` for a run of another task, `ModelError` for what is no model.
    """
    if _is_checkpoint(name):
        return _as_published(name, offline=offline)
    model = load(name)
    return model.language_model


def _is_checkpoint(name: str) -> bool:
    folder = Path(name)
    if folder.is_dir():
        return (folder / "config.json").is_file()
    return assets.is_model(name) or name.startswith("hub:") or (not folder.exists() and _is_hub_id(name))


def _is_hub_id(name: str) -> bool:
    from regard.text.formats.hub import is_hub_id

    return is_hub_id(name) and not Path(name).parent.is_dir()


def _as_published(name: str, *, offline: bool) -> Any:
    from regard.records import Corpus
    from regard.tasks.task import task_of

    settled = recipe.build({"task": "generate", "model": {"name": name}})
    task = task_of("generate")
    encoder = task.encoder(settled, Corpus(name, [], []), offline=offline)
    model: Any = task.network(settled, encoder, [], offline=offline)
    encoder.max_length = min(encoder.max_length, model.positions or encoder.max_length)
    return model
