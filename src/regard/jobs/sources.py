"""Sources of data as a recipe can name them: what was given as an object is kept as a file of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regard import assets, recipe
from regard.errors import UsageError
from regard.recipe import DataOptions, Recipe
from regard.records import Corpus
from regard.text.read import read

IN_MEMORY = "data/{part}.parquet"


def settled(given: Recipe, folder: Path, **sources: Any) -> Recipe:
    """The recipe with its files named so that they are found from anywhere; `sources` win over what it names.

    An object (DataFrame, Corpus) is written below `folder`. Raises `UsageError` where no training data is named.
    """
    named: dict[str, str | None] = {}
    contiguous = False
    for part, source in sources.items():
        chosen = getattr(given.data, part) if source is None else source
        if chosen is None or (isinstance(chosen, str) and not chosen):
            named[part] = None
        elif isinstance(chosen, str | Path):
            named[part] = _path_or_word(chosen)
        else:
            corpus = _read(chosen, given.data)
            contiguous |= corpus.contiguous
            named[part] = str(keep(corpus, folder / IN_MEMORY.format(part=part), given.data).resolve())
    if not named["train"]:
        raise UsageError("no training data is named", mend="give a file, a folder, an asset's word or a hub id")
    changes: dict[str, Any] = dict(named)
    if contiguous and given.data.split == "auto":
        changes["split"] = "blocks"  # a file does not tell that its neighbouring rows belong together
    data = given.data.model_copy(update=changes)
    return given.model_copy(update={"data": data, "model": recipe.absolute(given.model)})


def _path_or_word(source: str | Path) -> str:
    path = Path(source).expanduser()
    return str(path.resolve()) if path.exists() and not assets.is_data(str(source)) else str(source)


def _read(source: Any, options: DataOptions) -> Corpus:
    return read(source, **options.model_dump(include={"text_column", "label_column", "label_separator"}))


def keep(corpus: Corpus, path: Path, options: DataOptions | None = None) -> Path:
    """Write a corpus as Parquet: id, text and label, the last two under the names that `options` give them."""
    import pyarrow as pa
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    text, label = (options.text_column, options.label_column) if options else (None, None)
    columns: dict[str, Any] = {"id": corpus.ids, text or "text": corpus.texts}
    if corpus.labels is not None:
        columns[label or "label"] = [item if isinstance(item, str) else list(item) for item in corpus.labels]
    parquet.write_table(pa.table(columns), path, compression="zstd")
    return path
