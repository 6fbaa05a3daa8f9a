"""Checkpoints of every family as taggers: windows, first pieces, heads that are kept or begun again."""

import re

import pytest
import torch
from tests import checkpoints
from transformers import AutoModelForTokenClassification, AutoTokenizer, T5Config, pipeline

from regard.encoders.options import CheckpointOptions
from regard.encoders.pretrained import load_head
from regard.encoders.pretrained_tagger import load_tagger
from regard.errors import ModelError
from regard.recipe import PreprocessOptions
from regard.tasks.tag.networks import decode, tag_loss
from regard.text.batch import pad
from regard.text.normalise import Normaliser
from regard.text.piece_encoder import PieceEncoder
from regard.text.tokenise import load_tokenizer

TEXTS = ["Ada met Charles in London yesterday evening", "no", "Paris", "she lives in York"]
WORDS = [[match.span() for match in re.finditer(r"\S+", text)] for text in TEXTS]
TAGS = ["O", "B-who", "B-where"]
GOLD = [[1, 0, 1, 0, 2, 0, 0], [0], [2], [0, 0, 0, 2]]


@pytest.fixture(params=checkpoints.FAMILIES)
def folder(request, tmp_path):
    return checkpoints.make(request.param, tmp_path / "checkpoint", TEXTS)


def load(place, tags=TAGS, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return load_tagger(str(place), list(tags), options=CheckpointOptions(), offline=True, pad_token_id=0).eval()


def piece_encoder(place, max_length=32):
    return PieceEncoder(load_tokenizer(str(place)), Normaliser(PreprocessOptions()), max_length)


def word_logits(model, encoded, pad_id):
    """Of each text `[words k]`, each word's from the window that answers for it."""
    rows = []
    for item in encoded:
        ids, keep = pad([window.ids for window in item.windows], pad_id)
        logits = model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(keep).long()).logits
        rows.append(torch.stack([logits[window, token] for window, token in item.places()]))
    return rows


def test_every_family_learns_a_tiny_set_from_first_pieces(folder):
    model, own = load(folder), piece_encoder(folder)
    encoded = own.encode(TEXTS, WORDS)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)

    def inputs():
        logits = torch.nn.utils.rnn.pad_sequence(word_logits(model, encoded, own.pad_id), batch_first=True)
        return logits, torch.arange(logits.shape[1]) < torch.tensor([len(row) for row in GOLD])[:, None]

    labels = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in GOLD], batch_first=True)
    for _ in range(60):
        optimizer.zero_grad()
        total, words = tag_loss(model, *inputs()[:1], labels, inputs()[1])
        if total < 0.5:
            break
        (total / words).backward()
        optimizer.step()
    assert decode(model, *inputs())[0] == GOLD


def test_a_text_alone_has_the_logits_that_it_has_in_a_padded_batch(folder):
    model, own = load(folder), piece_encoder(folder)
    encoded = own.encode(TEXTS, WORDS)
    ids, keep = pad([item.ids for item in encoded], own.pad_id)
    with torch.no_grad():
        together = model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(keep).long()).logits
        for row, alone in enumerate(word_logits(model, encoded, own.pad_id)):
            torch.testing.assert_close(together[row, encoded[row].first], alone, atol=2e-6, rtol=0)


def test_plain_transformers_and_its_pipeline_load_what_was_trained(folder, tmp_path):
    model, own = load(folder), piece_encoder(folder)
    model.save_pretrained(tmp_path / "model")
    own.save(tmp_path / "model")
    again = AutoModelForTokenClassification.from_pretrained(tmp_path / "model")
    assert type(again).__module__.startswith("transformers.")
    assert again.config.id2label == dict(enumerate(TAGS))
    pipe = pipeline("token-classification", model=again, tokenizer=AutoTokenizer.from_pretrained(tmp_path / "model"))
    assert all(item["entity"] in TAGS for item in pipe(TEXTS[0]))


@pytest.mark.parametrize(("tags", "kept"), [(TAGS, True), ([*TAGS[::-1]], False), (["O", "B-x", "I-x", "B-y"], False)])
def test_a_head_is_kept_for_its_own_tags_only(folder, tmp_path, tags, kept):
    model = load(folder)
    model.save_pretrained(tmp_path / "trained")
    again = load(tmp_path / "trained", tags, seed=9)
    assert again.config.num_labels == len(tags)
    one, other = model.state_dict()["classifier.weight"], again.state_dict()["classifier.weight"]
    assert (one.shape == other.shape and torch.equal(one, other)) == kept
    base = model.base_model.state_dict()
    assert all(torch.equal(value, base[name]) for name, value in again.base_model.state_dict().items())


def test_a_long_text_is_answered_by_windows(folder):
    model, own = load(folder), piece_encoder(folder, max_length=8)
    [encoded] = own.encode([TEXTS[0]], [WORDS[0]])
    assert len(encoded.windows) > 1
    assert [len(row) for row in word_logits(model, [encoded], own.pad_id)] == [7]


def test_dropout_is_that_of_the_options(folder):
    model = load_tagger(str(folder), TAGS, options=CheckpointOptions(dropout=0.25), offline=True, pad_token_id=0)
    assert 0.25 in {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)}


def test_a_checkpoint_without_such_a_head_is_refused(tmp_path):
    T5Config(d_model=16, num_layers=1, num_heads=2, vocab_size=40, model_type="t5").save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="can't be loaded as a tagger"):
        load(tmp_path)


def test_a_pattern_is_carried_and_places_are_added(tmp_path):
    place = checkpoints.make("bert", tmp_path / "checkpoint", TEXTS)
    pattern = {"pattern": "window", "left": 2, "right": 2}
    model = load_tagger(
        str(place), TAGS, options=CheckpointOptions(), offline=True, pad_token_id=0, attention=pattern, max_length=100
    )
    assert model.config.max_position_embeddings == 100
    model.save_pretrained(tmp_path / "patterned")
    again = load_tagger(str(tmp_path / "patterned"), TAGS, options=CheckpointOptions(), offline=True)
    assert again.config.attention_pattern["left"] == 2


def test_a_head_without_labels_has_a_beginning_and_an_end(folder, tmp_path):
    """Over a classifier of three labels too."""
    load(folder).save_pretrained(tmp_path / "three")

    def finder(place, seed=0):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return load_head(
                "AutoModelForQuestionAnswering",
                str(place),
                "a reader of answers",
                labels=None,
                options=CheckpointOptions(),
                offline=True,
                pad_token_id=0,
            ).eval()

    model = finder(tmp_path / "three")
    ids = torch.tensor([[5, 6, 7, 8]])
    expected = model(input_ids=ids)
    assert expected.start_logits.shape == expected.end_logits.shape == (1, 4)
    model.save_pretrained(tmp_path / "trained")
    again = finder(tmp_path / "trained", seed=9)(input_ids=ids)
    assert torch.equal(again.start_logits, expected.start_logits)
