"""What a kernel is made of: its own code and all that it reaches, as a digest.

Numba compiles what a function's names mean at that moment: other kernels, intrinsics, functions and
constants, found among the globals of its module, as attributes of other modules, in the cells of a
closure and in defaults. All of them are gone through, and theirs in turn. What libraries and
`jitnet.kernels` offer is known by its name alone: a cache's folder is named by their versions and
sources.
"""

from __future__ import annotations

import enum
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import singledispatch
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic
from numba.core.registry import cpu_target
from numba.np.ufunc.dufunc import DUFunc

from jitnet.kernels.bytecode import read

KERNELS = __name__.rpartition(".")[0]
"""The package whose sources all kernels share."""
LIBRARIES = frozenset({"numba", "numpy", "llvmlite", "builtins"}) | sys.stdlib_module_names

BOOKKEEPING = frozenset(
    {"__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__"}
    | {"__firstlineno__", "__static_attributes__", "__annotate_func__", "__annotations_cache__"}
)
"""What is in a class, but not in what it does."""


class Unknown(TypeError):
    """A value that another process could not know again."""


def is_shared(module: str | None) -> bool:
    """Whether a module is of a library or of what all kernels share."""
    name = module or "builtins"
    return name.partition(".")[0] in LIBRARIES or f"{name}.".startswith(f"{KERNELS}.")


def _home(function: FunctionType) -> str | None:
    return function.__globals__.get("__name__")


class Digest:
    """A digest of values, and of all that the functions among them reach.

    Functions and classes are numbered in the order in which they are found, and gone through one
    after the other, as they may reach one another in circles.
    """

    def __init__(self) -> None:
        self._said: list[object] = []
        self._numbers: dict[int, int] = {}
        self._found: list[Any] = []  # as long as it lives, nothing else has its id

    def hexdigest(self) -> str:
        """The digest of all that was added."""
        return hashlib.sha256(repr(self._said).encode("utf-8", "surrogatepass")).hexdigest()

    def functions(self) -> int:
        """How many functions were reached, without those behind what libraries offer."""
        return sum(isinstance(found, FunctionType) for found in self._found)

    def add(self, *values: Any) -> Digest:
        """Take values in, and all that they reach.

        Raises
        ------
        Unknown
            If one of them means something to this process alone.
        """
        opened = len(self._found)
        for value in values:
            _add(value, self)
        while opened < len(self._found):
            found = self._found[opened]
            opened += 1
            if isinstance(found, FunctionType):
                self._open_function(found)
            elif isinstance(found, type):
                self._open_class(found)
        return self

    def say(self, *words: object) -> None:
        """Take in words."""
        self._said.extend(words)

    def is_new(self, value: Any) -> bool:
        """Say the number of a thing, and whether this is its first time."""
        new = len(self._found)
        number = self._numbers.setdefault(id(value), new)
        self.say(type(value).__name__, number)
        if number == new:
            self._found.append(value)
        return number == new

    def _open_function(self, function: FunctionType) -> None:
        self.say("function", _home(function), function.__qualname__)
        if not is_shared(_home(function)):
            code, namespace = read(function.__code__), function.__globals__
            self.say(code.text)
            self._add_named(namespace, code.loaded)
            for name in code.loaded:
                if isinstance(namespace.get(name), ModuleType):
                    self._add_attributes(namespace[name], code.names, set())
        for values in (function.__closure__, function.__defaults__, function.__kwdefaults__):
            _add(values, self)

    def _add_named(self, namespace: dict[str, Any], names: Iterable[str]) -> None:
        for name in names:
            if name in namespace:
                self.say(name)
                _add(namespace[name], self)

    def _add_attributes(
        self, module: ModuleType, names: Iterable[str], seen: set[ModuleType]
    ) -> None:
        """What such names may mean in a module, and in modules that it names."""
        if is_shared(module.__name__) or module in seen:
            return
        seen.add(module)
        self._add_named(vars(module), names)
        for name in names:
            if isinstance(vars(module).get(name), ModuleType):
                self._add_attributes(vars(module)[name], names, seen)

    def _open_class(self, kind: Any) -> None:
        self.say("class", kind.__module__, kind.__qualname__)
        if is_shared(kind.__module__):
            return
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            _add((kind._fields, kind._field_defaults), self)
        elif isinstance(kind, enum.EnumMeta):
            members: dict[str, Any] = dict(kind.__members__)
            _add({name: member.value for name, member in members.items()}, self)
        else:
            _add(kind.__bases__, self)
            for name, value in sorted(vars(kind).items()):
                if name not in BOOKKEEPING:
                    self.say(name)
                    self._add_member(value)

    def _add_member(self, value: Any) -> None:
        if isinstance(value, classmethod | staticmethod):
            _add(value.__func__, self)
        elif isinstance(value, property):
            _add((value.fget, value.fset), self)
        elif isinstance(value, FunctionType | type | int | float | complex | str | bytes | tuple):
            _add(value, self)
        else:
            self.say(type(value).__qualname__)


