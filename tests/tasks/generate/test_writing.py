"""Choices of writing that make no sense are errors; pieces join to the text; a prompt has its limits."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from tests.made_up import book

from regard import auto
from regard import recipe as recipes
from regard.errors import UsageError
from regard.records import Corpus
from regard.tasks.generate import LanguageModels
from regard.tasks.generate.writing import Writing, stream, write, writing_of
from regard.tasks.task import task_of

CORPUS = Corpus("made up", ["1"], [book(40, seed=1) + " é 👩\u200d👧"])


def model(word: str, kind: str = "bpe", **tokens: Any) -> LanguageModels:
    recipe = recipes.build(
        {
            "task": "generate",
            "model": {"hidden_size": 16, "embedding_size": 16, "layers": 1},
            "tokens": {"kind": kind, "vocabulary_size": 300, "minimum_frequency": 1, "max_length": 16, **tokens},
        },
        model=word,
    )
    task = task_of("generate")
    made = task.network(recipe, task.encoder(recipe, CORPUS), [])
    assert isinstance(made, LanguageModels)
    return made


LSTM, TRANSFORMER = model("lstm"), model("transformer")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tokens": 0}, "tokens: 0"),
        ({"greedy": True, "top_p": 0.9}, "greedy draws nothing, so top_p"),
        ({"beams": 3, "temperature": 0.5}, "beams draws nothing, so temperature"),
        ({"beams": 3, "greedy": True}, "follows one text"),
        ({"beams": 3, "repetition_penalty": 1.2}, "no repetition_penalty"),
        ({"topp": 0.9}, "no option 'topp'"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        writing_of(options)


@pytest.mark.parametrize("options", [{"top_p": 1.5}, {"temperature": -1.0}, {"beams": 0}, {"min_p": 2.0}])
def test_figures_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        write(LSTM, "Ada", writing_of(options))


def test_how_it_was_written_is_told() -> None:
    assert Writing(greedy=True).how == "the likeliest token each time"
    assert Writing(beams=4).how == "the likeliest of 4 beams"
    assert Writing(top_p=0.9, temperature=0.8, seed=7).how == "drawn, temperature 0.8, top p 0.9, seed 7"


@pytest.mark.parametrize("kind", ["bpe", "character", "word"])
def test_pieces_join_to_the_text(kind: str) -> None:
    predictor, writing = model("gru", kind), Writing(tokens=60, seed=5)
    pieces = list(stream(predictor, "Ada went", writing))
    written = write(predictor, "Ada went", writing)
    assert "".join(piece.text for piece in pieces) == written.text
    assert tuple(piece.log_probability for piece in pieces) == written.log_probabilities
    assert [written.text[start:end] for start, end in written.spans] == [piece.text for piece in pieces]
    assert all(value <= 0 and math.isfinite(value) for value in written.log_probabilities)
    assert str(written) == "Ada went" + written.text
    assert written.to_json()["log_probabilities"] == list(written.log_probabilities)


def test_words_go_on_behind_the_prompt_with_a_blank() -> None:
    assert write(model("lstm", "word"), "Ada", Writing(tokens=30, seed=1)).text[0] in " .,"


def test_it_ends_where_the_model_ends_it() -> None:
    import torch

    predictor = model("lstm")
    with torch.no_grad():
        predictor.model.decoder.output_bias[predictor.encoder.end_id] = 50.0
    written = write(predictor, "Ada", Writing(tokens=9))
    assert (written.text, written.finished, written.log_probabilities) == ("", True, ())
    assert list(stream(predictor, "Ada", Writing(tokens=9))) == []


def test_beams_find_what_is_likelier_than_the_greedy_text() -> None:
    found = [write(LSTM, "Ada", how) for how in (Writing(tokens=5, beams=8), Writing(tokens=5, greedy=True))]
    likely, greedy = (sum(one.log_probabilities) for one in found)
    assert likely >= greedy - 1e-6


def test_a_prompt_longer_than_the_model_reads_is_refused() -> None:
    long = "Ada went to Rome. " * 9
    with pytest.raises(UsageError, match=r"the prompt has \d+ tokens, and the model reads 16") as caught:
        stream(TRANSFORMER, long, Writing())
    assert caught.value.mend == "give its last part alone"
    assert write(LSTM, long, Writing(tokens=3)).text  # a recurrent one reads any length
    assert write(TRANSFORMER, "Ada", Writing(tokens=50, seed=1)).log_probabilities[16:]


def test_the_mode_of_the_model_does_not_matter() -> None:
    expected = write(LSTM, "Ada", Writing(tokens=20))
    LSTM.model.train()
    assert write(LSTM, "Ada", Writing(tokens=20)) == expected


def test_a_saved_model_writes_the_same(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    auto.register()
    LSTM.save(tmp_path)
    loaded = LanguageModels(AutoModelForCausalLM.from_pretrained(tmp_path), LSTM.encoder, "lstm")
    found, expected = (write(one, "Max", Writing(tokens=20, seed=2)) for one in (loaded, LSTM))
    assert found.text == expected.text
    assert found.log_probabilities == pytest.approx(expected.log_probabilities, abs=1e-5)
