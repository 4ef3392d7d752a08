"""A convolution of some images, and what it computes by its definition and by PyTorch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import jitnet as jn
from convolutions import convolution_backward, convolution_forward
from jitnet.kernels.panels import panel_width
from jitnet.layers.window import Window

Array = np.ndarray[Any, Any]
WIDTH = panel_width(np.float64)


class Case(NamedTuple):
    """A convolution of some images, with whole numbers, of which every sum is exact."""

    window: Window
    X: Array
    W: Array
    b: Array
    dY: Array


def as_panels(images: Array) -> Array:
    """Images (m, …) as panels (panels, units, width); lanes that are left are zero."""
    rows = images.reshape(len(images), -1)
    panels = -(-len(rows) // WIDTH)
    padded = np.zeros((panels * WIDTH, rows.shape[1]))
    padded[: len(rows)] = rows
    return np.ascontiguousarray(padded.reshape(panels, WIDTH, -1).transpose(0, 2, 1))


def as_images(panels: Array, shape: tuple[int, ...]) -> Array:
    """Panels as images of a shape (m, …)."""
    return panels.transpose(0, 2, 1).reshape(-1, panels.shape[1])[: shape[0]].reshape(shape)


def torch_results(case: Case) -> dict[str, Array]:
    """The same from PyTorch."""
    torch = pytest.importorskip("torch")
    window = case.window
    X = torch.tensor(case.X.transpose(0, 3, 1, 2).copy(), requires_grad=True)
    W = torch.tensor(case.W.transpose(3, 2, 0, 1).copy(), requires_grad=True)
    b = torch.tensor(case.b, requires_grad=True)
    Y = torch.nn.functional.conv2d(X, W, b, tuple(window[6:8]), tuple(window[8:]))
    Y.backward(torch.tensor(case.dY.transpose(0, 3, 1, 2).copy()))
    return {
        "Y": Y.detach().numpy().transpose(0, 2, 3, 1),
        "dX": X.grad.numpy().transpose(0, 2, 3, 1),
        "dW": W.grad.numpy().transpose(2, 3, 1, 0),
        "db": b.grad.numpy(),
    }


def defined_results(case: Case, padding: Any = None) -> dict[str, Array]:
    """The same from the definition."""
    kh, kw, _, n_out = case.W.shape
    layer = jn.Conv2D(n_out, (kh, kw), case.window[6:8], padding or case.window[8:])
    dX, (dW, db) = convolution_backward(layer, case.dY, case.X, [case.W, case.b], None)
    Y = convolution_forward(layer, case.X, [case.W, case.b], None)
    return {"Y": Y, "dX": dX, "dW": dW, "db": db}
