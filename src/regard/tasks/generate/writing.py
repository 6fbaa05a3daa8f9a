"""How a language model writes on: a prompt in, its continuation out, piece by piece or whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from regard.errors import UsageError
from regard.records import Span
from regard.text.streaming import Stream

if TYPE_CHECKING:
    from regard.tasks.generate.language_models import LanguageModels


@dataclass(frozen=True)
class Writing:
    """How to write. `tokens` at most, fewer where the text ends by itself. The likeliest token each time (`greedy`),
    the likeliest of `beams` texts, or one token drawn after the other, by `temperature` and what `top_k`, `top_p` and
    `min_p` leave (see `nn.sampling`); the same `seed` draws the same text. `int8`: with a checkpoint's weights rounded
    to eight bits (see `decoders.int8`), faster on a CPU and a little another model.

    Raises `UsageError` for choices that contradict each other.
    """

    tokens: int = 200
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    beams: int = 1
    greedy: bool = False
    seed: int = 1
    int8: bool = False

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise UsageError(f"tokens: {self.tokens}; at least one is to be written")
        if self.beams < 1:
            raise UsageError(f"beams: {self.beams}; at least one is to be followed")
        drawing = [
            name for name in ("temperature", "top_k", "top_p", "min_p") if getattr(self, name) != _DEFAULTS[name]
        ]
        if (self.greedy or self.beams > 1) and drawing:
            how = "greedy" if self.greedy else "beams"
            raise UsageError(f"{how} draws nothing, so {drawing[0]} has no meaning", mend="leave one of the two out")
        if self.greedy and self.beams > 1:
            raise UsageError("greedy follows one text, beams several", mend="leave one of the two out")
        if self.beams > 1 and self.repetition_penalty != 1:
            raise UsageError("beams know no repetition_penalty", mend="leave one of the two out")

    @property
    def how(self) -> str:
        """In words, for who reads what was written."""
        return f"{self._choice}, weights in int8" if self.int8 else self._choice

    @property
    def _choice(self) -> str:
        if self.beams > 1:
            return f"the likeliest of {self.beams} beams"
        if self.greedy:
            return "the likeliest token each time"
        named = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
        told = [
            f"{name.replace('_', ' ')} {value:g}" for name in named if (value := getattr(self, name)) != _DEFAULTS[name]
        ]
        return ", ".join(["drawn", *told, f"seed {self.seed}"])


_DEFAULTS: dict[str, Any] = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0}


@dataclass(frozen=True)
class Piece:
    """What one token adds to the text, and its log-probability (natural) as the model has it, whatever was left to draw
    from. Of a character in several tokens the last one has it."""

    text: str
    log_probability: float


@dataclass(frozen=True)
class Written:
    """A continuation: `text` follows `prompt`; `spans` are the characters of each token in `text`. `finished`: the
    model ended it, not the limit."""

    prompt: str
    text: str
    spans: tuple[Span, ...]
    log_probabilities: tuple[float, ...]
    finished: bool

    def __str__(self) -> str:
        return self.prompt + self.text

    def to_json(self) -> dict[str, Any]:
        return {
            "prompt": self.prompt,
            "text": self.text,
            "finished": self.finished,
            "spans": [list(span) for span in self.spans],
            "log_probabilities": list(self.log_probabilities),
        }


def stream(model: LanguageModels, prompt: str, writing: Writing) -> Iterator[Piece]:
    """The continuation token by token, each as soon as it is there. Raises `UsageError` for a prompt that is longer
    than the model reads, or int8 of weights that can't be rounded."""
    ids = _prompt(model, prompt)
    return _pieces(model, ids, _tokens(model, ids, writing))


def write(model: LanguageModels, prompt: str, writing: Writing) -> Written:
    """The whole continuation. Raises what `stream` raises."""
    ids = _prompt(model, prompt)
    told = list(_tokens(model, ids, writing))
    return spelled(model, prompt, ids, told, finished=len(told) < writing.tokens)


def spelled(
    model: LanguageModels, prompt: str, ids: Sequence[int], told: Sequence[tuple[int, float]], *, finished: bool
) -> Written:
    """The text of tokens with their log-probabilities that follow the tokens `ids` of a prompt."""
    text, spans, logs = "", [], []
    for piece in _pieces(model, ids, told):
        spans.append((len(text), len(text) + len(piece.text)))
        logs.append(piece.log_probability)
        text += piece.text
    return Written(prompt, text, tuple(spans), tuple(logs), finished=finished)


def _prompt(model: LanguageModels, prompt: str) -> list[int]:
    """What is read before anything is written: at least one token."""
    encoder = model.encoder
    (encoded,) = encoder.encode([prompt])
    ids = encoder.opening(empty=not len(encoded.ids)) + encoded.ids.tolist()
    if (reach := model.positions) is not None and len(ids) > reach:
        raise UsageError(
            f"the prompt has {len(ids):,} tokens, and the model reads {reach:,}", mend="give its last part alone"
        )
    return ids


def _tokens(model: LanguageModels, ids: Sequence[int], writing: Writing) -> Iterator[tuple[int, float]]:
    """The tokens that are written with their log-probabilities, without the end."""
    import torch

    from regard.nn import search

    device = model.model.device
    decoder = model.writer(int8=writing.int8)
    with torch.inference_mode():
        state = decoder.start(rows=1)
        if len(ids) > 1:
            _, state = decoder.extend(torch.tensor([ids[:-1]], device=device), state)
    first = torch.tensor([ids[-1]], device=device)
    rules: dict[str, Any] = {"end": model.encoder.end_id, "max_tokens": writing.tokens, "banned": model.encoder.never}
    if writing.beams > 1:
        best = search.beam(decoder, state, first, beams=writing.beams, **rules)[0][0]
        return zip(best.ids, best.log_probabilities, strict=False)
    drawing = {name: getattr(writing, name) for name in ("temperature", "top_k", "top_p", "min_p")}
    if writing.greedy:
        drawing["temperature"] = 0.0
    rules["repetition_penalty"] = writing.repetition_penalty
    return search.stream(decoder, state, first, seed=writing.seed, prompts=[ids], **drawing, **rules)


def _pieces(model: LanguageModels, ids: Sequence[int], told: Any) -> Iterator[Piece]:
    """The text that each token adds. Bytes at the very end that became no character are left out."""
    text = Stream(model.encoder.tokenizer, ids)
    for token, log_probability in told:
        yield Piece(text.push(token), log_probability)


def writing_of(options: dict[str, Any]) -> Writing:
    """`Writing` of named options. Raises `UsageError` for an unknown one."""
    known = Writing.__dataclass_fields__
    for name in options:
        if name not in known:
            raise UsageError(f"there is no option {name!r} of writing", mend=f"one of {', '.join(known)}")
    return replace(Writing(), **options)
