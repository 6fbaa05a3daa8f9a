"""A linear-chain CRF against all paths, one by one, and against pytorch-crf."""

import itertools

import pytest
import torch
import torchcrf
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.nn.crf import FORBIDDEN, Chain, LinearChainCrf, allowed_by
from regard.records.tags import entities, follows, spelled

BIO = ["O", "B-a", "I-a", "B-b", "I-b"]
BIOES = ["O", "B-a", "I-a", "E-a", "S-a"]


def crf(tags, allowed=None, seed=0):
    made = LinearChainCrf(tags, allowed).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, dtype=torch.float64, generator=generator))
    return made


def texts(lengths, tags, seed=0, width=None):
    generator = torch.Generator().manual_seed(seed)
    width = max(lengths) if width is None else width
    emissions = torch.randn(len(lengths), width, tags, dtype=torch.float64, generator=generator) * 2
    return emissions, torch.arange(width) < torch.tensor(lengths)[:, None]


def readings(chain, emissions):
    """Every path of one text `[t k]` with its score, added up as it is written."""
    words, tags = emissions.shape
    for path in itertools.product(range(tags), repeat=words):
        score = sum(emissions[word, tag].item() for word, tag in enumerate(path))
        score += sum(chain.transitions[one, next_one].item() for one, next_one in itertools.pairwise(path))
        if path:
            score += chain.start[path[0]].item() + chain.end[path[-1]].item()
        yield path, score


@st.composite
def cases(draw):
    tags = draw(st.integers(1, 4))
    lengths = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    width = max(lengths) + draw(st.integers(0, 2))
    bits = draw(st.one_of(st.none(), st.lists(st.booleans(), min_size=(tags + 1) ** 2, max_size=(tags + 1) ** 2)))
    allowed = None if bits is None else torch.tensor(bits).view(tags + 1, tags + 1)
    if allowed is not None:
        allowed[:, 0] = allowed[0] = True  # one tag that may stand anywhere, as O may: some path is always open
    seed = draw(st.integers(0, 1000))
    return crf(tags, allowed, seed), *texts(lengths, tags, seed, width), lengths


