"""What every linear baseline owes: probabilities, exact word weights, the same again after a reload."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_specification = importlib.util.spec_from_file_location("corpora", Path(__file__).parent / "corpora.py")
