"""`generate`: how texts go on. Learned from plain texts, scored by the probability of texts it never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regard.errors import UsageError
from regard.recipe import Recipe
from regard.records import Corpus, RunFolder, Scores, StretchPrediction
from regard.tasks.generate.building import build_network, language_encoder, load_encoder
from regard.tasks.generate.encoder import EncodedText, LanguageEncoder
from regard.tasks.generate.feed import StreamFeed
from regard.tasks.generate.language_models import LanguageModels
from regard.tasks.generate.predictions import read_predictions, write_predictions
from regard.tasks.generate.stretches import stretches
from regard.tasks.plain import PlainTask
from regard.tasks.task import NetworkPredictor, load_network, undamaged
from regard.text import doctor
from regard.text.diagnosis import Diagnosis

SAMPLED = 200
"""Tokens of a text that the report shows."""
BEGINNING = 40
"""Characters of a stretch that a shown text begins with."""


class Generate(PlainTask):
    word = "generate"
    headline = "bits_per_character"
    lower_is_better = True
    consecutive = True
    counted = "tokens"

    def examine(
        self,
        parts: Mapping[str, Corpus],
        *,
        token_lengths: Mapping[str, Sequence[int]] | None = None,
        max_length: int | None = None,
    ) -> Diagnosis:
        return doctor.examine(parts)

    def fit_baseline(self, recipe: Recipe, train: Corpus, labels: list[str]) -> Any:
        raise UsageError(f"{recipe.model_name} does not do {self.word}")

    def encoder(self, recipe: Recipe, train: Corpus, *, offline: bool = False) -> LanguageEncoder:
        return language_encoder(recipe, train, offline=offline)

    def encode(self, encoder: LanguageEncoder, corpus: Corpus, *, offsets: bool = False) -> list[EncodedText]:
        return encoder.encode(corpus.texts)

    def teaches(self, target: Any) -> bool:
        return bool(target)

    def network(
        self,
        recipe: Recipe,
        encoder: LanguageEncoder,
        labels: list[str],
        *,
        multi_label: bool = False,
        offline: bool = False,
    ) -> LanguageModels:
        return self._predictor(recipe, build_network(recipe, encoder, offline=offline), encoder)

    def feed(
        self, recipe: Recipe, predictor: NetworkPredictor, encoded: Sequence[Any], targets: Sequence[Any]
    ) -> StreamFeed:
        return StreamFeed(
            encoded,
            end_id=predictor.encoder.end_id,
            length=recipe.tokens.max_length,
            batch_tokens=recipe.training.batch_tokens,
            max_batch_examples=recipe.training.max_batch_examples,
            seed=recipe.seed,
        )

    def load(self, run: RunFolder) -> LanguageModels:
        recipe, _ = undamaged(run)
        model = load_network(run.model, "AutoModelForCausalLM")
        return self._predictor(recipe, model, load_encoder(recipe, run.model))

    def _predictor(self, recipe: Recipe, model: Any, encoder: LanguageEncoder) -> LanguageModels:
        head = recipe.head_options
        if head.stride > recipe.tokens.max_length:
            raise UsageError(
                f"head.stride: {head.stride} tokens from window to window would leave some out of windows of "
                f"{recipe.tokens.max_length}",
                mend="at most tokens.max_length; 0 is half of it",
            )
        return LanguageModels(
            model, encoder, recipe.entry.word, recipe.entry.kind, stride=head.stride, carry=head.carry
        )

    def score(
        self, predictions: Sequence[StretchPrediction], labels: list[str], *, part: str, multi_label: bool, seed: int
    ) -> Scores:
        from regard.metrics.language import score_language

        return score_language(predictions, part=part, seed=seed)

    def tally(self, prediction: StretchPrediction) -> tuple[float, float]:
        from regard.metrics.language import tally_stretch

        return tally_stretch(prediction)

    def is_right(self, prediction: StretchPrediction) -> bool:
        """There is no right and wrong, only likelier."""
        return True

    def one_by_one(self, corpus: Any) -> Any:
        """The stretches of its texts."""
        found = [text[start:end] for text in corpus.texts for start, end in stretches(text)]
        return Corpus(corpus.source, [str(row) for row in range(1, len(found) + 1)], found)

    def samples(
        self, predictor: LanguageModels, predictions: Sequence[StretchPrediction], *, seed: int
    ) -> list[dict[str, Any]]:
        """What the model writes after the beginnings of a few stretches."""
        from regard.tasks.generate.writing import Writing, write

        writing = Writing(tokens=SAMPLED, top_p=0.9, seed=seed)
        chosen = predictions[len(predictions) // 6 :: max(1, len(predictions) // 3)][:3]
        # A character may be four tokens, and a model of few positions has to have room to go on.
        most = BEGINNING if predictor.positions is None else max(1, min(BEGINNING, predictor.positions // 4))
        written = [write(predictor, _beginning(item.input, most), writing) for item in chosen]
        return [
            {"kind": "sample", "id": item.id, "how": writing.how, **one.to_json()}
            for item, one in zip(chosen, written, strict=True)
        ]

    def write(
        self, path: Path, predictions: Sequence[StretchPrediction], labels: list[str], *, multi_label: bool
    ) -> None:
        write_predictions(path, predictions)

    def read_predictions(self, path: Path) -> list[StretchPrediction]:
        return read_predictions(path)


def _beginning(text: str, most: int) -> str:
    """The first words of a stretch, up to a blank or the end of a line."""
    line = text.lstrip().split("\n", 1)[0]
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0]
