"""What `regard vectors` shows to a person, and the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from regard.cli import console

if TYPE_CHECKING:
    from regard.text.vectors.analogies import Solved, Tally
    from regard.text.vectors.neighbours import Near
    from regard.text.vectors.similarity import Similarity

MOST_NAMED = 8


def near_json(found: Near) -> list[dict[str, Any]]:
    return [{"word": word, "score": round(score, 6)} for word, score in found]


def score_json(score: Similarity | Solved) -> dict[str, Any]:
    """Figures of one file; `n` is what they are of."""
    from regard.text.vectors.similarity import Similarity

    if isinstance(score, Similarity):
        return {
            "kind": "similarity",
            "n": score.n,
            "missing": [list(pair) for pair in score.missing],
            "scores": {"spearman": score.spearman},
            "intervals": {"spearman": score.interval},
        }
    return {
        "kind": "analogies",
        "n": score.all.n,
        "not_asked": score.not_asked,
        "scores": {
            "accuracy": score.all.accuracy,
            "semantic": score.semantic.accuracy,
            "syntactic": score.syntactic.accuracy,
        },
        "categories": {name: _tally_json(tally) for name, tally in score.categories.items()},
    }


def print_training(document: Mapping[str, Any]) -> None:
    say = console.say
    often = f"at least {document['minimum_count']} times" if document["minimum_count"] > 1 else "at all"
    say(f"read      {document['words_read']:,} words in {document['sentences']:,} sentences")
    say(f"vectors   of {document['vocabulary']:,} words that occur {often}, {document['dimensions']} numbers each")
    different = f"; {document['different_pairs']:,} different" if document["different_pairs"] else ""
    say(f"pairs     {document['pairs']:,} within {document['window']} words{different}")
    if losses := document["losses"]:
        say(f"loss      {losses[0]:.4f} a pair in the first pass, {losses[-1]:.4f} in the last of {len(losses)}")
    say(f"time      {console.short_duration(document['seconds'])} for {document['epochs']} passes")
    if document["method"] == "fasttext":
        say("The words' vectors are kept, those of their pieces are not: a new word has none.")
    say(f"vectors: {document['vectors']}")
    say(f"next: regard vectors nearest {document['vectors']} WORD, or regard train --set model.vectors=FILE")


def print_near(found: Near, score: str) -> None:
    table = console.table("word", score)
    table.columns[1].justify = "right"
    for word, value in found:
        table.add_row(escape(word), f"{value:.4f}")
    console.out().print(table)


def print_scores(scored: Mapping[str, Similarity | Solved], words: int) -> None:
    from regard.text.vectors.similarity import Similarity

    for file, score in scored.items():
        console.say(f"{file}")
        if isinstance(score, Similarity):
            _print_similarity(score)
        else:
            _print_analogies(score, words)


def print_map(document: Mapping[str, Any], told: str) -> None:
    missing = document["missing"]
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        console.say(f"without a vector: {', '.join(missing[:MOST_NAMED])}{more}")
    console.say(f"{len(document['words'])} words. {told}")
    console.say(f"picture: {document['svg']}")


def _print_similarity(score: Similarity) -> None:
    asked = score.n + len(score.missing)
    table = console.table("figure", "value", "95 % interval", "pairs")
    between = f"{score.interval[0]:.4f} – {score.interval[1]:.4f}" if score.interval else ""
    table.add_row("Spearman's rho", f"{score.spearman:.4f}", between, f"{score.n:,} of {asked:,}")
    console.out().print(table)
    if score.missing:
        named = ", ".join(f"{a} – {b}" for a, b in score.missing[:MOST_NAMED])
        console.out().print(
            f"without a vector: {named}{' ...' if len(score.missing) > MOST_NAMED else ''}", markup=False
        )


def _print_analogies(score: Solved, words: int) -> None:
    table = console.table("category", "right", "of", "accuracy")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, tally in {**score.categories, **_totals(score)}.items():
        shown = "–" if math.isnan(tally.accuracy) else f"{tally.accuracy:.4f}"
        table.add_row(escape(name or "(no category)"), f"{tally.right:,}", f"{tally.n:,}", shown)
    console.out().print(table)
    if score.not_asked:
        console.say(f"{score.not_asked:,} not asked: a word is not among the {words:,} commonest.")


def _totals(score: Solved) -> dict[str, Tally]:
    return {"semantic": score.semantic, "syntactic": score.syntactic, "all": score.all}


def _tally_json(tally: Tally) -> dict[str, Any]:
    return {"n": tally.n, "right": tally.right, "accuracy": tally.accuracy}
