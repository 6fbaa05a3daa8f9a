"""`cnn`: convolutions of several widths over word vectors, the strongest answer of each filter kept (Kim 2014).

Notable: max pooling keeps one answer of each filter a text, so that all others have a gradient of zero. On a CPU the
backward pass computes with the few that have one: a quarter of the time of computing with all (docs/log.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from regard.encoders.base import Encoder, EncoderConfig, EncoderOutput

FEW = 1 / 32  # of the answers: where more have a gradient, computing with all is faster


class CnnConfig(EncoderConfig):
    model_type = "regard-cnn"
    encoder_class = "regard.encoders.cnn:CnnEncoder"

    def __init__(
        self,
        architecture: str = "cnn",
        widths: Sequence[int] = (3, 4, 5),
        channels: int = 100,
        **keywords: Any,
    ) -> None:
        self.widths = list(widths)
        self.channels = channels
        keywords.setdefault("pooling", "max")
        super().__init__(architecture=architecture, **keywords)


class CnnEncoder(Encoder):
    """ReLU(W x[i:i+h] + b) for each width h (equation 2), zeros beyond both ends so that every token starts a window.

    Max pooling over the states is Kim's max over time (section 2). Padding is zeroed first: a text has the same states
    alone and in a batch.
    """

    def __init__(self, config: CnnConfig) -> None:
        super().__init__()
        self.widths = config.widths
        self.width = config.channels * len(config.widths)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(config.embedding_size, config.channels, width) for width in config.widths
        )

    def forward(
        self, embeddings: Float[Tensor, "b t e"], keep: Bool[Tensor, "b t"], need_weights: bool = False
    ) -> EncoderOutput:
        signal = torch.where(keep[..., None], embeddings, 0.0)
        parameters = list(self.convolutions.parameters())  # weight and bias of each width in turn
        if torch.is_grad_enabled() and signal.device.type == "cpu" and not torch.is_autocast_enabled("cpu"):
            return EncoderOutput(_Answers.apply(signal, *parameters))
        return EncoderOutput(answers(signal, parameters[::2], parameters[1::2]))


def answers(
    signal: Float[Tensor, "b t e"], weights: Sequence[Float[Tensor, "c e _"]], biases: Sequence[Float[Tensor, " c"]]
) -> Float[Tensor, "b t d"]:
    """What every filter says of the window at every token.

    As a picture one pixel wide whose channels are the words' vectors: these lie together in memory, before and after,
    so that nothing is turned round.
    """
    picture = signal[:, :, None].permute(0, 3, 1, 2)
    found = []
    for weight, bias in zip(weights, biases, strict=True):
        answer = F.conv2d(picture, weight[..., None], bias, padding=(weight.shape[2] // 2, 0))[..., 0]
        # Zeros are put on both sides alike: an even width has a window too many, at the beginning.
        found.append(answer[..., answer.shape[2] - signal.shape[1] :].transpose(1, 2))
    return F.relu_(torch.cat(found, dim=-1))


class _Answers(torch.autograd.Function):
    """`answers`, whose backward pass computes with those alone that have a gradient, where these are few."""

    @staticmethod
    def forward(ctx: Any, signal: Tensor, *parameters: Tensor) -> Tensor:
        given = [tensor.detach().requires_grad_(tensor.requires_grad) for tensor in (signal, *parameters)]
        with torch.enable_grad():
            states = answers(given[0], given[1::2], given[2::2])
        ctx.save_for_backward(*given, states)
        return states.detach()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        *given, states = ctx.saved_tensors
        gradient = gradient.contiguous()
        places = gradient.view(-1).nonzero()[:, 0]
        if len(places) > FEW * gradient.numel():
            asked = [tensor for tensor in given if tensor.requires_grad]
            found = iter(torch.autograd.grad(states, asked, gradient))
            return tuple(next(found) if tensor.requires_grad else None for tensor in given)
        strength = gradient.view(-1)[places].masked_fill(states.detach().view(-1)[places] <= 0, 0.0)
        return gradients_of_few(given[0].detach(), [weight.detach() for weight in given[1::2]], places, strength)


def gradients_of_few(
    signal: Float[Tensor, "b t e"],
    weights: Sequence[Float[Tensor, "c e _"]],
    places: Int[Tensor, " n"],
    strength: Float[Tensor, " n"],
) -> tuple[Tensor, ...]:
    """Gradients of the signal, and of each width's weight and bias in turn, by those answers that have one.

    `places` are theirs in the flat `[b t d]`, rising; `strength` is the gradient of each before its ReLU. Of the first,
    second, … word of a window the token takes that column of the filter, and the filter that token's vector.
    """
    texts, length, _ = signal.shape
    widest = max(weight.shape[2] for weight in weights)
    before, after = (widest - 1) // 2, widest // 2
    kernel = torch.cat([F.pad(weight, _margins(weight, widest)) for weight in weights])
    padded = F.pad(signal, (0, 0, before, after))
    token, channel = places // len(kernel), places % len(kernel)
    first = token + (before + after) * (token // length)  # the row of the window's first word in all that is padded
    order = channel.argsort(stable=True)
    of_tokens, of_channels = _starts(token, texts * length), _starts(channel, len(kernel))
    of_signal, of_kernel = torch.zeros_like(padded), torch.empty_like(kernel)
    for word in range(widest):
        share = _sums(kernel[..., word].contiguous(), channel, of_tokens, strength)
        of_signal[:, word : word + length] += share.view(signal.shape)
        of_kernel[..., word] = _sums(padded.flatten(0, 1), (first + word)[order], of_channels, strength[order])
    of_bias = strength.new_zeros(len(kernel)).index_add_(0, channel, strength)
    found = [of_signal[:, before : before + length]]
    sizes = [len(weight) for weight in weights]
    for weight, wide, bias in zip(weights, of_kernel.split(sizes), of_bias.split(sizes), strict=True):
        start, _ = _margins(weight, widest)
        found += [wide[..., start : start + weight.shape[2]].contiguous(), bias]
    return tuple(found)


def _margins(weight: Float[Tensor, "c e w"], widest: int) -> tuple[int, int]:
    """How many words more than this filter the widest one sees, on the left and on the right."""
    width = weight.shape[2]
    return (widest - 1) // 2 - (width - 1) // 2, widest // 2 - width // 2


def _starts(numbers: Int[Tensor, " n"], groups: int) -> Int[Tensor, " groups"]:
    """Where the members of each group begin, once they are sorted by the numbers of their groups."""
    sizes = torch.bincount(numbers, minlength=groups)
    return sizes.cumsum(0) - sizes


def _sums(table: Tensor, rows: Int[Tensor, " n"], starts: Tensor, strength: Float[Tensor, " n"]) -> Tensor:
    """`[g w]`: for each group its rows of the table `[r w]`, each times its strength, added up."""
    return F.embedding_bag(rows, table, starts, mode="sum", per_sample_weights=strength)
