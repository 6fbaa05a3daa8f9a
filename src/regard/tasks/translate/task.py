"""`translate`: one text out of another, be it a translation, a summary or whatever a target column holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import UsageError
from regard.recipe import DataOptions, Recipe
from regard.records import RunFolder, Scores, TextPairCorpus, TextPrediction
from regard.tasks.feed import EncodedFeed
from regard.tasks.task import NetworkPredictor, Task, load_network, refuse_questions, undamaged
from regard.tasks.translate.building import build_network, load_encoder, train_encoder
from regard.tasks.translate.predictions import read_predictions, write_predictions
from regard.tasks.translate.search_options import SearchOptions
from regard.tasks.translate.translators import NetworkTranslator
from regard.text.batch import TokenBudget
from regard.text.diagnosis import Diagnosis
from regard.text.doctor_pairs import examine_pairs
from regard.text.read import require
from regard.text.read_pairs import read_pairs, write_pairs
from regard.text.target_encoder import TranslationEncoder
from regard.text.tokenise import Encoded

if TYPE_CHECKING:
    import numpy as np

OF_OUTPUTS = ("bleu", "chrf", "rouge_l")


class Translate(Task):
    word = "translate"
    corpus = TextPairCorpus
    headline = "bleu"
    counted = "tokens"
    not_read = "nothing of it is in the output"

    def read(
        self, source: Any, options: DataOptions, *, needs_gold: bool = True, offline: bool = False
    ) -> TextPairCorpus:
        return read_pairs(
            source,
            source_column=options.text_column,
            target_column=options.label_column,
            needs_targets=needs_gold,
            offline=offline,
        )

    def require(self, source: str | Path) -> None:
        require(source)

    def keep(self, corpus: TextPairCorpus, path: Path, options: DataOptions | None = None) -> Path:
        named = {}
        if options is not None:
            named = {"source_column": options.text_column, "target_column": options.label_column}
        return write_pairs(corpus, path, **{name: column for name, column in named.items() if column})

    def given(self, texts: Sequence[str], questions: Sequence[str] | None = None) -> TextPairCorpus:
        refuse_questions(self.word, questions)
        return TextPairCorpus("given texts", [str(row) for row in range(len(texts))], list(texts))

    def labels(self, train: TextPairCorpus) -> list[str]:
        return []

    def answerable(self, corpus: TextPairCorpus, labels: Sequence[str]) -> list[int]:
        return list(range(len(corpus)))

    def examine(
        self,
        parts: Mapping[str, TextPairCorpus],
        *,
        token_lengths: Mapping[str, Sequence[int]] | None = None,
        max_length: int | None = None,
    ) -> Diagnosis:
        return examine_pairs(parts, token_lengths=token_lengths, max_length=max_length)

    def fit_baseline(self, recipe: Recipe, train: Any, labels: list[str]) -> Any:
        raise UsageError(f"{recipe.model_name} writes no text")

    def encoder(self, recipe: Recipe, train: TextPairCorpus, *, offline: bool = False) -> TranslationEncoder:
        return train_encoder(recipe, train, offline=offline)

    def encode(self, encoder: TranslationEncoder, corpus: TextPairCorpus, *, offsets: bool = False) -> list[Encoded]:
        return encoder.encode(corpus.texts, offsets=offsets)

    def feed(
        self, recipe: Recipe, predictor: NetworkPredictor, encoded: Sequence[Encoded], targets: Sequence[Any]
    ) -> EncodedFeed:
        """By the longer side of each pair: a short text may have a long translation."""
        options = recipe.training
        lengths = [max(len(item.ids), len(target)) for item, target in zip(encoded, targets, strict=True)]
        budget = TokenBudget(lengths, options.batch_tokens, options.max_batch_examples, recipe.seed)
        return EncodedFeed(predictor, encoded, targets, budget)

    def network(
        self,
        recipe: Recipe,
        encoder: TranslationEncoder,
        labels: list[str],
        *,
        multi_label: bool = False,
        offline: bool = False,
    ) -> NetworkTranslator:
        return self._predictor(recipe, build_network(recipe, encoder, offline=offline), encoder)

    def load(self, run: RunFolder) -> NetworkTranslator:
        recipe, _ = undamaged(run)
        model = load_network(run.model, "AutoModelForSeq2SeqLM")
        return self._predictor(recipe, model, load_encoder(recipe, run.model, model))

    def _predictor(self, recipe: Recipe, model: Any, encoder: TranslationEncoder) -> NetworkTranslator:
        head = recipe.head_options
        search = SearchOptions(
            method="greedy" if head.beams == 1 else "beam",
            beams=head.beams,
            length_penalty=head.length_penalty,
            n_best=head.alternatives,
            max_tokens=head.max_output_tokens,
        )
        return NetworkTranslator(
            model,
            encoder,
            recipe.model_name,
            recipe.entry.kind,
            search=search,
            scheduled_sampling=head.scheduled_sampling,
            translates=recipe.training.metric_for_best_model in OF_OUTPUTS,
            validated_texts=head.validated_texts,
        )

    def score(
        self, predictions: Sequence[TextPrediction], labels: list[str], *, part: str, multi_label: bool, seed: int
    ) -> Scores:
        from regard.metrics.translate import score_translations

        return score_translations(predictions, part=part, seed=seed)

    def tally(self, prediction: TextPrediction) -> tuple[float, ...]:
        from regard.metrics.translate import tally_translation

        return tally_translation(prediction)

    def figure(self, sums: np.ndarray) -> np.ndarray:
        from regard.metrics.bleu import bleu

        return bleu(sums)

    def is_right(self, prediction: TextPrediction) -> bool:
        from regard.metrics.translate import is_reference

        return is_reference(prediction.output, prediction.gold or ())

    def write(self, path: Path, predictions: Sequence[TextPrediction], labels: list[str], *, multi_label: bool) -> None:
        write_predictions(path, predictions)

    def read_predictions(self, path: Path) -> list[TextPrediction]:
        return read_predictions(path)
