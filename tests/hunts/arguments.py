"""Every public function and class, called with arguments that are wrong in type, shape or value.

Good arguments are drawn, and one or two of them spoiled. Right is an answer, that of the good ones
where the spoiled mean the same, or one readable error of the kinds that are promised; the model is
then what it was, and so are the arguments.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import tempfile
import traceback
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import jitnet as jn
import jitnet.extend as ex
from good_calls import Call, calls, missing
from hunting import Hunt, Lost, Rng, Tally, drawn
from jitnet.engine import Engine
from spoilers import Own, Spoiled, spoil
from training_state import state_of

PROMISED = (
    ValueError,
    TypeError,
    KeyError,
    OSError,
    ImportError,
    MemoryError,
    FloatingPointError,
    Own,
)
"""What a call may raise: of a user's own objects, memory that is not there, and losses that are not
finite, beside what is refused."""
SECONDS = 60.0
"""After which a call hangs; kernels may have to be compiled in it."""
ROOM = 12 << 30
"""Bytes of addresses beyond which memory is missing: what is huge is then refused by the system."""
OF_SCIKIT_LEARN = "sklearn/utils/_param_validation.py"
"""Where it looks at parameters, by itself: what cannot be compared or shown comes through."""
READABLE = 2500
"""Letters that an error's message has at most."""
ENDLESS = 10**5
"""What is as large says that a call is to take its time."""


class Hangs(BaseException):
    """A call that does not end."""


def _hangs(number: int, frame: FrameType | None) -> None:
    raise Hangs


@cache
def _settled() -> list[Call]:
    """All calls, once the process is as it is to be."""
    left_out = missing()
    assert not left_out, f"tests/good_calls.py has no row for {', '.join(left_out)}"
    os.chdir(tempfile.mkdtemp(prefix="arguments-"))
    import resource  # which Windows has not

    resource.setrlimit(resource.RLIMIT_AS, (ROOM, resource.getrlimit(resource.RLIMIT_AS)[1]))
    signal.signal(signal.SIGALRM, _hangs)
    return list(calls().values())


@cache
def _shares() -> Any:
    weights = np.array([call.weight for call in _settled()])
    return weights / weights.sum()


def case(rng: Rng) -> Tally:
    """Draw a call, spoil it, and look at what comes of it."""
    every = _settled()
    call = every[int(rng.choice(len(every), p=_shares()))]
    seed = int(rng.integers(1 << 32))
    good = call.arguments(np.random.default_rng(seed))
    spoiled = dict(good)
    ways: dict[str, Spoiled] = {}
    names = list(good)
    count = min(len(names), 1 + int(rng.random() < 0.2))
    for name in rng.permutation(names)[:count]:
        ways[str(name)] = way = spoil(good[name], rng)
        spoiled[name] = way.value
    if not names or rng.random() < 0.03:
        name = str(rng.choice(["lr", "", "verbose", "x y", "self", "\ud800", "X "]))
        spoiled[name], ways[name] = 1, Spoiled(1, "another name")
    if _takes_its_time(call, ways):
        return Tally()
    where = f"{call.name}: {', '.join(f'{name} by {way.by!r}' for name, way in ways.items())}"
    _try(call, spoiled, ways, seed, where)
    return Tally()


def _takes_its_time(call: Call, ways: Mapping[str, Spoiled]) -> bool:
    return any(name in call.endless and _is_huge(way.value) for name, way in ways.items())


def _is_huge(value: Any) -> bool:
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = value if isinstance(value, tuple | list) else [value]
        return any(not isinstance(v, str | bytes) and v > ENDLESS for v in values)
    return False


def _try(
    call: Call, given: dict[str, Any], ways: Mapping[str, Spoiled], seed: int, where: str
) -> None:
    subject = call.subject() if call.subject else None
    watched = [value for name, value in given.items() if name not in ways]
    before = essence([subject, watched])
    try:
        with _quiet(where):
            found = _answer(call, subject, given, seed)
    except FloatingPointError as error:  # the model is that of the last good epoch
        _check_said(error, where)
        return
    except PROMISED as error:
        _check_said(error, where)
        if difference := _difference(before, essence([subject, watched])):
            raise Lost(f"{where}: {error!r} changed {difference}") from error
        return
    except Exception as error:
        if not _place(error).endswith(OF_SCIKIT_LEARN):
            raise Lost(f"{where}: {type(error).__name__}: {str(error)[:300]}") from error
        return
    except Hangs:
        raise AssertionError(f"{where}: hangs") from None
    if not (call.subject or call.trains):
        kept = essence(watched)
        assert kept == before[1], f"{where} changed {_difference(before[1], kept)}"
    if call.compared and ways and all(way.same for way in ways.values()):
        twin = call.subject() if call.subject else None
        good = call.arguments(np.random.default_rng(seed))
        with _quiet(where):
            expected = _answer(call, twin, good, seed)
        difference = _difference(expected, found)
        assert not difference, f"{where}: another answer: {difference}"


