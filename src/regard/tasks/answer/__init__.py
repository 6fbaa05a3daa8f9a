"""`answer`: the stretch of a text that answers a question. Reading and scoring are in text and metrics."""

from __future__ import annotations

from regard.tasks.answer.answerers import NetworkAnswerer
from regard.tasks.answer.task import AnswerQuestions

__all__ = ["AnswerQuestions", "NetworkAnswerer"]
