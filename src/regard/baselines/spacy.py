"""`spacy`: the packaged spaCy pipeline as it is, its types named as the data name them.

Notable: nothing of spaCy's model learns here. What is learned is which of its types means which of the data's, on the
training part alone: each of its types goes to the type that it coincides with most often, or to none where that would
cost F1. The mapping is saved with the run.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from regard import assets
from regard.baselines.options import SpacyOptions
from regard.errors import ModelError, UsageError
from regard.records import without_surrogates
from regard.records.tags import OUTSIDE, Scheme, Stretch, entities, scheme_of, spelled

ASSET = "spacy-en"
FILE = "spacy.json"
ATTRIBUTES = ("pos_", "tag_")  # universal parts of speech; the Penn Treebank's
AT_ONCE = 256

Document = tuple[Sequence[str], Sequence[bool]]
"""The words of a text, and after which of them a blank follows."""


class SpacyTagger:
    """`mapping` is from spaCy's types (or parts of speech) to the data's; `attribute` says which parts of speech, None
    for named entities in `scheme`."""

    def __init__(self, options: SpacyOptions) -> None:
        self.options = options
        self.mapping: dict[str, str] = {}
        self.scheme: Scheme | None = None
        self.attribute: str | None = None
        self.fallback = OUTSIDE
        self._pipeline: Any = None

    def fit(self, documents: Sequence[Document], tags: Sequence[Sequence[str]]) -> None:
        """Learn the mapping from texts with gold tags."""
        self.scheme = scheme_of(tag for row in tags for tag in row)
        seen = list(self._read(documents))
        if self.scheme is not None:
            self.mapping = _types([entities(row) for row in tags], [found for found, _ in seen])
            return
        own = [Counter[tuple[str, str]]() for _ in ATTRIBUTES]
        for (_, columns), row in zip(seen, tags, strict=True):
            for counts, column in zip(own, columns, strict=True):
                counts.update(zip(column, row, strict=True))
        best = max(range(len(ATTRIBUTES)), key=lambda place: _agreed(own[place]))
        self.attribute, self.mapping = ATTRIBUTES[best], _likeliest(own[best])
        commonest = Counter(tag for row in tags for tag in row).most_common(1)
        self.fallback = commonest[0][0] if commonest else OUTSIDE

    def tag(self, documents: Sequence[Document]) -> list[list[str]]:
        """The tags of each text's words, in the data's own names."""
        rows = []
        for (words, _), (found, columns) in zip(documents, self._read(documents), strict=True):
            if self.attribute is None:
                kept = [(start, end, self.mapping[kind]) for start, end, kind in found if kind in self.mapping]
                rows.append(spelled(kept, len(words), self.scheme or "bio"))
            else:
                column = columns[ATTRIBUTES.index(self.attribute)]
                rows.append([self.mapping.get(tag, self.fallback) for tag in column])
        return rows

    def _read(self, documents: Iterable[Document]) -> Iterator[tuple[list[Stretch], list[list[str]]]]:
        """Of each text spaCy's entities, and its words' parts of speech by each of `ATTRIBUTES`."""
        pipeline = self.pipeline  # before spaCy is imported: without it, it says what to install
        from spacy.tokens import Doc

        made = (
            Doc(pipeline.vocab, words=[without_surrogates(word) for word in words], spaces=list(spaces))
            for words, spaces in documents
        )
        for read in pipeline.pipe(made, batch_size=AT_ONCE):
            found = [(entity.start, entity.end, entity.label_) for entity in read.ents]
            yield found, [[getattr(token, name) for token in read] for name in ATTRIBUTES]

    @property
    def pipeline(self) -> Any:
        if self._pipeline is None:
            self._pipeline = load_pipeline()
        return self._pipeline

    def save(self, folder: Path) -> None:
        """spacy.json: the mapping, and which pipeline it is for; the pipeline itself stays in the cache of assets."""
        document = {
            "asset": ASSET,
            "sha256": assets.ASSETS[ASSET].sha256,
            "options": self.options.model_dump(),
            "scheme": self.scheme,
            "attribute": self.attribute,
            "fallback": self.fallback,
            "mapping": self.mapping,
        }
        (folder / FILE).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SpacyTagger:
        """Raises `ModelError` where spacy.json is damaged or of another pipeline than the packaged one."""
        try:
            document = json.loads((folder / FILE).read_text(encoding="utf-8"))
            made = cls(SpacyOptions(**document["options"]))
            made.scheme, made.attribute = document["scheme"], document["attribute"]
            made.mapping, made.fallback = dict(document["mapping"]), document["fallback"]
            pipeline = document["sha256"]
            if made.attribute not in (None, *ATTRIBUTES):
                raise ValueError(f"no attribute of a word is called {made.attribute!r}")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{folder / FILE} is damaged: {error}", mend="train again") from None
        if pipeline != assets.ASSETS[ASSET].sha256:
            raise ModelError(f"{folder / FILE} is for another version of {ASSET}", mend="train again")
        return made


def load_pipeline() -> Any:
    """The packaged pipeline. Raises `UsageError` without spaCy, `ModelError` where the asset is not in the cache or
    spaCy can't load it."""
    try:
        import spacy
    except ImportError:
        raise UsageError("spaCy is not installed", mend='pip install "regard[spacy]"') from None
    folder = assets.path(ASSET)
    try:
        # The lemmatiser needs what the tagger says and gives nothing that is asked for here.
        return spacy.load(folder, exclude=["lemmatizer"])
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        message = f"spaCy {spacy.__version__} can't load the asset {ASSET!r}: {first}"
        raise ModelError(message, mend=f"delete {folder.parent} and `regard get {ASSET}`") from None


def _types(gold: Sequence[Sequence[Stretch]], found: Sequence[Sequence[Stretch]]) -> dict[str, str]:
    """spaCy's types with the type of the data that each is most often, as many of them as give the highest F1.

    Of groups of outputs the best choice by F1 takes all above some precision: so they are taken by falling precision.
    """
    often: defaultdict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for right, said in zip(gold, found, strict=True):
        kinds = {(start, end): kind for start, end, kind in right}
        for start, end, kind in said:
            total[kind] += 1
            if (start, end) in kinds:
                often[kind][kinds[start, end]] += 1
    best = {kind: counts.most_common(1)[0] for kind, counts in sorted(often.items())}
    ranked = sorted(best, key=lambda kind: -best[kind][1] / total[kind])
    wanted = sum(map(len, gold))
    hits = given = 0
    reached = [0.0]
    for kind in ranked:
        hits, given = hits + best[kind][1], given + total[kind]
        reached.append(2 * hits / (given + wanted))
    return {kind: best[kind][0] for kind in ranked[: reached.index(max(reached))]}


def _likeliest(counts: Counter[tuple[str, str]]) -> dict[str, str]:
    """Each tag of spaCy's with the data's tag that it stands beside most often."""
    of_each: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (own, gold), times in counts.items():
        of_each[own][gold] += times
    return {own: min(gold, key=lambda tag: (-gold[tag], tag)) for own, gold in sorted(of_each.items())}


def _agreed(counts: Counter[tuple[str, str]]) -> int:
    """How many words are right by the likeliest tags."""
    mapping = _likeliest(counts)
    return sum(times for (own, gold), times in counts.items() if mapping[own] == gold)
