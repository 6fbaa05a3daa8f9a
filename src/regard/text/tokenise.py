"""Tokens: WordPiece, byte-level BPE, words and characters are trained here; a checkpoint brings its own.

Notable: what is read of a text longer than the model's limit is a named strategy's to say (text/cut.py), how much was
cut is known (`tokens_in_text`), and every token keeps the characters of the text *as given* that it stands for, through
the normaliser's map.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.errors import ModelError
from regard.recipe import TokenOptions
from regard.text.cut import Cut, Stretches
from regard.text.normalise import Normaliser

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

SPECIAL_TOKENS = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
# GloVe was trained on Penn Treebank words: "don't" is "do" and "n't", punctuation stands alone.
WORD_PATTERN = r"\w+?(?=n['’]t\b)|n['’]t\b|['’](?:s|re|ve|ll|d|m)\b|\w+|[^\w\s]"
# The blanks between words that are not written: before what closes or belongs to the word before, behind what opens.
NO_BLANK = r"^ | (?=[.,;:!?…)\]}”%]|(?:n['’]t|['’](?:s|re|ve|ll|d|m))\b)|(?<=[(\[{“#$£€]) "


@dataclass(frozen=True)
class Encoded:
    """One text as the model reads it. `offsets` are characters of the text as given, (0, 0) for special tokens.

    `tokens_in_text` counts the tokens before the cut, special ones included (estimated where the text was so long
    that it was cut by characters first). With the strategy `windows` this is a long text's first window, and `further`
    are the others; `start` says which of the text's own tokens a window begins with. All of them are equally long.
    """

    ids: list[int]
    offsets: list[tuple[int, int]]
    special: list[bool]
    tokens_in_text: int
    start: int = 0
    further: tuple[Encoded, ...] = ()

    @property
    def windows(self) -> list[Encoded]:
        """All that is read of the text, in order."""
        return [self, *self.further]


class TextEncoder:
    """Text as given to token ids: normalise, tokenise, cut to `max_length` by `strategy`, add the special tokens.

    `window_stride` and `max_windows` are for the strategy `windows`, as in a recipe's `[tokens]`.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        normaliser: Normaliser,
        max_length: int,
        strategy: str,
        window_stride: int = 0,
        max_windows: int = 16,
    ) -> None:
        self.tokenizer = tokenizer
        self.normaliser = normaliser
        self.max_length = max_length
        self.backend: Tokenizer = tokenizer.backend_tokenizer
        self.backend.no_truncation()
        self.backend.no_padding()
        around = len(self._prefix) + len(self._suffix)
        if max_length <= around:
            raise ModelError(
                f"tokens.max_length is {max_length}, but this tokenizer adds {around} special tokens",
                mend="raise tokens.max_length",
            )
        self.cut = Cut(max_length - around, strategy, window_stride, max_windows)
        self.reach = self.cut.reach + around
        """The most tokens of a text that are read, special ones counted once."""

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    @property
    def vocabulary(self) -> dict[str, int]:
        return dict(self.tokenizer.get_vocab())

    def encode(self, texts: Sequence[str], *, offsets: bool = True) -> list[Encoded]:
        """Each text encoded alone; `offsets=False` leaves the character map out, for training."""
        return [
            item for start in range(0, len(texts), 1024) for item in self._chunk(texts[start : start + 1024], offsets)
        ]

    def _chunk(self, texts: Sequence[str], offsets: bool) -> list[Encoded]:
        normalised = [self.normaliser(text) for text in texts]
        stretches = [self.cut.stretches(item.text) for item in normalised]
        pieces = self.backend.encode_batch(
            [part for item in stretches for part, _ in item.parts], add_special_tokens=False
        )
        encoded, position = [], 0
        for item, own in zip(normalised, stretches, strict=True):
            encoded.append(self._assemble(item, own, pieces[position : position + len(own.parts)], offsets))
            position += len(own.parts)
        return encoded

    def _assemble(self, item: Any, stretches: Stretches, pieces: list[Any], offsets: bool) -> Encoded:
        ids = [token for piece in pieces for token in piece.ids]
        if not ids and not self._prefix and not self._suffix:
            # No model reads nothing at all: an empty text is one token of padding.
            return Encoded([self.pad_id], [(0, 0)] if offsets else [], [True], 0)
        found = [
            (start + shift, end + shift)
            for piece, (_, shift) in zip(pieces, stretches.parts, strict=True)
            for start, end in piece.offsets
        ]
        before, after = len(self._prefix), len(self._suffix)
        tokens_in_text = round(len(ids) * stretches.share) + before + after

        def window(kept: Sequence[int]) -> Encoded:
            spans = [(0, 0)] * before + [_span(item, *found[i]) for i in kept] + [(0, 0)] * after if offsets else []
            return Encoded(
                ids=[*self._prefix, *(ids[i] for i in kept), *self._suffix],
                offsets=spans,
                special=[True] * before + [False] * len(kept) + [True] * after,
                tokens_in_text=tokens_in_text,
                start=kept[0] if kept else 0,
            )

        first, *further = map(window, self.cut.windows(len(ids)))
        return replace(first, further=tuple(further)) if further else first

    @cached_property
    def _prefix(self) -> list[int]:
        return special_tokens(self.backend)[0]

    @cached_property
    def _suffix(self) -> list[int]:
        return special_tokens(self.backend)[1]

    def save(self, folder: Path) -> None:
        """Write tokenizer.json and tokenizer_config.json: without the second, `pad_token` is None on loading."""
        self.tokenizer.model_max_length = self.max_length
        self.tokenizer.save_pretrained(str(folder))


