"""One matrix met step after step: values and gradients are those of plain products."""

import pytest
import torch

from regard.nn.shared_product import SharedProduct

STEPS = 3


def plain(matrix, steps):
    return lambda rows: rows @ matrix


def inputs(*shape):
    torch.manual_seed(0)
    matrix = torch.randn(*shape, 4, 5, dtype=torch.float64, requires_grad=True)
    return matrix, torch.randn(*shape, 3, 4, dtype=torch.float64, requires_grad=True)


def chain(product, matrix, rows):
    """Each step reads what the one before gave; the losses are one of each step."""
    meet, back, losses = product(matrix, STEPS), torch.linspace(-1, 1, 20).view(5, 4).double(), []
    for _ in range(STEPS):
        rows = (meet(rows) @ back).tanh()
        losses.append(rows.square().sum())
    return losses


@pytest.mark.parametrize("shape", [(), (2,)])
def test_gradients_are_those_of_plain_products(shape):
    given = inputs(*shape)
    found, expected = (torch.autograd.grad(sum(chain(kind, *given)), given) for kind in (SharedProduct, plain))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_a_second_pass_back_counts_nothing_twice_and_only_the_steps_it_goes_through():
    matrix, rows = inputs()
    found, expected = (chain(kind, matrix, rows) for kind in (SharedProduct, plain))
    torch.autograd.grad(sum(found), [rows], retain_graph=True)  # leaves factors that nobody asks for
    for losses in ((0,), (2,), (0, 1, 2)):
        one, other = (
            torch.autograd.grad(sum(own[step] for step in losses), [matrix], retain_graph=True)[0]
            for own in (found, expected)
        )
        torch.testing.assert_close(one, other)


def test_a_frozen_matrix_still_gives_the_rows_their_gradient():
    matrix, rows = inputs()
    found, expected = (
        torch.autograd.grad(sum(chain(kind, matrix.detach(), rows)), [rows])[0] for kind in (SharedProduct, plain)
    )
    torch.testing.assert_close(found, expected)
    with torch.no_grad():
        assert not SharedProduct(matrix, 1)(rows).requires_grad


def test_under_autocast_the_product_is_in_its_number_format_and_the_gradients_in_their_own():
    matrix, rows = (tensor.detach().float().requires_grad_() for tensor in inputs())
    with torch.autocast("cpu", torch.bfloat16):
        product = SharedProduct(matrix, 1)(rows)
    assert product.dtype == torch.bfloat16
    product.float().sum().backward()
    assert matrix.grad.dtype == rows.grad.dtype == torch.float32
    torch.testing.assert_close(matrix.grad, rows.detach().sum(0)[:, None].expand(4, 5), rtol=0.02, atol=0.02)
