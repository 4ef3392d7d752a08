"""Where a fit stands: what callbacks are told, what a checkpoint holds, and how a fit goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.callbacks.callback import Callback
from jitnet.checks import check_flag, check_number, check_whole
from jitnet.content import content_of, restore
from jitnet.engine.runs import Place, new_position
from jitnet.engine.steps.state import POSITION, STEPS
from jitnet.history import History, checked_history
from jitnet.io.model_file import CHECKPOINTS, read_model, refused, write_model
from jitnet.quoting import shortened

TRAINED = ("step", "epoch", "powers", "rate_scale", "classes")
"""What a model's description has beside the network and how it is trained."""


class FitSettings(NamedTuple):
    """What a fit was asked for, which the one that goes on from it must be asked for too."""

    epochs: int
    examples: int
    batch_size: int
    shuffle: bool
    figures: tuple[str, ...]
    """The names of what its history records."""
    data: Callable[[], str]
    """The fingerprint of the data."""
    shards: int
    """Of a batch, where several ranks train together; else 0."""


@dataclass
class FitState:
    """Where a fit stands between two steps.

    Attributes
    ----------
    model : Sequential
        The model.
    settings : FitSettings
        What the fit was asked for.
    callbacks : sequence of Callback
        Those of the fit.
    place : Place or None
        The steps that are done and the sums of the epoch so far; None before the first.
    epochs_done : float
        Epochs of the fit that are over, a fraction in the middle of one.
    history : dict of str to list of float
        What was recorded so far.
    stopped : bool
        Whether a callback has stopped the fit.
    paused : bool
        Whether it is to end here, where one that resumes goes on.
    """

    model: Any
    settings: FitSettings
    callbacks: Sequence[Callback]
    place: Place | None = None
    epochs_done: float = 0.0
    history: History = field(default_factory=History)
    stopped: bool = False
    paused: bool = False

    @property
    def step(self) -> int:
        """Steps of the fit that are done."""
        return 0 if self.place is None else self.place.done

    @property
    def has_ended(self) -> bool:
        """Whether no step follows."""
        return self.stopped or self.paused or self.epochs_done >= self.settings.epochs

    def save(self, path: str | PathLike[str]) -> None:
        """Write a checkpoint: the model, and all that the rest of the fit depends on.

        Parameters
        ----------
        path : str or path-like
            The file; it is a model's file too, which `load` reads.
        """
        assert self.place is not None
        description, tensors = content_of(self.model)
        states = [callback.state() for callback in self.callbacks]
        description["fit"] = {
            "batch_size": self.settings.batch_size,
            "shuffle": self.settings.shuffle,
            "data": self.settings.data(),
            "shards": self.settings.shards,
            "done": self.place.done,
            "counters": self.place.counters.tolist(),
            "sums": self.place.sums.tolist(),
            "epochs_done": self.epochs_done,
            "history": self.history,
            "stopped": self.stopped,
            "callbacks": [
                [type(callback).__name__, numbers]
                for callback, (numbers, _) in zip(self.callbacks, states, strict=True)
            ],
        }
        for place, (_, arrays) in enumerate(states):
            tensors |= {f"callbacks.{place}.{k}": array for k, array in enumerate(arrays)}
        write_model(path, description, tensors)

    def resume(self, path: str | PathLike[str]) -> Path:
        """Take over where a checkpoint stands; the model's weights and optimiser are its.

        Parameters
        ----------
        path : str or path-like
            A checkpoint's file, or a folder, of which the newest one that is whole is taken.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ValueError
            If there is none, or it is of another model, other settings, callbacks or data.
        """
        file, description, tensors = _read(Path(path))
        fit = description.get("fit")
        if fit is None:
            raise ValueError(f"{str(file)!r} is a model, not a checkpoint of a fit")
        with refused(file):
            difference = self._difference(fit, description)
        if difference:
            raise ValueError(f"{str(file)!r} is of another fit: {shortened(difference)}")
        with refused(file), _kept(self.model):
            restore(self.model, description, tensors)
            self._take(fit, self.model._built().epoch)
            for place, callback in enumerate(self.callbacks):
                callback.restore(fit["callbacks"][place][1], _arrays_of(place, tensors))
        return file

    def _take(self, fit: dict[str, Any], epoch: int) -> None:
        """Take the place and the history of a checkpoint; the compiled loop relies on them."""
        in_epoch = -(-self.settings.examples // self.settings.batch_size)
        done = check_whole("done", fit["done"], least=0, most=in_epoch * self.settings.epochs)
        counters = [check_whole("a counter", n, least=0, most=2**62) for n in fit["counters"]]
        sums = [check_number("a sum", number) for number in fit["sums"]]
        new, none = new_position(epoch)
        new[POSITION] = done % in_epoch * self.settings.batch_size
        if len(counters) != len(new) or len(sums) != len(none):
            raise ValueError(f"there must be {len(new)} counters and {len(none)} sums")
        if counters[:STEPS] != new[:STEPS].tolist():
            raise ValueError(f"its counters are {counters[:STEPS]}, not {new[:STEPS].tolist()}")
        if fit["epochs_done"] != done / in_epoch:
            raise ValueError(f"after {done} steps no {fit['epochs_done']!r} epochs are done")
        self.place = Place(done, np.array(counters, np.int64), np.array(sums, np.float64))
        self.epochs_done = done / in_epoch
        if done >= in_epoch and not fit["history"]:
            raise ValueError("its history is empty")
        self.history = checked_history(fit["history"], done // in_epoch)
        if self.history and set(self.history) != set(self.settings.figures):
            raise ValueError(f"its figures are {list(self.history)}")
        self.stopped = check_flag("stopped", fit["stopped"])

    def _difference(self, fit: dict[str, Any], description: dict[str, Any]) -> str:
        """Why a checkpoint does not belong to this fit; nothing if it does."""
        own, _ = content_of(self.model)
        callbacks = [type(callback).__name__ for callback in self.callbacks]
        compared = {
            **{name: (description[name], own[name]) for name in own if name not in TRAINED},
            "batch_size": (fit["batch_size"], self.settings.batch_size),
            "shuffle": (fit["shuffle"], self.settings.shuffle),
            "number of shards": (fit.get("shards", 0), self.settings.shards),
            "callbacks": ([name for name, _ in fit["callbacks"]], callbacks),
        }
        for name, (there, here) in compared.items():
            if there != here:
                return f"its {name} is {there}, not {here}"
        if fit["epochs_done"] > self.settings.epochs:
            done = f"{fit['epochs_done']:g} epochs are behind it"
            return f"{done}, and {self.settings.epochs} are asked for"
        return "" if fit["data"] == self.settings.data() else "its data were others"


@contextmanager
def _kept(model: Any) -> Iterator[None]:
    """Leave a model as it was, where what is within fails."""
    engine = model._built()
    before, rate_scale = engine.state(), engine.rate_scale
    try:
        yield
    except BaseException:
        engine.restore(before)
        engine.rate_scale = rate_scale
        raise


def _read(path: Path) -> tuple[Path, dict[str, Any], dict[str, Array]]:
    """A checkpoint, or the newest whole one in a folder."""
    if not path.is_dir():
        return path, *read_model(path)
    files = sorted(path.glob(CHECKPOINTS), reverse=True)
    if not files:
        raise ValueError(f"there is no checkpoint in {str(path)!r}")
    for file in files[:-1]:
        try:
            return file, *read_model(file)
        except ValueError:
            continue
    return files[-1], *read_model(files[-1])


def _arrays_of(place: int, tensors: dict[str, Array]) -> list[Array]:
    """The arrays of a callback's state, in their order."""
    prefix = f"callbacks.{place}."
    count = sum(name.startswith(prefix) for name in tensors)
    return [tensors[f"{prefix}{k}"] for k in range(count)]
