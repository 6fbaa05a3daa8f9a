"""Which words of the source a translator looked at as it wrote each word of an output: its cross-attention, read while
the output is forced upon it, and told on words of both texts as given.

Notable: a word of the source gets the sum of what its tokens get, a word of the output the mean of what its tokens gave
(Zenkel et al. 2019, section 3; Garg et al. 2019, section 3). What went to special tokens is missing in the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from regard.analysis.words import highlight, seen
from regard.errors import UsageError
from regard.records import Highlight, Span, TextPairCorpus, TextPrediction
from regard.records.alignment import METHOD, Alignment, View, Weights
from regard.text.tokenise import special_tokens

if TYPE_CHECKING:
    from regard.tasks.translate import NetworkTranslator
    from regard.text.target_encoder import TargetEncoder


def has_alignment(translator: Any) -> bool:
    """Whether its decoder attends to the source; without, one vector is all that it knows of it."""
    config = translator.model.config
    recurrent = getattr(config, "architecture", "") in ("rnn", "lstm", "gru")
    return not (recurrent and getattr(config, "decoder_attention", "none") == "none")


def explain_output(
    translator: NetworkTranslator, corpus: TextPairCorpus, *, method: str | None = None, target: str | None = None
) -> Alignment:
    """The alignment of the one text of a corpus with the output that the model writes for it, or with `target`, a text
    that is forced upon it. Raises `UsageError` for a model without attention and for another method."""
    if method not in (None, METHOD):
        raise UsageError(f"a text that was written can't be explained by {method!r}", mend=f"the method is {METHOD}")
    prediction = translator.predictions(corpus)[0] if target is None else _forced(corpus, target)
    return align(translator, [prediction])[0]


def align(translator: NetworkTranslator, predictions: Sequence[TextPrediction]) -> list[Alignment]:
    """The alignment of each prediction with its source. Raises `UsageError` for a model without attention."""
    if not has_alignment(translator):
        raise UsageError(
            "this model meets the source through one vector, without attention: it has no alignment",
            mend="train one with --set head.attention=additive",
        )
    encoded = translator.encoder.encode([item.input for item in predictions], offsets=True)
    return [_aligned(translator, item, own) for item, own in zip(predictions, encoded, strict=True)]


def _forced(corpus: TextPairCorpus, target: str) -> TextPrediction:
    return TextPrediction(corpus.ids[0], corpus.texts[0], target, None, 0.0, 0)


def _aligned(translator: NetworkTranslator, item: TextPrediction, encoded: Any) -> Alignment:
    ids, spans = target_tokens(translator.encoder.target, item.output)
    layers, confidence = _read(translator, encoded, ids) if ids else (np.zeros((1, 1, 0, len(encoded.ids))), 1.0)
    across, down = _merged(item.input, encoded.offsets), _merged(item.output, spans)
    views = {name: _on_words(weights, across, down) for name, weights in _views(layers).items()}
    (view, weights), *others = views.items()
    totals = [sum(column) for column in zip(*weights, strict=True)] or [0.0] * len(across)
    whole = sum(totals) or 1.0
    return Alignment(
        text=item.input,
        output=item.output,
        target=item.output,
        confidence=item.confidence if item.tokens else confidence,
        method=METHOD,
        signed=False,
        highlights=[Highlight(*span, total / whole) for (span, _), total in zip(across, totals, strict=True)],
        seen=seen(item.input, encoded.offsets),
        detail={"view": view},
        written=tuple(span for span, _ in down),
        weights=weights,
        views=tuple(View(name, own) for name, own in others),
    )


def target_tokens(target: TargetEncoder, text: str) -> tuple[list[int], list[Span]]:
    """The tokens of an output without its end, and their characters in it; of a longer one those that fit."""
    normalised = target.normaliser(text)
    found = target.backend.encode(normalised.text, add_special_tokens=False)
    spans = []
    for start, end in found.offsets:
        while start < end and normalised.text[start].isspace():
            start += 1  # byte-level BPE puts the blank before a word to it
        spans.append(normalised.span(start, end))
    return found.ids[: target.max_length - 1], spans[: target.max_length - 1]


def _read(translator: NetworkTranslator, encoded: Any, ids: Sequence[int]) -> tuple[np.ndarray, float]:
    """What each token of the output met of the source's tokens, `[l h t s]`, and the geometric mean of the tokens'
    probabilities."""
    import torch

    model, target = translator.model, translator.encoder.target
    source = torch.tensor([encoded.ids], device=model.device)
    before = getattr(translator.decoder, "first", (target.begin_id,))
    if len(before) == 1 and target.as_is:  # what its tokenizer puts before a text it learned to write first
        before = (*before, *special_tokens(target.backend)[0])
    read = torch.tensor([[*before, *ids[:-1]]], device=model.device)
    with torch.no_grad(), _showing_weights(translator) as shown:
        output = shown(
            input_ids=source,
            attention_mask=torch.ones_like(source),
            decoder_input_ids=read,
            output_attentions=True,
        )
    layers = np.stack([layer[0, :, -len(ids) :].double().cpu().numpy() for layer in output.cross_attentions])
    written = torch.tensor(ids, device=model.device)[:, None]
    told = output.logits[0, -len(ids) :].double().log_softmax(-1).gather(-1, written)
    return layers, float(told.mean().exp())


@contextmanager
def _showing_weights(translator: NetworkTranslator) -> Iterator[Any]:
    """The model in evaluation mode and such that it returns its weights: fused kernels of a checkpoint never form them.
    As before afterwards."""
    model = translator.model
    training = model.training
    own = translator.kind != "checkpoint"
    before = None if own else model.config._attn_implementation
    try:
        if before not in (None, "eager"):
            model.set_attn_implementation("eager")
        yield model.eval()
    finally:
        model.train(training)
        if before not in (None, "eager"):
            model.set_attn_implementation(before)


def _views(layers: np.ndarray) -> dict[str, np.ndarray]:
    """`[l h t s]` as named maps `[t s]`, the one to look at first: the mean of all heads of the upper half of the
    layers, since the first ones look at places more than at words. Then each layer, and each head of the last one."""
    count, heads = layers.shape[:2]
    upper = layers[count // 2 :]
    if count == 1:
        name = "the only layer" if heads == 1 else f"mean of {heads} heads"
    else:
        name = f"mean of layers {count // 2 + 1} to {count}" if len(upper) > 1 else f"layer {count}"
    found = {name: upper.mean(axis=(0, 1))}
    if count > 1:
        found |= {f"layer {place + 1}": layer.mean(axis=0) for place, layer in enumerate(layers)}
    if heads > 1:
        found |= {f"layer {count}, head {place + 1}": head for place, head in enumerate(layers[-1])}
    return found


def _merged(text: str, spans: Sequence[Span]) -> list[tuple[Span, list[tuple[int, float]]]]:
    """The words of a text with the tokens on each and the share of each token that lies on it. A token of no characters
    (a special one) lies on no word."""
    tokens = [(place, span) for place, span in enumerate(spans) if span[0] < span[1]]
    words = [(item.start, item.end) for item in highlight(text, [(*span, 1.0) for _, span in tokens])]
    on_word: list[list[tuple[int, float]]] = [[] for _ in words]
    for place, (start, end) in tokens:
        shared = [max(0, min(end, last) - max(start, first)) for first, last in words]
        for word, share in enumerate(shared):
            if share:
                on_word[word].append((place, share / sum(shared)))
    return list(zip(words, on_word, strict=True))


def _on_words(
    weights: np.ndarray,
    across: Sequence[tuple[Span, list[tuple[int, float]]]],
    down: Sequence[tuple[Span, list[tuple[int, float]]]],
) -> Weights:
    """`[t s]` of tokens as `[o s]` of words: sums across, means down."""
    columns = np.zeros((len(weights), len(across)))
    for place, (_, tokens) in enumerate(across):
        for token, share in tokens:
            columns[:, place] += share * weights[:, token]
    rows = []
    for _, tokens in down:
        shares = np.array([share for _, share in tokens])
        rows.append(tuple((shares @ columns[[token for token, _ in tokens]] / shares.sum()).tolist()))
    return tuple(rows)
