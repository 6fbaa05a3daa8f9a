"""Models that answer: places of answers in every window, losses that add up, the stretch that the scores point at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tests import checkpoints
from transformers import AutoModelForQuestionAnswering

import regard.auto  # noqa: F401
from regard import recipe as recipes
from regard.errors import DataError
from regard.records import QuestionCorpus
from regard.tasks.answer import AnswerQuestions, NetworkAnswerer
from regard.tasks.answer.answerers import batch_of, scores_of, takes_segments
from regard.tasks.answer.span_search import ALWAYS

TASK = AnswerQuestions()
LONG = "nothing is said here . " * 4 + "then Grace moved to Lima and stayed there for years ."
ROWS = [
    ("Who went?", "Ada  went to Paris.", "Ada"),
    ("Where?", LONG, "Lima"),
    ("Who was in Rome at that time, and what for?", "Max flew.", None),
    ("Who?", LONG, "Grace"),
]


def corpus(rows: list[tuple[str, str, str | None]] = ROWS) -> QuestionCorpus:
    questions, contexts, answers = (list(column) for column in zip(*rows, strict=True))
    return QuestionCorpus(
        "made up",
        [str(row) for row in range(len(rows))],
        contexts,
        [() if answer is None else (answer,) for answer in answers],
        questions=questions,
        starts=[() if answer is None else (text.index(answer),) for _, text, answer in rows],
    )


CORPUS = corpus()


def answerer(**sets: Any) -> NetworkAnswerer:
    """An untrained GRU that reads 16 tokens at once."""
    settings = {
        "model.hidden_size": 6, "model.embedding_size": 8, "tokens.minimum_frequency": 1, "tokens.max_length": 16,
        "tokens.window_stride": 4,
    }  # fmt: skip
    recipe = recipes.build({"task": "answer"}, model="gru", sets={**settings, **sets})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for parameter in made.model.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    made.model.eval()
    return made


def encoded_of(made: NetworkAnswerer, rows: QuestionCorpus = CORPUS) -> list[Any]:
    return TASK.encode(made.encoder, rows)


class Pointing(torch.nn.Module):
    """Scores that point at the tokens `first` and `last` wherever they stand, and a little at no answer."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__()
        self.first, self.last = first, last
        self.config = SimpleNamespace(model_type="regard-pointing")
        self.device = torch.device("cpu")

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor) -> Any:
        at_first = torch.zeros(input_ids.shape)
        at_first[:, 0] = 1.0
        start, end = (
            at_first + 9.0 * ((input_ids == token) & attention_mask.bool()) for token in (self.first, self.last)
        )
        return SimpleNamespace(start_logits=start, end_logits=end)


def pointing(first: str, last: str) -> NetworkAnswerer:
    encoder = answerer().encoder
    tokens = [encoder.vocabulary[word] for word in (first, last)]
    return NetworkAnswerer(Pointing(*tokens), encoder, "pointing", max_answer_tokens=4)


# Targets and batches


def test_targets_are_the_tokens_of_the_first_answer_in_every_window_that_holds_it() -> None:
    made = answerer()
    encoded = encoded_of(made)
    assert [len(item.windows) > 1 for item in encoded] == [False, True, False, True]
    targets = made.targets(CORPUS, encoded)
    for item, places, (_, text, answer) in zip(encoded, targets, ROWS, strict=True):
        told = set()
        for window, (first, last) in zip(item.windows, places, strict=True):
            if first == window.no_answer:
                assert last == first
                continue
            start, end = (window.offsets[place - window.context[0]] for place in (first, last))
            told.add(text[start[0] : end[1]])
        assert told == ({answer} if answer else set())
    with pytest.raises(DataError, match="no answers"):
        made.targets(replace(CORPUS, labels=None, starts=None), encoded)


def test_losses_of_parts_add_up_to_that_of_the_whole() -> None:
    made = answerer()
    encoded = encoded_of(made)
    targets = made.targets(CORPUS, encoded)
    loss = made.loss(recipes.build(model="lstm").training)

    def of(rows: list[int]) -> tuple[float, int]:
        total, windows = loss(made.model, made.batch([encoded[row] for row in rows], [targets[row] for row in rows]))
        return total.item(), windows

    total, windows = of([0, 1, 2, 3])
    apart = [of([row]) for row in range(4)]
    assert windows == sum(count for _, count in apart) == sum(len(item.windows) for item in encoded)
    assert total == pytest.approx(sum(own for own, _ in apart), rel=1e-5)
    made.batch_tokens = 16
    assert made.validate(encoded, targets, CORPUS)["loss"] == pytest.approx(total / windows, rel=1e-5)


# Predictions


@pytest.mark.parametrize(
    ("first", "last", "said"), [("lima", "lima", "Lima"), ("grace", "lima", "Grace moved to Lima")]
)
def test_the_answer_is_where_the_scores_point_in_whatever_window(first: str, last: str, said: str) -> None:
    item = pointing(first, last).predictions(CORPUS.take([1]))[0]
    assert (item.output, item.input[item.start : item.end]) == (said, said)
    assert item.confidence > 0.9
    assert len(item.alternatives) == 4
    assert all(item.input[one.start : one.end] for one in item.alternatives)