@singledispatch
def _add(value: Any, digest: Digest) -> None:
    """Anything else: a library's function by its name, other objects by how they are copied."""
    kind = type(value)
    digest.say(kind.__module__, kind.__qualname__)
    if callable(value) and is_shared(kind.__module__) and hasattr(value, "__name__"):
        digest.say(getattr(value, "__module__", None), value.__name__)
    elif kind.__module__.startswith("llvmlite."):
        digest.say(str(value))
    elif digest.is_new(value):
        try:
            parts = value.__reduce_ex__(4)
        except Exception as error:
            raise Unknown(f"another process could not know again {value!r}") from error
        if isinstance(parts, str):
            digest.say(parts)
        else:
            members = (tuple(items) for items in parts[3:5] if items is not None)
            _add((*parts[:3], *members), digest)


@_add.register(type(None))
@_add.register(type(...))
@_add.register(bool)
@_add.register(int)
@_add.register(float)
@_add.register(complex)
@_add.register(str)
@_add.register(bytes)
def _add_constant(value: Any, digest: Digest) -> None:
    digest.say(type(value).__qualname__, repr(value))


@_add.register(np.generic)
def _add_number(value: np.generic, digest: Digest) -> None:
    digest.say(repr(value.dtype), value.tobytes())


@_add.register(np.dtype)
def _add_dtype(value: np.dtype, digest: Digest) -> None:
    digest.say("dtype", repr(value))


@_add.register(np.ndarray)
def _add_array(value: np.ndarray, digest: Digest) -> None:
    flags = value.flags
    digest.say(repr(value.dtype), value.shape, flags.c_contiguous, flags.f_contiguous)
    digest.say(value.tobytes())
    if value.dtype.hasobject:
        raise Unknown("an array of objects has no bytes of its own")


@_add.register(enum.Enum)
def _add_enum(value: enum.Enum, digest: Digest) -> None:
    digest.say(value.name)
    _add(type(value), digest)


@_add.register(tuple)
def _add_tuple(value: tuple, digest: Digest) -> None:  # type: ignore[type-arg]
    digest.say("tuple", len(value))
    if type(value) is not tuple:
        _add(type(value), digest)
    for item in value:
        _add(item, digest)


@_add.register(list)
def _add_list(value: list, digest: Digest) -> None:  # type: ignore[type-arg]
    if digest.is_new(value):
        _add(tuple(value), digest)


@_add.register(dict)
def _add_dict(value: dict, digest: Digest) -> None:  # type: ignore[type-arg]
    if digest.is_new(value):
        _add(tuple(value.items()), digest)


@_add.register(set)
@_add.register(frozenset)
def _add_set(value: Any, digest: Digest) -> None:
    digest.say("set", sorted(Digest().add(item).hexdigest() for item in value))


@_add.register(CellType)
def _add_cell(cell: CellType, digest: Digest) -> None:
    try:
        _add(cell.cell_contents, digest)
    except ValueError:
        digest.say("an empty cell")


@_add.register(ModuleType)
def _add_module(module: ModuleType, digest: Digest) -> None:
    digest.say("module", module.__name__)


@_add.register(FunctionType)
def _add_function(function: FunctionType, digest: Digest) -> None:
    if digest.is_new(function) and not is_shared(_home(function)):
        for implementation in _overloads(function):
            _add(implementation, digest)


@_add.register(MethodType)
def _add_method(method: MethodType, digest: Digest) -> None:
    _add((method.__func__, method.__self__), digest)


@_add.register(type)
def _add_class(kind: type, digest: Digest) -> None:
    digest.is_new(kind)


@_add.register(Dispatcher)
def _add_kernel(kernel: Any, digest: Digest) -> None:
    digest.say("kernel", kernel._compiler.pipeline_class.__qualname__)
    options = sorted({**kernel.targetoptions, "locals": kernel.locals or None}.items())
    digest.say(*(word for word in options if isinstance(word[1], str | bool | None)))
    for option in options:
        if not isinstance(option[1], str | bool | None):
            _add(option, digest)
    _add(kernel.py_func, digest)


@_add.register(DUFunc)
def _add_ufunc(ufunc: DUFunc, digest: Digest) -> None:
    _add(ufunc._dispatcher.py_func, digest)


@_add.register(_Intrinsic)
def _add_intrinsic(intrinsic: _Intrinsic, digest: Digest) -> None:
    digest.say("intrinsic", intrinsic._name, intrinsic._prefer_literal)
    _add(intrinsic._defn, digest)


@_add.register(types.Type)
def _add_type(kind: types.Type, digest: Digest) -> None:
    digest.say(type(kind).__module__, type(kind).__qualname__)
    if isinstance(kind, types.Dispatcher):
        _add(kind.dispatcher, digest)
    elif isinstance(kind, types.Omitted):
        _add(kind.value, digest)
    else:
        _add(kind.key, digest)


def _overloads(function: FunctionType) -> Iterator[Callable[..., Any]]:
    """What compiled code calls in the function's place."""
    kind = cpu_target.typing_context._lookup_global(function)
    for template in getattr(kind, "templates", ()):
        implementation = getattr(template, "_overload_func", None)
        if implementation is not None:
            yield implementation
