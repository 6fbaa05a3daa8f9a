"""Loss and decoding of taggers: sums that add up, gaps that are closed, no entity that is broken."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from regard.encoders.rnn import RnnConfig
from regard.errors import UsageError
from regard.records.tags import follows
from regard.tasks.tag.networks import IGNORED, decode, tag_loss, tagger_class, tags_of

BIO = ["O", "B-a", "I-a", "B-b", "I-b"]
PARTS = ["noun", "verb", "O"]


def tagger(tags=BIO, seed=0, **settings):
    config = RnnConfig(
        architecture="gru",
        vocab_size=20,
        embedding_size=6,
        hidden_size=4,
        id2label=dict(enumerate(tags)),
        label2id={tag: number for number, tag in enumerate(tags)},
        **settings,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return tagger_class(RnnConfig)(config)


def scores(tags=5, lengths=(6, 1, 4), seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(len(lengths), max(lengths), tags, generator=generator)
    labels = torch.randint(0, tags, logits.shape[:2], generator=generator)
    return logits, labels, torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def test_without_a_crf_it_is_cross_entropy():
    logits, labels, keep = scores()
    total, words = tag_loss(tagger(), logits, labels, keep)
    assert words == 11
    torch.testing.assert_close(total, F.cross_entropy(logits[keep], labels[keep], reduction="sum"))


def test_with_a_crf_it_is_the_likelihood_of_whole_texts():
    model = tagger(PARTS, crf=True)
    torch.nn.init.normal_(model.crf.transitions, generator=torch.Generator().manual_seed(0))
    logits, labels, keep = scores(3)
    total, words = tag_loss(model, logits, labels, keep)
    assert words == 11
    torch.testing.assert_close(total, -model.crf.log_likelihood(logits, labels, keep).sum())


@pytest.mark.parametrize("crf", [False, True])
def test_the_loss_of_a_batch_is_the_sum_of_its_texts(crf):
    model = tagger(PARTS, crf=crf)
    logits, labels, keep = scores(3)
    whole, words = tag_loss(model, logits, labels, keep)
    parts = [tag_loss(model, logits[row : row + 1], labels[row : row + 1], keep[row : row + 1]) for row in range(3)]
    torch.testing.assert_close(sum(total for total, _ in parts), whole)
    assert sum(count for _, count in parts) == words


@pytest.mark.parametrize("crf", [False, True])
def test_places_without_a_tag_are_no_part_of_the_text(crf):
    """The later pieces of a word and special tokens, where a checkpoint's logits are compared as they come."""
    model = tagger(PARTS, crf=crf)
    logits, labels, keep = scores(3, (4,))
    expected = tag_loss(model, logits, labels, keep)
    wide = torch.full((1, 7, 3), 99.0)
    spread = torch.full((1, 7), IGNORED)
    for place, own in zip((1, 2, 4, 5), range(4), strict=True):
        wide[0, place], spread[0, place] = logits[0, own], labels[0, own]
    found = tag_loss(model, wide, spread, torch.ones(1, 7, dtype=torch.bool))
    torch.testing.assert_close(found[0], expected[0])
    assert found[1] == expected[1] == 4


@pytest.mark.parametrize("crf", [False, True])
def test_a_batch_without_a_word_has_no_loss(crf):
    model, (logits, labels, keep) = tagger(PARTS, crf=crf), scores(3)
    total, words = tag_loss(model, logits.requires_grad_(), labels, torch.zeros_like(keep))
    total.backward()
    assert (float(total.detach()), words) == (0.0, 0)
    assert not logits.grad.any()
    assert decode(model, logits, torch.zeros_like(keep)) == ([[], [], []], [[], [], []])


def test_without_rules_each_word_has_its_likeliest_tag():
    logits, _, keep = scores(3)
    tags, sure = decode(tagger(PARTS), logits, keep)
    assert tags == [logits[row, :length].argmax(-1).tolist() for row, length in enumerate((6, 1, 4))]
    assert sure[1] == pytest.approx([float(logits[1, 0].softmax(-1).max())])


