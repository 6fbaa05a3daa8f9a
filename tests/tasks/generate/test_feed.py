"""Windows tile the stream, at other places in each epoch, and the same for the same seed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.tasks.generate.encoder import EncodedText
from regard.tasks.generate.feed import StreamFeed

END = 99


def texts(*lengths: int) -> list[EncodedText]:
    """Texts whose tokens are numbered through."""
    found, start = [], 0
    for length in lengths:
        found.append(EncodedText(np.arange(start, start + length, dtype=np.int32), np.zeros((length, 2))))
        start += length
    return found


def feed(*lengths: int, length: int = 4, batch_tokens: int = 8, most: int = 99, seed: int = 1) -> StreamFeed:
    return StreamFeed(
        texts(*lengths), end_id=END, length=length, batch_tokens=batch_tokens, max_batch_examples=most, seed=seed
    )


def test_texts_follow_each_other_behind_the_end_token() -> None:
    assert feed(3, 0, 2).stream.tolist() == [END, 0, 1, 2, END, END, 3, 4]


@settings(max_examples=50, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 12), max_size=4),
    length=st.integers(1, 9),
    batch_tokens=st.integers(1, 40),
    epoch=st.integers(0, 5),
)
def test_an_epoch_reads_each_token_once_but_for_less_than_a_window(
    lengths: list[int], length: int, batch_tokens: int, epoch: int
) -> None:
    made = feed(*lengths, length=length, batch_tokens=batch_tokens)
    batches = made.epoch(epoch)
    read = [(row + place) % len(made.stream) for batch in batches for row in batch for place in range(made.length)]
    assert len(read) == len(set(read))
    assert len(made.stream) - len(read) < made.length
    assert all(len(batch) == 1 or len(batch) * made.length <= batch_tokens for batch in batches)
    assert made.epoch(epoch) == batches


def test_each_place_is_asked_for_the_token_after_it() -> None:
    made = feed(9, 6)
    batch = made.batch([13, 3])
    ring = made.stream.tolist() * 2
    assert batch["input_ids"].tolist() == [ring[13:17], ring[3:7]]
    assert batch["labels"].tolist() == [ring[14:18], ring[4:8]]


def test_epochs_and_seeds_cut_elsewhere() -> None:
    starts = {
        tuple(sorted(row for batch in feed(40, seed=seed).epoch(n) for row in batch))
        for seed in (1, 2)
        for n in range(8)
    }
    assert len(starts) > 3
    orders = {str(feed(40).epoch(n)) for n in range(8)}
    assert len(orders) == 8


def test_a_batch_has_no_more_windows_than_asked_for() -> None:
    assert {len(batch) for batch in feed(79, batch_tokens=100, most=5).epoch(0)} == {5}
