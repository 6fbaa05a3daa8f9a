"""A trained tagger as a component of a spaCy pipeline:

    nlp = spacy.blank("en")
    nlp.add_pipe("regard", config={"run": "runs/wnut-lstm"})
    doc = nlp("Ada Lovelace lived in London.")
    [(entity.text, entity.label_, entity._.confidence) for entity in doc.ents]

Where Regard is installed spaCy finds the word "regard" by itself; else `import regard.spacy`. Tags of a scheme (B-, I-)
become `doc.ents`; others each word's `pos_` where all of them are universal parts of speech, else its `tag_`. The words
that are tagged are spaCy's own tokens, but for those of white space alone. Loads spaCy; the model with the first text.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from regard import manifest
from regard.errors import ModelError, UsageError
from regard.jobs.load import Model, load
from regard.records import RunFolder, TaggedCorpus, TagPrediction
from regard.records.tags import entities, parts, scheme_of

try:
    from spacy.language import Language
    from spacy.parts_of_speech import IDS
    from spacy.tokens import Doc, Span, Token
    from spacy.util import minibatch
except ImportError:
    raise UsageError("spaCy is not installed", mend='pip install "regard[spacy]"') from None

__all__ = ["FACTORY", "RegardTagger"]

FACTORY = "regard"
SAVED = "model.json"
WHITE_SPACE = {"pos_": "SPACE", "tag_": "_SP"}
"""What spaCy's own pipelines give a token of white space."""

for _holder in (Span, Token):
    if not _holder.has_extension("confidence"):
        _holder.set_extension("confidence", default=None)


class RegardTagger:
    """The tagger of the run folder `run` in a pipeline. With `overwrite` what stood there before goes; without it
    entities that are there stay, with ours where they leave room, and so do tags.

    `entity._.confidence` is the mean of its words', `token._.confidence` that of a word's tag; both None where nothing
    of ours stands. Raises `ModelError` where there is no finished run, `UsageError` where it is no tagger's.
    """

    def __init__(self, name: str, run: str, *, overwrite: bool = True) -> None:
        self.name, self.overwrite = name, overwrite
        self.model: Model = _tagger(run)
        self.scheme = scheme_of(self.model.labels)
        self.attribute = "pos_" if all(label in IDS for label in self.model.labels) else "tag_"
        self._sha256 = _hash(self.model.run)
        self._process = os.getpid()

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can assign: types of entities, or tags."""
        if self.scheme is None:
            return tuple(self.model.labels)
        return tuple(sorted({kind for _, kind in map(parts, self.model.labels) if kind}))

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Tag documents, so many at once, in order."""
        if os.getpid() != self._process:
            import torch

            # One of `n_process`: a fork has none of the threads that torch had before, and would wait for them.
            torch.set_num_threads(1)
        for docs in minibatch(stream, size=batch_size):
            said = self.model.ask(_corpus(docs))
            for doc, prediction in zip(docs, said, strict=True):
                if self.scheme is None:
                    self._tag(doc, prediction)
                else:
                    self._mark(doc, prediction)
            yield from docs

    def _tag(self, doc: Doc, prediction: TagPrediction) -> None:
        free = [token for token in doc if self.overwrite or not getattr(token, self.attribute)]
        said = dict(zip(_words(doc), zip(prediction.output, prediction.confidences, strict=True), strict=True))
        for token in free:
            tag, sure = said.get(token, (WHITE_SPACE[self.attribute], None))
            setattr(token, self.attribute, tag)
            token._.set("confidence", sure)

    def _mark(self, doc: Doc, prediction: TagPrediction) -> None:
        kept = [] if self.overwrite else list(doc.ents)
        taken = {place for entity in kept for place in range(entity.start, entity.end)}
        words = _words(doc)
        for (start, end, kind), entity in zip(entities(prediction.output), prediction.entities, strict=True):
            first, after = words[start].i, words[end - 1].i + 1
            if taken.isdisjoint(range(first, after)):
                kept.append(Span(doc, first, after, label=kind))
                kept[-1]._.set("confidence", entity.confidence)
        doc.ents = kept

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """Which model it is. The run folder is not copied: its path stands in the pipeline's config."""
        return json.dumps({"sha256": self._sha256}).encode()

    def from_bytes(self, data: bytes, *, exclude: Sequence[str] = ()) -> "RegardTagger":
        """Raises `ModelError` where the pipeline was saved with another model than the run folder has."""
        try:
            same = json.loads(data)["sha256"] == self._sha256
        except (ValueError, LookupError, TypeError):
            raise ModelError(f"what was saved of {self.name!r} is damaged", mend="save the pipeline again") from None
        if not same:
            raise ModelError(
                f"{self.model.run.path} holds another model than the pipeline was saved with",
                mend=f'name its run folder: spacy.load(..., config={{"components.{self.name}.run": "FOLDER"}})',
            )
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SAVED).write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> "RegardTagger":
        file = Path(path) / SAVED
        if not file.is_file():
            raise ModelError(f"{file} is missing", mend="save the pipeline again")
        return self.from_bytes(file.read_bytes())


@Language.factory(
    FACTORY,
    default_config={"overwrite": True},
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "token.pos", "token.tag"],
)
def make(nlp: Language, name: str, run: str, overwrite: bool) -> RegardTagger:
    return RegardTagger(name, run, overwrite=overwrite)


def _tagger(run: str) -> Model:
    model = load(run)
    if model.recipe.task != "tag":
        raise UsageError(
            f"{run} is a run of {model.recipe.task}: a spaCy pipeline takes a tagger",
            mend="give the run folder of a training with --task tag",
        )
    return model


def _hash(run: RunFolder) -> str:
    """Of the model's manifest, which holds the hash of each of its files."""
    try:
        return manifest.sha256(run.model / manifest.NAME)
    except OSError as error:
        raise ModelError(f"{run.model} is not as training left it: {error}", mend="train again") from None


def _words(doc: Doc) -> list[Token]:
    """The tokens that a tagger is asked for."""
    return [token for token in doc if not token.is_space]


def _corpus(docs: Sequence[Doc]) -> TaggedCorpus:
    """Documents as the tagger reads them, their own tokens as words."""
    return TaggedCorpus(
        source="spaCy documents",
        ids=[str(number) for number in range(len(docs))],
        texts=[doc.text for doc in docs],
        words=[[(token.idx, token.idx + len(token)) for token in _words(doc)] for doc in docs],
    )
