"""Raw text cut into words as the corpora of taggers have them, so that a trained tagger reads text that nobody cut.

After the Penn Treebank (Marcus, Santorini and Marcinkiewicz 1993; Universal Dependencies' English follows it but for
hyphens). What is settled here:

- Punctuation stands alone; a run of dots, of dashes, or of `!` and `?` is one word.
- Contractions are cut: `do|n't`, `it|'s`, `can|not`, `gon|na`. Other words keep their apostrophe (`O'Neil`, `l'amour`).
- Hyphenated words stay whole (`state-of-the-art`, `F-16`), as in the Penn Treebank and CoNLL-2003.
- Numbers keep their separators (`1,000.5`, `10:30`, `12/25/2004`) and a sign that begins them; units after a blank or
  a sign are words (`5|%`, `$|5`), letters after a digit are not (`5th`, `10am`).
- Abbreviations keep their dot (`U.S.`, `Mr.`), a domain or file name all of its dots; a dot between a small letter and
  a capital ends a sentence whose blank was forgotten.
- Web and e-mail addresses, @users, #tags, emoticons, HTML entities and emoji (skin tones, joined pictures) are one
  word each. So is a Chinese or Japanese character; in other scripts without blanks (Thai, Khmer) a run is one word.
"""

from __future__ import annotations

import itertools
import re
import sys
import unicodedata
from functools import cache

from regard.records import Corpus, Span, TaggedCorpus
from regard.text.emoji import EMOJI

_CJK = (
    r"\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3040-\u30fa\u30fc-\u312f\u3131-\u318e"
    r"\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f"
    r"\U00020000-\U0003134f"
)
_UPPER, _LOWER = "A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ", "a-zß-öø-ÿα-ωа-яё"
_CLITIC = r"['’](?i:s|m|re|ve|ll|d)(?!\w)"
_NOT = r"(?i:n)['’](?i:t)(?!\w)"
_TWO_WORDS = ("can|not", "gon|na", "got|ta", "wan|na", "gim|me", "lem|me")

# Bounded, so that a hostile text costs no more than its length. What ends a sentence or a bracket ends no address.
_NO_END = r"(?<![.,;:!?'’\")\]}])"
_ADDRESSES = rf"""
    (?i:(?:https?|ftp)://|www\.)[^\s<>"]{{1,2000}}{_NO_END}
  | (?<![\w.+-])[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}
  | (?<![\w.-])(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}[a-z]{{2,4}}/[^\s<>"]{{0,2000}}{_NO_END}
  | (?<![\w@\#])(?:@(?=\w)|\#(?=\d{{0,50}}[^\W\d]))\w{{1,200}}
"""
_ENTITY = r"&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d{0,2});"
_EMOTICONS = r"""
    (?<!\w)[:;=8][-~^o'*]?[)(\]\[|\\/@$*}{<>]{1,9}(?![\w/])
  | [:;=]['’]?[-~^]?[)(]{1,9}
  | (?<!\w)[:;=xX][-~^]?(?:[DpPoOsScC3]|[dD]{2,9})(?!\w)
  | (?<!\S)[)(\]\[D][-~']?[:;=](?!\S)
  | </?3+(?!\d) | (?<![\w^>.-])(?:\^[_.-]{0,3}\^|>[_.]{1,3}<|-_{1,3}-|-\.-|\._{1,3}\.)(?!\w) | \\[oO0]/
"""
_WITH_DOT = (
    r"Mrs?|Ms|Dr|Drs|Prof|Rev|Hon|St|Ste|Mt|Ft|Gen|Gov|Sen|Sens|Rep|Reps|Pres|Col|Capt|Cmdr|Maj|Sgt|Cpl|Lt|Adm|Msgr"
    r"|Jr|Sr|Esq|Inc|Corp|Co|Cos|Ltd|Bros|Dept|Univ|Assn|Ave|Blvd|Rd|Jan|Feb|Aug|Sept?|Oct|Nov|Dec|Ph\.D|vs|etc|al"
    r"|approx|cf|ca|bzw|usw|evtl|ggf|bspw|Nr|Str"
)
_ABBREVIATIONS = rf"""
    (?<![\w.])(?:[^\W\d_]\.){{2,20}}(?!\w)
  | (?<!\w)(?:{_WITH_DOT}|(?:[Nn]o|[Ff]igs?|[Vv]ols?|[Pp]p|[Ee]st)(?=\.\s?\d))\.(?![\w.])
  | (?<![\w.'’])[A-HJ-Z]\.(?=\s+[{_UPPER}])
"""
_SIGN = r"(?:(?<![\w.)\]}%'’\"+−-])[-+−](?=\.?\d))?(?:(?<![\w.])\.(?=\d))?"


def split_words(text: str) -> list[Span]:
    """The words of `text`, in order, as characters of it: none overlap, none holds a blank, and every character that is
    no blank is in one."""
    return [match.span() for match in _word().finditer(text)]


def with_words(corpus: Corpus) -> TaggedCorpus:
    """Plain texts cut into words, without tags."""
    shown = {name: how for name, how in corpus.columns.items() if name != "label"} | {"words": "cut from the text"}
    return TaggedCorpus(
        source=corpus.source,
        ids=corpus.ids,
        texts=corpus.texts,
        lines=corpus.lines,
        columns=shown,
        contiguous=corpus.contiguous,
        words=[split_words(text) for text in corpus.texts],
    )


@cache
def _word() -> re.Pattern[str]:
    """One word. Built when first asked for, since the marks of all scripts have to be gathered."""
    marks = _marks()
    run = rf"(?:(?![{_CJK}])[\w{marks}])++"
    stem = rf"(?:(?![{_CJK}])[\w{marks}])+?(?={_NOT})"
    inner = rf"""
        (?:[-‐‑·_@] | ['’](?!(?i:s|m|re|ve|ll|d)(?!\w)) | (?<=[{_UPPER}])&(?=[{_UPPER}])
         | (?<=\d)[,:/](?=\d) | \.(?![{_UPPER}]) | (?<![{_LOWER}\d])\.(?=[{_UPPER}]) )
    """
    first = "|".join(rf"(?i:{one})(?=(?i:{other})(?!\w))" for one, other in (pair.split("|") for pair in _TWO_WORDS))
    alternatives = (
        EMOJI.pattern,
        _ADDRESSES,
        _ENTITY,
        _EMOTICONS,
        _ABBREVIATIONS,
        rf"(?<!\w)(?:{first})",
        rf"(?<!\w){stem}",
        rf"(?<=\w){_NOT} | (?<=\w){_CLITIC} | (?<!\S){_CLITIC}(?!\S)",
        r"(?<!\w)['’](?:(?i:em|cause|til|tis|twas)(?!\w)|\d0s(?!\w))",
        rf"{_SIGN}{run}(?:{inner}{run})*+",
        r"\.{2,}+ | -{2,}+ | [!?]{2,}+ | ``|''| ([*=~+<>|])\1+",
        # Han and kana with their marks, and every other character.
        rf"\S[{marks}]*+",
    )
    return re.compile("|".join(f"(?:{one})" for one in alternatives), re.VERBOSE)


def _marks() -> str:
    """Accents, vowel signs, joiners and the like, which go with the character before them, as a class of characters."""
    planes = itertools.chain(range(0xAD, 0x20000), range(0xE0000, 0xE0200))
    codes = [code for code in planes if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me", "Cf")]
    starts = [code for before, code in itertools.pairwise([-1, *codes]) if code != before + 1]
    ends = [code for code, after in itertools.pairwise([*codes, sys.maxunicode]) if after != code + 1]
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in zip(starts, ends, strict=True))
