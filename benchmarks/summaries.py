"""Summaries of a sentence: the first sentence as it stands, a network trained to translate texts into their summaries,
and a language model that goes on learning (LoRA) on texts with their summaries behind them.

    python benchmarks/summaries.py TRAIN TEST [--columns document summaries] [--texts 200] [--examples 0]
        [--precision bf16] [--only WORDS] [--json FILE]

All learn from TRAIN; the first `--texts` rows of TEST are scored once by each, by ROUGE with the best of a text's
references (Cachola et al. 2020, section 4). The language model reads a text, the words "In one sentence:", and writes
greedily until its end token, a new line, or 60 tokens; beside it stands the same model as it is published. Nothing is
chosen on TEST. Prints F1 with 95 % bootstrap intervals over the texts, and the seconds of the training.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import regard
from regard import recipe as recipes
from regard.jobs.generate import language_model
from regard.metrics.compare import bootstrap_interval, mean_figure
from regard.metrics.measure import shares
from regard.metrics.rouge import NAMES, rouge
from regard.records import Corpus, TextPairCorpus
from regard.tasks.generate.writing import Writing, write

MARK = "\n\nIn one sentence:"
TOKENS = 60
MODEL = "smollm2"

Rows = list[tuple[str, list[str]]]
Summarise = Callable[[Sequence[str]], list[str]]

TRANSLATORS: dict[str, dict[str, Any]] = {
    "lstm": {
        "tokens": {"max_length": 400, "vocabulary_size": 8000},
        "model": {"hidden_size": 192, "dropout": 0.3},
        "training": {"epochs": 12, "learning_rate": 2e-3},
    },
    "transformer": {
        "tokens": {"max_length": 400, "vocabulary_size": 8000},
        "model": {"feed_forward_size": 512, "dropout": 0.2},
        "training": {"epochs": 12},
    },
}
CONTINUED = {"epochs": 1, "learning_rate": 2e-4, "batch_tokens": 2048}


def read(path: str, columns: Sequence[str]) -> Rows:
    """Texts with their summaries."""
    table = pq.read_table(path, columns=list(columns))
    texts, summaries = (table.column(name).to_pylist() for name in columns)
    found = ([own] if isinstance(own, str) else list(own or []) for own in summaries)
    return [(text, own) for text, own in zip(texts, found, strict=True) if own]


def lead(texts: Sequence[str]) -> list[str]:
    """The first sentence of each: up to a full stop, question or exclamation mark before a capital letter."""
    return [re.split(r"(?<=[.!?])\s+(?=[A-Z])", text.strip(), maxsplit=1)[0] for text in texts]


def translator(word: str, rows: Rows, folder: Path, given: argparse.Namespace) -> Summarise:
    corpus = TextPairCorpus(
        "texts", [str(n) for n in range(len(rows))], [text for text, _ in rows], labels=[tuple(own) for _, own in rows]
    )
    settings = {"task": "translate", "head": {"max_output_tokens": TOKENS}, **TRANSLATORS[word]}
    settings["training"] = {**settings["training"], "mixed_precision": given.precision}
    recipe = recipes.build(settings, model=word)
    trained = regard.train(corpus, model=word, recipe=recipe, out=folder, offline=True, quiet=True)
    return lambda texts: [output.output for output in trained.predict(list(texts))]


def continued(rows: Rows, folder: Path, given: argparse.Namespace) -> Summarise:
    texts = [f"{text}{MARK} {own[0]}" for text, own in rows]
    corpus = Corpus("texts", [str(n) for n in range(len(texts))], texts)
    settings = {
        "task": "generate",
        "tokens": {"max_length": 512},
        "head": {"lora": True},
        "training": {**CONTINUED, "mixed_precision": given.precision},
    }
    recipe = recipes.build(settings, model=MODEL)
    regard.train(corpus, model=MODEL, recipe=recipe, out=folder, offline=True, quiet=True)
    return written_by(str(folder))


def written_by(name: str) -> Summarise:
    model, writing = language_model(name, offline=True), Writing(tokens=TOKENS, greedy=True)

    def summarise(texts: Sequence[str]) -> list[str]:
        written = (write(model, text + MARK, writing).text for text in texts)
        return [text.strip().split("\n")[0] for text in written]

    return summarise


def contestants(rows: Rows, folder: Path, given: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Summarise]]]:
    yield "first sentence", lambda: lead
    for word in TRANSLATORS:
        yield f"translate {word}", lambda word=word: translator(word, rows, folder / word, given)  # type: ignore[misc]
    yield f"{MODEL} as published", lambda: written_by(MODEL)
    yield f"{MODEL} continued, LoRA", lambda: continued(rows, folder / MODEL, given)


def scored(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Means of F1 with their intervals over the texts."""
    counted = {name: shares(values) for name, values in zip(NAMES, rouge(outputs, references).T, strict=True)}
    found = {name: (mean_figure(own), *bootstrap_interval(own, seed=1)) for name, own in counted.items()}
    return {name: [round(number, 4) for number in numbers] for name, numbers in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train")
    parser.add_argument("test")
    parser.add_argument("--columns", nargs=2, default=["document", "summaries"], metavar=("TEXT", "SUMMARY"))
    parser.add_argument("--texts", type=int, default=200, help="of TEST, the first ones")
    parser.add_argument("--examples", type=int, default=0, help="of TRAIN, the first ones (0: all)")
    parser.add_argument("--precision", choices=["no", "bf16"], default="no")
    parser.add_argument("--only", default="", help="rows whose name holds one of these words")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = read(given.train, given.columns)[: given.examples or None]
    asked = read(given.test, given.columns)[: given.texts]
    words = [word for word in given.only.split(",") if word]
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, made in contestants(rows, Path(folder), given):
            if words and not any(word in name for word in words):
                continue
            begin = time.perf_counter()
            summarise = made()
            seconds = time.perf_counter() - begin
            outputs = summarise([text for text, _ in asked])
            figures = scored(outputs, [own for _, own in asked])
            told = ", ".join(f"{name} {mean:.3f} [{low:.3f}–{high:.3f}]" for name, (mean, low, high) in figures.items())
            print(f"{name:26} {told}; trained in {seconds:.0f} s; {outputs[0][:70]!r}", flush=True)
            lines.append(
                {"row": name, **figures, "texts": len(asked), "seconds": round(seconds, 1), "outputs": outputs}
            )
            if given.json:
                given.json.write_text(json.dumps(lines, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
