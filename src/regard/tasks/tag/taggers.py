"""Trained taggers, a baseline or a network: input, loss, decoding, and what a prediction is.

Notable: a text that is read in windows is tagged as a whole. The states of its words are gathered from the windows that
answer for them before tags are chosen, so that a CRF sees one chain however long the text is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.errors import DataError
from regard.recipe import TrainingOptions
from regard.records import Entity, Span, TaggedCorpus, TagPrediction
from regard.records.tags import OUTSIDE, entities, parts, scheme_of, spelled
from regard.text.batch import IGNORED, TokenBudget, pad
from regard.text.word_windows import EncodedWords

if TYPE_CHECKING:
    from torch import Tensor, nn

Tagged = tuple[Sequence[str], Sequence[float]]
"""The tags of a text's words, and the probability of each."""


@dataclass
class BaselineTagger:
    """A pipeline of another house, with its types named as the data name them; it gives no probabilities."""

    model: Any
    labels: list[str]
    architecture: str
    kind: str = "baseline"
    multi_label: bool = False

    def predictions(self, corpus: TaggedCorpus) -> list[TagPrediction]:
        tags = self.model.tag(documents(corpus))
        return as_predictions(corpus, [(row, [1.0] * len(row)) for row in tags], self.labels)

    @property
    def folders(self) -> list[Path]:
        """Where the pipeline lies that is run: none of it is in the run folder."""
        from regard import assets
        from regard.baselines.spacy import ASSET

        return [assets.path(ASSET)]

    def save(self, folder: Path) -> None:
        self.model.save(folder)


def documents(corpus: TaggedCorpus) -> list[tuple[list[str], list[bool]]]:
    """Of each text its words, and whether a blank follows each of them."""
    return [
        (corpus.tokens(row), [text[end : end + 1].isspace() for _, end in words])
        for row, (text, words) in enumerate(zip(corpus.texts, corpus.words, strict=True))
    ]


