"""Made-up texts with tags, and questions with answers, from one vocabulary: what a tiny model learns in seconds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

WHO = ("Ada", "Max", "Grace", "Lin", "Omar", "Eva")
LAST = ("Stone", "Bell", "Moss")
WHERE = ("Paris", "Rome", "Oslo", "Lima")
DID = ("went", "flew", "moved")

Tagged = list[tuple[str, str]]


def sentences(n: int, *, seed: int) -> list[Tagged]:
    """`n` different sentences with names of people, some of two words, and of places, in BIO."""
    generator = random.Random(seed)
    return [_sentence(generator, number) for number in range(n)]


def _sentence(generator: random.Random, number: int) -> Tagged:
    made = [(generator.choice(WHO), "B-who")]
    if generator.random() < 0.5:
        made.append((generator.choice(LAST), "I-who"))
    made += [(generator.choice(DID), "O"), ("to", "O"), (generator.choice(WHERE), "B-where")]
    if generator.random() < 0.4:
        made += [("with", "O"), (generator.choice(WHO), "B-who")]
    return [*made, (f"no.{number}", "O"), (".", "O")]


def write_conll(path: Path, rows: list[Tagged], spelled: Callable[[list[str]], list[str]] = list) -> Path:
    """Columns of words and tags; `spelled` writes the tags of a sentence in another way."""
    blocks = []
    for row in rows:
        tags = spelled([tag for _, tag in row])
        blocks.append("".join(f"{word}\t{tag}\n" for (word, _), tag in zip(row, tags, strict=True)))
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


def iob1(tags: list[str]) -> list[str]:
    """As CoNLL-2003 was published: an entity begins with `I-` where none of its type stands right before it."""
    return [tag.replace("B-", "I-") for tag in tags]


def bilou(tags: list[str]) -> list[str]:
    made = []
    for tag, after in zip(tags, [*tags[1:], "O"], strict=False):
        prefix, _, kind = tag.partition("-")
        goes_on = after == f"I-{kind}"
        letter = {("B", True): "B", ("B", False): "U", ("I", True): "I", ("I", False): "L"}.get((prefix, goes_on))
        made.append(tag if letter is None else f"{letter}-{kind}")
    return made


def word_classes(tags: list[str]) -> list[str]:
    """Tags without a scheme."""
    return ["NAME" if tag != "O" else "WORD" for tag in tags]


def write_squad(path: Path, n: int, *, seed: int, without: bool = False) -> Path:
    """`n` texts with two questions each; with `without` every other text has a third one that it does not answer."""
    generator = random.Random(seed)
    paragraphs = []
    for number in range(n):
        who, where = generator.choice(WHO), generator.choice(WHERE)
        context = f"On day {number} {who} {generator.choice(DID)} to {where} again."
        asked = [("Who was it?", who), ("Where to?", where)]
        if without and number % 2:
            asked.append(("Why so late?", ""))
        questions = [
            {
                "id": f"{number}-{place}",
                "question": question,
                "answers": [{"text": answer, "answer_start": context.index(answer)}] if answer else [],
            }
            for place, (question, answer) in enumerate(asked)
        ]
        paragraphs.append({"context": context, "qas": questions})
    path.write_text(json.dumps({"data": [{"title": "trips", "paragraphs": paragraphs}]}), encoding="utf-8")
    return path


ABROAD = {"Ada": "Adi", "Max": "Maks", "Grace": "Grazia", "Lin": "Lina", "Omar": "Omari", "Eva": "Ewa"}
"""A foreign language: names are spelled otherwise, and what is done stands last."""


def write_pairs(path: Path, n: int, *, seed: int) -> Path:
    """`n` lines of JSON with a sentence (`here`) and the same abroad (`there`)."""
    generator = random.Random(seed)
    rows = []
    for number in range(n):
        who, did, where = generator.choice(WHO), generator.choice(DID), generator.choice(WHERE)
        rows.append(
            {"id": f"s{number}", "here": f"{who} {did} to {where}.", "there": f"{ABROAD[who]} a {where} {did}o."}
        )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def book(n: int, *, seed: int) -> str:
    """A text of `n` lines, a paragraph every eight of them."""
    generator = random.Random(seed)
    lines = [
        f"{generator.choice(WHO)} {generator.choice(DID)} to {generator.choice(WHERE)}."
        + "\n" * (1 + (number % 8 == 7))
        for number in range(n)
    ]
    return "".join(lines)
