import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pyarrow import parquet

from regard.errors import DataError, UsageError
from regard.text import vectors


def test_text_with_and_without_a_header(tmp_path):
    for header in ("", "2 3\n"):
        path = tmp_path / "v.txt"
        path.write_text(header + "cat 1 2 3\ndog 4 5 6\n")
        found = vectors.load(str(path))
        assert found.words == ["cat", "dog"]
        np.testing.assert_array_equal(found.matrix, [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    ("content", "line"),
    [("cat 1 2\ndog 1\n", 2), ("cat 1 2\ndog 1 x\n", 2), ("cat\n", 1)],
    ids=["short", "word", "none"],
)
def test_a_bad_line_is_named(tmp_path, content, line):
    path = tmp_path / "v.txt"
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        vectors.load(str(path))
    assert caught.value.line == line


def test_matrix_and_words_in_a_folder(tmp_path):
    np.save(tmp_path / "m.npy", np.eye(3, dtype=np.float32))
    parquet.write_table(pa.table({"index": ["a", "b", "c"]}), tmp_path / "w.parquet")
    assert vectors.load(str(tmp_path)).words == ["a", "b", "c"]
    parquet.write_table(pa.table({"index": ["a", "b"]}), tmp_path / "w.parquet")
    with pytest.raises(DataError, match="2 words but 3 vectors"):
        vectors.load(str(tmp_path))


def test_missing_vectors_are_said():
    with pytest.raises(DataError, match="no such word vectors"):
        vectors.load("nowhere.txt")


def test_rows_for_a_vocabulary():
    known = vectors.WordVectors(["good", "bad"], np.array([[1, 2], [3, 4]], dtype=np.float32))
    rows, found = known.rows_for({"[PAD]": 0, "good": 1, "Bad": 2, "odd": 3}, seed=3)
    assert found == 2
    np.testing.assert_array_equal(rows[1:3], [[1, 2], [3, 4]])
    again, _ = known.rows_for({"[PAD]": 0, "good": 1, "Bad": 2, "odd": 3}, seed=3)
    np.testing.assert_array_equal(rows, again)


def test_words_with_blanks_in_them_and_doubled_words(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("cat 1 2 3\n. . . 4 5 6\ncat 7 8 9\nat name@domain.com 1 1 1\n")
    found = vectors.load(str(path))
    assert found.words == ["cat", ". . .", "at name@domain.com"]
    np.testing.assert_array_equal(found.matrix[0], [1, 2, 3])


@settings(deadline=None)
@given(arrays.arrays(np.float32, (3, 2), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_what_is_saved_is_loaded_bit_for_bit(tmp_path_factory, matrix):
    path = tmp_path_factory.mktemp("v") / "v.txt"
    vectors.save(vectors.WordVectors(["cat", "don", "…"], matrix), path)
    assert path.read_text(encoding="utf-8").startswith("3 2\ncat ")
    found = vectors.load(str(path))
    assert found.words == ["cat", "don", "…"]
    np.testing.assert_array_equal(found.matrix.view(np.int32), matrix.view(np.int32))


def test_a_word_is_found_as_it_stands_or_in_lower_case():
    known = vectors.WordVectors(["Polish", "polish", "athens"], np.eye(3, dtype=np.float32))
    assert [known.find(word) for word in ("Polish", "polish", "POLISH", "Athens", "rome")] == [0, 1, 1, 2, None]
    assert known.first(1).find("polish") is None


def test_an_unknown_word_gets_near_spellings():
    known = vectors.WordVectors(["frog", "fog", "table"], np.eye(3, dtype=np.float32))
    with pytest.raises(UsageError, match=r"no vector for 'Frogg'. Did you mean frog") as caught:
        known.row("Frogg")
    assert "3 words" in caught.value.mend
    with pytest.raises(UsageError, match=r"no vector for 'xyzzy'\n"):
        known.row("xyzzy")


def test_vectors_of_length_1():
    known = vectors.WordVectors(["a", "b"], np.array([[3, 4], [0, 0]], dtype=np.float32))
    np.testing.assert_allclose(known.unit, [[0.6, 0.8], [0, 0]], rtol=1e-6)