@dataclass
class NetworkTagger:
    """A network or checkpoint with its encoder of words. `batch_tokens` bounds the memory of one batch."""

    model: Any
    encoder: Any
    labels: list[str]
    architecture: str
    kind: str = "network"
    multi_label: bool = False
    batch_tokens: int = 8192

    @property
    def reach(self) -> int:
        return int(self.encoder.reach)

    def targets(self, corpus: TaggedCorpus, encoded: Sequence[EncodedWords]) -> list[list[int]]:
        """Tag numbers of the words that are read. Tags that break their scheme are read as the entities that they mark,
        and an entity that is read in part ends there, since a CRF could learn nothing from what it forbids. Raises
        `DataError` for a tag that training never saw."""
        if corpus.labels is None:
            raise DataError("no tags in it", file=corpus.source, mend="name the column with --label-column")
        place = {tag: number for number, tag in enumerate(self.labels)}
        rows = []
        for row, (tags, item) in enumerate(zip(corpus.labels, encoded, strict=True)):
            own = spelled_as(self.labels, tags[: len(tags) - item.unread])
            if unknown := [tag for tag in own if tag not in place]:
                raise DataError(
                    f"tag {unknown[0]!r} does not occur in the training data",
                    file=corpus.source,
                    line=None if corpus.lines is None else corpus.lines[row],
                    mend="correct the tag, or add examples of it to the training data",
                )
            rows.append([place[tag] for tag in own])
        return rows

    def batch(self, encoded: Sequence[EncodedWords], targets: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        import torch

        labels, _ = pad([list(row) or [IGNORED] for row in targets], IGNORED)
        return {**batch_of(encoded, self.encoder.pad_id), "labels": torch.from_numpy(labels)}

    def loss(self, options: TrainingOptions) -> Any:
        return lambda model, batch: tag_loss(model, emissions_of(model, batch), batch)

    def validate(
        self, encoded: Sequence[EncodedWords], targets: Sequence[Sequence[int]], corpus: TaggedCorpus
    ) -> dict[str, float]:
        """Loss a word; entity F1 where the tags mark entities, else that of all words alike; accuracy, macro-F1."""
        from regard.metrics.tag_counts import TagCounts

        rows, loss = self._read(encoded, targets)
        counts = TagCounts.of(self._predictions(rows, encoded, corpus), self.labels)
        figures = counts.figures(counts.rows.sum(axis=0))
        return {"loss": loss, **{name: float(figures[name]) for name in ("f1", "accuracy", "macro_f1")}}

    def encode(self, corpus: TaggedCorpus) -> list[EncodedWords]:
        encoded: list[EncodedWords] = self.encoder.encode(corpus.texts, corpus.words)
        return encoded

    def predictions(self, corpus: TaggedCorpus) -> list[TagPrediction]:
        return self.encoded_predictions(self.encode(corpus), corpus)

    def settle(self, encoded: Sequence[EncodedWords], corpus: TaggedCorpus) -> None:
        """Nothing is chosen but the weights."""

    def encoded_predictions(self, encoded: Sequence[EncodedWords], corpus: TaggedCorpus) -> list[TagPrediction]:
        rows, _ = self._read(encoded, None)
        return self._predictions(rows, encoded, corpus)

    def _predictions(
        self, rows: Sequence[Tagged], encoded: Sequence[EncodedWords], corpus: TaggedCorpus
    ) -> list[TagPrediction]:
        """Words that no window holds get no entity, for sure of nothing."""
        rest = OUTSIDE if OUTSIDE in self.labels else self.labels[0]
        whole = [
            ([*tags, *[rest] * item.unread], [*sure, *[0.0] * item.unread])
            for (tags, sure), item in zip(rows, encoded, strict=True)
        ]
        return as_predictions(corpus, whole, self.labels)

    def _read(
        self, encoded: Sequence[EncodedWords], targets: Sequence[Sequence[int]] | None
    ) -> tuple[list[Tagged], float]:
        """The tags of each text, and where targets are given the mean loss of a word.

        Evaluation mode for the call, the mode of before after it.
        """
        import torch

        training = self.model.training
        self.model.eval()
        rows: list[Tagged] = [([], [])] * len(encoded)
        loss, words = 0.0, 0
        lengths = [item.longest for item in encoded]
        windows = [len(item.windows) for item in encoded]
        budget = TokenBudget(lengths, self.batch_tokens, max_examples=256, windows=windows)
        try:
            with torch.no_grad():
                for places in budget.longest_first():
                    gold = [[] if targets is None else targets[place] for place in places]
                    batch = self.batch([encoded[place] for place in places], gold)
                    batch = {key: value.to(self.model.device) for key, value in batch.items()}
                    emissions = emissions_of(self.model, batch)
                    for place, tagged in zip(places, self._decode(emissions, batch["words"]), strict=True):
                        rows[place] = tagged
                    if targets is not None:
                        total, count = tag_loss(self.model, emissions, batch)
                        loss, words = loss + float(total), words + count
        finally:
            self.model.train(training)
        return rows, loss / max(words, 1)

    def _decode(self, emissions: Tensor, keep: Tensor) -> list[Tagged]:
        from regard.tasks.tag.networks import decode

        chosen, sure = decode(self.model, emissions, keep)
        return [
            ([self.labels[number] for number in tags], [min(one, 1.0) for one in of_each])
            for tags, of_each in zip(chosen, sure, strict=True)
        ]

    def save(self, folder: Path) -> None:
        self.model.save_pretrained(folder)
        self.encoder.save(folder)


def batch_of(encoded: Sequence[EncodedWords], pad_id: int) -> dict[str, Tensor]:
    """The windows of some texts and where their words are.

    `input_ids` and `attention_mask` `[w t]`, `characters` `[w t c]` where they are read, all padded on the right;
    `places` `[b n]`, of each word its place among the `w · t` tokens, and `words` `[b n]`, True where there is one.
    """
    import torch

    windows = [window for item in encoded for window in item.windows]
    ids, keep = pad([window.ids for window in windows], pad_id)
    firsts = np.cumsum([0, *(len(item.windows) for item in encoded)])
    places, there = pad(
        [
            [(first + number) * ids.shape[1] + token for number, token in item.places()] or [0]
            for first, item in zip(firsts, encoded, strict=False)
        ],
        0,
    )
    there &= np.array([[bool(item.places())] for item in encoded])
    batch = {
        "input_ids": torch.from_numpy(ids),
        "attention_mask": torch.from_numpy(keep).long(),
        "places": torch.from_numpy(places),
        "words": torch.from_numpy(there),
    }
    if windows[0].characters:
        batch["characters"] = torch.from_numpy(padded_characters([window.characters for window in windows], ids.shape))
    return batch


def padded_characters(rows: Sequence[Sequence[Sequence[int]]], shape: tuple[int, ...]) -> np.ndarray:
    """`[w t c]`, 0 where there is no character; c is the longest word's."""
    longest = max((len(word) for row in rows for word in row), default=1) or 1
    made = np.zeros((*shape, longest), dtype=np.int64)
    for number, row in enumerate(rows):
        for place, word in enumerate(row):
            made[number, place, : len(word)] = word
    return made


def emissions_of(model: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
    """`[b n k]`, the score of each tag of each word, from the windows that answer for them."""
    inputs = {key: batch[key] for key in ("input_ids", "attention_mask", "characters") if key in batch}
    logits = model(**inputs).logits.float()
    flat = logits.reshape(-1, logits.shape[-1])
    return flat[batch["places"].flatten()].reshape(*batch["places"].shape, -1)


def tag_loss(model: nn.Module, emissions: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, int]:
    """The summed loss of the words of a batch, and their number."""
    from regard.tasks.tag.networks import tag_loss as loss_of

    return loss_of(model, emissions, batch["labels"], batch["words"])


def as_predictions(corpus: TaggedCorpus, rows: Sequence[Tagged], labels: Sequence[str]) -> list[TagPrediction]:
    """One prediction a text, from the tags of its words and their probabilities; all are spelled as in `labels`."""
    golds = corpus.labels if corpus.labels is not None else [None] * len(corpus)
    return [
        TagPrediction(
            identity,
            text,
            tuple(words),
            spelled_as(labels, tags),
            None if gold is None else spelled_as(labels, gold),
            tuple(sure),
            found(words, tags, sure),
        )
        for identity, text, words, gold, (tags, sure) in zip(
            corpus.ids, corpus.texts, corpus.words, golds, rows, strict=True
        )
    ]


def spelled_as(labels: Sequence[str], tags: Iterable[str]) -> tuple[str, ...]:
    """The tags of one text that mark the same entities with the prefixes of `labels`: there are several ways to write
    one (IOB1 begins it with `I-`, BILOU ends it with `L-`), and none of them is a mistake. Tags without a scheme, or of
    a type that is not among the labels, stay as they are."""
    given, scheme = tuple(tags), scheme_of(labels)
    names = {parts(tag): tag for tag in labels}
    if scheme is None or not {parts(tag)[1] for tag in given}.issubset(kind for _, kind in names):
        return given
    return tuple(names[parts(tag)] for tag in spelled(entities(given), len(given), scheme))


def found(words: Sequence[Span], tags: Sequence[str], confidences: Sequence[float]) -> tuple[Entity, ...]:
    """The entities that tags mark, as characters of the text; none where the tags follow no scheme."""
    if scheme_of(tags) is None:
        return ()
    return tuple(
        Entity(words[start][0], words[end - 1][1], kind, float(np.mean(confidences[start:end])))
        for start, end, kind in entities(tags)
    )
