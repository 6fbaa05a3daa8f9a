"""A published language model that goes on learning: all of its weights, or small matrices beside them (LoRA)."""

from __future__ import annotations

import warnings
from typing import Any

from regard.errors import ModelError, UsageError
from regard.recipe import Recipe
from regard.tasks.generate.encoder import LanguageEncoder
from regard.tasks.published import published


def load_checkpoint(recipe: Recipe, encoder: LanguageEncoder, *, offline: bool = False) -> Any:
    """The checkpoint that a recipe names, for language modelling. Raises `ModelError` where it is none, `UsageError`
    for LoRA without the package that it needs."""
    model = published(recipe, "AutoModelForCausalLM", "a language model", encoder.pad_id, offline=offline)
    if _sees_ahead(model):
        raise ModelError(
            f"{recipe.model_name} sees what stands behind a token, so it is no language model",
            mend="give a causal checkpoint: smollm2, GPT-2 and its kind",
        )
    return with_adapters(model, recipe.head_options) if recipe.head_options.lora else model


def _sees_ahead(model: Any) -> bool:
    """Whether the scores at a token change with the one behind it: tried, not looked up."""
    import torch

    ids, training = torch.tensor([[0, 1], [0, 2]], device=model.device), model.training
    model.eval()
    with torch.no_grad():
        first = model(input_ids=ids).logits[:, 0]
    model.train(training)
    return not torch.allclose(first[0], first[1], atol=1e-4)


def with_adapters(model: Any, head: Any) -> Any:
    """The model with matrices of rank `head.lora_rank` beside its weights, which alone learn (Hu et al. 2022, section
    4.1); `settle` of the predictor merges them. Raises `UsageError` for layers that it does not have."""
    try:
        import peft
    except ImportError:
        raise UsageError("head.lora: the package peft is not installed", mend="pip install 'regard[lora]'") from None
    names = head.lora_targets
    config = peft.LoraConfig(
        task_type="CAUSAL_LM",
        r=head.lora_rank,
        lora_alpha=head.lora_alpha,
        lora_dropout=head.lora_dropout,
        target_modules=names if names == "all-linear" else [name.strip() for name in names.split(",")],
    )
    try:
        with warnings.catch_warnings():
            # It asks transformers by an old name, and says of GPT-2's layers what it then sees to itself.
            warnings.simplefilter("ignore")
            return peft.get_peft_model(model, config)
    except ValueError as error:
        first = str(error).splitlines()[0]
        raise UsageError(f"head.lora_targets: {names}: {first[:200]}", mend="all-linear takes all of them") from None
