"""What every task in the registry must keep, since jobs, analysis and reports know nothing else of it."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.made_up import DID, WHERE, WHO, sentences

from regard import recipe as recipes
from regard.errors import DataError, ModelError, UsageError
from regard.recipe import DataOptions
from regard.records import (
    AnswerPrediction,
    Corpus,
    Entity,
    MaskedPrediction,
    Prediction,
    QuestionCorpus,
    StretchPrediction,
    TaggedCorpus,
    TagPrediction,
    TextPairCorpus,
    TextPrediction,
    without_surrogates,
)
from regard.registry import ARCHITECTURES, TASKS
from regard.tasks.task import task_of

TEXTS = [f"{who} {did} to {where}\u00a0😀." for who in WHO for did in DID for where in WHERE]


def classified(n: int = 40) -> Corpus:
    labels: list[Any] = [("even", "odd")[row % 2] for row in range(n)]
    return Corpus("made up", ids(n), TEXTS[:n], labels)


def tagged(n: int = 40) -> TaggedCorpus:
    rows = sentences(n, seed=1)
    words, texts = [], []
    for row in rows:
        text, spans = "", []
        for word, _ in row:
            text += " " if text and word != "." else ""
            spans.append((len(text), len(text) + len(word)))
            text += word
        words.append(spans)
        texts.append(text)
    return TaggedCorpus("made up", ids(n), texts, [tuple(tag for _, tag in row) for row in rows], words=words)


def asked(n: int = 40) -> QuestionCorpus:
    """Two questions to each text; every third one has no answer."""
    texts = [TEXTS[row // 2] for row in range(n)]
    answers = [() if row % 3 == 2 else (text.split()[0], text.split()[1]) for row, text in enumerate(texts)]
    starts = [tuple(text.index(one) for one in own) for text, own in zip(texts, answers, strict=True)]
    questions = [f"Question {row}?" for row in range(n)]
    return QuestionCorpus("made up", ids(n), texts, list(answers), questions=questions, starts=starts)


def paired(n: int = 40) -> TextPairCorpus:
    """Each text with two references."""
    texts = TEXTS[:n]
    return TextPairCorpus("made up", ids(n), texts, [(f"so {text} it is", f"and {text}") for text in texts])


def plain(n: int = 40) -> Corpus:
    return Corpus("made up", ids(n), TEXTS[:n])


def ids(n: int) -> list[str]:
    return [f"row {row}" for row in range(n)]


MADE: dict[str, Any] = {
    "classify": classified,
    "tag": tagged,
    "answer": asked,
    "translate": paired,
    "generate": plain,
    "pretrain": plain,
}
WITH_GOLD = ("classify", "tag", "answer", "translate")
"""Tasks whose data hold what is asked for; the others learn from the texts themselves."""
WORDS = pytest.mark.parametrize("word", TASKS)


def predictions(word: str, corpus: Any, seed: int = 1) -> list[Any]:
    """Some right, some wrong."""
    draw = random.Random(seed)
    return [_said(word, corpus, row, draw) for row in range(len(corpus))]


def _said(word: str, corpus: Any, row: int, draw: random.Random) -> Any:
    gold, text, name = (corpus.labels or [None] * len(corpus))[row], corpus.texts[row], corpus.ids[row]
    if word == "translate":
        return TextPrediction(name, text, draw.choice((gold[0], gold[1], text, "")), gold, -1.5, 4)
    if word == "generate":
        spans = ((0, 3), (3, len(text)))
        return StretchPrediction(name, text, spans, (-draw.random(), -draw.random()))
    if word == "pretrain":
        output = (draw.choice((text[:2], "no")), text[3:4])
        return MaskedPrediction(name, text, ((0, 2), (3, 4)), output, (text[:2], text[3:4]), (0.5, 0.5), (-0.7, -0.7))
    if word == "classify":
        output = draw.choice(("even", "odd"))
        return Prediction(name, text, output, gold, 0.7, {"even": 0.7, "odd": 0.3})
    if word == "tag":
        tags = tuple(draw.choice((tag, tag, "O", "B-who")) for tag in gold)
        spans, entities = tuple(corpus.words[row]), (Entity(0, 3, "who", 0.5),)
        return TagPrediction(name, text, spans, tags, gold, (0.5,) * len(tags), entities)
    start, end = draw.choice(((0, 0), (0, text.index(" ")), (0, len(text))))
    others = (Entity(0, 3, "answer", 0.25),)
    return AnswerPrediction(name, text, corpus.questions[row], text[start:end], start, end, gold, 0.5, 0.25, others)


def test_every_task_is_covered() -> None:
    assert set(MADE) == set(TASKS)
    for word, entry in TASKS.items():
        assert task_of(word).word == entry.word == word
        assert type(MADE[word]()) is task_of(word).corpus
    with pytest.raises(UsageError, match="Did you mean"):
        task_of("answr")


# Data


@WORDS
@pytest.mark.parametrize("named", [False, True])
def test_what_is_kept_is_read_with_the_same_hash(word: str, named: bool, tmp_path: Path) -> None:
    task, corpus = task_of(word), MADE[word]()
    columns = {
        "text_column": "given",
        "label_column": "wanted",
        **({"question_column": "asked"} if word == "answer" else {}),
    }
    options = DataOptions(**columns) if named else DataOptions()
    path = task.keep(corpus, tmp_path / "deep" / "part.parquet", options if named else None)
    again = task.read(path, options)
    assert again.sha256() == corpus.sha256()
    assert again.ids == corpus.ids
    assert [path] == list(path.parent.iterdir())
    bare = task.keep(replace(corpus, labels=None), tmp_path / "bare.parquet")
    assert task.read(bare, DataOptions(), needs_gold=False).texts == corpus.texts
    if word in WITH_GOLD:
        with pytest.raises(DataError):
            task.read(bare, DataOptions())


@WORDS
@pytest.mark.parametrize("how", ["auto", "random", "blocks"])
def test_a_cut_keeps_what_is_the_same_together_and_loses_nothing(word: str, how: Any) -> None:
    task, corpus = task_of(word), MADE[word]()
    twice = corpus.take([*range(len(corpus)), *range(6)])
    for seed in range(4):
        train, validation, note = task.cut(twice, fraction=0.2, seed=seed, how=how)
        assert not set(train.texts) & set(validation.texts)
        if word != "classify" or how != "blocks":
            assert sorted(train.ids + validation.ids) == sorted(twice.ids)
        assert 1 <= len(validation) < len(train)
        assert note
        assert task.cut(twice, fraction=0.2, seed=seed, how=how).validation.ids == validation.ids
        task.check(train, validation)


@WORDS
def test_a_limit_takes_so_many_rows_in_order(word: str) -> None:
    task, corpus = task_of(word), MADE[word]()
    for how in ("random", "blocks"):
        part = task.limit(corpus, 15, seed=1, how=how)
        places = [corpus.ids.index(name) for name in part.ids]
        assert places == sorted(set(places))
        assert len(part) == 15
        assert task.labels(part) == task.labels(corpus)
        assert task.limit(corpus, 15, seed=1, how=how).ids == part.ids
    assert task.limit(corpus, 99, seed=1, how="auto") is corpus


@pytest.mark.parametrize("how", ["random", "blocks"])
def test_a_type_that_one_text_has_is_learned_from(how: Any) -> None:
    corpus, task = tagged(), task_of("tag")
    labels: list[Any] = list(corpus.labels or [])
    labels[7] = ("B-rare", *labels[7][1:])
    corpus = replace(corpus, labels=labels)
    for seed in range(6):
        assert "B-rare" in task.labels(task.cut(corpus, fraction=0.5, seed=seed, how=how).train)
        assert "B-rare" in task.labels(task.limit(corpus, 5, seed=seed, how=how))


@WORDS
def test_texts_that_are_handed_in_are_a_corpus_without_answers(word: str) -> None:
    task = task_of(word)
    questions = ["Who?", "Where?"] if task.needs_question else None
    corpus = task.given(["Ada went.", ""], questions)
    assert (corpus.ids, corpus.texts, corpus.labels) == (["0", "1"], ["Ada went.", ""], None)
    assert type(corpus) is task.corpus
    wrong = {True: (None, ["Who?"], "Who?"), False: (["Who?", "Where?"],)}[task.needs_question]
    for other in wrong:
        with pytest.raises(UsageError):
            task.given(["Ada went.", ""], other)


@pytest.mark.parametrize("word", [word for word in WITH_GOLD if word != "classify"])
def test_another_kind_of_data_is_refused(word: str) -> None:
    with pytest.raises(DataError, match=f"no data for {word}"):
        task_of(word).check(MADE[word](), classified())


@WORDS
def test_the_doctor_looks_at_every_part(word: str) -> None:
    task, corpus = task_of(word), MADE[word]()
    parts = dict(zip(("train", "validation"), task.cut(corpus, fraction=0.2, seed=1, how="auto")[:2], strict=True))
    found = task.examine(parts)
    assert not found.blocked
    assert {name: part["n"] for name, part in found.parts.items()} == {name: len(part) for name, part in parts.items()}
    lengths = {name: [9] * (len(part) - 1) + [30] for name, part in parts.items()}
    told = {item.code for item in task.examine(parts, token_lengths=lengths, max_length=10).findings}
    assert ("truncated" in told) == (word != "generate")  # of which every token is read
    assert task.examine({"train": corpus, "validation": corpus}).blocked


@WORDS
def test_what_a_model_can_not_give_is_found(word: str) -> None:
    task, corpus = task_of(word), MADE[word]()
    labels = task.labels(corpus)
    assert task.answerable(corpus, labels) == list(range(len(corpus)))
    task.refuse_unknown(corpus, labels, multi_label=False)
    if not labels:
        return
    odd: Any = "unheard" if word == "classify" else ("B-unheard", *corpus.labels[3][1:])
    other = replace(corpus, labels=[*corpus.labels[:3], odd, *corpus.labels[4:]], lines=[row + 5 for row in range(40)])
    assert task.answerable(other, labels) == [row for row in range(40) if row != 3]
    with pytest.raises(DataError, match="unheard") as caught:
        task.refuse_unknown(other, labels, multi_label=False)
    assert (caught.value.file, caught.value.line) == ("made up", 8)


def test_only_tags_can_be_mended(tmp_path: Path) -> None:
    broken = replace(tagged(1), labels=[("I-who", *tagged(1).labels[0][1:])])  # type: ignore[index]
    for word in TASKS:
        if word != "tag":
            with pytest.raises(UsageError, match="nothing that mends itself"):
                task_of(word).mend(MADE[word](), tmp_path / "mended.parquet")
    task = task_of("tag")
    assert len(task.mend(broken, tmp_path / "mended.parquet")) == 1
    assert task.read(tmp_path / "mended.parquet", DataOptions()).sha256() == tagged(1).sha256()
    with pytest.raises(UsageError, match=r"\.parquet or \.conll"):
        task.mend(broken, tmp_path / "mended.jsonl")


# Results


@WORDS
def test_tallies_add_up_to_the_headline(word: str) -> None:
    task, corpus = task_of(word), MADE[word]()
    for seed in range(3):
        said = predictions(word, corpus, seed)
        sums = np.sum([task.tally(item) for item in said], axis=0)
        values = task.score(said, task.labels(corpus), part="made up", multi_label=False, seed=1).values
        assert float(task.figure(sums)) == pytest.approx(values[task.headline])
        assert task.headline in TASKS[word].load_options().metrics
        if word in ("translate", "generate"):  # no share of what could be right
            continue
        assert 0 < sums[0] < sums[1]
        wholly = [task.is_right(item) for item in said]
        assert 0 < sum(wholly) < len(said)
        assert all(task.tally(item)[0] == task.tally(item)[1] for item, yes in zip(said, wholly, strict=True) if yes)


@WORDS
def test_predictions_are_read_as_they_were_written(word: str, tmp_path: Path) -> None:
    task, corpus = task_of(word), MADE[word]()
    labels, path = task.labels(corpus), tmp_path / "predictions.parquet"
    said = predictions(word, corpus)
    if word in WITH_GOLD:
        said[0] = replace(said[0], gold=None)
    said[1] = replace(said[1], input=said[1].input.replace("\u00a0", "\ud800"))
    task.write(path, said, labels, multi_label=False)
    again = task.read_predictions(path)
    said[1] = replace(said[1], input=without_surrogates(said[1].input))
    if word in ("answer", "translate"):
        said[1] = replace(said[1], output=without_surrogates(said[1].output))
    assert again == said
    assert [type(item) for item in again] == [type(item) for item in said]
    task.write(path, [], labels, multi_label=False)
    assert task.read_predictions(path) == []


@WORDS
def test_predictions_that_are_damaged_or_of_another_task_are_a_bad_model(word: str, tmp_path: Path) -> None:
    task, path = task_of(word), tmp_path / "predictions.parquet"
    with pytest.raises(ModelError, match=r"predictions\.parquet can't be read"):
        task.read_predictions(path)
    other = "answer" if word != "answer" else "tag"
    task_of(other).write(path, predictions(other, MADE[other]()), [], multi_label=False)
    with pytest.raises(ModelError):
        task.read_predictions(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ModelError, match=r"predictions\.parquet can't be read"):
        task.read_predictions(path)


@WORDS
def test_a_prediction_can_be_asked_again(word: str) -> None:
    task, corpus = task_of(word), MADE[word]()
    item = predictions(word, corpus)[3]
    again = task.asked_again(item)
    assert (len(again), again.texts, again.labels) == (1, [item.input], None)
    if word == "tag":
        assert again.words == [list(item.words)]
    if word == "answer":
        assert again.questions == [item.question]


# Models


@pytest.mark.parametrize(
    ("word", "task"), [(entry.word, task) for entry in ARCHITECTURES.values() for task in entry.tasks]
)
def test_the_defaults_of_every_pair_are_a_whole_recipe(word: str, task: str) -> None:
    model = "hub:org/name" if word == "checkpoint" else word
    recipe = recipes.build({"task": task, "data": {"train": "a.csv"}}, model=model)
    options = TASKS[task].load_options()
    assert recipe.head_options == options()
    assert recipe.training.metric_for_best_model == options.metrics[0]
    if task in ("tag", "answer"):
        assert recipe.entry.kind == "baseline" or recipe.tokens.strategy == "windows"
    own = recipe.tokens.kind == "checkpoint"
    assert recipe.entry.kind == "baseline" or own == (recipe.entry.kind == "checkpoint")


@pytest.mark.parametrize(
    ("word", "task"),
    [(word, task) for word, entry in ARCHITECTURES.items() for task in TASKS if task not in entry.tasks],
)
def test_a_pair_that_is_missing_names_those_that_are_there(word: str, task: str) -> None:
    with pytest.raises(UsageError, match=f"does not do {task}. Pairs that exist: {task}: "):
        recipes.build({"task": task}, model=word)
