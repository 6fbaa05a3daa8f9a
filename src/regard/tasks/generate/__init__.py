"""`generate`: language models. Reading and scores are in text and metrics; here are batches, likelihood and writing."""

from __future__ import annotations

from regard.tasks.generate.language_models import LanguageModels
from regard.tasks.generate.task import Generate

__all__ = ["Generate", "LanguageModels"]
