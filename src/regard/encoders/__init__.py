"""The room encoders; docs/architecture.md says what lives here."""

from regard.encoders.conversion import from_transformers

__all__ = ["from_transformers"]
