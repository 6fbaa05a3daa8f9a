"""Why a word got its tag: which words of the text moved the probability of that tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regard.analysis.words import highlight, seen
from regard.errors import UsageError
from regard.records import Explanation, TaggedCorpus, TagPrediction
from regard.records.tags import OUTSIDE

if TYPE_CHECKING:
    from torch import Tensor

METHOD = "integrated_gradients"


def explain_word(
    tagger: Any, corpus: TaggedCorpus, *, method: str | None = None, target: str | int | None = None
) -> Explanation:
    """Which words counted for the tag that one word got. `target` is that word, as it stands in the text (the first of
    several) or by its number from 0; without one, the surest word with an entity (of tags without a scheme the surest
    word). Digits are a word where the text has it.

    Scores are log-odds of the tag's probability as it is told: over all readings of the text that are allowed, where
    there is a CRF or the tags follow a scheme. Raises `UsageError` for a baseline, for another method, and for a word
    that is not there or not read.
    """
    if tagger.kind == "baseline":
        raise UsageError(f"{tagger.architecture} can't be explained: it tells neither weights nor gradients")
    if method not in (None, METHOD):
        raise UsageError(f"a tagger can't be explained by {method!r}", mend=f"its method is {METHOD}")
    prediction: TagPrediction = tagger.predictions(corpus)[0]
    word = _word(prediction, target)
    scores, detail = _scores(tagger, corpus, word, prediction.output[word])
    pieces = [(*prediction.words[number], score) for number, score in scores.items()]
    start, end = prediction.words[word]
    return Explanation(
        text=prediction.input,
        output=prediction.output[word],
        target=f"{prediction.output[word]} for “{prediction.input[start:end]}”",
        confidence=prediction.confidences[word],
        method=METHOD,
        signed=True,
        highlights=highlight(prediction.input, pieces),
        seen=seen(prediction.input, [(first, last) for first, last, _ in pieces]),
        detail={**detail, "word": [start, end]},
    )


def _word(prediction: TagPrediction, target: str | int | None) -> int:
    """The number of the word that is asked about."""
    count = len(prediction.words)
    if not count:
        raise UsageError("there is no word in the text", mend="give a text with words")
    if target is None:
        marked = [number for number, tag in enumerate(prediction.output) if tag != OUTSIDE]
        return max(marked or range(count), key=lambda number: prediction.confidences[number])
    words = [prediction.input[start:end] for start, end in prediction.words]
    if isinstance(target, str) and target in words:
        return words.index(target)
    if (isinstance(target, int) or target.isdecimal()) and 0 <= int(target) < count:
        return int(target)
    raise UsageError(f"the text has no word {target!r}", mend=f"one of its words, or a number from 0 to {count - 1}")


def _scores(tagger: Any, corpus: TaggedCorpus, word: int, tag: str) -> tuple[dict[int, float], dict[str, Any]]:
    """The score of each word of the window that answers for `word`, and what is to be known of them."""
    import torch

    from regard.analysis.paths import attribute
    from regard.tasks.tag.taggers import batch_of

    encoded = tagger.encode(corpus)[0]
    window = next((one for one in encoded.windows if word in one.answers), None)
    if window is None:
        raise UsageError("the word lies behind what is read of the text", mend="explain a shorter text")
    batch = batch_of([_alone(window)], tagger.encoder.pad_id)
    read = [name for name in batch if name in ("input_ids", "attention_mask", "characters")]
    inputs = {name: batch[name].to(tagger.model.device) for name in read}
    own = torch.zeros_like(inputs["input_ids"], dtype=torch.bool)
    places = _pieces(window, set(tagger.encoder.tokenizer.all_special_ids))
    for stretch in places.values():
        own[0, stretch.start : stretch.stop] = True
    nothing = dict(inputs)
    nothing["input_ids"] = torch.where(own, tagger.encoder.pad_id, inputs["input_ids"])
    if "characters" in nothing:
        nothing["characters"] = torch.zeros_like(inputs["characters"])
    firsts, asked, column = window.first, word - window.words.start, tagger.labels.index(tag)

    def score(output: Any) -> Tensor:
        return log_odds(tagger.model, output.logits[:, firsts], asked, column)

    tokens, detail = attribute(tagger.model, inputs, nothing, ~own, score)
    if len(encoded.windows) > 1:
        detail["windows"] = len(encoded.windows)
    return {number: sum(tokens[stretch.start : stretch.stop]) for number, stretch in places.items()}, detail


def _alone(window: Any) -> Any:
    from dataclasses import replace

    return replace(window, further=(), answers=window.words)


def _pieces(window: Any, special: set[int]) -> dict[int, range]:
    """Of each word of a window its tokens: from its first one to the next word's, or to a special token."""
    behind = range(window.first[-1] + 1, len(window.ids))
    last = next((place for place in behind if window.ids[place] in special), len(window.ids))
    borders = [*window.first, last]
    return {word: range(borders[place], borders[place + 1]) for place, word in enumerate(window.words)}


def log_odds(model: Any, emissions: Tensor, word: int, column: int) -> Tensor:
    """log p / (1 - p) of one tag of one word, of each row; p is what `tasks.tag.networks.decode` tells: over all
    readings with a CRF, over those that are allowed where the tags follow a scheme, else of the word alone."""
    import torch

    from regard.tasks.tag.networks import chain_of

    exact = emissions.double()  # so that a probability near 1 still has odds
    chain = chain_of(model, exact.device)
    if chain is None:
        probabilities = exact.softmax(-1)
    else:
        keep = torch.ones(exact.shape[:2], dtype=torch.bool, device=exact.device)
        probabilities = chain.marginals(exact, keep)
    return torch.logit(probabilities[:, word, column], eps=1e-15)
