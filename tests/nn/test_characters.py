"""Letters of words: the same features as one word after the other, whatever stands beside it in the batch."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.nn import characters
from regard.nn.characters import CharacterCnn, distinct

WORDS = st.lists(st.lists(st.integers(1, 9), max_size=7), min_size=1, max_size=8)


def network(filter_width=3):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CharacterCnn(10, embedding_size=4, channels=5, filter_width=filter_width).double()


def padded(words, width=0):
    width = max([1, width, *map(len, words)])
    return torch.tensor([word + [0] * (width - len(word)) for word in words]).view(1, len(words), width)


def one_by_one(net, words):
    """The paper's sentence: convolve, then take the maximum over the characters of the word."""
    answers = [net.convolution(net.embedding(torch.tensor(word)).T).amax(1) if word else None for word in words]
    return torch.stack([torch.zeros(net.width).double() if answer is None else answer for answer in answers])


@pytest.mark.parametrize("filter_width", [1, 3, 5])
@settings(max_examples=30, deadline=None)
@given(WORDS, st.integers(0, 12))
def test_every_word_has_the_features_that_it_has_alone(filter_width, words, width):
    net = network(filter_width)
    torch.testing.assert_close(net(padded(words, width))[0], one_by_one(net, words))


def test_gradients_are_those_of_one_word_after_the_other():
    words = [[1, 2, 3], [4], [1, 2, 3], [], [5, 6, 7, 8, 9]]
    ours, plain = network(), network()
    weights = torch.randn(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (ours(padded(words))[0] * weights).sum().backward()
    (one_by_one(plain, words) * weights).sum().backward()
    for mine, other in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad)
        assert mine.grad.abs().sum() > 0
    assert not ours.embedding.weight.grad[0].any()


def test_gradients_are_right():
    net, words = network(), padded([[1, 2, 3], [4, 4], [9, 8]])
    parameters = tuple(net.parameters())
    names = [name for name, _ in net.named_parameters()]

    def features(*values):
        return torch.func.functional_call(net, dict(zip(names, values, strict=True)), (words,))

    assert torch.autograd.gradcheck(features, parameters)


def test_a_batch_without_a_single_character_has_zeros():
    assert not network()(torch.zeros(2, 3, 4, dtype=torch.long)).any()
    assert network()(torch.zeros(0, 3, 4, dtype=torch.long)).shape == (0, 3, 5)


def test_dropout_falls_on_characters_in_training_only():
    words = padded([[1, 2, 3], [4, 5, 6], [1, 2, 3]])
    net = network()
    net.dropout.p = 0.5
    expected = net.eval()(words)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = net.train()(words)
    assert not torch.equal(found, expected)
    assert torch.equal(found[0, 0], found[0, 2])
    assert torch.equal(net.eval()(words), expected)


def test_an_even_width_is_refused():
    with pytest.raises(ValueError, match="no middle"):
        CharacterCnn(10, filter_width=4)


@pytest.mark.parametrize("multiplier", [characters.MULTIPLIER, 0, 1], ids=["as it is", "all alike", "anagrams"])
@given(WORDS)
def test_different_rows_are_found_even_where_their_sums_are_the_same(multiplier, words):
    rows = padded(words)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(characters, "MULTIPLIER", multiplier)
        different, places = distinct(rows)
    assert torch.equal(different[places], rows)
    assert len(different) == len({tuple(row) for row in rows.tolist()})
