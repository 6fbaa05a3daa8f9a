"""Options that several commands share, spelled once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def _data(flag: str, metavar: str, help_text: str, **more: Any) -> Any:
    return typer.Option(flag, metavar=metavar, help=help_text, rich_help_panel="Data", **more)


def _training(flag: str, metavar: str | None, help_text: str, **more: Any) -> Any:
    return typer.Option(flag, metavar=metavar, help=help_text, rich_help_panel="Training", **more)


Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder that a training wrote.")]
Source = Annotated[str, typer.Argument(metavar="DATA", help="A file, folder, asset's word or hub id.")]

TextColumn = Annotated[
    str | None, _data("--text-column", "NAME", "The column with the texts; tag: the words, answer: the contexts.")
]
LabelColumn = Annotated[
    str | None, _data("--label-column", "NAME", "The column with the labels; tag: the tags, answer: the answers.")
]
QuestionColumn = Annotated[str | None, _data("--question-column", "NAME", "The column with the questions (answer).")]
LabelSeparator = Annotated[str | None, _data("--label-separator", "SIGN", "Splits a cell into several labels.")]
Validation = Annotated[
    str | None,
    _data("--validation", "DATA", "Every choice is made on it; cut from the training data when not given."),
]
Test = Annotated[str | None, _data("--test", "DATA", "Scored once, at the end.")]
MaxTrainExamples = Annotated[int | None, _data("--max-train-examples", "N", "Train on at most N texts.", min=1)]

Task = Annotated[
    str | None,
    _training("--task", "WORD", "What is asked of a text: classify, tag, answer, translate, generate, pretrain."),
]
Question = Annotated[
    str | None, typer.Option("--question", metavar="TEXT", help="What to ask of each text (a run of the task answer).")
]
Model = Annotated[
    str | None,
    _training("--model", "WORD", "An architecture (see: regard models), a checkpoint's folder or hub id."),
]
Models = Annotated[str, _training("--models", "WORDS", "Models with commas between, for example tfidf,lstm,minilm.")]
RecipeFile = Annotated[Path | None, _training("--recipe", "FILE", "A recipe for the DATA given.")]
Out = Annotated[Path | None, _training("--out", "DIR", "Where the result goes; runs/NAME when not given.")]
Seed = Annotated[int | None, _training("--seed", "N", "Of everything random.", min=0)]
Seeds = Annotated[int, _training("--seeds", "N", "Trainings of each model that depends on its seed.", min=1)]
Sets = Annotated[list[str] | None, _training("--set", "A.B=C", "Set anything in the recipe; may be repeated.")]
MaxLength = Annotated[
    int | None,
    _training("--max-length", "N", "Tokens of a text that a network reads at once (tokens.max_length).", min=3),
]
Strategy = Annotated[
    str | None,
    _training("--strategy", "WORD", "What is read of a longer text: head, tail, head+tail, or windows (all of it)."),
]
Attention = Annotated[
    str | None,
    _training("--attention", "WORD", "A checkpoint's attention: a pattern's word (attention.pattern), for long texts."),
]
Resume = Annotated[bool, _training("--resume", None, "Go on from the last good checkpoint in --out.")]
Force = Annotated[bool, _training("--force", None, "Go on although the doctor blocks.")]


def with_lengths(
    sets: list[str] | None, max_length: int | None, strategy: str | None, attention: str | None
) -> list[str]:
    """`--set` with what --max-length, --strategy and --attention stand for, which win."""
    given = {"tokens.max_length": max_length, "tokens.strategy": strategy, "attention.pattern": attention}
    return [*(sets or []), *(f"{path}={value}" for path, value in given.items() if value is not None)]
