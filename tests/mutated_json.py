"""JSON changed at random: values that nobody expects, in places where others stood."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 7, 255, 1 << 15, 1 << 20, (1 << 31) - 1, 1 << 31, 1 << 53,
    (1 << 63) - 1, 1 << 63, 1 << 64, 10**400, -0.0, 0.5, 1e-308, 1e-45, 3e38, 1e308, -1e308,
    float("nan"), float("inf"), "", "0", "nan", "1e999", "\0", "\n", "\x1b[2J", "\ud800", "\udc80",
    "../../x", "/etc/x", "*/", '"', "<script>", "é" * 50, "x" * 5000, [], {}, [[]], [0], [1, 1],
)  # fmt: skip
DEEP = 60
"""How deep a value is put into lists at most."""
GREAT = 1e200
"""Numbers from which on none is made a float, which a whole one may not become."""
MOST_PLACES = 2000
"""Places within a value from which on it does not grow."""

Place = tuple[Any, Any]
"""A dict or a list, and a key or an index in it."""


def mutated(value: Any, rng: Random) -> Any:
    """A value, of which one place or some have been changed; it may be changed itself."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        root = [value]
        places = list(_places(root))
        changes = CHANGES if len(places) <= MOST_PLACES else (_remove, _replace)
        rng.choice(changes)(rng, rng.choice(places), places)
        value = root[0] if root else None
    return value


def _places(value: Any) -> Iterator[Place]:
    """All places within a value, the outermost ones first."""
    waiting = [value]
    while waiting:
        owner = waiting.pop(0)
        keys = owner if isinstance(owner, dict) else range(len(owner))
        for key in keys:
            yield owner, key
            if isinstance(owner[key], dict | list):
                waiting.append(owner[key])


def _replace(rng: Random, place: Place, places: list[Place]) -> None:
    owner, key = place
    owner[key] = _copy(rng.choice(STRANGE))


def _graft(rng: Random, place: Place, places: list[Place]) -> None:
    """Put what stands elsewhere here, under the same key if there is such a place."""
    owner, key = place
    alike = [other for other in places if other[1] == key and other[0] is not owner]
    other, other_key = rng.choice(alike or places)
    owner[key] = _copy(other[other_key])


def _remove(rng: Random, place: Place, places: list[Place]) -> None:
    owner, key = place
    del owner[key]


def _double(rng: Random, place: Place, places: list[Place]) -> None:
    owner, key = place
    if isinstance(owner, list):
        owner.insert(key, _copy(owner[key]))
    else:
        owner[f"{key}{rng.choice(STRANGE)}"[:20]] = _copy(owner[key])


def _nudge(rng: Random, place: Place, places: list[Place]) -> None:
    owner, key = place
    value = owner[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        _replace(rng, place, places)
    else:
        is_great = abs(value) > GREAT
        near = value + 1, value - 1, value * 2, -value, value if is_great else 1e9 * value
        owner[key] = rng.choice(near)


def _nest(rng: Random, place: Place, places: list[Place]) -> None:
    owner, key = place
    for _ in range(rng.choice((1, 1, 2, DEEP))):
        owner[key] = [owner[key]] if rng.random() < 0.7 else {"class": owner[key]}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list) else value


CHANGES: tuple[Callable[[Random, Place, list[Place]], None], ...] = (
    _replace, _replace, _graft, _graft, _remove, _double, _nudge, _nudge, _nest,
)  # fmt: skip
