"""The main job: a ladder of models on real film reviews, compared on held-out ones, one explained word by word."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regard import assets
from regard.jobs import facts
from regard.jobs.compare import Comparison, run
from regard.jobs.entrant import Entrant
from regard.jobs.load import load
from regard.jobs.shared_split import Split
from regard.records import Corpus, Explanation, RunFolder
from regard.report import compare_page
from regard.tasks.task import task_of

logger = logging.getLogger("regard")

ASSETS = ("imdb", "minilm", "glove")
SEED = 1
SENTENCE = "The plot is thin and the ending silly, but the acting is so good that I did not mind."
EXPLAINED = "minilm"
EXPLAINED_WORDS = range(40, 90)
"""How long the held-out review is that is explained: it should fit a terminal."""

NETWORK = {
    "model.vectors": "glove",
    "tokens.max_length": 256,
    "tokens.strategy": "head+tail",
    "training.epochs": 3,
    "training.learning_rate": 2e-3,
}
CHECKPOINT = {
    "tokens.max_length": 128,
    "tokens.strategy": "head+tail",
    "training.epochs": 1,
    "training.learning_rate": 2e-4,
}


@dataclass(frozen=True)
class Plan:
    """How many reviews are held out and chosen on, and what each model may see (None: all): set to fit 2 cores."""

    test: int
    validation: int
    linear: int | None
    cnn: int
    lstm: int
    minilm: int
    minilm_batch: int

    @property
    def ladder(self) -> tuple[Entrant, ...]:
        checkpoint = {**CHECKPOINT, "training.max_batch_examples": self.minilm_batch}
        return (
            Entrant("tfidf", None, self.linear, folder="{name}"),
            Entrant("nbsvm", None, self.linear, folder="{name}"),
            Entrant("cnn", NETWORK, self.cnn, folder="{name}"),
            Entrant("lstm", NETWORK, self.lstm, folder="{name}"),
            Entrant(EXPLAINED, checkpoint, self.minilm, folder="{name}"),
        )


FULL = Plan(test=1_500, validation=500, linear=None, cnn=8_000, lstm=8_000, minilm=2_500, minilm_batch=16)
QUICK = Plan(test=400, validation=100, linear=5_000, cnn=3_000, lstm=2_000, minilm=400, minilm_batch=8)


@dataclass(frozen=True)
class Demo:
    """What was shown: the comparison, explanations of a held-out review and of a sentence, the whole time."""

    comparison: Comparison
    explanations: list[Explanation]
    seconds: float

    @property
    def next_command(self) -> str:
        return f'regard predict {self.comparison.folder / EXPLAINED} "{SENTENCE}"'

    def to_json(self) -> dict[str, Any]:
        return {
            **self.comparison.to_json(),
            "explanations": [explanation.to_json() for explanation in self.explanations],
            "next": self.next_command,
            "seconds": round(self.seconds, 1),
            "peak_memory_mib": facts.peak_memory_mib(),
        }


def demo(out: str | Path | None = None, *, quick: bool = False, offline: bool = False, quiet: bool = False) -> Demo:
    """Run the main job in the folder `out` (runs/demo, or runs/demo-quick).

    The assets are fetched where the cache lacks them, which `offline` forbids. What an earlier call finished in
    the same folder is taken as it is. Raises `DataError` or `ModelError` for an asset that can't be had.
    """
    began = time.perf_counter()
    plan = QUICK if quick else FULL
    for word in ASSETS:
        assets.get(word, offline=offline, report=logger.info)
    split = hold_out(plan)
    logger.info("%s", split.note)
    folder = Path(out) if out is not None else Path("runs") / ("demo-quick" if quick else "demo")
    comparison = run(plan.ladder, split, folder, seeds=[SEED], offline=True, quiet=quiet)
    explanations = _explain(folder, split.test)
    return Demo(comparison, explanations, time.perf_counter() - began)


def hold_out(plan: Plan) -> Split:
    """The packaged reviews in blocks: first the test part is cut off, then the validation part."""
    from regard.text.read import read
    from regard.text.split import cut_validation

    whole = read("imdb")
    test = cut_validation(whole, fraction=plan.test / len(whole), seed=SEED, how="blocks")
    rest = cut_validation(test.train, fraction=plan.validation / len(test.train), seed=SEED, how="blocks")
    note = (
        f"{len(test.validation):,} of {len(whole):,} reviews are held out and scored once; "
        f"choices are made on {len(rest.validation):,} others. {test.note or ''}"
    )
    return Split(task_of("classify"), rest.train, rest.validation, test.validation, note.strip())


def _explain(folder: Path, test: Corpus) -> list[Explanation]:
    """A held-out review and a sentence that nobody labelled, explained in the terminal and on the page."""
    model = load(folder / EXPLAINED)
    row = short_review(test)
    given = [(test.ids[row], test.texts[row], (test.labels or [])[row]), ("sentence", SENTENCE, None)]
    explanations = [model.explain(text) for _, text, _ in given]
    RunFolder(folder).write_json(
        folder / compare_page.EXPLANATIONS,
        [
            {"kind": "example", "id": name, "gold": gold, "explanation": explanation.to_json()}
            for (name, _, gold), explanation in zip(given, explanations, strict=True)
        ],
    )
    compare_page.write(folder)
    return explanations


def short_review(corpus: Corpus) -> int:
    """The row of the first review that fits a terminal, or of the shortest one."""
    lengths = [len(text.split()) for text in corpus.texts]
    fitting = (row for row, length in enumerate(lengths) if length in EXPLAINED_WORDS)
    return next(fitting, lengths.index(min(lengths)))
