"""Writing with a decoder: the likeliest token each time, one drawn each time, or several beams at once (`nn/beam.py`).

All rows of a batch write together, and one that is at its end leaves the batch. What a row becomes is what it would
have become alone. Networks are used as they are handed over: in training mode their dropout would be on.

    state = decoder.start(memory, keep)
    texts = greedy(decoder, state, first, end=2, max_tokens=100)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from regard.nn.beam import beam
from regard.nn.decoding import Decoder, Hypothesis, Rules, check, no_token
from regard.nn.sampling import Sampling, Streams, penalised

__all__ = ["Decoder", "Hypothesis", "beam", "greedy", "sample", "stream"]

Choice = Callable[[Float[Tensor, "b v"], Sequence[int]], Int[Tensor, " b"]]
"""Which token comes next, of the rows with these numbers, by their scores."""


def greedy(
    decoder: Decoder,
    state: Any,
    first: Int[Tensor, " b"],
    *,
    end: int | Iterable[int] | None,
    max_tokens: int | Sequence[int],
    min_tokens: int = 0,
    banned: Iterable[int] = (),
    repetition_penalty: float = 1.0,
    prompts: Sequence[Sequence[int]] | None = None,
) -> list[Hypothesis]:
    """The likeliest token, each time.

    `first` is read first: the token that begins a translation, the last one of a prompt. `end`: what ends a text, a
    token or several; None lets it run to its limit. `max_tokens`: the limit, for all rows or of each, the end token
    counted. `min_tokens`: how many stand before an end at least. `banned` are never written. `repetition_penalty` above
    1 lowers what was written already, `first` and `prompts` (what the state has read, of each row) included.

    Raises `UsageError` for options that make no sense, `ModelError` where no token is possible.
    """
    rules = Rules.of(len(first), end, max_tokens, min_tokens, banned)
    writer = _Writer(decoder, rules, lambda scores, rows: scores.argmax(-1), repetition_penalty)
    return writer.texts(state, first, prompts)


def sample(
    decoder: Decoder,
    state: Any,
    first: Int[Tensor, " b"],
    *,
    end: int | Iterable[int] | None,
    max_tokens: int | Sequence[int],
    seed: int | Sequence[int],
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    min_tokens: int = 0,
    banned: Iterable[int] = (),
    repetition_penalty: float = 1.0,
    prompts: Sequence[Sequence[int]] | None = None,
) -> list[Hypothesis]:
    """A token drawn each time. `seed`: one for the batch, or one a row, which then writes what it would write alone
    with it. Temperature and filters are those of `Sampling`, a temperature of 0 is greedy; the rest as in `greedy`."""
    rules = Rules.of(len(first), end, max_tokens, min_tokens, banned)
    choose = _drawing(Sampling(temperature, top_k, top_p, min_p), Streams(seed, len(first)))
    return _Writer(decoder, rules, choose, repetition_penalty).texts(state, first, prompts)


def stream(
    decoder: Decoder,
    state: Any,
    first: Int[Tensor, " 1"],
    *,
    end: int | Iterable[int] | None,
    max_tokens: int,
    seed: int,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    min_tokens: int = 0,
    banned: Iterable[int] = (),
    repetition_penalty: float = 1.0,
    prompts: Sequence[Sequence[int]] | None = None,
) -> Iterator[tuple[int, float]]:
    """What `sample` writes in one row, token by token with its log-probability, each as soon as it is there. The end
    token is not among them."""
    rules = Rules.of(1, end, max_tokens, min_tokens, banned)
    choose = _drawing(Sampling(temperature, top_k, top_p, min_p), Streams(seed, 1))
    written = _Writer(decoder, rules, choose, repetition_penalty).written(state, first, prompts)
    return ((token, own) for _, token, own in written if token not in rules.end)


def _drawing(sampling: Sampling, streams: Streams) -> Choice:
    return lambda scores, rows: sampling.draw(scores, streams.next(rows).to(scores.device))


class _Writer:
    """One token a row and step, by any choice."""

    def __init__(self, decoder: Decoder, rules: Rules, choose: Choice, penalty: float) -> None:
        check(0 < penalty < math.inf, "repetition_penalty", penalty, "above 0; 1 changes nothing, more is a penalty")
        self.decoder, self.rules, self.choose, self.penalty = decoder, rules, choose, penalty

    def texts(self, state: Any, first: Int[Tensor, " b"], prompts: Sequence[Sequence[int]] | None) -> list[Hypothesis]:
        ids: list[list[int]] = [[] for _ in first]
        logs: list[list[float]] = [[] for _ in first]
        for row, token, own in self.written(state, first, prompts):
            ids[row].append(token)
            logs[row].append(own)
        return [Hypothesis.of(*written, self.rules.end) for written in zip(ids, logs, strict=True)]

    def written(
        self, state: Any, first: Int[Tensor, " b"], prompts: Sequence[Sequence[int]] | None
    ) -> Iterator[tuple[int, int, float]]:
        """Row, token and log-probability of all that is written, step by step; an end token too."""
        ids, rows, seen = first, list(range(len(first))), None
        for step in range(max(self.rules.limits, default=0)):
            # Not around the `yield`: the mode would be on in the caller's code too.
            with torch.inference_mode():
                logits, state = self.decoder.step(ids, state)
                if self.penalty != 1:
                    seen = self._seen(seen, ids, logits, prompts)
                ids, own = self._choice(logits, seen, rows, step)
                told = list(zip(rows, ids.tolist(), own.tolist(), strict=True))
            for row, token, log_probability in told:
                if math.isnan(log_probability):
                    raise no_token(row, step)
                yield row, token, log_probability
            going = [place for place, (row, token, _) in enumerate(told) if self._goes_on(row, token, step)]
            if not going:
                return
            if len(going) < len(rows):
                with torch.inference_mode():
                    left = torch.tensor(going, device=ids.device)
                    state, ids, rows = self.decoder.reorder(state, left), ids[left], [rows[place] for place in going]
                    seen = seen if seen is None else seen[left]

    def _goes_on(self, row: int, token: int, step: int) -> bool:
        return token not in self.rules.end and step + 1 < self.rules.limits[row]

    def _choice(
        self, logits: Float[Tensor, "b v"], seen: Bool[Tensor, "b v"] | None, rows: list[int], step: int
    ) -> tuple[Int[Tensor, " b"], Float[Tensor, " b"]]:
        """The next token of each row with its log-probability, which is NaN where no token is possible."""
        logits = logits if logits.dtype == torch.float64 else logits.float()
        scores = logits if seen is None else penalised(logits, seen, self.penalty)
        scores = self.rules.obeyed(scores, step)
        ids = self.choose(scores, rows)
        place = ids[:, None]
        own = logits.gather(1, place) - logits.logsumexp(-1, keepdim=True)
        return ids, own.masked_fill(scores.gather(1, place) == -torch.inf, torch.nan)[:, 0]

    def _seen(
        self,
        seen: Bool[Tensor, "b v"] | None,
        ids: Int[Tensor, " b"],
        logits: Float[Tensor, "b v"],
        prompts: Sequence[Sequence[int]] | None,
    ) -> Bool[Tensor, "b v"]:
        """Which tokens stand in each row so far, those just read included."""
        if seen is None:
            seen = torch.zeros_like(logits, dtype=torch.bool)
            if prompts is not None:
                check(len(prompts) == len(seen), "prompts", prompts, f"what was read of each of the {len(seen)} rows")
            for row, prompt in enumerate(prompts or ()):
                seen[row, list(prompt)] = True
        return seen.scatter(1, ids[:, None], True)