def special_tokens(backend: Tokenizer) -> tuple[list[int], list[int]]:
    """The special tokens before and after one text, whatever template the tokenizer has."""
    bare = backend.encode("a", add_special_tokens=False).ids
    full = backend.encode("a", add_special_tokens=True).ids
    for start in range(len(full) - len(bare) + 1):
        if full[start : start + len(bare)] == bare:
            return full[:start], full[start + len(bare) :]
    raise ModelError("this tokenizer changes a text's tokens when special tokens are added")


def _span(item: Any, start: int, end: int) -> tuple[int, int]:
    """A token's characters in the text as given, without the blank that byte-level BPE puts before a word."""
    while start < end and item.text[start].isspace():
        start += 1
    return item.span(start, end)


def train_tokenizer(texts: Iterable[str], options: TokenOptions) -> PreTrainedTokenizerFast:
    """A tokenizer of `options.kind` trained on normalised texts; the same texts give the same tokenizer."""
    from transformers import PreTrainedTokenizerFast

    kinds = {"wordpiece": _wordpiece, "bpe": _bpe, "word": _word, "character": _character}
    tokenizer = kinds[options.kind](texts, options)
    _add_template(tokenizer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **SPECIAL_TOKENS)


def _wordpiece(texts: Iterable[str], options: TokenOptions) -> Tokenizer:
    """Subwords marked by ## (Schuster and Nakajima 2012; as in BERT).

    The library's trainer numbers the ## pieces in the order of a hash map, so that two trainings differ. Named among
    its special tokens they have fixed numbers; the vocabulary found is then put into a tokenizer without that trick.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    normalizer, splitter = normalizers.BertNormalizer(lowercase=options.lowercase), pre_tokenizers.BertPreTokenizer()
    normalised = [normalizer.normalize_str(text) for text in texts]
    characters = sorted({character for text in normalised for character in text if not character.isspace()})
    scratch = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    scratch.pre_tokenizer = splitter
    trainer = trainers.WordPieceTrainer(
        vocab_size=options.vocabulary_size,
        min_frequency=options.minimum_frequency,
        special_tokens=[*SPECIAL_TOKENS.values(), *(f"##{character}" for character in characters)],
        show_progress=False,
    )
    scratch.train_from_iterator(normalised, trainer)
    tokenizer = Tokenizer(models.WordPiece(scratch.get_vocab(), unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, splitter, decoders.WordPiece()
    return tokenizer


def _bpe(texts: Iterable[str], options: TokenOptions) -> Tokenizer:
    """Byte pairs joined by frequency (Sennrich et al. 2016), over bytes (Radford et al. 2019): nothing is unknown."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    if options.lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=max(options.vocabulary_size, 256 + len(SPECIAL_TOKENS)),
        min_frequency=options.minimum_frequency,
        special_tokens=list(SPECIAL_TOKENS.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _word(texts: Iterable[str], options: TokenOptions) -> Tokenizer:
    """Whole words and single punctuation marks, for word vectors; a rare word is [UNK]. Decoded, a blank stands between
    two of them but where English has none."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    if options.lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="removed", invert=True)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace(Regex(r"^(?!\Z)"), " "),
            decoders.Fuse(),
            decoders.Replace(Regex(NO_BLANK), ""),
        ]
    )
    trainer = trainers.WordLevelTrainer(
        vocab_size=options.vocabulary_size,
        min_frequency=options.minimum_frequency,
        special_tokens=list(SPECIAL_TOKENS.values()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _character(texts: Iterable[str], options: TokenOptions) -> Tokenizer:
    """Single characters, blanks and line breaks among them; a rare one is [UNK]. Byte pairs of which none are joined:
    twice as fast as looking up what a pattern cuts."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text.lower() if options.lowercase else text)
    kept = [character for character, count in counts.items() if count >= options.minimum_frequency]
    kept = sorted(kept, key=lambda character: (-counts[character], character))
    kept = kept[: options.vocabulary_size - len(SPECIAL_TOKENS)]
    names = [*SPECIAL_TOKENS.values(), *kept]
    tokenizer = Tokenizer(models.BPE({name: number for number, name in enumerate(names)}, [], unk_token="[UNK]"))
    if options.lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def _add_template(tokenizer: Tokenizer) -> None:
    """[CLS] text [SEP], for every kind: an empty text still has tokens, and [CLS] can be pooled."""
    from tokenizers import processors

    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(word, tokenizer.token_to_id(word)) for word in ("[CLS]", "[SEP]")],
    )


def load_tokenizer(name: str, *, local: bool = True) -> PreTrainedTokenizerFast:
    """A checkpoint's own tokenizer, from a folder or (local=False) a hub id. Raises `ModelError`."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=local, trust_remote_code=False, use_fast=True)
    except (OSError, ValueError) as error:
        raise _unloadable(name, error, local=local) from None
    if not tokenizer.is_fast:
        raise ModelError(f"{name}: no fast tokenizer, so no character offsets", mend="give one with tokenizer.json")
    if tokenizer.pad_token_id is None and tokenizer.eos_token_id is None:
        raise ModelError(f"{name}: its tokenizer has neither a padding nor an end token", mend="name one in its config")
    if tokenizer.pad_token_id is None:
        # GPT-2 and its kind were trained without padding; the keep mask hides these positions from the model.
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _unloadable(name: str, error: Exception, *, local: bool) -> ModelError:
    if local and not Path(name).exists():
        return ModelError(
            f"{name} is not in the hub's cache on this machine, and the network is not to be used",
            mend="leave --offline out, or give a folder",
        )
    said = " ".join(str(error).split())
    return ModelError(
        f"{name}: its tokenizer can't be loaded: {said[:200]}", mend="give a folder with config.json and tokenizer.json"
    )
