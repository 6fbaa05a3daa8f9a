from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from huggingface_hub import ModelCard
from tests.report.finished_runs import PAYLOADS

from regard.records import RunFolder
from regard.report import card, page

MakeRun = Callable[..., RunFolder]


def test_the_metadata_is_read_back_by_the_hubs_own_reader(make_run: MakeRun) -> None:
    run = make_run()
    made = ModelCard.load(card.write(run)).data
    assert (made.pipeline_tag, made.library_name, made.license) == ("text-classification", "regard", None)
    assert made.model_name == run.path.name
    assert made.eval_results is not None
    values = {item.metric_type: item.metric_value for item in made.eval_results}
    scores = run.read_json(run.scores)["scores"]
    assert values["accuracy"] == pytest.approx(scores["accuracy"], abs=1e-4)
    assert set(values) == {"accuracy", "f1", "matthews_correlation", "roc_auc"}
    assert {item.dataset_name for item in made.eval_results} == {"reviews.csv"}


def test_what_a_card_says(make_run: MakeRun) -> None:
    said = card.render(make_run()).replace("\u00a0", " ")
    for heading in ("What it is for", "How to use it", "Scores", "Data", "Limits", "How it was made"):
        assert f"\n## {heading}\n" in said
    assert "| accuracy | 0.8450 | 0.8124 – 0.8751 |" in said
    assert "31.0 % (train)" in said
    assert "longer than 256 tokens: the head of each is read, its tail is not (strategy head)" in said
    assert "regard.load('imdb-network-test-2')" in said
    assert "data/reviews.csv" not in said


def test_a_checkpoint_names_transformers(make_run: MakeRun) -> None:
    run = make_run(kind="checkpoint")
    assert "pipeline(" in card.render(run)
    assert ModelCard(card.render(run)).data.library_name == "transformers"
    assert "pipeline(" not in card.render(make_run(kind="baseline"))


def test_a_checkpoint_with_another_attention_is_loaded_through_regard(make_run: MakeRun) -> None:
    """Plain transformers refuses it: the card must not say otherwise, and names the pattern."""
    run = make_run(kind="checkpoint")
    record = json.loads(run.run_json.read_text(encoding="utf-8"))
    pattern = {"pattern": "window", "left": 16, "right": 16, "dilation": 1, "global_tokens": [0]}
    run.write_json(run.run_json, {**record, "attention": pattern})
    said = card.render(run)
    assert "pipeline(" not in said
    assert "import regard.auto" in said
    assert "window, left 16, right 16, dilation 1" in said
    assert "its attention exchanged for window, left 16" in page.render(run)


def test_hostile_labels_stay_text(make_run: MakeRun) -> None:
    run = make_run(labels=tuple(PAYLOADS[:12]), payloads=PAYLOADS)
    said = card.render(run)
    body = said.split("---\n", 2)[2]
    outside_code = [part for index, part in enumerate(body.split("`")) if index % 2 == 0]
    assert "<script>" not in "".join(outside_code).replace("\\<", "")
    assert ModelCard(said).data.eval_results


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a`b", "``a`b``"), ("`", "`` ` ``"), ("a\nb", "`a b`"), ("", "``")],
)
def test_code_spans(text: str, shown: str) -> None:
    assert card.code(text) == shown
