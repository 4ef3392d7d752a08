"""A convolution, one scalar at a time: each filter passes over each image, window by window.

The notation is Andrew Ng's: A_prev is (m, n_H_prev, n_W_prev, n_C_prev), an example first and its
channels last, W is (f, f, n_C_prev, n_C), a filter for each channel of Z, and b is (1, 1, 1, n_C).
Windows are ``stride`` apart, and ``pad`` zeros stand around the images. (As everywhere in deep
learning, filters are not turned around first: strictly, this is a cross-correlation.)
"""

from __future__ import annotations

from jitnet.study.images import Image, Images, windows_along, zeros


def zero_pad(X: Images, pad: int) -> Images:
    """Images with zeros around them, (m, n_H + 2 pad, n_W + 2 pad, n_C)."""
    m, n_H, n_W, n_C = len(X), len(X[0]), len(X[0][0]), len(X[0][0][0])
    X_pad = zeros(m, n_H + 2 * pad, n_W + 2 * pad, n_C)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    X_pad[i][pad + h][pad + w][c] = X[i][h][w][c]
    return X_pad


def without_pad(X_pad: Images, pad: int) -> Images:
    """The images without what ``zero_pad`` has put around them."""
    return [[row[pad : len(row) - pad] for row in x[pad : len(x) - pad]] for x in X_pad]


def conv_single_step(a_slice_prev: Image, W: Image, b: float) -> float:
    """z = Σ a_slice_prev W + b, of a window and a filter, (f, f, n_C_prev)."""
    z = b
    for v in range(len(W)):
        for w in range(len(W[0])):
            for c in range(len(W[0][0])):
                z += a_slice_prev[v][w][c] * W[v][w][c]
    return z


def conv_forward(A_prev: Images, W: Images, b: Images, stride: int, pad: int) -> Images:
    """Z[i, h, w, c] = Σ of window (h, w) of A_prev[i] times W[:, :, :, c], + b[c].

    Parameters
    ----------
    A_prev : (m, n_H_prev, n_W_prev, n_C_prev)
        What the layer is given.
    W : (f, f, n_C_prev, n_C)
        Weights: a filter for each channel of Z.
    b : (1, 1, 1, n_C)
        Biases.
    stride, pad : int
        How far windows are apart, and how many zeros stand at each edge of an image.

    Returns
    -------
    Z : (m, n_H, n_W, n_C)
        Pre-activations.
    """
    m, f, n_C = len(A_prev), len(W), len(b[0][0][0])
    n_H = windows_along(len(A_prev[0]), f, stride, pad)
    n_W = windows_along(len(A_prev[0][0]), f, stride, pad)
    filters = [[[[w[c] for w in row] for row in plane] for plane in W] for c in range(n_C)]
    A_prev_pad = zero_pad(A_prev, pad)
    Z = zeros(m, n_H, n_W, n_C)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert_start, horiz_start = h * stride, w * stride
                rows = A_prev_pad[i][vert_start : vert_start + f]
                a_slice_prev = [row[horiz_start : horiz_start + f] for row in rows]
                for c in range(n_C):
                    Z[i][h][w][c] = conv_single_step(a_slice_prev, filters[c], b[0][0][0][c])
    return Z


def input_gradient(dZ: Images, A_prev: Images, W: Images, stride: int, pad: int) -> Images:
    """dA_prev, of A_prev's shape: each window of it gets W[:, :, :, c] dZ[i, h, w, c]."""
    m, n_H, n_W, n_C = len(dZ), len(dZ[0]), len(dZ[0][0]), len(dZ[0][0][0])
    f, n_C_prev = len(W), len(W[0][0])
    n_H_prev, n_W_prev = len(A_prev[0]), len(A_prev[0][0])
    dA_prev_pad = zeros(m, n_H_prev + 2 * pad, n_W_prev + 2 * pad, n_C_prev)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert_start, horiz_start = h * stride, w * stride
                for v in range(f):
                    for z in range(f):
                        da = dA_prev_pad[i][vert_start + v][horiz_start + z]
                        for k in range(n_C_prev):
                            for c in range(n_C):
                                da[k] += W[v][z][k][c] * dZ[i][h][w][c]
    return without_pad(dA_prev_pad, pad)


def weight_gradients(
    dZ: Images, A_prev: Images, W: Images, stride: int, pad: int
) -> tuple[Images, Images]:
    """The gradients dW and db, of W's shape and (1, 1, 1, n_C): sums over examples and windows.

    dW[:, :, :, c] = Σ a_slice_prev dZ[i, h, w, c] and db[c] = Σ dZ[i, h, w, c].
    """
    m, n_H, n_W, n_C = len(dZ), len(dZ[0]), len(dZ[0][0]), len(dZ[0][0][0])
    f, n_C_prev = len(W), len(W[0][0])
    A_prev_pad = zero_pad(A_prev, pad)
    dW, db = zeros(f, f, n_C_prev, n_C), zeros(1, 1, 1, n_C)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert_start, horiz_start = h * stride, w * stride
                for c in range(n_C):
                    db[0][0][0][c] += dZ[i][h][w][c]
                for v in range(f):
                    for z in range(f):
                        a = A_prev_pad[i][vert_start + v][horiz_start + z]
                        for k in range(n_C_prev):
                            for c in range(n_C):
                                dW[v][z][k][c] += a[k] * dZ[i][h][w][c]
    return dW, db


def conv_backward(
    dZ: Images, A_prev: Images, W: Images, stride: int, pad: int
) -> tuple[Images, Images, Images]:
    """Backward: dA_prev, dW and db from dZ, the gradient of the cost.

    Parameters
    ----------
    dZ : (m, n_H, n_W, n_C)
        Gradient of the cost with respect to the pre-activations.
    A_prev : (m, n_H_prev, n_W_prev, n_C_prev)
        What the layer was given.
    W : (f, f, n_C_prev, n_C)
        Weights.
    stride, pad : int
        As in ``conv_forward``.

    Returns
    -------
    dA_prev, dW, db : of the shapes of A_prev, W and b
        Gradients with respect to the input, the weights and the biases.
    """
    dA_prev = input_gradient(dZ, A_prev, W, stride, pad)
    return dA_prev, *weight_gradients(dZ, A_prev, W, stride, pad)
