"""A real training in miniature: a bag of words with dropout, on rows that are drawn from a seed."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from regard.recipe import TrainingOptions
from regard.records import RunFolder
from regard.training.loop import Batch, FitResult, fit
from regard.training.progress import Quiet

WORDS, ROWS = 40, 36
OPTIONS: dict[str, Any] = {
    "epochs": 3,
    "learning_rate": 0.05,
    "evaluations_per_epoch": 2,
    "logging_steps": 2,
    "metric_for_best_model": "loss",
}


class BagOfWords(nn.Module):
    """The mean of word vectors, dropout, a linear layer: everything that a training's state must cover."""

    def __init__(self, *, dropout: float = 0.3) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, 8)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(8, 2)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        keep = attention_mask.unsqueeze(-1)
        mean = (self.embedding(input_ids) * keep).sum(1) / keep.sum(1)
        return self.output(self.dropout(mean))


@dataclass
class TinyFeed:
    """Texts of 1 to 9 words whose label is the parity of their first word; `sizes` are cycled through an epoch."""

    sizes: Sequence[int] = (5, 3, 6)
    rows: int = ROWS
    texts: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        draw = random.Random(7)
        self.texts = [[draw.randrange(WORDS) for _ in range(draw.randint(1, 9))] for _ in range(self.rows)]

    def epoch(self, number: int) -> list[list[int]]:
        order = list(range(self.rows))
        random.Random(number).shuffle(order)
        batches, start = [], 0
        while start < len(order):
            size = self.sizes[len(batches) % len(self.sizes)]
            batches.append(order[start : start + size])
            start += size
        return batches

    def batch(self, rows: Sequence[int]) -> Batch:
        texts = [self.texts[row] for row in rows]
        width = max(map(len, texts))
        return {
            "input_ids": torch.tensor([text + [0] * (width - len(text)) for text in texts]),
            "attention_mask": torch.tensor([[1.0] * len(t) + [0.0] * (width - len(t)) for t in texts]),
            "labels": torch.tensor([text[0] % 2 for text in texts]),
        }


def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, int]:
    logits = model(batch["input_ids"], batch["attention_mask"])
    return nn.functional.cross_entropy(logits, batch["labels"], reduction="sum"), len(logits)


def evaluate(model: nn.Module) -> dict[str, float]:
    """Scores on rows of their own kind; draws a random number, as an evaluation may."""
    feed = TinyFeed(rows=48)
    batch = feed.batch(range(ROWS, 48))
    torch.rand(1)
    logits = model(batch["input_ids"], batch["attention_mask"])
    accuracy = (logits.argmax(-1) == batch["labels"]).double().mean().item()
    value = nn.functional.cross_entropy(logits, batch["labels"]).item()
    return {"loss": value, "accuracy": accuracy, "macro_f1": accuracy}


class Watcher(Quiet):
    """Calls `at_step` with the number of each step that is done, and `at_phase` with what else is being done."""

    def __init__(
        self, at_step: Callable[[int], None] | None = None, at_phase: Callable[[str], None] | None = None
    ) -> None:
        self.at_step, self.at_phase = at_step, at_phase
        self.steps: list[int] = []
        self.started: list[tuple[int, int]] = []
        self.closed = 0

    def start(self, *, total: int, done: int) -> None:
        self.started.append((total, done))

    def step(self, step: int, *, loss: float, examples_per_second: float) -> None:
        self.steps.append(step)
        if self.at_step:
            self.at_step(step)

    def doing(self, what: str) -> None:
        if self.at_phase:
            self.at_phase(what)

    def close(self) -> None:
        self.closed += 1


@dataclass(frozen=True)
class Trained:
    result: FitResult
    model: nn.Module
    sha256: str


def train(folder: Path, *, seed: int = 1, resume: bool = False, options: Any = None, **given: Any) -> Trained:
    """Train the miniature in `folder`; `options` and `given` change what it does by default."""
    model = given.pop("model", None) or BagOfWords()
    call: dict[str, Any] = {"loss": loss, "evaluate": evaluate, "fingerprint": "tiny", **given}
    chosen = TrainingOptions(**{**OPTIONS, **(options or {})})
    feed = call.pop("feed", None) or TinyFeed()
    result = fit(model, feed, options=chosen, seed=seed, run=RunFolder(folder), resume=resume, **call)
    return Trained(result, model, sha256(model))


def sha256(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def log_lines(folder: Path) -> list[dict[str, Any]]:
    """The log without what depends on the clock. Every line must be whole."""
    lines = [json.loads(line) for line in RunFolder(folder).log.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "examples_per_second"} for line in lines]


def checkpoint_steps(folder: Path) -> list[int]:
    return sorted(int(path.name[5:]) for path in RunFolder(folder).checkpoints.glob("step-*"))


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in RunFolder(folder).checkpoints.glob(".*"))


def signal_at(step: int, number: int) -> Callable[[int], None]:
    """Sends this process a signal when `step` is done."""
    return lambda done: os.kill(os.getpid(), number) if done == step else None
