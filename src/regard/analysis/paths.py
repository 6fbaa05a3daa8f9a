"""Integrated gradients of anything a network says of one window: of a word's tag, of an answer.

As `analysis.attribution` does for labels; here the caller says what is scored. The path runs over what goes into the
encoder, put in place by a hook: word vectors with the features of characters beside them, or a checkpoint's embeddings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from regard.analysis.attribution import integrate, still

if TYPE_CHECKING:
    from torch import Tensor

Inputs = dict[str, "Tensor"]


def attribute(
    model: Any, inputs: Inputs, nothing: Inputs, kept: Tensor, score: Callable[[Any], Tensor]
) -> tuple[list[float], dict[str, Any]]:
    """One signed score a token of the one window in `inputs` (`[1 t]`, characters `[1 t c]`), and what is to be known.

    `nothing` are the same inputs with padding for tokens: the baseline is what goes into the encoder of these, but for
    the tokens in `kept` `[1 t]`. `score` is a number for each row, from the model's output.
    """
    import torch

    entrance = getattr(model, "embedding_dropout", None) or model.get_input_embeddings()
    with torch.enable_grad(), still(model):
        text, empty = (_entering(model, entrance, given) for given in (inputs, nothing))
        baseline = torch.where(kept[..., None], text, empty)

        def scored(embeddings: Tensor) -> Tensor:
            rows = {name: array.expand(len(embeddings), *array.shape[1:]) for name, array in inputs.items()}
            hook = entrance.register_forward_hook(lambda *_: embeddings)
            try:
                return score(model(**rows))
            finally:
                hook.remove()

        attributions, detail = integrate(scored, text, baseline)
    return attributions.sum(-1).flatten().double().tolist(), detail


def _entering(model: Any, entrance: Any, inputs: Inputs) -> Tensor:
    """What goes into the encoder, `[1 t d]`."""
    import torch

    caught: list[Tensor] = []
    hook = entrance.register_forward_hook(lambda module, given, output: caught.append(output))
    try:
        with torch.no_grad():
            model(**inputs)
    finally:
        hook.remove()
    return caught[0].detach()
