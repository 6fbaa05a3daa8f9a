"""The main job on made-up texts: what it leaves, that it can be repeated byte for byte, and how it refuses."""

import json
from dataclasses import replace

import pandas as pd
import pytest
import torch
from tests import checkpoints
from transformers import AutoModelForSequenceClassification, AutoTokenizer

import regard
import regard.auto
from regard import manifest
from regard.errors import DataError, ModelError, UsageError
from regard.jobs import train as jobs_train
from regard.jobs.load import load
from regard.tasks.classify.predictions import read_predictions
from regard.text.read import read

QUICK = {
    "tokens.vocabulary_size": 300,
    "tokens.minimum_frequency": 1,
    "tokens.max_length": 24,
    "model.hidden_size": 8,
    "model.embedding_size": 16,
    "training.epochs": 4,
    "training.learning_rate": 0.02,
    "training.max_batch_examples": 16,
}


@pytest.fixture(scope="module")
def data(reviews, tmp_path_factory):
    return reviews(tmp_path_factory.mktemp("data") / "reviews.csv", 160, seed=1)


@pytest.fixture(scope="module")
def test_part(reviews, tmp_path_factory):
    return reviews(tmp_path_factory.mktemp("data") / "later.csv", 40, seed=2)


@pytest.fixture(scope="module")
def lstm(data, test_part, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "lstm"
    return regard.train(data, model="lstm", test=test_part, sets=QUICK, out=out, quiet=True)


def weights(model):
    return manifest.sha256(model.run.model / "model.safetensors")


def test_a_run_folder_holds_all_that_later_steps_read(lstm):
    names = {path.name for path in lstm.run.path.iterdir()}
    assert names >= {
        "recipe.toml", "run.json", "model", "checkpoints", "log.jsonl", "scores.json", "predictions.parquet",
        "report.html", "README.md", "doctor.json", "explanations.json",
    }  # fmt: skip
    inside = {path.name for path in lstm.run.model.iterdir()}
    assert inside >= {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    record = json.loads(lstm.run.run_json.read_text())
    assert record["scored"] == "test"
    assert record["data"]["test"]["n"] == 40
    assert record["data"]["validation"]["cut_from_train"]
    assert lstm.scores.n == 40
    assert lstm.scores.values["accuracy"] > 0.9
    assert len(read_predictions(lstm.run.predictions)) == 40


@pytest.mark.parametrize(("seconds", "kinds"), [(0.0, ["mistake"]), (60.0, ["mistake"] * 3 + ["example"] * 3)])
def test_the_report_explains_as_many_texts_as_there_is_time_for(seconds, kinds, data, tmp_path, monkeypatch, caplog):
    """Mistakes and examples by turns, so that a few texts hold both; a network that has learned nothing has both."""
    monkeypatch.setattr(jobs_train, "PATIENCE", seconds)
    monkeypatch.setattr(jobs_train, "SHARE", 0.0)
    with caplog.at_level("INFO", logger="regard"):
        sets = {**QUICK, "training.epochs": 1, "training.learning_rate": 1e-6}
        out = regard.train(data, model="lstm", sets=sets, out=tmp_path / "run", quiet=True)
    explained = json.loads(out.run.explanations.read_text())
    assert [document["kind"] for document in explained] == kinds
    assert ("explained for the report" in caplog.text) == (len(kinds) == 1)


def test_its_recipe_gives_the_same_weights_byte_for_byte(lstm, tmp_path):
    again = regard.train(recipe=lstm.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(lstm)
    assert again.run.recipe.read_bytes() == lstm.run.recipe.read_bytes()
    assert again.scores.to_json() == lstm.scores.to_json()


def test_another_seed_gives_other_weights(lstm, tmp_path):
    other = regard.train(recipe=lstm.run.recipe, seed=2, out=tmp_path / "other", quiet=True)
    assert weights(other) != weights(lstm)


def test_auto_classes_load_it_with_the_same_logits(lstm):
    model = AutoModelForSequenceClassification.from_pretrained(lstm.run.model)
    tokenizer = AutoTokenizer.from_pretrained(lstm.run.model)
    text = "a lovely warm film"
    with torch.no_grad():
        found = model(**tokenizer(text, return_tensors="pt")).logits.softmax(-1)[0]
    expected = lstm.predict(text)[0].probabilities
    assert dict(zip(expected, found.tolist(), strict=True)) == pytest.approx(expected, abs=1e-6)


def test_loaded_it_answers_explains_and_evaluates(lstm, test_part):
    model = load(lstm.run.path)
    assert [item.output for item in model.predict(["a lovely warm film", "a dull grey play"])] == ["good", "bad"]
    assert model.evaluate(test_part).values == lstm.scores.values
    explanation = model.explain("a lovely warm film, moving and bright")
    assert explanation.highlights
    assert "lovely" in explanation._repr_html_()


def test_a_finished_run_is_not_written_over(lstm, data):
    with pytest.raises(UsageError, match="holds a finished run"):
        regard.train(data, model="lstm", out=lstm.run.path, quiet=True)
    assert weights(regard.train(recipe=lstm.run.recipe, out=lstm.run.path, resume=True, quiet=True)) == weights(lstm)


def test_a_damaged_model_is_refused(lstm, data, tmp_path):
    run = regard.train(data, model="tfidf", out=tmp_path / "run", quiet=True).run
    file = next(run.model.glob("*.safetensors"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match="not as training left it"):
        load(run.path).predict("a film")


@pytest.mark.parametrize("model", ["tfidf", "nbsvm", "cnn", "transformer"])
def test_every_kind_takes_several_labels(model, tmp_path):
    words = {"rain": "weather", "sun": "weather", "goal": "sport", "match": "sport", "vote": "politics"}
    names = list(words)
    rows = []
    for n in range(120):
        chosen = [names[n % 5], names[n // 5 % 5]]
        labels = sorted({words[word] for word in chosen})
        rows.append({"text": f"{chosen[0]} and {chosen[1]} on day {n}", "label": "|".join(labels)})
    sets = {"data.label_separator": "|"}
    if model not in ("tfidf", "nbsvm"):
        sets |= {key: value for key, value in QUICK.items() if "hidden" not in key}
        sets |= {"training.epochs": 20, "model.dropout": 0.0} | (
            {"model.hidden_size": 16} if model == "transformer" else {}
        )
    path = tmp_path / "several.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    trained = regard.train(path, model=model, sets=sets, out=tmp_path / "run", quiet=True)
    assert trained.multi_label
    assert trained.scores.values["micro_f1"] > 0.9
    assert trained.predict("rain and goal on day 7")[0].output == ("sport", "weather")


def test_a_frame_is_kept_so_that_the_recipe_still_works(tmp_path, data):
    frame = pd.read_csv(data, dtype=str)
    first = regard.train(frame, model="tfidf", out=tmp_path / "run", quiet=True)
    again = regard.train(recipe=first.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(first)


def test_a_frame_with_columns_of_its_own(tmp_path, data):
    frame = pd.read_csv(data, dtype=str).rename(columns={"text": "body", "label": "y"}).assign(label="x", other="z")
    named = {"text_column": "body", "label_column": "y"}
    first = regard.train(frame, model="tfidf", out=tmp_path / "run", quiet=True, **named)
    assert first.labels == ["bad", "good"]
    again = regard.train(recipe=first.run.recipe, out=tmp_path / "again", quiet=True)
    assert weights(again) == weights(first)


def test_neighbours_that_belong_together_stay_so_when_they_are_kept(tmp_path, data):
    corpus = replace(read(data), contiguous=True)
    assert regard.train(corpus, model="tfidf", out=tmp_path / "run", quiet=True).recipe.data.split == "blocks"


def test_a_lone_surrogate_costs_no_training(tmp_path, data):
    rows = pd.read_csv(data, dtype=str).to_dict("records")
    lines = [json.dumps({"text": row["text"] + " \ud83d", "label": row["label"]}) for row in rows]
    (tmp_path / "odd.jsonl").write_text("\n".join(lines))
    model = regard.train(tmp_path / "odd.jsonl", model="tfidf", out=tmp_path / "run", quiet=True)
    assert model.predict("a lovely film \ud83d")[0].output == "good"
    assert regard.compare(tmp_path / "odd.jsonl", models=["tfidf", "nbsvm"], out=tmp_path / "c", quiet=True).n > 0


def test_labels_that_are_rare_can_still_be_learned(tmp_path):
    rows = [{"text": f"text {n} of many", "label": ["common", f"rare{n}"] if n < 20 else ["common"]} for n in range(80)]
    rows += [{"text": f"other words {n}", "label": ["other"]} for n in range(40)]
    (tmp_path / "rare.jsonl").write_text("\n".join(map(json.dumps, rows)))
    model = regard.train(tmp_path / "rare.jsonl", model="tfidf", out=tmp_path / "run", quiet=True)
    assert len(model.labels) == 22


def test_force_leaves_out_what_no_model_could_answer(tmp_path, data, test_part):
    frame = pd.read_csv(test_part, dtype=str)
    frame.loc[0, "label"] = "unheard"
    frame.to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(DataError, match="unheard"):
        regard.train(data, model="tfidf", test=tmp_path / "test.csv", out=tmp_path / "run", quiet=True)
    forced = regard.train(data, model="tfidf", test=tmp_path / "test.csv", out=tmp_path / "b", force=True, quiet=True)
    assert forced.scores.n == 39


def test_force_leaves_out_what_a_network_has_encoded_too(tmp_path, data, test_part):
    frame = pd.read_csv(test_part, dtype=str)
    frame.loc[0, "label"] = "unheard"
    frame.to_csv(tmp_path / "other.csv", index=False)
    parts = {"validation": tmp_path / "other.csv", "test": tmp_path / "other.csv"}
    forced = regard.train(data, model="lstm", sets=QUICK, out=tmp_path / "b", force=True, quiet=True, **parts)
    assert forced.scores.n == 39


def test_one_label_and_several_do_not_mix(tmp_path, data):
    row = {"text": "a lovely dull film", "label": ["bad", "good"]}
    (tmp_path / "several.jsonl").write_text("\n".join([json.dumps(row)] * 3))
    with pytest.raises(DataError, match="several labels here"):
        regard.train(data, model="tfidf", test=tmp_path / "several.jsonl", out=tmp_path / "run", quiet=True)


def test_resume_keeps_the_recipe_that_a_run_began_with(lstm, tmp_path):
    before = lstm.run.recipe.read_bytes()
    with pytest.raises(UsageError, match="begun with another recipe"):
        regard.train(recipe=lstm.run.recipe, seed=5, out=lstm.run.path, resume=True, quiet=True)
    assert lstm.run.recipe.read_bytes() == before


def test_resume_of_a_finished_run_notices_that_its_data_have_changed(data, test_part, tmp_path):
    files = {"data": tmp_path / "reviews.csv", "test": tmp_path / "later.csv"}
    for path, content in zip(files.values(), (data.read_text(), test_part.read_text()), strict=True):
        path.write_text(content)
    call = {**files, "model": "tfidf", "out": tmp_path / "run", "quiet": True}
    first = regard.train(**call)
    assert regard.train(**call, resume=True).record == first.record
    for part, path in files.items():
        before = path.read_text()
        path.write_text(before.replace("film", "movie"))
        names = "train, validation" if part == "data" else "test"
        with pytest.raises(UsageError, match=rf"data have changed since \({names}: .*{path.name}\)"):
            regard.train(**call, resume=True)
        path.write_text(before)
    assert regard.train(**call, resume=True).record == first.record


def test_resume_of_a_finished_run_knows_what_force_left_out(data, test_part, tmp_path):
    frame = pd.read_csv(test_part, dtype=str)
    frame.loc[0, "label"] = "unheard"
    frame.to_csv(tmp_path / "test.csv", index=False)
    call = {"model": "tfidf", "test": tmp_path / "test.csv", "out": tmp_path / "b", "force": True, "quiet": True}
    assert regard.train(data, **call, resume=True).record == regard.train(data, **call, resume=True).record


def test_resume_without_a_folder_takes_the_latest_of_the_name(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = regard.train(data, model="tfidf", quiet=True)
    second = regard.train(data, model="tfidf", quiet=True)
    assert [model.run.path.name for model in (first, second)] == ["reviews-tfidf", "reviews-tfidf-2"]
    assert regard.train(data, model="tfidf", resume=True, quiet=True).run.path == second.run.path


def test_a_checkpoint_is_fine_tuned_and_loads_in_plain_transformers(data, tmp_path):
    folder = checkpoints.make("bert", tmp_path / "bert", pd.read_csv(data)["text"].tolist())
    sets = {"tokens.max_length": 24, "training.epochs": 20, "training.learning_rate": 0.005, "model.dropout": 0.0}
    trained = regard.train(data, model=str(folder), sets=sets, out=tmp_path / "run", quiet=True)
    assert trained.scores.values["accuracy"] > 0.9
    assert type(AutoModelForSequenceClassification.from_pretrained(trained.run.model)).__name__.startswith("Bert")


def test_a_recipe_finds_its_files_from_anywhere(data, tmp_path, monkeypatch):
    (tmp_path / "vectors.txt").write_text("lovely 1 2 3\ndull 3 2 1\n")
    (tmp_path / "here.csv").write_bytes(data.read_bytes())
    monkeypatch.chdir(tmp_path)
    sets = {**QUICK, "model.vectors": "vectors.txt", "training.epochs": 1}
    regard.train("here.csv", model="gru", sets=sets, out="run", quiet=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = regard.train(recipe="../run/recipe.toml", out="again", quiet=True)
    assert manifest.sha256(again.run.model / "model.safetensors") == manifest.sha256(
        tmp_path / "run" / "model" / "model.safetensors"
    )


@pytest.mark.parametrize(
    ("sets", "path"),
    [
        ({"training.epochs": 0}, "training.epochs"),
        ({"model.hiden_size": 8}, "model.hiden_size"),
        ({"tokens.kind": "checkpoint"}, "tokens.kind"),
        ({"trainin.epochs": 3}, "trainin"),
        ({"seed": 2**33}, "seed"),
    ],
)
def test_a_wrong_option_is_named(data, tmp_path, sets, path):
    with pytest.raises(UsageError, match=path):
        regard.train(data, model="lstm", sets=sets, out=tmp_path / "run", quiet=True)


# RoBERTa counts positions from behind its padding token: with 66 of them and padding 0 it reads 65.
@pytest.mark.parametrize(("family", "most"), [("bert", 64), ("roberta", 65), ("gpt2", 64)])
def test_a_checkpoint_reads_no_more_tokens_than_it_has_positions(data, tmp_path, family, most):
    folder = checkpoints.make(family, tmp_path / family, ["a film"])
    with pytest.raises(UsageError, match=f"reads at most {most} tokens(?s:.*)--strategy (?s:.*)windows"):
        regard.train(data, model=str(folder), sets={"tokens.max_length": most + 1}, out=tmp_path / "run", quiet=True)


def test_what_makes_a_result_meaningless_is_blocked_unless_forced(data, tmp_path):
    with pytest.raises(DataError, match="--force"):
        regard.train(data, model="tfidf", test=data, out=tmp_path / "run", quiet=True)
    assert regard.train(data, model="tfidf", test=data, out=tmp_path / "forced", force=True, quiet=True).scores.n == 160


def test_no_data_and_no_model_are_said(tmp_path, data):
    with pytest.raises(UsageError, match="no training data"):
        regard.train(model="tfidf", out=tmp_path / "run")
    with pytest.raises(UsageError, match="no model is named"):
        regard.train(data, out=tmp_path / "run")
    with pytest.raises(UsageError, match=r"Did you mean lstm"):
        regard.train(data, model="lsmt", out=tmp_path / "run")
