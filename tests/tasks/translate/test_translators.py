"""Input, loss and search of translators: scheduled sampling, empty texts, checkpoints of other houses."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests import checkpoints

from regard import recipe as recipes
from regard.errors import DataError, ModelError, UsageError
from regard.records import TextPairCorpus
from regard.tasks.task import task_of
from regard.tasks.translate.networks import IGNORED, shifted, token_loss, translator_class
from regard.tasks.translate.scheduled_sampling import mixed, share_at
from regard.tasks.translate.search_options import SearchOptions

TEXTS = ["a dog runs far", "no", "two men stand by the car"]
CORPUS = TextPairCorpus("made up", list("abc"), TEXTS, labels=[("ein Hund",), ("nein", "nee"), ("zwei Männer",)])
TASK = task_of("translate")


def test_labels_to_the_right_are_what_a_decoder_reads() -> None:
    labels = torch.tensor([[5, 6, 3], [7, 3, IGNORED]])
    assert shifted(labels, 2, 0).tolist() == [[2, 5, 6], [2, 7, 3]]


def test_the_loss_is_a_sum_over_tokens() -> None:
    logits, labels = (
        torch.randn(2, 3, 9, generator=torch.Generator().manual_seed(0)),
        torch.tensor([[5, 6, 3], [7, 3, IGNORED]]),
    )
    total, tokens = token_loss(logits, labels)
    assert tokens == 5
    by_hand = -sum(logits[i, j].log_softmax(-1)[labels[i, j]] for i, j in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1)))
    torch.testing.assert_close(total, by_hand)


def test_scheduled_sampling_grows_and_keeps_the_first_token() -> None:
    assert [share_at(progress, 0.5) for progress in (0.0, 0.5, 1.0, 2.0)] == [0.0, 0.25, 0.5, 0.5]
    inputs = torch.full((64, 9), 1)
    logits = torch.full((64, 9, 5), -1e9)
    logits[..., 4] = 0.0
    with torch.random.fork_rng():
        torch.manual_seed(0)
        own = mixed(inputs, logits, 0.5)
        assert torch.equal(mixed(inputs, logits, 0.0), inputs)
        assert mixed(inputs, logits, 1.0)[:, 1:].eq(4).all()
    assert own[:, 0].eq(1).all()
    assert 0.4 < float(own[:, 1:].eq(4).float().mean()) < 0.6


def test_scheduled_sampling_reads_the_progress_of_the_training() -> None:
    recipe = small("lstm", **{"head.scheduled_sampling": 1.0})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    encoded = made.encoder.encode(TEXTS)
    inputs, loss = made.batch(encoded, made.targets(CORPUS, encoded)), made.loss(recipe.training)
    model = made.model.eval()
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        begun = float(loss(model, inputs)[0])
        model.training_progress = 1.0
        ended = float(loss(model, inputs)[0])
        model.training_progress = 0.0
        assert float(loss(model, inputs)[0]) == begun
    assert ended != begun


def small(model: str, **sets: object) -> recipes.Recipe:
    tokens = {"tokens.minimum_frequency": 1, "tokens.vocabulary_size": 300} if "/" not in model else {}
    return recipes.build({"task": "translate"}, model=model, sets={"head.max_output_tokens": 12, **tokens, **sets})


@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
def test_words_and_places_have_the_size_of_one_in_front_of_a_new_transformers_layers(positions: str) -> None:
    recipe = small("transformer", **{"model.positions": positions})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    seen: list[torch.Tensor] = []
    made.model.encoder.layers[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    encoded = made.encoder.encode(TEXTS)
    with torch.no_grad():
        made.model.eval()(**made.batch(encoded, made.targets(CORPUS, encoded)))
    assert 0.7 < float(seen[0].std()) < 2.0


def test_a_translator_of_before_goes_on_as_it_was_trained() -> None:
    recipe = small("transformer")
    config = TASK.network(recipe, TASK.encoder(recipe, CORPUS), []).model.config
    assert config.scaled_source
    del config.scaled_source
    assert translator_class(type(config))(config).encoder.scale == 1.0


def test_an_empty_text_has_an_empty_output() -> None:
    recipe = small("gru")
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    said = made.predictions(TextPairCorpus("given", ["0", "1"], [" ", "a dog"]))
    assert (said[0].output, said[0].confidence, said[0].finished) == ("", 1.0, True)
    assert said[1].tokens > 0
    assert made.predictions(TextPairCorpus("given", [], [])) == []
    with pytest.raises(DataError, match="no targets"):
        made.targets(TextPairCorpus("given", ["0"], ["x"]), [])


def test_what_can_not_be_is_said() -> None:
    with pytest.raises(UsageError, match="one output is made of one window"):
        TASK.encoder(small("lstm", **{"tokens.strategy": "windows"}), CORPUS)
    with pytest.raises(UsageError, match="one vocabulary"):
        TASK.encoder(small("lstm", **{"model.vectors": "glove"}), CORPUS)
    with pytest.raises(UsageError, match="beams do not give"):
        small("lstm", **{"head.beams": 2, "head.alternatives": 3})
    with pytest.raises(UsageError, match="does not do translate"):
        small("cnn")
    with pytest.raises(UsageError, match=r"head\.attention"):
        recipes.refuse_unused(["head.attention=dot"], ["transformer"], task="translate")


@pytest.mark.parametrize("family", list(checkpoints.WRITERS))
def test_a_checkpoint_of_another_house_learns_and_writes(family: str, tmp_path: Path) -> None:
    folder = checkpoints.make_writer(family, tmp_path / family, [*TEXTS, "ein Hund", "nein", "zwei Männer"])
    recipe = small(str(folder), **{"head.beams": 2, "model.dropout": 0.0})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    encoded = made.encoder.encode(TEXTS)
    targets = made.targets(CORPUS, encoded)
    inputs, loss = made.batch(encoded, targets), made.loss(recipe.training)
    optimizer = torch.optim.AdamW(made.model.parameters(), lr=2e-2)
    made.model.train()
    losses = []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(60):
            optimizer.zero_grad()
            total, tokens = loss(made.model, inputs)
            (total / tokens).backward()
            optimizer.step()
            losses.append(float(total.detach() / tokens))
    assert losses[-1] < 0.2 * losses[0]
    said = made.predictions(CORPUS)
    assert [item.output for item in said] == ["ein Hund", "nein", "zwei Männer"]
    figures = made.validate(encoded, targets, CORPUS)
    assert figures["chrf"] == pytest.approx(100)
    assert figures["accuracy"] == 1.0


def test_a_checkpoint_without_a_decoder_is_refused(tmp_path: Path) -> None:
    folder = checkpoints.make("bert", tmp_path / "bert", TEXTS)
    recipe = small(str(folder))
    with pytest.raises(ModelError, match="no model of text to text"):
        TASK.encoder(recipe, CORPUS)


def test_what_a_checkpoint_forces_is_read_before_anything_is_written(tmp_path: Path) -> None:
    folder = checkpoints.make_writer("bart", tmp_path / "bart", TEXTS)
    recipe = small(str(folder), **{"head.beams": 1})
    made = TASK.network(recipe, TASK.encoder(recipe, CORPUS), [])
    made.model.generation_config.forced_bos_token_id = 9
    encoded = made.encoder.encode(TEXTS)
    inputs = made.batch(encoded, made.targets(CORPUS, encoded))
    expected = made.model.generate(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        num_beams=1,
        do_sample=False,
        max_new_tokens=5,
        suppress_tokens=made.encoder.target.never,
    )
    found = made.hypotheses(encoded, SearchOptions("greedy", max_tokens=4))
    written = [[token for token in row[2:6].tolist() if token not in (3, 0)] for row in expected]
    assert [item[0].ids for item in found] == written
