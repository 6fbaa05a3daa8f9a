"""The doctor of tagged texts: schemes that break, types that training never saw or hardly sees, leaks between parts.

As in `text.doctor` only what makes the result meaningless blocks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from regard.records import TaggedCorpus
from regard.records.tags import OUTSIDE, entities, parts, scheme_of
from regard.text import checks
from regard.text.broken_tags import Mended, broken, mend_tags
from regard.text.diagnosis import SEVERITIES, Diagnosis, Finding, Severity

__all__ = ["Mended", "examine_tags", "mend_tags"]

FEW = 10
"""Entities of a type (words of a tag) below which it is hardly learnt, or measured."""
LONGEST_NAME = 60
"""Characters of a name in a message."""
TELLING = 6
"""Words from which on a sentence that stands there twice is a double: "Thank you ." is said often."""


def examine_tags(
    parts: Mapping[str, TaggedCorpus],
    *,
    token_lengths: Mapping[str, Sequence[int]] | None = None,
    max_length: int | None = None,
) -> Diagnosis:
    """Examine the parts of the data (`train` first; `validation` and `test` where there are any).

    `token_lengths` are the tokens of each text of a part before any cut, `max_length` how many of them the model reads.
    In the summary of a part `labels` are how many entities of each type it has, or without a scheme words of each tag.
    """
    findings = [finding for part, corpus in parts.items() for finding in _of_one(part, corpus)]
    if "train" in parts:
        findings += [
            found for part in parts if part != "train" for found in _against(parts["train"], part, parts[part])
        ]
    findings += checks.near(parts, shortest=TELLING)
    if token_lengths and max_length:
        for part, lengths in token_lengths.items():
            findings += checks.too_long(part, lengths, max_length)
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Diagnosis(findings, {part: _summary(corpus) for part, corpus in parts.items()})


def _summary(corpus: TaggedCorpus) -> dict[str, Any]:
    scheme = scheme_of(corpus.label_names())
    return {
        "n": len(corpus),
        "labels": dict(_counts(corpus).most_common()),
        "words": sum(map(len, corpus.words)),
        "scheme": scheme,
    }


def _counts(corpus: TaggedCorpus) -> Counter[str]:
    """Entities of each type; without a scheme words of each tag."""
    if scheme_of(corpus.label_names()) is None:
        return Counter(tag for tags in corpus.labels or [] for tag in tags)
    return Counter(kind for tags in corpus.labels or [] for _, _, kind in entities(tags))


def _of_one(part: str, corpus: TaggedCorpus) -> Iterator[Finding]:
    yield from checks.empty_texts(part, corpus)
    yield from checks.odd_characters(part, corpus)
    for finding in checks.duplicates(part, corpus, shortest=TELLING):
        yield _of_tags(finding)
    yield from _no_words(part, corpus)
    if corpus.labels is not None:
        yield from _broken(part, corpus)
        yield from _kinds(part, corpus)
        yield from _without_scheme(part, corpus)
        yield from _two_types(part, corpus)


def _against(train: TaggedCorpus, part: str, corpus: TaggedCorpus) -> Iterator[Finding]:
    if len(corpus):
        yield from checks.shared_with_train(part, corpus, train, shortest=TELLING)
        yield from _tag_sets(part, corpus, train)


def _of_tags(finding: Finding) -> Finding:
    if finding.code != "conflicting_labels":
        return finding
    texts = "text is" if finding.count == 1 else "different texts are"
    message = f"{finding.count:,} {texts} tagged in two ways or more"
    return replace(finding, message=message, mend="decide for one way of each")


def _no_words(part: str, corpus: TaggedCorpus) -> Iterator[Finding]:
    rows = [row for row, words in enumerate(corpus.words) if not words]
    if rows and len(rows) < len(corpus):
        message = f"{checks.counted(rows, corpus)} without any word"
        yield checks.at_rows("warn", "no_words", part, message, corpus, rows, "take them out")


def _broken(part: str, corpus: TaggedCorpus) -> Iterator[Finding]:
    found = broken(corpus)
    if not found:
        return
    rows = len({item.row for item in found})
    kinds = Counter(item.what for item in found)
    told = "; ".join(f"{n:,} {what}" for what, n in kinds.most_common())
    tags = f"{len(found):,} tag{' does' if len(found) == 1 else 's do'} not follow the scheme"
    message = f"{tags}, in {rows:,} text{'' if rows == 1 else 's'}: {told}"
    examples = [{"id": item.id, "line": item.line, "text": item.told()} for item in found[: checks.EXAMPLES]]
    mend = (
        "read as CoNLL's scorer does: an I- or E- that goes on with nothing begins an entity; --mend OUT writes it so"
    )
    yield Finding("warn", "broken_scheme", part, message, mend, rows, rows / len(corpus), examples)


def _kinds(part: str, corpus: TaggedCorpus) -> Iterator[Finding]:
    """One tag only, and types that are rare."""
    tags, counts = corpus.label_names(), _counts(corpus)
    if len(tags) == 1 and part == "train":
        message = f"every word has the tag {tags[0]!r}"
        mend = "give texts with at least two tags; is it the right column (--label-column)?"
        yield Finding("block", "one_class", part, message, mend, len(corpus), 1.0)
    rare = sorted((kind for kind, n in counts.items() if n < FEW), key=lambda kind: (counts[kind], kind))
    if rare and len(tags) > 1:
        what = "words" if scheme_of(tags) is None else "entities"
        shown = [f"{kind} {counts[kind]}" for kind in rare[:5]]
        more = f" and {len(rare) - 5} more" if len(rare) > 5 else ""
        message = f"fewer than {FEW} {what}: {', '.join(shown)}{more}"
        does = "hardly learnt" if part == "train" else "measured on too few to tell much"
        severity: Severity = "warn" if part == "train" else "note"
        yield Finding(severity, "rare_types", part, f"{message}; {does}", None, len(rare), len(rare) / len(counts))


def _without_scheme(part: str, corpus: TaggedCorpus) -> Iterator[Finding]:
    tags = corpus.label_names()
    if OUTSIDE in tags and len(tags) > 1 and scheme_of(tags) is None:
        message = f"{OUTSIDE!r} stands beside tags without a prefix: words are scored, not entities"
        mend = "where entities are meant, write B-TYPE for their first word and I-TYPE for the rest"
        yield Finding("note", "no_scheme", part, message, mend, len(corpus), 1.0)


def _two_types(part: str, corpus: TaggedCorpus) -> Iterator[Finding]:
    """Names that are tagged as entities of different types: rightly so, or by two annotators."""
    types: defaultdict[str, Counter[str]] = defaultdict(Counter)
    first: dict[str, int] = {}
    for row, tags in enumerate(corpus.labels or []):
        for start, end, kind in entities(tags):
            name = " ".join(corpus.tokens(row)[start:end])
            types[name][kind] += 1
            first.setdefault(name, row)
    torn = sorted((name for name, own in types.items() if len(own) > 1), key=lambda name: -types[name].total())
    if torn:
        kinds = [", ".join(f"{kind} {n}" for kind, n in types[name].most_common(3)) for name in torn[:3]]
        shown = [f"{name[:LONGEST_NAME]!r} ({own})" for name, own in zip(torn, kinds, strict=False)]
        more = f" and {len(torn) - 3} more" if len(torn) > 3 else ""
        verb = "name has" if len(torn) == 1 else "names have"
        message = f"{len(torn):,} {verb} two types or more: {', '.join(shown)}{more}"
        rows = [first[name] for name in torn]
        yield checks.at_rows("note", "two_types", part, message, corpus, rows, "look at them: are all meant?")


def _tag_sets(part: str, corpus: TaggedCorpus, train: TaggedCorpus) -> Iterator[Finding]:
    """Tags that train does not have (of a type that it has: only told), and those that nothing is measured on."""
    known, own = set(train.label_names()), set(corpus.label_names())
    if not known or not own:
        return
    types, unknown = {_kind(tag) for tag in known}, own - known
    alike = scheme_of(known) == scheme_of(own)
    if new := sorted(tag for tag in unknown if not alike or _kind(tag) not in types):
        rows = [row for row, tags in enumerate(corpus.labels or []) if not set(new).isdisjoint(tags)]
        message = f"tags that train does not have: {checks.named(new)}"
        mend = "spell tags alike in both, or take these texts out"
        yield checks.at_rows("block", "unknown_labels", part, message, corpus, rows, mend)
    elif unknown:
        message = f"train has the types but not the tags {checks.named(sorted(unknown))}"
        yield Finding("note", "unseen_tags", part, message, None, len(unknown))
    if missing := sorted(types - {_kind(tag) for tag in own} - {""}):
        message = f"no word of {checks.named(missing)}: nothing is measured on it"
        yield Finding("note", "missing_labels", part, message, None, len(missing))


def _kind(tag: str) -> str:
    """The type of a tag, or the tag where it has none; the empty string for `O`."""
    return parts(tag)[1]
