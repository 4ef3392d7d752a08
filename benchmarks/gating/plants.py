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
        "        add = n_in >= ZERO  # yes; a literal True would be a type of its own\n",
        """        add = n_in >= ZERO  # yes; a literal True would be a type of its own
        part = first_unit + (last_unit - first_unit) // 7
        none = n_in < ZERO
        _multiply_weights(
            y, x, weight, packed, not turned, n_in, n_out, none, first_unit, part
        )
        for u in range(first_unit, last_unit):
            for i in range(0, width, width // VECTORS):
                store(y, u * width + i, splat(y, b[u]))
""",
    ),
    Plant(
        "dense_backward",
        DENSE,
        "        add = n_in < ZERO  # no; a literal False would be a type of its own\n",
        """        add = n_in < ZERO  # no; a literal False would be a type of its own
        part = first_input + (last_input - first_input) // 7
        _multiply_weights(dx, dy, weight, packed, turned, n_out, n_in, add, first_input, part)
""",
    ),
    Plant(
        "dense_weight_backward",
        DENSE,
        "                to_rows(rows, b, n_lanes, block * width, count)\n",
        """                for _ in range(3):
                    to_rows(rows, b, n_lanes, block * width, count)
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
