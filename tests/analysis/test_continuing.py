"""Ways of going on compared with true text: what is counted, and which one is taken, on made-up continuations."""

from __future__ import annotations

import math
import random
import re
from dataclasses import fields

import pytest

from regard.analysis import closest, continuing
from regard.analysis.continuing import GREEDY, Continuation, Outcome, described
from regard.analysis.ways import Method
from regard.tasks.generate.writing import Writing, writing_of

WORDS = [f"w{number}" for number in range(200)]
LIKE, LEVEL, WIDE = Method("like", "sampling", {}), Method("level", "sampling", {"top_p": 0.9}), Method("wide", "x", {})
BEAMS = Method("beams", "beams", {"beams": 4})


def continuations(nats: float, n: int = 60, *, repeats: float = 0.0, seed: int = 0) -> list[Continuation]:
    """Texts of 20 words with about so many nats a word, of which a share begins again from its first words."""
    draw = random.Random(seed)
    found = []
    for _ in range(n):
        words = [draw.choice(WORDS) for _ in range(20)]
        if draw.random() < repeats:
            words[10:] = words[:10]
        logs = [-draw.gauss(nats, 0.3) for _ in words]
        found.append(Continuation(list(range(20)), logs, " ".join(words)))
    return found


TRUTH = continuations(2.0, seed=9)
WRITTEN = {
    "greedy": continuations(0.5, repeats=0.9, seed=1),
    "like": continuations(2.02, seed=2),
    "level": continuations(2.0, seed=3),
    "wide": continuations(2.6, seed=4),
    "beams": continuations(2.0, seed=5),
    "copies": continuations(2.0, repeats=0.9, seed=6),
}


def compared(*more: Method) -> list[Outcome]:
    return continuing.compare([GREEDY, *more], lambda method, most: WRITTEN[method.name][:most], TRUTH, seed=1)


def test_the_ways_are_choices_of_writing_and_different() -> None:
    known = {field.name for field in fields(Writing)}
    tried = continuing.methods(seed=7)
    assert tried[0] is GREEDY
    assert {name for method in tried for name in method.options} <= known
    assert len({method.name for method in tried}) == len({writing_of(dict(one.options)) for one in tried}) == len(tried)
    assert all(method.options["seed"] == 7 for method in tried if method.family == "sampling")


def test_figures_of_texts() -> None:
    texts = [Continuation([1, 2], [-1.0, -3.0], "a b a b a b a b"), Continuation([1, 2], [-2.0, -2.0], "c d e f g")]
    figures, intervals = described(texts, seed=1)
    assert figures["log_probability"] == pytest.approx(-2)
    assert figures["perplexity"] == pytest.approx(math.exp(2))
    assert figures["repeated_4"] == pytest.approx(3 / 7)
    assert figures["distinct_2"] == pytest.approx(6 / 11)
    assert intervals["log_probability"] == pytest.approx((-2, -2))


def test_differences_to_the_true_text_are_beyond_noise_or_not() -> None:
    greedy, like, wide = compared(LIKE, WIDE)
    for outcome in (greedy, like, wide):
        for name, found in outcome.differences.items():
            assert found.difference == pytest.approx(outcome.figures[name] - described(TRUTH, seed=1)[0][name])
            assert found.interval[0] <= found.difference <= found.interval[1]
    assert greedy.beyond_noise("log_probability")
    assert greedy.repeats_more
    assert not like.beyond_noise("log_probability")
    assert not like.repeats_more
    assert wide.differences["log_probability"].interval[1] < 0
    assert greedy.to_json()["differences"]["repeated_4"]["within_noise"] is False


def test_of_those_level_with_the_closest_the_one_without_beams_that_stands_first_is_taken() -> None:
    outcomes = compared(BEAMS, WIDE, LIKE, LEVEL)
    take = closest.best(outcomes, TRUTH, seed=1)
    assert take.method is LIKE
    said = closest.sentence(outcomes, take, described(TRUTH, seed=1)[0])
    assert said.startswith("Take like: on 60 passages no way that repeats itself no more than it comes closer")
    assert re.search(r"by more than noise \((beams|level): ([+−]0\.0\d|0\.00)\)\. It has −2\.0", said)
    assert "Greedy has −0.50" in said


def test_what_repeats_itself_is_taken_only_where_all_do() -> None:
    copies = Method("copies", "sampling", {})
    outcomes = compared(copies, WIDE)
    take = closest.best(outcomes, TRUTH, seed=1)
    assert take.method is WIDE
    assert "no way that repeats itself no more" in closest.sentence(outcomes, take, described(TRUTH, seed=1)[0])
    outcomes = compared(copies)
    take = closest.best(outcomes, TRUTH, seed=1)
    assert take.method is copies
    assert "every way repeats itself more" in closest.sentence(outcomes, take, described(TRUTH, seed=1)[0])


def test_one_passage_of_one_token() -> None:
    one = [Continuation([1], [-1.0], "a")]
    [outcome] = continuing.compare([GREEDY], lambda method, most: one[:most], one, seed=1)
    assert closest.best([outcome], one, seed=1) is outcome
    assert set(outcome.figures) == {"log_probability", "perplexity", "repeated_3", "repeated_4"}
    assert closest.sentence([outcome], outcome, outcome.figures).startswith("Take greedy: on 1 passage ")
