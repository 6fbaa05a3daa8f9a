"""What tasks that learn from texts alone share: how these are read, kept and cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regard.recipe import DataOptions
from regard.records import Corpus
from regard.tasks.task import Task, refuse_questions
from regard.text import split
from regard.text.cut_end import cut_off_end
from regard.text.read_plain import keep_plain, read_plain, require_plain


class PlainTask(Task):
    """Base of `generate` and `pretrain`. Every text is read whole."""

    def read(self, source: Any, options: DataOptions, *, needs_gold: bool = True, offline: bool = False) -> Corpus:
        return read_plain(source, text_column=options.text_column, offline=offline)

    def require(self, source: str | Path) -> None:
        require_plain(source)

    def keep(self, corpus: Corpus, path: Path, options: DataOptions | None = None) -> Path:
        return keep_plain(corpus, path, text_column=options.text_column if options else None)

    def given(self, texts: Sequence[str], questions: Sequence[str] | None = None) -> Corpus:
        refuse_questions(self.word, questions)
        return Corpus("given texts", [str(row) for row in range(len(texts))], list(texts))

    def cut(self, corpus: Any, *, fraction: float, seed: int, how: split.How) -> split.Cut[Any]:
        """Whole texts, equal ones on one side; of a single text its end."""
        if len(corpus) == 1:
            return cut_off_end(corpus, fraction)
        return split.cut_groups(corpus, corpus.texts, fraction=fraction, seed=seed, how=how)

    def answerable(self, corpus: Corpus, labels: Sequence[str]) -> list[int]:
        return list(range(len(corpus)))

    def unread(self, encoded: Any, reach: int) -> int:
        return 0
