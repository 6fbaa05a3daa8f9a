"""Options of augmentation, `[augment]` in a recipe, torch-free: which methods, how many copies, each method's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from regard.errors import UsageError
from regard.recipe import Options
from regard.registry import AUGMENTATIONS


class ShareOptions(Options):
    """Wei and Zou (2019) call the share alpha; they advise 0.05 for up to 2,000 texts and 0.1 for more."""

    share: float = Field(0.1, gt=0, le=1, description="of a text's words that are changed, one at least")


class SynonymOptions(ShareOptions):
    senses: int = Field(
        1, ge=0, description="commonest meanings of a word that its synonyms are taken from; 0: all of them"
    )


class InsertOptions(SynonymOptions):
    pass


class SwapOptions(ShareOptions):
    keep_negations: bool = Field(True, description="not, never, without and their like stay where they are")


class DeleteOptions(Options):
    share: float = Field(0.1, gt=0, lt=1, description="chance of each word to be left out; one stays at least")
    keep_negations: bool = Field(True, description="not, never, without and their like are never left out")


class EdaOptions(SynonymOptions, SwapOptions):
    """Of all four methods."""


class NoiseOptions(ShareOptions):
    shortest: int = Field(3, ge=1, description="characters of the shortest word that may get a mistake")


class KeyboardOptions(NoiseOptions):
    pass


class OcrOptions(NoiseOptions):
    pass


class EntityOptions(Options):
    share: float = Field(0.5, gt=0, le=1, description="chance of each entity to be exchanged")


class ContextualOptions(ShareOptions):
    model: str = Field("", description="a masked language model: a checkpoint's folder or hub id")
    candidates: int = Field(5, ge=1, description="likeliest words that one is drawn from")


class BacktranslateOptions(Options):
    there: str = Field("", description="a translation model from the texts' language: a checkpoint's folder or hub id")
    back: str = Field("", description="a translation model that leads back")
    beams: int = Field(4, ge=1, description="hypotheses kept in the search; 1: greedy")


class AugmentOptions(Options):
    """`[augment]`: what is made of the training part, of it alone."""

    methods: list[str] = Field(
        default_factory=list, description="words of the methods (docs/augmentation.md); none: nothing is augmented"
    )
    copies: int = Field(1, ge=1, description="of each text by each method")
    options: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="of the methods: augment.options.METHOD.NAME"
    )

    @field_validator("methods", mode="before")
    @classmethod
    def _split(cls, methods: Any) -> Any:
        return [word.strip() for word in methods.split(",")] if isinstance(methods, str) else methods

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        if len(set(self.methods)) < len(self.methods):
            raise ValueError("methods: one is named twice; for more copies raise `copies`")
        if unused := [word for word in self.options if word not in self.methods]:
            raise ValueError(f"options: {unused[0]} is not among the methods ({', '.join(self.methods) or 'none'})")
        self.options = {word: options_of(word, self.options.get(word, {})).model_dump() for word in self.methods}
        return self


def options_of(word: str, given: Mapping[str, Any]) -> Any:
    """A method's options as an instance of their class. Raises `UsageError` naming the setting that is wrong."""
    options_class = AUGMENTATIONS[word].load_options()
    try:
        return options_class(**given)
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join([word, *(str(part) for part in found["loc"])])
        told = "no such option" if found["type"] == "extra_forbidden" else found["msg"]
        raise UsageError(
            f"augmentation: {where}: {told} (given: {found['input']!r})",
            mend=f"the options of {word}: {', '.join(options_class.model_fields)}",
        ) from None
