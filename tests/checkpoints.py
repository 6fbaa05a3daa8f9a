"""Tiny checkpoints of several families, configured here: what a user's published ones look like, in a second."""

from pathlib import Path

import torch
from transformers import AutoModel, BertConfig, DistilBertConfig, GPT2Config, ModernBertConfig, RobertaConfig

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
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModel.from_config(FAMILIES[family](len(tokenizer)))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
