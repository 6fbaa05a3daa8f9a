"""Tiny checkpoints of several families, configured here: what a user's published ones look like, in a second."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import processors
from transformers import (
    AutoModel,
    AutoModelForSeq2SeqLM,
    BartConfig,
    BertConfig,
    DistilBertConfig,
    GPT2Config,
    MarianConfig,
    ModernBertConfig,
    RobertaConfig,
    T5Config,
)

from regard.recipe import TokenOptions
from regard.text.tokenise import train_tokenizer

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
FAMILIES = {
    "bert": lambda size: BertConfig(vocab_size=size, max_position_embeddings=64, **SMALL),
    "roberta": lambda size: RobertaConfig(vocab_size=size, max_position_embeddings=66, pad_token_id=0, **SMALL),
    "distilbert": lambda size: DistilBertConfig(
        vocab_size=size, max_position_embeddings=64, dim=16, n_layers=2, n_heads=2, hidden_dim=32
    ),
    "gpt2": lambda size: GPT2Config(vocab_size=size, n_positions=64, n_embd=16, n_layer=2, n_head=2),
    "modernbert": lambda size: ModernBertConfig(
        vocab_size=size,
        max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=2,
        cls_token_id=2,
        eos_token_id=3,
        sep_token_id=3,
        **SMALL,
    ),
}


def make(family: str, folder: Path, texts: list[str]) -> Path:
    """A checkpoint of `family` with random weights and a WordPiece tokenizer of `texts`."""
    tokenizer = train_tokenizer(texts, TokenOptions(vocabulary_size=400, minimum_frequency=1))
    return _saved(AutoModel, FAMILIES[family](len(tokenizer)), tokenizer, folder)


ENDS = {
    "pad_token_id": 0,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "decoder_start_token_id": 3,
    "forced_eos_token_id": None,
}
PADDING_FIRST = {**ENDS, "decoder_start_token_id": 0}
SMALL_WRITER = {
    "max_position_embeddings": 64,
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
}
WRITERS = {
    "bart": lambda size: BartConfig(vocab_size=size, **SMALL_WRITER, **ENDS),
    "t5": lambda size: T5Config(
        vocab_size=size, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, **PADDING_FIRST
    ),
    "marian": lambda size: MarianConfig(vocab_size=size, **SMALL_WRITER, **PADDING_FIRST),
}


def make_writer(family: str, folder: Path, texts: list[str]) -> Path:
    """A checkpoint of text to text with random weights and a byte-level BPE tokenizer that ends a text with [SEP]."""
    options = TokenOptions(kind="bpe", vocabulary_size=400, minimum_frequency=1, lowercase=False)
    tokenizer = train_tokenizer(texts, options)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A [SEP]", special_tokens=[("[SEP]", tokenizer.sep_token_id)]
    )
    tokenizer.eos_token = "[SEP]"
    return _saved(AutoModelForSeq2SeqLM, WRITERS[family](len(tokenizer)), tokenizer, folder)


def _saved(auto: Any, config: Any, tokenizer: Any, folder: Path) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = auto.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
