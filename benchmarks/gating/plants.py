"""Slowdowns of about 15 % to plant in kernels, which then still give the right numbers.

Each does a part of the kernel's work a second time. Where the kernel's code changes, its plant has
to follow: it says what text it replaces.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Plant(NamedTuple):
    """A text in a file of the package, and what to put in its place."""

    kernel: str
    file: str
    before: str
    after: str

    def put_into(self, folder: Path) -> None:
        """Change the package in a folder.

        Raises
        ------
        ValueError
            If the text is not there exactly once.
        """
        path = folder / self.file
        source = path.read_text()
        if source.count(self.before) != 1:
            raise ValueError(f"{self.file} does not have exactly once: {self.before!r}")
        path.write_text(source.replace(self.before, self.after))


DENSE = "jitnet/layers/dense.py"
PLANTS = (
    Plant(
        "dense_forward",
        DENSE,
        "        b = at(bias, first_unit)\n",
        """        b = at(bias, first_unit)
        multiply_rows(
            z,
            at(weight, first_unit * unit_step),
            at(X, p * n_in * width),
            width,
            unit_step,
            input_step,
            ZERO,
            ZERO,
            ONE,
            n_in // 8,
            width,
            n_in < ZERO,
            units,
        )
""",
    ),
    Plant(
        "dense_backward",
        DENSE,
        "        dx = at(dX, (p * n_in + first_input) * width)\n",
        """        dx = at(dX, (p * n_in + first_input) * width)
        multiply_rows(
            dx,
            at(weight, first_input * input_step),
            at(dZ, p * n_out * width),
            width,
            input_step,
            unit_step,
            ZERO,
            ZERO,
            ONE,
            n_out // 8,
            width,
            n_out < ZERO,
            inputs,
        )
""",
    ),
    Plant(
        "dense_weight_backward",
        DENSE,
        "        for row in range(first_row, last_row, len(TALL)):\n",
        """        for row in range(first_row, last_row, len(TALL)):
            if not add:
                multiply_rows(
                    at(dweight, row * lanes_count + block * width),
                    at(columns, row * width),
                    at(rows, block * block_size),
                    lanes_count,
                    width,
                    ONE,
                    n_rows * width,
                    blocks * block_size,
                    panels,
                    width // 9,
                    min(width, lanes_count - block * width),
                    add,
                    min(len(TALL), last_row - row),
                )
""",
    ),
    Plant(
        "tanh_forward",
        "jitnet/activations/table.py",
        "        _forward(tanh.value, A, Z, count)\n",
        """        _forward(tanh.value, A, Z, count * 3 // 20 // 16 * 16)
        _forward(tanh.value, A, Z, count)
""",
    ),
    Plant(
        "softmax_crossentropy_loss",
        "jitnet/losses/softmax_crossentropy.py",
        "    target = splat(Z, 0.0)\n",
        """    target = splat(Z, 0.0)
    for u in range(outputs // 5):
        total = total + 0.0 * elementary.exp(load(Z, u * row) - greatest)
""",
    ),
    Plant(
        "adam_update",
        "jitnet/optimizers/adam.py",
        "    for i in range(first, last, lanes(w)):\n",
        """    for i in range(first, first + (last - first) * 3 // 20, lanes(w)):
        root_of_square = square_root(load(v, i)) * root + epsilon
        store(w, i, fma(load(m, i) * step / root_of_square, 0.0, load(w, i)))
    for i in range(first, last, lanes(w)):
""",
    ),
)
