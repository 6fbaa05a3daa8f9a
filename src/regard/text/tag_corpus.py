"""Sentences of a file as a corpus: every word and every tag checked, every word found in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from regard.errors import DataError
from regard.records import Label, Span, without_surrogates
from regard.records.tags import OUTSIDE, parts
from regard.text.align import align, joined
from regard.text.formats.sentences import Sentence, Sentences
from regard.text.lined import LinedCorpus

_MEND_WORD = "take it out, with its tag"
_MEND_TAG = "give every word a tag, O where it is of no kind"
_MEND_SCHEME = "write B-TYPE where an entity begins, I-TYPE where it goes on, and O elsewhere"
_LIKE_A_SCHEME = re.compile(r"[BIESLU]|(?i:[BIESLUM])[-_:].+|.+[-_][BIESLU]")


def corpus_of(found: Sentences, *, needs_tags: bool) -> LinedCorpus:
    """The corpus of some sentences. Raises `DataError` for an empty word, and for what is wrong with the tags: unequal
    numbers, an empty one, names that are neither all of a scheme nor all of none; without `needs_tags` that makes
    `labels` None."""
    words = [_words(found, sentence) for sentence in found.sentences]
    placed = [_placed(sentence, own) for sentence, own in zip(found.sentences, words, strict=True)]
    names = [sentence.name for sentence in found.sentences]
    try:
        labels = _labels(found)
    except DataError as error:
        if needs_tags:
            raise
        labels, found.columns["tags"] = None, f"none ({error.message})"
    columns = dict(found.columns)
    if told := _told(found, placed):
        columns["text"] = told
    return LinedCorpus(
        source=found.source,
        ids=[name or "" for name in names] if _are_ids(names) else [str(row) for row in range(1, len(names) + 1)],
        texts=[text for text, _, _ in placed],
        labels=labels,
        lines=[sentence.line for sentence in found.sentences],
        columns=columns,
        contiguous=found.contiguous,
        words=[spans for _, spans, _ in placed],
        word_lines=[sentence.lines for sentence in found.sentences],
    )


def _words(found: Sentences, sentence: Sentence) -> list[str]:
    words = [without_surrogates(word.strip()) for word in sentence.words]
    if "" in words:
        place = words.index("")
        message = f"word {place + 1} of {len(words)} is empty"
        raise found.error(sentence.lines[place], message, mend=_MEND_WORD)
    return words


def _placed(sentence: Sentence, words: list[str]) -> tuple[str, list[Span], bool]:
    """The text, the words' characters in it, and whether it is the text as given."""
    if sentence.text is not None:
        text = without_surrogates(sentence.text)
        spans = sentence.spans if _fit(text, sentence.spans, sentence.words) else align(text, words)
        if spans is not None:
            return text, spans, True
    return *joined(words), False


def _fit(text: str, spans: Sequence[Span] | None, words: Sequence[str]) -> bool:
    """Whether these are the characters of the words, in order and apart."""
    if spans is None or len(spans) != len(words):
        return False
    apart = all(before[1] <= after[0] for before, after in pairwise(spans))
    return apart and all(
        text[start:end] == without_surrogates(word) for (start, end), word in zip(spans, words, strict=True)
    )


def _told(found: Sentences, placed: Sequence[tuple[str, list[Span], bool]]) -> str | None:
    """How many rows stand in their text, where the source gives texts."""
    given = sum(sentence.text is not None for sentence in found.sentences)
    if not given:
        return None
    whole = sum(as_given for _, _, as_given in placed)
    rest = f"; {len(placed) - whole:,} are their words with blanks between them" if whole < len(placed) else ""
    return f"as given in {whole:,} of {len(placed):,} rows{rest}"


def _are_ids(names: Sequence[str | None]) -> bool:
    return bool(names) and None not in names and len(set(names)) == len(names)


def _labels(found: Sentences) -> list[Label] | None:
    if all(sentence.tags is None for sentence in found.sentences):
        raise DataError("there are no tags", file=found.source, column=found.tags_column, mend=_MEND_TAG)
    if found.class_names is not None:
        _name_numbers(found, found.class_names)
    labels: list[Label] = [tuple(_tags(found, sentence)) for sentence in found.sentences]
    _refuse_unknown_scheme(found, labels)
    return labels


def _name_numbers(found: Sentences, names: list[str]) -> None:
    """Raises `DataError` where nothing names the numbers: a model would learn them, but nobody could say which of them
    begin an entity."""
    if not names:
        message = "the tags are numbers, and nothing in the file says what they mean"
        mend = 'write their names, such as "O" and "B-location", in place of the numbers'
        raise DataError(message, file=found.source, column=found.tags_column, mend=mend)
    for sentence in found.sentences:
        for tag in sentence.tags or []:
            if not 0 <= int(tag) < len(names):
                message = f"the tag {tag} has no name: the file names {len(names)}"
                raise found.error(sentence.line, message, column=found.tags_column, mend="mend the number")
        sentence.tags = sentence.tags and [names[int(tag)] for tag in sentence.tags]
    found.columns["tags"] += "; numbers named as the file says"


def _tags(found: Sentences, sentence: Sentence) -> Iterator[str]:
    tags, column = sentence.tags, found.tags_column
    if tags is None:
        raise found.error(sentence.line, "there are no tags here", column=column, mend=_MEND_TAG)
    if len(tags) != len(sentence.words):
        message = f"{len(sentence.words)} words and {len(tags)} tags"
        raise found.error(sentence.line, message, column=column, mend=_MEND_TAG)
    for line, word, tag in zip(sentence.lines, sentence.words, tags, strict=True):
        if not tag.strip():
            raise found.error(line, f"the word {word!r} has no tag", column=column, mend=_MEND_TAG)
        yield without_surrogates(tag.strip())


def _refuse_unknown_scheme(found: Sentences, labels: Sequence[Label]) -> None:
    """Tags are `O` and names of one kind: all with a prefix (B-, I-, ...), or none."""
    names = {tag for tags in labels for tag in tags} - {OUTSIDE}
    bare = {tag for tag in names if not parts(tag)[0]}
    if bare and bare != names:
        raise _at_the_first(found, labels, bare, names - bare)
    if bare and all(_LIKE_A_SCHEME.fullmatch(tag) for tag in bare) and ("B" in bare or len(max(bare, key=len)) > 1):
        line, word, tag = _first(found, labels, bare)
        message = f"an unknown scheme of tags: {tag!r}, of the word {word!r}"
        raise found.error(line, message, column=found.tags_column, mend=_MEND_SCHEME)


def _at_the_first(found: Sentences, labels: Sequence[Label], bare: set[str], prefixed: set[str]) -> DataError:
    """Where the rarer kind of tag first is: most likely the mistake."""
    counts = [sum(tag in kind for tags in labels for tag in tags) for kind in (bare, prefixed)]
    line, word, tag = _first(found, labels, bare if counts[0] <= counts[1] else prefixed)
    other = sorted(prefixed if tag in bare else bare)[0]
    kind, others = ("no prefix", "have one") if tag in bare else ("a prefix", "have none")
    message = f"the tag {tag!r} of the word {word!r} has {kind}, others {others} (such as {other!r})"
    return found.error(line, message, column=found.tags_column, mend=_MEND_SCHEME)


def _first(found: Sentences, labels: Sequence[Label], kind: set[str]) -> tuple[int, str, str]:
    """The line, the word and the tag of the first word with a tag of this kind."""
    return next(
        (line, word, tag)
        for sentence, tags in zip(found.sentences, labels, strict=True)
        for line, word, tag in zip(sentence.lines, sentence.words, tags, strict=True)
        if tag in kind
    )
