"""`regard train --model CHECKPOINT --attention WORD`: exchanged, lengthened, written down, saved and loaded."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import torch
from tests.checkpoints import make

import regard
from regard import cli
from regard import recipe as recipes
from regard.analysis.attention import attention
from regard.encoders.carrier import carriers
from regard.errors import UsageError

LONG = 90  # the tiny checkpoints have 64 positions


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    return int(end.value.code or 0)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "texts.csv"
    middle = " ".join(f"word{n % 17}" for n in range(70))
    rows = [f"lovely {middle} number {n},good\ndull {middle} number {n},bad" for n in range(20)]
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    return path


def checkpoint(family: str, texts: Path, folder: Path) -> Path:
    return make(family, folder, [line.rpartition(",")[0] for line in texts.read_text().splitlines()[1:]])


def window(*more: object) -> list[object]:
    settings = ["--set", "attention.left=8", "--set", "attention.right=8", "--set", "attention.global_tokens=[0]"]
    return ["--attention", "window", *settings, "--max-length", LONG, "--force", "--quiet", *more]


@pytest.mark.parametrize("family", ["bert", "roberta", "gpt2"])
def test_a_long_text_is_read_in_training_and_after_loading(family: str, texts: Path, tmp_path: Path) -> None:
    model, out = checkpoint(family, texts, tmp_path / "model"), tmp_path / "run"
    assert run("train", texts, "--model", model, "--out", out, *window()) == 0
    group = tomllib.loads((out / "recipe.toml").read_text())["attention"]
    assert group == {"pattern": "window", "left": 8, "right": 8, "dilation": 1, "global_tokens": [0]}
    config = json.loads((out / "model" / "config.json").read_text())
    assert config["model_type"] == "regard-patterned"
    assert config["attention_pattern"] == group
    loaded = regard.load(out)
    assert carriers(loaded.predictor.model)
    text = texts.read_text().splitlines()[1].rpartition(",")[0]
    assert len(loaded.predict(text)) == 1
    encoded = loaded.predictor.encoder.encode([text], offsets=False)[0]
    assert len(encoded.ids) > 64
    scores, _ = attention(loaded.predictor, encoded, last_layer=True)
    assert sum(scores) == pytest.approx(1)
    again = tmp_path / "again"
    assert run("train", out / "recipe.toml", "--out", again, "--force", "--quiet") == 0
    for name in ("model.safetensors", "config.json"):
        assert (again / "model" / name).read_bytes() == (out / "model" / name).read_bytes()


def test_a_trained_model_with_a_pattern_is_a_checkpoint_too(texts: Path, tmp_path: Path) -> None:
    model, out = checkpoint("bert", texts, tmp_path / "model"), tmp_path / "run"
    assert run("train", texts, "--model", model, "--out", out, *window()) == 0
    more = ["--max-length", LONG, "--force", "--quiet", "--out", tmp_path / "more"]
    assert run("train", texts, "--model", out / "model", *more) == 0
    config = json.loads((tmp_path / "more" / "model" / "config.json").read_text())
    assert config["attention_pattern"]["left"] == 8
    assert config["max_position_embeddings"] == LONG


def test_predictions_in_memory_and_from_the_folder_are_the_same(texts: Path, tmp_path: Path) -> None:
    model = checkpoint("distilbert", texts, tmp_path / "model")
    sets = {"attention.pattern": "bigbird", "attention.block_size": 4, "tokens.max_length": LONG}
    trained = regard.train(texts, model=str(model), out=tmp_path / "run", sets=sets, force=True, quiet=True)
    asked = [line.rpartition(",")[0] for line in texts.read_text().splitlines()[1:5]]
    for one, other in zip(trained.predict(asked), regard.load(tmp_path / "run").predict(asked), strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_a_comparison_gives_it_to_the_checkpoint_alone(texts: Path, tmp_path: Path) -> None:
    model = checkpoint("bert", texts, tmp_path / "model")
    words = ["--models", f"tfidf,{model}", "--seeds", 1, "--out", tmp_path / "compared"]
    assert run("compare", texts, *words, *window()) == 0
    found = sorted((tmp_path / "compared").glob("*/recipe.toml"))
    assert sorted("attention" in tomllib.loads(path.read_text()) for path in found) == [False, True]


@pytest.mark.parametrize("model", ["tfidf", "lstm"])
def test_other_models_are_refused(model: str, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", texts, "--model", model, "--out", tmp_path / "run", *window()) == 2
    assert "does not use this setting" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["attention.left=3"], r"attention\.pattern: no pattern is named"),
        (["attention.pattern=windo"], "Did you mean window"),
        (["attention.pattern=lsh"], "lsh hashes one vector"),
        (["attention.pattern=window", "attention.lefft=3"], r"attention\.lefft: no such option; did you mean .*left"),
        (["attention.pattern=window", "attention.left=-3"], r"attention\.left: Input should be greater"),
    ],
)
def test_a_wrong_setting_is_named(sets: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        recipes.build(model="hub:some/model", sets=sets)


def test_without_a_pattern_nothing_is_lengthened(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = checkpoint("bert", texts, tmp_path / "model")
    words = ["--max-length", LONG, "--force", "--quiet", "--out", tmp_path / "run"]
    assert run("train", texts, "--model", model, *words) == 2
    assert "reads at most 64 tokens" in capsys.readouterr().err


def test_attention_that_is_shown_is_that_of_the_pattern(texts: Path, tmp_path: Path) -> None:
    model = checkpoint("bert", texts, tmp_path / "model")
    sets = {"attention.pattern": "window", "attention.left": 2, "attention.right": 2, "tokens.max_length": LONG}
    trained = regard.train(texts, model=str(model), out=tmp_path / "run", sets=sets, force=True, quiet=True)
    encoded = trained.predictor.encoder.encode([texts.read_text().splitlines()[1]], offsets=False)[0]
    scores, _ = attention(trained.predictor, encoded, last_layer=True)
    assert all(score == 0 for score in scores[3:])  # the first token meets itself and two more
    assert torch.tensor(scores[1:3]).gt(0).all()
