"""A linear-chain CRF: the tags of a text scored together, by what each word says of itself and by what follows what
(Lafferty et al. 2001; as the last layer of a tagger Lample et al. 2016, section 2.2).

Notable: a tag that may not follow another has the score `FORBIDDEN` there. It is finite, since -inf turns gradients
into NaN, and so large that no sum of learned scores reaches it. A `keep` mask marks a text's words, from the left and
without a gap; what stands right of them changes nothing, and a text without words has one reading, of probability 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from regard.records.tags import Scheme, follows

FORBIDDEN = -1e9


def allowed_by(scheme: Scheme, tags: Sequence[str]) -> Bool[Tensor, "n n"]:
    """Which tag may follow which by a scheme, n = tags + 1: rows before columns. The last row says which may begin a
    text, the last column which may end it."""
    before, after = [*tags, None], [*tags, None]
    rows = [[follows(first, second, scheme) for second in after] for first in before]
    return torch.tensor(rows, device="cpu")  # also where transformers makes a model without memory, to be filled


@dataclass(frozen=True)
class Chain:
    """The scores of a chain: `transitions[i, j]` of tag j right after tag i, `start` and `end` of the tag that a text
    begins and ends with."""

    transitions: Float[Tensor, "k k"]
    start: Float[Tensor, " k"]
    end: Float[Tensor, " k"]

    @classmethod
    def constrained(cls, allowed: Bool[Tensor, "n n"]) -> Chain:
        """Nothing learned: 0 where a tag may follow another, `FORBIDDEN` where not."""
        scores = torch.zeros(allowed.shape, device=allowed.device).masked_fill(~allowed, FORBIDDEN)
        return cls(scores[:-1, :-1], scores[-1, :-1], scores[:-1, -1])

    def score(
        self, emissions: Float[Tensor, "b t k"], tags: Int[Tensor, "b t"], keep: Bool[Tensor, "b t"]
    ) -> Float[Tensor, " b"]:
        """What these tags get: emissions and transitions summed (Lample et al. 2016, section 2.2, s(X, y))."""
        if not emissions.shape[1]:
            return emissions.sum((1, 2))
        tags = tags.masked_fill(~keep, 0)
        last = tags.gather(1, (keep.sum(1, keepdim=True) - 1).clamp(min=0))[:, 0]
        own = emissions.gather(2, tags[..., None])[..., 0].masked_fill(~keep, 0.0)
        moves = self.transitions[tags[:, :-1], tags[:, 1:]].masked_fill(~keep[:, 1:], 0.0)
        ends = (self.start[tags[:, 0]] + self.end[last]).masked_fill(~keep[:, 0], 0.0)
        return own.sum(1) + moves.sum(1) + ends

    def log_partition(self, emissions: Float[Tensor, "b t k"], keep: Bool[Tensor, "b t"]) -> Float[Tensor, " b"]:
        """The log of the sum of exp(score) over all readings of a text, by the forward algorithm."""
        if not emissions.shape[1]:
            return emissions.sum((1, 2))
        return (self._forwards(emissions, keep)[-1] + self.end).logsumexp(1).masked_fill(~keep[:, 0], 0.0)

    def marginals(self, emissions: Float[Tensor, "b t k"], keep: Bool[Tensor, "b t"]) -> Float[Tensor, "b t k"]:
        """The probability of each tag of each word, over all readings, by forward-backward; 0 beyond the words."""
        if not emissions.shape[1]:
            return torch.zeros_like(emissions)
        ahead = torch.stack(self._forwards(emissions, keep), dim=1)
        behind = torch.stack(self._backwards(emissions, keep), dim=1)
        # Each word's sum is the partition, so that a softmax is the division by it.
        return (ahead + behind).softmax(-1).masked_fill(~keep[..., None], 0.0)

    def viterbi(self, emissions: Float[Tensor, "b t k"], keep: Bool[Tensor, "b t"]) -> list[list[int]]:
        """The reading with the highest score (Viterbi 1967): the tag of each word, as many as a text has words."""
        if not emissions.shape[1]:
            return [[] for _ in emissions]
        first, *others = emissions.unbind(1)
        best, stay = self.start + first, torch.arange(emissions.shape[2], device=emissions.device)
        came: list[Tensor] = []
        for word, own in enumerate(others, 1):
            score, source = (best[:, None] + self.transitions.T).max(-1)
            kept = keep[:, word, None]
            came.append(torch.where(kept, source, stay))  # beyond the last word the way back stands still
            best = torch.where(kept, score + own, best)
        path = [(best + self.end).argmax(-1, keepdim=True)]
        for source in reversed(came):
            path.append(source.gather(1, path[-1]))
        tags = torch.cat(path[::-1], dim=1).tolist()
        return [row[:length] for row, length in zip(tags, keep.sum(1).tolist(), strict=True)]

    def _forwards(self, emissions: Float[Tensor, "b t k"], keep: Bool[Tensor, "b t"]) -> list[Float[Tensor, "b k"]]:
        """For each word the log-sum over all ways to reach each of its tags; beyond the last word that of the last."""
        # unbind, since the gradient of one column taken by its index is a whole tensor of zeros.
        first, *others = emissions.unbind(1)
        ahead = [self.start + first]
        for word, own in enumerate(others, 1):
            reached = (ahead[-1][:, None] + self.transitions.T).logsumexp(-1) + own
            ahead.append(torch.where(keep[:, word, None], reached, ahead[-1]))
        return ahead

    def _backwards(self, emissions: Float[Tensor, "b t k"], keep: Bool[Tensor, "b t"]) -> list[Float[Tensor, "b k"]]:
        """For each word the log-sum over all ways to go on from each of its tags to the end of the text."""
        behind = [self.end.expand(len(emissions), -1)]
        for word in range(emissions.shape[1] - 1, 0, -1):
            onwards = (self.transitions + (emissions[:, word] + behind[-1])[:, None]).logsumexp(-1)
            behind.append(torch.where(keep[:, word, None], onwards, behind[-1]))
        return behind[::-1]


class LinearChainCrf(nn.Module):
    """A `Chain` that learns, over `tags` tags; `allowed` as `allowed_by` makes it, or None where all may follow all.

    What is forbidden has no say in any result, whatever its parameter is, and gets no gradient. Tags that break the
    rules have a likelihood of next to nothing, which nothing can be learned from: mend them before training.
    """

    allowed: Tensor | None

    def __init__(self, tags: int, allowed: Bool[Tensor, "n n"] | None = None) -> None:
        super().__init__()
        if allowed is not None and len(allowed) != tags + 1:
            raise ValueError(f"`allowed` has {len(allowed)} rows, but there are {tags} tags and one row for the ends")
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        self.start = nn.Parameter(torch.zeros(tags))
        self.end = nn.Parameter(torch.zeros(tags))
        self.register_buffer("allowed", None if allowed is None else allowed.clone())

    def begin(self) -> None:
        """All that is allowed alike: at first each word speaks for itself."""
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def chain(self) -> Chain:
        if self.allowed is None:
            return Chain(self.transitions, self.start, self.end)
        forbidden = ~self.allowed
        return Chain(
            self.transitions.masked_fill(forbidden[:-1, :-1], FORBIDDEN),
            self.start.masked_fill(forbidden[-1, :-1], FORBIDDEN),
            self.end.masked_fill(forbidden[:-1, -1], FORBIDDEN),
        )

    def log_likelihood(
        self, emissions: Float[Tensor, "b t k"], tags: Int[Tensor, "b t"], keep: Bool[Tensor, "b t"]
    ) -> Float[Tensor, " b"]:
        """log p(tags | text), of each text (Lample et al. 2016, equation 1)."""
        chain = self.chain()
        return chain.score(emissions, tags, keep) - chain.log_partition(emissions, keep)

    def log_partition(self, emissions: Float[Tensor, "b t k"], keep: Bool[Tensor, "b t"]) -> Float[Tensor, " b"]:
        return self.chain().log_partition(emissions, keep)

    def marginals(self, emissions: Float[Tensor, "b t k"], keep: Bool[Tensor, "b t"]) -> Float[Tensor, "b t k"]:
        return self.chain().marginals(emissions, keep)

    def viterbi(self, emissions: Float[Tensor, "b t k"], keep: Bool[Tensor, "b t"]) -> list[list[int]]:
        return self.chain().viterbi(emissions, keep)
