"""The verdict names what the numbers say, no more."""

from __future__ import annotations

import json
from zlib import crc32

import numpy as np
import pytest

from regard.metrics.bleu import bleu, bleu_counts
from regard.metrics.measure import Measure, shares
from regard.metrics.verdict import Contender, Verdict, verdict

F1 = Measure("f1")

HARD = np.random.default_rng(1).random(3000)
"""How hard each text is: models err on the same ones."""


def contender(name: str, accuracy: float, *, seeds: int = 1, latency_ms: float = 1.0, size: int = 1) -> Contender:
    luck = np.random.default_rng(crc32(name.encode())).random((seeds, len(HARD)))
    return Contender(name, shares(0.7 * HARD + 0.3 * luck < accuracy * 0.7 + 0.15), latency_ms, size)


def ladder(seeds: int = 1) -> Verdict:
    return verdict(
        [
            contender("cheap", 0.80, seeds=seeds, latency_ms=0.1),
            contender("poor", 0.60, seeds=seeds, latency_ms=0.05),
            contender("dear", 0.805, seeds=seeds, latency_ms=20.0),
        ],
        seed=1,
    )


@pytest.mark.parametrize("seeds", [1, 3])
def test_among_equals_the_cheapest_is_taken(seeds: int) -> None:
    said = ladder(seeds)
    assert said.take == "cheap"
    assert set(said.ranking[:2]) == {"cheap", "dear"}
    assert said.ranking[2] == "poor"
    assert len(said.tied) == 1
    assert "within noise" in said.sentence
    assert "Take cheap" in said.sentence
    tests = {pair.test for pair in said.pairs}
    assert tests == ({"McNemar, mid-p"} if seeds == 1 else {"paired bootstrap over texts and seeds"})


def test_pairs_are_all_there_and_corrected() -> None:
    said = ladder()
    assert {frozenset((pair.first, pair.second)) for pair in said.pairs} == {
        frozenset(pair) for pair in (("cheap", "dear"), ("cheap", "poor"), ("dear", "poor"))
    }
    for pair in said.pairs:
        assert pair.difference >= 0
        assert pair.p_adjusted >= pair.p
        assert pair.within_noise == ({pair.first, pair.second} == {"cheap", "dear"})


def test_a_clear_best_is_taken_whatever_it_costs() -> None:
    said = verdict([contender("good", 0.9, latency_ms=50), contender("fair", 0.8)], seed=1)
    assert said.take == "good"
    assert said.tied == []
    assert "more than noise" in said.sentence
    assert said.sentence.endswith("Take good.")


def test_noise_among_the_others_is_said_too() -> None:
    said = verdict([contender("best", 0.9), contender("one", 0.7), contender("other", 0.7)], seed=1)
    assert "Also within noise of each other" in said.sentence
    assert said.take == "best"


def test_equal_latency_goes_by_size() -> None:
    said = verdict([contender("large", 0.805, size=100), contender("small", 0.8, size=1)], seed=1)
    assert said.take == "small"


def test_what_is_hardly_cheaper_does_not_outweigh_accuracy() -> None:
    said = verdict([contender("good", 0.805, latency_ms=1.0), contender("quick", 0.8, latency_ms=0.6)], seed=1)
    assert said.tied == [said.ranking[1]]
    assert said.take == said.ranking[0] == "good"
    assert "Take good: none within noise of it is clearly cheaper to run (2 times as fast" in said.sentence


def test_the_sentence_says_what_decided() -> None:
    quick = verdict([contender("good", 0.805, latency_ms=5), contender("quick", 0.8, latency_ms=2)], seed=1)
    assert quick.sentence.endswith("can't tell from good and which is faster: 2 ms a text against 5 ms.")
    mebibyte = 2**20
    small = verdict([contender("good", 0.805, size=90 * mebibyte), contender("small", 0.8, size=mebibyte)], seed=1)
    assert small.sentence.endswith("can't tell from good and which is smaller: 1 MiB on disk against 90 MiB.")


def test_small_but_clearly_slower_is_not_cheaper() -> None:
    good, small = contender("good", 0.805, size=100), contender("small", 0.8, size=1, latency_ms=2.0)
    assert verdict([good, small], seed=1).take == "good"


def test_of_several_cheaper_ones_the_more_accurate_is_taken() -> None:
    good, fair, poor = (
        contender(name, accuracy, latency_ms=latency_ms)
        for name, accuracy, latency_ms in (("good", 0.815, 20), ("fair", 0.81, 1.0), ("poor", 0.8, 0.9))
    )
    said = verdict([poor, fair, good], seed=1)
    assert said.tied == ["fair", "poor"]
    assert said.take == "fair"


def test_equally_right_goes_by_cost_however_small() -> None:
    correct = contender("one", 0.8).tallies
    said = verdict([Contender("slow", correct, 1.1, 1), Contender("quick", correct, 1.0, 1)], seed=1)
    assert said.take == "quick"
    assert "are right equally often" in said.sentence


def test_one_model_is_a_verdict_too() -> None:
    said = verdict([contender("only", 0.8)], seed=1)
    assert (said.take, said.pairs, said.tied) == ("only", [], [])


def test_models_may_have_different_numbers_of_seeds() -> None:
    said = verdict([contender("lstm", 0.8, seeds=3), contender("tfidf", 0.6)], seed=1)
    assert said.take == "lstm"


def test_it_is_json() -> None:
    document = json.loads(json.dumps(ladder().to_json()))
    assert document["take"] == "cheap"
    assert {"first", "second", "difference", "interval", "p", "p_adjusted", "within_noise", "test"} <= set(
        document["pairs"][0]
    )


def test_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        verdict([], seed=1)


