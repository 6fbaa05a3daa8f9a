"""Every illness of questions is found where it is, and only what makes the result meaningless blocks."""

from __future__ import annotations

import json

import pytest

from regard.records import QuestionCorpus
from regard.text.diagnosis import Diagnosis, Finding
from regard.text.doctor_questions import examine_questions

TRADES = ["fishing", "mining", "weaving", "sailing", "farming", "baking", "brewing", "printing", "tanning", "milling"]
CONTEXTS = [
    f"Long ago {word} made this town rich, and {n + 3} mills of it still stand." for n, word in enumerate(TRADES)
]
CONTEXTS += [
    f"Nobody in the village knows why {word} ended there in {1900 + n}, or how." for n, word in enumerate(TRADES)
]


def corpus_of(contexts: list[str], questions: list[str], answers: list[str | None]) -> QuestionCorpus:
    labels = [() if answer is None else (answer,) for answer in answers]
    starts = [tuple(text.index(a) for a in label) for text, label in zip(contexts, labels, strict=True)]
    n = len(contexts)
    return QuestionCorpus(
        "made.jsonl", [f"q{row}" for row in range(n)], contexts, list(labels), list(range(1, n + 1)),
        questions=questions, starts=starts,
    )  # fmt: skip


def healthy(rows: range, ask: str = "When?") -> QuestionCorpus:
    contexts = [CONTEXTS[row] for row in rows]
    return corpus_of(contexts, [ask] * len(rows), [text.split()[-1] for text in contexts])


def only(diagnosis: Diagnosis, code: str, part: str = "train") -> Finding:
    found = [finding for finding in diagnosis.findings if (finding.code, finding.part) == (code, part)]
    assert len(found) == 1, [(f.code, f.part) for f in diagnosis.findings]
    return found[0]


def test_healthy_data() -> None:
    diagnosis = examine_questions({"train": healthy(range(12)), "test": healthy(range(12, 20))})
    assert diagnosis.findings == []
    assert diagnosis.parts["train"] == {"n": 12, "labels": {"with an answer": 12}}
    json.dumps(diagnosis.to_json())


def test_each_illness_of_one_part() -> None:
    contexts = [CONTEXTS[row] for row in (0, 0, 0, 1, 2, 3)] + ["A spot\x00 on the map, or a town\ufffd."]
    questions = ["Who?", "who? ", "Why?", "", "What?", "Where?", "On what?"]
    answers = ["rich", "ago", None, "mills", "ills", "mills", "map"]
    diagnosis = examine_questions({"train": corpus_of(contexts, questions, answers)})
    assert [example["line"] for example in only(diagnosis, "duplicates").examples] == [2]
    assert only(diagnosis, "conflicting_answers").examples[0]["text"] == "Who?"
    assert only(diagnosis, "without_answer").message.startswith("1 question (14.3%) is without an answer")
    assert only(diagnosis, "empty_questions").examples[0]["line"] == 4
    assert only(diagnosis, "within_words").examples[0]["id"] == "q4"
    assert "U+0000" in only(diagnosis, "odd_characters").message
    assert diagnosis.parts["train"]["labels"] == {"with an answer": 6, "without": 1}
    assert not diagnosis.blocked


def test_an_answer_in_a_word_that_stands_elsewhere_as_one() -> None:
    context = "Startling art is old."
    corpus = corpus_of([context], ["What?"], ["art"])
    assert corpus.starts == [(2,)]
    message = only(examine_questions({"train": corpus}), "within_words").message
    assert message.endswith("of 1 the answer stands elsewhere as a word")
    both = QuestionCorpus("made", ["1"], [context], [("art", "art")], questions=["What?"], starts=[(2, 10)])
    assert examine_questions({"train": both}).findings == []


def test_answers_that_agree_in_part_are_no_conflict() -> None:
    rows = corpus_of([CONTEXTS[0]] * 2, ["Who?"] * 2, ["rich", "rich"])
    wide = QuestionCorpus(
        "made", rows.ids, rows.texts, [("rich", "ago"), ("rich",)], questions=rows.questions, starts=[(32, 5), (32,)]
    )
    assert [finding.code for finding in examine_questions({"train": wide}).findings] == ["duplicates"]


@pytest.mark.parametrize(
    ("code", "part", "parts"),
    [
        ("no_texts", "train", {"train": corpus_of([], [], [])}),
        ("no_answers", "train", {"train": corpus_of(CONTEXTS[:3], ["a", "b", "c"], [None] * 3)}),
        ("same_as_train", "test", {"train": healthy(range(12)), "test": healthy(range(8, 14))}),
    ],
)
def test_what_makes_the_result_meaningless_blocks(code: str, part: str, parts: dict[str, QuestionCorpus]) -> None:
    diagnosis = examine_questions(parts)
    assert diagnosis.blocked
    assert only(diagnosis, code, part).severity == "block"


def test_what_parts_share() -> None:
    test = healthy(range(10, 20))
    test.questions[3:6] = ["Who?"] * 3
    diagnosis = examine_questions({"train": healthy(range(14)), "test": test})
    assert only(diagnosis, "shared_with_train", "test").count == 3
    assert [example["id"] for example in only(diagnosis, "shared_contexts", "test").examples] == ["q3"]
    assert not diagnosis.blocked


def test_contexts_that_are_almost_the_same() -> None:
    test = corpus_of([CONTEXTS[0].upper()], ["When?"], ["RICH"])
    diagnosis = examine_questions({"train": healthy(range(5)), "test": test})
    assert only(diagnosis, "near_shared", "test").examples[0]["same_as"]["id"] == "q0"


def test_a_kind_of_question_that_training_does_not_have() -> None:
    test = corpus_of(CONTEXTS[10:12], ["Why?", "How?"], [None, "village"])
    assert only(examine_questions({"train": healthy(range(5)), "test": test}), "unknown_kind", "test").count == 1
    assert only(examine_questions({"test": test}), "without_answer", "test").severity == "note"


def test_what_the_windows_leave_unread() -> None:
    lengths = {"train": [10, 20, 40]}
    finding = only(examine_questions({"train": healthy(range(3))}, token_lengths=lengths, max_length=20), "truncated")
    assert finding.message == "windows of 20 tokens together leave 1 contexts partly unread (33%), 29% of all tokens"
    assert finding.severity == "warn"
