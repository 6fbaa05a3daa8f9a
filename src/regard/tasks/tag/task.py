"""`tag`: a tag for each word of a text. Names (in BIO or BIOES), parts of speech, anything that words can carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regard.errors import UsageError
from regard.recipe import DataOptions, Recipe
from regard.records import Corpus, RunFolder, Scores, TaggedCorpus, TagPrediction
from regard.records.tags import OUTSIDE, scheme_of
from regard.tasks.tag.building import build_network, load_encoder, word_encoder
from regard.tasks.tag.predictions import read_predictions, write_predictions
from regard.tasks.tag.taggers import BaselineTagger, NetworkTagger, documents
from regard.tasks.task import Task, load_network, refuse_questions, undamaged
from regard.text.diagnosis import Diagnosis
from regard.text.doctor_tags import examine_tags, mend_tags
from regard.text.read_tags import read_tagged, require_tagged, write_tagged
from regard.text.word_windows import EncodedWords
from regard.text.words import with_words


class Tag(Task):
    word = "tag"
    headline = "f1"
    counted = "words"

    def read(
        self, source: Any, options: DataOptions, *, needs_gold: bool = True, offline: bool = False
    ) -> TaggedCorpus:
        return read_tagged(
            source,
            words_column=options.text_column,
            tags_column=options.label_column,
            needs_tags=needs_gold,
            offline=offline,
        )

    def require(self, source: str | Path) -> None:
        require_tagged(source)

    def keep(self, corpus: TaggedCorpus, path: Path, options: DataOptions | None = None) -> Path:
        named = {"words_column": options.text_column, "tags_column": options.label_column} if options else {}
        return write_tagged(corpus, path, **{name: column for name, column in named.items() if column})

    def given(self, texts: Sequence[str], questions: Sequence[str] | None = None) -> TaggedCorpus:
        refuse_questions(self.word, questions)
        return with_words(Corpus("given texts", [str(row) for row in range(len(texts))], list(texts)))

    def labels(self, train: TaggedCorpus) -> list[str]:
        """Tags by their names; of a scheme `O`, then every prefix of every type, though training may lack one."""
        names = train.label_names()
        if scheme_of(names) is None:
            return sorted(names)
        marked = [tag.partition("-") for tag in names if tag != OUTSIDE]
        prefixes = sorted({"B", "I", *(prefix for prefix, _, _ in marked)})
        kinds = sorted({kind for _, _, kind in marked})
        return [OUTSIDE, *(f"{prefix}-{kind}" for kind in kinds for prefix in prefixes)]

    def examine(
        self,
        parts: Mapping[str, TaggedCorpus],
        *,
        token_lengths: Mapping[str, Sequence[int]] | None = None,
        max_length: int | None = None,
    ) -> Diagnosis:
        return examine_tags(parts, token_lengths=token_lengths, max_length=max_length)

    def mend(self, corpus: TaggedCorpus, path: Path) -> list[str]:
        mended, changes = mend_tags(corpus)
        write_tagged(mended, path)
        return [str(change) for change in changes]

    def fit_baseline(self, recipe: Recipe, train: TaggedCorpus, labels: list[str]) -> BaselineTagger:
        model = recipe.entry.load()(recipe.model_options)
        model.fit(documents(train), train.labels)
        return BaselineTagger(model, labels, recipe.model_name)

    def encoder(self, recipe: Recipe, train: TaggedCorpus, *, offline: bool = False) -> Any:
        _refuse_strategy(recipe)
        return word_encoder(recipe, train, offline=offline)

    def encode(self, encoder: Any, corpus: TaggedCorpus, *, offsets: bool = False) -> list[EncodedWords]:
        encoded: list[EncodedWords] = encoder.encode(corpus.texts, corpus.words)
        return encoded

    def network(
        self,
        recipe: Recipe,
        encoder: Any,
        labels: list[str],
        *,
        multi_label: bool = False,
        offline: bool = False,
    ) -> NetworkTagger:
        model = build_network(recipe, encoder, labels, offline=offline)
        return NetworkTagger(model, encoder, labels, recipe.model_name, recipe.entry.kind)

    def load(self, run: RunFolder) -> BaselineTagger | NetworkTagger:
        recipe, facts = undamaged(run)
        if recipe.entry.kind == "baseline":
            return BaselineTagger(recipe.entry.load().load(run.model), facts["labels"], recipe.model_name)
        model = load_network(run.model, "AutoModelForTokenClassification")
        encoder = load_encoder(recipe, run.model)
        return NetworkTagger(model, encoder, facts["labels"], recipe.model_name, recipe.entry.kind)

    def score(
        self, predictions: Sequence[TagPrediction], labels: list[str], *, part: str, multi_label: bool, seed: int
    ) -> Scores:
        from regard.metrics.tag import score_tags

        return score_tags(predictions, labels, part=part, seed=seed)

    def tally(self, prediction: TagPrediction) -> tuple[float, float]:
        from regard.metrics.tag import tally_tags

        return tally_tags(prediction)

    def is_right(self, prediction: TagPrediction) -> bool:
        return prediction.output == prediction.gold

    def asked_again(self, prediction: TagPrediction) -> TaggedCorpus:
        words = [list(prediction.words)]
        return TaggedCorpus("given texts", [prediction.id], [prediction.input], words=words)

    def telling(self, prediction: TagPrediction) -> str | None:
        """The surest word whose tag is wrong; of a text that is right its surest word with an entity or any tag."""
        gold = prediction.gold or prediction.output
        sure = list(enumerate(prediction.confidences))
        wrong = [item for item in sure if prediction.output[item[0]] != gold[item[0]]]
        marked = [item for item in sure if prediction.output[item[0]] != OUTSIDE]
        best = max(wrong or marked or sure, key=lambda item: item[1], default=None)
        return None if best is None else str(best[0])

    def write(self, path: Path, predictions: Sequence[TagPrediction], labels: list[str], *, multi_label: bool) -> None:
        write_predictions(path, predictions, labels)

    def read_predictions(self, path: Path) -> list[TagPrediction]:
        return read_predictions(path)


def _refuse_strategy(recipe: Recipe) -> None:
    if recipe.tokens.strategy != "windows":
        raise UsageError(
            f"tokens.strategy: tag reads all of a text, in windows (given: {recipe.tokens.strategy})",
            mend="leave it out; tokens.max_windows bounds how much of a long text is read",
        )
