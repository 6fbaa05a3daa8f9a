"""Each method on texts where what it does can be told."""

from __future__ import annotations

import unicodedata

import pytest
from tests.text.augment.corpora import as_row, entities, labelled, tagged

from regard.errors import UsageError
from regard.records import Corpus
from regard.text.augment import Copy, draw
from regard.text.augment.english import is_function_word, is_negation
from regard.text.augment.keyboard import NEIGHBOURS
from regard.text.augment.ocr import CONFUSIONS

TEXT = "A lovely film. The story moves quickly, and I never want to watch another movie!"


def copies(corpus: Corpus, method: str, number: int = 20, **options: object) -> list[Copy]:
    return draw(corpus, [method], copies=number, options={method: options}).copies


def texts(text: str, method: str, number: int = 20, **options: object) -> set[str]:
    return {copy.after.text for copy in copies(labelled(text), method, number, **options)}


def test_synonyms() -> None:
    assert texts("A lovely FILM, no box.", "synonyms", share=1.0) == {"A charming MOVIE, no party."}
    assert texts(TEXT, "synonyms", 80, share=0.01) == {
        TEXT.replace(old, new)
        for old, new in (
            ("lovely", "charming"),
            ("film", "movie"),
            ("story", "tale"),
            ("quickly", "rapidly"),
            ("watch", "see"),
            ("watch", "view"),
            ("movie", "film"),
        )
    }


def test_names_and_function_words_have_no_synonyms() -> None:
    assert texts("I like Film and the dog of Story", "synonyms", share=1.0) == set()
    assert texts('"Film!" he said. Story', "synonyms", share=1.0) == {'"Movie!" he said. Tale'}
    assert is_negation("Don’t")
    assert is_function_word("it's")
    assert not is_function_word("film")


def test_swap() -> None:
    assert texts("one two", "swap") == {"two one"}
    assert texts("(one) never two!", "swap", share=0.1) == {"(two) never one!"}
    assert "never one two" in texts("one never two", "swap", keep_negations=False)
    assert texts("one", "swap") == texts("one one", "swap") == set()


def test_delete_takes_the_blank_along() -> None:
    assert texts("one (two) never", "delete", share=0.5) == {"(two) never", "one () never", "() never"}
    assert texts("one\n two three", "delete", share=0.4) >= {"one\n three", "one\n two"}
    assert texts("one two", "delete", share=0.999) == {"one", "two"}
    assert texts("one", "delete", share=0.999) == set()


def test_insert() -> None:
    assert texts("a film, ok", "insert", share=0.1) == {"movie a film, ok", "a movie film, ok", "a film, movie ok"}
    [copy] = copies(labelled("film"), "insert")
    assert copy.after.text == "movie film"
    assert texts("nothing known here", "insert") == set()


def test_eda_does_one_of_the_four() -> None:
    found = texts("a lovely film of box", "eda", number=60)
    assert {"a lovely movie of box", "a charming film of box"} & found
    assert any(len(text.split()) == 4 for text in found)
    assert any(len(text.split()) == 6 for text in found)
    assert any(sorted(text.split()) == ["a", "box", "film", "lovely", "of"] for text in found)
    assert texts("", "eda") == texts("?!", "eda") == set()


def test_keyboard() -> None:
    assert set(NEIGHBOURS["a"]) == {"q", "w", "s", "z"}
    assert set(NEIGHBOURS["G"]) == set("TYFHVB")
    assert all(key in NEIGHBOURS[other] for key, near in NEIGHBOURS.items() for other in near)
    for copy in copies(labelled("Great 101 ok"), "keyboard", 40):
        word = copy.after.text.split()[0]
        [at] = [at for at in range(5) if word[at] != "Great"[at]]
        assert word[at] in NEIGHBOURS["Great"[at]]
        assert copy.after.text.endswith(" 101 ok")


def test_ocr() -> None:
    assert CONFUSIONS["m"] == ("rn",)
    assert CONFUSIONS["l"] == ("1", "I")
    assert texts("mom by", "ocr") == {"rnom by", "morn by", "m0m by"}
    assert texts("learn", "ocr", 60) >= {"1earn", "leam", "lcarn"}


@pytest.mark.parametrize("method", ["keyboard", "ocr"])
def test_noise_parts_no_letter_from_its_accent(method: str) -> None:
    text = "e\u0301l\u0301 c\u0301o\u0301e"
    for changed in texts(text, method, 40):
        marks = [character for character in changed if unicodedata.combining(character)]
        assert marks == ["\u0301"] * 4
        assert changed.startswith("e\u0301l\u0301 c\u0301o\u0301")


def test_entities_stay_and_tags_move_with_their_words() -> None:
    corpus = tagged("the/O lovely/O film/O Ann/B-per Lee/I-per saw/O Ben/B-per quickly/O ./O", "Kim/B-per sang/O")
    for method in ("synonyms", "swap", "delete", "insert", "eda"):
        for copy in copies(corpus, method, share=0.4):
            assert entities(copy.after.text, copy.after.words) == entities(copy.before.text, copy.before.words)
            assert "Ann/B-per Lee/I-per" in as_row(copy.after) or copy.row == 1


