from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from tests.report.finished_runs import PAYLOADS

from regard.errors import ModelError
from regard.records import RunFolder
from regard.report import page
from regard.report.document import fingerprint

MakeRun = Callable[..., RunFolder]
SECTIONS = ["verdict", "asked", "data", "training", "scores", "classes", "trust", "mistakes", "examples", "reproduce"]


def sections(html: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', html)


def verdict(html: str) -> str:
    found = re.search(r'<section id="verdict".*?</section>', html, re.DOTALL)
    assert found
    return re.sub(r"<[^>]+>|\s+", " ", found.group()).replace("\u00a0", " ")


def test_sections_in_the_order_of_reading(make_run: MakeRun) -> None:
    html = page.write(make_run()).read_text(encoding="utf-8")
    assert sections(html) == SECTIONS
    assert len(html) < 300_000


def test_the_verdict_has_interval_n_part_and_the_majority(make_run: MakeRun) -> None:
    said = verdict(page.render(make_run()))
    assert re.search(r"lstm gives the right label to 8\d\.\d % of 400 test texts \(95 % interval: 8\d\.\d", said)
    assert "Always answering “negative” would be right for 52.8 %" in said
    assert "scored once, after every choice" in said


def test_a_validation_score_says_that_choices_were_made_on_it(make_run: MakeRun) -> None:
    html = page.render(make_run(part="validation", kind="baseline"))
    assert "Choices were made on these same texts" in verdict(html)
    assert "training" not in sections(html)


def test_a_model_that_knows_nothing_is_told_so(make_run: MakeRun) -> None:
    assert "has not been shown to know anything" in verdict(page.render(make_run(right=0.58)))
    assert "worse than that" in verdict(page.render(make_run(right=0.1)))


def test_peers_and_the_doctors_advice(make_run: MakeRun) -> None:
    run = make_run()
    record = run.read_json(run.run_json)
    record["peers"] = [
        {"model": "nbsvm", "figure": 0.95, "within_noise": False},
        {"model": "cnn", "figure": 0.84, "within_noise": True},
        {"model": "rnn", "figure": 0.6, "within_noise": False},
    ]
    run.write_json(run.run_json, record)
    doctor = run.read_json(run.doctor)
    stop = {"severity": "block", "code": "x", "part": "test", "message": "all in train", "mend": None}
    doctor["findings"].append({**stop, "count": 1, "share": 1.0, "examples": []})
    run.write_json(run.doctor, doctor)
    said = verdict(page.render(run))
    assert "nbsvm is right for 95.0 % of the same texts: take that one." in said
    assert "cnn is right for 84.0 % of the same texts: the difference is within noise." in said
    assert "rnn is right for 60.0 % of the same texts: this model is better." in said
    assert "The doctor advised against this training (test: all in train)" in said


def test_several_labels(make_run: MakeRun) -> None:
    html = page.render(make_run(labels=("a", "b", "c"), multi_label=True))
    assert "all the right labels and no wrong one" in verdict(html)
    assert 'class="matrix"' not in html
    assert "micro F1" in html
    assert "Most often mixed up" in html


def test_many_labels_have_pairs_instead_of_a_matrix(make_run: MakeRun) -> None:
    html = page.render(make_run(labels=tuple(f"label {i}" for i in range(30))))
    assert 'class="matrix"' not in html
    assert "Most often mixed up" in html


@pytest.mark.parametrize("n", [1, 2, 7])
def test_few_texts(make_run: MakeRun, n: int) -> None:
    assert "reproduce" in sections(page.render(make_run(n=n)))


def test_a_run_without_log_doctor_and_explanations(make_run: MakeRun) -> None:
    run = make_run()
    for path in (run.log, run.doctor, run.explanations, run.recipe):
        path.unlink()
    assert sections(page.render(run)) == [name for name in SECTIONS if name not in ("training", "examples")]


def test_a_damaged_run_is_refused(make_run: MakeRun) -> None:
    run = make_run()
    run.predictions.write_bytes(b"PAR1 no")
    with pytest.raises(ModelError, match=r"predictions\.parquet"):
        page.write(run)
    assert not run.report.exists()


def test_a_text_of_a_megabyte_keeps_the_page_small(make_run: MakeRun) -> None:
    html = page.render(make_run(payloads=["", "word " * 200_000], n=40, right=0.5))
    assert len(html) < 1_000_000
    assert "more are in predictions.parquet" in html


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_hostile_labels_texts_and_names_stay_text(make_run: MakeRun) -> None:
    run = make_run(labels=tuple(PAYLOADS[:12]), payloads=PAYLOADS)
    tags = Tags()
    tags.feed(page.render(run))
    names = [tag for tag, _ in tags.found]
    assert names.count("script") == names.count("style") == 1
    assert not {"img", "iframe", "link", "object", "embed", "base"} & set(names)
    attributes = {name for _, attrs in tags.found for name in attrs}
    assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert all(attrs["href"].startswith("#") for tag, attrs in tags.found if tag == "a" and attrs["href"])
    assert len([tag for tag, attrs in tags.found if tag == "meta" and "http-equiv" in attrs]) == 1


def test_the_policy_names_the_style_and_the_script(make_run: MakeRun) -> None:
    html = page.render(make_run())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert style
    assert script
    for content, kind in ((style, "style"), (script, "script")):
        assert f"{kind}-src &#39;{fingerprint(content.group(1))}&#39;" in policy.group(1)
    assert "default-src &#39;none&#39;" in policy.group(1)


def test_the_page_is_the_same_every_time(make_run: MakeRun) -> None:
    run = make_run()
    assert page.render(run) == page.render(run)


def test_writing_a_page_and_a_card_needs_no_torch(make_run: MakeRun) -> None:
    run = make_run()
    code = (
        "import sys, json; from pathlib import Path; from regard.records import RunFolder\n"
        "from regard.report import card, page\n"
        f"run = RunFolder(Path({str(run.path)!r})); page.write(run); card.write(run)\n"
        "print(json.dumps([name for name in ('torch', 'transformers', 'matplotlib') if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
