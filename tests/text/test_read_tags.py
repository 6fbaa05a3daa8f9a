"""Every source gives the same tagged corpus; words keep their place in the text; every error has a line and a mend."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pandas
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from regard.errors import DataError, UsageError
from regard.records import Corpus, TaggedCorpus
from regard.text.align import align, joined
from regard.text.formats import hub
from regard.text.lined import word_line
from regard.text.read_tags import read_tagged, require_tagged, write_tagged

WORDS = [["Ada", "Lovelace", "lives", "in", "Paris", "."], ["It", "'s", "#", "1"]]
TAGS = [["B-person", "I-person", "O", "O", "B-place", "O"], ["O", "O", "O", "O"]]
TEXTS = ["Ada Lovelace lives in Paris .", "It 's # 1"]
AS_WRITTEN = ["Ada  Lovelace lives in Paris.", "It's #1"]


def write_conll(path: Path, apart: str = " ") -> None:
    lines = [f"-DOCSTART-{apart}-X-{apart}O", ""]
    for words, tags in zip(WORDS, TAGS, strict=True):
        lines += [f"{word}{apart}X{apart}{tag}" for word, tag in zip(words, tags, strict=True)] + [""]
    path.write_text("\n".join(lines), encoding="utf-8")


def rows() -> list[dict[str, Any]]:
    return [{"tokens": words, "ner_tags": tags} for words, tags in zip(WORDS, TAGS, strict=True)]


def write_conllu(path: Path) -> None:
    lines: list[str] = []
    for words, tags in zip(WORDS, TAGS, strict=True):
        own = zip(words, tags, strict=True)
        lines += [f"{n}\t{word}\t_\tX\t_\t_\t_\t_\t_\tNER={tag}" for n, (word, tag) in enumerate(own, 1)] + [""]
    path.write_text("\n".join(lines), encoding="utf-8")


def write_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")


WRITERS: dict[str, Callable[[Path], Any]] = {
    "a.conll": write_conll,
    "a.txt": lambda path: write_conll(path, "\t"),
    "a.iob": lambda path: write_conll(path, "  "),
    "a.conllu": write_conllu,
    "a.jsonl": write_jsonl,
    "a.parquet": lambda path: parquet.write_table(pyarrow.Table.from_pylist(rows()), path),
}


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_every_format_gives_the_same_corpus(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    corpus = read_tagged(path, tags_column="NER" if name == "a.conllu" else None)
    assert corpus.texts == TEXTS
    assert [corpus.tokens(row) for row in range(2)] == WORDS
    assert corpus.labels == [tuple(tags) for tags in TAGS]
    assert corpus.ids == ["1", "2"]
    assert corpus.source == str(path)
    assert read_tagged(corpus) is corpus


def test_columns_that_were_taken_are_shown(tmp_path: Path) -> None:
    for name, tags in {
        "a.conll": "column 3 of 3 (the last)",
        "a.conllu": "UPOS (unless named)",
        "a.jsonl": "ner_tags (guessed: its name)",
    }.items():
        WRITERS[name](tmp_path / name)
        assert read_tagged(tmp_path / name).columns["tags"] == tags
    assert read_tagged(tmp_path / "a.conll", tags_column=2).labels == [("X",) * 6, ("X",) * 4]


def test_a_word_has_the_line_it_stands_on(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("# a comment\nA\tO\n# another\nb\tB-x\r\n \t\n\n-DOCSTART-\tO\n\n# \tO\n#c\tO")
    corpus = read_tagged(path)
    assert [corpus.tokens(row) for row in range(2)] == [["A", "b"], ["#", "#c"]]
    assert corpus.lines == [2, 9]
    assert [word_line(corpus, *place) for place in ((0, 0), (0, 1), (1, 0), (1, 1))] == [2, 4, 9, 10]
    assert word_line(corpus.take([1]), 0, 1) == 10  # type: ignore[arg-type]
    assert word_line(TaggedCorpus("x", ["1"], ["a"], words=[[(0, 1)]]), 0, 0) is None


CONLLU = """\
# newdoc id = d
# sent_id = s-1
# text = Im Haus (zum Haus) lebe ich.
1-2\tIm\t_\t_\t_\t_\t_\t_\t_\t_
1\tIn\tin\tADP\tAPPR\t_\t3\tcase\t_\t_
2\tdem\tder\tDET\tART\t_\t3\tdet\t_\t_
2.1\tleer\tleer\tADJ\t_\t_\t_\t_\t_\t_
3\tHaus\tHaus\tNOUN\tNN\t_\t0\troot\t_\tNER=B-place|SpaceAfter=No

