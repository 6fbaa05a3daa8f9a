"""What every task answers to: jobs, analysis and reports ask these questions and know nothing else of a task.

A task is one module with a `Task` and one line in `registry.TASKS`; what explains its outputs and what shows them are a
line each in `analysis.reasons` and `report.task_report`. Its `Predictor` is a trained model of any kind; the one of a
network is also what the training loop trains.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from regard import manifest
from regard.errors import DataError, ModelError, UsageError
from regard.recipe import DataOptions, Recipe, TrainingOptions
from regard.records import Corpus, RunFolder, Scores
from regard.registry import TASKS
from regard.tasks.feed import Feed, by_tokens
from regard.text import split
from regard.text.diagnosis import Diagnosis

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

Loss = Callable[["nn.Module", Mapping[str, "Tensor"]], tuple["Tensor", int]]
"""`loss(model, batch) -> (sum over the batch, examples)`: a sum, so that accumulation is exact."""

C = TypeVar("C", bound=Corpus)


class Encoded(Protocol):
    """What a network reads of one text: its windows, and how many tokens the whole text has."""

    @property
    def tokens_in_text(self) -> int: ...

    @property
    def windows(self) -> Sequence[Any]: ...


class Predictor(Protocol):
    """A trained model, whatever its kind."""

    labels: list[str]
    multi_label: bool
    architecture: str
    kind: str

    def predictions(self, corpus: Any) -> list[Any]:
        """What the model says of each text, in order."""
        ...

    def save(self, folder: Path) -> None:
        """Write all that `Task.load` needs of the model; of a network config.json, model.safetensors, the tokenizer."""
        ...


class NetworkPredictor(Predictor, Protocol):
    """A network or checkpoint with what makes its input of a text; in training or trained."""

    model: Any
    encoder: Any

    @property
    def reach(self) -> int:
        """The most tokens of a text that are read."""
        ...

    def targets(self, corpus: Any, encoded: Sequence[Any]) -> Any:
        """What the loss compares each text with. Raises `DataError` for what the model can't learn."""
        ...

    def batch(self, encoded: Sequence[Any], targets: Sequence[Any]) -> dict[str, Tensor]:
        """The padded tensors of some texts, for the loss."""
        ...

    def loss(self, options: TrainingOptions) -> Loss: ...

    def validate(self, encoded: Sequence[Any], targets: Any, corpus: Any) -> dict[str, float]:
        """`loss` and the figures that `training.metric_for_best_model` may name, on the validation part."""
        ...

    def settle(self, encoded: Sequence[Any], corpus: Any) -> None:
        """What is chosen on the validation part when the weights are final, such as a threshold."""
        ...

    def encoded_predictions(self, encoded: Sequence[Any], corpus: Any) -> list[Any]:
        """`predictions` of what was encoded already."""
        ...


