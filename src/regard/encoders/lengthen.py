"""More positions for a checkpoint, by repeating those that it has learned (Beltagy et al. 2020, Longformer, section 5).

Notable: tokens far apart then share a position, which attention over a window never confuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from regard.errors import UsageError

TABLES = ("position_embeddings", "embed_positions", "wpe")  # BERT's kin; BART's; GPT-2
BUFFERS = ("position_ids", "token_type_ids")


def lengthen(model: Any, length: int) -> Any:
    """Let `model` read `length` tokens: its learned positions, tiled; its configuration and buffers follow.

    Changes the model and returns it. Raises `UsageError` where it has no learned positions, or more than `length`.
    """
    found = list(_tables(model))
    if not found:
        raise UsageError(
            f"{type(model).__name__} has no learned positions to lengthen: rotary and relative ones need no table",
            mend="leave lengthening out; how far such a model reads well is its training's matter",
        )
    now = positions(model)
    assert now is not None
    if length < now:
        raise UsageError(f"the model reads {now} tokens already, {length} would be fewer", mend=f"give {now} or more")
    for owner, name, table in found:
        setattr(owner, name, _tiled(table, length))
        for buffer in BUFFERS:
            if isinstance(getattr(owner, buffer, None), torch.Tensor):
                setattr(owner, buffer, _longer(buffer, getattr(owner, buffer), _rows(owner, length)))
    for config in _configs(model):
        config.max_position_embeddings = _rows(found[0][0], length) if _counts_padding(found[0][2]) else length
    return model


def positions(model: Any) -> int | None:
    """How many tokens the learned positions of a model are for; None where it has none."""
    lengths = [table.num_embeddings - _offset(table) for _, _, table in _tables(model)]
    return min(lengths, default=None)


def _tables(model: Any) -> Iterator[tuple[Any, str, nn.Embedding]]:
    """Every table of positions with the module that it belongs to."""
    if getattr(model.config, "relative_attention", False):  # DeBERTa: its table is only half of what it knows
        return
    for owner in model.modules():
        for name in TABLES:
            table = getattr(owner, name, None)
            if isinstance(table, nn.Embedding) and not fixed(table):
                yield owner, name, table


def fixed(table: nn.Embedding) -> bool:
    """Whether a table holds sines (Marian's, Pegasus'), computed and not learned."""
    return "Sinusoidal" in type(table).__name__


def _offset(table: nn.Embedding) -> int:
    """Rows before that of the first token: BART names them; RoBERTa's kind counts from behind the padding token."""
    if (own := getattr(table, "offset", None)) is not None:
        return int(own)
    return 0 if table.padding_idx is None else int(table.padding_idx) + 1


def _counts_padding(table: nn.Embedding) -> bool:
    """Whether the configuration counts those rows too: RoBERTa's does (514 for 512 tokens), BART's does not."""
    return not hasattr(table, "offset")


def _rows(owner: Any, length: int) -> int:
    tables = (getattr(owner, name) for name in TABLES if isinstance(getattr(owner, name, None), nn.Embedding))
    return length + max(_offset(table) for table in tables)


def _tiled(table: nn.Embedding, length: int) -> nn.Embedding:
    """A table like this one with the rows after the offset repeated; itself, changed, so that its kind stays."""
    offset = _offset(table)
    learned = table.weight.detach()[offset:]
    repeated = learned.repeat(-(-length // len(learned)), 1)[:length]
    table.weight = nn.Parameter(
        torch.cat([table.weight.detach()[:offset], repeated]), requires_grad=table.weight.requires_grad
    )
    table.num_embeddings = offset + length
    return table


def _longer(name: str, buffer: torch.Tensor, rows: int) -> torch.Tensor:
    made = torch.arange(rows, device=buffer.device) if name == "position_ids" else buffer.new_zeros(rows)
    return made.to(buffer.dtype).expand(1, -1).clone()


def _configs(model: Any) -> list[Any]:
    """The configurations of the model and of its modules, each once."""
    found = (getattr(module, "config", None) for module in model.modules())
    return [config for config in {id(config): config for config in found}.values() if _has_positions(config)]


def _has_positions(config: Any) -> bool:
    return config is not None and hasattr(config, "max_position_embeddings")
