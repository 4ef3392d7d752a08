"""What all ranks must have alike, said before the first step."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from jitnet.examples import Examples
from jitnet.fingerprint import arrays_of
from jitnet.fit import Fit
from jitnet.kernels.panels import panel_width
from jitnet.several import Several
from jitnet.sparse import SparseRows
from jitnet.version import package_version

Result = TypeVar("Result")
Facts = dict[str, str]


def in_all(communicator: Any, work: Callable[[], Result]) -> Result:
    """Do some work in every rank; where it fails in one, it fails in all.

    Raises
    ------
    Exception
        Its own error where all have failed alike.
    ValueError
        Which ranks have failed, where not all have.
    """
    result: Result | None = None
    error: Exception | None = None
    try:
        result = work()
    except Exception as raised:  # whatever it is, the others wait for this rank
        error = raised
    own = None if error is None else str(error) or type(error).__name__
    told: list[str | None] = communicator.allgather(own)
    if error is not None and told.count(own) == len(told):
        raise error
    failed = [f"rank {rank}: {text}" for rank, text in enumerate(told) if text is not None]
    if failed:
        raise ValueError("; ".join(failed)) from error
    return cast(Result, result)


def agree(communicator: Any, facts: Facts) -> None:
    """Refuse ranks of which one differs from the first in a fact.

    Raises
    ------
    ValueError
        Which rank differs in what.
    """
    every: list[Facts] = communicator.allgather(facts)
    for name in every[0]:
        groups: dict[str, list[int]] = {}
        for rank, own in enumerate(every):
            groups.setdefault(own[name], []).append(rank)
        if len(groups) > 1:
            (usual, _), *others = groups.items()
            said = ", ".join(f"{_ranks(ranks)} {value}" for value, ranks in others)
            raise ValueError(f"the ranks differ in their {name}: rank 0 has {usual}, {said}")


def _ranks(ranks: list[int]) -> str:
    if len(ranks) == 1:
        return f"rank {ranks[0]} has"
    return f"ranks {', '.join(map(str, ranks[:-1]))} and {ranks[-1]} have"


def facts_of(fit: Fit) -> Facts:
    """What must be alike in all ranks: versions, the model, the data's form, the options."""
    model, engine = fit.model, fit.model._engine
    return {
        "version of jitnet": package_version(),
        "version of numba": numba.__version__,
        "version of NumPy": np.__version__,
        "dtype": str(model.dtype),
        "kind of machine": f"{platform.machine()}, {panel_width(model.dtype)} numbers a vector",
        "layers": repr(list(model.layers)),
        "loss": f"{model.loss}, {model.label_smoothing}, {model.quantile}",
        "optimizer": repr(model.optimizer),
        "seed": str(model.seed),
        "state": "none yet" if engine is None else _digest(engine.state()),
        **_facts_of_data(fit.examples, ""),
        **_facts_of_data(fit.validation, " of validation_data"),
        "epochs": str(fit.options.epochs),
        "batch_size": str(fit.batch),
        "shuffle": str(fit.options.shuffle),
        "callbacks": str([type(callback).__name__ for callback in fit.options.callbacks]),
        "resume": str(fit.options.resume),
    }


def _facts_of_data(examples: Examples | None, name: str) -> Facts:
    """The form of X, which no rank reads as a whole, and what y and the weights are."""
    if examples is None:
        return {f"X{name}": "none", f"y{name}": "none", f"sample_weight{name}": "none"}
    arrays = arrays_of(examples.rows)
    kinds = [f"{array.dtype} of shape {array.shape}" for array in arrays]
    if not isinstance(examples.rows, SparseRows | Several):
        kinds = [f"{arrays[0].dtype} of shape {(len(arrays[0]), *_shape(examples))}"]
    return {
        f"X{name}": " and ".join(kinds),
        f"y{name}": f"{examples.targets.shape}, {_digest([examples.targets])}",
        f"sample_weight{name}": _digest([examples.weights]),
    }


def _shape(examples: Examples) -> tuple[Any, ...]:
    return tuple(examples.shape)


def _digest(arrays: Any) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    return f"digest {digest.hexdigest()}"
