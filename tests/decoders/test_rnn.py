"""Recurrent decoders: all at once as by pieces, attention as its papers define it, padding that changes nothing."""

import itertools

import pytest
import torch
from torch import nn

from regard.decoders.rnn import RnnDecoder
from regard.nn.recurrent import CELLS
from regard.registry import SCORES

ATTENTIONS = ("dot", "general", "concat", "additive")
KINDS = [(None, None), (6, None), *((6, attention) for attention in ATTENTIONS)]
ALL = [(cell, *kind) for cell, kind in itertools.product(CELLS, KINDS)]
IDS = torch.tensor([[2, 5, 3, 7, 1], [2, 4, 4, 0, 0], [2, 8, 9, 3, 0]])
KEEP = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 1, 0]]).bool()


def decoder(cell="lstm", memory_width=6, attention="dot", **options):
    torch.manual_seed(0)
    sizes = {"vocabulary": 11, "embedding_size": 5, "width": 8, "layers": 2, "pad_id": 0}
    made = RnnDecoder(cell=cell, memory_width=memory_width, attention=attention, **{**sizes, **options}).double().eval()
    for weight in made.parameters():
        weight.data += 0.3 * torch.randn_like(weight)
    return made


def memory_of(model):
    torch.manual_seed(1)
    return (None, None) if model.begin is None else (torch.randn(3, 4, 6, dtype=torch.float64), KEEP)


def forward(model):
    return model(IDS, *memory_of(model)).logits


@pytest.mark.parametrize(("cell", "memory_width", "attention"), ALL)
def test_a_text_at_once_and_by_pieces_has_the_same_logits(cell, memory_width, attention):
    model = decoder(cell, memory_width, attention)
    state = model.start(*memory_of(model), rows=3)
    first, state = model.extend(IDS[:, :2], state)
    second, state = model.step(IDS[:, 2], state)
    third, _ = model.extend(IDS[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second[:, None], third], dim=1), forward(model))


@pytest.mark.parametrize(("cell", "memory_width", "attention"), ALL)
def test_a_reordered_state_goes_on_as_the_rows_it_is_made_of(cell, memory_width, attention):
    model = decoder(cell, memory_width, attention)
    _, state = model.extend(IDS[:, :3], model.start(*memory_of(model), rows=3))
    expected, _ = model.step(IDS[:, 3], state)
    for rows in ([2, 0, 0, 1], [1], [0, 1, 2]):
        found, after = model.step(IDS[rows, 3], model.reorder(state, torch.tensor(rows)))
        torch.testing.assert_close(found, expected[rows])
        back, _ = model.step(IDS[rows, 4], model.reorder(after, torch.arange(len(rows))))
        assert back.shape == found.shape


@pytest.mark.parametrize(("cell", "memory_width", "attention"), [kind for kind in ALL if kind[1]])
def test_a_row_is_the_same_alone_and_beside_longer_ones(cell, memory_width, attention):
    model = decoder(cell, memory_width, attention)
    memory, keep = memory_of(model)
    together = model(IDS, memory.masked_fill(~keep[..., None], 1e3), keep).logits
    for row, (words, kept) in enumerate(zip((5, 3, 4), keep.sum(1), strict=True)):
        alone = model(IDS[row : row + 1, :words], memory[row : row + 1, :kept]).logits
        torch.testing.assert_close(together[row : row + 1, :words], alone)


@pytest.mark.parametrize("tie", [True, False])
@pytest.mark.parametrize(("cell", "memory_width", "attention"), ALL)
def test_every_parameter_gets_a_gradient(cell, memory_width, attention, tie):
    model = decoder(cell, memory_width, attention, tie=tie)
    forward(model).square().sum().backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()] == []


@pytest.mark.parametrize(("cell", "attention"), [*itertools.product(CELLS, ["general"]), ("lstm", "additive")])
def test_gradients_are_those_of_differences(cell, attention):
    model = decoder(cell, 6, attention, width=3, embedding_size=2, vocabulary=10)
    ids, (memory, keep) = IDS.clamp(min=1), memory_of(model)  # padding's own vector does not learn by being read
    names, weights = zip(*model.named_parameters(), strict=True)

    def logits(memory, *weights):
        return torch.func.functional_call(model, dict(zip(names, weights, strict=True)), (ids, memory, keep)).logits

    assert torch.autograd.gradcheck(logits, (memory.requires_grad_(), *weights), fast_mode=True)


