"""Cross-validation: a network for each fold, trained side by side without it and scored on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from jitnet.arrays import Array
from jitnet.callbacks import Callback
from jitnet.checks import check_whole
from jitnet.datasets.splits import drawn_folds
from jitnet.examples import Examples
from jitnet.fit import check_options
from jitnet.hints import hinted
from jitnet.losses.table import LOSSES
from jitnet.many import Fitted, callbacks_of, fit_one, reader
from jitnet.model import MOST_SEED, Lengths, Sequential
from jitnet.progress import Progress
from jitnet.quoting import quoted
from jitnet.side_by_side import side_by_side
from jitnet.threads import available_threads
from jitnet.validation import as_numbers_of


class Fold(NamedTuple):
    """A network that was trained without some examples, and how it does on them."""

    fit: Fitted
    scores: dict[str, float]
    """What `Sequential.evaluate` says of the examples left out; nothing if the fit has failed."""
    left_out: Array
    """Their rows."""


@dataclass(frozen=True)
class CrossValidation:
    """The folds of a cross-validation, and what their scores are on average.

    Parameters
    ----------
    folds : sequence of Fold
        The folds.

    Examples
    --------
    >>> import jitnet as jn
    >>> folds = [jn.Fold(None, {"loss": loss}, None) for loss in (0.5, 0.7)]
    >>> jn.CrossValidation(folds)
    2 folds: loss 0.6000 ± 0.1000
    """

    folds: Sequence[Fold]

    @property
    def scores(self) -> dict[str, Array]:
        """For each figure its values, one a fold; NaN where the fit has failed."""
        names = dict.fromkeys(name for fold in self.folds for name in fold.scores)
        return {
            name: np.array([fold.scores.get(name, math.nan) for fold in self.folds])
            for name in names
        }

    @property
    def mean(self) -> dict[str, float]:
        """The mean of each figure over the folds."""
        return {name: float(values.mean()) for name, values in self.scores.items()}

    @property
    def deviation(self) -> dict[str, float]:
        """The standard deviation of each figure over the folds."""
        return {name: float(values.std()) for name, values in self.scores.items()}

    def __repr__(self) -> str:
        """Show each figure's mean and deviation."""
        mean, deviation = self.mean, self.deviation
        figures = ", ".join(f"{name} {mean[name]:.4f} ± {deviation[name]:.4f}" for name in mean)
        return f"{len(self.folds)} folds: {figures}"


@hinted
def cross_validate(
    make_model: Callable[[], Sequential],
    X: ArrayLike,
    y: ArrayLike,
    *,
    folds: int | ArrayLike = 5,
    seed: int = 0,
    epochs: int = 10,
    batch_size: int | None = 128,
    shuffle: bool = True,
    validation_data: Sequence[ArrayLike | None] | None = None,
    sample_weight: ArrayLike | None = None,
    lengths: Lengths = None,
    callbacks: Callable[[int], Sequence[Callback]] | None = None,
    progress: bool | Progress | None = None,
    n_threads: int | None = None,
) -> CrossValidation:
    """Train a network without each fold, side by side and each on one core, and score it there.

    Each ends in the bits that it has when it is trained alone on the rows that are not its fold's,
    in the order they stand in. X is read where it lies by all of them.

    Parameters
    ----------
    make_model : callable
        ``make_model()`` makes the network of a fold.
    X, y : array-like
        As in `Sequential.fit`.
    folds : int or array-like of int, shape (n_samples,), default 5
        How many folds there are. Examples are drawn for them, and where the loss is one of classes
        each fold has the same share of each class; of a class with fewer examples than folds all
        are trained on. Or the number of the fold that each example is in, negative where it is
        always trained on.
    seed : int, default 0
        The seed of that draw.
    epochs, batch_size, shuffle, validation_data, sample_weight, lengths
        As in `Sequential.fit`. The weights count in the scores as well.
    callbacks : callable, optional
        ``callbacks(place)`` makes those of the fold in this place: each has its own.
    progress : bool or Progress, optional
        As in `Sequential.fit`; what is shown is the mean over all folds.
    n_threads : int, optional
        Networks that are trained at a time; by default as many as there are cores for it.

    Returns
    -------
    CrossValidation
        For each fold its network, its history and its scores; their means and deviations.

    Raises
    ------
    TypeError, ValueError
        If anything given does not fit.
    Exception
        What has ended the first fold, if all have failed. One that fails alone has its error in
        its `Fitted`, and leaves the others.

    Examples
    --------
    >>> import jitnet as jn
    >>> X, y = jn.datasets.load_digits()
    >>> def make():
    ...     return jn.Sequential([jn.Dense(32, "relu"), jn.Dense(10)], "softmax_crossentropy")
    >>> found = jn.cross_validate(make, X / 16, y, folds=3, epochs=40)
    >>> found.scores["accuracy"].shape, found.mean["accuracy"] > 0.9
    ((3,), True)
    """
    options = check_options(
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        progress=progress,
        n_threads=n_threads,
    )
    seed = check_whole("seed", seed, least=0, most=MOST_SEED)
    models, read = [_made(make_model)], reader(X, y, sample_weight, lengths, validation_data)
    read(models[0])  # what does not fit is refused before the folds are
    parts = _fold_of_each(folds, as_numbers_of(y, "y"), models[0].loss, seed)
    numbers = np.unique(parts[parts >= 0])
    while len(models) < len(numbers):
        models.append(_made(make_model, models))
    works = []
    for place, (model, number) in enumerate(zip(models, numbers, strict=True)):
        examples, validation = read(model)
        learned, left_out = np.flatnonzero(parts != number), np.flatnonzero(parts == number)
        fit = partial(
            fit_one,
            model,
            options,
            callbacks_of(callbacks, place),
            examples.choose(learned, f"sample_weight outside fold {number}"),
            validation,
        )
        held = examples.choose(left_out, f"sample_weight in fold {number}")
        works.append(partial(_validated, fit, held, left_out))
    found = side_by_side(works, options.progress, threads=options.n_threads or available_threads())
    if all(fold.fit.error for fold in found) and found[0].fit.error is not None:
        raise found[0].fit.error
    return CrossValidation(found)


