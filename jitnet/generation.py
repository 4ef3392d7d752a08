"""Text out of a model of characters, one after the other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np

from jitnet.checks import check_number, check_whole
from jitnet.model import Sequential
from jitnet.stream import Stream

__all__ = ["generate"]


def generate(
    model: Sequential,
    prompt: str = "\n",
    length: int = 500,
    *,
    temperature: float = 1.0,
    seed: int | None = None,
) -> Iterator[str]:
    """Characters that a model gives after a prompt, each drawn by its probability.

    Parameters
    ----------
    model : Sequential
        A model of characters as `jitnet train text` makes one: it takes indices of
        ``model.classes``, and gives their probabilities at each time step.
    prompt : str, default a new line
        What the text begins with; at least one character.
    length : int, default 500
        Characters to give.
    temperature : float, default 1.0
        Probabilities are raised to the power 1 / temperature: less is less daring.
    seed : int, optional
        Of what is drawn; by default it is new each time.

    Yields
    ------
    str
        A character.

    Raises
    ------
    TypeError, ValueError
        If the model is no such one, does not know a character of the prompt, or predicts what are
        no probabilities.

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Embedding(3, 4), jn.GRU(8, return_sequences=True), jn.Dense(3)]
    >>> model = jn.Sequential(layers, loss="softmax_crossentropy").build(10)
    >>> model.classes = ("a", "b", "c")
    >>> len("".join(jn.generate(model, "ab", 20, seed=0)))
    20
    """
    places = {character: place for place, character in enumerate(_characters(model))}
    unknown = sorted(set(prompt) - set(places))
    if not prompt or unknown:
        said = f"does not know {', '.join(map(repr, unknown))}" if unknown else "needs a prompt"
        raise ValueError(f"the model {said}")
    length = check_whole("length", length, least=1)
    check_number("temperature", temperature, above=0.0)
    seed = secrets.randbits(32) if seed is None else check_whole("seed", seed, least=0)
    rng = np.random.default_rng(seed)
    return _drawn(model, model.stream(), [places[c] for c in prompt], length, temperature, rng)


def _characters(model: Any) -> tuple[str, ...]:
    if not isinstance(model, Sequential):
        raise TypeError(f"model must be a Sequential, got {type(model).__name__}")
    nodes, classes = model._built().nodes, model.classes
    if not classes or not nodes.takes_indices or nodes.output[-1:] != (len(classes),):
        raise ValueError("the model is none of characters: it has no names of its classes")
    return classes


def _drawn(
    model: Sequential,
    stream: Stream,
    prompt: list[int],
    length: int,
    temperature: float,
    rng: np.random.Generator,
) -> Iterator[str]:
    for place in prompt:
        probabilities = stream.step(place)
    for number in rng.random(length):
        weights = probabilities.astype(np.float64)
        if not (weights.min() >= 0.0 and 0.0 < weights.sum() < np.inf):
            raise ValueError("the model's predictions are no probabilities of characters")
        if temperature != 1.0:
            with np.errstate(under="ignore"):
                weights = (weights / weights.max()) ** (1.0 / temperature)
        sums = weights.cumsum()
        place = int(sums.searchsorted(number * sums[-1], side="right"))
        place = min(place, len(model.classes) - 1)  # where the product is rounded up to the sum
        yield model.classes[place]
        probabilities = stream.step(place)
