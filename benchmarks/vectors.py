"""Word vectors on published sets: an asset's, and word2vec, fastText and GloVe trained here on texts that are given.

    python benchmarks/vectors.py [FILE...] [--text TEXT ...] [--source glove] [--words 50000] [--dimensions 100]
        [--minimum-count 5] [--epochs N] [--seeds 1] [--only METHODS] [--json FILE]

FILE is a set that `regard vectors evaluate` reads, TEXT what `regard vectors train` reads; all TEXTs together train one
set of vectors for each method and seed. Every figure says of how many pairs or questions it is: vectors of a small text
know few of the words that are asked, so that rows with other coverage are not to be compared.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from regard.text import vectors
from regard.text.vectors.similarity import Similarity
from regard.text.vectors.training import EPOCHS


def scored(name: str, made: vectors.WordVectors, seconds: float | None, given: argparse.Namespace) -> dict[str, Any]:
    """One row: what the vectors are, and their figure on every file."""
    row: dict[str, Any] = {"row": name, "vocabulary": len(made), "train_seconds": seconds, "files": {}}
    for file in given.files:
        start = time.perf_counter()
        found = vectors.evaluate(made, file, words=given.words)
        if isinstance(found, Similarity):
            figure = {
                "spearman": found.spearman,
                "interval": found.interval,
                "n": found.n,
                "of": found.n + len(found.missing),
            }
        else:
            figure = {
                "accuracy": found.all.accuracy,
                "semantic": found.semantic.accuracy,
                "syntactic": found.syntactic.accuracy,
                "n": found.all.n,
                "of": found.all.n + found.not_asked,
            }
        row["files"][Path(file).stem] = {**figure, "seconds": round(time.perf_counter() - start, 1)}
    return row


def rows(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for source in given.source:
        yield scored(source, vectors.load(source), None, given)
    if not given.text:
        return
    pieces = [piece for text in given.text for piece in vectors.read_sentences(text, offline=True)]
    sentences = vectors.Sentences.of(pieces, minimum_count=given.minimum_count)
    for method in EPOCHS:
        for seed in range(1, given.seeds + 1):
            if given.only and method not in given.only.split(","):
                continue
            start = time.perf_counter()
            made = vectors.train(sentences, method=method, dimensions=given.dimensions, epochs=given.epochs, seed=seed)
            seconds = round(time.perf_counter() - start, 1)
            yield scored(f"{method} seed {seed}", made.vectors, seconds, given)


def show(row: dict[str, Any]) -> str:
    trained = "" if row["train_seconds"] is None else f", trained in {row['train_seconds']:.0f} s"
    lines = [f"{row['row']}: {row['vocabulary']:,} words{trained}"]
    for name, found in row["files"].items():
        covered = f"{found['n']:,} of {found['of']:,}, {found['seconds']:.1f} s"
        if "spearman" in found:
            low, high = found["interval"] or (float("nan"), float("nan"))
            lines.append(f"  {name:20} rho {found['spearman']:.3f} [{low:.3f}–{high:.3f}]  ({covered})")
        else:
            parts = f"semantic {found['semantic']:.3f}, syntactic {found['syntactic']:.3f}"
            lines.append(f"  {name:20} accuracy {found['accuracy']:.3f}, {parts}  ({covered})")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--text", action="append", default=[], help="to train on; may be repeated")
    parser.add_argument("--source", action="append", default=[], help="vectors to score as they are; may be repeated")
    parser.add_argument("--words", type=int, default=50_000, help="analogies of the commonest words only")
    parser.add_argument("--dimensions", type=int, default=100)
    parser.add_argument("--minimum-count", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="as many as the method's own when not given")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", default="", help="methods with commas between")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if not given.files:
        print("no sets are packaged: name files with scored pairs of words or analogies")
        return
    lines = []
    for row in rows(given):
        print(show(row), flush=True)
        lines.append(row)
        if given.json:
            given.json.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