def _made(make_model: Any, earlier: Sequence[Sequential] = ()) -> Sequential:
    """A new network.

    Raises
    ------
    TypeError, ValueError
        If what is given makes none.
    """
    hint = 'for instance lambda: jn.Sequential([jn.Dense(1)], "mse")'
    if not callable(make_model):
        raise TypeError(
            f"make_model must be a function that makes a Sequential, got {quoted(make_model)}; "
            f"{hint}"
        )
    model = make_model()
    if not isinstance(model, Sequential):
        raise TypeError(f"make_model must make a Sequential, got {quoted(model)}")
    if any(model is other for other in earlier):
        raise ValueError(f"make_model must make a network anew at each call; {hint}")
    return model


def _fold_of_each(folds: Any, y: Array, loss: str, seed: int) -> Array:
    """The number of the fold that each example is in; negative where it is in none.

    Raises
    ------
    TypeError, ValueError
        If they are none, or leave no example out, or none to learn from.
    """
    if np.ndim(folds) == 0:
        count = check_whole("folds", folds, least=2)
        if count > len(y):
            raise ValueError(f"{len(y)} examples are too few for {count} folds")
        parts: Array = drawn_folds(_classes(y, loss), count, seed)
    else:
        parts = as_numbers_of(folds, "folds")
        if parts.dtype.kind not in "iu" or parts.shape != (len(y),):
            raise ValueError(
                f"folds must be a whole number, or one for each of the {len(y)} examples, got the "
                f"type {parts.dtype} and the shape {parts.shape}"
            )
    if (parts < 0).all() or (parts == parts.max()).all():
        raise ValueError(
            "folds must leave some examples out and some to learn from; of a class with fewer "
            "examples than folds none is left out"
        )
    return parts


def _classes(y: Array, loss: str) -> Array:
    """The class of each example, of which each fold has its share; all alike if there are none."""
    if LOSSES[loss].classifies and y.size == len(y):
        return y.reshape(-1)
    if LOSSES[loss].takes_labels and y.ndim == 2:
        classes: Array = y.argmax(axis=1)
        return classes
    return np.zeros(len(y), np.int64)


def _validated(
    fit_one: Callable[[Progress], Fitted], held: Examples, left_out: Array, progress: Progress
) -> Fold:
    """Train, and score on the examples that are left out."""
    fit, scores = fit_one(progress), dict[str, float]()
    if fit.error is None:
        try:
            scores = fit.model._evaluate(held, None, 1)
        except Exception as raised:
            fit = fit._replace(error=raised)
    return Fold(fit, scores, left_out)
