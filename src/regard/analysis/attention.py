"""Where a network looked: attention as a share of the text for each token, unsigned.

Notable: a layer's weights say where it mixed states from, not words; rollout (Abnar and Zuidema 2020, section 3,
equation 1) follows them down to the tokens. Attention that pools (Yang et al. 2016) is already on the states of tokens
and taken as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from jaxtyping import Float

from regard.errors import UsageError
from regard.text.tokenise import Encoded

if TYPE_CHECKING:
    from torch import Tensor

    from regard.nn.attention.look import Seen
    from regard.tasks.classify import NetworkClassifier

# A layer of attention, mean of its heads: from shares of the queries `[t]` to what each key receives of them `[t]`.
Layer = Callable[["Tensor"], "Tensor"]

# transformers' names for the number of heads, in families that have attention; `heads` is ours.
HEADS = ("heads", "num_attention_heads", "n_head", "n_heads", "encoder_attention_heads")


def has_attention(classifier: NetworkClassifier) -> bool:
    return pools_by_attention(classifier) or has_layers(classifier)


def has_layers(classifier: NetworkClassifier) -> bool:
    """Whether there are self-attention layers."""
    return any(hasattr(classifier.model.config, name) for name in HEADS)


def pools_by_attention(classifier: NetworkClassifier) -> bool:
    return classifier.kind == "network" and classifier.model.config.pooling == "attention"


def attention(
    classifier: NetworkClassifier, encoded: Encoded, *, last_layer: bool = False
) -> tuple[list[float], dict[str, Any]]:
    """One score a token, and how it came about. The scores of the text's own tokens add up to 1.

    Follows all layers down to the tokens, or shows the `last_layer` as it is (mean of its heads). Of a text in windows
    there is a score for each token of each window, one after the other, such that those of one token add up to the mean
    over the windows that it is in. Raises `UsageError` for a model without attention.
    """
    windows = encoded.windows
    of_each, details = zip(*(_of_window(classifier, window, last_layer) for window in windows), strict=True)
    if len(windows) == 1:
        return of_each[0], details[0]
    places = [_places(window) for window in windows]
    times = Counter(place for window in places for place in window)
    shared = [
        [score / times[place] for score, place in zip(scores, window, strict=True)]
        for scores, window in zip(of_each, places, strict=True)
    ]
    total = sum(map(sum, shared)) or 1.0
    detail = {**details[0], "windows": len(windows)}
    return [score / total for scores in shared for score in scores], detail


def _of_window(classifier: NetworkClassifier, encoded: Encoded, last_layer: bool) -> tuple[list[float], dict[str, Any]]:
    output, layers = _read(classifier, encoded)
    if layers:
        start, view = _pooled(classifier, output, layers, len(encoded.ids))
        scores = layers[-1](start) if last_layer else rollout(layers, start)
        how = "last layer, mean of the heads" if last_layer else f"rollout over {len(layers)} layers"
    elif getattr(output, "pooling_weights", None) is not None:
        scores, how, view = output.pooling_weights[0].double(), "weights of the pooling", "every token"
    else:
        raise UsageError(f"{classifier.architecture} has no attention to show", mend="use integrated_gradients")
    return _without_special(scores.tolist(), encoded.special), {"view": how, "from": view}


def _read(classifier: NetworkClassifier, encoded: Encoded) -> tuple[Any, list[Layer]]:
    """The model's output, and its layers from the first.

    Where our own engines run, attention is looked at afterwards, at no quadratic cost; other models return their maps.
    """
    import torch

    from regard.nn.attention.look import watching

    ids = torch.tensor([encoded.ids], device=classifier.model.device)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    with torch.no_grad():
        if _runs_our_engines(classifier):
            with _evaluating(classifier.model) as model, watching() as seen:
                output = model(**inputs)
            # Segments are seen one by one: there the encoder puts the map together.
            if seen and all(one.query.shape[2] == one.key.shape[2] == len(encoded.ids) for one in seen):
                return output, [partial(_looked_up, one) for one in seen]
        with _showing_weights(classifier) as model:
            output = model(**inputs, output_attentions=True)
    maps = getattr(output, "attentions", None) or ()
    return output, [partial(_by_map, shown[0].double().mean(0)) for shown in maps]


def _runs_our_engines(classifier: NetworkClassifier) -> bool:
    """Our own networks, and checkpoints that were given a pattern."""
    from regard.encoders.carrier import carriers

    return classifier.kind == "network" or bool(carriers(classifier.model))


def _looked_up(seen: Seen, shares: Float[Tensor, " t"]) -> Float[Tensor, " t"]:
    return seen.received(shares[None])[0].double().mean(0)


def _by_map(weights: Float[Tensor, "t t"], shares: Float[Tensor, " t"]) -> Float[Tensor, " t"]:
    return shares @ weights


def _places(window: Encoded) -> list[int]:
    """Which of the text's own tokens each token of a window is; -1 for the special ones."""
    before = window.special.index(False)
    return [-1 if special else window.start + place - before for place, special in enumerate(window.special)]


