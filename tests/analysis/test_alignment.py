"""Which words a translator looked at: its own attention, put together on words of both texts as given."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tests import checkpoints

from regard import recipe as recipes
from regard.analysis.alignment import align, explain_output, has_alignment, target_tokens
from regard.analysis.coverage import counted, coverage
from regard.analysis.reasons import can_explain, explain_prediction
from regard.errors import UsageError
from regard.records import TextPairCorpus, TextPrediction
from regard.records.alignment import METHOD
from regard.tasks.task import task_of

TEXTS = ["A dog runs far away.", "No!", "Two men (old ones) stand by the car"]
CORPUS = TextPairCorpus("made up", list("abc"), TEXTS, labels=[("Ein Hund rennt.",), ("Nein!",), ("Zwei Männer",)])
TASK = task_of("translate")
SMALL = {"model.hidden_size": 16, "model.embedding_size": 16, "head.max_output_tokens": 24}


def make(model: str, **sets: Any) -> Any:
    own = {} if "/" in model else {"tokens.minimum_frequency": 1, "tokens.vocabulary_size": 300}
    sizes = SMALL if own else {"head.max_output_tokens": 24}
    recipe = recipes.build({"task": "translate"}, model=model, sets={**sizes, **own, **sets})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    made.model.eval()
    return made


def given(output: str, source: str = TEXTS[2]) -> TextPrediction:
    return TextPrediction("a", source, output, None, 0.0, 0)


@pytest.fixture(scope="module", params=["gru", "lstm", "transformer"])
def translator(request: pytest.FixtureRequest) -> Any:
    more = {"model.heads": 2, "model.layers": 2} if request.param == "transformer" else {}
    return make(request.param, **more)


def test_words_of_both_texts_as_given(translator: Any) -> None:
    (found,) = align(translator, [given("Zwei (alte) Männer!")])
    assert found.source_words == ["Two", "men", "(", "old", "ones", ")", "stand", "by", "the", "car"]
    assert found.output_words == ["Zwei", "(", "alte", ")", "Männer", "!"]
    assert [found.text[item.start : item.end] for item in found.highlights] == found.source_words
    assert (found.method, found.signed, found.output) == (METHOD, False, "Zwei (alte) Männer!")


def test_rows_are_shares_and_coverage_is_their_sum(translator: Any) -> None:
    (found,) = align(translator, [given("Zwei Männer am Auto")])
    assert all(0 < sum(row) <= 1 + 1e-9 for row in found.weights)
    assert sum(found.coverage) == pytest.approx(sum(map(sum, found.weights)))
    assert sum(item.score for item in found.highlights) == pytest.approx(1)
    assert all(len(view.weights) == len(found.weights) for view in found.views)


def test_it_is_the_models_attention_summed_across_and_averaged_down(translator: Any) -> None:
    """By hand, from the tokens: with a word of one token and special tokens around, the parts are known."""
    source, output = TEXTS[0], "Ein Hund rennt."
    (found,) = align(translator, [given(output, source)])
    encoded = translator.encoder.encode([source], offsets=True)[0]
    ids, spans = target_tokens(translator.encoder.target, output)
    read = torch.tensor([[translator.encoder.target.begin_id, *ids[:-1]]])
    with torch.no_grad():
        told = translator.model(
            input_ids=torch.tensor([encoded.ids]), decoder_input_ids=read, output_attentions=True
        ).cross_attentions
    upper = torch.stack(list(told))[len(told) // 2 :].mean(dim=(0, 2))[0].double()
    across = [i for i, (start, end) in enumerate(encoded.offsets) if start < end and start < len("A dog") and end > 2]
    down = [i for i, (start, end) in enumerate(spans) if end > 4 and start < 8 and start < end]
    expected = float(upper[down][:, across].sum(dim=1).mean())
    assert found.weights[1][1] == pytest.approx(expected, abs=1e-6)


def test_layers_and_heads_can_be_chosen() -> None:
    made = make("transformer", **{"model.heads": 2, "model.layers": 2})
    (found,) = align(made, [given("Zwei")])
    assert found.detail["view"] == "layer 2"
    assert [view.name for view in found.views] == ["layer 1", "layer 2, head 1", "layer 2, head 2"]
    heads = [view.weights[0] for view in found.views[1:]]
    mean = [sum(pair) / 2 for pair in zip(*heads, strict=True)]
    assert found.weights[0] == pytest.approx(mean)


@pytest.mark.parametrize("family", ["bart", "t5", "marian"])
def test_checkpoints_of_other_houses(family: str, tmp_path: Path) -> None:
    made = make(str(checkpoints.make_writer(family, tmp_path / family, [*TEXTS, "Zwei Männer"])))
    before = made.model.config._attn_implementation
    (found,) = align(made, [given("Zwei Männer")])
    assert found.output_words == ["Zwei", "Männer"]
    assert all(0 < sum(row) <= 1 + 1e-6 for row in found.weights)
    assert made.model.config._attn_implementation == before


def test_without_attention_there_is_none() -> None:
    made = make("lstm", **{"head.attention": "none"})
    assert not has_alignment(made)
    assert not can_explain(TASK, made)
    with pytest.raises(UsageError, match="without attention"):
        align(made, [given("Zwei")])


def test_a_text_is_explained_with_its_own_output_or_another(translator: Any) -> None:
    corpus = TASK.given([TEXTS[2]])
    own = explain_output(translator, corpus)
    assert own.output == translator.predictions(corpus)[0].output
    forced = explain_output(translator, corpus, target="Zwei Männer")
    assert forced.output_words == ["Zwei", "Männer"]
    assert 0 < forced.confidence < 1
    with pytest.raises(UsageError, match="can't be explained by 'weights'"):
        explain_output(translator, corpus, method="weights")
    assert can_explain(TASK, translator)
    assert explain_prediction(TASK, translator, translator.predictions(corpus)[0]).output == own.output


def test_the_confidence_of_a_forced_output_is_the_models(translator: Any) -> None:
    corpus = TASK.given([TEXTS[0]])
    found = explain_output(translator, corpus, target="Ein Hund")
    ids, _ = target_tokens(translator.encoder.target, "Ein Hund")
    source = torch.tensor([translator.encoder.encode(corpus.texts)[0].ids])
    with torch.no_grad():
        read = torch.tensor([[translator.encoder.target.begin_id, *ids[:-1]]])
        logs = translator.model(input_ids=source, decoder_input_ids=read).logits[0].log_softmax(-1)
    mean = sum(float(logs[place, token]) for place, token in enumerate(ids)) / len(ids)
    assert found.confidence == pytest.approx(math.exp(mean), rel=1e-4)


@pytest.mark.parametrize(("source", "output"), [("", "Zwei"), ("Two", ""), ("Two", " \n"), ("👩\u200d👧 é", "ß 猫")])
def test_odd_texts(translator: Any, source: str, output: str) -> None:
    (found,) = align(translator, [given(output, source)])
    assert len(found.weights) == len(found.written)
    assert all(len(row) == len(found.highlights) for row in found.weights)
    assert len(found.coverage) == len(found.highlights)


def test_coverage_counts_words_not_signs(translator: Any) -> None:
    found = align(translator, [given("Zwei Männer"), given("Nein", "No!")])
    told = coverage(list(zip("ab", found, strict=True)))
    assert [found[1].source_words[place] for place in counted(found[1])] == ["No"]
    assert (told.texts, told.words, sum(told.bins)) == (2, 9, 9)
    totals = [one.coverage[place] for one in found for place in counted(one)]
    assert told.hardly == pytest.approx(sum(total < 0.2 for total in totals) / 9)
    assert told.mean == pytest.approx(sum(totals) / 9)
