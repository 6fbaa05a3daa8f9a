"""The doctor for questions on texts: what is wrong with them before a model learns to answer.

It blocks only what makes the result meaningless: no texts, no answer anywhere, a test that training has seen. A context
that training has too is a warning (its facts are known), the same question to it a leak.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from regard.records import Corpus, QuestionCorpus
from regard.text.answers import as_words, within_word
from regard.text.checks import EXAMPLES, MOST_SHARED, empty_texts, example, near, odd_characters
from regard.text.diagnosis import SEVERITIES, Diagnosis, Finding, Severity

WITH, WITHOUT = "with an answer", "without"


def examine_questions(
    parts: Mapping[str, QuestionCorpus],
    *,
    token_lengths: Mapping[str, Sequence[int]] | None = None,
    max_length: int | None = None,
) -> Diagnosis:
    """Examine the parts of the data (`train` first; `validation` and `test` where there are any).

    `token_lengths` are the tokens of each question with its context before any cut, `max_length` how many of them the
    model reads in all windows together (`PairEncoder.reach`).
    """
    checks: list[Callable[[str, QuestionCorpus], Iterator[Finding]]] = [
        empty_texts,
        _empty_questions,
        _duplicates,
        _unanswered,
        _within_words,
    ]
    findings = [finding for name, corpus in parts.items() for check in checks for finding in check(name, corpus)]
    contexts = {name: _contexts(corpus) for name, corpus in parts.items()}
    findings += [finding for name, corpus in contexts.items() for finding in odd_characters(name, corpus)]
    findings += _across(parts)
    findings += near(contexts)
    if token_lengths and max_length:
        findings += [found for name in token_lengths for found in _too_long(name, token_lengths[name], max_length)]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Diagnosis(findings, {name: _summary(corpus) for name, corpus in parts.items()})


def _summary(corpus: QuestionCorpus) -> dict[str, Any]:
    counts = Counter(WITH if label else WITHOUT for label in corpus.labels or [])
    return {"n": len(corpus), "labels": {name: counts[name] for name in (WITH, WITHOUT) if counts[name]}}


def _empty_questions(part: str, corpus: QuestionCorpus) -> Iterator[Finding]:
    if empty := [row for row, question in enumerate(corpus.questions) if not question.strip()]:
        message = f"{_counted(empty, corpus)} empty"
        mend = "take them out, or check the question column"
        yield _at_rows("warn", "empty_questions", part, message, corpus, empty, mend)


def _duplicates(part: str, corpus: QuestionCorpus) -> Iterator[Finding]:
    """A question that is asked again of the same context, and one that is answered differently each time."""
    first: dict[tuple[str, str], int] = {}
    later: list[int] = []
    answers: defaultdict[int, set[frozenset[str]]] = defaultdict(set)
    for row, pair in enumerate(_pairs(corpus)):
        begin = first.setdefault(pair, row)
        if begin != row:
            later.append(row)
        if corpus.labels is not None:
            answers[begin].add(frozenset(corpus.labels[row]))
    if later:
        message = f"{_counted(later, corpus)} the same as an earlier one, to the same context"
        yield _at_rows("warn", "duplicates", part, message, corpus, later, "take the doubles out")
    torn = [row for row, found in answers.items() if len(found) > 1 and not frozenset.intersection(*found)]
    if torn:
        message = f"{_counted(torn, corpus)} asked again of the same context and answered differently"
        yield _at_rows("warn", "conflicting_answers", part, message, corpus, torn, "put all right answers in one row")


def _unanswered(part: str, corpus: QuestionCorpus) -> Iterator[Finding]:
    """Questions whose context holds no answer (SQuAD 2.0)."""
    without = _without(corpus)
    if without and len(without) == len(corpus) and part == "train":
        message = "no question has an answer"
        yield Finding("block", "no_answers", part, message, "check the column of answers", len(corpus), 1.0)
    elif without:
        message = f"{_counted(without, corpus)} without an answer in the context"
        yield _at_rows("note", "without_answer", part, message, corpus, without, None)


def _within_words(part: str, corpus: QuestionCorpus) -> Iterator[Finding]:
    """Answers that begin in the middle of a word, whichever of a question's answers is taken."""
    rows, elsewhere = [], 0
    for row, (text, label) in enumerate(zip(corpus.texts, corpus.labels or [], strict=False)):
        starts = corpus.starts[row] if corpus.starts is not None else ()
        if starts and all(within_word(text, start) for start in starts):
            rows.append(row)
            elsewhere += any(as_words(text, answer) >= 0 for answer in label)
    if rows:
        message = f"{_counted(rows, corpus, 'has', 'have')} answers that begin in the middle of a word"
        message += f"; of {elsewhere:,} the answer stands elsewhere as a word" if elsewhere else ""
        mend = "check their starts; without answer_start the first place of whole words is taken"
        yield _at_rows("warn", "within_words", part, message, corpus, rows, mend)


