"""A self-contained HTML document from a template: its style and script inside it, and nothing else allowed to run.

The content security policy names both by their SHA-256, so neither a label nor a text can bring in code, a style or a
request, whatever gets past the escaping.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from regard.report import highlight, wording

HERE = Path(__file__).parent


@cache
def environment() -> Environment:
    """Escaping is on in every template, an unknown name is an error, and `wording`'s functions are filters."""
    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (
        wording.percent,
        wording.percent_interval,
        wording.figure,
        wording.signed,
        wording.count,
        wording.texts,
        wording.number_of,
        wording.model,
        wording.duration,
        wording.size,
        wording.label,
        wording.enumeration,
    ):
        made.filters[function.__name__] = function
    made.globals["highlight"] = highlight
    return made


def render(template: str, **content: Any) -> str:
    """The template with its content, page.css, page.js and the policy that goes with them."""
    style, script = (Markup((HERE / name).read_text(encoding="utf-8")) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; style-src '{fingerprint(style)}'; script-src '{fingerprint(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return environment().get_template(template).render(style=style, script=script, policy=policy, **content)


def fingerprint(content: str) -> str:
    """The SHA-256 of an inline style or script as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
