"""What the heads of all tasks share, as transformers' `PreTrainedModel`s: how weights begin, word vectors, a class for
each configuration, and the loss of tokens that are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from regard.encoders.base import EncoderConfig, initialise
from regard.registry import ARCHITECTURES
from regard.text.batch import IGNORED


class Head(PreTrainedModel):
    """Base of a network from scratch with the head of a task. `embedding_scale` is what the vectors of the tokens are
    multiplied by where they are read."""

    config_class = EncoderConfig
    base_model_prefix = "encoder"
    main_input_name = "input_ids"
    embedding_scale: float = 1.0

    def _init_weights(self, module: nn.Module) -> None:
        initialise(module, embedding_std=self.config.embedding_size**-0.5)

    def set_word_vectors(self, matrix: Float[Tensor, "v e"]) -> None:
        """Start the embedding from word vectors; after construction, so that no initialisation runs over them."""
        weight = self.get_input_embeddings().weight
        with torch.no_grad():
            weight.copy_(matrix / self.embedding_scale)
            weight[self.config.pad_token_id] = 0.0


def head_class(base: type[Any], config_class: type[EncoderConfig], suffix: str) -> type[Any]:
    """`base` for one configuration, since Auto classes go by it: RnnConfig with ForCausalLM gives RnnForCausalLM."""
    name = config_class.__name__.removesuffix("Config") + suffix
    return type(name, (base,), {"config_class": config_class, "__module__": base.__module__})


def head_classes(make: Callable[..., type[Any]], task: str | None = None) -> dict[type[EncoderConfig], type[Any]]:
    """Every configuration that the registry's networks name (of those that do `task`, where one is named), with the
    class that `make` gives for it."""
    entries = [entry for entry in ARCHITECTURES.values() if entry.kind == "network"]
    configs = dict.fromkeys(entry.load() for entry in entries if task is None or task in entry.tasks)
    return {config: make(config) for config in configs}


def token_loss(
    logits: Float[Tensor, "b t v"], labels: Int[Tensor, "b t"], label_smoothing: float = 0.0
) -> tuple[Tensor, int]:
    """Cross-entropy (Szegedy et al. 2016, section 7, where smoothed) of the tokens asked for, summed, and their number:
    a sum, so that accumulation is exact."""
    total = F.cross_entropy(
        logits.flatten(0, 1).float(),
        labels.flatten(),
        ignore_index=IGNORED,
        label_smoothing=label_smoothing,
        reduction="sum",
    )
    return total, int((labels != IGNORED).sum())
