"""What models say of a text, as JSON that any reader takes, and what is said of it in one figure."""

from __future__ import annotations

import json

import pytest

from regard.records import AnswerPrediction, Entity, QuestionCorpus, TaggedCorpus, TagPrediction

TEXT = "Ada went to New York 😀."
WORDS = ((0, 3), (4, 8), (9, 11), (12, 15), (16, 20), (21, 22), (22, 23))


def tagged(output: tuple[str, ...], gold: tuple[str, ...] | None = None) -> TagPrediction:
    found = (Entity(12, 20, "where", 0.75),)
    return TagPrediction("1", TEXT, WORDS, output, gold, (1.0, 0.5, 1.0, 0.5, 1.0, 0.5, 1.0), found)


def test_the_confidence_of_tags_is_the_mean_of_the_words() -> None:
    item = tagged(("B-who", "O", "O", "B-where", "I-where", "O", "O"))
    assert item.confidence == pytest.approx(5.5 / 7)
    assert TagPrediction("1", " ", (), (), (), ()).confidence == 1.0


@pytest.mark.parametrize(
    ("output", "marks"),
    [(("O",) * 7, True), (("B-who",) + ("O",) * 6, True), (("NOUN",) * 7, False), (("O",) * 6 + ("NOUN",), False)],
)
def test_tags_of_a_scheme_mark_entities(output: tuple[str, ...], marks: bool) -> None:
    assert tagged(output).marks is marks


def test_tags_as_json() -> None:
    output = ("B-who", "O", "O", "B-where", "I-where", "O", "O")
    document = json.loads(json.dumps(tagged(output, output).to_json()))
    assert document["output"] == document["gold"] == list(output)
    assert [TEXT[start:end] for start, end in document["words"]][-2:] == ["😀", "."]
    assert document["entities"] == [{"start": 12, "end": 20, "label": "where", "text": "New York", "confidence": 0.75}]
    assert document["confidence"] == pytest.approx(sum(document["confidences"]) / 7)
    assert tagged(output).to_json()["gold"] is None


def test_an_answer_as_json() -> None:
    others = (Entity(12, 20, "answer", 0.2), Entity(0, 3, "answer", 0.1))
    item = AnswerPrediction("1", TEXT, "Where?", "York", 16, 20, ("New York", "York"), 0.6, 0.1, others)
    document = json.loads(json.dumps(item.to_json()))
    assert document["output"] == TEXT[document["start"] : document["end"]]
    assert document["gold"] == ["New York", "York"]
    assert [other["text"] for other in document["alternatives"]] == ["New York", "Ada"]
    assert AnswerPrediction("1", TEXT, "Why?", "", 0, 0, (), 0.9).to_json()["gold"] == []
    assert AnswerPrediction("1", TEXT, "Why?", "", 0, 0, None, 0.9).to_json()["gold"] is None


def test_the_hash_of_a_corpus_is_of_words_and_of_questions_too() -> None:
    tags = TaggedCorpus("made up", ["1"], [TEXT], [("O",) * 7], words=[list(WORDS)])
    other = TaggedCorpus("made up", ["1"], [TEXT], [("O",) * 7], words=[[*WORDS[:-1], (21, 23)]])
    assert tags.sha256() != other.sha256()
    assert tags.tokens(0)[3:5] == ["New", "York"]
    assert tags.take([0, 0]).words == [list(WORDS)] * 2
    asked = QuestionCorpus("made up", ["1"], [TEXT], [("York",)], questions=["Where?"], starts=[(16,)])
    hashes = {
        one.sha256()
        for one in (
            asked,
            QuestionCorpus("made up", ["1"], [TEXT], [("York",)], questions=["Who?"], starts=[(16,)]),
            QuestionCorpus("made up", ["1"], [TEXT], [("York",)], questions=["Where?"], starts=[(3,)]),
            QuestionCorpus("made up", ["1"], [TEXT], questions=["Where?"]),
        )
    }
    assert len(hashes) == 4
    assert asked.take([0, 0]).questions == ["Where?"] * 2
