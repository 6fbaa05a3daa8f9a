"""Beam search: the best few beginnings of each text, all carried on at once (Sutskever et al. 2014, section 3.2).

Notable: it gives what transformers' `generate` gives, scores included, but a sentence that is decided leaves the batch,
beams begin only behind the first token, and no vocabulary is sorted or normalised whole. What was written is kept as
the candidates of each step and where they came from, and read backwards when a sentence is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from regard.nn.decoding import Decoder, Hypothesis, Rules, check, no_token

BLOCK = 128
"""Neighbours in the vocabulary of which only the greatest score is looked at first."""


@torch.inference_mode()
def beam(
    decoder: Decoder,
    state: Any,
    first: Int[Tensor, " b"],
    *,
    beams: int,
    end: int | Iterable[int] | None,
    max_tokens: int | Sequence[int],
    length_penalty: float = 1.0,
    n_best: int = 1,
    early_stopping: bool | str = False,
    min_tokens: int = 0,
    banned: Iterable[int] = (),
) -> list[list[Hypothesis]]:
    """The `n_best` texts of each row with the greatest score that `beams` beams find, best first; fewer where there are
    not so many. The score is the sum of the log-probabilities over length**`length_penalty`, the end token counted, as
    transformers has it (Wu et al. 2016, equation 14, adds 5 to the length): 0 minds no length, more favours long texts.

    `early_stopping`, when `beams` texts have ended: True stops; False stops where the best beam, scored at its present
    length, would not be among them; "never" only where it could not be at its limit either. `end`, `max_tokens`,
    `min_tokens`, `banned` and what is raised as in `greedy`."""
    rules = Rules.of(len(first), end, max_tokens, min_tokens, banned)
    check(beams >= 1, "beams", beams, "at least 1")
    check(1 <= n_best <= beams, "n_best", n_best, f"at least 1, at most the number of beams ({beams})")
    check(early_stopping in (True, False, "never"), "early_stopping", early_stopping, "True, False or 'never'")
    check(-5 <= length_penalty <= 5, "length_penalty", length_penalty, "from -5 to 5; 0 minds no length")
    found: list[list[Hypothesis]] = [[] for _ in first]
    if not found:
        return found
    field = _Field(first, beams, rules, length_penalty, early_stopping)
    ids = first
    for step in range(max(rules.limits)):
        logits, state = decoder.step(ids, state)
        going = field.grow(logits, step)
        for place in [place for place, goes in enumerate(going) if not goes]:
            found[field.rows[place]] = field.best(place, n_best)
        if not any(going):
            break
        state = decoder.reorder(state, field.keep(going))
        ids = field.ids
    return found


@dataclass(frozen=True)
class _Step:
    """The candidates of one step, the best first, of the sentences `rows`: `chosen` are those that became beams."""

    rows: list[int]
    tokens: Int[Tensor, "b c"]
    parents: Int[Tensor, "b c"]
    """Which beam of the step before each carries on."""
    logs: Float[Tensor, "b c"]
    chosen: Int[Tensor, "b n"]


class _Field:
    """The sentences that are not decided: the scores of their beams, what has ended best so far, and the way back.

    `ids` are what the beams read next, beam by beam of each sentence. What has ended is known by its place: the number
    of its step times `width`, plus its number among the candidates there."""

    def __init__(
        self,
        first: Int[Tensor, " b"],
        beams: int,
        rules: Rules,
        length_penalty: float,
        early_stopping: bool | str,
    ) -> None:
        self.beams, self.rules, self.penalty, self.early = beams, rules, length_penalty, early_stopping
        # With so many, `beams` of them go on whatever ends (each beam may end by each end token).
        self.width = max(2, 1 + len(rules.end)) * beams
        self.rows = list(range(len(first)))
        self.ids = first
        self.scores = torch.zeros(len(first), 1, device=first.device)
        self._ended = torch.full((len(first), beams), -torch.inf, device=first.device)
        self._places = torch.zeros(len(first), beams, dtype=torch.long, device=first.device)
        self._limits = torch.tensor(rules.limits, device=first.device)
        self._ends = torch.tensor(rules.end, dtype=torch.long, device=first.device)
        self._steps: list[_Step] = []
        self._origins = self._places

    def grow(self, logits: Float[Tensor, "r v"], step: int) -> list[bool]:
        """One token more: which sentences are still undecided."""
        scores, tokens, parents, logs = self._candidates(logits, step)
        ends = torch.isin(tokens, self._ends) | (self._limits == step + 1)[:, None]
        self._collect(scores, ends, step)
        before = self.scores.shape[1]
        self.scores, chosen = scores.masked_fill(ends, -torch.inf).topk(self.beams)
        self._steps.append(_Step(self.rows, tokens, parents, logs, chosen))
        self.ids = tokens.gather(1, chosen)
        first_beams = torch.arange(0, len(tokens) * before, before, device=tokens.device)
        self._origins = first_beams[:, None] + parents.gather(1, chosen)
        undecided: list[bool] = self._undecided(step + 1).tolist()
        return undecided

    def keep(self, going: list[bool]) -> Int[Tensor, " n"]:
        """Only these sentences from now on. Says which rows of the decoder's state their beams carry on."""
        origins = self._origins
        if not all(going):
            left = torch.tensor([place for place, goes in enumerate(going) if goes], device=origins.device)
            self.rows = [self.rows[place] for place in left.tolist()]
            self.ids, self.scores, self._ended, self._places, self._limits, origins = (
                part[left] for part in (self.ids, self.scores, self._ended, self._places, self._limits, origins)
            )
        self.ids = self.ids.flatten()
        return origins.flatten()

    def best(self, place: int, number: int) -> list[Hypothesis]:
        """The best texts of the sentence at this place among `rows`."""
        row = self.rows[place]
        found = zip(self._ended[place, :number].tolist(), self._places[place, :number].tolist(), strict=True)
        texts = [self._text(row, where, score) for score, where in found if score != -torch.inf]
        if not texts or any(text.score != text.score for text in texts):
            raise no_token(row, len(self._steps) - 1)
        return texts

    def _candidates(
        self, logits: Float[Tensor, "r v"], step: int
    ) -> tuple[Float[Tensor, "b c"], Int[Tensor, "b c"], Int[Tensor, "b c"], Float[Tensor, "b c"]]:
        """The `width` best continuations of each sentence: scores, tokens, beams and log-probabilities."""
        logits = logits if logits.dtype == torch.float64 else logits.float()
        best, tokens = top(self.rules.obeyed(logits, step), self.width)
        logs = best - logits.logsumexp(-1, keepdim=True)
        each = logs.shape[1]
        sums = (self.scores.flatten()[:, None] + logs).view(len(self.rows), -1)
        scores, place = sums.topk(min(self.width, sums.shape[1]))
        tokens, logs = (part.view(sums.shape).gather(1, place) for part in (tokens, logs))
        parents = place // each
        missing = (0, self.width - scores.shape[1])  # of a vocabulary of a few tokens
        return (
            F.pad(scores, missing, value=-torch.inf),
            F.pad(tokens, missing),
            F.pad(parents, missing),
            F.pad(logs, missing),
        )

    def _collect(self, scores: Float[Tensor, "b c"], ends: Tensor, step: int) -> None:
        """Keep the best that have ended, those of this step among them. Only a candidate that is as good as a beam
        counts: the others are there to carry on."""
        ending = (scores / (step + 1) ** self.penalty).masked_fill(~ends, -torch.inf)[:, : self.beams]
        places = torch.arange(self.beams, device=scores.device).expand(len(scores), -1) + step * self.width
        self._ended, order = torch.cat((self._ended, ending), 1).topk(self.beams)
        self._places = torch.cat((self._places, places), 1).gather(1, order)

    def _undecided(self, length: int) -> Tensor:
        """Whether what is written may still become better than the worst that has ended; as transformers decides it."""
        hoped = self._limits if self.early == "never" and self.penalty > 0 else length
        best, worst = self.scores[:, 0] / hoped**self.penalty, self._ended[:, -1]
        undecided = (best > worst) & (self._limits > length)
        return undecided & (worst == -torch.inf) if self.early is True else undecided

    def _text(self, row: int, place: int, score: float) -> Hypothesis:
        """Read backwards from where it ended."""
        step, candidate = divmod(place, self.width)
        ids, logs = [], []
        for made in reversed(self._steps[: step + 1]):
            sentence = made.rows.index(row)
            ids.append(int(made.tokens[sentence, candidate]))
            logs.append(float(made.logs[sentence, candidate]))
            if step:
                step -= 1
                before = self._steps[step]
                candidate = int(before.chosen[before.rows.index(row), made.parents[sentence, candidate]])
        return Hypothesis.of(ids[::-1], logs[::-1], self.rules.end, score)


def top(scores: Float[Tensor, "r v"], number: int) -> tuple[Float[Tensor, "r k"], Int[Tensor, "r k"]]:
    """The greatest scores of each row and where they stand, as `topk`, which takes several times as long on a CPU: the
    greatest can only stand in those blocks that have the greatest maxima."""
    vocabulary = scores.shape[1]
    whole = vocabulary - vocabulary % BLOCK
    if whole < 2 * number * BLOCK:
        return scores.topk(min(number, vocabulary))
    blocks = scores[:, :whole].unflatten(1, (-1, BLOCK))
    chosen = blocks.amax(-1).topk(number).indices[..., None]
    inside = blocks.gather(1, chosen.expand(-1, -1, BLOCK)).flatten(1)
    ids = (chosen * BLOCK + torch.arange(BLOCK, device=scores.device)).flatten(1)
    if whole < vocabulary:
        rest = torch.arange(whole, vocabulary, device=scores.device).expand(len(scores), -1)
        inside, ids = torch.cat((inside, scores[:, whole:]), 1), torch.cat((ids, rest), 1)
    best, place = inside.topk(number)
    return best, ids.gather(1, place)
