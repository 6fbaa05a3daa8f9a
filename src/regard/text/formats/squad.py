"""Questions in JSON: SQuAD's nested form (Rajpurkar et al. 2016, 2018), one object a line, or a list of objects.

Numbers keep their spelling, since an answer may be one: `1.50` stays what stands in the context.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from regard.errors import DataError
from regard.text.formats.questions import Rows
from regard.text.formats.table import ABSENT, decode, read_bytes

_KEYS = ("id", "question", "answers", "is_impossible")
_MEND_LINES = 'one object a line: {"context": "...", "question": "...", "answers": {"text": [], "answer_start": []}}'
_MEND_NESTED = "SQuAD's form is data → paragraphs (context, qas) → qas (id, question, answers)"


def read_json_rows(path: Path) -> Rows:
    """SQuAD's nested JSON, a list of objects (by itself or as `data`), or one object a line.

    Raises `DataError` with file, line and mend.
    """
    text = decode(read_bytes(path), path)
    document = _whole(text, path)
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        if any(isinstance(item, dict) and "question" in item for item in document["data"]):
            return _listed(document["data"], path)
        return _nested(document["data"], text, path)
    if isinstance(document, list):
        return _listed(document, path)
    records, lines = [], []
    for number, line in [(1, document)] if document is not None else _lines(text, path):
        if not isinstance(line, dict):
            raise DataError("this is no object", file=path, line=number, mend=_MEND_LINES)
        records.append(line)
        lines.append(number)
    return Rows(str(path), _columns(records), lines)


def _whole(text: str, path: Path) -> Any | None:
    """The one document that a file holds; None where each line is one. Numbers keep their spelling."""
    first = text.lstrip().partition("\n")[0]
    try:
        return _parse(text)
    except json.JSONDecodeError as error:
        try:
            _parse(first)
        except json.JSONDecodeError:
            # Neither the whole nor its first line: a document that is broken where the parser says.
            message = f"no JSON: {error.msg} (character {error.colno})"
            raise DataError(message, file=path, line=error.lineno, mend=_MEND_LINES) from None
        return None
    except RecursionError:
        raise DataError("JSON nested too deep", file=path, line=1, mend=_MEND_LINES) from None


def _lines(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, _parse(line)
            except json.JSONDecodeError as error:
                message = f"no JSON: {error.msg} (character {error.colno})"
                raise DataError(message, file=path, line=number, mend=_MEND_LINES) from None
            except RecursionError:
                raise DataError("JSON nested too deep", file=path, line=number, mend=_MEND_LINES) from None


def _parse(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def _listed(records: list[Any], path: Path) -> Rows:
    for number, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise DataError(f"row {number}: this is no object", file=path, mend=_MEND_LINES)
    if not records:
        raise DataError("the list has no rows", file=path, mend=_MEND_LINES)
    return Rows(str(path), _columns(records), list(range(1, len(records) + 1)), unit="row")


def _columns(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [record.get(name, ABSENT) for record in records] for name in names}


def _nested(articles: list[Any], text: str, path: Path) -> Rows:
    """The questions of SQuAD's JSON (Rajpurkar et al. 2016, 2018) in order, each with its paragraph's context."""
    records, names = [], []
    for place, context, question in _questions(articles, path):
        record: dict[str, Any] = {"context": context}
        records.append(record | {key: question[key] for key in _KEYS if key in question})
        names.append(str(question.get("id", place)))
    if not records:
        raise DataError("no question in it", file=path, mend=_MEND_NESTED)
    origins = {
        "context": "context of SQuAD's paragraphs",
        "question": "question of SQuAD's qas",
        "answers": "answers of SQuAD's qas",
    }
    return Rows(str(path), _columns(records), names=names, content=text, origins=origins)


def _questions(articles: list[Any], path: Path) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Of each question its place in the document, its context and its object."""
    for place, article in _lists("data", articles, "paragraphs", path):
        for inner, paragraph in _lists(f"{place}.paragraphs", article["paragraphs"], "qas", path):
            for number, question in enumerate(paragraph["qas"]):
                if not isinstance(question, dict):
                    raise DataError(f"{inner}.qas[{number}] is no object", file=path, mend=_MEND_NESTED)
                yield f"{inner}.qas[{number}]", paragraph.get("context", ABSENT), question


def _lists(place: str, objects: list[Any], key: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Objects that must have a list under `key`, each with its place."""
    for number, item in enumerate(objects):
        if not isinstance(item, dict) or not isinstance(item.get(key), list):
            raise DataError(f"{place}[{number}] has no list {key!r}", file=path, mend=_MEND_NESTED)
        yield f"{place}[{number}]", item
