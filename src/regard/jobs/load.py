"""A trained model, from its run folder: predict, explain, evaluate. `regard.load(run)`."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard import recipe as recipes
from regard.errors import DataError, UsageError
from regard.records import Corpus, Explanation, Prediction, RunFolder, Scores

if TYPE_CHECKING:
    from regard.tasks.classify import Classifier

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
    def classifier(self) -> Classifier:
        from regard.tasks.classify import load_classifier

        return load_classifier(self.run)

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

    def predict(self, texts: str | list[str]) -> list[Prediction]:
        """One prediction a text, in order; ids are positions from 0."""
        given = [texts] if isinstance(texts, str) else list(texts)
        for item in given:
            if not isinstance(item, str):
                raise UsageError(f"a text is expected, found {type(item).__name__}: {item!r}")
        ids = [str(position) for position in range(len(given))]
        return self._predictions(Corpus("given texts", ids, given, multi_label=self.multi_label))

    def explain(self, text: str, *, method: str | None = None, target: str | None = None) -> Explanation:
        """Which words of `text` counted. `analysis.explain.methods` names what the model can do."""
        from regard.analysis.explain import explain

        if target is not None and target not in self.labels:
            raise UsageError(recipes.unknown_word("label", target, self.labels))
        return explain(self.classifier, text, method=method, target=target)

    def evaluate(
        self,
        source: Any,
        *,
        text_column: str | None = None,
        label_column: str | None = None,
        label_separator: str | None = None,
        offline: bool = False,
    ) -> Scores:
        """Scores on other labelled texts; columns are the recipe's where none are named.

        Raises `DataError` where the source can't be read or holds a label that the model never saw.
        """
        from regard.metrics.classify import score
        from regard.text.read import read

        data = self.recipe.data
        corpus = read(
            source,
            text_column=text_column or data.text_column,
            label_column=label_column or data.label_column,
            label_separator=label_separator or data.label_separator,
            offline=offline,
        )
        self._refuse_unknown_labels(corpus)
        return score(
            self._predictions(corpus),
            self.labels,
            part=corpus.source,
            multi_label=self.multi_label,
            seed=self.recipe.seed,
        )

    def _predictions(self, corpus: Corpus) -> list[Prediction]:
        from regard.tasks.classify import NetworkClassifier, as_predictions, predictions

        classifier = self.classifier
        if not isinstance(classifier, NetworkClassifier):
            return predictions(classifier, corpus)
        encoded = classifier.encoder.encode(corpus.texts, offsets=False)
        self._say_what_is_cut([item.tokens_in_text for item in encoded], classifier.encoder.reach)
        rows = classifier.encoded_probabilities(encoded)
        return as_predictions(rows, corpus, self.labels, self.multi_label)

    def _say_what_is_cut(self, lengths: list[int], reach: int) -> None:
        from regard.report.wording import NOT_READ, texts

        if cut := sum(length > reach for length in lengths):
            strategy = self.recipe.tokens.strategy
            logger.warning(
                "%d of %s: longer than the %s tokens that are read (strategy %s): %s",
                cut, texts(len(lengths)), f"{reach:,}", strategy, NOT_READ[strategy],
            )  # fmt: skip

    def _refuse_unknown_labels(self, corpus: Corpus) -> None:
        from regard.tasks.classify import targets

        if corpus.multi_label != self.multi_label:
            kind = "several labels" if self.multi_label else "one label"
            raise DataError(
                f"the model gives {kind} to a text, these data do not",
                file=corpus.source,
                mend="name the label column, and the sign between labels with --label-separator",
            )
        targets(corpus, self.labels, self.multi_label)
