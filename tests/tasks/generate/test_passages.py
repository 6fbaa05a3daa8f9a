"""Passages of texts, and what is written behind many prompts at once: the same as behind each alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.tasks.generate.test_continued import FAMILIES, make
from tests.tasks.generate.test_writing import CORPUS, LSTM, TRANSFORMER, model

from regard.errors import UsageError
from regard.jobs.generate import language_model
from regard.tasks.generate import LanguageModels
from regard.tasks.generate.encoder import EncodedText
from regard.tasks.generate.passages import begun, continued, lengths, passages, text_of, unwritten
from regard.tasks.generate.writing import Writing

ANYWHERE = model("transformer")
ANYWHERE.model.config.positions = "sinusoidal"  # nothing is learned of a place: a text may be longer than a window


def encoded(*lengths: int) -> list[EncodedText]:
    return [EncodedText(np.arange(count, dtype=np.int32), np.zeros((count, 2), dtype=np.int32)) for count in lengths]


def test_passages_are_whole_spread_and_do_not_overlap() -> None:
    texts = encoded(100, 9, 35)
    every = passages(["a", "b", "c"], texts, prompt_tokens=3, tokens=7, most=99)
    assert [one.id for one in every] == [*(f"a:{start}" for start in range(1, 100, 10)), "c:1", "c:11", "c:21"]
    assert (every[1].prompt, every[1].truth) == ([10, 11, 12], [13, 14, 15, 16, 17, 18, 19])
    some = passages(["a", "b", "c"], texts, prompt_tokens=3, tokens=7, most=4)
    assert [one.id for one in some] == ["a:11", "a:41", "a:81", "c:11"]
    assert passages(["b"], encoded(9), prompt_tokens=3, tokens=7, most=4) == []


@pytest.mark.parametrize("word", ["lstm", "transformer", "transformer-xl"])
@pytest.mark.parametrize(
    "options", [{"greedy": True}, {"beams": 3}, {"top_p": 0.9}, {"greedy": True, "repetition_penalty": 1.3}]
)
def test_together_is_as_alone(word: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    check_together_is_as_alone(model(word), options, monkeypatch)


@pytest.mark.parametrize("family", FAMILIES)
def test_together_is_as_alone_with_a_checkpoint(family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = language_model(str(make(FAMILIES[family], tmp_path)))
    check_together_is_as_alone(own, {"beams": 2}, monkeypatch)
    check_together_is_as_alone(own, {"min_p": 0.1}, monkeypatch)


def check_together_is_as_alone(own: LanguageModels, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    found = passages(CORPUS.ids, own.encoder.encode(CORPUS.texts), prompt_tokens=4, tokens=9, most=5)
    writing = Writing(tokens=9, seed=3, **options)
    monkeypatch.setattr("regard.tasks.generate.passages.ROWS", 64)
    together = continued(own, found, writing)
    monkeypatch.setattr("regard.tasks.generate.passages.ROWS", 1)
    alone = continued(own, found, writing)
    assert [one.ids for one in together] == [one.ids for one in alone]
    for one, other in zip(together, alone, strict=True):
        assert len(one.ids) == len(one.log_probabilities) == 9
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)
        assert not set(one.ids) & set(unwritten(own))


def test_a_state_is_begun_behind_the_prompt() -> None:
    own = model("lstm")
    found = passages(CORPUS.ids, own.encoder.encode(CORPUS.texts), prompt_tokens=6, tokens=4, most=3)
    state, last = begun(own, found)
    with torch.inference_mode():
        logits, _ = own.writer().step(last, state)
        whole = own.model(input_ids=torch.tensor([one.prompt for one in found])).logits[:, -1]
    torch.testing.assert_close(logits, whole, rtol=1e-4, atol=1e-5)
    assert text_of(own, found[0], found[0].truth) == own.encoder.decode(found[0].truth)


@pytest.mark.parametrize(
    ("own", "given", "expected"),
    [
        (LSTM, (None, None), (50, 200)),
        (LSTM, (7, None), (7, 200)),
        (TRANSFORMER, (None, None), (3, 13)),
        (TRANSFORMER, (10, None), (10, 6)),
        (TRANSFORMER, (None, 4), (3, 4)),
        (ANYWHERE, (100, None), (100, 200)),
    ],
)
def test_lengths_are_as_given_or_fit(
    own: LanguageModels, given: tuple[int | None, int | None], expected: tuple[int, int]
) -> None:
    assert lengths(own, *given) == expected


@pytest.mark.parametrize("given", [(0, None), (None, 0), (16, None), (4, 13)])
def test_lengths_without_room_are_refused(given: tuple[int | None, int | None]) -> None:
    with pytest.raises(UsageError, match="tokens"):
        lengths(TRANSFORMER, *given)
