"""Windows and reading on give the log-probability that the definition gives, for every length and every stride."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from regard.decoders.rnn import RnnDecoder
from regard.decoders.transformer import TransformerDecoder
from regard.decoders.transformer_xl import TransformerXLDecoder
from regard.tasks.generate import likelihood
from regard.tasks.generate.likelihood import carried, in_windows

VOCABULARY, BEGIN = 11, 3
SIZES: dict[str, Any] = {"vocabulary": VOCABULARY, "width": 8, "layers": 2, "pad_id": 0}
OFF: dict[str, Any] = {"dropout": 0.0, "embedding_dropout": 0.0}
HEADS: dict[str, Any] = {"heads": 2, "feed_forward_size": 16}
COMMON: dict[str, Any] = {"begin": BEGIN, "vocabulary": VOCABULARY, "device": torch.device("cpu")}


def texts(*lengths: int) -> list[np.ndarray]:
    draw = np.random.default_rng(1)
    return [draw.integers(0, VOCABULARY, length).astype(np.int32) for length in lengths]


def seeded(make: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return make().double().eval()


def defined(decoder: Any, text: np.ndarray, first: int) -> float:
    """log p of the last token of `text`, of a decoder that read from token `first` on what stands before it."""
    read = [int(text[place]) if place >= 0 else BEGIN for place in range(first - 1, len(text) - 1)]
    with torch.no_grad():
        logits = decoder(torch.tensor([read])).logits
    return float(logits[0, -1].log_softmax(-1)[int(text[-1])])


class Alone:
    """A decoder as a model; it notes how much it was asked for at once."""

    def __init__(self, decoder: Any) -> None:
        self.decoder, self.read = decoder, 0

    def __call__(self, input_ids: Tensor) -> Any:
        self.read = max(self.read, input_ids.numel())
        return SimpleNamespace(logits=self.decoder(input_ids).logits.double())


@pytest.mark.parametrize(("window", "stride"), [(6, 1), (6, 3), (6, 6), (5, 2), (40, 20)])
def test_windows_score_each_token_once_with_the_context_they_promise(window: int, stride: int) -> None:
    decoder = seeded(lambda: TransformerDecoder(**SIZES, **OFF, **HEADS, memory_width=None, max_length=window))
    given = texts(0, 1, window - 1, window, window + 1, 3 * window + 2)
    with torch.no_grad():
        found = in_windows(Alone(decoder), given, window=window, stride=stride, **COMMON)
    assert [len(own) for own in found] == [len(text) for text in given]
    for text, own in zip(given, found, strict=True):
        for place, value in enumerate(own):
            if place < window:
                first = 0
            else:
                end = min(len(text), window + ((place - window) // stride + 1) * stride)
                first = end - window
                assert place - first >= window - stride
            # float32 inside: cross-entropy is computed as training computes it.
            assert value == pytest.approx(defined(decoder, text[: place + 1], first), abs=1e-5)


def test_no_more_is_read_at_once_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = seeded(lambda: RnnDecoder(cell="gru", embedding_size=8, **SIZES, **OFF))
    monkeypatch.setattr(likelihood, "AT_ONCE", 20 * VOCABULARY)
    model = Alone(decoder)
    with torch.no_grad():
        found = in_windows(model, texts(100, 7), window=6, stride=3, **COMMON)
    assert model.read <= 20
    monkeypatch.undo()
    with torch.no_grad():
        expected = in_windows(model, texts(100, 7), window=6, stride=3, **COMMON)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


DECODERS = {
    **{
        cell: lambda cell=cell: RnnDecoder(cell=cell, embedding_size=8, **SIZES, **OFF)
        for cell in ("rnn", "lstm", "gru")
    },
    "transformer-xl": lambda: TransformerXLDecoder(**SIZES, **OFF, **HEADS, segment_length=4, memory_length=5),
}


@pytest.mark.parametrize("word", DECODERS)
@pytest.mark.parametrize("chunk", [4, 8])
def test_reading_on_is_reading_it_all_at_once(word: str, chunk: int) -> None:
    decoder = seeded(DECODERS[word])
    given = texts(5, 0, 23, 1, chunk, chunk + 1, 23)
    with torch.no_grad():
        found = carried(decoder, given, chunk=chunk, **COMMON)
        for text, own in zip(given, found, strict=True):
            if not len(text):
                assert own.shape == (0,)
                continue
            read = torch.tensor([[BEGIN, *text[:-1].tolist()]])
            expected = decoder(read).logits[0].log_softmax(-1).gather(1, torch.tensor(text[:, None].astype(np.int64)))
            np.testing.assert_allclose(own, expected[:, 0].numpy(), atol=1e-5)


def test_of_many_texts_some_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = seeded(DECODERS["lstm"])
    given = texts(9, 30, 2, 14, 14)
    with torch.no_grad():
        expected = carried(decoder, given, chunk=4, **COMMON)
        monkeypatch.setattr(likelihood, "AT_ONCE", 2 * 4 * VOCABULARY)
        found = carried(decoder, given, chunk=4, **COMMON)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
