"""`translate`: one text out of another. Decoders are in their own room; here they meet encoders, loss and search."""

from __future__ import annotations

from regard.tasks.translate.task import Translate
from regard.tasks.translate.translators import NetworkTranslator

__all__ = ["NetworkTranslator", "Translate"]
