"""Tagged texts as files that `read_tagged` reads."""

from __future__ import annotations

from pathlib import Path

from regard.errors import DataError
from regard.records import TaggedCorpus, without_surrogates, write_atomically
from regard.text.tag_tables import ENDS, STARTS


def write_tagged(corpus: TaggedCorpus, path: Path, *, words_column: str = "tokens", tags_column: str = "tags") -> Path:
    """Write a corpus whole or not at all; returns the path.

    Parquet (whatever the name ends in, but for `.conll`) is read as a corpus with the same hash: id, text, words, tags
    where there are any, and the characters of the words in the text, `starts` and `ends`. `.conll` has a word and its
    tag a line for people to read and change; its texts are their words with blanks between them, and a text without
    words is not in it. Raises `DataError` for a word that has no place in a line.
    """
    write_atomically(
        path, _columns(corpus) if path.suffix.lower() == ".conll" else _table(corpus, words_column, tags_column)
    )
    return path


def _table(corpus: TaggedCorpus, words_column: str, tags_column: str) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    texts, strings, places = pa.string(), pa.list_(pa.string()), pa.list_(pa.int32())
    columns = {
        "id": pa.array(corpus.ids, texts),
        "text": pa.array(map(without_surrogates, corpus.texts), texts),
        words_column: pa.array(
            [list(map(without_surrogates, corpus.tokens(row))) for row in range(len(corpus))], strings
        ),
        STARTS: pa.array([[start for start, _ in words] for words in corpus.words], places),
        ENDS: pa.array([[end for _, end in words] for words in corpus.words], places),
    }
    if corpus.labels is not None:
        columns[tags_column] = pa.array([list(tags) for tags in corpus.labels], strings)
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _columns(corpus: TaggedCorpus) -> str:
    if corpus.labels is None:
        raise DataError("without tags there is one column only", file=corpus.source, mend="write .parquet")
    lines: list[str] = []
    for row, (name, tags) in enumerate(zip(corpus.ids, corpus.labels, strict=True)):
        words = corpus.tokens(row)
        if any(set("\t\n\r").intersection(word) for word in words):
            message = f"a word of the text {name!r} holds a tab or a line break"
            raise DataError(message, file=corpus.source, mend="write .parquet")
        if words:
            lines += [
                f"# sent_id = {' '.join(name.split())}",
                *(f"{word}\t{tag}" for word, tag in zip(words, tags, strict=True)),
                "",
            ]
    return "\n".join(lines)
