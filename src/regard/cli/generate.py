"""`regard generate`: how a text goes on, on the screen as it is written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.answer import Answer
from regard.errors import UsageError


def _writing(flag: str, help_text: str, **more: Any) -> Any:
    return typer.Option(flag, help=help_text, rich_help_panel="Writing", **more)


def generate(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The folder of a language model's run, or a checkpoint.")],
    prompts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PROMPT", help="What the text begins with; several are written on one by one. - reads it."
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Prompts from a file, one a line.")
    ] = None,
    tokens: Annotated[int, _writing("--tokens", "Tokens at most.")] = 200,
    temperature: Annotated[float, _writing("--temperature", "Below 1 plays safe, above 1 is bold.")] = 1.0,
    top_k: Annotated[int, _writing("--top-k", "Draw from the K likeliest tokens; 0: from all.")] = 0,
    top_p: Annotated[float, _writing("--top-p", "Draw from the likeliest tokens that make up this share.")] = 1.0,
    min_p: Annotated[float, _writing("--min-p", "Leave out tokens below this share of the likeliest one's.")] = 0.0,
    repetition_penalty: Annotated[
        float, _writing("--repetition-penalty", "Above 1 lowers what was written already.")
    ] = 1.0,
    beams: Annotated[int, _writing("--beams", "Follow so many texts side by side, and take the likeliest.")] = 1,
    greedy: Annotated[bool, _writing("--greedy", "Take the likeliest token each time.")] = False,
    seed: Annotated[int, _writing("--seed", "The same seed draws the same text.")] = 1,
    int8: Annotated[
        bool, _writing("--int8", "Round a checkpoint's weights to eight bits: faster on a CPU (Llama's kind: smollm2).")
    ] = False,
    heat: Annotated[bool, _writing("--heat", "Show each token's probability by the colour behind it.")] = False,
    json: bool = False,
    offline: bool = False,
) -> Answer:
    """Write how a text goes on.

    regard generate runs/shakespeare-lstm "ROMEO:" --tokens 200 --top-p 0.9 --seed 7
    """
    from regard.jobs.generate import language_model
    from regard.tasks.generate.writing import Writing, write

    writing = Writing(
        tokens=tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        beams=beams,
        greedy=greedy,
        seed=seed,
        int8=int8,
    )
    asked = _asked(prompts or [], file)
    model = language_model(run, offline=offline)
    if not json:
        return Answer({}, lambda: _show(model, asked, writing, heat=heat))
    written = [write(model, prompt, writing) for prompt in asked]
    document = {"task": "generate", "n": len(written), "texts": [one.to_json() for one in written]}
    return Answer(document, lambda: None)


def _asked(prompts: list[str], file: Path | None) -> list[str]:
    """The prompts of the call, of a file, or of standard input; a lone empty one where none is given."""
    if file is not None and prompts:
        raise UsageError("prompts on the command line and in a file", mend="leave one of the two out")
    if file is not None:
        from regard.text.formats.table import decode, read_bytes

        return [line for line in decode(read_bytes(file), file).splitlines() if line.strip()]
    if prompts == ["-"]:
        return [sys.stdin.read().removesuffix("\n")]
    return prompts or [""]


def _show(model: Any, prompts: list[str], writing: Any, *, heat: bool) -> None:
    """Each text as it is written, the prompt before it; a blank line between two."""
    from regard.cli import console
    from regard.report import heat as heats
    from regard.tasks.generate.writing import stream

    out = console.out()
    coloured = heat and out.is_terminal and not out.no_color
    for number, prompt in enumerate(prompts):
        pieces = stream(model, prompt, writing)  # a prompt that can't be read is an error before anything is shown
        print("\n" if number else "", prompt, sep="", end="", flush=True)
        for piece in pieces:
            if coloured:
                out.print(heats.to_terminal(heats.of_token(piece.text, piece.log_probability)), end="", soft_wrap=True)
            else:
                print(piece.text, end="", flush=True)
        print(flush=True)
    if coloured:
        out.print()
        out.print(heats.terminal_scale())
