"""Recurrent decoders: a language model, a translator that remembers one vector of its source, one that attends.

Sutskever et al. 2014 and Cho et al. 2014 (one vector); Bahdanau et al. 2015 and Luong et al. 2015 (attention, with what
was attended to fed to the next step). Notable: without attention the layers are torch's own over whole texts; with it,
what one step hands to the next is a loop, and all else is one product for all steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from regard.decoders.attention_feeding import FedAttention, Memory
from regard.decoders.base import Decoder, DecoderOutput
from regard.decoders.cells import Cells, Steps
from regard.nn.dropout import Dropout
from regard.nn.linear import Linear, linear
from regard.nn.recurrent import CELLS


@dataclass(frozen=True)
class RnnState:
    """What was read. `fed`, where there is a memory: what the first layer reads beside a token's embedding."""

    layers: list[Cells]
    fed: Float[Tensor, "b w"] | None = None
    memory: Memory | None = None


class RnnDecoder(Decoder):
    """`memory_width` None: a language model. `attention` None with a memory: all that is known of the source is one
    vector, made of the memory's last kept state and its first, among which are the final states of an encoder's two
    directions; it begins the states and is read at each step (Cho et al. 2014, section 2.2). With attention the mean
    of the memory begins them, whatever made it, and each step reads the attentional state of the one before.

    `tie`: the output map has the embedding's weights, behind a map to `embedding_size` where `width` is another. The
    embedding should begin with a standard deviation of `embedding_size ** -0.5`, as it does here, for the scores' sake;
    the layers read it scaled to one by `embedding_size ** 0.5` (Vaswani et al. 2017, section 3.4): vectors as short as
    the scores need them tell an LSTM next to nothing at first. Raises `ValueError` for an `embedding` of other sizes.
    """

    def __init__(
        self,
        *,
        cell: str,
        vocabulary: int,
        embedding_size: int,
        width: int,
        layers: int,
        memory_width: int | None = None,
        attention: str | None = None,
        pad_id: int = 0,
        dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        embedding: nn.Embedding | None = None,
        tie: bool = True,
    ) -> None:
        super().__init__()
        if attention is not None and memory_width is None:
            raise ValueError(f"{attention} attention needs a memory, and a language model has none")
        self.width = width
        self.embedding = _embedding(embedding, vocabulary, embedding_size, pad_id)
        fed = 0 if memory_width is None else width
        sizes = [embedding_size + fed] + [width] * (layers - 1)
        self.layers = nn.ModuleList(CELLS[cell](size, width, batch_first=True) for size in sizes)
        self.attention: FedAttention | None = None
        self.summary: nn.Linear | None = None
        self.begin: nn.Linear | None = None
        if memory_width is not None:
            if attention is not None:
                self.attention = FedAttention(attention, memory_width, width)
            else:
                self.summary = nn.Linear(2 * memory_width, width)
            self.begin = nn.Linear(memory_width if attention else width, layers * self._parts() * width)
        narrow = tie and width != embedding_size
        self.narrow = nn.Linear(width, embedding_size, bias=False) if narrow else None
        self.output = None if tie else Linear(width, vocabulary)
        self.output_bias = nn.Parameter(torch.zeros(vocabulary)) if tie else None
        self.embedding_dropout, self.dropout = Dropout(embedding_dropout), Dropout(dropout)
        for layer in self._stack():
            _open_forget_gate(layer)

    def forward(
        self,
        ids: Int[Tensor, "b t"],
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        need_weights: bool = False,
    ) -> DecoderOutput:
        states, _, weights = self._read(ids, self.start(memory, keep, len(ids)))
        attentions = (torch.stack(weights, dim=2),) if need_weights and weights else None
        return DecoderOutput(self._logits(states), attentions)

    def start(
        self,
        memory: Float[Tensor, "b s m"] | None = None,
        keep: Bool[Tensor, "b s"] | None = None,
        rows: int | None = None,
    ) -> RnnState:
        if (memory is None) != (self.begin is None):
            raise ValueError("a language model has no memory" if self.begin is None else "this decoder needs a memory")
        if memory is None or self.begin is None:
            if rows is None:
                raise ValueError("without a memory, say how many rows there are")
            zeros = self.embedding.weight.new_zeros(rows, self.width)
            return RnnState([(zeros,) * self._parts() for _ in self.layers])
        if keep is None:
            keep = torch.ones(memory.shape[:2], dtype=torch.bool, device=memory.device)
        if self.summary is not None:
            fed = self.summary(_ends(memory, keep)).tanh()
            return RnnState(self._begun(fed), fed)
        assert self.attention is not None
        nothing = memory.new_zeros(len(memory), self.width)
        return RnnState(self._begun(_mean(memory, keep)), nothing, self.attention.prepare(memory, keep))

    def extend(self, ids: Int[Tensor, "b t"], state: RnnState) -> tuple[Float[Tensor, "b t v"], RnnState]:
        states, state, _ = self._read(ids, state)
        return self._logits(states), state

    def reorder(self, state: RnnState, rows: Int[Tensor, " n"]) -> RnnState:
        return RnnState(
            [tuple(part[rows] for part in layer) for layer in state.layers],
            None if state.fed is None else state.fed[rows],
            None if state.memory is None else state.memory.reorder(rows),
        )

    def _read(
        self, ids: Int[Tensor, "b t"], state: RnnState
    ) -> tuple[Float[Tensor, "b t w"], RnnState, list[Float[Tensor, "b 1 s"]]]:
        """The states that the output map reads, the state behind them, and what each step met of the memory."""
        embedded = self.embedding_dropout(self.embedding(ids) * self.embedding.embedding_dim**0.5)
        if state.memory is None:
            return self._read_at_once(embedded, state)
        return self._read_by_steps(embedded, state, state.memory)

    def _read_at_once(
        self, embedded: Float[Tensor, "b t e"], state: RnnState
    ) -> tuple[Float[Tensor, "b t w"], RnnState, list[Tensor]]:
        states, behind = embedded, []
        if state.fed is not None:
            states = torch.cat([states, state.fed[:, None].expand(-1, states.shape[1], -1)], dim=-1)
        for layer, cells in zip(self._stack(), state.layers, strict=True):
            first = tuple(part[None].contiguous() for part in cells)
            states, last = layer(states, first if len(first) > 1 else first[0])
            states = self.dropout(states)
            behind.append(tuple(part[0] for part in (last if len(first) > 1 else (last,))))
        return states, RnnState(behind, state.fed), []

    def _read_by_steps(
        self, embedded: Float[Tensor, "b t e"], state: RnnState, memory: Memory
    ) -> tuple[Float[Tensor, "b t w"], RnnState, list[Float[Tensor, "b 1 s"]]]:
        assert self.attention is not None
        assert state.fed is not None
        layers, fed, states, weights = list(state.layers), state.fed, [], []
        length, known = embedded.shape[1:]
        steps = [Steps(layer, length, 0 if place else known) for place, layer in enumerate(self._stack())]
        attend = self.attention.in_steps(memory, length)
        for ahead in steps[0].ahead(embedded):
            layers[0] = steps[0](fed, layers[0], ahead)
            for place in range(1, len(layers)):
                layers[place] = steps[place](self.dropout(layers[place - 1][0]), layers[place])
            fed, met = attend(layers[-1][0])
            states.append(fed)
            weights.append(met)
        return self.dropout(torch.stack(states, dim=1)), RnnState(layers, fed, memory), weights

    def _logits(self, states: Float[Tensor, "b t w"]) -> Float[Tensor, "b t v"]:
        if self.output is not None:
            logits: Tensor = self.output(states)
            return logits
        if self.narrow is not None:
            states = self.narrow(states)
        return linear(states, self.embedding.weight, self.output_bias)

    def _begun(self, summary: Float[Tensor, "b m"]) -> list[Cells]:
        """tanh(W s), a part for each layer (Bahdanau et al. 2015, appendix A.2.2)."""
        assert self.begin is not None
        parts = self.begin(summary).tanh().chunk(len(self.layers) * self._parts(), dim=-1)
        return [tuple(parts[place :: len(self.layers)]) for place in range(len(self.layers))]

    def _stack(self) -> list[nn.RNNBase]:
        return cast("list[nn.RNNBase]", list(self.layers))

    def _parts(self) -> int:
        return 2 if isinstance(self.layers[0], nn.LSTM) else 1


