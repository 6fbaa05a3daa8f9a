"""Fine-tuning MiniLM: reviews a second, Regard's loop against transformers' Trainer with its defaults.

    python benchmarks/finetune.py [--reviews 480] [--rounds 3] [--json FILE]

Same model, data, length (256 tokens) and mean number of reviews a step (16), in one process, taking turns. Two ratios:
as each comes (Regard without attention dropout, Trainer with it), and with attention dropout in both, so that what the
dropout costs is not credited to the loop. Prints medians of the rounds with the lowest and highest.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from regard import assets
from regard import recipe as recipes
from regard.records import RunFolder
from regard.text import split
from regard.text.read import read

REVIEWS_A_STEP = 16
MAX_LENGTH = 256


def reviews(number: int) -> tuple[list[str], list[int]]:
    corpus = split.limit(read("imdb"), number, seed=1)
    return corpus.texts, [int(label == "positive") for label in corpus.labels or []]


def batch_tokens(lengths: list[int]) -> int:
    """The token budget that gives `REVIEWS_A_STEP` reviews a step on average."""
    from regard.text.batch import TokenBudget

    def mean(tokens: int) -> float:
        return len(lengths) / len(TokenBudget(lengths, tokens, 10_000, 1).epoch(0))

    return min(range(1000, 8000, 50), key=lambda tokens: abs(mean(tokens) - REVIEWS_A_STEP))


def regard_rate(texts: list[str], labels: list[int], attention_dropout: float) -> float:
    """Reviews a second of `training.loop.fit` in its steps; its checkpoint is not counted, as Trainer saves none."""
    import numpy as np

    from regard.encoders.pretrained import locate
    from regard.tasks import classify
    from regard.tasks.feed import EncodedFeed
    from regard.text.batch import TokenBudget
    from regard.text.tokenise import load_tokenizer
    from regard.training import loop

    recipe = recipes.build(
        {"tokens": {"max_length": MAX_LENGTH, "strategy": "head"}, "model": {"attention_dropout": attention_dropout}},
        model="minilm",
    )
    encoder = classify.text_encoder(recipe, load_tokenizer(locate("minilm", offline=True)[0]))
    encoded = encoder.encode(texts, offsets=False)
    lengths = [len(item.ids) for item in encoded]
    budget = TokenBudget(lengths, batch_tokens(lengths), 10_000, recipe.seed)
    model = classify.build_network(recipe, encoder, ["negative", "positive"], False, offline=True)
    predictor = classify.NetworkClassifier(model, encoder, ["negative", "positive"], False, "minilm")
    with tempfile.TemporaryDirectory() as folder:
        return loop.fit(
            model,
            EncodedFeed(predictor, encoded, np.array(labels), budget),
            loss=classify.loss_function(False, 0.0),
            evaluate=lambda _: {"loss": 0.0, "accuracy": 0.0, "macro_f1": 0.0},
            options=recipe.training,
            seed=1,
            run=RunFolder(Path(folder)),
            fingerprint="benchmark",
        ).examples_per_second


def trainer_rate(texts: list[str], labels: list[int]) -> float:
    """Reviews a second of Trainer.train() with its defaults, by its own count; it neither evaluates nor saves."""
    from datasets import Dataset
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    place = str(assets.path("minilm"))
    tokenizer = AutoTokenizer.from_pretrained(place)
    rows = tokenizer(texts, truncation=True, max_length=MAX_LENGTH)
    data = Dataset.from_dict({**rows, "labels": labels})
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=REVIEWS_A_STEP,
            num_train_epochs=1,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
        )
        trainer = Trainer(
            model=AutoModelForSequenceClassification.from_pretrained(place, num_labels=2),
            args=arguments,
            train_dataset=data,
            data_collator=DataCollatorWithPadding(tokenizer),
        )
        return float(trainer.train().metrics["train_samples_per_second"])


def measure(number: int, rounds: int) -> list[dict[str, Any]]:
    texts, labels = reviews(number)
    contestants = {
        "regard": lambda: regard_rate(texts, labels, 0.0),
        "regard, equal dropout": lambda: regard_rate(texts, labels, 0.1),
        "Trainer": lambda: trainer_rate(texts, labels),
    }
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            rates[name].append(run())
    rows = []
    for name in ("regard", "regard, equal dropout"):
        ratios = [own / peer for own, peer in zip(rates[name], rates["Trainer"], strict=True)]
        rows.append(
            {
                "row": name,
                "peer": "transformers Trainer",
                "ratio": round(statistics.median(ratios), 2),
                "low": round(min(ratios), 2),
                "high": round(max(ratios), 2),
                "reviews_per_second": round(statistics.median(rates[name]), 1),
                "peer_reviews_per_second": round(statistics.median(rates["Trainer"]), 1),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = measure(given.reviews, given.rounds)
    for row in rows:
        print(
            f"{row['row']:24} {row['reviews_per_second']:6.1f} reviews/s, "
            f"Trainer {row['peer_reviews_per_second']:5.1f}: "
            f"{row['ratio']:.2f} times [{row['low']:.2f}–{row['high']:.2f}]"
        )
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
