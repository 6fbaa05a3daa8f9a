"""The job of augmentation: texts are read, models loaded for the methods that need one, copies drawn and kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from regard.errors import UsageError
from regard.recipe import DataOptions
from regard.records import Corpus
from regard.tasks.task import task_of
from regard.text import augment as augmentation
from regard.text.augment import Drawn, joined
from regard.text.augment.options import AugmentOptions, options_of

logger = logging.getLogger("regard")

C = TypeVar("C", bound=Corpus)

DEFAULT = ("eda",)


@dataclass(frozen=True)
class Augmented:
    """Texts as they were read, and the copies of them; `out` is the file that holds both, where one was asked for."""

    corpus: Corpus
    drawn: Drawn
    out: Path | None = None


def augment(
    data: Any,
    methods: str | Sequence[str] = DEFAULT,
    *,
    task: str = "classify",
    copies: int = 1,
    seed: int = 1,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    label_separator: str | None = None,
    most: int | None = None,
    out: str | Path | None = None,
    offline: bool = False,
) -> Augmented:
    """Draw copies of the texts in `data` (a file, a folder, an asset's word, a hub id, a DataFrame or a Corpus), of the
    first `most` where that is given; write texts and copies to `out`, a Parquet file that `train` reads.

    Raises `UsageError` (methods, options, `out`), `DataError` (data) and `ModelError` (models, WordNet).
    """
    asked = task_of(task)
    settings = settings_of(methods, copies, options or {})
    target = None if out is None else _writable(Path(out))
    columns = DataOptions(text_column=text_column, label_column=label_column, label_separator=label_separator)
    corpus = asked.read(data, columns, needs_gold=target is not None or task != "classify", offline=offline)
    rows = None if most is None else range(min(most, len(corpus)))
    drawn = _draw(corpus, settings, seed=seed, rows=rows, offline=offline)
    if target is not None:
        asked.keep(joined(corpus, drawn.copies), target, columns)
    return Augmented(corpus, drawn, target)


def augmented(corpus: C, settings: AugmentOptions | Mapping[str, Any] | None, *, seed: int, offline: bool = False) -> C:
    """What a recipe's `[augment]` makes of a training part: its texts, then their copies; the part as it is where no
    method is named. Never for a part that a model is judged on. Raises what `augment` raises."""
    given = AugmentOptions(**settings) if isinstance(settings, Mapping) else settings
    if given is None or not given.methods:
        return corpus
    drawn = _draw(corpus, given, seed=seed, offline=offline)
    logger.info("%s: %s", corpus.source, drawn.told())
    return joined(corpus, drawn.copies)


def settings_of(methods: str | Sequence[str], copies: int, options: Mapping[str, Any]) -> AugmentOptions:
    """A call's words as `[augment]`. Raises `UsageError` naming what is wrong."""
    words = methods if isinstance(methods, str) else ",".join(methods)
    try:
        return AugmentOptions.model_validate({"methods": words, "copies": copies, "options": options})
    except ValidationError as error:
        found = error.errors()[0]
        where = "".join(f"{part}: " for part in found["loc"])
        raise UsageError(f"augmentation: {where}{found['msg'].removeprefix('Value error, ')}") from None


def _draw(
    corpus: Corpus, settings: AugmentOptions, *, seed: int, offline: bool, rows: Sequence[int] | None = None
) -> Drawn:
    return augmentation.draw(
        corpus,
        settings.methods,
        copies=settings.copies,
        seed=seed,
        options=settings.options,
        functions=_functions(settings, offline=offline),
        rows=rows,
        offline=offline,
    )


def _functions(settings: AugmentOptions, *, offline: bool) -> dict[str, Callable[..., Any]]:
    """The functions that the methods are handed; only where one is needed a model, and torch, is loaded."""
    needed = {"contextual": "masked_words", "backtranslate": "there_and_back"}
    chosen = [word for word in settings.methods if word in needed]
    if not chosen:
        return {}
    from regard.jobs import augment_models

    return {
        word: getattr(augment_models, needed[word])(options_of(word, settings.options[word]), offline=offline)
        for word in chosen
    }


def _writable(path: Path) -> Path:
    """Raises `UsageError` for a file that can't be what is asked for, before any work is done."""
    if path.suffix.lower() not in (".parquet", ".pq"):
        raise UsageError(f"--out {path}: a Parquet file is written", mend=f"name it {path.with_suffix('.parquet')}")
    if path.exists():
        raise UsageError(f"--out {path} is there already", mend="name another file, or move that one away")
    return path
