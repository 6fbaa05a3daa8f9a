"""What every linear baseline owes: probabilities, exact word weights, the same again after a reload."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regard.baselines.linear import LinearBaseline
from regard.errors import DataError, ModelError, UsageError

STRANGE = ["", "   ", "zzz qqq", "!", "great", "great great great , dull !", "🙂 é ﬁ great", "x" * 5000]


def situation_of(baseline: LinearBaseline[Any]) -> str:
    if baseline.multi_label:
        return "multi-label"
    return "binary" if len(baseline.label_names) == 2 else "multi-class"


def test_it_learns(fitted: LinearBaseline[Any], texts: Callable[..., Any]) -> None:
    unseen = texts(situation_of(fitted), 90, seed=2)
    probabilities = fitted.probabilities(unseen.texts)
    if fitted.multi_label:
        gold = [[name in label for name in fitted.label_names] for label in unseen.labels]
        right = (probabilities > 0.5) == np.array(gold)
    else:
        right = np.array(fitted.label_names)[probabilities.argmax(axis=1)] == np.array(unseen.labels)
    assert right.mean() > 0.85


def test_probabilities_are_probabilities(fitted: LinearBaseline[Any]) -> None:
    probabilities = fitted.probabilities(STRANGE)
    assert probabilities.shape == (len(STRANGE), len(fitted.label_names))
    assert probabilities.dtype == np.float64
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    if not fitted.multi_label:
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)


def test_no_texts_give_no_rows(fitted: LinearBaseline[Any]) -> None:
    assert fitted.probabilities([]).shape == (0, len(fitted.label_names))


def test_alone_is_as_in_a_batch(fitted: LinearBaseline[Any], texts: Callable[..., Any]) -> None:
    batch = texts(situation_of(fitted), 20, seed=3).texts + STRANGE
    alone = np.vstack([fitted.probabilities([text]) for text in batch])
    np.testing.assert_array_equal(alone, fitted.probabilities(batch))


def test_load_gives_the_same_bits(fitted: LinearBaseline[Any], texts: Callable[..., Any], tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    loaded = type(fitted).load(tmp_path / "model")
    batch = texts(situation_of(fitted), 20, seed=3).texts + STRANGE
    np.testing.assert_array_equal(loaded.probabilities(batch), fitted.probabilities(batch))
    assert loaded.options == fitted.options
    assert loaded.label_names == fitted.label_names
    assert loaded.multi_label == fitted.multi_label
    assert loaded.parameters == fitted.parameters
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["baseline.json", "model.safetensors"]


def test_the_same_seed_gives_the_same_files(fit: Callable[..., Any], texts: Callable[..., Any], tmp_path: Path) -> None:
    for word in ("tfidf", "nbsvm"):
        for name in ("one", "two"):
            np.random.seed(len(name))
            fit(word, texts("multi-class", 60, seed=1)).save(tmp_path / word / name)
        for file in ("baseline.json", "model.safetensors"):
            assert (tmp_path / word / "one" / file).read_bytes() == (tmp_path / word / "two" / file).read_bytes()


def test_fitting_leaves_the_global_generator_alone(fit: Callable[..., Any], texts: Callable[..., Any]) -> None:
    before = np.random.get_state()[1].tolist()
    fit("nbsvm", texts("binary", 40, seed=1))
    assert np.random.get_state()[1].tolist() == before


def test_word_weights_add_up_to_the_decision(fitted: LinearBaseline[Any], texts: Callable[..., Any]) -> None:
    batch = texts(situation_of(fitted), 10, seed=4).texts + STRANGE
    for target in fitted.label_names:
        for text in batch:
            total = sum(weight for _, _, weight in fitted.word_weights(text, target)) + fitted.bias(target)
            assert total == pytest.approx(fitted.decision(text, target), abs=1e-9)


def test_an_ngram_covers_its_words_in_the_text(fitted: LinearBaseline[Any]) -> None:
    text = "the film ,  was\ngreat great !"
    covered = {text[start:end] for start, end, _ in fitted.word_weights(text, "positive")}
    assert {"the", "film", "great", "the film", "great great", "!"} & covered
    assert all(covered)
    known = set(fitted.ngrams.columns)
    for start, end, _ in fitted.word_weights(text, "positive"):
        assert " ".join(text[start:end].replace("\n", " ").split()) in known


def test_weights_speak_for_the_right_label(fitted: LinearBaseline[Any]) -> None:
    [(_, _, for_positive)] = fitted.word_weights("superb", "positive")
    [(_, _, for_negative)] = fitted.word_weights("superb", "negative")
    assert for_positive > max(0, for_negative)


def test_two_labels_mirror_each_other(fit: Callable[..., Any], texts: Callable[..., Any]) -> None:
    baseline = fit("tfidf", texts("binary", 60, seed=1))
    assert baseline.decision("great film", "positive") == -baseline.decision("great film", "negative")
    assert baseline.bias("positive") == -baseline.bias("negative")
    np.testing.assert_allclose(
        baseline.probabilities(["great film"])[0, 1],
        1 / (1 + np.exp(-baseline.decision("great film", "positive"))),
    )


def test_an_unknown_target_is_a_usage_error(fitted: LinearBaseline[Any]) -> None:
    with pytest.raises(UsageError, match="positive"):
        fitted.word_weights("great", "splendid")


@pytest.mark.parametrize("word", ["tfidf", "nbsvm"])
def test_what_can_not_be_learned_is_said(word: str, fit: Callable[..., Any], texts: Callable[..., Any]) -> None:
    whole = texts("binary", 20, seed=1)
    kind = type(whole)
    with pytest.raises(DataError, match="no training text has the label 'positive'"):
        fit(word, kind(whole.texts[::2], whole.labels[::2], whole.names, False))
    with pytest.raises(DataError, match="same label"):
        fit(word, kind(whole.texts[::2], whole.labels[::2], ["negative"], False))
    with pytest.raises(DataError, match="min_df"):
        fit(word, kind(["one two", "three four"], ["a", "b"], ["a", "b"], False))


@pytest.mark.parametrize("word", ["tfidf", "nbsvm"])
def test_a_handful_of_texts_is_enough(word: str, fit: Callable[..., Any], texts: Callable[..., Any]) -> None:
    kind = type(texts("binary", 2, seed=1))
    tiny = kind(["good film", "bad film"], ["yes", "no"], ["no", "yes"], False)
    probabilities = fit(word, tiny, min_df=1).probabilities(tiny.texts)
    assert probabilities.argmax(axis=1).tolist() == [1, 0]


@pytest.mark.parametrize("word", ["tfidf", "nbsvm"])
def test_a_label_that_all_texts_have_needs_no_weights(
    word: str, fit: Callable[..., Any], texts: Callable[..., Any]
) -> None:
    whole = texts("multi-label", 30, seed=1)
    labels = [(*label, "text") for label in whole.labels]
    baseline = fit(word, type(whole)(whole.texts, labels, [*whole.names, "text", "never"], True))
    probabilities = baseline.probabilities(whole.texts)
    assert (probabilities[:, 3] > 0.95).all()
    assert (probabilities[:, 4] < 0.05).all()


def damage_weights(folder: Path) -> None:
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)


def cut_description(folder: Path) -> None:
    text = (folder / "baseline.json").read_text()
    (folder / "baseline.json").write_text(text[: len(text) // 2])


def unknown_option(folder: Path) -> None:
    description = json.loads((folder / "baseline.json").read_text())
    description["options"]["colour"] = "blue"
    (folder / "baseline.json").write_text(json.dumps(description))


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def lost_terms(folder: Path) -> None:
    description = json.loads((folder / "baseline.json").read_text())
    description["terms"].pop()
    (folder / "baseline.json").write_text(json.dumps(description))


def no_object(folder: Path) -> None:
    (folder / "baseline.json").write_text("[]")


@pytest.mark.parametrize(
    "damage", [damage_weights, cut_description, unknown_option, no_weights, lost_terms, no_object, shutil.rmtree]
)
def test_a_damaged_folder_is_refused(
    damage: Callable[[Path], None], fit: Callable[..., Any], texts: Callable[..., Any], tmp_path: Path
) -> None:
    baseline = fit("tfidf", texts("binary", 20, seed=1))
    baseline.save(tmp_path / "model")
    damage(tmp_path / "model")
    with pytest.raises(ModelError, match="no whole baseline") as caught:
        type(baseline).load(tmp_path / "model")
    assert caught.value.mend


def test_another_baseline_is_refused(fit: Callable[..., Any], texts: Callable[..., Any], tmp_path: Path) -> None:
    corpus = texts("binary", 20, seed=1)
    fit("tfidf", corpus).save(tmp_path)
    with pytest.raises(ModelError, match="'tfidf', not 'nbsvm'"):
        type(fit("nbsvm", corpus)).load(tmp_path)


def test_the_room_needs_no_torch() -> None:
    code = (
        "import sys; import regard.baselines.tfidf, regard.baselines.nbsvm; "
        "sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
