"""`tag`: a tag for each word. Reading and scoring are in text and metrics; here are input, loss and decoding."""

from __future__ import annotations

from regard.tasks.tag.taggers import BaselineTagger, NetworkTagger
from regard.tasks.tag.task import Tag

__all__ = ["BaselineTagger", "NetworkTagger", "Tag"]
