"""Nearest words, analogies and scores: against plain loops, and against gensim's own evaluation."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from scipy.stats import spearmanr

from regard.errors import DataError, UsageError
from regard.text import vectors
from regard.text.vectors import analogies
from regard.text.vectors.analogies import Questions, Tally, solve
from regard.text.vectors.evaluation import read_evaluation
from regard.text.vectors.similarity import Pairs, score_pairs, spearman


@pytest.fixture(scope="module")
def random() -> vectors.WordVectors:
    matrix = np.random.default_rng(5).normal(size=(60, 6)).astype(np.float32)
    return vectors.WordVectors([f"w{n}" for n in range(60)], matrix)


def cosine(known: vectors.WordVectors, a: int, b: int) -> float:
    x, y = known.matrix[a].astype(float), known.matrix[b].astype(float)
    return float(x @ y / np.sqrt(x @ x * (y @ y)))


def test_nearest_are_those_with_the_highest_cosine(random: vectors.WordVectors) -> None:
    found = vectors.nearest(random, "w7", top=5)
    expected = sorted(((cosine(random, 7, n), f"w{n}") for n in range(60) if n != 7), reverse=True)[:5]
    assert [word for word, _ in found] == [word for _, word in expected]
    np.testing.assert_allclose([score for _, score in found], [score for score, _ in expected], rtol=1e-5)
    assert len(vectors.nearest(random, "w7", top=100)) == 59


@pytest.mark.parametrize("method", ["add", "mul"])
def test_analogies_are_scored_as_in_their_papers(random: vectors.WordVectors, method: str) -> None:
    def score(x: int) -> float:
        to_a, to_b, to_c = (cosine(random, x, n) for n in (1, 2, 3))
        if method == "add":
            return to_b - to_a + to_c
        return ((to_b + 1) / 2) * ((to_c + 1) / 2) / ((to_a + 1) / 2 + 0.001)

    found = vectors.analogy(random, "w1", "w2", "w3", method=method, top=57)
    expected = sorted(((score(n), f"w{n}") for n in range(60) if n not in (1, 2, 3)), reverse=True)
    assert [word for word, _ in found] == [word for _, word in expected]
    np.testing.assert_allclose([value for _, value in found], [value for value, _ in expected], rtol=1e-4, atol=1e-6)


def test_unknown_words_and_methods(random: vectors.WordVectors) -> None:
    with pytest.raises(UsageError, match="no vector for 'x1'"):
        vectors.nearest(random, "x1")
    with pytest.raises(UsageError, match="no vector for 'x3'"):
        vectors.analogy(random, "w1", "w2", "x3")
    with pytest.raises(UsageError, match="unknown method 'sub'"):
        vectors.analogy(random, "w1", "w2", "w3", method="sub")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12))
def test_spearman_is_scipy_s(values: list[tuple[int, int]]) -> None:
    x, y = np.array(values, dtype=float).T
    found = spearman(x[None], y[None])[0]
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(x, y).statistic)


def test_similarity_counts_what_is_missing_and_has_an_interval(random: vectors.WordVectors) -> None:
    generator = np.random.default_rng(1)
    asked = [
        (f"w{a}", f"W{b}", cosine(random, a, b) + generator.normal() / 4)
        for a, b in generator.integers(60, size=(80, 2))
    ]
    pairs = Pairs(*map(list, zip(*asked, ("w1", "zzz", 0.5), strict=True)))
    found = score_pairs(random, pairs)
    assert (found.n, found.missing) == (80, [("w1", "zzz")])
    low, high = found.interval
    assert low < found.spearman < high
    assert high - low < 0.6
    assert found == score_pairs(random, pairs)
    assert found.interval != score_pairs(random, pairs, seed=1).interval


def test_too_few_pairs_have_no_rho(random: vectors.WordVectors) -> None:
    for pairs in (Pairs(["w1"], ["w2"], [1.0]), Pairs(["x"], ["y"], [1.0]), Pairs(["w1", "w2"], ["w2", "w3"], [1, 1])):
        found = score_pairs(random, pairs)
        assert np.isnan(found.spearman)
        assert found.interval is None


def planted_questions(known: vectors.WordVectors, n: int) -> Questions:
    """Every second answer is the right one; the words are drawn from all, so that some are rare."""
    generator = np.random.default_rng(8)
    asked = []
    for number, (a, b, c) in enumerate(generator.permuted(np.tile(np.arange(60), (n, 1)), axis=1)[:, :3]):
        best = vectors.analogy(known, f"w{a}", f"w{b}", f"w{c}", top=3)[number % 2 * 2][0]
        asked.append((f"w{a}", f"W{b}", f"w{c}", best))
    return Questions(["capital" if number % 3 else "gram1" for number in range(n)], asked)


def test_analogies_are_tallied_by_category(random: vectors.WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analogies, "BLOCK", 7)
    questions = planted_questions(random, 30)
    found = solve(random, questions)
    assert found.categories == {"gram1": Tally(10, 5), "capital": Tally(20, 10)}
    assert (found.all, found.semantic, found.syntactic) == (Tally(30, 15), Tally(20, 10), Tally(10, 5))
    assert found.not_asked == 0


def test_only_questions_of_common_words_are_asked(random: vectors.WordVectors) -> None:
    questions = planted_questions(random, 30)
    found = solve(random, questions, words=40)
    common = [max(int(word[1:]) for word in question) < 40 for question in questions.words]
    assert (found.all.n, found.not_asked) == (sum(common), 30 - sum(common))
    assert 0 < sum(common) < 30
    none = solve(random, questions, words=4)
    assert (none.all.n, none.not_asked) == (0, 30)
    assert np.isnan(none.all.accuracy)


def test_gensim_finds_the_same(random: vectors.WordVectors, tmp_path) -> None:
    from gensim.models import KeyedVectors

    vectors.save(random, tmp_path / "v.txt")
    peer = KeyedVectors.load_word2vec_format(str(tmp_path / "v.txt"))
    questions = planted_questions(random, 40)
    lines = [f": {name}\n{' '.join(words)}" for name, words in zip(questions.categories, questions.words, strict=True)]
    (tmp_path / "q.txt").write_text("\n".join(lines).lower() + "\n")
    accuracy, _ = peer.evaluate_word_analogies(str(tmp_path / "q.txt"), restrict_vocab=50)
    assert vectors.evaluate(random, tmp_path / "q.txt", words=50).all.accuracy == pytest.approx(accuracy)
    rows = [f"w{n}\tw{n + 1}\t{n * 7 % 10}" for n in range(40)]
    (tmp_path / "p.tsv").write_text("\n".join(rows))
    rho = peer.evaluate_word_pairs(str(tmp_path / "p.tsv"))[1].statistic
    (tmp_path / "p.tsv").write_text("word1\tword2\tscore\n" + "\n".join(rows))
    assert vectors.evaluate(random, tmp_path / "p.tsv").spearman == pytest.approx(rho, abs=1e-6)


PAIRS = Pairs(["tiger", "love"], ["cat", "sex"], [7.35, 6.77])
QUESTIONS = Questions(["capital", "gram3"], [("Athens", "Greece", "Rome", "Italy"), ("bad", "worse", "big", "bigger")])


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("combined.csv", "Word 1,Word 2,Human (mean)\ntiger,cat,7.35\nlove,sex,6.77\n", PAIRS),
        ("SimLex-999.txt", "word1\tword2\tPOS\tSimLex999\tSD\ntiger\tcat\tN\t7.35\t1\nlove\tsex\tN\t6.77\t2\n", PAIRS),
        ("pairs.tsv", "score\tWord1\tWord2\n7.35\ttiger\tcat\n6.77\tlove\tsex\n", PAIRS),
        ("q.txt", ": capital\nAthens Greece Rome Italy\n\n: gram3\nbad worse big bigger\n", QUESTIONS),
        ("q.csv", "category,a,b,c,d\ncapital,Athens,Greece,Rome,Italy\ngram3,bad,worse,big,bigger\n", QUESTIONS),
        ("q.tsv", "a\tb\tc\td\nAthens\tGreece\tRome\tItaly\n", Questions([""], QUESTIONS.words[:1])),
    ],
)
def test_published_files_are_read(name: str, content: str, expected: Pairs | Questions, tmp_path) -> None:
    (tmp_path / name).write_text(content)
    assert read_evaluation(tmp_path / name) == expected


def test_parquet_and_jsonl(tmp_path) -> None:
    columns = {"word1": PAIRS.first, "word2": PAIRS.second, "score": PAIRS.scores}
    parquet.write_table(pa.table(columns), tmp_path / "p.parquet")
    assert read_evaluation(tmp_path / "p.parquet") == PAIRS
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert read_evaluation(tmp_path / "p.jsonl") == PAIRS


@pytest.mark.parametrize(
    ("name", "content", "line", "said"),
    [
        ("p.csv", "word1,word2,score\na,b,1\na,c,high\n", 3, "'high' is no number"),
        ("p.csv", "word1,word2,score\na,b,nan\n", 2, "no number to rank"),
        ("p.csv", "word1,word2,score\na,,1\n", 2, "nothing here"),
        ("p.csv", "left,right,score\na,b,1\n", None, "neither scored pairs"),
        ("q.txt", ": capital\nAthens Greece Rome\n", 2, "3 words where an analogy has 4"),
        ("q.txt", ": capital\n", None, "no analogies"),
        ("p.xls", "x", None, "does not end like a format"),
    ],
)
def test_what_can_t_be_read_is_said(name: str, content: str, line: int | None, said: str, tmp_path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=said) as caught:
        read_evaluation(tmp_path / name)
    assert caught.value.line == line
    with pytest.raises(DataError, match="no such file"):
        read_evaluation(tmp_path / "nowhere.csv")
