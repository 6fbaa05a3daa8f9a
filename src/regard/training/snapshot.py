"""What a checkpoint holds, and how it gets into files: safetensors for tensors, JSON for the rest, never pickle.

`model.safetensors`, `optimizer.safetensors`, `random.safetensors` and `state.json`. Floats survive JSON exactly
(Python writes the shortest text that reads back as the same number).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import Tensor, nn

from regard.errors import ModelError, UsageError
from regard.training.checkpoint import Checkpoint, Checkpoints
from regard.training.random_state import RandomState
from regard.training.state import TrainingState


@dataclass
class Snapshot:
    """The live parts whose values make up a checkpoint; `read_into` puts a checkpoint's values back into them."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: Any
    device: torch.device
    fingerprint: str

    def write(self, folder: Path, state: TrainingState) -> None:
        """All of it into `folder`, as it stands now."""
        optimizer = self.optimizer.state_dict()
        randoms = RandomState.capture(self.device)
        save_model(self.model, str(folder / "model.safetensors"))
        save_file(_flat(optimizer["state"]), folder / "optimizer.safetensors")
        save_file(randoms.tensors(), folder / "random.safetensors")
        document = {
            "fingerprint": self.fingerprint,
            "state": asdict(state),
            "optimizer_groups": optimizer["param_groups"],
            "random": randoms.scalars(),
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
        }
        text = json.dumps(document, indent=1, allow_nan=False) + "\n"
        (folder / "state.json").write_text(text, encoding="utf-8")

    def read_into(self, folder: Path) -> TrainingState:
        """Continue from the checkpoint in `folder`: model, optimizer, random generators; returns its state."""
        document = _document(folder)
        load_weights(self.model, folder)
        # Cloned, since loaded tensors are views of the file, and of other alignment than fresh ones.
        tensors = {name: tensor.clone() for name, tensor in load_file(folder / "optimizer.safetensors").items()}
        self.optimizer.load_state_dict({"state": _nested(tensors), "param_groups": document["optimizer_groups"]})
        if self.scaler is not None:
            self.scaler.load_state_dict(document["scaler"])
        randoms = {name: tensor.clone() for name, tensor in load_file(folder / "random.safetensors").items()}
        RandomState.of(randoms, document["random"]).restore(self.device)
        return TrainingState(**document["state"])


def starting_point(checkpoints: Checkpoints, fingerprint: str, *, resume: bool) -> Checkpoint | None:
    """The checkpoint to go on from; None to start afresh.

    Raises `UsageError` where there is one that nobody asked to go on from, or that is of another training.
    """
    checkpoints.sweep()
    newest = checkpoints.newest()
    if newest is None:
        return None
    if not resume:
        raise UsageError(
            f"{checkpoints.folder} holds the checkpoints of an earlier training",
            mend="go on with it: --resume; or train into another folder: --out",
        )
    if _document(newest.path)["fingerprint"] != fingerprint:
        raise UsageError(
            f"{newest.path} is a checkpoint of another training: recipe, data or Regard itself have changed since",
            mend="use the recipe, data and version that it began with, or train into another folder: --out",
        )
    return newest


def _document(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    return document


def load_weights(model: nn.Module, folder: Path) -> None:
    """A verified checkpoint's weights into `model`. Raises `ModelError` where the two don't fit."""
    try:
        load_model(model, folder / "model.safetensors")
    except RuntimeError as error:
        raise ModelError(f"{folder}: its weights don't fit this model: {error}", mend="train afresh") from None


def _flat(state: dict[int, dict[str, Tensor]]) -> dict[str, Tensor]:
    """Per-parameter tensors under names such as "3.exp_avg"."""
    return {f"{index}.{key}": value.contiguous() for index, entry in state.items() for key, value in entry.items()}


def _nested(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    return state
