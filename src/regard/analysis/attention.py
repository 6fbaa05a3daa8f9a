"""Where a network looked: attention as a share of the text for each token, unsigned.

Notable: a layer's weights say where it mixed states from, not words; rollout (Abnar and Zuidema 2020, section 3,
equation 1) follows them down to the tokens. Attention that pools (Yang et al. 2016) is already on the states of tokens
and taken as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jaxtyping import Float

from regard.errors import UsageError
from regard.text.tokenise import Encoded

if TYPE_CHECKING:
    from torch import Tensor

    from regard.tasks.classify import NetworkClassifier

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
    import torch

    with torch.no_grad(), _showing_weights(classifier) as model:
        ids = torch.tensor([encoded.ids], device=model.device)
        output = model(input_ids=ids, attention_mask=torch.ones_like(ids), output_attentions=True)
    layers = getattr(output, "attentions", None)
    if layers:
        # [b h t t] to [t t]: the mean of the heads.
        means = [layer[0].double().mean(0) for layer in layers]
        start, view = _pooled(classifier, output, means)
        scores = start @ (means[-1] if last_layer else rollout(means))
        how = "last layer, mean of the heads" if last_layer else f"rollout over {len(means)} layers"
    elif getattr(output, "pooling_weights", None) is not None:
        scores, how, view = output.pooling_weights[0].double(), "weights of the pooling", "every token"
    else:
        raise UsageError(f"{classifier.architecture} has no attention to show", mend="use integrated_gradients")
    return _without_special(scores.tolist(), encoded.special), {"view": how, "from": view}


def _places(window: Encoded) -> list[int]:
    """Which of the text's own tokens each token of a window is; -1 for the special ones."""
    before = window.special.index(False)
    return [-1 if special else window.start + place - before for place, special in enumerate(window.special)]


def rollout(layers: Sequence[Float[Tensor, "t t"]]) -> Float[Tensor, "t t"]:
    """Abnar and Zuidema 2020, equation 1: A~(l) = A(l) A~(l-1), with A = (W + I) / 2 for the residual connection.

    Row i tells how much of each token the last layer holds at position i; rows sum to 1.
    """
    import torch

    identity = torch.eye(len(layers[0]), dtype=layers[0].dtype, device=layers[0].device)
    rolled = identity
    for weights in layers:
        mixed = (weights + identity) / 2
        rolled = mixed / mixed.sum(-1, keepdim=True) @ rolled
    return rolled


def _pooled(
    classifier: NetworkClassifier, output: Any, layers: Sequence[Float[Tensor, "t t"]]
) -> tuple[Float[Tensor, " t"], str]:
    """How much of each position the classifying head reads `[t]`, and its name."""
    import torch

    length = len(layers[0])
    rows = torch.eye(length, dtype=layers[0].dtype, device=layers[0].device)
    how = _pooling(classifier.model.config, layers)
    if how == "attention":
        return output.pooling_weights[0].to(rows), "the pooling's weights"
    if how in ("mean", "max"):
        # The maximum takes each feature from another token; the mean stands in for it.
        return rows.mean(0), "the mean of all tokens"
    return (rows[-1], "the last token") if how == "last" else (rows[0], "the first token")


def _pooling(config: Any, layers: Sequence[Float[Tensor, "t t"]]) -> str:
    """The position that is classified: by our configuration; a decoder's last token; by another's; else the first."""
    if own := getattr(config, "pooling", None):
        return str(own)
    if len(layers[0]) > 1 and not any(layer.triu(1).any() for layer in layers):
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
def _showing_weights(classifier: NetworkClassifier) -> Iterator[Any]:
    """The model in evaluation mode, and such that it returns its weights; as before afterwards.

    Fused kernels never form the weights, and transformers then returns None, so a checkpoint is switched to eager.
    """
    model = classifier.model
    training = model.training
    before = model.config._attn_implementation if classifier.kind == "checkpoint" else None
    try:
        model.eval()
        if before not in (None, "eager"):
            model.set_attn_implementation("eager")
        yield model
    finally:
        if before not in (None, "eager"):
            model.set_attn_implementation(before)
        model.train(training)
