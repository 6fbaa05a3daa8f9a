"""Lets transformers' Auto classes load what a patterned model was saved as: the checkpoint's own class, with its
pattern."""

from __future__ import annotations

from typing import Any

import transformers
from transformers import AutoConfig

from regard.encoders.patterned import use
from regard.encoders.patterned_config import MODEL_TYPE, PatternedConfig

AUTO = (
    "AutoModel",
    "AutoModelForSequenceClassification",
    "AutoModelForTokenClassification",
    "AutoModelForQuestionAnswering",
    "AutoModelForMultipleChoice",
    "AutoModelForMaskedLM",
    "AutoModelForPreTraining",
    "AutoModelForCausalLM",
    "AutoModelForSeq2SeqLM",
)


def register() -> None:
    """Tell the Auto classes; again is harmless."""
    AutoConfig.register(MODEL_TYPE, PatternedConfig, exist_ok=True)
    for name in AUTO:
        auto = getattr(transformers, name)
        auto.register(PatternedConfig, type(f"Patterned{name}", (_Loader,), {"auto": auto}), exist_ok=True)


def carried(config: PatternedConfig) -> dict[str, Any]:
    """The keywords of `use` that a saved pattern is."""
    stored = dict(config.attention_pattern)
    return {"word": stored.pop("pattern"), **stored}


class _Loader:
    """Stands where an Auto class looks for a model's class; what it returns is a model of the checkpoint's own."""

    config_class = PatternedConfig
    auto: Any

    @classmethod
    def from_pretrained(cls, place: Any, *args: Any, config: PatternedConfig, **keywords: Any) -> Any:
        loaded = cls.auto.from_pretrained(place, *args, config=config.base(), **keywords)
        model = loaded[0] if isinstance(loaded, tuple) else loaded  # with output_loading_info there are two
        use(model, **carried(config))
        return loaded

    @classmethod
    def _from_config(cls, config: PatternedConfig, **keywords: Any) -> Any:
        return use(cls.auto.from_config(config.base(), **keywords), **carried(config))
