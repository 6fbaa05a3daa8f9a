"""`classify`: one label for a text, or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regard.errors import DataError
from regard.recipe import DataOptions, Recipe
from regard.records import Corpus, Prediction, RunFolder, Scores
from regard.tasks.classify.building import build_network, text_encoder
from regard.tasks.classify.classifiers import BaselineClassifier, Classifier, NetworkClassifier, targets
from regard.tasks.classify.predictions import read_predictions, write_predictions
from regard.tasks.task import Task, load_network, refuse_questions, undamaged
from regard.tasks.tokens import own_tokenizer
from regard.text import doctor, split
from regard.text.diagnosis import Diagnosis
from regard.text.normalise import Normaliser
from regard.text.read import read, require
from regard.text.tokenise import Encoded, TextEncoder, load_tokenizer, train_tokenizer


class Classify(Task):
    word = "classify"
    headline = "accuracy"

    def read(self, source: Any, options: DataOptions, *, needs_gold: bool = True, offline: bool = False) -> Corpus:
        columns = options.model_dump(include={"text_column", "label_column", "label_separator"})
        corpus = read(source, **columns, needs_labels=needs_gold, offline=offline)
        if needs_gold and corpus.labels is None:
            raise DataError("no labels in it", file=corpus.source, mend="name the column with --label-column")
        return corpus

    def require(self, source: str | Path) -> None:
        require(source)

    def keep(self, corpus: Corpus, path: Path, options: DataOptions | None = None) -> Path:
        """id, text and label as Parquet."""
        import pyarrow as pa
        from pyarrow import parquet

        path.parent.mkdir(parents=True, exist_ok=True)
        text, label = (options.text_column, options.label_column) if options else (None, None)
        columns: dict[str, Any] = {"id": corpus.ids, text or "text": corpus.texts}
        if corpus.labels is not None:
            columns[label or "label"] = [item if isinstance(item, str) else list(item) for item in corpus.labels]
        parquet.write_table(pa.table(columns), path, compression="zstd")
        return path

    def given(self, texts: Sequence[str], questions: Sequence[str] | None = None) -> Corpus:
        refuse_questions(self.word, questions)
        return Corpus("given texts", [str(row) for row in range(len(texts))], list(texts))

    def cut(self, corpus: Any, *, fraction: float, seed: int, how: split.How) -> split.Cut[Any]:
        return split.cut_validation(corpus, fraction=fraction, seed=seed, how=how)

    def limit(self, corpus: Any, n: int, *, seed: int, how: split.How) -> Any:
        return split.limit(corpus, n, seed=seed, how=how)

    def check(self, train: Corpus, other: Corpus) -> None:
        if other.multi_label != train.multi_label:
            kinds = "several labels" if other.multi_label else "one label"
            raise DataError(
                f"a text has {kinds} here, but not in the training data",
                file=other.source,
                mend="give lists of labels in both, or the sign between labels: --set data.label_separator",
            )

    def refuse_unknown(self, corpus: Corpus, labels: list[str], *, multi_label: bool) -> None:
        if corpus.multi_label != multi_label:
            kind = "several labels" if multi_label else "one label"
            raise DataError(
                f"the model gives {kind} to a text, these data do not",
                file=corpus.source,
                mend="name the label column, and the sign between labels with --label-separator",
            )
        targets(corpus, labels, multi_label)

    def examine(
        self,
        parts: Mapping[str, Corpus],
        *,
        token_lengths: Mapping[str, Sequence[int]] | None = None,
        max_length: int | None = None,
    ) -> Diagnosis:
        return doctor.examine(parts, token_lengths=token_lengths, max_length=max_length)

    def fit_baseline(self, recipe: Recipe, train: Corpus, labels: list[str]) -> BaselineClassifier:
        normaliser = Normaliser(recipe.preprocess)
        texts = [normaliser(text).text for text in train.texts]
        model = recipe.entry.load()(recipe.model_options)
        model.fit(texts, train.labels, labels, train.multi_label, recipe.seed)
        return BaselineClassifier(model, normaliser, labels, train.multi_label, recipe.model_name)

    def encoder(self, recipe: Recipe, train: Corpus, *, offline: bool = False) -> TextEncoder:
        if tokenizer := own_tokenizer(recipe, offline=offline):
            return text_encoder(recipe, tokenizer)
        normaliser = Normaliser(recipe.preprocess)
        return text_encoder(recipe, train_tokenizer((normaliser(text).text for text in train.texts), recipe.tokens))

    def encode(self, encoder: TextEncoder, corpus: Corpus, *, offsets: bool = False) -> list[Encoded]:
        return encoder.encode(corpus.texts, offsets=offsets)

    def network(
        self,
        recipe: Recipe,
        encoder: TextEncoder,
        labels: list[str],
        *,
        multi_label: bool = False,
        offline: bool = False,
    ) -> NetworkClassifier:
        model = build_network(recipe, encoder, labels, multi_label, offline=offline)
        return self._predictor(recipe, model, encoder, labels, multi_label)

    def load(self, run: RunFolder) -> Classifier:
        from regard.encoders.first_token import read_first_token_only

        recipe, facts = undamaged(run)
        labels, multi_label = facts["labels"], facts["multi_label"]
        if recipe.entry.kind == "baseline":
            model = recipe.entry.load().load(run.model)
            return BaselineClassifier(model, Normaliser(recipe.preprocess), labels, multi_label, recipe.model_name)
        model = load_network(run.model, "AutoModelForSequenceClassification")
        read_first_token_only(model)
        encoder = text_encoder(recipe, load_tokenizer(str(run.model)))
        return self._predictor(recipe, model, encoder, labels, multi_label)

    def _predictor(
        self, recipe: Recipe, model: Any, encoder: TextEncoder, labels: list[str], multi_label: bool
    ) -> NetworkClassifier:
        return NetworkClassifier(
            model,
            encoder,
            labels,
            multi_label,
            recipe.model_name,
            recipe.entry.kind,
            window_pooling=recipe.tokens.window_pooling,
        )

    def score(
        self, predictions: Sequence[Prediction], labels: list[str], *, part: str, multi_label: bool, seed: int
    ) -> Scores:
        from regard.metrics.classify import score

        return score(predictions, labels, part=part, multi_label=multi_label, seed=seed)

    def tally(self, prediction: Prediction) -> tuple[float, float]:
        return float(prediction.output == prediction.gold), 1.0

    def write(self, path: Path, predictions: Sequence[Prediction], labels: list[str], *, multi_label: bool) -> None:
        write_predictions(path, predictions, labels, multi_label)

    def read_predictions(self, path: Path) -> list[Prediction]:
        return read_predictions(path)
