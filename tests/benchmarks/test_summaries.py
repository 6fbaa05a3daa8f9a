"""The benchmark of summaries: what is read, the first sentence, the figures."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import summaries


def test_a_text_has_one_summary_or_several(tmp_path):
    path = str(tmp_path / "texts.parquet")
    pq.write_table(pa.table({"text": ["a b", "c"], "one": ["a", "c"], "many": [["a"], ["c", "d"]]}), path)
    assert summaries.read(path, ("text", "one")) == [("a b", ["a"]), ("c", ["c"])]
    assert summaries.read(path, ("text", "many")) == [("a b", ["a"]), ("c", ["c", "d"])]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("We learn. It works.", "We learn."),
        ("Does it? Yes.", "Does it?"),
        ("At 0.5 it is best, i.e. here. Then", "At 0.5 it is best, i.e. here."),
        ("one without an end", "one without an end"),
        ("", ""),
    ],
)
def test_the_first_sentence(text, first):
    assert summaries.lead([text]) == [first]


def test_the_best_reference_of_each_text_counts():
    found = summaries.scored(["the cat sat", "nothing alike"], [["a dog", "the cat sat"], ["quite other words"]])
    assert found["rouge_1"][0] == found["rouge_l"][0] == 0.5
    mean, low, high = found["rouge_2"]
    assert low <= mean <= high
