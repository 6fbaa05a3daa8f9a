"""A recurrent layer step by step, for a decoder that is fed what it attended to and can't hand its text to `nn.LSTM`.

The weights are those of torch's layers, so both ways of running one are the same function.
"""

from __future__ import annotations

from typing import cast

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from regard.nn.shared_product import SharedProduct

Cells = tuple[Float[Tensor, "b w"], ...]
"""The state of a layer: hidden state, and the LSTM's cell behind it."""


class Steps:
    """The steps of a text through one layer. Of its inputs `[..., i]`, those of the columns before `known` are known
    for all steps at once and come as what they give to the gates."""

    def __init__(self, layer: nn.RNNBase, steps: int, known: int = 0) -> None:
        of_inputs, of_state, self.bias, self.state_bias = cast("list[Tensor]", layer.all_weights[0])
        self.known = of_inputs[:, :known]
        self.inputs = SharedProduct(of_inputs[:, known:].T, steps)
        self.state = SharedProduct(of_state.T, steps)
        self.step = {nn.LSTM: self._lstm, nn.GRU: self._gru, nn.RNN: self._rnn}[type(layer)]

    def ahead(self, known: Float[Tensor, "b t k"]) -> tuple[Float[Tensor, "b g"], ...]:
        """For each step, what its known inputs give to the gates."""
        return F.linear(known, self.known, self.bias).unbind(1)

    def __call__(self, inputs: Float[Tensor, "b i"], state: Cells, ahead: Float[Tensor, "*b g"] | None = None) -> Cells:
        """The state after a step that reads `inputs`."""
        gates = self.inputs(inputs) + (self.bias if ahead is None else ahead)
        return self.step(gates, self.state(state[0]) + self.state_bias, state)

    def _lstm(self, gates: Float[Tensor, "b g"], met: Float[Tensor, "b g"], state: Cells) -> Cells:
        ingoing, forget, new, outgoing = (gates + met).chunk(4, dim=-1)
        cell = forget.sigmoid() * state[1] + ingoing.sigmoid() * new.tanh()
        return outgoing.sigmoid() * cell.tanh(), cell

    def _gru(self, gates: Float[Tensor, "b g"], met: Float[Tensor, "b g"], state: Cells) -> Cells:
        """torch's GRU: the reset gate closes on U h + b, not on h."""
        (hidden,) = state
        both = 2 * hidden.shape[-1]
        reset, update = (gates[:, :both] + met[:, :both]).sigmoid().chunk(2, dim=-1)
        new = (gates[:, both:] + reset * met[:, both:]).tanh()
        return (new + update * (hidden - new),)

    def _rnn(self, gates: Float[Tensor, "b g"], met: Float[Tensor, "b g"], state: Cells) -> Cells:
        return ((gates + met).tanh(),)