# F1 of entities, and of answers


def tagger(name: str, skill: float, *, seeds: int = 1, latency_ms: float = 1.0) -> Contender:
    """Of 800 texts twice the right entities, and those of gold and output together."""
    generator = np.random.default_rng(crc32(name.encode()))
    gold = np.random.default_rng(1).poisson(1.5, 800)
    hits = generator.binomial(gold, skill, size=(seeds, 800))
    return Contender(name, shares(2 * hits, 2 * gold), latency_ms, 1, F1)


@pytest.mark.parametrize("seeds", [1, 3])
def test_f1_is_compared_by_a_bootstrap_whatever_the_seeds(seeds: int) -> None:
    good, fair, poor = (
        tagger("good", 0.8, seeds=seeds),
        tagger("fair", 0.79, seeds=seeds),
        tagger("poor", 0.5, seeds=seeds),
    )
    said = verdict([poor, fair, good], seed=1)
    assert said.ranking[2] == "poor"
    assert len(said.tied) == 1
    assert {pair.test for pair in said.pairs} == {
        "paired bootstrap over texts" if seeds == 1 else "paired bootstrap over texts and seeds"
    }
    best = max((good, fair), key=lambda one: one.figure)
    assert said.sentence.startswith(f"{best.name} has the highest F1: {100 * best.figure:.1f} % on 800 texts.")
    for one in (good, fair, poor):
        low, high = one.interval(seed=1)
        assert low < one.figure < high


def test_a_figure_of_entities_is_no_mean_over_texts() -> None:
    one = Contender("one", shares(np.array([2.0, 0.0, 0.0]), np.array([2.0, 6.0, 0.0])), 1.0, 1)
    assert one.figure == 0.25
    assert not one.right_or_wrong


def test_answers_that_are_right_or_wrong_are_tested_as_such() -> None:
    first = Contender("first", shares(np.arange(400) < 320), 1.0, 1, F1)
    second = Contender("second", shares(np.arange(400) < 300), 1.0, 1, F1)
    said = verdict([first, second], seed=1, noun="question")
    assert said.sentence.startswith("first has the highest F1: 80.0 % on 400 questions.")
    [pair] = said.pairs
    assert pair.test == "McNemar, mid-p"
    assert pair.difference == pytest.approx(0.05)


def test_the_same_f1_is_said_to_be_the_same() -> None:
    one, other = tagger("one", 0.8), tagger("one", 0.8, latency_ms=9.0)
    said = verdict([one, Contender("other", other.tallies, 9.0, 1, F1)], seed=1)
    assert said.sentence.startswith("one and other have the same F1, ")
    assert said.take == "one"


# Figures that are no ratios, or of which less is better


def translator(name: str, wrong: int, *, latency_ms: float = 1.0) -> Contender:
    """Of 60 texts of ten words that many have a wrong word in the middle."""
    gold = [" ".join(f"w{text}of{word}" for word in range(10)) for text in range(60)]
    said = [one.replace("of5", "off") if text < wrong else one for text, one in enumerate(gold)]
    counted = bleu_counts(said, [(one,) for one in gold])
    return Contender(name, counted, latency_ms, 1, Measure("bleu", figure=bleu))


def test_bleu_has_a_scale_of_its_own() -> None:
    poor, good = translator("poor", 50), translator("good", 10)
    said = verdict([poor, good], seed=1, noun="sentence")
    lead = good.figure - poor.figure
    assert said.sentence == (
        f"good has the highest BLEU: {good.figure:.1f} on 60 sentences. "
        f"Its lead over poor, {lead:.1f} points, is more than noise. Take good."
    )
    [pair] = said.pairs
    assert pair.difference == pytest.approx(lead)
    assert lead > 10
    assert pair.test == "paired bootstrap over texts"


BITS = Measure("bits_per_character", lower_is_better=True, consecutive=True)


def writer(name: str, bits: float, *, latency_ms: float = 1.0) -> Contender:
    """Of 400 stretches of 100 characters."""
    luck = np.random.default_rng(crc32(name.encode())).normal(0, 2, 400)
    return Contender(name, shares(100 * bits + luck, np.full(400, 100)), latency_ms, 1, BITS)


def test_less_is_better_where_it_is() -> None:
    said = verdict([writer("poor", 2.1), writer("good", 1.7), writer("cheap", 1.7001, latency_ms=0.1)], seed=1)
    assert said.ranking[2] == "poor"
    assert said.take == "cheap"
    assert said.sentence.startswith(f"{said.ranking[0]} has the fewest bits per character: 1.70")
    assert f"{said.ranking[1]} (1.70" in said.sentence
    for pair in said.pairs:
        assert pair.difference >= 0
        assert pair.interval[0] <= pair.difference <= pair.interval[1]
        assert pair.within_noise == ("poor" not in (pair.first, pair.second))
        assert pair.test == "paired bootstrap over runs of texts"
    two = verdict([writer("poor", 2.1), writer("good", 1.7)], seed=1)
    assert "Its lead over poor, 0.40" in two.sentence
    assert "bits, is more than noise" in two.sentence


def test_an_accuracy_of_words_is_no_share_of_texts() -> None:
    one, other = (
        Contender(name, shares(np.full(50, right), np.full(50, 9)), 1.0, 1) for name, right in (("a", 7), ("b", 3))
    )
    assert verdict([one, other], seed=1).sentence.startswith("a has the highest accuracy: 77.8 % on 50 texts.")


def test_models_are_compared_by_one_measure() -> None:
    with pytest.raises(ValueError, match="by one measure"):
        verdict([contender("one", 0.8), Contender("two", shares(HARD < 0.5), 1.0, 1, F1)], seed=1)