def test_tags_without_a_scheme_go_with_their_words() -> None:
    corpus = tagged("films/NOUN please/VERB quickly/ADV")
    pairs = {"films/NOUN", "please/VERB", "quickly/ADV", "movies/NOUN", "rapidly/ADV"}
    for method in ("synonyms", "swap", "insert"):
        found = [as_row(copy.after) for copy in copies(corpus, method)]
        assert found
        assert {pair for row in found for pair in row.split()} <= pairs


def test_entity_swap_takes_entities_of_the_same_type() -> None:
    corpus = tagged("Ann/B-per Lee/I-per met/O Ben/B-per in/O Ulm/B-loc", "Kim/B-per left/O")
    found = {as_row(copy.after) for copy in copies(corpus, "entity", 60, share=0.6) if copy.row == 0}
    assert "Kim/B-per met/O Ben/B-per in/O Ulm/B-loc" in found
    assert "Ben/B-per met/O Ann/B-per Lee/I-per in/O Ulm/B-loc" in found
    assert all(row.endswith("in/O Ulm/B-loc") for row in found)


def test_entity_swap_keeps_the_prefixes_of_the_data() -> None:
    corpus = tagged("Ann/B-per Lee/L-per met/O", "Kim/U-per left/O")
    found = {as_row(copy.after) for copy in copies(corpus, "entity", share=1.0)}
    assert found == {"Kim/U-per met/O", "Ann/B-per Lee/L-per left/O"}


def test_entity_swap_needs_entities() -> None:
    with pytest.raises(UsageError, match="needs tags of entities"):
        draw(tagged("films/NOUN please/VERB"), ["entity"])
    with pytest.raises(UsageError, match="can't be done to a text without tags"):
        draw(labelled("a film"), ["entity"])


def test_a_row_that_breaks_the_scheme_is_spelled_anew() -> None:
    corpus = tagged("I-per/O Ann/I-per the/O Ben/I-per film/O", "Kim/B-per left/O")
    found = [as_row(copy.after) for copy in copies(corpus, "delete", share=0.3) if copy.row == 0]
    assert found
    assert all("Ann/B-per" in row and "Ben/B-per" in row for row in found)


def test_contextual_takes_what_is_proposed() -> None:
    asked: list[list[tuple[str, list[tuple[int, int]]]]] = []

    def propose(texts: list[tuple[str, list[tuple[int, int]]]]) -> list[list[list[str]]]:
        asked.append(texts)
        return [[["Great", "nice", "##er", "fine", "bad"] for _ in spans] for _, spans in texts]

    corpus = labelled("A GREAT film, Ann.", "", "and so")
    options = {"contextual": {"share": 1.0, "candidates": 2}}
    found = draw(corpus, ["contextual"], copies=8, options=options, functions={"contextual": propose})
    assert asked[0] == [("A GREAT film, Ann.", [(2, 7), (8, 12)]), ("", []), ("and so", [])]
    assert {copy.after.text for copy in found.copies} == {
        f"A {one} {other}, Ann." for one in ("NICE", "FINE") for other in ("nice", "fine")
    }


def test_contextual_leaves_what_the_model_does_not_read() -> None:
    functions = {"contextual": lambda texts: [[[] for _ in spans] for _, spans in texts]}
    assert draw(labelled("a great film"), ["contextual"], functions=functions).left_out == 1


def test_backtranslate_shows_what_changed() -> None:
    there_and_back = {
        "A really good film,  I say.": "A very good movie, I say!",
        "good": "so good",
        "it was good": "it was good too",
        "bad and worse": "worse",
        "worse and bad": "worse",
        "same": "same",
        "lost": " ",
    }
    translate = lambda texts: [there_and_back[text] for text in texts]  # noqa: E731
    corpus = labelled(*there_and_back, "")
    found = draw(corpus, ["backtranslate"], copies=2, functions={"backtranslate": translate})
    assert [copy.after.text for copy in found.copies] == [
        "A very good movie,  I say!",
        "so good",
        "it was good too",
        "worse",
        "worse",
    ]
    first = found.copies[0]
    assert [(first.before.text[change.start : change.end], change.replacement) for change in first.changes] == [
        ("really", "very"),
        ("film,", "movie,"),
        ("say.", "say!"),
    ]
    assert found.left_out == 2 * len(corpus) - 5


def test_functions_that_are_not_handed_in_are_asked_for() -> None:
    for method in ("contextual", "backtranslate"):
        with pytest.raises(UsageError, match=f"{method} needs"):
            draw(labelled("a film"), [method])
    with pytest.raises(UsageError, match="can't be done to a tagged text"):
        draw(tagged("a/O"), ["backtranslate"], functions={"backtranslate": list})


def test_a_function_that_loses_a_text_is_no_silent_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        draw(labelled("a film", "a box"), ["backtranslate"], functions={"backtranslate": lambda texts: texts[:1]})
