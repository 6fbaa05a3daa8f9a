from tiny_training import TinyFeed

from regard.recipe import TrainingOptions
from regard.training.plan import Plan


def plan(sizes=(5, 3, 6), rows=36, **options):
    return Plan(TinyFeed(sizes=sizes, rows=rows), TrainingOptions(**options))


def test_every_row_once_an_epoch_in_groups_of_batches():
    steps = list(plan(epochs=2, gradient_accumulation_steps=3).steps_after(0))
    assert [step.number for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [len(step.group) for step in steps] == [3, 3, 2] * 2
    for epoch in (steps[:3], steps[3:]):
        assert sorted(row for step in epoch for batch in step.group for row in batch) == list(range(36))


def test_the_rest_of_the_steps_is_the_end_of_all_of_them():
    whole = plan(epochs=3, gradient_accumulation_steps=3, max_steps=8)
    steps = list(whole.steps_after(0))
    assert len(steps) == whole.total == 8
    for done in range(9):
        assert list(whole.steps_after(done)) == steps[done:]


def test_epochs_done():
    whole = plan(epochs=2)
    assert [whole.epochs_done(step) for step in (0, 4, 8, 12, 16)] == [0, 0.5, 1, 1.5, 2]


def test_evaluations_are_spread_over_each_epoch_and_the_last_step_has_one():
    def evaluated(whole):
        return [step for step in range(whole.total + 1) if whole.evaluates_at(step)]

    assert evaluated(plan(epochs=2)) == [8, 16]
    assert evaluated(plan(epochs=2, evaluations_per_epoch=3)) == [3, 5, 8, 11, 13, 16]
    assert evaluated(plan(epochs=1, evaluations_per_epoch=50)) == list(range(1, 9))
    assert evaluated(plan(epochs=2, max_steps=11)) == [8, 11]
    assert evaluated(plan(max_steps=3)) == [3]
