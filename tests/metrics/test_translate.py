"""BLEU, chrF and ROUGE are those of their libraries; intervals, tables and shares are what their texts say."""

from __future__ import annotations

import json
from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF

from regard.errors import DataError
from regard.metrics.bleu import bleu, bleu_counts, brevity_penalty, precisions
from regard.metrics.chrf import chrf, chrf_counts
from regard.metrics.rouge import readable, rouge
from regard.metrics.translate import figures_of, is_reference, score_translations, tally_translation
from regard.records import Scores, TextPrediction

words = st.sampled_from(
    ["the", "The", "cat", "cats", "sat", "on", "a", "mat.", "mat", ",", "naïve", "3.5", "(x)", "猫"]
)
texts = st.lists(words, max_size=9).map(" ".join)
rows = st.lists(st.tuples(texts, st.lists(texts, min_size=1, max_size=3)), min_size=1, max_size=6)


def made(
    output: str, gold: tuple[str, ...] | None, source: str = "eins zwei drei", *, finished: bool = True
) -> TextPrediction:
    return TextPrediction("t", source, output, gold, -1.0, 3, finished)


def noisy(n: int, *, seed: int, skill: float) -> list[TextPrediction]:
    """Texts of 4 to 24 words of which a share of `skill` is right, with one reference or two."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        gold = generator.integers(0, 60, generator.integers(4, 25))
        said = np.where(generator.random(len(gold)) < skill, gold, generator.integers(0, 60, len(gold)))
        one, two, out = (" ".join(f"w{word}" for word in row) for row in (gold, gold[::-1], said))
        found.append(made(out, (one, two) if generator.random() < 0.3 else (one,), source=one))
    return found


@settings(deadline=None, max_examples=150)
@given(rows)
def test_bleu_and_chrf_are_sacrebleus(found: list[tuple[str, list[str]]]) -> None:
    outputs, references = [output for output, _ in found], [of for _, of in found]
    streams = list(zip_longest(*references))
    whole = BLEU().corpus_score(outputs, streams)
    sums = bleu_counts(outputs, references).sum(axis=0)
    assert float(bleu(sums)) == pytest.approx(whole.score, abs=1e-9)
    assert precisions(sums) == pytest.approx(whole.precisions)
    assert float(brevity_penalty(sums)) == pytest.approx(whole.bp)
    other = CHRF().corpus_score(outputs, streams).score
    assert float(chrf(chrf_counts(outputs, references).sum(axis=0))) == pytest.approx(other, abs=1e-9)


@settings(deadline=None)
@given(rows)
def test_rouge_is_rouge_scores_and_the_best_reference_counts(found: list[tuple[str, list[str]]]) -> None:
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    expected = [
        [max(scorer.score(one, output)[name].fmeasure for one in of) for name in scorer.rouge_types]
        for output, of in found
    ]
    assert rouge([output for output, _ in found], [of for _, of in found]) == pytest.approx(np.array(expected))


def test_figures_of_many_resamples_are_those_of_each() -> None:
    said = noisy(30, seed=1, skill=0.7)
    outputs, references = [item.output for item in said], [item.gold or () for item in said]
    drawn = np.random.default_rng(1).multinomial(30, np.full(30, 1 / 30), size=8)
    for figure, counts, metric in ((bleu, bleu_counts, BLEU()), (chrf, chrf_counts, CHRF())):
        own = figure(drawn @ counts(outputs, references))
        for row, value in zip(drawn, own, strict=True):
            taken = np.repeat(np.arange(30), row)
            streams = list(zip_longest(*(references[i] for i in taken)))
            assert value == pytest.approx(metric.corpus_score([outputs[i] for i in taken], streams).score)


def test_scores_of_translations() -> None:
    said = [*noisy(60, seed=2, skill=0.7), made("w1", ("w1",)), made("w1 w2", ("w3 w4 w5",), finished=False)]
    found = score_translations(said, part="test", seed=1)
    outputs, streams = [item.output for item in said], list(zip_longest(*(item.gold or () for item in said)))
    assert list(found.values) == [
        *("bleu", "chrf", "rouge_1", "rouge_2", "rouge_l", "exact_match", "length_ratio", "unfinished")
    ]
    whole = BLEU().corpus_score(outputs, streams)
    assert found.values["bleu"] == pytest.approx(whole.score)
    assert found.values["length_ratio"] == pytest.approx(whole.sys_len / whole.ref_len)
    assert found.values["unfinished"] == pytest.approx(1 / 62)
    assert found.values["exact_match"] == pytest.approx(np.mean([item.output in (item.gold or ()) for item in said]))
    for name, (low, high) in found.intervals.items():
        assert low <= found.values[name] <= high
    assert set(found.intervals) == set(found.values)
    assert found.detail["bleu"]["precisions"] == pytest.approx(whole.precisions)
    assert found.detail["bleu"]["signature"].startswith("nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert found.detail["chrf"]["signature"].startswith("nrefs:var|case:mixed")
    assert Scores.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_texts_are_sorted_by_the_length_of_their_source() -> None:
    said = [made("a b c d", ("a b c d",), "w " * n) for n in (1, 5, 6, 30, 31, 5000)]
    said.append(made("a b", ("a b c d",), "w " * 7))
    found = score_translations(said, part="test", seed=1).detail["by_source_length"]
    assert [(row["at_least"], row["support"]) for row in found] == [(1, 2), (6, 2), (21, 1), (31, 1), (401, 1)]
    assert found[0]["bleu"] == pytest.approx(100)
    assert found[0]["bleu_interval"] is None  # texts that are all alike
    assert found[1]["length_ratio"] == pytest.approx(6 / 8)
    assert found[1]["bleu_interval"][0] < found[1]["bleu"] < 100


def test_a_better_model_scores_better_in_everything() -> None:
    poor, good = (score_translations(noisy(80, seed=3, skill=skill), part="test", seed=1) for skill in (0.5, 0.9))
    for name in ("bleu", "chrf", "rouge_1", "rouge_2", "rouge_l"):
        assert poor.intervals[name][1] < good.intervals[name][0]


def test_all_right_and_all_wrong_have_an_interval_of_shares() -> None:
    found = score_translations([made("a cat sat  down", ("a cat sat down ",))] * 20, part="test", seed=1)
    assert found.values["bleu"] == pytest.approx(100)
    assert (found.values["exact_match"], found.values["unfinished"]) == (1, 0)
    assert set(found.intervals) == {"exact_match", "unfinished"}
    nothing = score_translations([made("", ("猫が座る",))] * 3, part="test", seed=1)
    assert nothing.values["bleu"] == nothing.values["chrf"] == 0
    assert "rouge_1" not in nothing.values
    assert not readable([["猫"]])
    empty = score_translations([made("", ("",))], part="test", seed=1)
    assert "length_ratio" not in empty.values
    assert empty.values["exact_match"] == 1


def test_a_tally_is_what_a_text_counts_for_bleu() -> None:
    said = noisy(10, seed=4, skill=0.6)
    sums = np.sum([tally_translation(item) for item in said], axis=0)
    assert float(bleu(sums)) == pytest.approx(score_translations(said, part="test", seed=1).values["bleu"])


def test_figures_of_outputs_from_anywhere() -> None:
    said = noisy(10, seed=5, skill=0.6)
    values = score_translations(said, part="test", seed=1).values
    found = figures_of([item.output for item in said], [item.gold or () for item in said])
    assert found == pytest.approx({name: values[name] for name in ("bleu", "chrf", "rouge_1", "rouge_2", "rouge_l")})


def test_blanks_aside_an_output_is_a_reference_or_is_not() -> None:
    assert is_reference(" ein  Haus\n", ("ein Baum", "ein Haus"))
    assert not is_reference("ein haus", ("ein Haus",))


def test_nothing_to_score() -> None:
    with pytest.raises(DataError, match="nothing to score"):
        score_translations([], part="test", seed=1)
    for gold in (None, ()):
        with pytest.raises(DataError, match="'t' has no reference"):
            score_translations([made("a", gold)], part="test", seed=1)
    with pytest.raises(DataError, match="'t' has no reference"):
        tally_translation(made("a", None))