def _answer(call: Call, subject: Any, given: dict[str, Any], seed: int) -> Any:
    """What a call comes to: its result, what its use gives, files, and the model after it."""
    assert call.function is not None
    first = () if subject is None else (subject,)
    if call.name.endswith(" ="):
        result = call.function(*first, *given.values())
    else:
        result = call.function(*first, **given)
    if isinstance(result, Iterator):
        result = list(islice(result, 100))
    used = call.use(result, np.random.default_rng(seed)) if call.use else None
    files = []
    for name in call.written:
        with contextlib.suppress(TypeError, OSError, ValueError):
            place = Path(os.fsdecode(os.fspath(given[name])))
            files.append(place.read_bytes() if place.is_file() else None)
    kept = call.use is None or isinstance(result, ex.Layer | ex.Optimizer | jn.Schedule)
    return [essence(result) if kept else None, essence(used), files, essence(subject)]


@contextlib.contextmanager
def _quiet(where: str) -> Iterator[None]:
    """No output, and no warning but those that are meant for users; an end where it hangs."""
    errors = np.geterr()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("always")
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    assert np.geterr() == errors, f"{where} left NumPy with {np.geterr()}"
    for warning in caught:
        meant = issubclass(warning.category, UserWarning | PendingDeprecationWarning)
        ours = "jitnet" in warning.filename
        assert meant or not ours, f"{where}: {warning.category.__name__}: {warning.message}"


def _check_said(error: BaseException, where: str) -> None:
    said = str(error)
    assert said or isinstance(error, MemoryError), f"{where}: {type(error).__name__} says nothing"
    ours = "/jitnet/" in _place(error) and not isinstance(error, OSError)
    assert not ours or len(said) <= READABLE, f"{where}: {len(said)} letters: {said[:200]}"


def essence(thing: Any, depth: int = 0) -> Any:
    """What a thing is made of, as values that can be compared."""
    if depth > 8 or thing is None or isinstance(thing, bool | str | bytes):
        return thing if depth <= 8 else type(thing).__name__
    if isinstance(thing, np.ndarray) and thing.dtype != object:
        return thing.shape, thing.dtype.str, np.asarray(thing).tobytes()
    if isinstance(thing, int | float | np.generic):
        return repr(thing)
    if isinstance(thing, jn.Sequential):
        settings = (repr(thing), thing.n_threads, thing.classes, dict(thing.history))
        return "model", state_of(thing), *(essence(part, depth + 1) for part in settings)
    if isinstance(thing, Engine):
        return "engine", [array.tobytes() for array in thing.state()]
    if isinstance(thing, Mapping):
        return [(str(key), essence(value, depth + 1)) for key, value in thing.items()]
    if isinstance(thing, tuple | list):
        return [essence(part, depth + 1) for part in thing]
    if is_dataclass(thing) and not isinstance(thing, type):
        named = {field.name: getattr(thing, field.name) for field in fields(thing)}
        return type(thing).__name__, essence(named, depth + 1)
    if type(thing).__module__.startswith("jitnet") and hasattr(thing, "__dict__"):
        kept = {key: value for key, value in vars(thing).items() if key != "feature_names_in_"}
        return type(thing).__name__, essence(kept, depth + 1)
    return type(thing).__name__


def _difference(first: Any, second: Any, place: str = "") -> str:
    """Where two essences differ first, if they do."""
    if isinstance(first, tuple | list) and isinstance(second, tuple | list):
        if len(first) != len(second):
            return f"{place}: {len(first)} parts, {len(second)} parts"
        for number, pair in enumerate(zip(first, second, strict=True)):
            if found := _difference(*pair, place=f"{place}[{number}]"):
                return found
        return ""
    return "" if first == second else f"{place}: {str(first)[:100]}, not {str(second)[:100]}"


def _place(error: BaseException) -> str:
    """The file that an error comes from, but for the standard library's and the tests'."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    return next(
        (file for file in reversed(files) if "site-packages" in file or "jitnet/" in file), ""
    )


HUNT = Hunt(
    drawn(case),
    short=10.0,
    long=600.0,
    mended=(
        "whole numbers of hundreds of digits and signalling NaNs raised OverflowError and "
        "InvalidOperation in checks, arrays of objects, estimators and splits",
        "optimisers and schedules kept fractions and long doubles, and no kernel compiles for them",
        "names of a class of text of one's own were unknown, and categories unseen",
        "errors that quoted nested lists, long texts and numbers of many digits were unreadable or "
        "a RecursionError",
        "sparse matrices whose indices lead out of them ended the process in SciPy, as targets and "
        "in other forms than rows",
        "lists in themselves hung in Polars",
        "a table's settings, table, times, ordered values and rows were not looked at",
        "callbacks of estimators, their figures and flags were not looked at",
        "a figure that is not recorded was missed after an epoch, with the model changed",
        "find_learning_rate and load_state_dict took anything for a model, and y of any length",
        "streams cast what is complex or too large",
        "parts of a layer, a loss or an optimiser of one's own were used without a look",
        "sizes of images, steps of schedules and epsilons beyond float32 were not looked at",
        "a seed of `generate` was not looked at: NumPy's error quoted it as a whole",
    ),
)
