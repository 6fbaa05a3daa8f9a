"""Facts of a run for run.json: versions, machine, size, latency, memory."""

from __future__ import annotations

import json
import os
import platform
import shlex
import statistics
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regard.records import RunFolder

if TYPE_CHECKING:
    from regard.jobs.prepare import Parts
    from regard.recipe import Recipe
    from regard.records import Corpus
    from regard.tasks.task import Predictor

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "accelerate",
    "scikit-learn",
    "numpy",
    "pyarrow",
    "safetensors",
)


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "regard": metadata.version("regard")}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Cores that this process may use, the processor's name, memory in GiB and the device that trains."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cores": cores, "processor": _processor(), "memory_gib": _memory_gib(), "device": _device()}


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _device() -> str:
    torch = sys.modules.get("torch")  # a baseline never loads it, and should not for this
    if torch is not None and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return "cpu"


def size(run: RunFolder, predictor: Predictor) -> dict[str, int | None]:
    """Trainable and frozen numbers of the model, and the bytes of its folder and of the asset that it runs, if any."""
    model = getattr(predictor, "model", None)
    parameters = getattr(model, "num_parameters", None) or getattr(model, "parameters", None)
    folders = [run.model, *getattr(predictor, "folders", [])]
    total = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
    return {"parameters": parameters() if callable(parameters) else parameters, "bytes": total}


def attention(run: RunFolder) -> dict[str, Any] | None:
    """The attention pattern that the saved model carries, with its settings; None where it has its own attention."""
    path = run.model / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found: dict[str, Any] | None = config.get("attention_pattern")
    return found


def reading(recipe: Recipe, parts: Parts) -> dict[str, Any]:
    """What a network reads of a long text, and of each part the share of texts that are longer than it reads at once,
    and of tokens that it does not read at all. `truncated` has the share of texts with such tokens."""
    tokens = recipe.tokens
    return {
        "strategy": tokens.strategy,
        "max_length": tokens.max_length,
        "max_windows": tokens.max_windows if tokens.strategy == "windows" else 1,
        "longer": parts.longer,
        "unread": parts.unread,
    }


def latency(predictor: Predictor, corpus: Corpus, most: int = 20) -> dict[str, float | int]:
    """Median milliseconds for one text at a time, after one that warms up."""
    rows = range(len(corpus))[:: max(1, len(corpus) // most)][:most]
    sample = [corpus.take([row]) for row in rows]
    if not sample:
        return {"median": float("nan"), "n": 0}
    predictor.predictions(sample[0])
    spent = []
    for text in sample:
        started = time.perf_counter()
        predictor.predictions(text)
        spent.append((time.perf_counter() - started) * 1000)
    return {"median": round(statistics.median(spent), 3), "n": len(sample)}


def peak_memory_mib() -> float | None:
    """The most memory this process has held so far."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def command(function: str = "train") -> str:
    """How this was called: on the command line, or as a `function` of the package."""
    if Path(sys.argv[0]).name in ("regard", "__main__.py"):
        return shlex.join(["regard", *sys.argv[1:]])
    return f"regard.{function}(...) from Python"
