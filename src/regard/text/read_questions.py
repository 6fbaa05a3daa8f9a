"""Questions on texts, with their answers: from SQuAD's JSON, JSON Lines, Parquet, CSV, a hub id or a DataFrame.

Nothing is guessed silently: the columns that were taken, and each answer that had to be looked for, are told in
`QuestionCorpus.columns`. Every answer stands in its context at its start; one that does not occur there is an error
that names its line. A question whose context holds no answer (SQuAD 2.0) has the label ().
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from regard import assets
from regard.errors import DataError, UsageError
from regard.records import Corpus, QuestionCorpus, without_surrogates
from regard.text.answers import Placed, Stated, place, stated
from regard.text.formats.delimited import read_delimited
from regard.text.formats.frame import is_frame
from regard.text.formats.questions import Rows, frame_rows, hub_rows, read_parquet_rows, rows_of_table
from regard.text.formats.squad import read_json_rows
from regard.text.formats.table import ABSENT, scalar_text
from regard.text.question_columns import beside, choose, shown
from regard.text.read import require

Answers = tuple[list[tuple[str, ...]], list[tuple[int, ...]]]
"""The texts of the answers of each question, and where they start."""


def read_questions(
    source: str | Path | QuestionCorpus | Any,
    *,
    context_column: str | None = None,
    question_column: str | None = None,
    answers_column: str | None = None,
    needs_answers: bool = True,
    offline: bool = False,
) -> QuestionCorpus:
    """Read contexts, questions and answers.

    `source` is a path, a hub id (`org/name`, `org/name:split`), a pandas DataFrame or a QuestionCorpus. The answers of
    a question are an object of `text` and `answer_start`, or a text with or without an `answer_start` beside it.
    Without `needs_answers`, answers that are not there (or can't be used) make `labels` None.
    Raises `DataError` for what can't be read, `UsageError` for a source that is nothing known.
    """
    if isinstance(source, Corpus):
        return _given(source, needs_answers)
    rows = _rows(source, offline)
    if not len(rows):
        raise DataError("no rows", file=rows.source, mend="give a file with at least one question")
    context = choose(rows, context_column, "context")
    question = choose(rows, question_column, "question")
    contexts = [_text(rows, context, row, "context") for row in range(len(rows))]
    corpus = QuestionCorpus(
        source=rows.source,
        ids=_ids(rows),
        texts=contexts,
        questions=[_text(rows, question, row, "question") for row in range(len(rows))],
        lines=rows.lines,
        columns={
            "context": shown(rows, context, context_column),
            "question": shown(rows, question, question_column),
            "answers": "",
            **rows.facts,
        },
    )
    return _with_answers(corpus, rows, answers_column, needs_answers)


def write_questions(
    corpus: QuestionCorpus,
    path: Path,
    *,
    context_column: str = "context",
    question_column: str = "question",
    answers_column: str = "answers",
) -> Path:
    """Write a corpus as Parquet, which `read_questions` reads back with the same `sha256`. A file whole or none."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = {
        "id": pa.array(corpus.ids, pa.string()),
        context_column: pa.array(map(without_surrogates, corpus.texts), pa.string()),
        question_column: pa.array(map(without_surrogates, corpus.questions), pa.string()),
    }
    if corpus.labels is not None:
        starts: Sequence[tuple[int, ...] | None] = corpus.starts or [None] * len(corpus)
        kind = pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int64()))])
        columns[answers_column] = pa.array(
            [
                {"text": [without_surrogates(text) for text in label], "answer_start": begin}
                for label, begin in zip(corpus.labels, starts, strict=True)
            ],
            kind,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    parquet.write_table(pa.table(columns), temporary, compression="zstd")
    temporary.replace(path)
    return path


def _given(corpus: Corpus, needs_answers: bool) -> QuestionCorpus:
    """A corpus as it was handed in; answers without starts are found in their contexts."""
    if not isinstance(corpus, QuestionCorpus):
        raise DataError("these texts have no questions", file=corpus.source, mend="give a QuestionCorpus")
    if corpus.labels is None:
        if needs_answers:
            raise DataError("the corpus has no answers", file=corpus.source)
        return corpus
    if corpus.starts is not None:
        return corpus
    rows = Rows(corpus.source, {"answers": [list(label) for label in corpus.labels]}, corpus.lines, unit="row")
    labels, starts, _ = _answers(rows, "answers", corpus.texts)
    return replace(corpus, labels=list(labels), starts=starts)


def _rows(source: Any, offline: bool) -> Rows:
    if is_frame(source):
        return frame_rows(source)
    if not isinstance(source, str | Path):
        raise UsageError(f"data can't be read from a {type(source).__name__}", mend="give a path or a DataFrame")
    require(source)
    path = Path(source).expanduser()
    mend = "give a .json, .jsonl, .parquet or .csv file with contexts, questions and answers"
    if path.is_dir():
        raise DataError("a folder of texts has no questions", file=path, mend=mend)
    if not path.exists():
        if assets.is_data(str(source)):
            raise DataError(f"the asset {str(source)!r} has no questions", mend=mend)
        return hub_rows(str(source), offline=offline)
    if path.suffix.lower() in (".json", ".jsonl", ".ndjson"):
        return read_json_rows(path)
    if path.suffix.lower() in (".parquet", ".pq"):
        return read_parquet_rows(path)
    return rows_of_table(read_delimited(path))


def _text(rows: Rows, column: str, row: int, noun: str) -> str:
    cell = rows.columns[column][row]
    if isinstance(cell, int | float):
        cell = scalar_text(cell)
    if isinstance(cell, str) and cell.strip():
        return without_surrogates(cell)
    empty = cell is None or isinstance(cell, str)
    what = "this row has no such key" if cell is ABSENT else f"an empty {noun}" if empty else "this is no text"
    raise rows.error(row, what, column=column, mend=f"every question needs a {noun}, or is taken out")


def _ids(rows: Rows) -> list[str]:
    """The `id` column where it is complete and unique, else numbers from 1."""
    column = beside(rows, "id")
    cells = rows.columns[column] if column is not None else []
    found = [scalar_text(cell) for cell in cells if isinstance(cell, str | int) and str(cell).strip()]
    unique = len(found) == len(rows) == len(set(found))
    return [without_surrogates(name) for name in found] if unique else [str(row) for row in range(1, len(rows) + 1)]


def _with_answers(corpus: QuestionCorpus, rows: Rows, named: str | None, needed: bool) -> QuestionCorpus:
    try:
        column = choose(rows, named, "answers")
        labels, starts, facts = _answers(rows, column, corpus.texts)
    except DataError as error:
        if needed:
            raise
        return replace(corpus, columns={**corpus.columns, "answers": f"none ({error.message})"})
    columns = {**corpus.columns, "answers": shown(rows, column, named), **facts}
    return replace(corpus, labels=list(labels), starts=starts, columns=columns)


def _answers(rows: Rows, column: str, contexts: Sequence[str]) -> tuple[*Answers, dict[str, str]]:
    """Texts and starts of each question's answers, and what is to be told of them."""
    labels: list[tuple[str, ...]] = []
    starts: list[tuple[int, ...]] = []
    sought: defaultdict[str, list[int]] = defaultdict(list)
    if all(cell is None or (isinstance(cell, str) and not cell) for cell in rows.columns[column]):
        raise DataError("no row has an answer", file=rows.source, column=column, mend="give the answers")
    start, impossible = beside(rows, "answer_start", "answer_starts"), beside(rows, "is_impossible")
    for row, context in enumerate(contexts):
        own = _placed(rows, row, column, start, context)
        if own and impossible is not None and _is_true(rows.columns[impossible][row]):
            message = "marked as impossible to answer, but it has answers"
            raise rows.error(row, message, column=impossible, mend="take out the answers or the mark")
        labels.append(tuple(answer.text for answer in own))
        starts.append(tuple(answer.start for answer in own))
        for answer in own:
            sought[answer.how].append(row)
    facts = _facts(rows, sought)
    if without := labels.count(()):
        facts["without answer"] = f"{without:,} of {len(labels):,} questions"
    return labels, starts, facts


def _placed(rows: Rows, row: int, column: str, start: str | None, context: str) -> list[Placed]:
    cell = rows.columns[column][row]
    if cell is ABSENT:
        mend = "every question needs answers; one without any has an empty list"
        raise rows.error(row, "this row has no such key", column=column, mend=mend)
    beside = None if start is None else rows.columns[start][row]
    try:
        answers = stated(cell, None if beside is ABSENT else beside)
        return [place(context, Stated(without_surrogates(answer.text), answer.start)) for answer in answers]
    except ValueError as error:
        mend = "write each answer as it stands in its context; a question without one has an empty list"
        raise rows.error(row, str(error), column=column, mend=mend) from None


def _facts(rows: Rows, sought: dict[str, list[int]]) -> dict[str, str]:
    """How many answers had to be looked for, and where."""
    facts, n = {}, sum(map(len, sought.values()))
    if found := sought["found"]:
        facts["starts"] = (
            f"none for {len(found):,} of {n:,} answers: the first place is taken, of whole words where there is one"
        )
    if moved := sought["moved"]:
        counts = Counter(map(rows.place, moved))
        places = ", ".join(list(counts)[:3]) + (" …" if len(counts) > 3 else "")
        facts["moved answers"] = f"{len(moved):,} of {n:,}, from a wrong start to the nearest right one ({places})"
    return facts


def _is_true(cell: Any) -> bool:
    return cell is not None and str(cell).strip().lower() in ("true", "1", "yes")
