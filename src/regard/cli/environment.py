"""What libraries read from the environment, settled before they are imported: the network, tracking, chatter."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

OFFLINE = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE")
NO_BARS = "HF_HUB_DISABLE_PROGRESS_BARS"
HUB_OPTIONS = ("data", "model", "models", "recipe", "run", "source", "test", "validation", "sets")
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(:\S+)?")
FILE_SUFFIXES = (
    *(".csv", ".tsv", ".json", ".jsonl", ".parquet", ".txt", ".toml", ".gz", ".zst"),
    *(".conll", ".conllu", ".iob", ".bio", ".vec", ".npy"),
)


def settle() -> None:
    """No tracking; of transformers only errors, and threads that wait asleep, unless the user sets otherwise.

    A thread that spins while it waits takes the core that the other one needs: beside one other busy process, training
    `cnn` on 2 cores took 64 s spinning and 23 s asleep.
    """
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def settle_network(options: Mapping[str, Any], *, offline: bool) -> None:
    """Set the hub's libraries offline unless an option names a hub id.

    A hub library that is asked nothing still tries the network (a usage counter, retries that take 47 s), so
    offline is the default. `--offline` overrules the environment, the default does not. Where nothing is loaded
    from the hub, its progress bars only tell of files that are written here, and are off too.
    """
    if offline:
        os.environ.update(dict.fromkeys((*OFFLINE, NO_BARS), "1"))
    elif not any(names_hub(word) for word in _words(options)):
        for variable in (*OFFLINE, NO_BARS):
            os.environ.setdefault(variable, "1")


def names_hub(word: str) -> bool:
    """Whether `word` can only mean something on the hub: org/name that is no file here, or hub:name."""
    if word.startswith("hub:"):
        return True
    looks_so = HUB_ID.fullmatch(word) is not None and word[0] not in "./"
    return looks_so and Path(word).suffix.lower() not in FILE_SUFFIXES and not Path(word).exists()


def _words(options: Mapping[str, Any]) -> Iterable[str]:
    for name in HUB_OPTIONS:
        value = options.get(name)
        for item in value if isinstance(value, list) else [value]:
            for word in str(item or "").split(","):
                yield word.partition("=")[2].strip("\"'") or word
                if word.endswith(".toml"):
                    yield from _recipe_words(Path(word))


def _recipe_words(path: Path) -> Iterable[str]:
    """The sources and the model that a recipe names; one that can't be read is reported where it is used."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    data, model = content.get("data", {}), content.get("model", {})
    augment = content.get("augment", {})
    methods = augment.get("options", {}) if isinstance(augment, dict) else {}
    for settings in methods.values() if isinstance(methods, dict) else ():
        yield from (str(settings[key]) for key in ("model", "there", "back") if settings.get(key))
    for table, key in ((data, "train"), (data, "validation"), (data, "test"), (model, "name")):
        if isinstance(table, dict) and isinstance(table.get(key), str):
            yield table[key]