def _across(parts: Mapping[str, QuestionCorpus]) -> Iterator[Finding]:
    """What validation and test share with train, and whether train knows questions without an answer."""
    train = parts.get("train")
    if train is None:
        return
    pairs, contexts = set(_pairs(train)), set(train.texts)
    for part, corpus in parts.items():
        if part == "train" or not len(corpus):
            continue
        yield from _leaks(part, corpus, [row for row, pair in enumerate(_pairs(corpus)) if pair in pairs])
        same = [row for row, pair in enumerate(_pairs(corpus)) if pair[1] in contexts and pair not in pairs]
        if same:
            message = f"{_counted(same, corpus)} new, but asked of contexts that train has too"
            mend = "cut by context, so that scores say how well it reads a new text"
            yield _at_rows("warn", "shared_contexts", part, message, corpus, same, mend)
        without = _without(corpus)
        if without and train.labels is not None and not _without(train):
            message = (
                f"{_counted(without, corpus)} without an answer, but train has none such: it can't learn to say so"
            )
            yield _at_rows("warn", "unknown_kind", part, message, corpus, without, "add such questions to train")


def _leaks(part: str, corpus: QuestionCorpus, shared: list[int]) -> Iterator[Finding]:
    if len(shared) > MOST_SHARED * len(corpus):
        message = f"{_counted(shared, corpus)} also in train, with the same context: its scores would say nothing"
        mend = "give questions that training does not see"
        yield _at_rows("block", "same_as_train", part, message, corpus, shared, mend)
    elif shared:
        message = f"{_counted(shared, corpus)} also in train, with the same context"
        yield _at_rows("warn", "shared_with_train", part, message, corpus, shared, "take them out of one of the two")


def _too_long(part: str, lengths: Sequence[int], max_length: int) -> Iterator[Finding]:
    beyond = [length - max_length for length in lengths if length > max_length]
    if beyond:
        share, tokens = len(beyond) / len(lengths), sum(beyond) / sum(lengths)
        message = (
            f"windows of {max_length:,} tokens together leave {len(beyond):,} contexts partly unread ({share:.0%}), "
            f"{tokens:.0%} of all tokens"
        )
        mend = "more windows (tokens.max_windows) or longer ones (--max-length) read more and take longer"
        severity: Severity = "warn" if tokens >= 0.2 else "note"
        yield Finding(severity, "truncated", part, message, mend, len(beyond), share)


def _pairs(corpus: QuestionCorpus) -> list[tuple[str, str]]:
    """Question and context, white space and capitals of the question set aside."""
    return [
        (" ".join(asked.split()).casefold(), text) for asked, text in zip(corpus.questions, corpus.texts, strict=True)
    ]


def _contexts(corpus: QuestionCorpus) -> Corpus:
    """Each context once, at the row of its first question."""
    first = {text: row for row, text in reversed(list(enumerate(corpus.texts)))}
    rows = sorted(first.values())
    lines = None if corpus.lines is None else [corpus.lines[row] for row in rows]
    return Corpus(corpus.source, [corpus.ids[row] for row in rows], [corpus.texts[row] for row in rows], lines=lines)


def _without(corpus: QuestionCorpus) -> list[int]:
    return [row for row, label in enumerate(corpus.labels or []) if not label]


def _at_rows(
    severity: Severity,
    code: str,
    part: str,
    message: str,
    corpus: QuestionCorpus,
    rows: Sequence[int],
    mend: str | None,
) -> Finding:
    """A finding on these rows; the first of them are shown by their questions."""
    shown = [{**example(corpus, row), "text": corpus.questions[row][:80]} for row in rows[:EXAMPLES]]
    return Finding(severity, code, part, message, mend, len(rows), len(rows) / len(corpus), shown)


def _counted(rows: Sequence[int], corpus: QuestionCorpus, one: str = "is", more: str = "are") -> str:
    """`3 questions (0.1%) are`: how the messages begin."""
    noun, verb = ("question", one) if len(rows) == 1 else ("questions", more)
    return f"{len(rows):,} {noun} ({len(rows) / len(corpus):.1%}) {verb}"
