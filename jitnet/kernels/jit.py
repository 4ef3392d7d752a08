"""The one decorator of the package: every flag, the cache, and the two twins of a block.

    @njit                   a helper, called from compiled code alone
    @njit(parallel=True)    a block: its loop over prange is cut between threads, and its twin
                            ``block.serial`` is the same source compiled for one thread
    @njit(entry=True)       a serial function that Python calls
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, Protocol, cast, overload

import numba
from numba import config

from jitnet.kernels.cache import KernelCache
from jitnet.kernels.helpers import HelperCompiler

FLAGS = {"error_model": "numpy", "nogil": True, "fastmath": {"contract"}}
HELPER_FLAGS = {
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": HelperCompiler,
}


class Kernel(Protocol):
    """A compiled function and its twin for one thread."""

    serial: Callable[..., Any]
    signatures: list[Any]

    def __call__(self, *args: Any) -> Any:
        """Run the kernel."""


@overload
def njit(function: Callable[..., Any]) -> Kernel: ...
@overload
def njit(
    *, parallel: bool = False, entry: bool = False
) -> Callable[[Callable[..., Any]], Kernel]: ...
def njit(
    function: Callable[..., Any] | None = None, *, parallel: bool = False, entry: bool = False
) -> Any:
    """Compile a function with the package's flags; see the module's description."""
    if function is None:
        return lambda function: njit_with(function, parallel=parallel, entry=entry)
    return njit_with(function, parallel=parallel, entry=entry)


def njit_with(function: Any, *, parallel: bool, entry: bool) -> Kernel:
    """Compile ``function``, and its serial twin where it is parallel."""
    if config.DISABLE_JIT:
        function.serial = function
        return cast(Kernel, function)
    kernel = _compile(function, parallel=parallel, entry=entry or parallel)
    kernel.serial = (
        _compile(_renamed(function), parallel=False, entry=False) if parallel else kernel
    )
    return cast(Kernel, kernel)


def _compile(function: Any, *, parallel: bool, entry: bool) -> Any:
    kernel = numba.njit(parallel=parallel, **FLAGS, **({} if entry else HELPER_FLAGS))(function)
    if entry:
        try:
            kernel._cache = KernelCache(function)
        except RuntimeError:  # no folder can be written: compile in every process
            pass
    return kernel


def _renamed(function: Any) -> FunctionType:
    """A copy under a name of its own: Numba's cache key holds no flags, so names must differ."""
    twin = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    twin.__module__, twin.__doc__ = function.__module__, function.__doc__
    twin.__qualname__ = f"{function.__qualname__}__serial"
    return twin
