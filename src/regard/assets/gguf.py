"""A model that is packed as one GGUF file, unpacked once into the folder that transformers' from_pretrained reads.

Reading GGUF takes transformers longer than any work that follows (it parses the file three times, in Python), and what
it gives can neither be saved nor trained. The folder lies beside the asset in the cache, in float32, so that no weight
is rounded: what the file's blocks stand for, to the bit.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from regard import manifest
from regard.assets.quiet import quiet
from regard.errors import ModelError

logger = logging.getLogger("regard")


def unpacked(packed: Path, folder: Path) -> Path:
    """The folder of a checkpoint with what the GGUF file in `packed` holds: `folder`, made where it is not whole.

    Raises `ModelError` for what transformers cannot read and where nothing can be written.
    """
    if manifest.damage(folder, verify=False) is None:
        return folder
    from filelock import FileLock

    file = _file(packed)
    try:
        with FileLock(folder.parent / f".{folder.name}.lock"):
            if manifest.damage(folder, verify=False):
                logger.info("unpacking %s, once", file.name)
                _unpack(file, folder)
    except OSError as error:
        raise ModelError(
            f"{file.name} could not be unpacked to {folder}: {error}",
            mend="make room there (float32 weights take four to eight times the file's size), or set REGARD_HOME",
        ) from error
    return folder


def _file(packed: Path) -> Path:
    files = sorted(packed.glob("*.gguf"))
    if len(files) != 1:
        raise ModelError(f"{packed} holds {len(files)} GGUF files instead of one", mend="fetch the asset again")
    return files[0]


def _unpack(file: Path, folder: Path) -> None:
    """Write beside the final place, then rename: whatever lies there was left by a process that was stopped."""
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        with quiet():
            _convert(file, part)
        manifest.seal(part, unpacked_from=file.name)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _convert(file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    try:
        with redirect_stderr(StringIO()):  # a bar that transformers shows whatever it is told
            tokenizer = AutoTokenizer.from_pretrained(str(file.parent), **place)
            packed = AutoModelForCausalLM.from_pretrained(str(file.parent), dtype=torch.float32, **place)
    except (ValueError, RuntimeError, ImportError, KeyError) as error:
        first = str(error).strip().splitlines()[0]
        raise ModelError(f"{file} can't be read: {first}", mend="see whether the package gguf is installed") from None
    # It counts as quantised, which transformers neither saves nor trains; its weights are plain by now.
    del packed.config.quantization_config
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(packed.config)
    model.load_state_dict(packed.state_dict(), assign=True)
    model.tie_weights()
    model.generation_config = packed.generation_config
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
