import math

import pytest
import torch
from torch import nn

from regard.recipe import TrainingOptions
from regard.training import optim


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.norm = nn.LayerNorm(4)
        self.linear = nn.Linear(4, 4)
        self.recurrent = nn.LSTM(4, 3)
        self.frozen = nn.Linear(4, 4)
        self.frozen.requires_grad_(False)


def test_matrices_decay_and_nothing_else():
    model = Block()
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    decaying, free = optim.parameter_groups(model, TrainingOptions(weight_decay=0.1))
    assert decaying["weight_decay"] == 0.1
    assert {names[id(p)] for p in decaying["params"]} == {
        "linear.weight",
        "recurrent.weight_ih_l0",
        "recurrent.weight_hh_l0",
    }
    assert free["weight_decay"] == 0.0
    assert {names[id(p)] for p in free["params"]} == {
        "embedding.weight",
        "norm.weight",
        "norm.bias",
        "linear.bias",
        "recurrent.bias_ih_l0",
        "recurrent.bias_hh_l0",
    }


def test_the_optimizer_is_fused_and_does_what_the_plain_one_does():
    options = TrainingOptions(learning_rate=0.1, weight_decay=0.2, adam_beta1=0.8, adam_beta2=0.9, adam_epsilon=1e-6)
    ours, plain = nn.Linear(3, 3), nn.Linear(3, 3)
    plain.load_state_dict(ours.state_dict())
    fused = optim.adamw(optim.parameter_groups(ours, options), options)
    assert all(group["fused"] for group in fused.param_groups)
    groups = optim.parameter_groups(plain, options)
    reference = torch.optim.AdamW(groups, lr=0.1, betas=(0.8, 0.9), eps=1e-6, fused=False, foreach=False)
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        inputs = torch.randn(4, 3, generator=generator)
        for model, optimizer in ((ours, fused), (plain, reference)):
            optimizer.zero_grad()
            model(inputs).square().sum().backward()
            optimizer.step()
    for one, other in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("kind", ["linear", "cosine", "constant"])
@pytest.mark.parametrize("warmup", [0, 0.1, 20, 150])
def test_schedules(kind, warmup):
    factor = optim.schedule(TrainingOptions(lr_scheduler_type=kind, warmup_steps=warmup), 100)
    factors = [factor(step) for step in range(1, 101)]
    assert all(0 < value <= 1 for value in factors)
    rising = {0: 0, 0.1: 10, 20: 20, 150: 100}[warmup]
    assert factors[:rising] == sorted(factors[:rising])
    falling = factors[rising:]
    assert falling == sorted(falling, reverse=True)
    if falling:
        assert falling[0] == 1.0
        assert (falling[-1] == 1.0) == (kind == "constant")


def test_schedules_halfway():
    half = {
        kind: optim.schedule(TrainingOptions(lr_scheduler_type=kind, warmup_steps=0), 100)(51)
        for kind in ("linear", "cosine", "constant")
    }
    assert half == {"linear": pytest.approx(0.5), "cosine": pytest.approx(0.5), "constant": 1.0}


def test_a_schedule_reaches_every_group_by_its_own_rate():
    options = TrainingOptions(learning_rate=0.5)
    optimizer = optim.adamw([{"params": [nn.Parameter(torch.ones(1))], "lr": lr} for lr in (0.1, 0.2)], options)
    assert optim.set_learning_rate(optimizer, 0.5) == 0.1
    assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.1]


@pytest.mark.parametrize("max_norm", [0.0, 0.5, 100.0])
def test_gradients_of_a_sum_become_those_of_the_mean_clipped(max_norm):
    generator = torch.Generator().manual_seed(0)
    parameters = [nn.Parameter(torch.zeros(shape)) for shape in ((3, 4), (5,), ())]
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=generator) * 8
    unused = nn.Parameter(torch.zeros(2))
    expected = [parameter.grad.clone() / 8 for parameter in parameters]
    norm = math.sqrt(sum(gradient.square().sum().item() for gradient in expected))
    if 0 < max_norm < norm:
        expected = [gradient * max_norm / norm for gradient in expected]
    assert optim.average_and_clip([*parameters, unused], 8, max_norm).item() == pytest.approx(norm)
    for parameter, gradient in zip(parameters, expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
    assert unused.grad is None
