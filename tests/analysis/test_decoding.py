"""Ways of writing compared: what is counted of each, and which one is taken, on made-up outputs."""

from __future__ import annotations

import random
from dataclasses import fields

import pytest

from regard.analysis import decoding
from regard.analysis.decoding import GREEDY, Outcome
from regard.analysis.ways import Method
from regard.records import TextPrediction
from regard.tasks.translate.search_options import SearchOptions

WORDS = [f"w{number}" for number in range(60)]
BETTER = Method("better", "beams", {"beams": 5})
WORSE = Method("worse", "sampling", {})
SAME = Method("same", "beams", {"beams": 2})


def predictions(skill: float, n: int = 120, *, seed: int = 0) -> list[TextPrediction]:
    """Outputs of which about `skill` is right."""
    draw = random.Random(seed)
    found = []
    for row in range(n):
        gold = random.Random(row).sample(WORDS, 12)
        said = [word if draw.random() < skill else draw.choice(WORDS) for word in gold]
        found.append(TextPrediction(str(row), " ".join(gold), " ".join(said), (" ".join(gold),), -9.0, 12))
    return found


def compared(*more: Method, skills: dict[str, float] | None = None) -> list[Outcome]:
    skill = {"greedy": 0.6, "better": 0.8, "worse": 0.3, "same": 0.6, **(skills or {})}

    def write(method: Method, most: int | None) -> list[TextPrediction]:
        return predictions(skill[method.name], seed=1 if method is SAME else 2)[:most]

    return decoding.compare([GREEDY, *more], write, seed=1)


def test_the_ways_are_options_of_the_search_and_different() -> None:
    known = {field.name for field in fields(SearchOptions)}
    tried = decoding.methods(length_penalty=0.5, seed=7)
    assert tried[0] is GREEDY
    assert {name for method in tried for name in method.options} <= known
    assert len({method.name for method in tried}) == len({str(method.options) for method in tried}) == len(tried)
    assert [method.options["beams"] for method in tried if method.family == "beams"] == [2, 4, 5, 8, 16]
    assert all(method.options["length_penalty"] == 0.5 for method in tried if method.family == "beams")
    assert 0.5 not in [method.options["length_penalty"] for method in tried if method.family == "penalty"]


def test_differences_to_greedy_are_paired_and_beyond_noise_or_not() -> None:
    greedy, better, worse, same = compared(BETTER, WORSE, SAME)
    assert greedy.difference is None
    assert better.difference is not None
    assert better.difference.difference == pytest.approx(better.figures["bleu"] - greedy.figures["bleu"])
    assert better.beyond_noise
    assert better.difference.interval[0] > 0
    assert worse.beyond_noise
    assert not same.beyond_noise
    assert greedy.figures["same"] == 1.0
    assert better.figures["log_probability"] == pytest.approx(-9)
    assert better.figures["token_log_probability"] == pytest.approx(-0.75)


def test_the_better_one_is_taken_and_greedy_where_none_is() -> None:
    outcomes = compared(BETTER, WORSE)
    take = decoding.best(outcomes, seed=1)
    assert take is outcomes[1]
    assert decoding.sentence(outcomes, take).startswith("Take better: BLEU ")
    assert "above greedy (95 % interval: " in decoding.sentence(outcomes, take)
    outcomes = compared(SAME, WORSE)
    assert decoding.best(outcomes, seed=1) is outcomes[0]
    assert "no other way beats it by more than noise (the best, same: " in decoding.sentence(outcomes, outcomes[0])


def test_of_two_that_are_better_and_level_the_faster_one_is_taken() -> None:
    other = Method("other", "beams", {"beams": 16})
    greedy, *rest = compared(BETTER, other, skills={"other": 0.81})
    slow, fast = (
        Outcome(one.method, one.predictions, one.figures, speed, one.difference, one.p)
        for one, speed in zip(rest, (2.0, 1.0), strict=True)
    )
    assert decoding.best([greedy, slow, fast], seed=1) is fast


def test_examples_are_where_outputs_differ_most_with_who_wrote_what() -> None:
    found = decoding.examples(compared(BETTER, WORSE, SAME))
    assert len(found) == 8
    for example in found:
        names = [name for row in example["outputs"] for name in row["methods"]]
        assert sorted(names) == ["better", "greedy", "same", "worse"]
        assert len({row["output"] for row in example["outputs"]}) == len(example["outputs"]) > 1
    alike = decoding.compare([GREEDY, SAME], lambda method, most: predictions(0.5)[:most], seed=1)
    assert decoding.examples(alike) == []


def test_one_text_alone() -> None:
    outcomes = decoding.compare([GREEDY, SAME], lambda method, most: predictions(0.5, 1), seed=1)
    assert decoding.best(outcomes, seed=1) is outcomes[0]
    assert "on 1 text," in decoding.sentence(outcomes, outcomes[0])
