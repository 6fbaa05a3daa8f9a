"""A decoder with a limit writes on and on: from the last half of what it read, read again."""

from __future__ import annotations

from typing import Any

import torch

from regard.decoders.transformer import TransformerDecoder
from regard.nn import search
from regard.tasks.generate.sliding import SlidingDecoder

REACH = 8


def decoder() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = TransformerDecoder(
            vocabulary=13,
            width=8,
            layers=1,
            heads=2,
            feed_forward_size=16,
            memory_width=None,
            max_length=REACH,
            pad_id=0,
            dropout=0.0,
            embedding_dropout=0.0,
        )
    return made.double().eval()


def test_within_its_reach_it_is_the_decoder_itself() -> None:
    inner = decoder()
    ids = torch.arange(REACH)[None]
    with torch.no_grad():
        logits, state = SlidingDecoder(inner, REACH).extend(ids[:, :5], SlidingDecoder(inner, REACH).start(rows=1))
        further, _ = SlidingDecoder(inner, REACH).extend(ids[:, 5:], state)
        expected = inner(ids).logits
    torch.testing.assert_close(torch.cat([logits, further], 1), expected)


def test_beyond_it_the_last_half_is_read_again() -> None:
    inner = decoder()
    sliding = SlidingDecoder(inner, REACH)
    ids = torch.randint(0, 13, (2, 30), generator=torch.Generator().manual_seed(1))
    state, length = sliding.start(rows=2), 0
    with torch.no_grad():
        for place in range(ids.shape[1]):
            logits, state = sliding.step(ids[:, place], state)
            length = length + 1 if length < REACH else REACH // 2
            assert state.read.shape[1] == length
            seen = ids[:, place + 1 - length : place + 1]
            torch.testing.assert_close(logits, inner(seen).logits[:, -1])


def test_rows_are_put_in_another_order_with_what_they_read() -> None:
    sliding = SlidingDecoder(decoder(), REACH)
    ids = torch.randint(0, 13, (2, 7), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        _, state = sliding.extend(ids, sliding.start(rows=2))
        state = sliding.reorder(state, torch.tensor([1, 0, 1]))
        found = [sliding.step(torch.tensor([2, 3, 4]), state)[0]]
        _, other = sliding.extend(ids[[1, 0, 1]], sliding.start(rows=3))
        torch.testing.assert_close(found[0], sliding.step(torch.tensor([2, 3, 4]), other)[0])


def test_beams_run_on_it() -> None:
    sliding = SlidingDecoder(decoder(), REACH)
    [best] = search.beam(sliding, sliding.start(rows=1), torch.tensor([1]), beams=3, end=None, max_tokens=20)
    assert len(best[0].ids) == 20
