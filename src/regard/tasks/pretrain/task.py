"""`pretrain`: an encoder learns from plain text by guessing words that are hidden in it (Devlin et al. 2019, section
3.1). What it leaves behind is a checkpoint that every other task begins from."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regard.errors import UsageError
from regard.recipe import Recipe
from regard.records import Corpus, MaskedPrediction, RunFolder, Scores
from regard.tasks.plain import PlainTask
from regard.tasks.pretrain.building import build_network, document_encoder, hiding_of, train_encoder
from regard.tasks.pretrain.feed import WindowFeed
from regard.tasks.pretrain.hiding import guessable
from regard.tasks.pretrain.models import NetworkPretrainer
from regard.tasks.pretrain.predictions import read_predictions, write_predictions
from regard.tasks.task import NetworkPredictor, load_network, undamaged
from regard.text import doctor
from regard.text.batch import TokenBudget
from regard.text.diagnosis import Diagnosis
from regard.text.document_encoder import DocumentEncoder, EncodedText
from regard.text.tokenise import load_tokenizer

logger = logging.getLogger("regard")


class Pretrain(PlainTask):
    word = "pretrain"
    headline = "accuracy"
    counted = "hidden tokens"

    def examine(
        self,
        parts: Mapping[str, Corpus],
        *,
        token_lengths: Mapping[str, Sequence[int]] | None = None,
        max_length: int | None = None,
    ) -> Diagnosis:
        return doctor.examine(parts, token_lengths=token_lengths, max_length=max_length)

    def fit_baseline(self, recipe: Recipe, train: Any, labels: list[str]) -> Any:
        raise UsageError(f"{recipe.model_name} guesses no words")

    def encoder(self, recipe: Recipe, train: Corpus, *, offline: bool = False) -> DocumentEncoder:
        return train_encoder(recipe, train, offline=offline)

    def encode(self, encoder: DocumentEncoder, corpus: Corpus, *, offsets: bool = False) -> list[EncodedText]:
        return encoder.encode(corpus.texts)

    def teaches(self, target: int) -> bool:
        return target > 1

    def network(
        self,
        recipe: Recipe,
        encoder: DocumentEncoder,
        labels: list[str],
        *,
        multi_label: bool = False,
        offline: bool = False,
    ) -> NetworkPretrainer:
        return self._predictor(recipe, build_network(recipe, encoder, offline=offline), encoder)

    def feed(
        self, recipe: Recipe, predictor: NetworkPredictor, encoded: Sequence[EncodedText], targets: Sequence[int]
    ) -> WindowFeed:
        """Windows of all texts, each by itself: a book is no batch."""
        options, encoder = recipe.training, predictor.encoder
        whole = recipe.head_options.whole_word
        windows = [own for item in encoded for own in item.windows if guessable(own.words, whole=whole) > 1]
        around = encoder.max_length - encoder.room
        budget = TokenBudget(
            [len(window.ids) + around for window in windows],
            options.batch_tokens,
            options.max_batch_examples,
            recipe.seed,
        )
        pairs = recipe.head_options.next_sentence
        return WindowFeed(encoder, hiding_of(recipe, encoder), windows, budget, recipe.seed, pairs)

    def load(self, run: RunFolder) -> NetworkPretrainer:
        recipe, _ = undamaged(run)
        pairs = recipe.head_options.next_sentence and recipe.entry.kind == "checkpoint"
        model = load_network(run.model, "AutoModelForPreTraining" if pairs else "AutoModelForMaskedLM")
        return self._predictor(recipe, model, document_encoder(recipe, load_tokenizer(str(run.model))))

    def _predictor(self, recipe: Recipe, model: Any, encoder: DocumentEncoder) -> NetworkPretrainer:
        return NetworkPretrainer(
            model,
            encoder,
            hiding_of(recipe, encoder),
            recipe.model_name,
            recipe.entry.kind,
            pairs=recipe.head_options.next_sentence,
        )

    def score(
        self, predictions: Sequence[MaskedPrediction], labels: list[str], *, part: str, multi_label: bool, seed: int
    ) -> Scores:
        """Of texts in which tokens were hidden here; what stood where the mask token was given is not known."""
        from regard.metrics.pretrain import score_masked

        judged = [item for item in predictions if item.gold is not None]
        if filled_in := len(predictions) - len(judged):
            said = "%s: %d passages hold the mask token already: they count for no figure"
            logger.warning(said, part, filled_in)
        return score_masked(judged, part=part, seed=seed)

    def tally(self, prediction: MaskedPrediction) -> tuple[float, float]:
        if prediction.gold is None:  # it counts for no figure, as in `score`
            return 0.0, 0.0
        from regard.metrics.pretrain import tally_masked

        return tally_masked(prediction)

    def write(
        self, path: Path, predictions: Sequence[MaskedPrediction], labels: list[str], *, multi_label: bool
    ) -> None:
        write_predictions(path, predictions)

    def read_predictions(self, path: Path) -> list[MaskedPrediction]:
        return read_predictions(path)
