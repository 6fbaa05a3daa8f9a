"""What every network of the registry must keep as a finder of answers, with every one of its tiny examples."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import processors
from torch.nn import functional as F
from transformers import AutoModelForQuestionAnswering

import regard.auto  # noqa: F401
from regard.recipe import PreprocessOptions, TokenOptions
from regard.registry import ARCHITECTURES
from regard.tasks.answer.networks import finder_class, finder_classes, span_loss
from regard.tasks.answer.span_search import best_spans
from regard.text.normalise import Normaliser
from regard.text.pair_encoder import PairEncoder, answer_positions, padded
from regard.text.tokenise import train_tokenizer

# Each question has a context of its own: a CNN, or a transformer-xl with a short memory, sees no more than a few tokens
# at once and can't tell two questions to one context apart.
ROWS = [
    ("who built it?", "ada built the bridge in may", "ada"),
    ("what was built?", "they wanted to have a bank so here it is", "a bank"),
    ("when?", "in june of that year", "june"),
    ("who fell?", "one night the wall fell and old tom with it into the river of that name and was lost", "old tom"),
    ("who?", "nobody came", None),
]
QUESTIONS, CONTEXTS, _ = zip(*ROWS, strict=True)

CASES = [
    pytest.param(word, example, id=f"{word}-{number}")
    for word, entry in ARCHITECTURES.items()
    if entry.kind == "network"
    for number, example in enumerate(entry.load_options().examples)
]

for config, model in finder_classes().items():
    AutoModelForQuestionAnswering.register(config, model, exist_ok=True)


def test_every_network_is_covered():
    words = {case.values[0] for case in CASES}
    assert words == {word for word, entry in ARCHITECTURES.items() if entry.kind == "network"}
    assert len(words) == 9
    assert len(finder_classes()) == 7


def make_encoder():
    tokenizer = train_tokenizer([*QUESTIONS, *CONTEXTS, "why?"], TokenOptions(kind="word", minimum_frequency=1))
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(word, tokenizer.convert_tokens_to_ids(word)) for word in ("[CLS]", "[SEP]")],
    )
    return PairEncoder(tokenizer, Normaliser(PreprocessOptions()), max_length=16, stride=3)


ENCODER = make_encoder()
PAIRS = ENCODER.encode(QUESTIONS, CONTEXTS)
WINDOWS = [window for pair in PAIRS for window in pair.windows]


def build(word, example):
    entry = ARCHITECTURES[word]
    options = entry.load_options()(**example).model_dump()
    options.pop("vectors")
    config_class = entry.load()
    config = config_class(
        architecture=word, vocab_size=len(ENCODER.vocabulary), max_position_embeddings=16, pad_token_id=ENCODER.pad_id,
        **options,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return finder_class(config_class)(config)


def inputs(windows):
    return {name: torch.from_numpy(values) for name, values in padded(windows, ENCODER.pad_id).items()}


def positions(pairs, rows):
    """First and last tokens `[w]` of the answers in all windows."""
    found = []
    for pair, (_, context, answer) in zip(pairs, rows, strict=True):
        start = context.index(answer) if answer else 0
        found += answer_positions(pair, start, start + len(answer or ""))
    return tuple(torch.tensor(found).T)


def scores(model, windows):
    """`[w t]` twice."""
    with torch.no_grad():
        out = model.eval()(**inputs(windows))
    return out.start_logits.double().numpy(), out.end_logits.double().numpy()


def loss_of(model, windows, gold):
    batch = inputs(windows)
    out = model(**batch)
    return span_loss(out.start_logits, out.end_logits, *gold, batch["attention_mask"].bool())


def learn(model, windows, gold):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model.train()
        for _ in range(150):
            optimizer.zero_grad()
            total, n = loss_of(model, windows, gold)
            (total / n).backward()
            optimizer.step()
            if total / n < 0.02:
                break


def answers_of(model, pairs, contexts):
    """The best answer to each question, None where no answer is likelier."""
    start, end = scores(model, [window for pair in pairs for window in pair.windows])
    said, row = [], 0
    for pair, context in zip(pairs, contexts, strict=True):
        own = slice(row, row := row + len(pair.windows))
        found = best_spans(start[own], end[own], pair)
        first, last = found.spans[0]
        said.append(context[first:last] if found.no_answer < found.probabilities[0] else None)
    return said


def test_the_rows_have_answers_in_windows_and_windows_without():
    starts, _ = positions(PAIRS, ROWS)
    assert len(WINDOWS) > len(ROWS)
    assert 0 < int((starts == 0).sum()) < len(WINDOWS)
    assert len({len(window.ids) for window in WINDOWS}) > 1


@pytest.mark.parametrize(("word", "example"), CASES)
def test_alone_equals_in_a_padded_batch(word, example):
    model = build(word, example).double()
    together = scores(model, WINDOWS)
    for row, window in enumerate(WINDOWS):
        for of_all, alone in zip(together, scores(model, [window]), strict=True):
            np.testing.assert_allclose(of_all[row, : len(window.ids)], alone[0], atol=1e-12)


@pytest.mark.parametrize(("word", "example"), CASES)
def test_every_parameter_gets_a_gradient(word, example):
    model = build(word, example).train()
    total, windows = loss_of(model, WINDOWS, positions(PAIRS, ROWS))
    total.backward()
    assert windows == len(WINDOWS)
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert silent == []
    assert model.segment.weight.grad.abs().sum(1).gt(0).all()


@pytest.mark.parametrize(("word", "example"), CASES)
def test_saved_and_loaded_gives_the_same_scores(word, example, tmp_path: Path):
    model = build(word, example)
    expected = scores(model, WINDOWS)
    model.save_pretrained(tmp_path)
    loaded = AutoModelForQuestionAnswering.from_pretrained(tmp_path)
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(scores(loaded, WINDOWS), expected)


@pytest.mark.parametrize(("word", "example"), CASES)
def test_a_tiny_set_is_learned_wholly(word, example):
    model = build(word, {**example, "dropout": 0.0, "embedding_dropout": 0.0})
    learn(model, WINDOWS, positions(PAIRS, ROWS))
    assert answers_of(model, PAIRS, CONTEXTS) == [answer for _, _, answer in ROWS]


@pytest.mark.parametrize("word", ["gru", "transformer", "longformer"])
def test_two_questions_to_one_context_are_told_apart(word):
    context = "ada built the bridge in may"
    rows = [
        ("who?", context, "ada"),
        ("what?", context, "the bridge"),
        ("when?", context, "may"),
        ("why?", context, None),
    ]
    pairs = ENCODER.encode([row[0] for row in rows], [context] * len(rows))
    example = ARCHITECTURES[word].load_options().examples[0]
    model = build(word, {**example, "dropout": 0.0, "embedding_dropout": 0.0})
    learn(model, [window for pair in pairs for window in pair.windows], positions(pairs, rows))
    assert answers_of(model, pairs, [context] * len(rows)) == ["ada", "the bridge", "may", None]


@pytest.mark.parametrize(("word", "example"), CASES)
def test_embeddings_can_be_handed_in(word, example):
    """Integrated gradients need it: scores of the embedded ids are the scores of the ids."""
    model, batch = build(word, example).eval(), inputs(WINDOWS)
    embedded = model.get_input_embeddings()(batch["input_ids"])
    with torch.no_grad():
        expected = model(**batch)
        given = model(inputs_embeds=embedded, **{name: batch[name] for name in ("attention_mask", "token_type_ids")})
    torch.testing.assert_close(given.start_logits, expected.start_logits)
    torch.testing.assert_close(given.end_logits, expected.end_logits)


def test_the_loss_is_that_of_each_window_and_knows_no_padding():
    model, batch = build("gru", {"hidden_size": 8, "embedding_size": 8}).eval().double(), inputs(WINDOWS)
    starts, ends = positions(PAIRS, ROWS)
    keep = batch["attention_mask"].bool()
    by_hand = torch.zeros((), dtype=torch.float64)
    with torch.no_grad():
        out = model(**batch, start_positions=starts, end_positions=ends)
        for row in range(len(WINDOWS)):
            for logits, places in ((out.start_logits, starts), (out.end_logits, ends)):
                by_hand += F.cross_entropy(logits[row, keep[row]][None], places[row : row + 1]) / 2
        total, windows = span_loss(out.start_logits, out.end_logits, starts, ends, keep)
    assert windows == len(WINDOWS)
    torch.testing.assert_close(total, by_hand)
    torch.testing.assert_close(out.loss, by_hand / windows)
