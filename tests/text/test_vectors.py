import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from regard.errors import DataError
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
