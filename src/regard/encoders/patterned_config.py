"""How a patterned model is saved: as a model of its own type with the pattern in config.json.

Notable: plain transformers can't load it, by its Auto classes (it knows no such type) nor by a class named (it knows no
such attention function), rather than running full attention silently. With regard imported it is what it was.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from transformers import PretrainedConfig

from regard.encoders.carrier import NAME
from regard.errors import UsageError

MODEL_TYPE = "regard-patterned"
OWN = ("model_type", "base_model_type", "attention_pattern", "attn_implementation", "transformers_version")


class PatternedConfig(PretrainedConfig):
    """What is read from such a config.json: the settings of the checkpoint's own type (`base_model_type`), and
    `attention_pattern`: what `use` was called with."""

    model_type = MODEL_TYPE

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)

    def base(self) -> PretrainedConfig:
        """The configuration in the checkpoint's own class, without the pattern."""
        from transformers import CONFIG_MAPPING

        settings = {key: value for key, value in self.to_dict().items() if key not in OWN}
        made: PretrainedConfig = CONFIG_MAPPING[self.base_model_type](**settings)
        return made


class _Carried:
    """What is mixed into a configuration's own class while its model carries a pattern."""

    def to_dict(self) -> dict[str, Any]:
        output = super().to_dict()  # type: ignore[misc]
        output.update(model_type=MODEL_TYPE, base_model_type=self.model_type, attn_implementation=NAME)  # type: ignore[attr-defined]
        return output

    @property
    def _attn_implementation_internal(self) -> str | None:
        return self.__dict__.get("_attn_implementation_internal")

    @_attn_implementation_internal.setter
    def _attn_implementation_internal(self, value: str | None) -> None:
        if self._attn_implementation_internal == NAME != value:
            raise UsageError(
                f"the model carries an attention pattern; {value!r} would run full attention in its place",
                mend='regard.attention.use(model, "full") gives all pairs back',
            )
        self.__dict__["_attn_implementation_internal"] = value

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _again, (type(self).__mro__[2],), self.__dict__


def carry(config: Any, pattern: dict[str, Any]) -> None:
    """Let a configuration be saved with this pattern: {"pattern": its word, "part": …, its settings}."""
    if not isinstance(config, _Carried):
        plain: Any = type(config)
        config.__class__ = _carrying(plain)
    config.attention_pattern = pattern


@cache
def _carrying(plain: type) -> type:
    # Auto classes find a model by the name of its configuration's class.
    return type(plain.__name__, (_Carried, plain), {"__module__": plain.__module__, "__qualname__": plain.__qualname__})


def _again(plain: type) -> Any:
    return object.__new__(_carrying(plain))
