"""Pictures of patterns say what the definition says, and costs what the engine computes."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
import torch

from regard.nn import attention
from regard.nn.attention.cost import cost
from regard.nn.attention.picture import Picture, draw, legend, to_signs, to_svg
from regard.registry import PATTERNS

SVG = "{http://www.w3.org/2000/svg}"


def drawn(word: str) -> Picture:
    settings, length = PATTERNS[word].load_options().picture
    return draw(attention.pattern(word, **settings), length)


@pytest.mark.parametrize("word", PATTERNS)
def test_signs_and_cells_are_the_counts(word: str) -> None:
    picture = drawn(word)
    rows, side = to_signs(picture, 37)
    assert side == 1
    assert [[sign != "·" for sign in row] for row in rows] == (picture.counts > 0).tolist()
    assert {sign for sign, _ in legend(picture, side)} == set("".join(rows))
    root = ElementTree.fromstring(to_svg(picture))
    assert attention.pattern(word).__class__.__name__ in root.findtext(f"{SVG}title", "")
    hidden = [path for path in root.iter(f"{SVG}path") if path.get("class") == "l0"]
    cells = sum((path.get("d") or "").count("M") for path in root.iter(f"{SVG}path"))
    assert cells == picture.length**2
    assert cells - sum((path.get("d") or "").count("M") for path in hidden) == picture.met


def test_a_pair_met_twice_has_a_sign_of_its_own() -> None:
    picture = draw(attention.pattern("chunk", chunk_length=2, before=1, after=1), 4)
    assert to_signs(picture, 37)[0] == ["■■22", "■■22", "22■■", "22■■"]
    assert ("2", "meets twice") in legend(picture, 1)
    assert to_svg(picture).count('class="in"') == 8


def test_a_cell_of_several_pairs_is_shaded_by_their_share() -> None:
    picture = Picture("by hand", torch.tensor([[1, 1, 1], [1, 1, 0], [0, 0, 0]]), False)
    assert to_signs(picture, 2) == (["█▒", "··"], 2)
    assert [sign for sign, _ in legend(picture, 2)] == ["·", "▒", "█"]


@pytest.mark.parametrize("word", PATTERNS)
@pytest.mark.parametrize("length", [1, 37, 200])
def test_at_least_what_is_met_is_computed(word: str, length: int) -> None:
    pattern = attention.pattern(word)
    found = cost(pattern, length)
    assert found.met == draw(pattern, length).met
    assert found.met <= found.computed
    assert found.met <= found.full == length**2


def test_drawing_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    draw(attention.pattern("lsh", chunk_length=4), 16)
    assert torch.equal(torch.random.get_rng_state(), before)
