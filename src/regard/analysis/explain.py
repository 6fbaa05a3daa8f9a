"""Why a text got its output, by one of several methods, told on words of the text as given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from regard.analysis.words import Piece, highlight, seen
from regard.errors import UsageError
from regard.records import Corpus, Explanation, Prediction
from regard.registry import unknown_word

if TYPE_CHECKING:
    from regard.tasks.classify import Classifier

Pieces = tuple[list[Piece], dict[str, Any]]
"""Scored stretches of the text as given, in tokens or words, and the details of the method."""


def methods(classifier: Classifier) -> list[str]:
    """What can explain this model, best first.

    Exact weights for a baseline. For a network gradients, which speak for and against, then attention where it has
    any: its rollout, and where it has layers the last of them as it is.
    """
    if classifier.kind == "baseline":
        return ["weights"]
    from regard.analysis.attention import has_attention, has_layers

    network: Any = classifier
    found = ["integrated_gradients"]
    if has_attention(network):
        found.append("attention")
    if has_layers(network):
        found.append("last_layer_attention")
    return found


def explain(classifier: Classifier, text: str, *, method: str | None = None, target: str | None = None) -> Explanation:
    """Which words of `text` counted, and how much.

    `method` is one of `methods(classifier)`, the first of them by default; `target` is the label that words speak for,
    the output by default (multi-label: the most probable label). Raises `UsageError` for a method that this model does
    not have and for an unknown label.
    """
    known = methods(classifier)
    chosen = known[0] if method is None else method
    if chosen not in known:
        raise UsageError(
            f"{classifier.architecture} can't be explained by {chosen!r}",
            mend=f"its methods are {', '.join(known)}",
        )
    corpus = Corpus("the text given", ["0"], [text], multi_label=classifier.multi_label)
    prediction = classifier.predictions(corpus)[0]
    spoken_for = _target(prediction, classifier.labels, target)
    pieces, detail = _METHODS[chosen](classifier, text, spoken_for)
    return Explanation(
        text=text,
        output=prediction.output,
        target=spoken_for,
        confidence=prediction.confidence,
        method=chosen,
        signed=chosen in SIGNED,
        highlights=highlight(text, pieces),
        seen=seen(text, [(start, end) for start, end, _ in pieces]),
        detail=detail,
    )


def explain_text(
    classifier: Classifier, corpus: Corpus, *, method: str | None = None, target: str | None = None
) -> Explanation:
    """`explain` for the one text of a corpus."""
    return explain(classifier, corpus.texts[0], method=method, target=target)


def _target(prediction: Prediction, labels: list[str], target: str | None) -> str:
    if target is None:
        return max(labels, key=lambda label: prediction.probabilities[label])
    if target not in labels:
        raise UsageError(unknown_word("label", target, labels))
    return target


def _weights(classifier: Any, text: str, target: str) -> Pieces:
    from regard.analysis.weights import weights

    return weights(classifier, text, target)


def _integrated_gradients(classifier: Any, text: str, target: str) -> Pieces:
    from regard.analysis.attribution import integrated_gradients

    encoded = classifier.encoder.encode([text])[0]
    return _on_text(encoded, *integrated_gradients(classifier, encoded, target))


def _attention(classifier: Any, text: str, target: str) -> Pieces:
    from regard.analysis.attention import attention

    encoded = classifier.encoder.encode([text])[0]
    return _on_text(encoded, *attention(classifier, encoded))


def _last_layer_attention(classifier: Any, text: str, target: str) -> Pieces:
    from regard.analysis.attention import attention

    encoded = classifier.encoder.encode([text])[0]
    return _on_text(encoded, *attention(classifier, encoded, last_layer=True))


def _on_text(encoded: Any, scores: list[float], detail: dict[str, Any]) -> Pieces:
    """The tokens that stand for characters of the text, of all its windows; special ones stand for none."""
    tokens = [token for window in encoded.windows for token in zip(window.offsets, window.special, strict=True)]
    own = [(*span, score) for (span, special), score in zip(tokens, scores, strict=True) if not special]
    return own, detail


_METHODS: dict[str, Callable[[Any, str, str], Pieces]] = {
    "weights": _weights,
    "integrated_gradients": _integrated_gradients,
    "attention": _attention,
    "last_layer_attention": _last_layer_attention,
}
SIGNED = frozenset(("weights", "integrated_gradients"))
