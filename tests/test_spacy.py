"""Taggers that were really trained, as components of spaCy pipelines."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
import torch
from confection import ConfigValidationError
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

import regard
import regard.spacy
from regard.errors import ModelError, UsageError
from regard.records import TaggedCorpus
from regard.registry import resolve

PEOPLE = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Mary Ann Evans")
PLACES = ("Paris", "New York", "Rome")
PENN = {"DET": "DT", "NOUN": "NN", "VERB": "VBD", "ADV": "RB"}
TEXT = "Grace Hopper saw friends\n\n in  New York yesterday."


def write_names(path: Path, n: int) -> Path:
    """`n` different sentences with a person and a place, as CoNLL columns in BIO."""
    generator = random.Random(1)
    rows = []
    for number in range(n):
        tagged = [*marked(generator.choice(PEOPLE), "who"), (generator.choice(["met", "saw", "left"]), "O")]
        tagged += [("friends", "O"), ("in", "O"), *marked(generator.choice(PLACES), "where"), (str(number), "O")]
        rows.append("\n".join(f"{word}\t{tag}" for word, tag in [*tagged, (".", "O")]))
    path.write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    return path


def marked(name: str, kind: str) -> list[tuple[str, str]]:
    return [(word, f"{'I' if place else 'B'}-{kind}") for place, word in enumerate(name.split())]


def words(names: dict[str, str] | None = None) -> TaggedCorpus:
    """Sentences with the part of speech of each word: universal ones, or under other names."""
    generator = random.Random(2)
    told = {"DET": ["the", "a"], "NOUN": ["cat", "dog", "bird"], "VERB": ["saw", "chased"], "ADV": ["then", "again"]}
    kinds = ["DET", "NOUN", "VERB", "DET", "NOUN", "ADV"]
    texts = [" ".join(generator.choice(told[kind]) for kind in kinds) + f"-{number}" for number in range(60)]
    places = []
    for text in texts:
        starts = [0, *(place + 1 for place, letter in enumerate(text) if letter == " ")]
        places.append([(start, start + len(text[start:].split()[0])) for start in starts])
    labels = [tuple((names or {}).get(kind, kind) for kind in kinds)] * len(texts)
    return TaggedCorpus("words", [str(row) for row in range(60)], texts, labels=labels, words=places)


def trained(data: object, out: Path) -> str:
    sets = {"model.hidden_size": 16, "training.epochs": 6, "training.learning_rate": 2e-2}
    return str(regard.train(data, task="tag", model="lstm", sets=sets, out=out, quiet=True).run.path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("taggers")


@pytest.fixture(scope="module")
def names(folder: Path) -> str:
    return trained(write_names(folder / "names.conll", 60), folder / "names")


@pytest.fixture(scope="module")
def universal(folder: Path) -> str:
    return trained(words(), folder / "universal")


@pytest.fixture(scope="module")
def penn(folder: Path) -> str:
    return trained(words(PENN), folder / "penn")


def with_tagger(run: str, **config: object) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("regard", config={"run": run, **config})
    return nlp


def found(doc: Doc) -> list[tuple[str, str]]:
    return [(entity.text, entity.label_) for entity in doc.ents]


def test_entities_stand_on_spacys_tokens(names: str) -> None:
    doc = with_tagger(names)(TEXT)
    assert found(doc) == [("Grace Hopper", "who"), ("New York", "where")]
    assert [(entity.start_char, entity.end_char) for entity in doc.ents] == [(0, 12), (31, 39)]
    said = regard.load(names).ask(regard.spacy._corpus([doc]))[0]
    assert [entity._.confidence for entity in doc.ents] == [one.confidence for one in said.entities]
    assert [TEXT[start:end] for start, end in said.words] == [token.text for token in doc if not token.is_space]


def test_white_space_within_an_entity_is_part_of_it(names: str) -> None:
    doc = with_tagger(names)("Grace  Hopper saw friends in New\n\nYork yesterday.")
    assert found(doc) == [("Grace  Hopper", "who"), ("New\n\nYork", "where")]


def test_universal_parts_of_speech_are_pos(universal: str) -> None:
    nlp = with_tagger(universal)
    doc = nlp("the cat  chased a bird again")
    assert [token.pos_ for token in doc] == ["DET", "NOUN", "SPACE", "VERB", "DET", "NOUN", "ADV"]
    assert not doc.has_annotation("TAG")
    assert doc.has_annotation("POS", require_complete=True)
    assert [token._.confidence is None for token in doc] == [token.is_space for token in doc]
    assert all(0 < token._.confidence <= 1 for token in doc if not token.is_space)
    assert not doc.ents
    assert nlp.pipe_labels["regard"] == ["ADV", "DET", "NOUN", "VERB"]


def test_other_tags_are_tag(penn: str) -> None:
    doc = with_tagger(penn)("the cat  chased a bird again")
    assert [token.tag_ for token in doc] == ["DT", "NN", "_SP", "VBD", "DT", "NN", "RB"]
    assert not doc.has_annotation("POS")


def test_a_stream_is_tagged_in_batches_as_each_text_alone(names: str) -> None:
    nlp = with_tagger(names)
    texts = [TEXT, "", " \n", "Nothing here.", *(f"{name} left friends in Rome 7 ." for name in PEOPLE), "🙂"]
    alone = [nlp(text) for text in texts]
    for size in (1, 2, 100):
        together = list(nlp.pipe(iter(texts), batch_size=size))
        assert [doc.text for doc in together] == texts
        assert list(map(found, together)) == list(map(found, alone))
        for one, other in zip(together, alone, strict=True):
            sure = [entity._.confidence for entity in one.ents]
            assert sure == pytest.approx([entity._.confidence for entity in other.ents], abs=1e-5)
    assert found(alone[4]) == [("Ada Lovelace", "who"), ("Rome", "where")]
    assert not any(doc.ents for doc in alone[1:3])


def test_a_stream_is_read_no_further_than_it_is_asked_for(names: str) -> None:
    taken = []

    def texts() -> Iterator[Doc]:
        for number in range(100):
            taken.append(number)
            yield nlp.make_doc(TEXT)

    nlp = with_tagger(names)
    next(nlp.get_pipe("regard").pipe(texts(), batch_size=4))
    assert len(taken) == 4


@pytest.mark.parametrize(
    ("overwrite", "expected"),
    [
        (True, [("Grace Hopper", "who"), ("New York", "where")]),
        (False, [("Hopper saw", "OLD"), ("New York", "where"), ("yesterday", "OLD")]),
    ],
)
def test_entities_that_are_there_go_or_stay(overwrite: bool, expected: list[tuple[str, str]], names: str) -> None:
    nlp = with_tagger(names, overwrite=overwrite)
    doc = nlp.make_doc("Grace Hopper saw friends in New York yesterday.")
    doc.ents = [Span(doc, 1, 3, label="OLD"), Span(doc, 7, 8, label="OLD")]
    assert found(nlp.get_pipe("regard")(doc)) == expected
    assert [entity._.confidence is None for entity in doc.ents] == [label == "OLD" for _, label in expected]


@pytest.mark.parametrize(("overwrite", "expected"), [(True, ["DET", "NOUN"]), (False, ["X", "NOUN"])])
def test_parts_of_speech_that_are_there_go_or_stay(overwrite: bool, expected: list[str], universal: str) -> None:
    nlp = with_tagger(universal, overwrite=overwrite)
    doc = nlp.make_doc("the cat")
    doc[0].pos_ = "X"
    nlp.get_pipe("regard")(doc)
    assert [token.pos_ for token in doc] == expected
    assert (doc[0]._.confidence is None) is not overwrite


def test_several_taggers_share_a_pipeline(names: str, universal: str) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("regard", name="names", config={"run": names})
    nlp.add_pipe("regard", name="words", config={"run": universal})
    doc = nlp("Ada Lovelace saw the cat in Rome")
    assert ("Ada Lovelace", "who") in found(doc)
    assert doc[4].pos_ == "NOUN"
    assert nlp.pipe_labels["names"] == ["where", "who"]


def test_spacys_own_pipeline_is_a_tagger_like_others(folder: Path) -> None:
    out = folder / "spacy"
    regard.train(write_names(folder / "few.conll", 40), task="tag", model="spacy", out=out, quiet=True)
    doc = with_tagger(str(out))("Bill Clinton lives in London")
    assert found(doc) == [("Bill Clinton", "who"), ("London", "where")]
    assert [entity._.confidence for entity in doc.ents] == [1.0, 1.0]


def test_confidences_are_kept_with_a_document(names: str) -> None:
    nlp = with_tagger(names)
    doc = nlp(TEXT)
    kept = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    [again] = DocBin().from_bytes(kept).get_docs(nlp.vocab)
    assert [entity._.confidence for entity in again.ents] == [entity._.confidence for entity in doc.ents]


def test_a_saved_pipeline_tags_alike(names: str, tmp_path: Path) -> None:
    nlp = with_tagger(names, overwrite=False)
    nlp.to_disk(tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    assert loaded.get_pipe("regard").overwrite is False
    assert found(loaded(TEXT)) == found(nlp(TEXT)) != []
    assert found(with_tagger(names).from_bytes(nlp.to_bytes())(TEXT)) == found(nlp(TEXT))


def test_a_run_folder_that_moved_is_named_when_a_pipeline_is_loaded(names: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(names, run)
    with_tagger(str(run)).to_disk(tmp_path / "pipeline")
    run.rename(tmp_path / "moved")
    with pytest.raises(ModelError, match="no finished run folder"):
        spacy.load(tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline", config={"components.regard.run": str(tmp_path / "moved")})
    assert found(loaded(TEXT)) == [("Grace Hopper", "who"), ("New York", "where")]


def test_another_model_than_the_saved_one_is_refused(names: str, universal: str, tmp_path: Path) -> None:
    with_tagger(names).to_disk(tmp_path)
    with pytest.raises(ModelError, match="another model than the pipeline was saved with") as caught:
        spacy.load(tmp_path, config={"components.regard.run": universal})
    assert '"components.regard.run"' in (caught.value.mend or "")


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", "3"])
def test_a_damaged_pipeline_is_refused(content: str | None, names: str, tmp_path: Path) -> None:
    with_tagger(names).to_disk(tmp_path)
    file = tmp_path / "regard" / regard.spacy.SAVED
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    with pytest.raises(ModelError, match="damaged" if content else "missing"):
        spacy.load(tmp_path)


def test_what_is_no_tagger_is_refused_at_once(folder: Path, names: str, tmp_path: Path) -> None:
    reviews = folder / "reviews.csv"
    reviews.write_text("text,label\n" + "".join(f"{w} film {n},{w}\n" for n in range(20) for w in ("good", "bad")))
    regard.train(reviews, model="tfidf", out=folder / "reviews", quiet=True)
    with pytest.raises(UsageError, match="is a run of classify: a spaCy pipeline takes a tagger"):
        with_tagger(str(folder / "reviews"))
    with pytest.raises(ModelError, match="no finished run folder"):
        with_tagger(str(tmp_path / "nothing"))
    shutil.copytree(names, tmp_path / "broken")
    (tmp_path / "broken" / "model" / "manifest.json").unlink()
    with pytest.raises(ModelError, match="not as training left it"):
        with_tagger(str(tmp_path / "broken"))
    with pytest.raises(ConfigValidationError, match="run"):
        spacy.blank("en").add_pipe("regard")


def test_a_forked_process_takes_one_thread(names: str) -> None:
    before = torch.get_num_threads()
    nlp = with_tagger(names)
    nlp.get_pipe("regard")._process = -1
    try:
        torch.set_num_threads(2)
        assert nlp(TEXT).ents
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_an_installed_regard_tells_spacy_its_word() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert resolve(project["entry-points"]["spacy_factories"][regard.spacy.FACTORY]) is regard.spacy.make
    assert Language.has_factory(regard.spacy.FACTORY)


def test_regard_imports_no_spacy_and_spacy_only_with_a_mend() -> None:
    code = "import sys, regard, regard.jobs.load; sys.exit('spacy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = "import sys; sys.modules['spacy'] = None; import regard.spacy"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'pip install "regard[spacy]"' in done.stderr
