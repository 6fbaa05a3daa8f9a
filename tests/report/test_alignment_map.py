"""The picture of an alignment: every weight in the markup, the same in words, as a table, and small ones of layers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.report.finished_runs import PAYLOADS
from tests.report.finished_translations import alignment

from regard.records.alignment import Alignment, View
from regard.report import alignment_map

SOURCE, OUTPUT = "A man sleeps .", "Ein Mann schläft ."


def weights(markup: str) -> list[float]:
    return [float(found) for found in re.findall(r'data-weight="([\d.]+)"', markup)]


def test_every_weight_is_in_the_markup_row_by_row() -> None:
    made = alignment(SOURCE, OUTPUT)
    found = weights(alignment_map.heat_map(made))
    assert found == pytest.approx([weight for row in made.weights for weight in row], abs=1e-4)


def test_it_has_a_title_and_is_told_in_words() -> None:
    markup = alignment_map.heat_map(alignment(SOURCE, OUTPUT))
    assert "<title>What each word of the output looked at</title>" in markup
    assert "Ein: A; Mann: man; schläft: sleeps; .: ." in markup
    assert "<title>Mann ← man: 60\u00a0%</title>" in markup
    assert markup.count(" best") == 4


def test_the_table_has_the_strongest_and_what_went_to_no_word() -> None:
    first = alignment_map.lines(alignment(SOURCE, OUTPUT))[0]
    assert first.word == "Ein"
    assert first.sources[0] == ("A", 0.6)
    assert first.elsewhere == pytest.approx(0.1)


def test_of_a_long_source_the_words_that_got_most_are_shown_in_their_order() -> None:
    made = alignment(" ".join(f"w{place}" for place in range(50)), "a b c")
    shown = alignment_map.shown(made)
    assert (shown.columns, shown.hidden_sources, shown.hidden_outputs) == (32, 18, 0)
    assert len(weights(shown.map)) == 3 * 32
    assert shown.map.index(">w0<") < shown.map.index(">w1<") < shown.map.index(">w2<")


def test_small_maps_of_layers_and_heads() -> None:
    shown = alignment_map.shown(alignment(SOURCE, OUTPUT, layers=3))
    assert [name for name, _ in shown.small] == ["layer 1", "layer 2", "layer 3"]
    assert all('<path class="l6"' in picture for _, picture in shown.small)


def test_nothing_written_has_no_picture() -> None:
    assert alignment_map.heat_map(alignment(SOURCE, "")) == ""
    assert alignment_map.shown(alignment(SOURCE, "")).lines == []


@pytest.mark.parametrize("evil", PAYLOADS)
def test_words_stay_text(evil: str) -> None:
    word = evil.replace(" ", "_")
    made = replace(alignment(word, word), views=(View(evil, alignment(word, word).weights),))
    page = alignment_map.page(made)
    assert page.count("<script") == 1
    assert "<img" not in page


def test_it_comes_back_from_json() -> None:
    made = alignment(SOURCE, OUTPUT)
    again = Alignment.from_json(made.to_json())
    assert again.output_words == ["Ein", "Mann", "schläft", "."]
    assert again.coverage == pytest.approx(made.coverage, abs=1e-3)
    assert [view.name for view in again.views] == ["layer 1", "layer 2"]
