"""Models behind augmentation, as functions that the text room is handed: words in context, the way there and back.

Checkpoints as they are published: a folder or a hub id, weights from safetensors only, no code of theirs is run.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from regard.assets.quiet import quiet
from regard.encoders.pretrained import locate
from regard.errors import ModelError, UsageError
from regard.records import Span
from regard.text.augment.backtranslate import Translate
from regard.text.augment.contextual import Propose
from regard.text.augment.options import BacktranslateOptions, ContextualOptions

BATCH = 16
LONGEST = 512  # tokens read at once, where a checkpoint does not say less
PROPOSED = 50  # words for each place, before those that are none are left out
_END_OF_A_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\s*\n\s*")

T = TypeVar("T")


def masked_words(options: ContextualOptions, *, offline: bool = False) -> Propose:
    """A masked language model as a function that proposes words. Raises `UsageError`, `ModelError`."""
    tokenizer, model = _load("contextual.model", options.model, "AutoModelForMaskedLM", offline=offline)
    if tokenizer.mask_token_id is None or not tokenizer.is_fast:
        raise ModelError(f"{options.model}: its tokenizer has no mask token", mend="give a model such as BERT")
    longest = _longest(tokenizer, model)
    spelled = _whole_words(tokenizer)

    def propose(texts: list[tuple[str, list[Span]]]) -> list[list[list[str]]]:
        found: list[list[list[str]]] = [[[] for _ in spans] for _, spans in texts]
        windows = (
            window
            for row, (text, spans) in enumerate(texts)
            if spans
            for window in _windows(tokenizer, longest, row, text, spans)
        )
        for batch in _batches(windows):
            for window, ranked in zip(batch, _ranked(tokenizer, model, batch), strict=True):
                for (_, at), ids in zip(window.masks, ranked, strict=True):
                    found[window.row][at] = [word for number in ids if (word := spelled(number))]
        return found

    return propose


def there_and_back(options: BacktranslateOptions, *, offline: bool = False) -> Translate:
    """Two translation models as one function. Raises `UsageError`, `ModelError`."""
    there = _translator("backtranslate.there", options.there, options.beams, offline=offline)
    back = _translator("backtranslate.back", options.back, options.beams, offline=offline)
    return lambda texts: back(there(texts))


class _Window(NamedTuple):
    """Part of a text as ids, and the places of masks in it with the number of the span that each hides."""

    row: int
    ids: list[int]
    masks: list[tuple[int, int]]


def _windows(tokenizer: Any, longest: int, row: int, text: str, spans: Sequence[Span]) -> Iterator[_Window]:
    """The text with its spans hidden, in as many windows as it takes; those without a mask are not read."""
    pieces, ends, position = [], {}, 0
    for number, (start, end) in enumerate(spans):
        pieces += [text[position:start], tokenizer.mask_token]
        ends[sum(map(len, pieces))] = number
        position = end
    masked = "".join([*pieces, text[position:]])
    settings = {"truncation": True, "max_length": longest, "return_overflowing_tokens": True}
    cut = tokenizer(masked, **settings, return_offsets_mapping=True)
    for ids, offsets in zip(cut["input_ids"], cut["offset_mapping"], strict=True):
        # The text may hold the mask's own spelling: only masks that end where one was put count.
        masks = [
            (place, ends[offsets[place][1]])
            for place, number in enumerate(ids)
            if number == tokenizer.mask_token_id and offsets[place][1] in ends
        ]
        if masks:
            yield _Window(row, ids, masks)


def _ranked(tokenizer: Any, model: Any, batch: Sequence[_Window]) -> list[list[list[int]]]:
    """For each window, for each of its masks, the likeliest tokens."""
    import torch

    inputs = tokenizer.pad({"input_ids": [window.ids for window in batch]}, return_tensors="pt").to(model.device)
    with torch.inference_mode():
        logits = model(**inputs).logits
    most = min(PROPOSED, logits.shape[-1])
    return [
        logits[row, [place for place, _ in window.masks]].topk(most).indices.tolist()
        for row, window in enumerate(batch)
    ]


def _whole_words(tokenizer: Any) -> Callable[[int], str | None]:
    """The word that a token is by itself after a blank; None for a part of one."""
    before = tokenizer("a", add_special_tokens=False)["input_ids"]

    @cache
    def spelled(number: int) -> str | None:
        word = tokenizer.decode([number]).strip()
        alone = tokenizer(f"a {word}", add_special_tokens=False)["input_ids"]
        return word if word.isalpha() and alone == [*before, number] else None

    return spelled


def _translator(setting: str, name: str, beams: int, *, offline: bool) -> Translate:
    """Texts to another language, sentence by sentence: that is what such models have learned."""
    tokenizer, model = _load(setting, name, "AutoModelForSeq2SeqLM", offline=offline)
    longest = _longest(tokenizer, model)

    def translate(texts: list[str]) -> list[str]:
        cut = [_sentences(text) for text in texts]
        asked = list(dict.fromkeys(piece for pieces in cut for piece in pieces[::2] if piece.strip()))
        # A sentence too long for the model stays: half of it would be another text.
        fitting = [piece for piece in asked if len(tokenizer(piece)["input_ids"]) <= longest]
        known = {piece: piece for piece in asked}
        for batch in _batches(sorted(fitting, key=len)):
            known.update(zip(batch, _translated(tokenizer, model, batch, beams, longest), strict=True))
        return ["".join(known.get(piece, piece) for piece in pieces) for pieces in cut]

    return translate


def _sentences(text: str) -> list[str]:
    """Sentences at even places, what stands between them at odd ones."""
    pieces, position = [], 0
    for gap in _END_OF_A_SENTENCE.finditer(text):
        pieces += [text[position : gap.start()], gap.group()]
        position = gap.end()
    return [*pieces, text[position:]]


def _translated(tokenizer: Any, model: Any, batch: list[str], beams: int, longest: int) -> list[str]:
    import torch

    inputs = tokenizer(batch, padding=True, return_tensors="pt", return_token_type_ids=False).to(model.device)
    with torch.inference_mode(), quiet():
        said = model.generate(**inputs, num_beams=beams, do_sample=False, max_new_tokens=longest, max_length=None)
    return [str(text) for text in tokenizer.batch_decode(said, skip_special_tokens=True)]


def _load(setting: str, name: str, auto_class: str, *, offline: bool) -> tuple[Any, Any]:
    """A checkpoint's tokenizer and its model with the head that `auto_class` has, in evaluation mode."""
    import torch
    import transformers

    if not name:
        raise UsageError(f"augmentation: {setting}: no model is named", mend="give a checkpoint's folder or a hub id")
    place, local = locate(name, offline=offline)
    common = {"local_files_only": local, "trust_remote_code": False}
    try:
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(place, **common)
            model, found = getattr(transformers, auto_class).from_pretrained(
                place, **common, use_safetensors=True, output_loading_info=True
            )
    except Exception as error:  # damaged files and foreign architectures fail in as many ways as there are
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(
            f"{name}: it can't be loaded for {setting}: {first}",
            mend="give a folder with config.json, model.safetensors and a tokenizer, or a hub id that is reachable",
        ) from None
    if missing := sorted(found["missing_keys"]):
        raise ModelError(
            f"{name}: it has no weights for {missing[0]}: it was not trained for {setting}",
            mend="give a checkpoint that was saved with its head",
        )
    return tokenizer, model.eval().to("cuda" if torch.cuda.is_available() else "cpu")


def _longest(tokenizer: Any, model: Any) -> int:
    """Tokens that the model reads at once."""
    positions = getattr(model.config, "max_position_embeddings", None) or LONGEST + 2
    return int(min(tokenizer.model_max_length, positions - 2, LONGEST))


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    left = iter(items)
    while batch := list(itertools.islice(left, BATCH)):
        yield batch