class Task(ABC):
    """One kind of question asked of texts."""

    word: ClassVar[str]
    headline: ClassVar[str]
    """The figure that models are compared by: `figure` of the sums over the texts of what each counts, `tally`."""
    lower_is_better: ClassVar[bool] = False
    """Whether less of the headline is better."""
    consecutive: ClassVar[bool] = False
    """Whether texts are stretches that follow each other, so that neighbours resemble each other."""
    corpus: ClassVar[type[Corpus]] = Corpus
    """What `read` gives."""
    needs_question: ClassVar[bool] = False
    counted: ClassVar[str] = "texts"
    """What the loss is a mean of, and what is trained on a second."""
    not_read: ClassVar[str] = ""
    """What it means for the output that the end of a text is not read."""

    # Data

    @abstractmethod
    def read(self, source: Any, options: DataOptions, *, needs_gold: bool = True, offline: bool = False) -> Any:
        """A corpus of this task. Raises `DataError` for what can't be read; with `needs_gold`, where answers lack."""

    @abstractmethod
    def require(self, source: str | Path) -> None:
        """Raise what `read` would raise for a source that is nothing known. Nothing is read."""

    @abstractmethod
    def keep(self, corpus: Any, path: Path, options: DataOptions | None = None) -> Path:
        """Write a corpus as a file that `read` gives back, with its columns under the names in `options`."""

    @abstractmethod
    def given(self, texts: Sequence[str], questions: Sequence[str] | None = None) -> Any:
        """A corpus without answers of texts as they were handed in; ids are positions from 0."""

    def cut(self, corpus: C, *, fraction: float, seed: int, how: split.How) -> split.Cut[C]:
        """Cut a validation part off."""
        return split.cut_groups(corpus, corpus.texts, fraction=fraction, seed=seed, how=how)

    def limit(self, corpus: C, n: int, *, seed: int, how: split.How) -> C:
        """At most `n` rows."""
        return split.limit_rows(corpus, n, seed=seed, how=how)

    def labels(self, train: Any) -> list[str]:
        """The names that an output can have."""
        return list(train.label_names())

    def check(self, train: Any, other: Any) -> None:
        """Raise `DataError` where another part is of another kind than the training part."""
        if not isinstance(other, self.corpus):
            message = f"this is no data for {self.word}"
            raise DataError(message, file=other.source, mend="give data like the training part's")

    def refuse_unknown(self, corpus: Any, labels: list[str], *, multi_label: bool) -> None:
        """Raise `DataError` for a gold output that a model with these labels can't give."""
        possible = set(self.answerable(corpus, labels))
        for row in range(len(corpus)):
            if row not in possible:
                raise DataError(
                    f"{corpus.labels[row]!r} holds what the model does not know ({', '.join(labels[:20])})",
                    file=corpus.source,
                    line=None if corpus.lines is None else corpus.lines[row],
                    mend="correct it, or train on examples of it",
                )

    def answerable(self, corpus: Any, labels: Sequence[str]) -> list[int]:
        """The rows whose gold output a model with these labels can give."""
        known = set(labels)
        return [
            row
            for row, label in enumerate(corpus.labels or [])
            if known.issuperset([label] if isinstance(label, str) else label)
        ]

    @abstractmethod
    def examine(
        self,
        parts: Mapping[str, Any],
        *,
        token_lengths: Mapping[str, Sequence[int]] | None = None,
        max_length: int | None = None,
    ) -> Diagnosis:
        """What the doctor finds in the parts; see `text.doctor.examine`."""

    def mend(self, corpus: Any, path: Path) -> list[str]:
        """Write a corpus with what can be mended without asking, and say each change. Raises `UsageError` where this
        task has nothing of the kind."""
        raise UsageError(
            f"{self.word} has nothing that mends itself", mend="leave --mend out; change the data yourself"
        )

    # Models

    @abstractmethod
    def fit_baseline(self, recipe: Recipe, train: Any, labels: list[str]) -> Predictor:
        """A baseline trained on `train`."""

    @abstractmethod
    def encoder(self, recipe: Recipe, train: Any, *, offline: bool = False) -> Any:
        """What makes a network's input: a checkpoint's own tokenizer, or one trained on `train`."""

    @abstractmethod
    def encode(self, encoder: Any, corpus: Any, *, offsets: bool = False) -> list[Any]:
        """Each text as a network reads it."""

    def unread(self, encoded: Any, reach: int) -> int:
        """How many tokens of a text are not read, of a network that reads `reach` of them at most."""
        return max(int(encoded.tokens_in_text) - reach, 0)

    def teaches(self, target: Any) -> bool:
        """Whether there is anything to learn from a text with this target (one of `NetworkPredictor.targets`)."""
        return True

    @abstractmethod
    def network(
        self, recipe: Recipe, encoder: Any, labels: list[str], *, multi_label: bool = False, offline: bool = False
    ) -> NetworkPredictor:
        """An untrained network, or a checkpoint with a new head. Its weights begin from `recipe.seed`."""

    def feed(self, recipe: Recipe, predictor: NetworkPredictor, encoded: Sequence[Any], targets: Sequence[Any]) -> Feed:
        """The batches of a training, of all that there is something to learn from."""
        return by_tokens(recipe, predictor, encoded, targets)

    @abstractmethod
    def load(self, run: RunFolder) -> Predictor:
        """The trained model of a finished run folder. Raises `ModelError` where it is missing or damaged."""

    # Results

    @abstractmethod
    def score(
        self, predictions: Sequence[Any], labels: list[str], *, part: str, multi_label: bool, seed: int
    ) -> Scores:
        """The scores of one part. Raises `DataError` for a missing or unknown gold output."""

    @abstractmethod
    def tally(self, prediction: Any) -> tuple[float, ...]:
        """What one text counts for the headline, as many numbers for every text; by default how much is right, of how
        much."""

    def figure(self, sums: np.ndarray) -> np.ndarray:
        """The headline of sums of tallies over texts, [... s] to [...]; by default the ratio of the two."""
        from regard.metrics.measure import ratio

        return ratio(sums)

    @abstractmethod
    def write(self, path: Path, predictions: Sequence[Any], labels: list[str], *, multi_label: bool) -> None:
        """predictions.parquet."""

    @abstractmethod
    def read_predictions(self, path: Path) -> list[Any]:
        """What `write` wrote. Raises `ModelError` where the file is missing or damaged."""

    def asked_again(self, prediction: Any) -> Any:
        """The corpus of one text that a prediction answers, without its gold output."""
        return self.given([prediction.input])

    def one_by_one(self, corpus: C) -> C:
        """A corpus whose texts are each what one answer is given to: how long that takes is measured on some."""
        return corpus

    def samples(self, predictor: Any, predictions: Sequence[Any], *, seed: int) -> list[dict[str, Any]]:
        """What the report shows of a model that has no reasons to show: documents for explanations.json."""
        return []

    def telling(self, prediction: Any) -> str | int | None:
        """What of a prediction to explain first, as `analysis.reasons.explain` takes its target; None: the output."""
        return None

    def shows(self, prediction: Any) -> bool:
        """Whether a text that was answered right is an example worth showing."""
        return True

    def is_right(self, prediction: Any) -> bool:
        """Whether a prediction is wholly right; by default all of what its tally counts."""
        right, of = self.tally(prediction)
        return right == of


