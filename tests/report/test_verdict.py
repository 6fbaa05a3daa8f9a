"""Which of two models is better hangs on the figure: of BLEU more is, of bits less."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from regard.report.verdict import _against_peers
from regard.tasks.task import task_of


@pytest.mark.parametrize(("less", "better", "worse"), [(True, 1.5, 1.9), (False, 1.9, 1.5)])
def test_a_peer_is_better_by_the_tasks_own_figure(
    less: bool, better: float, worse: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = task_of("generate")
    monkeypatch.setattr(type(task), "lower_is_better", less)
    peers = [
        {"model": "good", "figure": better, "within_noise": False},
        {"model": "poor", "figure": worse, "within_noise": False},
        {"model": "like", "figure": better, "within_noise": True},
    ]
    scores = SimpleNamespace(values={task.headline: 1.7})
    run: Any = SimpleNamespace(record={"task": "generate", "peers": peers}, scores=scores)
    good, poor, like = _against_peers(run)
    assert good.endswith(": take that one.")
    assert poor.endswith(": this model is better.")
    assert like.endswith(": the difference is within noise.")