def test_with_a_scheme_it_is_the_likeliest_reading_that_keeps_to_it():
    logits, _, keep = scores(lengths=(4, 1, 3), seed=3)
    logits[0, 0, 2] = 20.0  # an I- where a text begins
    tags, sure = decode(tagger(), logits, keep)
    for row, length in enumerate((4, 1, 3)):
        names = tags_of(tagger().config)
        readings = [
            path
            for path in itertools.product(range(5), repeat=length)
            if all(follows(*step, "bio") for step in itertools.pairwise([None, *(names[tag] for tag in path), None]))
        ]
        total = torch.tensor([sum(float(logits[row, word, tag]) for word, tag in enumerate(path)) for path in readings])
        assert tags[row] == list(readings[int(total.argmax())])
        share = total.softmax(0)
        for word, tag in enumerate(tags[row]):
            expected = sum(float(share[number]) for number, path in enumerate(readings) if path[word] == tag)
            assert sure[row][word] == pytest.approx(expected, abs=1e-5)


def test_with_a_crf_confidences_are_its_marginals():
    model = tagger(crf=True)
    torch.nn.init.normal_(model.crf.transitions, generator=torch.Generator().manual_seed(0))
    logits, _, keep = scores()
    tags, sure = decode(model, logits, keep)
    assert tags == model.crf.viterbi(logits, keep)
    marginals = model.crf.marginals(logits, keep).detach()
    for row, own in enumerate(tags):
        assert sure[row] == pytest.approx([float(marginals[row, word, tag]) for word, tag in enumerate(own)])


def test_logits_in_half_precision_are_summed_in_single():
    model, (logits, labels, keep) = tagger(crf=True), scores()
    labels = torch.zeros_like(labels)
    half, _ = tag_loss(model, logits.bfloat16(), labels, keep)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, tag_loss(model, logits.bfloat16().float(), labels, keep)[0])
    assert decode(model, logits.bfloat16(), keep) == decode(model, logits.bfloat16().float(), keep)


def test_forward_gives_a_words_loss_on_average():
    model = tagger(crf=True).eval()
    ids, labels = torch.tensor([[3, 4, 5], [6, 0, 0]]), torch.tensor([[0, 1, 2], [0, IGNORED, IGNORED]])
    output = model(ids, (ids != 0).long(), labels=labels)
    total, words = tag_loss(model, output.logits, labels, ids != 0)
    torch.testing.assert_close(output.loss, total / 4)
    assert words == 4


def test_a_share_of_words_is_unknown_in_training_only():
    model = tagger(word_dropout=0.5, unk_token_id=1, dropout=0.0, embedding_dropout=0.0)
    ids = torch.arange(2, 18).view(1, 16)
    expected = model.eval()(ids).logits
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = model.train()(ids).logits
    assert not torch.equal(found, expected)
    assert torch.equal(model.eval()(ids).logits, expected)
    model.config.word_dropout = 1.0
    torch.testing.assert_close(model.train()(ids).logits, model.eval()(torch.ones_like(ids)).logits)


def test_a_tagger_that_reads_characters_says_when_it_is_given_none():
    model = tagger(character_vocab_size=9, character_channels=3)
    with pytest.raises(UsageError, match="reads characters"):
        model(torch.tensor([[3, 4]]))


def test_word_vectors_are_taken_and_may_stay_as_they_are():
    model = tagger(train_vectors=False, crf=True)
    matrix = torch.randn(20, 6, generator=torch.Generator().manual_seed(0))
    model.set_word_vectors(matrix)
    ids = torch.tensor([[3, 4, 5]])
    model.train()(ids, labels=torch.tensor([[0, 1, 2]])).loss.backward()
    assert torch.equal(model.embedding.weight[1:], matrix[1:])
    assert not model.embedding.weight[0].any()
    assert model.embedding.weight.grad is None
    assert model.head.weight.grad.any()
