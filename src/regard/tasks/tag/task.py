"""`tag`: a tag for each word of a text. Names (in BIO or BIOES), parts of speech, anything that words can carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regard.errors import DataError, UsageError
from regard.recipe import DataOptions, Recipe
from regard.records import Corpus, RunFolder, Scores, TaggedCorpus, TagPrediction
from regard.records.tags import OUTSIDE, parts, scheme_of
from regard.tasks.tag.building import build_network, load_encoder, word_encoder
from regard.tasks.tag.predictions import read_predictions, write_predictions
from regard.tasks.tag.taggers import BaselineTagger, NetworkTagger, documents
from regard.tasks.task import Task, load_network, refuse_questions, undamaged
from regard.text import split
from regard.text.diagnosis import Diagnosis
from regard.text.doctor_tags import examine_tags, mend_tags
from regard.text.lined import word_line
from regard.text.read_tags import read_tagged, require_tagged, write_tagged
from regard.text.word_windows import EncodedWords
from regard.text.words import with_words


class Tag(Task):
    word = "tag"
    corpus = TaggedCorpus
    headline = "f1"
    counted = "words"
    not_read = "words that are not read get a tag of confidence 0"

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

    def cut(self, corpus: Any, *, fraction: float, seed: int, how: split.How) -> split.Cut[Any]:
        """Equal texts on one side, and no type in validation alone: a model could never give it."""
        kinds = _kinds(corpus)
        return split.cut_groups(corpus, corpus.texts, fraction=fraction, seed=seed, how=how, kinds=kinds)

    def limit(self, corpus: Any, n: int, *, seed: int, how: split.How) -> Any:
        return split.limit_rows(corpus, n, seed=seed, how=how, kinds=_kinds(corpus))

    def labels(self, train: TaggedCorpus) -> list[str]:
        """Tags by their names; of a scheme `O`, then every prefix of it with every type, though training may lack one.
        BILOU keeps its own letters."""
        names = train.label_names()
        scheme = scheme_of(names)
        if scheme is None:
            return sorted(names)
        bilou = any(tag.startswith(("L-", "U-")) for tag in names)
        prefixes = "BI" if scheme == "bio" else "BILU" if bilou else "BEIS"
        kinds = sorted({parts(tag)[1] for tag in names} - {""})
        return [OUTSIDE, *(f"{prefix}-{kind}" for kind in kinds for prefix in prefixes)]

    def answerable(self, corpus: TaggedCorpus, labels: Sequence[str]) -> list[int]:
        known = {parts(tag) for tag in labels}
        return [row for row, tags in enumerate(corpus.labels or []) if known.issuperset(map(parts, tags))]

    def refuse_unknown(self, corpus: TaggedCorpus, labels: list[str], *, multi_label: bool) -> None:
        known = {parts(tag) for tag in labels}
        for row, tags in enumerate(corpus.labels or []):
            for place, tag in enumerate(tags):
                if parts(tag) not in known:
                    raise DataError(
                        f"the model does not know the tag {tag!r} of the word {corpus.tokens(row)[place]!r} "
                        f"({', '.join(labels[:20])}{', …' if len(labels) > 20 else ''})",
                        file=corpus.source,
                        line=word_line(corpus, row, place),
                        mend="correct it, or train on examples of it",
                    )

    def examine(
        self,
        parts: Mapping[str, TaggedCorpus],
        *,
        token_lengths: Mapping[str, Sequence[int]] | None = None,
        max_length: int | None = None,
    ) -> Diagnosis:
        return examine_tags(parts, token_lengths=token_lengths, max_length=max_length)

    def mend(self, corpus: TaggedCorpus, path: Path) -> list[str]:
        if path.suffix.lower() not in (".parquet", ".pq", ".conll"):
            raise UsageError(f"{path}: a Parquet file or CoNLL columns are written", mend="name it .parquet or .conll")
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

    def unread(self, encoded: EncodedWords, reach: int) -> int:
        """Windows are of whole words, so that a little less, or more, than `reach` may be read."""
        return max(encoded.unread, encoded.tokens_in_text - reach) if encoded.unread else 0

    def teaches(self, target: Sequence[int]) -> bool:
        return len(target) > 0

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

    def telling(self, prediction: TagPrediction) -> int | None:
        """The number of the surest word whose tag is wrong, of those that are read, one with an entity first; of a text
        that is right there that of its surest word with an entity, else with any tag."""
        gold = prediction.gold or prediction.output
        read = [number for number, sure in enumerate(prediction.confidences) if sure]
        wrong = [number for number in read if prediction.output[number] != gold[number]]
        marked = [number for number in read if prediction.output[number] != OUTSIDE]
        given = [number for number in wrong if prediction.output[number] != OUTSIDE]
        return max(given or wrong or marked or read, key=lambda number: prediction.confidences[number], default=None)

    def shows(self, prediction: TagPrediction) -> bool:
        return any(tag != OUTSIDE for tag in prediction.output)

    def write(self, path: Path, predictions: Sequence[TagPrediction], labels: list[str], *, multi_label: bool) -> None:
        write_predictions(path, predictions, labels)

    def read_predictions(self, path: Path) -> list[TagPrediction]:
        return read_predictions(path)


def _kinds(corpus: TaggedCorpus) -> list[set[str]]:
    """The types of entities of each text; of tags without a scheme these."""
    return [{parts(tag)[1] for tag in tags} - {""} for tags in corpus.labels or [()] * len(corpus)]


def _refuse_strategy(recipe: Recipe) -> None:
    if recipe.tokens.strategy != "windows":
        raise UsageError(
            f"tokens.strategy: tag reads all of a text, in windows (given: {recipe.tokens.strategy})",
            mend="leave it out; tokens.max_windows bounds how much of a long text is read",
        )
