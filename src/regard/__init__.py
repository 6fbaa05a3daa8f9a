"""Regard: labelled text in; a trained, compared, explained, optimised and served model out.

Names are resolved on first use: `import regard` imports no torch (tests/test_imports.py holds it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regard.jobs.compare import compare
    from regard.jobs.lab import lab
    from regard.jobs.load import load
    from regard.jobs.train import train

__version__ = "0.1.0.dev0"
__all__ = ["compare", "lab", "load", "train"]

_LAZY = {
    "train": "regard.jobs.train:train",
    "compare": "regard.jobs.compare:compare",
    "lab": "regard.jobs.lab:lab",
    "load": "regard.jobs.load:load",
}


_MODULES = ("attention", "encoders")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"regard.{name}")
    if name not in _LAZY:
        raise AttributeError(f"module 'regard' has no attribute {name!r}")
    from regard.registry import resolve

    return resolve(_LAZY[name])


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY, *_MODULES])