def _embedding(given: nn.Embedding | None, vocabulary: int, size: int, pad_id: int) -> nn.Embedding:
    if given is None:
        made = nn.Embedding(vocabulary, size, padding_idx=pad_id)
        nn.init.normal_(made.weight, std=size**-0.5)  # it is the output map too: logits begin near one
        nn.init.zeros_(made.weight[pad_id])
        return made
    if given.weight.shape != (vocabulary, size):
        raise ValueError(f"an embedding of {tuple(given.weight.shape)} where {(vocabulary, size)} was asked for")
    return given


def _open_forget_gate(layer: nn.RNNBase) -> None:
    """A bias of 1 (Jozefowicz et al. 2015)."""
    if isinstance(layer, nn.LSTM):
        bias = cast("Tensor", layer.bias_ih_l0)
        nn.init.ones_(bias[layer.hidden_size : 2 * layer.hidden_size])


def _mean(memory: Float[Tensor, "b s m"], keep: Bool[Tensor, "b s"]) -> Float[Tensor, "b m"]:
    kept = keep[..., None].to(memory.dtype)
    return (memory * kept).sum(1) / kept.sum(1).clamp(min=1)


def _ends(memory: Float[Tensor, "b s m"], keep: Bool[Tensor, "b s"]) -> Float[Tensor, "b 2*m"]:
    last = keep.sum(1).clamp(min=1) - 1
    return torch.cat([memory[torch.arange(len(memory), device=memory.device), last], memory[:, 0]], dim=-1)
