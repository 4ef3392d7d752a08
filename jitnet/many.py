"""Many networks side by side: each on one core, all from the same arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from numpy.typing import ArrayLike

from jitnet.callbacks import Callback
from jitnet.examples import Examples, read_examples, read_validation
from jitnet.fit import Fit, Options, check_options
from jitnet.hints import hinted
from jitnet.history import History
from jitnet.model import Lengths, Sequential
from jitnet.progress import Progress
from jitnet.quoting import quoted
from jitnet.settings import check_callbacks
from jitnet.side_by_side import side_by_side
from jitnet.threads import available_threads


class Fitted(NamedTuple):
    """How the fit of one of many networks ended."""

    model: Sequential
    history: History
    """As from `Sequential.fit`; of the epochs that ended before an error."""
    error: Exception | None
    """What has ended it early, such as a FloatingPointError where its loss is not finite."""


@hinted
def fit_many(
    models: Sequence[Sequential],
    X: ArrayLike,
    y: ArrayLike,
    *,
    epochs: int = 10,
    batch_size: int | None = 128,
    shuffle: bool = True,
    validation_data: Sequence[ArrayLike | None] | None = None,
    sample_weight: ArrayLike | None = None,
    lengths: Lengths = None,
    callbacks: Callable[[int], Sequence[Callback]] | None = None,
    progress: bool | Progress | None = None,
    n_threads: int | None = None,
) -> list[Fitted]:
    """Train many networks on the same examples, side by side: each on one core.

    Each ends in the bits that it has when it is trained alone. One that fails leaves the others; an
    interrupt ends all of them as it ends one, and is raised.

    Parameters
    ----------
    models : sequence of Sequential
        The networks, which may differ in all they are made of.
    X, y, epochs, batch_size, shuffle, validation_data, sample_weight, lengths
        As in `Sequential.fit`, the same for all. X is read where it lies by all of them.
    callbacks : callable, optional
        ``callbacks(place)`` makes those of the network in this place: each has its own.
    progress : bool or Progress, optional
        As in `Sequential.fit`; what is shown is the mean over all networks.
    n_threads : int, optional
        Networks that are trained at a time; by default as many as there are cores for it.

    Returns
    -------
    list of Fitted
        For each network its model, its history, and the error that has ended it, if any.

    Raises
    ------
    TypeError, ValueError
        If the models are none, or anything given does not fit one of them.

    Examples
    --------
    >>> import jitnet as jn
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
    >>> models = [jn.Sequential([jn.Dense(1)], "mse", jn.SGD(0.1), seed=s) for s in range(3)]
    >>> fits = jn.fit_many(models, X, y, epochs=500, batch_size=None)
    >>> [round(fit.model.predict([[4.0]]).item(), 2) for fit in fits]
    [9.0, 9.0, 9.0]
    """
    networks = check_models(models)
    options = check_options(
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        progress=progress,
        n_threads=n_threads,
    )
    threads = options.n_threads or available_threads()
    read = reader(X, y, sample_weight, lengths, validation_data)
    examples = [read(model) for model in networks]
    fits = [
        partial(fit_one, model, options, callbacks_of(callbacks, place), *examples[place])
        for place, model in enumerate(networks)
    ]
    return side_by_side(fits, options.progress, threads=threads)


def fit_one(
    model: Sequential,
    options: Options,
    callbacks: Sequence[Callback],
    examples: Examples,
    validation: Examples | None,
    progress: Progress,
) -> Fitted:
    """Fit a network on one thread, and say how that ended."""
    error, own = None, replace(options, callbacks=callbacks, progress=progress, n_threads=1)
    try:
        Fit(model, own, examples, validation).run()
    except Exception as raised:
        error = raised
    return Fitted(model, History(model.history), error)


def reader(
    X: Any, y: Any, sample_weight: Any, lengths: Any, validation_data: Any
) -> Callable[[Sequential], tuple[Examples, Examples | None]]:
    """What reads the examples for a network, and those to validate on: once for all of a kind.

    It raises what `Sequential.fit` does.
    """
    of_kind = dict[Any, tuple[Examples, Examples | None]]()

    def read(model: Sequential) -> tuple[Examples, Examples | None]:
        built = model._engine and model._engine.nodes.shape
        kind = repr(model.layers), model.loss, model.dtype, built
        if kind not in of_kind:
            examples = read_examples(model, X, y, sample_weight, lengths)
            validation = read_validation(model, validation_data, examples.shape)
            of_kind[kind] = examples, validation
        return of_kind[kind]

    return read


def check_models(models: Any) -> list[Sequential]:
    """Several networks, each of them once.

    Raises
    ------
    TypeError, ValueError
        If they are none.
    """
    networks: list[Any] = list(models) if isinstance(models, Sequence) else []
    if not networks:
        raise ValueError(f"models must be a list of at least one Sequential, got {quoted(models)}")
    for place, model in enumerate(networks):
        if not isinstance(model, Sequential):
            raise TypeError(f"models[{place}] must be a Sequential, got {quoted(model)}")
        if any(model is other for other in networks[:place]):
            raise ValueError(f"models[{place}] is in the list twice; each network is one model")
    return networks


def callbacks_of(callbacks: Any, place: int) -> Sequence[Callback]:
    """The callbacks of the network in a place."""
    if callbacks is None:
        return ()
    if not callable(callbacks):
        raise TypeError(
            f"callbacks must be a function of a network's place, got {quoted(callbacks)}; for "
            "instance lambda place: [jn.EarlyStopping()]"
        )
    return check_callbacks(callbacks(place))