def test_an_answer_that_is_too_long_is_not_given() -> None:
    assert pointing("grace", "stayed").predictions(CORPUS.take([1]))[0].output != "Grace moved to Lima and stayed"


def test_a_question_is_answered_alone_as_among_others_in_order() -> None:
    made = answerer()
    made.batch_tokens = 40
    together = made.predictions(CORPUS)
    assert [item.id for item in together] == CORPUS.ids
    for row, item in enumerate(together):
        [alone] = made.predictions(CORPUS.take([row]))
        assert (alone.output, alone.start, alone.end) == (item.output, item.start, item.end)
        assert alone.confidence == pytest.approx(item.confidence, abs=1e-5)
        assert item.gold == (CORPUS.labels or [])[row]
        assert item.question == CORPUS.questions[row]
        shares = [item.confidence, item.no_answer, *(one.confidence for one in item.alternatives)]
        assert sum(shares) == pytest.approx(1)
    assert made.predictions(CORPUS.take([])) == []


def test_predicting_leaves_the_mode_of_training() -> None:
    made = answerer()
    made.model.train()
    made.predictions(CORPUS)
    assert made.model.training


@pytest.mark.parametrize(("text", "question"), [("", "Who?"), (" \n", "Who?"), ("", ""), ("Ada went.", "")])
def test_a_text_or_a_question_without_words_is_answered(text: str, question: str) -> None:
    [item] = answerer().predictions(TASK.given([text], [question]))
    assert item.output == text[item.start : item.end]
    if not text.strip():
        assert (item.output, item.confidence, item.no_answer) == ("", 1.0, 1.0)


# Whether there is an answer


def test_the_threshold_is_chosen_where_validation_has_questions_without_an_answer_and_kept(tmp_path: Path) -> None:
    made = answerer()
    made.settle(encoded_of(made), CORPUS)
    chosen = made.no_answer_threshold
    assert chosen < ALWAYS
    values = made.validate(encoded_of(made), made.targets(CORPUS, encoded_of(made)), CORPUS)
    del values["loss"]
    scores = TASK.score(made.predictions(CORPUS), [], part="made up", multi_label=False, seed=1).values
    assert values == pytest.approx({name: scores[name] for name in values})
    made.save(tmp_path)
    loaded = AutoModelForQuestionAnswering.from_pretrained(tmp_path)
    assert loaded.config.no_answer_threshold == chosen
    with_answers = CORPUS.take([0, 1, 3])
    made.settle(encoded_of(made, with_answers), with_answers)
    assert made.no_answer_threshold == ALWAYS
    assert all(item.output for item in made.predictions(CORPUS))


def test_where_there_is_always_an_answer_one_is_given_whatever_validation_holds() -> None:
    made = answerer(**{"head.no_answer": "never"})
    made.settle(encoded_of(made), CORPUS)
    assert made.no_answer_threshold == ALWAYS
    assert all(item.output for item in made.predictions(CORPUS))


# What is read


def test_what_is_not_read_of_context_and_question_is_counted() -> None:
    made = answerer(**{"tokens.max_windows": 2, "head.max_question_tokens": 4})
    encoded = encoded_of(made)
    tokens = [len(made.encoder.tokenizer.tokenize(text)) for text in (LONG, CORPUS.questions[2])]
    read = [
        len({place + window.start for window in item.windows for place in range(len(window.offsets))})
        for item in encoded
    ]
    assert [TASK.unread(item, made.reach) for item in encoded] == [
        0,
        tokens[0] - read[1],
        tokens[1] - 4,
        tokens[0] - read[3],
    ]
    whole = answerer(**{"head.max_question_tokens": 64, "tokens.max_length": 40})
    assert [TASK.unread(item, whole.reach) for item in encoded_of(whole)] == [0, 0, 0, 0]
    [empty] = whole.encoder.encode([""], [""])
    assert TASK.unread(empty, whole.reach) == 0


@pytest.mark.parametrize(
    ("family", "segments"), [("bert", True), ("roberta", True), ("distilbert", False), ("gpt2", False)]
)
def test_checkpoints_are_told_the_segments_that_they_have(family: str, segments: bool, tmp_path: Path) -> None:
    place = checkpoints.make(family, tmp_path / family, [*CORPUS.texts, *CORPUS.questions])
    recipe = recipes.build(
        {"task": "answer"}, model=str(place), sets={"tokens.max_length": 24, "tokens.window_stride": 8}
    )
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    assert takes_segments(made.model) == segments
    assert [bool(item.output) for item in made.predictions(CORPUS)] == [True] * 4
    windows = [window for item in encoded_of(made) for window in item.windows]
    batch = batch_of(windows, made.encoder.pad_id)
    with torch.no_grad():
        before = scores_of(made.model.eval(), batch)[0].numpy()
        batch["token_type_ids"] = torch.zeros_like(batch["token_type_ids"])
        after = scores_of(made.model, batch)[0].numpy()
    assert np.array_equal(before, after) != segments
