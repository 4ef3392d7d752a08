"""The one decorator of the package: every flag, the cache, and the two twins of a block.

@njit                   a helper, called from compiled code alone
@njit(parallel=True)    a block: its loop over prange is cut between threads, and its twin
``block.serial`` is the same source compiled for one thread
@njit(entry=True)       a serial function that Python calls
@njit(inline=True)      a helper that becomes a part of its caller
@factory                a function that makes a kernel of what it is given, such as other kernels
njit_block              what compiled code calls by its address (``jitnet.kernels.blocks``)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from types import FunctionType
from typing import Any, Protocol, cast, overload

import numba
from numba import config

from jitnet.kernels.cache import KernelCache
from jitnet.kernels.helpers import EntryCompiler, HelperCompiler, ParallelCompiler

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
    *, parallel: bool = False, entry: bool = False, inline: bool = False
) -> Callable[[Callable[..., Any]], Kernel]: ...
def njit(
    function: Callable[..., Any] | None = None,
    *,
    parallel: bool = False,
    entry: bool = False,
    inline: bool = False,
) -> Any:
    """Compile a function with the package's flags; see the module's description."""
    if function is None:
        return lambda function: _with_twin(function, parallel, entry, inline)
    return _with_twin(function, parallel, entry, inline)


def factory(make: Callable[..., Kernel]) -> Callable[..., Kernel]:
    """Have a function make a kernel once of the same arguments, and another process find it.

    Examples
    --------
    >>> @factory
    ... def power(exponent):
    ...     @njit(entry=True)
    ...     def raised(x):
    ...         return x**exponent
    ...     return raised
    >>> power(3)(2.0), power(3) is power(3)
    (8.0, True)
    """
    once = lru_cache(maxsize=None, typed=True)(make)

    @wraps(make)
    def made(*arguments: Any) -> Kernel:
        kernel: Any = once(*arguments)
        kernel.made_by = made, arguments
        return cast(Kernel, kernel)

    return made


def _with_twin(function: Any, parallel: bool, entry: bool, inline: bool) -> Kernel:
    """Compile ``function``, and its serial twin where it is parallel."""
    if config.DISABLE_JIT:
        function.serial = function
        return cast(Kernel, function)
    kernel = _compile(function, parallel, entry or parallel, inline)
    kernel.serial = kernel
    if parallel:
        kernel.serial = _compile(_renamed(function), parallel=False, entry=False, inline=inline)
        kernel.serial.twin_of = kernel
    return cast(Kernel, kernel)


def _compile(function: Any, parallel: bool, entry: bool, inline: bool) -> Any:
    options = dict(FLAGS)
    if not entry:
        options |= HELPER_FLAGS
    else:  # what threads of numba's run is looked up by name
        options["pipeline_class"] = ParallelCompiler if parallel else EntryCompiler
    kernel = numba.njit(parallel=parallel, forceinline=inline, **options)(function)
    if entry:
        kernel._cache = KernelCache(kernel)
    return kernel


def njit_block(function: Any) -> Any:
    """Compile what compiled code calls by its address."""
    options = FLAGS | {"no_cpython_wrapper": True, "pipeline_class": EntryCompiler}
    block = numba.njit(**options)(function)
    block._cache = KernelCache(block)
    return block


def _renamed(function: Any) -> FunctionType:
    """A copy under a name of its own, by which it can be told from its twin."""
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
