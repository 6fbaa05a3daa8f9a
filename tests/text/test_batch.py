"""Batches hold every row once, keep the budget, and depend on seed and epoch only."""

from hypothesis import given
from hypothesis import strategies as st

from regard.text.batch import TokenBudget, pad

LENGTHS = st.lists(st.integers(1, 300), max_size=200)


@given(LENGTHS, st.integers(1, 1000), st.integers(1, 40), st.integers(0, 3))
def test_every_row_once_within_the_budget(lengths, tokens, examples, epoch):
    budget = TokenBudget(lengths, tokens, examples, seed=7)
    for batches in (budget.epoch(epoch), budget.longest_first()):
        assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
        for batch in batches:
            assert len(batch) <= examples
            assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= tokens


@given(LENGTHS)
def test_an_epoch_is_the_seeds_own(lengths):
    first, again = (TokenBudget(lengths, 500, 8, seed=1) for _ in range(2))
    assert first.epoch(2) == again.epoch(2)


def test_epochs_and_seeds_differ():
    lengths = list(range(1, 200))
    budget = TokenBudget(lengths, 500, 8, seed=1)
    assert budget.epoch(0) != budget.epoch(1)
    assert budget.epoch(0) != TokenBudget(lengths, 500, 8, seed=2).epoch(0)


def test_padding_is_little():
    lengths = [10 + (n * 37) % 240 for n in range(2000)]
    batches = TokenBudget(lengths, 2048, 64, seed=0).epoch(0)
    computed = sum(len(batch) * max(lengths[row] for row in batch) for batch in batches)
    assert sum(lengths) / computed > 0.93


def test_the_longest_go_first():
    batches = TokenBudget([3, 9, 5, 1], 9, 2).longest_first()
    assert batches == [[1], [2], [3, 0]]


def test_pad_marks_real_tokens():
    ids, keep = pad([[5, 6, 7], [8]], pad_id=0)
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert keep.tolist() == [[True, True, True], [True, False, False]]


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 9)), max_size=80), st.integers(1, 400))
def test_all_windows_of_a_text_count_and_stay_together(texts, tokens):
    counts = [windows for _, windows in texts]
    lengths = [20 if windows > 1 else length for length, windows in texts]  # the windows of a long text are full
    budget = TokenBudget(lengths, tokens, 10, seed=3, windows=counts)
    for batches in (budget.epoch(0), budget.longest_first()):
        assert sorted(row for batch in batches for row in batch) == list(range(len(texts)))
        for batch in batches:
            computed = sum(counts[row] for row in batch) * max(lengths[row] for row in batch)
            assert len(batch) == 1 or computed <= tokens


@given(LENGTHS)
def test_one_window_a_text_changes_no_batch(lengths):
    plain = TokenBudget(lengths, 500, 8, seed=1)
    assert TokenBudget(lengths, 500, 8, seed=1, windows=[1] * len(lengths)).epoch(1) == plain.epoch(1)
