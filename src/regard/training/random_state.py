"""The global random generators (Python's, NumPy's, torch's): borrowed for a training and given back as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class RandomState:
    """Where every global generator that a training may draw from stands."""

    torch_cpu: Tensor
    torch_device: Tensor | None
    python: Any
    numpy: dict[str, Any]

    @classmethod
    def capture(cls, device: torch.device) -> RandomState:
        return cls(
            torch_cpu=torch.get_rng_state(),
            torch_device=None if device.type == "cpu" else torch.get_device_module(device).get_rng_state(),
            python=random.getstate(),
            numpy=np.random.get_state(legacy=False),
        )

    def restore(self, device: torch.device) -> None:
        torch.set_rng_state(self.torch_cpu)
        if self.torch_device is not None:
            torch.get_device_module(device).set_rng_state(self.torch_device)
        random.setstate(self.python)
        np.random.set_state(self.numpy)

    def tensors(self) -> dict[str, Tensor]:
        """What of it is tensors, for safetensors."""
        tensors = {"torch_cpu": self.torch_cpu, "numpy": torch.from_numpy(self.numpy["state"]["key"].copy())}
        if self.torch_device is not None:
            tensors["torch_device"] = self.torch_device
        return tensors

    def scalars(self) -> dict[str, Any]:
        """The rest, for JSON."""
        numpy = {key: value for key, value in self.numpy.items() if key != "state"}
        return {"python": self.python, "numpy": {**numpy, "position": self.numpy["state"]["pos"]}}

    @classmethod
    def of(cls, tensors: dict[str, Tensor], scalars: dict[str, Any]) -> RandomState:
        """What `tensors()` and `scalars()` took apart."""
        version, words, gauss = scalars["python"]
        numpy = dict(scalars["numpy"])
        numpy["state"] = {"key": tensors["numpy"].numpy(), "pos": numpy.pop("position")}
        return cls(tensors["torch_cpu"], tensors.get("torch_device"), (version, tuple(words), gauss), numpy)


@contextmanager
def kept(device: torch.device) -> Iterator[None]:
    """Whatever is drawn inside, the generators stand afterwards where they stood."""
    state = RandomState.capture(device)
    try:
        yield
    finally:
        state.restore(device)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Every generator starts from `seed` inside and stands afterwards where it stood."""
    with kept(device):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)
        yield
