"""Why a stretch of a text was given as the answer: which words of the text spoke for its beginning and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regard.analysis.words import highlight, seen
from regard.errors import UsageError
from regard.records import AnswerPrediction, Explanation, QuestionCorpus

if TYPE_CHECKING:
    from torch import Tensor

METHOD = "integrated_gradients"


def explain_answer(
    answerer: Any, corpus: QuestionCorpus, *, method: str | None = None, target: str | None = None
) -> Explanation:
    """Which words of the context counted for the answer that was given (for none, where none was).

    What the question's words counted is `detail["question_score"]`. Raises `UsageError` for another method, and for a
    target: the answer is what is explained.
    """
    if method not in (None, METHOD):
        raise UsageError(f"an answer can't be explained by {method!r}", mend=f"its method is {METHOD}")
    if target is not None:
        raise UsageError("of an answer no other one can be explained", mend="leave --target out")
    prediction: AnswerPrediction = answerer.predictions(corpus)[0]
    pieces, detail = _scores(answerer, corpus, prediction)
    return Explanation(
        text=prediction.input,
        output=prediction.output or "(no answer)",
        target=prediction.output or "no answer",
        confidence=prediction.confidence,
        method=METHOD,
        signed=True,
        highlights=highlight(prediction.input, pieces),
        seen=seen(prediction.input, [(start, end) for start, end, _ in pieces]),
        detail={**detail, "question": prediction.question, "answer": [prediction.start, prediction.end]},
    )


def _scores(
    answerer: Any, corpus: QuestionCorpus, prediction: AnswerPrediction
) -> tuple[list[tuple[int, int, float]], dict[str, Any]]:
    """Scores of the context's tokens in the window that the answer stands in, and what is to be known of them."""
    import torch

    from regard.analysis.paths import attribute
    from regard.tasks.answer.answerers import batch_of, takes_segments
    from regard.text.pair_encoder import answer_positions

    encoded = answerer.encoder.encode(corpus.questions, corpus.texts)[0]
    places = answer_positions(encoded, prediction.start, prediction.end)
    number = next((at for at, place in enumerate(places) if place[0] != encoded.windows[at].no_answer), 0)
    window, (first, last) = encoded.windows[number], places[number]
    batch = batch_of([window], answerer.encoder.pad_id)
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if takes_segments(answerer.model) else [])]
    inputs = {name: batch[name].to(answerer.model.device) for name in names}
    own = torch.zeros_like(inputs["input_ids"], dtype=torch.bool)
    own[0, window.context[0] : window.context[1]] = True
    special = set(answerer.encoder.tokenizer.all_special_ids)
    asked = [place for place in range(window.context[0]) if window.ids[place] not in special]
    own[0, asked] = True
    nothing = {**inputs, "input_ids": torch.where(own, answerer.encoder.pad_id, inputs["input_ids"])}

    def score(output: Any) -> Tensor:
        begin, end = (one.double().log_softmax(-1) for one in (output.start_logits, output.end_logits))
        return begin[:, first] + end[:, last]

    tokens, detail = attribute(answerer.model, inputs, nothing, ~own, score)
    detail |= {"unit": "log-probability", "question_score": sum(tokens[place] for place in asked)}
    if len(encoded.windows) > 1:
        detail["windows"] = len(encoded.windows)
    scores = tokens[window.context[0] : window.context[1]]
    return [(int(start), int(end), score) for (start, end), score in zip(window.offsets, scores, strict=True)], detail