@settings(max_examples=60, deadline=None)
@given(cases())
def test_partition_likelihood_marginals_and_best_path_are_those_of_all_paths(case):
    model, emissions, keep, lengths = case
    partition, marginals, best = (
        part(emissions, keep) for part in (model.log_partition, model.marginals, model.viterbi)
    )
    for row, length in enumerate(lengths):
        paths = list(readings(model.chain(), emissions[row, :length]))
        scores = torch.tensor([score for _, score in paths], dtype=torch.float64)
        torch.testing.assert_close(partition[row].detach(), scores.logsumexp(0))
        assert best[row] == list(max(paths, key=lambda item: item[1])[0])
        probabilities = scores.softmax(0)
        expected = torch.zeros_like(marginals[row])
        for (path, _), probability in zip(paths, probabilities, strict=True):
            for word, tag in enumerate(path):
                expected[word, tag] += probability
        torch.testing.assert_close(marginals[row].detach(), expected)
        path, own = paths[len(paths) // 2]
        if own > FORBIDDEN / 2:
            tags = torch.tensor([list(path) + [0] * (keep.shape[1] - length)], dtype=torch.long)
            found = model.log_likelihood(emissions[row : row + 1], tags, keep[row : row + 1])
            torch.testing.assert_close(found[0].detach(), probabilities[len(paths) // 2].log())


@settings(max_examples=30, deadline=None)
@given(cases())
def test_marginals_are_the_gradient_of_the_partition(case):
    model, emissions, keep, _ = case
    emissions.requires_grad_()
    model.log_partition(emissions, keep).sum().backward()
    torch.testing.assert_close(model.marginals(emissions, keep), emissions.grad)


@settings(max_examples=30, deadline=None)
@given(cases())
def test_what_stands_in_the_padding_changes_nothing(case):
    model, emissions, keep, _ = case
    other = torch.where(keep[..., None], emissions, 1e4)
    tags = torch.zeros(keep.shape, dtype=torch.long)
    assert torch.equal(
        model.log_likelihood(other, tags - 100 * ~keep, keep), model.log_likelihood(emissions, tags, keep)
    )
    assert torch.equal(model.marginals(other, keep), model.marginals(emissions, keep))
    assert model.viterbi(other, keep) == model.viterbi(emissions, keep)


def test_gradients_are_right():
    model = crf(5, allowed_by("bio", BIO))
    emissions, keep = texts([4, 1, 3], 5)
    tags = torch.tensor([[0, 1, 2, 0], [3, 0, 0, 0], [1, 2, 2, 0]])

    def likelihood(emissions, *_):
        return model.log_likelihood(emissions, tags, keep)

    # Parameters are moved in place by gradcheck, so that the function need not take them.
    assert torch.autograd.gradcheck(likelihood, (emissions.requires_grad_(), *model.parameters()))


def test_the_same_as_pytorch_crf():
    """torchcrf (Kemal Kurniawan), where nothing is forbidden."""
    peer, ours = torchcrf.CRF(6, batch_first=True).double(), crf(6)
    with torch.no_grad():
        peer.transitions.copy_(ours.transitions)
        peer.start_transitions.copy_(ours.start)
        peer.end_transitions.copy_(ours.end)
    emissions, keep = texts([9, 1, 30, 17], 6)
    tags = torch.randint(0, 6, keep.shape, generator=torch.Generator().manual_seed(2))
    expected = peer(emissions, tags, mask=keep, reduction="none")
    torch.testing.assert_close(ours.log_likelihood(emissions, tags, keep), expected)
    assert ours.viterbi(emissions, keep) == peer.decode(emissions, mask=keep)


@pytest.mark.parametrize(("scheme", "tags"), [("bio", BIO), ("bioes", BIOES)])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_forbidden_step_is_never_taken_whatever_the_words_say(scheme, tags, data):
    seed, scale = data.draw(st.integers(0, 10_000)), data.draw(st.sampled_from([1.0, 30.0, 1000.0]))
    emissions, keep = texts([7, 1, 2, 5], len(tags), seed)
    model = crf(len(tags), allowed_by(scheme, tags), seed).float()
    for chain in (model.chain(), Chain.constrained(allowed_by(scheme, tags))):
        for row in chain.viterbi(scale * emissions.float(), keep):
            named = [tags[tag] for tag in row]
            assert all(follows(*step, scheme) for step in itertools.pairwise([None, *named, None]))
            assert spelled(entities(named), len(named), scheme) == named


def test_what_is_forbidden_learns_nothing_and_no_gradient_is_nan():
    allowed = allowed_by("bioes", BIOES)
    model = LinearChainCrf(len(BIOES), allowed)
    emissions, keep = texts([40, 1, 6], len(BIOES))
    emissions = (30 * emissions).float().requires_grad_()
    tags = torch.zeros(keep.shape, dtype=torch.long)
    loss = -model.log_likelihood(emissions, tags, keep).sum()
    loss.backward()
    assert loss.isfinite()
    assert emissions.grad.isfinite().all()
    for gradient, open_ones in [
        (model.transitions.grad, allowed[:-1, :-1]),
        (model.start.grad, allowed[-1, :-1]),
        (model.end.grad, allowed[:-1, -1]),
    ]:
        assert gradient.isfinite().all()
        assert not gradient[~open_ones].any()
        assert gradient[open_ones].any()


def test_a_long_text_in_single_precision_is_near_to_double():
    emissions, keep = texts([2000], 5)
    model = crf(5, allowed_by("bio", BIO))
    double, marginals = model.log_partition(emissions, keep), model.marginals(emissions, keep)
    model.float()
    torch.testing.assert_close(model.log_partition(emissions.float(), keep).double(), double, rtol=1e-5, atol=0)
    torch.testing.assert_close(model.marginals(emissions.float(), keep).double(), marginals, rtol=0, atol=1e-3)


def test_a_text_without_words_has_one_reading():
    model = crf(5)
    for emissions, keep in (texts([0, 0], 5), texts([0, 2], 5)):
        tags = torch.zeros(keep.shape, dtype=torch.long)
        likelihood = model.log_likelihood(emissions.requires_grad_(), tags, keep)
        likelihood.sum().backward()
        assert emissions.grad[0].eq(0).all()
        assert likelihood[0] == 0
        assert model.log_partition(emissions, keep)[0] == 0
        assert model.viterbi(emissions, keep)[0] == []
        assert not model.marginals(emissions, keep)[0].any()


def test_where_no_path_is_open_the_one_that_breaks_least_is_given():
    tags = ["B-a", "E-a"]
    emissions, keep = texts([3], 2)
    model = crf(2, allowed_by("bioes", tags))
    assert model.viterbi(emissions, keep)[0][0] == 0
    assert model.log_partition(emissions, keep).isfinite().all()


def test_rules_of_another_size_are_refused():
    with pytest.raises(ValueError, match="6 rows, but there are 4 tags"):
        LinearChainCrf(4, allowed_by("bio", BIO))


def test_rules_are_saved_with_the_rest():
    saved = crf(5, allowed_by("bio", BIO)).state_dict()
    again = LinearChainCrf(5, torch.ones(6, 6, dtype=torch.bool)).double()
    again.load_state_dict(saved)
    assert torch.equal(again.allowed, allowed_by("bio", BIO))
    assert set(saved) == {"transitions", "start", "end", "allowed"}
