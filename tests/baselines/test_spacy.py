"""spaCy's packaged pipeline as a baseline: what it is taught (names for its types), what it saves, how it fails."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard import assets
from regard.baselines import spacy as baseline
from regard.baselines.options import SpacyOptions
from regard.baselines.spacy import SpacyTagger
from regard.errors import ModelError, UsageError
from regard.records import TaggedCorpus
from regard.records.tags import Stretch, entities, spelled
from regard.tasks.tag import BaselineTagger
from regard.text.words import split_words

TEXTS = [
    "Angela Merkel met Barack Obama in Berlin on Monday .",
    "Barack Obama flew from Paris to London with three friends .",
    "Nothing happened here .",
    "Emmanuel Macron lives in Paris .",
    "They paid $ 5 million to Google in California .",
]
WHO = {("Angela", "Merkel"), ("Barack", "Obama"), ("Emmanuel", "Macron")}
WHERE = {("Berlin",), ("Paris",), ("London",), ("California",)}


def document(text: str) -> tuple[list[str], list[bool]]:
    words = text.split()
    return words, [True] * (len(words) - 1) + [False]


def names(text: str) -> list[str]:
    """People and places in BIO."""
    words = text.split()
    found = [
        (start, end, kind)
        for start, end in itertools.combinations(range(len(words) + 1), 2)
        for kind, known in (("who", WHO), ("where", WHERE))
        if tuple(words[start:end]) in known
    ]
    return spelled(found, len(words), "bio")


DOCUMENTS = [document(text) for text in TEXTS]


@pytest.fixture(scope="module")
def pipeline() -> Any:
    return baseline.load_pipeline()


@pytest.fixture
def tagger(pipeline: Any) -> SpacyTagger:
    return made(pipeline)


def made(pipeline: Any) -> SpacyTagger:
    """An untaught one, that does not load the pipeline again."""
    tagger = SpacyTagger(SpacyOptions())
    tagger._pipeline = pipeline
    return tagger


def test_its_types_get_the_names_of_the_data(tagger: SpacyTagger) -> None:
    tagger.fit(DOCUMENTS, [names(text) for text in TEXTS])
    assert tagger.mapping == {"PERSON": "who", "GPE": "where"}
    assert (tagger.scheme, tagger.attribute) == ("bio", None)
    unseen = document("Yesterday Bill Clinton went to Madrid .")
    assert tagger.tag([unseen]) == [["O", "B-who", "I-who", "O", "O", "B-where", "O"]]


def test_tags_are_spelled_in_the_scheme_of_the_data(tagger: SpacyTagger) -> None:
    tagger.fit(DOCUMENTS, [spelled(entities(names(text)), len(text.split()), "bioes") for text in TEXTS])
    assert tagger.tag([document("Bill Clinton went to Madrid .")]) == [["B-who", "E-who", "O", "O", "S-where", "O"]]


@pytest.mark.parametrize("attribute", baseline.ATTRIBUTES)
def test_parts_of_speech_are_those_that_agree_more_often(attribute: str, tagger: SpacyTagger, pipeline: Any) -> None:
    read = [row for _, row in tagger._read(DOCUMENTS)]
    place = baseline.ATTRIBUTES.index(attribute)
    gold = [[f"my {tag}" for tag in columns[place]] for columns in read]
    tagger.fit(DOCUMENTS, gold)
    assert tagger.attribute == attribute
    assert tagger.scheme is None
    assert tagger.tag(DOCUMENTS) == gold


def test_a_part_of_speech_that_training_never_saw_gets_the_commonest_tag(tagger: SpacyTagger) -> None:
    tagger.fit([document("dogs eat cats")], [["noun", "verb", "noun"]])
    assert tagger.fallback == "noun"
    assert tagger.tag([document("dogs quickly eat")]) == [["noun", "noun", "verb"]]


@pytest.mark.parametrize(("documents", "tags"), [([], []), ([([], [])], [[]]), ([document("a b")], [["O", "O"]])])
def test_where_nothing_is_marked_nothing_is_found(documents: list[Any], tags: list[Any], tagger: SpacyTagger) -> None:
    tagger.fit(documents, tags)
    assert tagger.tag([document("Barack Obama in Paris"), ([], [])]) == [["O"] * 4, []]


KINDS = st.sampled_from(["x", "y", "z"])
OWN = st.sampled_from(["A", "B", "C"])


def stretches(kinds: st.SearchStrategy[str]) -> st.SearchStrategy[list[Stretch]]:
    """Entities of one word or two, at places where both sides can have one."""
    one = st.tuples(st.integers(0, 5), st.integers(1, 2), kinds)
    return st.lists(one, max_size=5, unique_by=lambda item: item[0]).map(
        lambda found: sorted((3 * place, 3 * place + length, kind) for place, length, kind in found)
    )


@given(st.lists(st.tuples(stretches(KINDS), stretches(OWN)), min_size=1, max_size=4))
def test_no_other_mapping_has_a_higher_f1(rows: list[tuple[list[Stretch], list[Stretch]]]) -> None:
    gold, found = [list(side) for side in zip(*rows, strict=True)]
    every = (
        {own: kind for own, kind in zip("ABC", chosen, strict=True) if kind}
        for chosen in itertools.product(["", "x", "y", "z"], repeat=3)
    )
    best = max(f1(gold, found, mapping) for mapping in every)
    assert f1(gold, found, baseline._types(gold, found)) == pytest.approx(best)


def f1(gold: Sequence[Sequence[Stretch]], found: Sequence[Sequence[Stretch]], mapping: dict[str, str]) -> float:
    said = [{(start, end, mapping[kind]) for start, end, kind in row if kind in mapping} for row in found]
    hits = sum(len(own.intersection(right)) for own, right in zip(said, gold, strict=True))
    both = sum(map(len, said)) + sum(map(len, gold))
    return 2 * hits / both if both else 0.0


def test_of_equal_counts_the_first_by_name_is_taken() -> None:
    counts = baseline.Counter({("NN", "b"): 2, ("NN", "a"): 2, ("VB", "b"): 1})
    assert baseline._likeliest(counts) == {"NN": "a", "VB": "b"}
    assert baseline._agreed(counts) == 3


def test_many_texts_at_once_are_tagged_as_each_alone(tagger: SpacyTagger) -> None:
    tagger.fit(DOCUMENTS, [names(text) for text in TEXTS])
    alone = [tagger.tag([one])[0] for one in DOCUMENTS]
    assert tagger.tag(DOCUMENTS * (baseline.AT_ONCE // len(DOCUMENTS) + 1))[: len(TEXTS)] == alone


def test_its_predictions_stand_on_characters(tagger: SpacyTagger) -> None:
    tagger.fit(DOCUMENTS, [names(text) for text in TEXTS])
    text = "  Barack Obama,\nin\u00a0Paris \ud800"
    corpus = TaggedCorpus("given texts", ["0"], [text], words=[split_words(text)])
    [said] = BaselineTagger(tagger, ["O"], "spacy").predictions(corpus)
    assert [(text[one.start : one.end], one.label) for one in said.entities] == [
        ("Barack Obama", "who"),
        ("Paris", "where"),
    ]
    assert set(said.confidences) == {1.0}


def test_what_is_saved_tags_alike_and_is_plain_json(tagger: SpacyTagger, pipeline: Any, tmp_path: Path) -> None:
    for name, gold in (("names", [names(text) for text in TEXTS]), ("words", [text.split() for text in TEXTS])):
        folder = tmp_path / name
        folder.mkdir()
        tagger.fit(DOCUMENTS, gold)
        tagger.save(folder)
        assert [path.name for path in folder.iterdir()] == ["spacy.json"]
        assert json.loads((folder / "spacy.json").read_text(encoding="utf-8"))["asset"] == "spacy-en"
        loaded = SpacyTagger.load(folder)
        loaded._pipeline = pipeline
        assert loaded.tag(DOCUMENTS) == tagger.tag(DOCUMENTS)


def without(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda document: {name: value for name, value in document.items() if name != key}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda document: [], "is damaged"),
        (without("mapping"), "is damaged"),
        (without("sha256"), "is damaged"),
        (without("options"), "is damaged"),
        (lambda document: {**document, "options": {"colour": "blue"}}, "is damaged"),
        (lambda document: {**document, "attribute": "colour_"}, "is damaged"),
        (lambda document: {**document, "mapping": 3}, "is damaged"),
        (lambda document: {**document, "sha256": "0" * 64}, "another version of spacy-en"),
    ],
)
def test_a_damaged_folder_is_refused(
    change: Callable[[dict[str, Any]], Any], said: str, tagger: SpacyTagger, tmp_path: Path
) -> None:
    tagger.fit(DOCUMENTS, [names(text) for text in TEXTS])
    tagger.save(tmp_path)
    file = tmp_path / "spacy.json"
    file.write_text(json.dumps(change(json.loads(file.read_text(encoding="utf-8")))))
    with pytest.raises(ModelError, match=said) as caught:
        SpacyTagger.load(tmp_path)
    assert caught.value.mend == "train again"


@pytest.mark.parametrize("content", [None, "{", "\ud800"])
def test_a_file_that_is_no_json_is_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "spacy.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ModelError, match="is damaged"):
        SpacyTagger.load(tmp_path)


def test_without_spacy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "spacy"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match="spaCy is not installed") as caught:
        SpacyTagger(SpacyOptions()).fit(DOCUMENTS, [names(text) for text in TEXTS])
    assert caught.value.mend == 'pip install "regard[spacy]"'


def test_without_its_asset_it_says_what_to_fetch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REGARD_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="'spacy-en' is not in the cache") as caught:
        SpacyTagger(SpacyOptions()).tag(DOCUMENTS)
    assert "regard get spacy-en" in (caught.value.mend or "")


def test_a_pipeline_that_spacy_can_not_load_is_an_error_of_the_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(assets.path("spacy-en"), folder)
    (folder / "ner" / "model").write_bytes(b"0" * (folder / "ner" / "model").stat().st_size)
    monkeypatch.setattr(assets, "path", lambda word: folder)
    with pytest.raises(ModelError, match="can't load the asset 'spacy-en'") as caught:
        baseline.load_pipeline()
    assert str(tmp_path) in (caught.value.mend or "")


def test_the_room_imports_spacy_only_when_it_is_asked() -> None:
    code = "import sys; import regard.baselines.spacy; sys.exit('spacy' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
