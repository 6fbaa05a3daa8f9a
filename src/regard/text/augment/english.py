"""English words that carry a sentence rather than its topic: nothing stands for them, and negations stay in place."""

from __future__ import annotations

_NEGATIONS = """
no not never nor neither none nobody nothing nowhere without cannot hardly barely scarcely cant dont wont isnt wasnt
doesnt didnt couldnt wouldnt shouldnt arent werent hasnt havent hadnt aint
"""
_PRONOUNS_AND_ARTICLES = """
a an the this that these those such some any each every either all both half many much more most few less least several
other others another same own i me my mine myself you your yours yourself yourselves he him his himself she her hers
herself it its itself we us our ours ourselves they them their theirs themselves one ones oneself who whom whose which
what whatever whoever whichever someone somebody something anyone anybody anything everyone everybody everything here
there where when why how
"""
_PREPOSITIONS_AND_CONJUNCTIONS = """
of in on at by for with about against between among into through during before after above below to from up down out off
over under within upon toward towards onto across along around behind beside besides beyond despite except inside
outside near since until till unless while although though because if whether than as like and but or so yet via per
plus
"""
_HELPING_VERBS = """
be am is are was were been being have has had having do does did doing done will would shall should can could may might
must ought need dare used get gets got go goes went gone let lets s t re ve ll d m
"""
_ADVERBS = """
very too just only even also again ever still already always often almost quite rather then now once thus hence
therefore however else instead perhaps maybe away back etc ok okay yes well mr mrs ms dr st
"""

NEGATIONS = frozenset(_NEGATIONS.split())
FUNCTION_WORDS = NEGATIONS.union(
    _PRONOUNS_AND_ARTICLES.split(), _PREPOSITIONS_AND_CONJUNCTIONS.split(), _HELPING_VERBS.split(), _ADVERBS.split()
)

_APOSTROPHES = str.maketrans("", "", "'’")


def is_negation(word: str) -> bool:
    """`not`, `never` and their like, with every `n't`."""
    small = word.lower()
    return small in NEGATIONS or small.endswith(("n't", "n’t"))


def is_function_word(word: str) -> bool:
    small = word.lower()
    return small in FUNCTION_WORDS or small.translate(_APOSTROPHES) in FUNCTION_WORDS or is_negation(small)