@pytest.mark.parametrize(("cell", "attention"), [*itertools.product(CELLS, ATTENTIONS)])
def test_a_step_is_that_of_luong_et_al_with_input_feeding(cell, attention):
    """One row, one layer, token by token, with torch's own cells."""
    model = decoder(cell, 6, attention, layers=1, tie=False)
    memory = memory_of(model)[0][:1]
    peer = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}[cell](5 + 8, 8).double()
    for name, weight in model.layers[0].named_parameters():
        getattr(peer, name.removesuffix("_l0")).data = weight.data
    score, combine = model.attention.score, model.attention.combine
    keys = model.attention.keys(memory)
    begun = model.begin(memory.mean(1)).tanh()
    state = begun.chunk(2, dim=-1) if cell == "lstm" else begun
    fed, expected, met = torch.zeros(1, 8).double(), [], []
    for token in IDS[:1].T:
        state = peer(torch.cat([model.embedding(token) * 5**0.5, fed], dim=-1), state)
        hidden = state[0] if cell == "lstm" else state
        weights = score(hidden[:, None, None], keys[:, None]).softmax(-1)[:, 0]
        context = (weights @ memory)[:, 0]
        fed = combine(torch.cat([context, hidden], dim=-1)).tanh()
        expected.append(model.output(fed))
        met.append(weights)
    found = model(IDS[:1], memory, need_weights=True)
    torch.testing.assert_close(found.logits, torch.stack(expected, dim=1))
    torch.testing.assert_close(found.attentions[0], torch.stack(met, dim=2))


def test_weights_are_shares_of_the_kept_places():
    model = decoder("gru", 6, "additive")
    found = model(IDS, *memory_of(model), need_weights=True)
    (weights,) = found.attentions
    assert weights.shape == (3, 1, 5, 4)
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))
    assert not weights.masked_select(~KEEP[:, None, None]).any()
    assert decoder("gru", 6, None)(IDS, *memory_of(model), need_weights=True).attentions is None


def test_without_attention_all_that_is_known_of_the_source_is_its_two_ends():
    model = decoder("lstm", 6, None)
    memory, keep = memory_of(model)
    expected, between = model(IDS, memory, keep).logits, memory.clone()
    between[0, 1:3] = 9.0
    torch.testing.assert_close(model(IDS, between, keep).logits, expected)
    between[0, 3] = 9.0
    assert not torch.allclose(model(IDS, between, keep).logits[0], expected[0])


def test_an_lstm_begins_with_its_forget_gate_open():
    model = RnnDecoder(cell="lstm", vocabulary=11, embedding_size=5, width=8, layers=2)
    for layer in model.layers:
        assert layer.bias_ih_l0[8:16].eq(1.0).all()


def test_a_shared_embedding_is_the_one_given_and_the_output_map_too():
    embedding = nn.Embedding(11, 5)
    model = RnnDecoder(cell="gru", vocabulary=11, embedding_size=5, width=5, layers=1, embedding=embedding)
    assert model.embedding is embedding
    assert model.output is None
    assert model.narrow is None


def test_sizes_that_cannot_be_are_refused():
    sizes = {"cell": "lstm", "vocabulary": 11, "embedding_size": 5, "width": 8, "layers": 1}
    with pytest.raises(ValueError, match="needs a memory"):
        RnnDecoder(**sizes, attention="dot")
    with pytest.raises(ValueError, match="an embedding of"):
        RnnDecoder(**sizes, embedding=nn.Embedding(3, 5))
    model = RnnDecoder(**sizes)
    with pytest.raises(ValueError, match="has no memory"):
        model.start(torch.zeros(1, 2, 6), rows=1)
    with pytest.raises(ValueError, match="how many rows"):
        model.start()
    with pytest.raises(ValueError, match="needs a memory"):
        RnnDecoder(**sizes, memory_width=6).start(rows=1)


@pytest.mark.parametrize("word", ATTENTIONS)
def test_a_score_in_steps_is_the_score(word):
    torch.manual_seed(0)
    score = SCORES[word].load()(2, 4).double()
    query, key = torch.randn(3, 2, 5, 4, dtype=torch.float64), torch.randn(3, 2, 6, 4, dtype=torch.float64)
    query.requires_grad_()
    key.requires_grad_()
    one = score.in_steps(score.prepare(key), 5)
    found, expected = torch.cat([one(part) for part in query.split(1, dim=2)], dim=2), score(query, key)
    torch.testing.assert_close(found, expected)
    given = [query, key, *score.parameters()]
    pairs = (torch.autograd.grad(scores.square().sum(), given) for scores in (found, expected))
    for one, other in zip(*pairs, strict=True):
        torch.testing.assert_close(one, other)
