"""Integrated gradients (Sundararajan, Taly and Yan 2017, equation 1): how much each token moved the score.

Notable: the steps are doubled until the attributions add up to the change of the score (completeness, proposition 1),
so nobody has to guess a number of steps; how far they are off is told. The gradients are captum's. The path runs over
the output of the embedding layer, which is put in place by a hook, so that any network of ours and any checkpoint of
transformers will do, whatever its forward takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from jaxtyping import Float, Int

from regard.text.tokenise import Encoded

if TYPE_CHECKING:
    from torch import Tensor

    from regard.tasks.classify import NetworkClassifier

FIRST_STEPS, MOST_STEPS = 12, 48
TOLERANCE = 0.02  # of the change of the score
TOKENS_AT_ONCE = 4096


def integrated_gradients(
    classifier: NetworkClassifier, encoded: Encoded, target: str
) -> tuple[list[float], dict[str, Any]]:
    """One signed score a token, in log-odds of `target`, and what is to be known of them.

    The baseline is the same text with every token but the special ones replaced by padding. `completeness_error` is
    |sum of the scores - change of the log-odds from the baseline to the text| / |that change|.
    """
    import torch

    model = classifier.model
    column = classifier.labels.index(target)
    with torch.enable_grad(), _still(model):
        ids = torch.tensor([encoded.ids], device=model.device)
        special = torch.tensor([encoded.special], device=model.device)
        embed = model.get_input_embeddings()
        text = embed(ids).detach()
        baseline = torch.where(special[..., None], text, _padding(classifier, embed, ids))

        def score(embeddings: Float[Tensor, "s t d"]) -> Float[Tensor, " s"]:
            logits = _logits(model, ids, embeddings)
            return log_odds(logits, column, multi_label=classifier.multi_label)

        attributions, detail = _integrate(score, text, baseline)
    detail["baseline"] = "padding, special tokens kept"
    return attributions.sum(-1)[0].double().tolist(), detail


def log_odds(logits: Float[Tensor, "s k"], column: int, *, multi_label: bool) -> Float[Tensor, " s"]:
    """log p / (1 - p) of one label: its logit where labels are independent, else less that of all the others."""
    if multi_label or logits.shape[1] == 1:
        return logits[:, column]
    others = [index for index in range(logits.shape[1]) if index != column]
    return logits[:, column] - logits[:, others].logsumexp(1)


def _integrate(
    score: Any, text: Float[Tensor, "1 t d"], baseline: Float[Tensor, "1 t d"]
) -> tuple[Float[Tensor, "1 t d"], dict[str, Any]]:
    import torch
    from captum.attr import IntegratedGradients

    with torch.no_grad():
        high, low = score(text).item(), score(baseline).item()
    change = high - low
    batch = max(1, TOKENS_AT_ONCE // text.shape[1])
    steps = FIRST_STEPS
    while True:
        attributions = IntegratedGradients(score).attribute(text, baseline, n_steps=steps, internal_batch_size=batch)
        error = abs(attributions.sum().item() - change) / max(abs(change), 1e-6)
        if error < TOLERANCE or steps >= MOST_STEPS:
            break
        steps *= 2
    return attributions, {
        "unit": "log-odds",
        "score": high,
        "baseline_score": low,
        "completeness_error": error,
        "steps": steps,
    }


def _logits(model: Any, ids: Int[Tensor, "1 t"], embeddings: Float[Tensor, "s t d"]) -> Float[Tensor, "s k"]:
    """The logits when the embedding layer gives `embeddings`. `ids` still say where the text ends."""
    import torch

    repeated = ids.expand(len(embeddings), -1)
    hook = model.get_input_embeddings().register_forward_hook(lambda *_: embeddings)
    try:
        return model(input_ids=repeated, attention_mask=torch.ones_like(repeated)).logits.float()
    finally:
        hook.remove()


def _padding(classifier: NetworkClassifier, embed: Any, ids: Int[Tensor, "1 t"]) -> Float[Tensor, "1 t d"]:
    import torch

    return embed(torch.full_like(ids, classifier.encoder.pad_id)).detach()


@contextmanager
def _still(model: Any) -> Iterator[None]:
    """Evaluation mode, and no gradients for the weights (a third of the work); all as before afterwards.

    cuDNN computes no gradient of a recurrent layer in evaluation mode, so it is set aside.
    """
    import torch

    training, learning = model.training, [p for p in model.parameters() if p.requires_grad]
    with ExitStack() as after:
        after.enter_context(torch.backends.cudnn.flags(enabled=False))
        after.callback(model.train, training)
        model.eval()
        for parameter in learning:
            after.callback(parameter.requires_grad_, True)
            parameter.requires_grad_(False)
        yield
