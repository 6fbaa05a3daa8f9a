"""`pretrain`: an encoder learns from plain text by guessing words that are hidden in it (masked language modelling)."""

from __future__ import annotations

from regard.tasks.pretrain.task import Pretrain

__all__ = ["Pretrain"]
