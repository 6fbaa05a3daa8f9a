"""The same texts and scores as transformers' `generate`, of small models with drawn weights."""

from typing import NamedTuple

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, MarianConfig, MarianMTModel

from regard.nn.search import beam, greedy

VOCABULARY, PAD, END, ROWS, LENGTH = 16, 0, 1, 5, 6


class Read(NamedTuple):
    ids: torch.Tensor
    memory: torch.Tensor | None = None
    keep: torch.Tensor | None = None

    def rows(self, rows):
        return Read(*(None if part is None else part[rows] for part in self))


class Whole:
    """A model that reads all there is anew for each token: slow, with nothing to go wrong."""

    def __init__(self, model):
        self.model = model

    def step(self, ids, state):
        state = state._replace(ids=torch.cat((state.ids, ids[:, None]), 1))
        if state.memory is None:
            return self.model(state.ids).logits[:, -1], state
        options = {"encoder_outputs": (state.memory,), "attention_mask": state.keep}
        return self.model(decoder_input_ids=state.ids, **options).logits[:, -1], state

    def reorder(self, state, rows):
        return state.rows(rows)


def drawn(model, seed):
    """So that some texts end soon and others late."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad and parameter.dim() > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return model.eval()


class LanguageModel:
    def __init__(self, seed=2):
        sizes = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64}
        self.model = drawn(
            GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, bos_token_id=PAD, eos_token_id=END, **sizes)), seed
        )
        self.prompts = torch.randint(2, VOCABULARY, (ROWS, LENGTH), generator=torch.Generator().manual_seed(seed))
        self.given = {"input_ids": self.prompts, "attention_mask": torch.ones_like(self.prompts)}

    def start(self):
        return Read(self.prompts[:, :-1]), self.prompts[:, -1]


class Translator:
    def __init__(self, seed=2):
        sizes = {
            f"{side}_{what}": number
            for side in ("encoder", "decoder")
            for what, number in (("layers", 2), ("attention_heads", 2), ("ffn_dim", 32))
        }
        config = MarianConfig(
            vocab_size=VOCABULARY,
            d_model=16,
            pad_token_id=PAD,
            eos_token_id=END,
            forced_eos_token_id=None,
            decoder_start_token_id=PAD,
            max_position_embeddings=64,
            **sizes,
        )
        self.model = drawn(MarianMTModel(config), seed)
        self.sources = torch.randint(2, VOCABULARY, (ROWS, LENGTH), generator=torch.Generator().manual_seed(seed))
        keep = torch.arange(LENGTH) < torch.tensor([6, 3, 5, 1, 4])[:, None]
        self.given = {"input_ids": self.sources, "attention_mask": keep.long()}

    def start(self):
        memory = self.model.model.encoder(**self.given).last_hidden_state
        rows = torch.full((ROWS,), PAD)
        return Read(rows[:, None][:, :0], memory, self.given["attention_mask"]), rows


@pytest.fixture(scope="module", params=[LanguageModel, Translator], ids=["gpt2", "marian"])
def writer(request):
    with torch.no_grad():
        return request.param()


def generated(writer, limit, **options):
    """Of each row its texts, cut behind the end token, with their scores where there are beams."""
    begun = LENGTH if isinstance(writer, LanguageModel) else 1
    done = writer.model.generate(
        **writer.given,
        max_new_tokens=limit,
        do_sample=False,
        pad_token_id=PAD,
        return_dict_in_generate=True,
        output_scores=True,
        **options,
    )
    ends = options.get("eos_token_id", END)
    ends = ends if isinstance(ends, list) else [ends]
    texts = []
    for ids in done.sequences[:, begun:].tolist():
        first = next((place for place, token in enumerate(ids) if token in ends), len(ids))
        texts.append(ids[:first])
    number = options.get("num_return_sequences", 1)
    scores = done.sequences_scores.tolist() if "sequences_scores" in done else [None] * len(texts)
    pairs = list(zip(texts, scores, strict=True))
    return [pairs[row * number : (row + 1) * number] for row in range(ROWS)]


@torch.no_grad()
def found(writer, search, limit, **options):
    state, first = writer.start()
    return search(Whole(writer.model), state, first, **{"end": END, "max_tokens": limit, **options})


def agree(expected, hypotheses):
    for pairs, texts in zip(expected, hypotheses, strict=True):
        assert [text.ids for text in texts] == [ids for ids, _ in pairs]
        assert [text.score for text in texts] == pytest.approx([score for _, score in pairs], rel=1e-4)


@pytest.mark.parametrize("beams", [2, 4, 5])
@pytest.mark.parametrize("penalty", [0.6, 1.0, 2.0])
@pytest.mark.parametrize("early", [False, True, "never"])
def test_beams_find_the_same_texts_with_the_same_scores(writer, beams, penalty, early):
    options = {"length_penalty": penalty, "early_stopping": early}
    expected = generated(writer, 14, num_beams=beams, num_return_sequences=beams, **options)
    agree(expected, found(writer, beam, 14, beams=beams, n_best=beams, **options))


def test_the_models_end_their_texts_at_different_lengths(writer):
    """Or the test above would show little."""
    texts = [text for row in found(writer, beam, 14, beams=4, n_best=4) for text in row]
    assert 4 <= sum(text.finished for text in texts) < len(texts)
    assert len({len(text.ids) for text in texts}) >= 4


def test_beams_with_several_ends_a_least_length_and_banned_tokens(writer):
    ends = [END, 7, 8]
    usual = {"num_beams": 3, "num_return_sequences": 2, "eos_token_id": ends}
    expected = generated(writer, 12, min_new_tokens=3, suppress_tokens=[9, 10, 11], **usual)
    agree(expected, found(writer, beam, 12, beams=3, n_best=2, end=ends, min_tokens=3, banned=[9, 10, 11]))


@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_greedy_texts_are_the_same(writer, penalty):
    expected = generated(writer, 14, repetition_penalty=penalty, min_new_tokens=2)
    prompts = writer.prompts.tolist() if isinstance(writer, LanguageModel) else None
    texts = found(writer, greedy, 14, min_tokens=2, repetition_penalty=penalty, prompts=prompts)
    assert [text.ids for text in texts] == [ids for ((ids, _),) in expected]
