"""Integrated gradients (Sundararajan, Taly and Yan 2017, equation 1): how much each token moved the score.

Notable: the steps are doubled until the attributions add up to the change of the score (completeness, proposition 1),
as nearly as can be seen, so nobody has to guess a number of steps; how far they are off is told. The gradients are
captum's. The path runs over the output of the embedding layer, which is put in place by a hook, so that any network of
ours and any checkpoint of transformers will do, whatever its forward takes.
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
UNSEEN = 0.01  # log-odds, a quarter of a percentage point at most: what is off by less is not worth more steps
TOKENS_AT_ONCE = 4096


def integrated_gradients(
    classifier: NetworkClassifier, encoded: Encoded, target: str
) -> tuple[list[float], dict[str, Any]]:
    """One signed score a token, in log-odds of `target`, and what is to be known of them.

    The baseline is the same text with every token but the special ones replaced by padding. `completeness_error` is
    |sum of the scores - change of the log-odds from the baseline to the text| / |that change|. Of a text in windows the
    log-odds are those of the pooled logits, and there is a score for each token of each window, one after the other: a
    token that is in two windows moved the answer by the sum of its two scores.
    """
    import torch

    from regard.tasks.classify import pooled

    model, windows = classifier.model, encoded.windows
    column = classifier.labels.index(target)
    with torch.enable_grad(), still(model):
        ids = torch.tensor([window.ids for window in windows], device=model.device)
        special = torch.tensor([window.special for window in windows], device=model.device)
        embed = model.get_input_embeddings()
        text = embed(ids).detach()
        baseline = torch.where(special[..., None], text, _padding(classifier, embed, ids))

        def score(embeddings: Float[Tensor, "s w t d"]) -> Float[Tensor, " s"]:
            steps = len(embeddings)
            logits = _logits(model, ids.repeat(steps, 1), embeddings.flatten(0, 1))
            of_text = pooled(logits, [len(windows)] * steps, classifier.window_pooling)
            return log_odds(of_text, column, multi_label=classifier.multi_label)

        attributions, detail = integrate(score, text[None], baseline[None])
    detail["baseline"] = "padding, special tokens kept"
    if len(windows) > 1:
        detail["windows"] = len(windows)
    return attributions.sum(-1).flatten().double().tolist(), detail


def log_odds(logits: Float[Tensor, "s k"], column: int, *, multi_label: bool) -> Float[Tensor, " s"]:
    """log p / (1 - p) of one label: its logit where labels are independent, else less that of all the others."""
    if multi_label or logits.shape[1] == 1:
        return logits[:, column]
    others = [index for index in range(logits.shape[1]) if index != column]
    return logits[:, column] - logits[:, others].logsumexp(1)


def integrate(
    score: Any, text: Float[Tensor, "1 *t d"], baseline: Float[Tensor, "1 *t d"]
) -> tuple[Float[Tensor, "1 *t d"], dict[str, Any]]:
    """Attributions along the straight path from `baseline` to `text`, with as many steps as completeness asks for."""
    import torch
    from captum.attr import IntegratedGradients

    with torch.no_grad():
        high, low = score(text).item(), score(baseline).item()
    change = high - low
    batch = max(1, TOKENS_AT_ONCE // text[..., 0].numel())
    steps = FIRST_STEPS
    while True:
        attributions = IntegratedGradients(score).attribute(text, baseline, n_steps=steps, internal_batch_size=batch)
        missing = abs(attributions.sum().item() - change)
        error = missing / max(abs(change), 1e-6)
        if error < TOLERANCE or missing < UNSEEN or steps >= MOST_STEPS:
            break
        steps *= 2
    return attributions, {
        "unit": "log-odds",
        "score": high,
        "baseline_score": low,
        "completeness_error": error,
        "steps": steps,
    }


def _logits(model: Any, ids: Int[Tensor, "r t"], embeddings: Float[Tensor, "r t d"]) -> Float[Tensor, "r k"]:
    """The logits when the embedding layer gives `embeddings`. `ids` still say where the text ends.

    More rows than are held at once (a text in many windows) are computed again for their gradient.
    """
    import torch
    from torch.utils.checkpoint import checkpoint

    def some(ids: Int[Tensor, "r t"], embeddings: Float[Tensor, "r t d"]) -> Float[Tensor, "r k"]:
        with _embedded(model, ids, embeddings):
            return model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float()

    rows = max(1, TOKENS_AT_ONCE // ids.shape[1])
    if len(ids) <= rows:
        return some(ids, embeddings)
    parts = zip(ids.split(rows), embeddings.split(rows), strict=True)
    return torch.cat([checkpoint(some, *part, use_reentrant=False) for part in parts])


@contextmanager
def _embedded(model: Any, ids: Int[Tensor, "r t"], embeddings: Float[Tensor, "r t d"]) -> Iterator[None]:
    """While entered, `ids` are embedded as `embeddings`; also where a decoder reads them one place further on, by an
    embedding layer of its own that shares its weights (BART, T5)."""
    import torch

    def given(layer: Any, arguments: tuple[Any, ...], own: Tensor) -> Tensor:
        read = arguments[0] if arguments else ids
        if read.shape == ids.shape and not torch.equal(read, ids) and torch.equal(read[:, 1:], ids[:, :-1]):
            return torch.cat([own[:, :1], embeddings[:, :-1]], dim=1)
        return embeddings

    embed = model.get_input_embeddings()
    with ExitStack() as after:
        for part in model.modules():
            if part is embed or (isinstance(part, torch.nn.Embedding) and part.weight is embed.weight):
                after.callback(part.register_forward_hook(given).remove)
        yield


def _padding(classifier: NetworkClassifier, embed: Any, ids: Int[Tensor, "w t"]) -> Float[Tensor, "w t d"]:
    import torch

    return embed(torch.full_like(ids, classifier.encoder.pad_id)).detach()


@contextmanager
def still(model: Any) -> Iterator[None]:
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
