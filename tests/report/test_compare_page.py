"""compare.html: what it says, and that nothing in its data can run or leave the page."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from regard.errors import ModelError
from regard.report import compare_page, document
from regard.report.task_report import REPORTS

HOSTILE = "<script>alert(1)</script>"


def row(model: str, accuracies: list[float], **more: Any) -> dict[str, Any]:
    mean = sum(accuracies) / len(accuracies)
    return {
        "model": model,
        "kind": "network",
        "seeded": len(accuracies) > 1,
        "figure": mean,
        "macro_f1": mean,
        "figures": accuracies,
        "seeds": list(range(1, len(accuracies) + 1)),
        "interval": [mean - 0.02, mean + 0.02],
        "train_examples": 900,
        "seconds": 12.0,
        "train_seconds": 10.0,
        "latency_ms": 1.5,
        "parameters": None,
        "bytes": 4096,
        "runs": [f"{model}-seed{seed}" for seed in range(1, len(accuracies) + 1)],
        **more,
    }


def comparison(*rows: dict[str, Any], source: str = "reviews.csv") -> dict[str, Any]:
    first, second = rows[0]["model"], rows[1]["model"]
    part = {"n": 200, "sha256": "0" * 64}
    return {
        "task": "classify",
        "headline": "accuracy",
        "n": 200,
        "take": first,
        "sentence": f"{first} is right most often. Take {first}.",
        "pairs": [
            {
                "first": first,
                "second": second,
                "difference": 0.05,
                "interval": [0.01, 0.09],
                "test": "McNemar, mid-p",
                "p": 0.0004,
                "p_adjusted": 0.0608,
                "within_noise": True,
            }
        ],
        "models": list(rows),
        "data": {"source": source, "train": part, "validation": part, "test": part, "split_note": "cut at random"},
        "command": "regard compare reviews.csv",
        "regard": "0.1.0",
    }


def read(markup: str) -> str:
    """As a reader sees it: no entities, and blanks that do not break are blanks."""
    return html.unescape(markup).replace("\u00a0", " ")


def test_the_verdict_comes_first() -> None:
    page = read(compare_page.render(comparison(row("lstm", [0.85, 0.87]), row("tfidf", [0.81]))))
    assert page.index("Take lstm.") < page.index("Ladder</h2>") < page.index("Which differences are real")
    assert "Trained once, as no seed changes it: tfidf" in page
    assert "did not train on the same number" not in page
    assert "within noise" in page
    assert "< 0.001" in page
    assert "0.061" in page


def test_different_amounts_of_training_are_said() -> None:
    page = compare_page.render(comparison(row("lstm", [0.85]), row("minilm", [0.81], train_examples=100)))
    assert "did not train on the same number" in page


def test_the_headline_is_called_by_its_name() -> None:
    rows = row("lstm", [0.41], exact_match=0.33), row("minilm", [0.38], exact_match=0.31)
    found = {**comparison(*rows), "task": "answer", "headline": "f1"}
    page = read(compare_page.render(found))
    assert "A dot is the F1 on the held-out questions, the line its 95 % interval (bootstrap over questions)." in page
    assert "200 questions held out" in page
    assert re.search(r'class="number">F1</th>.*>exact match</th>.*>macro F1</th>', page)
    assert ">33.0 %</td>" in page
    assert "accuracy of words" not in page
    assert "texts" not in page.partition("<body>")[2].partition("<script>")[0]
    assert "right</th>" in read(compare_page.render(comparison(*rows)))


def test_bleu_is_told_on_its_own_scale() -> None:
    rows = [
        row("transformer", [36.25, 35.1], interval=[34.0, 37.5], chrf=61.5, rouge_l=0.62, exact_match=0.04),
        row("lstm", [28.04, 30.0], interval=[27.5, 31.0], chrf=55.2, rouge_l=0.55, exact_match=0.01),
    ]
    found = {**comparison(*rows), "task": "translate", "headline": "bleu", "lower_is_better": False}
    found["pairs"][0].update(difference=6.7, interval=[4.61, 8.2])
    page = read(compare_page.render(found))
    body = page.partition("<body>")[2]
    assert ">BLEU</th>" in body
    assert ">35.7</td>" in body
    assert ">34.0 – 37.5</td>" in body
    assert ">61.5</td>" in body  # chrF, as BLEU is told
    assert ">62.0 %</td>" in body  # ROUGE-L, a share
    assert ">difference, points</th>" in body
    assert ">6.7</td>" in body
    assert ">4.6 to 8.2</td>" in body
    assert "<title>seed 2: 30.0</title>" in body
    assert "BLEU (the axis begins at 20)" in body
    assert "Less is better" not in body


def test_of_bits_less_is_better() -> None:
    rows = [
        row("transformer", [1.7012], interval=[1.69, 1.71], perplexity_per_word=812.34),
        row("lstm", [1.93], interval=[1.9, 1.96], perplexity_per_word=1500.0),
    ]
    found = {**comparison(*rows), "task": "classify", "headline": "bits_per_character", "lower_is_better": True}
    found["pairs"][0].update(difference=0.2288, interval=[0.2, 0.25])
    page = read(compare_page.render(found))
    assert "Less is better: the best model stands at the top, its dot furthest to the left." in page
    assert "A dot is the bits per character on the held-out texts" in page
    assert ">1.701</td>" in page
    assert ">so much less, bits</th>" in page
    assert ">0.229</td>" in page
    assert ">0.200 to 0.250</td>" in page
    assert ">812.3</td>" in page
    assert "bits per character, fewer are better (the axis begins at 1.0)" in page
    assert "transformer 1.701 (95 %: 1.690 – 1.710)" in page


@pytest.mark.parametrize(
    ("values", "axis"),
    [([28.0, 36.2], (20, 40)), ([3.1, 12.0], (0, 20)), ([0.4, 0.4], (0.4, 0.5)), ([130, 190], (100, 200))],
)
def test_the_axis_of_other_figures_ends_on_round_numbers(values: list[float], axis: tuple[float, float]) -> None:
    rows = [row(f"m{place}", [value], interval=[value, value]) for place, value in enumerate(values)]
    picture = read(compare_page.ladder(rows, "bleu"))
    ticks = [float(tick) for tick in re.findall(r'class="tick middle"[^>]*>([\d.]+)</text>', picture)]
    assert (min(ticks), max(ticks)) == pytest.approx(axis)


def test_every_seed_is_a_dot_and_every_picture_is_told() -> None:
    picture = read(compare_page.ladder([row("lstm", [0.85, 0.87, 0.86]), row("tfidf", [0.81])]))
    assert len(re.findall(r"<title>seed \d: ", picture)) == 3
    assert re.search(r"<desc>lstm 86\.0 % \(95 %: 84\.0.*88\.0 %\); tfidf 81\.0 %", picture)
    assert "the axis begins at 70 %" in picture


@pytest.mark.parametrize(
    ("values", "axis"),
    [([1.0, 1.0], (0.9, 1.0)), ([0.02, 0.98], (0.0, 1.0)), ([0.53, 0.58], (0.5, 0.6)), ([0.58, 0.62], (0.5, 1.0))],
)
def test_the_axis_holds_every_value(values: list[float], axis: tuple[float, float]) -> None:
    rows = [row(f"m{place}", [value], interval=[value, value]) for place, value in enumerate(values)]
    ticks = [float(tick) / 100 for tick in re.findall(r">(\d+) %</text>", read(compare_page.ladder(rows)))]
    assert (min(ticks), max(ticks)) == axis
    assert axis[0] <= min(values) <= max(values) <= axis[1]


def test_nothing_hostile_gets_through() -> None:
    found = comparison(row(HOSTILE, [0.85]), row("a/b c", [0.8]), source=HOSTILE)
    explained = [{"kind": "example", "id": HOSTILE, "gold": HOSTILE, "explanation": explanation(HOSTILE)}]
    page = compare_page.render(found, explained)
    assert HOSTILE not in page
    assert page.count("<script>") == 1
    assert "default-src 'none'" in read(page)
    assert 'href="./a/b%20c-seed1/report.html"' in page


def test_every_page_has_one_frame() -> None:
    pages = {path.name for path in document.HERE.glob("*.html") if not path.stem.endswith("parts")} - {"base.html"}
    assert {"compare.html", "run.html", *(f"{word}.html" for word in REPORTS)} <= pages
    for name in pages:
        template = (document.HERE / name).read_text(encoding="utf-8")
        word = name.removesuffix(".html")
        frame = "run.html" if word in REPORTS else "lab.html" if word.startswith("lab_") else "base.html"
        assert template.startswith(f'{{% extends "{frame}" %}}')
        assert not re.findall("<(?:html|head|style|script|footer)", template)


def explanation(text: str) -> dict[str, Any]:
    return {
        "text": text,
        "output": text,
        "target": text,
        "confidence": 0.9,
        "method": "weights",
        "signed": True,
        "highlights": [{"start": 0, "end": len(text), "word": text, "score": 0.5}],
        "seen": [[0, len(text)]],
        "detail": {},
    }


def test_it_is_written_beside_its_document(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        compare_page.write(tmp_path)
    (tmp_path / compare_page.DOCUMENT).write_text(json.dumps(comparison(row("lstm", [0.9]), row("cnn", [0.8]))))
    page = compare_page.write(tmp_path).read_text(encoding="utf-8")
    assert "Highlighted examples" not in page
    (tmp_path / compare_page.EXPLANATIONS).write_text(
        json.dumps([{"kind": "example", "id": "1", "gold": None, "explanation": explanation("fine")}])
    )
    assert "Highlighted examples" in compare_page.write(tmp_path).read_text(encoding="utf-8")
