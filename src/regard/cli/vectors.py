"""`regard vectors`: word vectors trained, searched, scored on published sets, and drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli import options
from regard.cli.answer import Answer
from regard.errors import UsageError

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="An asset's word (glove), or a file of vectors.")]
Texts = Annotated[list[str], typer.Argument(metavar="TEXT...", help="A .txt file, or whatever else has texts.")]
Word = Annotated[str, typer.Argument(metavar="WORD", help="Looked up as it stands, then in lower case.")]
Top = Annotated[int, typer.Option("--top", metavar="N", help="How many words.", min=1)]


def _setting(flag: str, metavar: str | None, help_text: str, **more: Any) -> Any:
    return typer.Option(flag, metavar=metavar, help=help_text, rich_help_panel="Training", **more)


def train(
    texts: Texts,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the vectors go, as text.")],
    method: Annotated[str, _setting("--method", "WORD", "word2vec, fasttext or glove.")] = "word2vec",
    dimensions: Annotated[int, _setting("--dimensions", "N", "Numbers a word.", min=1)] = 100,
    window: Annotated[int, _setting("--window", "N", "Words on each side that count as near.", min=1)] = 5,
    epochs: Annotated[int | None, _setting("--epochs", "N", "Passes; 15, of glove 50.", min=1)] = None,
    minimum_count: Annotated[int, _setting("--minimum-count", "N", "Rarer words get no vector.", min=1)] = 5,
    negative: Annotated[int | None, _setting("--negative", "N", "Samples a pair; 5. Not of glove.", min=1)] = None,
    skip_gram: Annotated[
        bool | None, _setting("--skip-gram/--cbow", None, "Skip-gram unless told. Not of glove.")
    ] = None,
    lowercase: Annotated[bool, _setting("--lower-case/--as-is", None, "Words in lower case, or as they stand.")] = True,
    seed: Annotated[int, _setting("--seed", "N", "Of everything random.", min=0)] = 1,
    text_column: options.TextColumn = None,
    offline: bool = False,
) -> Answer:
    """Train a vector for each word of texts: a .txt file has a sentence or paragraph a line.

    For example: regard vectors train book.txt --method glove --out book.vectors.txt
    """
    import time

    from regard.cli import vector_tables
    from regard.text import vectors
    from regard.text.vectors.training import require

    require(method, negative=negative, skip_gram=skip_gram)
    if out.is_dir():
        raise UsageError(f"{out} is a folder", mend="name a file: --out vectors.txt")
    start = time.perf_counter()
    pieces = (
        piece for text in texts for piece in vectors.read_sentences(text, text_column=text_column, offline=offline)
    )
    sentences = vectors.Sentences.of(pieces, minimum_count=minimum_count, lowercase=lowercase)
    trained = vectors.train(
        sentences,
        method=method,
        dimensions=dimensions,
        window=window,
        epochs=epochs,
        negative=negative,
        skip_gram=skip_gram,
        seed=seed,
    )
    vectors.save(trained.vectors, out)
    document = {
        "method": method,
        "source": texts,
        "dimensions": dimensions,
        "window": window,
        "epochs": trained.epochs,
        "minimum_count": minimum_count,
        "lowercase": lowercase,
        "seed": seed,
        "words_read": sentences.read,
        "sentences": len(sentences),
        "vocabulary": len(trained.vectors),
        "pairs": trained.pairs,
        "different_pairs": trained.different_pairs,
        "losses": trained.losses,
        "seconds": round(time.perf_counter() - start, 2),
        "vectors": str(out),
    }
    return Answer(document, lambda: vector_tables.print_training(document))


def nearest(source: Source, word: Word, top: Top = 10) -> Answer:
    """The words with the highest cosine to a word.

    For example: regard vectors nearest glove frog
    """
    from regard.cli import vector_tables
    from regard.text import vectors

    found = vectors.nearest(vectors.load(source), word, top=top)
    document = {"source": source, "word": word, "nearest": vector_tables.near_json(found)}
    return Answer(document, lambda: vector_tables.print_near(found, "cosine"))


def analogy(
    source: Source,
    a: Word,
    b: Word,
    c: Word,
    method: Annotated[str, typer.Option("--method", metavar="WORD", help="add (3CosAdd) or mul (3CosMul).")] = "add",
    top: Top = 10,
) -> Answer:
    """Which word is to the third as the second is to the first?

    For example: regard vectors analogy glove man king woman
    """
    from regard.cli import vector_tables
    from regard.text import vectors

    found = vectors.analogy(vectors.load(source), a, b, c, method=method, top=top)
    document = {"source": source, "a": a, "b": b, "c": c, "method": method, "answers": vector_tables.near_json(found)}
    return Answer(document, lambda: vector_tables.print_near(found, "score"))


def evaluate(
    source: Source,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scored pairs of words, or analogies.")],
    words: Annotated[
        int, typer.Option("--words", metavar="N", help="Analogies: only of the N commonest words.", min=4)
    ] = 50_000,
) -> Answer:
    """Score vectors on word similarity (Spearman's rho) and analogies (accuracy).

    A file's columns say which it is: word1, word2, score, or a, b, c, d and category; WordSim-353, SimLex-999 and
    questions-words.txt as published.
    """
    from regard.cli import vector_tables
    from regard.text import vectors

    loaded = vectors.load(source)
    scored = {str(file): vectors.evaluate(loaded, file, words=words) for file in files}
    document = {
        "source": source,
        "vectors": len(loaded),
        "words": words,
        "files": [{"file": file, **vector_tables.score_json(score)} for file, score in scored.items()],
    }
    return Answer(document, lambda: vector_tables.print_scores(scored, words))


def map_(
    source: Source,
    svg: Annotated[Path, typer.Option("--svg", metavar="FILE", help="Where the picture goes.")],
    words: Annotated[
        str | None, typer.Option("--words", metavar="WORDS", help="A file with a word a line, or a,b,c.")
    ] = None,
    top: Annotated[int, typer.Option("--top", metavar="N", help="Without --words: the N commonest.", min=2)] = 200,
    method: Annotated[str, typer.Option("--method", metavar="WORD", help="pca or tsne.")] = "pca",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of t-SNE.", min=0)] = 1,
) -> Answer:
    """Draw words as a map: what is alike lies near.

    For example: regard vectors map glove --words red,green,blue,dog,cat --svg map.svg
    """
    from regard.cli import vector_tables
    from regard.records import write_atomically
    from regard.report.vector_map import vector_map
    from regard.text import vectors
    from regard.text.vectors.selection import chosen, commonest

    loaded = vectors.load(source)
    rows, missing = chosen(loaded, words) if words is not None else (commonest(loaded, top), [])
    shown = [loaded.words[row] for row in rows]
    plane = vectors.plane(loaded.unit[rows], method=method, seed=seed)
    title = f"{len(shown)} words of {Path(source).name}"
    write_atomically(svg, vector_map(shown, plane.places, title=title, told=plane.told))
    placed = [{"word": word, "x": x, "y": y} for word, (x, y) in zip(shown, plane.places.tolist(), strict=True)]
    document = {"source": source, "method": method, "words": placed, "missing": missing, "svg": str(svg)}
    return Answer(document, lambda: vector_tables.print_map(document, plane.told))


COMMANDS: dict[str, Callable[..., Answer]] = {
    "train": train,
    "nearest": nearest,
    "analogy": analogy,
    "evaluate": evaluate,
    "map": map_,
}
