"""What `regard train` says at its end."""

import pytest

from regard.cli.train import _took


@pytest.mark.parametrize(
    ("timings", "said"),
    [
        ({"train": 30.0, "total": 33.0}, "30.0 s"),
        ({"train": 30.0, "explain": 500.0, "total": 540.0}, "30.0 s (9 min 0 s with reading, scoring and explaining)"),
        ({"total": 33.0}, "33.0 s"),
    ],
)
def test_the_time_of_training_is_told_apart_from_that_of_all(timings, said):
    assert _took(timings).replace("\u00a0", " ") == said
