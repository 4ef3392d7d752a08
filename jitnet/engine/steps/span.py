"""The words that change from call to call of a block, beside its record: whole and real numbers."""

from __future__ import annotations

from jitnet.kernels.blocks import EXAMPLES, ORIGIN, PANELS

WORDS = (
    "panels",
    "examples",
    "origin",
    "first_panel",
    "last_panel",
    "first",
    "last",
    "other_first",
    "other_last",
    "add",
    "training",
    "key",
    "first_example",
    "batch_first",
    "batch_last",
    "inputs",
    "inputs_size",
    "order",
    "order_size",
    "targets",
    "targets_size",
    "labels",
    "labels_size",
    "sample_weights",
    "sample_weights_size",
    "scratch",
    "scratch_size",
    "indptr",
    "indptr_size",
    "indices",
    "indices_size",
    "numbers",
    "numbers_size",
    "states",
    "states_size",
)
"""Whole numbers: shapes, a worker's portion, the step, and where the data lie. ``first`` and
``last`` are of the units, or of what an operation's cut divides."""

(
    _,
    _,
    _,
    FIRST_PANEL,
    LAST_PANEL,
    FIRST,
    LAST,
    OTHER_FIRST,
    OTHER_LAST,
    ADD,
    TRAINING,
    KEY,
    FIRST_EXAMPLE,
    BATCH_FIRST,
    BATCH_LAST,
    INPUTS,
    _,
    ORDER,
    _,
    TARGETS,
    _,
    LABELS,
    _,
    SAMPLE_WEIGHTS,
    _,
    SCRATCH,
    _,
    INDPTR,
    _,
    INDICES,
    _,
    NUMBERS,
    _,
    STATES,
    _,
) = range(len(WORDS))

BLOCK_WORDS = 6
BLOCK_FIRST, BLOCK_LAST, BLOCK_EXAMPLE, BLOCK_PANELS, WIDTH, EXCHANGE = range(
    len(WORDS), len(WORDS) + BLOCK_WORDS
)
"""Words behind those, which no kernel asks for: where the block that is in memory lies in the order
and in the batch, its panels and their width, and the address by which ranks exchange, or 0."""

MAX_DECAYS = 4
REALS = ("rate", "clip", "scale", "share_of_l2", *(f"power_{i}" for i in range(MAX_DECAYS)))
"""Real numbers: the step's learning rate, the scales of gradients and
of l2, and powers of decays."""
RATE, CLIP, SCALE, SHARE_OF_L2, POWERS = range(5)

ARRAYS = {
    "inputs": f"int64s:{INPUTS}",
    "order": f"int64s:{ORDER}",
    "targets": f"floats:{TARGETS}",
    "labels": f"int32s:{LABELS}",
    "sample_weights": f"floats:{SAMPLE_WEIGHTS}",
    "scratch": f"scratch:{SCRATCH}",
    "indptr": f"int64s:{INDPTR}",
    "indices": f"int32s:{INDICES}",
    "numbers": f"floats:{NUMBERS}",
    "states": f"floats:{STATES}",
}
"""The sources of the data's arrays."""

SOURCES = (
    {name: f"int:{place}" for place, name in enumerate(WORDS)}
    | {name: f"real:{place}" for place, name in enumerate(REALS)}
    | ARRAYS
)
"""Where a kernel finds what it asks for by these names."""

__all__ = [
    "ADD",
    "ARRAYS",
    "BATCH_FIRST",
    "BATCH_LAST",
    "BLOCK_EXAMPLE",
    "BLOCK_FIRST",
    "BLOCK_LAST",
    "BLOCK_PANELS",
    "CLIP",
    "EXAMPLES",
    "EXCHANGE",
    "FIRST",
    "FIRST_EXAMPLE",
    "FIRST_PANEL",
    "INDICES",
    "INDPTR",
    "INPUTS",
    "KEY",
    "LABELS",
    "LAST",
    "LAST_PANEL",
    "MAX_DECAYS",
    "NUMBERS",
    "ORDER",
    "ORIGIN",
    "OTHER_FIRST",
    "OTHER_LAST",
    "PANELS",
    "POWERS",
    "RATE",
    "REALS",
    "SAMPLE_WEIGHTS",
    "SCALE",
    "SCRATCH",
    "SHARE_OF_L2",
    "SOURCES",
    "STATES",
    "TARGETS",
    "TRAINING",
    "WIDTH",
    "WORDS",
]
