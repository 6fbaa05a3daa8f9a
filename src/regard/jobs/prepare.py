"""From a recipe to the parts of the data that a training sees: read, cut, examine. Nothing is trained here."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regard.errors import DataError
from regard.recipe import Recipe
from regard.records import Corpus
from regard.tasks.task import Task, task_of
from regard.text.diagnosis import Diagnosis

if TYPE_CHECKING:
    from regard.tasks.task import Encoded

logger = logging.getLogger("regard")
HOPELESS = ("no_texts", "one_class")  # findings that no --force can train on


@dataclass
class Parts:
    """The parts of the data, and what was done to get them. `split_note` is a sentence for the user.

    Of each part that a network reads: the share of texts that are longer than one window (`longer`), that have tokens
    which are not read (`truncated`), and the share of tokens that are not (`unread`).
    """

    task: Task
    train: Corpus
    validation: Corpus
    test: Corpus | None
    cut_from_train: bool
    split_note: str | None
    labels: list[str]
    multi_label: bool
    diagnosis: Diagnosis | None = None
    longer: dict[str, float] = field(default_factory=dict)
    truncated: dict[str, float] = field(default_factory=dict)
    unread: dict[str, float] = field(default_factory=dict)

    def named(self) -> dict[str, Corpus]:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part is not None}

    def describe(self) -> dict[str, Any]:
        """The `data` group of run.json."""
        facts: dict[str, Any] = {
            name: {"source": part.source, "n": len(part), "sha256": part.sha256(), "columns": part.columns}
            for name, part in self.named().items()
        }
        facts["validation"]["cut_from_train"] = self.cut_from_train
        facts.setdefault("test", None)
        facts["split_note"] = self.split_note
        return facts


def prepare(recipe: Recipe, *, offline: bool = False) -> Parts:
    """Read the parts that a recipe names; cut validation from train where none is given. Raises `DataError`."""
    options, task = recipe.data, task_of(recipe.task)
    train, validation, test = (
        task.read(source, options, offline=offline) if source else None
        for source in (options.train, options.validation, options.test)
    )
    assert train is not None, "a settled recipe names training data"
    return assemble(recipe, train, validation, test)


def assemble(recipe: Recipe, train: Corpus, validation: Corpus | None, test: Corpus | None) -> Parts:
    """The parts from what was read for them, as the recipe says. Raises `DataError`."""
    options, task = recipe.data, task_of(recipe.task)
    note, cut_from_train = None, validation is None
    if validation is None:
        cut = task.cut(train, fraction=options.validation_fraction, seed=recipe.seed, how=options.split)
        train, validation, note = cut.train, cut.validation, cut.note
    if options.max_train_examples is not None:
        train = task.limit(train, options.max_train_examples, seed=recipe.seed, how=options.split)
    for part in (validation, test):
        if part is not None:
            task.check(train, part)
    return Parts(task, train, validation, test, cut_from_train, note, task.labels(train), train.multi_label)


def examine(parts: Parts, encoded: dict[str, list[Encoded]] | None, encoder: Any | None, *, force: bool) -> None:
    """Let the doctor look, say what was found (notes are for the report), and stop at what makes the result
    meaningless unless `force`. `encoded` is what `encoder` made of the parts, for a network."""
    lengths, reach = None, None
    if encoded is not None and encoder is not None:
        reach = encoder.reach
        lengths = {name: _measure(parts, name, items, encoder) for name, items in encoded.items()}
    parts.diagnosis = parts.task.examine(parts.named(), token_lengths=lengths, max_length=reach)
    logger.info("columns of %s: %s", parts.train.source, parts.train.told())
    for line in parts.diagnosis.lines(notes=False):
        logger.info("%s", line)
    blocks = [item for item in parts.diagnosis.findings if item.severity == "block"]
    hopeless = [item for item in blocks if item.code in HOPELESS]
    if hopeless or (blocks and not force):
        raise DataError(
            "; ".join(item.message for item in blocks),
            file=parts.train.source,
            mend=(blocks[0].mend or "mend the data") + ("" if hopeless else "; --force trains all the same"),
        )
    _leave_out_unknown_labels(parts, encoded)


def _measure(parts: Parts, name: str, encoded: list[Encoded], encoder: Any) -> list[int]:
    """Note how much of a part is read. For the doctor the tokens of each text: more than the encoder reads at most just
    where some are not read."""
    reach, n = encoder.reach, max(len(encoded), 1)
    unread = [parts.task.unread(item, reach) for item in encoded]
    parts.longer[name] = sum(item.tokens_in_text > encoder.max_length for item in encoded) / n
    parts.truncated[name] = sum(count > 0 for count in unread) / n
    parts.unread[name] = sum(unread) / max(sum(item.tokens_in_text for item in encoded), 1)
    return [
        reach + count if count else min(item.tokens_in_text, reach) for item, count in zip(encoded, unread, strict=True)
    ]


def _leave_out_unknown_labels(parts: Parts, encoded: dict[str, list[Encoded]] | None) -> None:
    """With --force, texts whose labels do not occur in training go, with what is encoded of them; that is said."""
    for name, part in parts.named().items():
        rows = parts.task.answerable(part, parts.labels)
        if lost := len(part) - len(rows):
            logger.warning("%s: %d texts with labels that train does not have are left out", part.source, lost)
            setattr(parts, name, part.take(rows))
            if encoded is not None:
                encoded[name] = [encoded[name][row] for row in rows]


def changed(parts: Parts, record: dict[str, Any]) -> list[str]:
    """The parts that are not what run.json has the hashes of; what --force left out of them then may have changed."""
    found = []
    for name, part in parts.named().items():
        rows = parts.task.answerable(part, parts.labels)
        used = part if len(rows) == len(part) else part.take(rows)
        if used.sha256() != (record["data"].get(name) or {}).get("sha256"):
            found.append(name)
    return found


NETWORKS = 2
"""Counts up when the same recipe builds or trains another network than before: what was begun then can't go on now."""


def fingerprint(recipe: Recipe, parts: Parts) -> str:
    """A hash of what decides the weights: the recipe but for where its files lie, the content of the data, and what
    Regard makes of them."""
    settled = recipe.model_copy(
        update={"data": recipe.data.model_copy(update={"train": "", "validation": None, "test": None})}
    )
    content = settled.to_toml() + parts.train.sha256() + parts.validation.sha256() + str(NETWORKS)
    return hashlib.sha256(content.encode()).hexdigest()