# sent_id = s-2
# text = It's 1 000 .
1-2\tIt's\t_\t_\t_\t_\t_\t_\t_\t_
1\tIt\tit\tPRON\tPRP\t_\t0\troot\t_\t_
2\t's\tbe\tAUX\tVBZ\t_\t1\tcop\t_\t_
3\t1 000\t1000\tNUM\tCD\t_\t1\tobj\t_\tNER=B-number
4\t.\t.\tPUNCT\t.\t_\t1\tpunct\t_\t_
"""


def test_syntactic_words_are_the_words_of_conllu(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(CONLLU, encoding="utf-8")
    corpus = read_tagged(path)
    assert corpus.ids == ["s-1", "s-2"]
    assert corpus.texts == ["In dem Haus", "It's 1 000 ."]
    assert corpus.tokens(1) == ["It", "'s", "1 000", "."]
    assert corpus.labels == [("ADP", "DET", "NOUN"), ("PRON", "AUX", "NUM", "PUNCT")]
    assert [word_line(corpus, 0, word) for word in range(3)] == [5, 6, 8]
    assert corpus.columns["text"] == "as given in 1 of 2 rows; 1 are their words with blanks between them"
    assert read_tagged(path, tags_column="XPOS").labels[0] == ("APPR", "ART", "NN")  # type: ignore[index]
    named = read_tagged(path, tags_column="NER")
    assert named.labels == [("O", "O", "B-place"), ("O", "O", "B-number", "O")]
    assert named.columns["tags"] == "NER (entry of MISC, O where a word has none)"
    with pytest.raises(DataError, match=r"no entry 'ner' in MISC.*\n.*mend: give --label-column NER"):
        read_tagged(path, tags_column="ner")


def test_the_text_is_kept_where_it_is_its_words(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"text": [AS_WRITTEN[0], "else"], "tokens": WORDS, "tags": TAGS, "id": ["x", "y"]})
    corpus = read_tagged(frame)
    assert corpus.texts == [AS_WRITTEN[0], TEXTS[1]]
    assert [corpus.tokens(row) for row in range(2)] == WORDS
    assert corpus.ids == ["x", "y"]


@given(st.lists(st.text(st.sampled_from("ab.é\ud83d"), min_size=1, max_size=3), max_size=8), st.data())
@settings(max_examples=100, deadline=None)
def test_words_are_found_wherever_blanks_are(words: list[str], data: st.DataObject) -> None:
    blanks = data.draw(st.lists(st.sampled_from(["", " ", "\n\t"]), min_size=len(words) + 1, max_size=len(words) + 1))
    text = blanks[0] + "".join(word + blank for word, blank in zip(words, blanks[1:], strict=True))
    spans = align(text, words)
    assert spans is not None
    assert [text[start:end] for start, end in spans] == words
    assert align(text + "x", words) is None
    assert align(*joined(words)[:1], words) == joined(words)[1]


SENTENCES = st.lists(
    st.lists(
        st.tuples(st.text(st.sampled_from("ab.é👍\u00a0\u2028#"), max_size=3).map("x".__add__), st.sampled_from("NV"))
    ),
    min_size=1,
    max_size=4,
)


@given(SENTENCES, st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, made: Any, tagged: bool) -> None:
    texts, words = zip(*(joined([word for word, _ in row]) for row in made), strict=True)
    labels = [tuple(tag for _, tag in row) for row in made]
    ids = [f"n{row}" for row in range(len(made))]
    tagged = tagged and any(labels)
    corpus = TaggedCorpus("x", ids, [f" {t}," for t in texts], labels if tagged else None, words=[
        [(start + 1, end + 1) for start, end in spans] for spans in words
    ])  # fmt: skip
    path = write_tagged(corpus, tmp_path_factory.mktemp("written") / "data" / "train.parquet")
    again = read_tagged(path, needs_tags=tagged)
    assert again.sha256() == corpus.sha256()
    assert again.ids == ids
    assert list(path.parent.iterdir()) == [path]


def test_columns_that_are_written_are_read_again(tmp_path: Path) -> None:
    spans = [(0, 1), (2, 5), (6, 7)]
    corpus = TaggedCorpus("x", ["n1", "n2"], ["# 1 0 .", "é"], [("O", "B-x", "O"), ("O",)], words=[spans, [(0, 1)]])
    again = read_tagged(write_tagged(corpus, tmp_path / "a.conll"))
    assert again.sha256() == corpus.sha256()
    assert (again.ids, again.lines) == (["n1", "n2"], [2, 7])
    torn = TaggedCorpus("x", ["n1"], ["a\tb"], [("O",)], words=[[(0, 3)]])
    with pytest.raises(DataError, match=r"'n1' holds a tab"):
        write_tagged(torn, tmp_path / "b.conll")


def test_tags_by_number_have_the_names_that_the_file_gives(tmp_path: Path) -> None:
    names = ["O", "B-person", "I-person", "B-place"]
    numbers = [[names.index(tag) for tag in tags] for tags in TAGS]
    feature = datasets.List(datasets.ClassLabel(names=names))
    features = datasets.Features({"tokens": datasets.List(datasets.Value("string")), "ner_tags": feature})
    data = datasets.Dataset.from_dict({"tokens": WORDS, "ner_tags": numbers}, features=features)
    data.to_parquet(tmp_path / "a.parquet")
    corpus = read_tagged(tmp_path / "a.parquet")
    assert corpus.labels == [tuple(tags) for tags in TAGS]
    assert corpus.columns["tags"] == "ner_tags (guessed: its name); numbers named as the file says"
    parquet.write_table(pyarrow.table({"tokens": WORDS, "ner_tags": numbers}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"the tags are numbers.*\n.*mend: write their names"):
        read_tagged(tmp_path / "b.parquet")


def test_a_hub_id(monkeypatch: pytest.MonkeyPatch) -> None:
    data = datasets.Dataset.from_list(rows())
    monkeypatch.setattr("regard.text.read.read_hub", lambda source, offline: hub.table_of(data, source, "train"))
    corpus = read_tagged("org/name")
    assert corpus.labels == [tuple(tags) for tags in TAGS]
    assert corpus.columns["split"] == "train"
    monkeypatch.undo()
    with pytest.raises(DataError, match="offline"):
        read_tagged("org/name", offline=True)


CHOICES = {
    "its name": ({"words": [["a"]], "upos": [["X"]], "xpos": [["Y"]], "lemmas": [["b"]]}, "upos"),
    "entities before parts of speech": ({"tokens": [["a"]], "pos_tags": [["X"]], "ner_tags": [["O"]]}, "ner_tags"),
    "the only list left": ({"tokens": [["a"]], "kind": [["X"]], "n": ["3"]}, "kind"),
}


@pytest.mark.parametrize("rule", sorted(CHOICES))
def test_how_the_tags_are_chosen(rule: str) -> None:
    columns, chosen = CHOICES[rule]
    assert read_tagged(pandas.DataFrame(columns)).columns["tags"].startswith(f"{chosen} (guessed")


UNCLEAR = {
    "two names": ({"tokens": [["a"]], "tags": [["X"]], "labels": [["Y"]]}, "'tags' and 'labels'.*--label-column tags"),
    "two others": ({"tokens": [["a"]], "one": [["X"]], "two": [["Y"]]}, "'one' and 'two'.*--label-column one"),
    "two of words": ({"tokens": [["a"]], "words": [["b"]], "tags": [["Y"]]}, "the words.*--text-column tokens"),
    "no list": ({"tokens": ["a b"], "tags": ["X Y"]}, "no column is a list"),
    "no such column": ({"tokens": [["a"]], "tags": [["X"]]}, "no column 'tag'; did you mean 'tags'"),
}


@pytest.mark.parametrize("case", sorted(UNCLEAR))
def test_what_is_not_clear_is_not_guessed(case: str) -> None:
    columns, message = UNCLEAR[case]
    with pytest.raises(DataError, match=f"(?s){message}"):
        read_tagged(pandas.DataFrame(columns), tags_column="tag" if case == "no such column" else None)


FAULTS = {
    "a.conll": [
        ("a O\nb O\nc\n", r"a\.conll:3: this line has 1 column, the first word's line has 2"),
        ("a O\n\nb x O\n", r"a\.conll:3: this line has 3 columns"),
        ("a\nb\n", "there are no tags"),
        ("a\tO\n\tO\n", r"a\.conll:2: word 2 of 2 is empty"),
        ("a\tO\nb\t\n", r"a\.conll:2, column '2': the word 'b' has no tag"),
        ("a B-x\nb O\nc x\n", r"a\.conll:3.*the tag 'x' of the word 'c' has no prefix, others have one"),
        ("a N\nb V\nc B-x\n", r"a\.conll:3.*the tag 'B-x' of the word 'c' has a prefix, others have none"),
        ("a O\nb PER-B\n", r"a\.conll:2.*unknown scheme of tags: 'PER-B'"),
        ("a O\n\nb b-per\n", r"a\.conll:3.*unknown scheme of tags: 'b-per'"),
        ("a O\nb B\nc I\n", r"a\.conll:2.*unknown scheme of tags: 'B'"),
        ("# text = a\n\n", "nothing but comments"),
        ("\n \n", "the file is empty"),
        ("-DOCSTART- O\n", "nothing but comments"),
        ("a O\nb \x00\n", r"a\.conll:2: a NUL character"),
    ],
    "a.conllu": [
        ("1\ta\tX\n", r"a\.conllu:1: this line has 3 columns apart by tabs, CoNLL-U has 10"),
        ("# x\none" + "\ta" * 9, r"a\.conllu:2, column 'ID': 'one' is no number of a word"),
        ("1\ta\t_\tX" + "\t_" * 6 + "\n2\tb" + "\t_" * 8, r"a\.conllu:2, column 'UPOS': the word 'b' has no tag"),
    ],
    "a.jsonl": [
        ('{"tokens": ["a", "b"], "tags": ["O"]}', r"a\.jsonl:1, column 'tags': 2 words and 1 tags"),
        ('{"tokens": ["a"], "tags": ["O"]}\n\n{"tokens": ["b"]}', r"a\.jsonl:3, column 'tags': there are no tags here"),
        ('{"tokens": ["a"], "tags": ["O"]}\n{"tags": ["O"]}', r"a\.jsonl:2, column 'tokens': there are no words here"),
        ('{"tokens": ["a"], "tags": ["O"]}\n{"tokens": "a", "tags": []}', r"a\.jsonl:2.*this is no list of words"),
        ('{"tokens": ["a"], "tags": ["O"]}\n{"tokens": [null], "tags": ["O"]}', r"a\.jsonl:2.*a null among the words"),
        ('{"tokens": ["a", " "], "tags": ["O", "O"]}', r"a\.jsonl:1: word 2 of 2 is empty"),
    ],
    "a.csv": [("tokens,tags\na,O\n", r"a\.csv: a table of cells has no lists")],
}


@pytest.mark.parametrize(("name", "content", "message"), [(name, *case) for name in FAULTS for case in FAULTS[name]])
def test_a_fault_is_named_with_its_line_and_its_mend(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        read_tagged(path)
    assert caught.value.mend
    assert str(caught.value.file) == str(path)


def test_a_column_that_is_no_number(tmp_path: Path) -> None:
    write_conll(tmp_path / "a.conll")
    for named in ("ner", 4, 0, "-1"):
        with pytest.raises(DataError, match="columns 1 to 3"):
            read_tagged(tmp_path / "a.conll", tags_column=named)


def test_without_tags(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("It's me.\n\nYou?\n")
    plain = read_tagged(path, needs_tags=False)
    assert [plain.tokens(row) for row in range(2)] == [["It", "'s", "me", "."], ["You", "?"]]
    assert (plain.labels, plain.lines, plain.told()) == (None, [1, 3], "text: one a line; words: cut from the text")
    (tmp_path / "a.csv").write_text("text,topic\nIt's me.,x\nYou?,y\n")
    assert read_tagged(tmp_path / "a.csv", needs_tags=False).words == plain.words
    frame = pandas.DataFrame({"text": ["It's me.", "You?"], "labels": [["a", "b"], ["c"]]})
    assert read_tagged(frame, needs_tags=False).words == plain.words
    (tmp_path / "a.conll").write_text("It\n's\nme\n.\n")
    assert read_tagged(tmp_path / "a.conll", needs_tags=False).labels is None
    given = Corpus("given", ["0"], ["It's me."])
    assert read_tagged(given, needs_tags=False).tokens(0) == ["It", "'s", "me", "."]
    with pytest.raises(DataError, match="no tags"):
        read_tagged(given)


def test_faults_of_tags_that_are_not_needed_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("a B-x\nb x\nc O\n")
    corpus = read_tagged(path, needs_tags=False)
    assert corpus.labels is None
    assert "the tag 'x' of the word 'b' has no prefix" in corpus.columns["tags"]
    assert corpus.tokens(0) == ["a", "b", "c"]


def test_what_is_nothing_known(tmp_path: Path) -> None:
    for source, kind in (("a/b/c.conll", DataError), (tmp_path / "b.jsonl", DataError), ("nothing", UsageError)):
        for read in (read_tagged, require_tagged):
            with pytest.raises(kind):
                read(source)
    write_conll(tmp_path / "a.conll")
    require_tagged(tmp_path / "a.conll")


PIECES = [b"\t", b" ", b"\n", b"\r", b"#", b"\0", b"\xff", b"-DOCSTART-", b"# text = a", b"O", b"\xef\xbb\xbf", b'"']


def damaged(content: bytes, seed: int) -> bytes:
    generator = random.Random(seed)
    for _ in range(generator.randint(1, 3)):
        place = generator.randrange(len(content) + 1)
        end = place + generator.choice([0, 0, 1, 3, 40])
        content = content[:place] + generator.choice(PIECES) + content[end:]
    return content


@pytest.mark.parametrize("name", ["a.conll", "a.txt", "a.conllu", "a.jsonl"])
def test_damaged_files_are_read_whole_or_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    whole = path.read_bytes()
    refused: list[DataError] = []
    for seed in range(120):
        path.write_bytes(damaged(whole, seed))
        try:
            corpus = read_tagged(path)
        except DataError as refusal:
            refused.append(refusal)
        else:
            assert corpus.labels is not None
            assert list(map(len, corpus.words)) == list(map(len, corpus.labels))
            assert all(word.strip() for row in range(len(corpus)) for word in corpus.tokens(row))
    assert 10 < len(refused) < 120
    assert all(str(refusal.file) == str(path) and refusal.mend for refusal in refused), refused