@cache
def task_of(word: str) -> Task:
    """The task of a word. Raises `UsageError` for an unknown one."""
    made: Task = TASKS[word].load()()
    return made


def refuse_questions(word: str, questions: Any) -> None:
    """For tasks that ask one and the same question of every text."""
    if questions is not None:
        raise UsageError(f"{word} takes texts alone, no questions", mend="leave the question out")


def undamaged(run: RunFolder) -> tuple[Recipe, dict[str, Any]]:
    """The recipe and run.json of a run whose model folder is as training left it. Raises `ModelError`."""
    from regard import recipe as recipes

    recipe = recipes.of_run(run)
    facts = run.read_json(run.run_json)
    if damage := manifest.damage(run.model):
        raise ModelError(f"{run.model} is not as training left it: {damage}", mend="train again, or restore the folder")
    return recipe, facts


def load_network(folder: Path, auto_class: str) -> Any:
    """A saved network or checkpoint, in evaluation mode; `auto_class` names transformers' class for its head."""
    import transformers

    from regard import auto
    from regard.assets.quiet import quiet
    from regard.nn.linear import take_over

    auto.register()
    try:
        with quiet():
            model = getattr(transformers, auto_class).from_pretrained(
                str(folder), local_files_only=True, trust_remote_code=False, use_safetensors=True
            )
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{folder}: the model can't be loaded: {first}", mend="train again") from None
    take_over(model)
    return model.eval()