def rollout(layers: Sequence[Layer], start: Float[Tensor, " t"]) -> Float[Tensor, " t"]:
    """start A~(L) of Abnar and Zuidema 2020, equation 1: A~(l) = A(l) A~(l-1), with A = (W + I) / 2 for the residual
    connection.

    From the last layer to the first: vectors are multiplied, never maps. Every token meets one at least, so that each
    row of W sums to 1.
    """
    for layer in reversed(layers):
        start = (layer(start) + start) / 2
    return start


def _pooled(
    classifier: NetworkClassifier, output: Any, layers: Sequence[Layer], length: int
) -> tuple[Float[Tensor, " t"], str]:
    """How much of each position the classifying head reads `[t]`, and its name."""
    import torch

    shares = torch.zeros(length, dtype=torch.float64, device=output.logits.device)
    how = _pooling(classifier.model.config, layers, shares)
    if how == "attention":
        return output.pooling_weights[0].to(shares), "the pooling's weights"
    if how in ("mean", "max"):
        # The maximum takes each feature from another token; the mean stands in for it.
        return shares + 1 / length, "the mean of all tokens"
    shares[-1 if how == "last" else 0] = 1.0
    return shares, f"the {'last' if how == 'last' else 'first'} token"


def _pooling(config: Any, layers: Sequence[Layer], nothing: Float[Tensor, " t"]) -> str:
    """The position that is classified: by our configuration; a decoder's last token; by another's; else the first."""
    if own := getattr(config, "pooling", None):
        return str(own)
    first = nothing.clone()
    first[0] = 1.0
    if len(first) > 1 and not any(layer(first)[1:].any() for layer in layers):
        return "last"
    # ModernBERT's name and XLNet's; GPT-2 has the latter too but does not heed it (it is a decoder).
    for name in ("classifier_pooling", "summary_type"):
        if value := getattr(config, name, None):
            return str(value)
    return "first"


def _without_special(scores: list[float], special: Sequence[bool]) -> list[float]:
    """The special tokens at 0, the others so that they sum to 1."""
    own = [0.0 if outside else score for score, outside in zip(scores, special, strict=True)]
    total = sum(own)
    return [score / total for score in own] if total > 0 else own


@contextmanager
def _evaluating(model: Any) -> Iterator[Any]:
    training = model.training
    try:
        yield model.eval()
    finally:
        model.train(training)


@contextmanager
def _showing_weights(classifier: NetworkClassifier) -> Iterator[Any]:
    """The model in evaluation mode, and such that it returns its weights; as before afterwards.

    Fused kernels never form the weights, and transformers then returns None, so a checkpoint is switched to eager; one
    that carries a pattern shows those of its pattern.
    """
    from regard.encoders.carrier import carriers, showing_weights

    model = classifier.model
    patterned = bool(carriers(model))
    before = model.config._attn_implementation if classifier.kind == "checkpoint" and not patterned else None
    try:
        if before not in (None, "eager"):
            model.set_attn_implementation("eager")
        with _evaluating(model), showing_weights(model):
            yield model
    finally:
        if before not in (None, "eager"):
            model.set_attn_implementation(before)
