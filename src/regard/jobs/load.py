"""A trained model, from its run folder: predict, explain, evaluate. `regard.load(run)`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard import recipe as recipes
from regard.errors import DataError, UsageError
from regard.records import Corpus, Explanation, RunFolder, Scores

if TYPE_CHECKING:
    from regard.tasks.task import Predictor, Task

logger = logging.getLogger("regard")


def load(run: str | Path) -> Model:
    """The model in the run folder `run`. Raises `ModelError` where there is no finished run."""
    return Model(RunFolder.open(run))


class Model:
    """A run that can be asked. What is heavy (torch, the weights) is loaded at the first question."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.record: dict[str, Any] = run.read_json(run.run_json)

    def __repr__(self) -> str:
        return f"Model({self.record['model']!r}, run={str(self.run.path)!r}, labels={self.labels})"

    @cached_property
    def recipe(self) -> recipes.Recipe:
        return recipes.of_run(self.run)

    @cached_property
    def task(self) -> Task:
        from regard.tasks.task import task_of

        return task_of(self.recipe.task)

    @cached_property
    def predictor(self) -> Predictor:
        return self.task.load(self.run)

    @cached_property
    def scores(self) -> Scores:
        """What training left: scores of the test part where one was given, else of the validation part."""
        return Scores.from_json(self.run.read_json(self.run.scores))

    @property
    def labels(self) -> list[str]:
        return list(self.record["labels"])

    @property
    def multi_label(self) -> bool:
        return bool(self.record["multi_label"])

    @property
    def report(self) -> Path:
        """The page of the run."""
        return self.run.report

    def predict(self, texts: str | list[str], questions: str | list[str] | None = None) -> list[Any]:
        """One prediction a text, in order; ids are positions from 0. `answer` asks a question of each text, or one
        question of all."""
        given = [texts] if isinstance(texts, str) else list(texts)
        for item in given:
            if not isinstance(item, str):
                raise UsageError(f"a text is expected, found {type(item).__name__}: {item!r}")
        asked = [questions] * len(given) if isinstance(questions, str) else questions
        return self.ask(self.task.given(given, asked))

    def ask(self, corpus: Corpus) -> list[Any]:
        """One prediction for each text of a corpus of the task's kind; what is not read of long ones is said."""
        return self._predictions(corpus)

    def read(
        self,
        source: Any,
        *,
        text_column: str | None = None,
        label_column: str | None = None,
        question_column: str | None = None,
        label_separator: str | None = None,
        needs_gold: bool = True,
        offline: bool = False,
    ) -> Any:
        """A corpus of the task's kind; columns are the recipe's where none are named, or without `needs_gold` those
        that are guessed where the source has none of these. Raises `DataError`, and `UsageError` for a column that the
        task has no use for."""
        named = {
            "text_column": text_column,
            "label_column": label_column,
            "question_column": question_column,
            "label_separator": label_separator,
        }
        given = {name: value for name, value in named.items() if value}
        recipes.refuse_unused(
            {f"data.{name}": value for name, value in given.items()}, [self.recipe.model_name], task=self.task.word
        )
        switches = {"needs_gold": needs_gold, "offline": offline}
        try:
            return self.task.read(source, self.recipe.data.model_copy(update=given), **switches)
        except DataError:
            if needs_gold:
                raise
            # What is asked about may well name its columns otherwise than the training data did.
            return self.task.read(source, recipes.DataOptions(**given), **switches)

    def generate(self, prompt: str | list[str] = "", **options: Any) -> Any:
        """How a text goes on (of a `generate` run): a `Written` for a prompt, a list of them for several.

        `options` are those of `tasks.generate.writing.Writing`: tokens, temperature, top_k, top_p, min_p,
        repetition_penalty, beams, greedy, seed, int8. Raises `UsageError` for another task's model, options that
        contradict each other, a prompt that is longer than the model reads, and int8 of weights that can't be rounded.
        """
        from regard.tasks.generate.writing import write, writing_of

        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        written = [write(self.language_model, one, writing_of(options)) for one in prompts]
        return written[0] if isinstance(prompt, str) else written

    def stream(self, prompt: str = "", **options: Any) -> Iterator[Any]:
        """As `generate`, piece by piece (`text`, `log_probability`), each as soon as it is there."""
        from regard.tasks.generate.writing import stream, writing_of

        return stream(self.language_model, prompt, writing_of(options))

    @property
    def language_model(self) -> Any:
        """The predictor of a `generate` run. Raises `UsageError` for that of another task."""
        if self.task.word != "generate":
            raise UsageError(
                f"{self.run.path} was trained to {self.task.word}, it writes no text",
                mend="train a language model: regard train TEXTS --task generate --model lstm",
            )
        return self.predictor

    def explain(
        self, text: str, *, method: str | None = None, target: str | int | None = None, question: str | None = None
    ) -> Explanation:
        """Which words of `text` counted; by the model's best method where none is named.

        `target` is a label (classify), or a word of the text or its number from 0 (tag); the output is explained where
        none is named. `question` is for `answer`.
        """
        from regard.analysis.reasons import explain

        corpus = self.task.given([text], None if question is None else [question])
        return explain(self.task, self.predictor, corpus, method=method, target=target)

    def evaluate(self, source: Any, **reading: Any) -> Scores:
        """Scores on other labelled texts; `reading` names columns and `offline` as `read` does.

        Raises `DataError` where the source can't be read or holds a label that the model never saw.
        """
        corpus = self.read(source, **reading)
        self.task.refuse_unknown(corpus, self.labels, multi_label=self.multi_label)
        return self.task.score(
            self._predictions(corpus),
            self.labels,
            part=corpus.source,
            multi_label=self.multi_label,
            seed=self.recipe.seed,
        )

    def _predictions(self, corpus: Corpus) -> list[Any]:
        predictor: Any = self.predictor
        if predictor.kind == "baseline":
            return list(predictor.predictions(corpus))
        encoded = self.task.encode(predictor.encoder, corpus)
        self._say_what_is_cut(encoded, predictor)
        return list(predictor.encoded_predictions(encoded, corpus))

    def _say_what_is_cut(self, encoded: list[Any], predictor: Any) -> None:
        reach = predictor.reach
        cut = sum(self.task.unread(item, reach) > 0 for item in encoded)
        if not cut:
            return
        from regard.report.task_report import report_of
        from regard.report.wording import NOT_READ, number_of

        strategy, consequence = self.recipe.tokens.strategy, self.task.not_read
        logger.warning(
            "%d of %s: longer than the %s tokens that are read (strategy %s): %s%s",
            cut, number_of(len(encoded), report_of(self.task.word).noun), f"{reach:,}", strategy, NOT_READ[strategy],
            f"; {consequence}" if consequence else "",
        )  # fmt: skip
