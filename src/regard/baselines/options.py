"""Options of the baselines, free of scikit-learn, so that a recipe is checked before anything heavy is
imported."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from regard.recipe import Options


class NgramOptions(Options):
    """Which word n-grams are features. `token_pattern` finds the tokens; punctuation that it matches is one
    too."""

    ngram_min: int = Field(1, ge=1)
    ngram_max: int = Field(2, ge=1)
    token_pattern: str = Field(r"\w+|[^\w\s]", description="regular expression of a token, without groups")
    min_df: int = Field(2, ge=1, description="texts that a term must occur in")
    max_features: int = Field(0, ge=0, description="the commonest terms kept; 0: all")
    recipe_defaults: ClassVar[dict[str, Any]] = {"preprocess": {"lowercase": True}}
    unused: ClassVar[tuple[str, ...]] = ("tokens", "training")

    @field_validator("token_pattern")
    @classmethod
    def _pattern_is_usable(cls, pattern: str) -> str:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        if compiled.groups:
            raise ValueError("it has a capturing group; write (?:...) instead of (...)")
        if compiled.match(""):
            raise ValueError("it matches the empty text")
        return pattern

    @model_validator(mode="after")
    def _sizes_are_ordered(self) -> Self:
        if self.ngram_max < self.ngram_min:
            raise ValueError(f"ngram_max {self.ngram_max} is below ngram_min {self.ngram_min}")
        return self


class TfidfOptions(NgramOptions):
    """The weighting and the logistic regression; `c` is the inverse of the regularisation."""

    term_frequency: Literal["count", "log", "binary"] = Field(
        "binary", description="what counts of a term's count c in a text: c, 1 + log(c), or 1"
    )
    c: float = Field(10.0, gt=0)


class SpacyOptions(Options):
    """The packaged English pipeline has nothing to set; which of its types means which of the data's is learned."""

    recipe_defaults: ClassVar[dict[str, Any]] = {}
    unused: ClassVar[tuple[str, ...]] = ("tokens", "training", "preprocess", "head")


class NbsvmOptions(NgramOptions):
    """Wang and Manning 2012. `alpha` smooths the counts, `beta` interpolates between the mean weight (0) and the
    SVM's own weights (1)."""

    alpha: float = Field(2.0, gt=0)
    beta: float = Field(1.0, ge=0, le=1)
    unit_length: bool = Field(True, description="each text's binary vector is scaled to length 1")
    c: float = Field(1.0, gt=0)
