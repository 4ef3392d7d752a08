"""``Sequential``: the thin class that strings the layers' blocks together."""

from __future__ import annotations

import inspect
import math
import secrets
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from jitnet.arrays import Array
from jitnet.callbacks import Callback
from jitnet.checks import check_choice, check_number, check_whole
from jitnet.content import content_of
from jitnet.engine import Engine
from jitnet.engine.batches import check_stateful
from jitnet.engine.data import Rows
from jitnet.engine.nodes import Nodes, Shapes
from jitnet.errors import NotFittedError, overflow
from jitnet.examples import Examples, read_examples
from jitnet.fit import make_fit
from jitnet.fitting import Record
from jitnet.hints import hinted, missing_method
from jitnet.history import History
from jitnet.inputs import for_network, shape_given, take_inputs
from jitnet.io.model_file import write_model
from jitnet.kernels.panels import panel_width
from jitnet.layers import Layer
from jitnet.layers.chain import check_layers
from jitnet.losses import LOSSES
from jitnet.losses.objective import Objective
from jitnet.optimizers import Optimizer
from jitnet.progress import Progress
from jitnet.settings import (
    check_dtype,
    check_optimizer,
    check_output,
    check_output_shape,
    check_quantile,
    check_smoothing,
)
from jitnet.shapes import shape_by_layers
from jitnet.stream import Stream
from jitnet.summary import format_summary, short_repr
from jitnet.threads import check_threads, threads_of_call
from jitnet.validation import check_epsilon, check_parameters

Lengths = ArrayLike | Sequence[ArrayLike | None] | None
"""The time steps of examples; of several inputs a tuple of such."""

MOST_SEED = 2**63 - 1
MOST_FEATURES = 2**31 - 1


class Sequential:
    """A network of layers, one after the other.

    Parameters
    ----------
    layers : sequence of Layer
        The layers from the first hidden one to the output. The loss knows sigmoid and softmax: the
        output layer of a classifier has no activation.
    loss : str
        ``"mse"``, ``"mae"``, ``"huber"``, ``"quantile"``, ``"poisson"``, ``"binary_crossentropy"``
        or ``"softmax_crossentropy"``.
    optimizer : SGD, RMSprop, Adam, AdamW or str, optional
        The optimiser, or the name of one with its defaults; Adam by default.
    label_smoothing : float, default 0.0
        ε of softmax_crossentropy: the targets are (1 - ε) of the given ones plus ε / K for each of
        K classes.
    quantile : float, default 0.5
        The level q of the quantile loss: q |e| where a prediction is too low by e, (1 - q) |e|
        where it is too high.
    seed : int, optional, default 0
        The seed of first weights and shuffles; None draws one. The same seed gives the same bits,
        with any number of threads.
    dtype : {"float32", "float64"}, default "float32"
        The precision of everything that is computed.
    n_threads : int, optional
        Threads to compute with, at most as many as there are cores; by default one for small
        steps, else as many as there are cores.

    Attributes
    ----------
    classes : tuple of str
        The names of the classes, for whoever reads a saved model; nothing at first.

    Raises
    ------
    TypeError, ValueError
        If a value has the wrong type, is unknown or makes no sense.

    Examples
    --------
    >>> import jitnet as jn
    >>> X, y = jn.datasets.load_digits()
    >>> model = jn.Sequential(
    ...     [jn.Dense(32, activation="relu"), jn.Dense(10)], loss="softmax_crossentropy"
    ... )
    >>> history = model.fit(X / 16, y, epochs=20)
    >>> history["accuracy"][-1] > 0.9
    True
    """

    @hinted
    def __init__(
        self,
        layers: Sequence[Layer],
        loss: str,
        optimizer: Optimizer | str | None = None,
        *,
        label_smoothing: float = 0.0,
        quantile: float = 0.5,
        seed: int | None = 0,
        dtype: DTypeLike = "float32",
        n_threads: int | None = None,
    ) -> None:
        self.layers = check_layers(layers)
        self.loss = check_choice("loss", loss, LOSSES)
        check_output(self.layers[-1], self.loss)
        self.optimizer = check_optimizer(optimizer)
        self.label_smoothing = check_smoothing(label_smoothing, self.loss)
        self.quantile = check_quantile(quantile, self.loss)
        self.seed = (
            secrets.randbits(32)
            if seed is None
            else check_whole("seed", seed, least=0, most=MOST_SEED)
        )
        self.dtype = check_dtype(dtype)
        check_epsilon(self.optimizer, self.dtype)
        self._record = Record()
        self._engine: Engine | None = None
        self.n_threads = n_threads
        self.classes: tuple[str, ...] = ()

    @property
    def n_threads(self) -> int | None:
        """Threads to compute with, or None for as many as pay; may be set at any time."""
        return self._n_threads

    @n_threads.setter
    def n_threads(self, n_threads: int | None) -> None:
        self._n_threads = check_threads(n_threads)
        if self._engine is not None:
            self._engine.n_threads = n_threads

    @property
    def learning_rate(self) -> float:
        """The rate of the next step, by the optimiser's schedule and what has lowered it since."""
        engine = self._built()
        return float(engine.rate_scale * engine.schedule.rates(engine.step, 1)[0])

    def scale_learning_rate(self, factor: float) -> None:
        """Multiply the learning rate of all steps to come, between two steps of a fit.

        Parameters
        ----------
        factor : float
            Positive.

        Raises
        ------
        NotFittedError
            If the model has no weights yet.
        ValueError
            If the factor is not positive.

        Examples
        --------
        >>> import jitnet as jn
        >>> model = jn.Sequential([jn.Dense(1)], loss="mse", optimizer=jn.SGD(0.1)).build(2)
        >>> model.scale_learning_rate(0.5)
        >>> model.learning_rate
        0.05
        """
        self._built().rate_scale *= check_number("factor", factor, above=0.0)

    @property
    def history(self) -> History:
        """What the last fit has recorded, one number an epoch."""
        return self._record.history()

    def build(self, shape: int | Sequence[int] | Sequence[Sequence[int]]) -> Sequential:
        """Start anew with first weights for examples of a shape.

        Parameters
        ----------
        shape : int, tuple of int or tuple of such
            Features of an example, or its shape: (height, width, channels) of an image, (time,
            channels) of a sequence, time alone of indices; for `Branches` that of each input.

        Returns
        -------
        Sequential
            The model itself.

        Raises
        ------
        TypeError, ValueError
            If the numbers are not positive whole ones, or a layer takes no such examples.

        Examples
        --------
        >>> import jitnet as jn
        >>> model = jn.Sequential([jn.Dense(3)], loss="mse").build(2)
        >>> [array.shape for array in model.get_weights()]
        [(2, 3), (3,)]
        """
        return self._begin(shape_given(shape, MOST_FEATURES))

    def _begin(self, shape: Shapes, *, mostly_zeros: bool = False) -> Sequential:
        self._nodes(shape)  # refuses a shape before anything is made for it
        engine = self._new_engine(shape, mostly_zeros=mostly_zeros)
        engine.nodes.draw(engine.network.parameters, np.random.default_rng(self.seed))
        self._engine, self._record = engine, Record()
        return self

    @hinted
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        epochs: int = 10,
        batch_size: int | None = 128,
        shuffle: bool = True,
        validation_data: Sequence[ArrayLike | None] | None = None,
        sample_weight: ArrayLike | None = None,
        lengths: Lengths = None,
        callbacks: Sequence[Callback] = (),
        progress: bool | Progress | None = None,
        resume: str | PathLike[str] | None = None,
        n_threads: int | None = None,
        communicator: Any = None,
    ) -> History:
        """Train, from the weights and the optimiser's state there are.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Examples, in any layout; float32, float64, uint8 and int64 arrays are not copied. A
            sparse matrix of SciPy's is taken by rows (CSR, or what its ``tocsr()`` gives); it is
            never dense as a whole, and for a first layer `Dense` its zeros take no time. Where the
            first layer takes them, an array of images (n_samples, height, width, channels), of
            which one channel may be left out, or of sequences (n_samples, time, channels); it is
            copied only where the numbers of an example do not lie at one stride.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; for softmax_crossentropy class labels or rows of probabilities. Where the last
            layer gives images or sequences, these.
        epochs : int, default 10
            Passes over the examples.
        batch_size : int or None, default 128
            Examples a step; None is all of them, full-batch gradient descent. A short last batch
            is trained on.
        shuffle : bool, default True
            Whether each epoch takes the examples in an order of its own.
        validation_data : (X, y), (X, y, sample_weight) or (X, y, sample_weight, lengths), optional
            Examples to evaluate on after each epoch.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the examples in the loss; (n_samples, time) of each time step, where the
            last layer gives sequences.
        lengths : array-like of int, shape (n_samples,), optional
            Time steps of each sequence: what is behind its end changes nothing. Of several inputs
            a tuple of such, or None.
        callbacks : sequence of Callback, default ()
            Told of each epoch's end.
        progress : bool or Progress, optional
            True shows a bar or plain lines. By default nothing is shown but a line where kernels
            have to be compiled, by `logging`; False leaves that out as well.
        resume : str or path-like, optional
            A checkpoint of a fit with the same arguments, which goes on from there to the bits of
            the unbroken one, or a folder of them (see `Checkpoint`), of which the newest is taken.
            ``epochs`` counts from the beginning of that fit.
        n_threads : int, optional
            Threads of this fit; by default the model's. The bits are those of any number.
        communicator : mpi4py.MPI.Comm, optional
            The processes, its ranks, that call this with the same arguments, and train one network
            together: each reads and computes its part of the examples, whole batches of which are
            normalised and summed up, and has the same weights after each step. The bits are those
            of any number of ranks, though not those without: an epoch's batches are drawn in
            another order, and their sums taken in another one. Callbacks are called, and a bar is
            shown, in rank 0 alone. A rank that fails by itself ends all. The ranks of one machine
            share its cores.

        Returns
        -------
        History
            ``"loss"``, the weighted mean over the epoch's examples, each seen before its batch's
            update; ``"accuracy"`` for classifiers; the same with ``"val_"`` for the validation: a
            dict of lists of one number an epoch, which can ``plot`` itself.

        Raises
        ------
        TypeError, ValueError
            If anything given does not fit; the model is left as it was.
        FloatingPointError
            If a loss is not finite. The weights are those of the last good epoch.

        Examples
        --------
        >>> import jitnet as jn
        >>> model = jn.Sequential([jn.Dense(1)], loss="mse", optimizer=jn.SGD(0.1))
        >>> X = [[0.0], [1.0], [2.0], [3.0]]
        >>> y = [1.0, 3.0, 5.0, 7.0]
        >>> history = model.fit(X, y, epochs=500, batch_size=None)
        >>> model.predict([[4.0]]).round(2).item()
        9.0
        """
        options: dict[str, Any] = {
            "epochs": epochs,
            "batch_size": batch_size,
            "shuffle": shuffle,
            "callbacks": callbacks,
            "progress": progress,
            "resume": resume,
            "n_threads": n_threads,
        }
        given = X, y, sample_weight, lengths, validation_data
        if communicator is not None:
            from jitnet.ranks.ranks import fit_on_ranks

            return fit_on_ranks(self, communicator, *given, **options)
        return make_fit(self, *given, **options).run()

    @hinted
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        batch_size: int | None = 128,
        shuffle: bool = True,
        sample_weight: ArrayLike | None = None,
        lengths: Lengths = None,
        n_threads: int | None = None,
    ) -> History:
        """Train for one pass over the examples, from the weights and the state there are.

        Parameters
        ----------
        X, y, batch_size, shuffle, sample_weight, lengths, n_threads
            As in `fit`.

        Returns
        -------
        dict of str to list of float
            As from `fit`, for one epoch.

        Raises
        ------
        TypeError, ValueError, FloatingPointError
            As from `fit`.

        Examples
        --------
        >>> import jitnet as jn
        >>> model = jn.Sequential([jn.Dense(1)], loss="mse")
        >>> model.partial_fit([[1.0], [2.0]], [1.0, 2.0]).keys()
        dict_keys(['loss'])
        """
        return self.fit(
            X,
            y,
            epochs=1,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            lengths=lengths,
            n_threads=n_threads,
        )

    def predict(
        self, X: ArrayLike, *, lengths: Lengths = None, n_threads: int | None = None
    ) -> Array:
        """Predict.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Examples; images and sequences as in `fit`.
        lengths : array-like of int, optional
            As in `fit`.
        n_threads : int, optional
            Threads of this call; by default the model's.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities for the cross-entropies, eᶻ for poisson, values otherwise, in the model's
            dtype; images or sequences where the last layer gives such.

        Raises
        ------
        NotFittedError
            If the model has no weights yet.
        TypeError, ValueError
            If X does not fit.

        Examples
        --------
        >>> import jitnet as jn
        >>> jn.Sequential([jn.Dense(3)], loss="softmax_crossentropy").build(2).predict(
        ...     [[0.0, 0.0]]
        ... ).round(2).tolist()
        [[0.33000001311302185, 0.33000001311302185, 0.33000001311302185]]
        """
        engine = self._built()
        given = take_inputs(X, lengths, self.layers, engine.nodes.shape, self.dtype)
        with threads_of_call(n_threads):
            return self._outputs(for_network(given, engine.nodes))

    def _outputs(self, X: Rows) -> Array:
        """Predictions of rows that are known to fit."""
        engine = self._built()
        outputs, shape = engine.predict(X), engine.nodes.output
        return outputs if len(shape) == 1 else outputs.reshape(-1, *shape)

    def evaluate(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        lengths: Lengths = None,
        batch_size: int | None = None,
        n_threads: int | None = None,
    ) -> dict[str, float]:
        """Loss, and accuracy for classifiers.

        Parameters
        ----------
        X, y, sample_weight, lengths
            As in `fit`.
        batch_size : int, optional
            Where layers are stateful, the examples of a batch, from each of which the next one
            takes the states; all by default.
        n_threads : int, optional
            Threads of this call; by default the model's.

        Returns
        -------
        dict of str to float
            ``"loss"``, the weighted mean with the layers' penalties, and ``"accuracy"``.

        Raises
        ------
        NotFittedError
            If the model has no weights yet.
        TypeError, ValueError
            If anything given does not fit.
        FloatingPointError
            If the loss is NaN. One that is greater than all numbers is infinite.

        Examples
        --------
        >>> import jitnet as jn
        >>> model = jn.Sequential([jn.Dense(1)], loss="mse")
        >>> model.set_weights([[[2.0]], [0.0]])
        >>> model.evaluate([[1.0], [2.0]], [2.0, 5.0])
        {'loss': 0.5}
        """
        engine = self._built()
        examples = read_examples(self, X, y, sample_weight, lengths)
        if batch_size is not None:
            batch_size = check_whole("batch_size", batch_size, least=1)
            check_stateful(engine.nodes, examples.count, batch_size)
        return self._evaluate(examples, batch_size, n_threads)

    def _evaluate(
        self, examples: Examples, batch_size: int | None, n_threads: int | None
    ) -> dict[str, float]:
        engine = self._built()
        with threads_of_call(n_threads):
            found = engine.evaluate(examples.data(engine), batch_size)
        if math.isnan(found["loss"]):
            raise FloatingPointError(overflow("the loss is NaN", self.dtype))
        return found

    def reset_state(self) -> None:
        """Have stateful layers begin the next prediction in states of zero.

        In a fit they do so at the beginning of each epoch; a copy of the model and one that was
        loaded do so, too.

        Raises
        ------
        NotFittedError
            If the model has no weights yet.

        Examples
        --------
        >>> import jitnet as jn
        >>> model = jn.Sequential([jn.GRU(3, stateful=True)], loss="mse").build((4, 2))
        >>> first, second = (model.predict([[[1.0, 0.0]] * 4]) for _ in range(2))
        >>> model.reset_state()
        >>> bool((first == model.predict([[[1.0, 0.0]] * 4])).all()), bool((first == second).all())
        (True, False)
        """
        self._built().reset_state()

    def stream(self, batch_size: int | None = None) -> Stream:
        """Predict step by step: a stream that holds the recurrent layers' states.

        Parameters
        ----------
        batch_size : int, optional
            Examples that go side by side; by default one, without an axis of its own.

        Returns
        -------
        Stream
            Its ``step`` takes a time step and gives the prediction there. It has the weights that
            the model has at each step.

        Raises
        ------
        NotFittedError
            If the model has no weights yet.
        ValueError
            If a layer needs more than the time steps before, such as `Bidirectional`.

        Examples
        --------
        >>> import jitnet as jn
        >>> layers = [jn.LSTM(4, return_sequences=True), jn.Dense(1)]
        >>> model = jn.Sequential(layers, loss="mse").build((3, 2))
        >>> stream, X = model.stream(), [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
        >>> steps = [stream.step(x).item() for x in X]
        >>> steps == model.predict([X]).ravel().tolist()
        True
        """
        return Stream(self._built(), batch_size)

    def gradients(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        lengths: Lengths = None,
        n_threads: int | None = None,
    ) -> list[Array]:
        """Gradients of the loss, all examples as one batch.

        Parameters
        ----------
        X, y, sample_weight, lengths, n_threads
            As in `fit`.

        Returns
        -------
        list of ndarray
            dloss/dW1, dloss/db1, … in the order and shapes of `get_weights`. What is not trained,
            such as the running statistics of `BatchNorm`, has zeros; they stand in for the batch's
            own, as in `predict`.

        Raises
        ------
        NotFittedError
            If the model has no weights yet.
        TypeError, ValueError
            If anything given does not fit.
        FloatingPointError
            If a gradient is not finite.

        Examples
        --------
        >>> import jitnet as jn
        >>> model = jn.Sequential([jn.Dense(1)], loss="mse")
        >>> model.set_weights([[[1.0]], [0.0]])
        >>> [g.item() for g in model.gradients([[3.0]], [1.0])]
        [12.0, 4.0]
        """
        engine = self._built()
        data = read_examples(self, X, y, sample_weight, lengths).data(engine)
        with threads_of_call(n_threads):
            _, found = engine.gradients(data)
        if not all(np.isfinite(array).all() for array in found):
            raise FloatingPointError(overflow("the gradients are NaN or infinite", self.dtype))
        return found

    def get_weights(self) -> list[Array]:
        """Copies of the weights and biases.

        Returns
        -------
        list of ndarray
            [W1, b1, W2, b2, …], W of shape (n_in, n_out) and b (n_out,); a layer without biases
            has no b.

        Raises
        ------
        NotFittedError
            If the model has no weights yet.

        Examples
        --------
        >>> import jitnet as jn
        >>> model = jn.Sequential([jn.Dense(3), jn.Dense(1)], loss="mse").build(2)
        >>> [array.shape for array in model.get_weights()]
        [(2, 3), (3,), (3, 1), (1,)]
        """
        engine = self._built()
        return [np.array(view, order="C") for view in engine.parameter_views(engine.read())]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace the weights and biases; the optimiser's state stays.

        Parameters
        ----------
        weights : sequence of array-like
            [W1, b1, W2, b2, …] in the shapes of `get_weights`. A model that is not built yet is
            built for W1's inputs; where the layers take images or sequences, `build` comes first.

        Raises
        ------
        TypeError, ValueError
            If there are others than that; the model is left as it was.

        Examples
        --------
        >>> import jitnet as jn
        >>> model = jn.Sequential([jn.Dense(1)], loss="mse")
        >>> model.set_weights([[[2.0], [3.0]], [1.0]])
        >>> model.predict([[1.0, 1.0]]).item()
        6.0
        """
        shape = self._engine.nodes.shape if self._engine else shape_by_layers(self.layers)
        arrays = check_parameters(weights, self._nodes, shape, self.dtype)
        engine = self._engine or self.build(shape or len(arrays[0]))._built()
        parameters = engine.read()
        for view, array in zip(engine.parameter_views(parameters), arrays, strict=True):
            view[:] = array
        engine.write(parameters)

    def summary(self) -> None:
        """Print the table of the network's dimensions and its number of parameters.

        Before the first fit the shape of an example is not known, and what depends on it is a
        question mark.

        Examples
        --------
        >>> import jitnet as jn
        >>> layers = [jn.Dense(3, activation="relu"), jn.Dense(1)]
        >>> jn.Sequential(layers, loss="mse").build(2).summary()
        layer               parameters                output  count
        1      Dense, relu  weight (2, 3), bias (3,)  (m, 3)      9
        2      Dense        weight (3, 1), bias (1,)  (m, 1)      4
        total                                                    13
        """
        shape = self._engine.nodes.shape if self._engine else shape_by_layers(self.layers)
        print(format_summary(self.layers, self._nodes, shape))

    def __repr__(self) -> str:
        """Show the model as the code that makes it."""
        layers = ", ".join(map(short_repr, self.layers))
        parts = [f"[{layers}]", f"loss={self.loss!r}", f"optimizer={short_repr(self.optimizer)}"]
        settings = inspect.signature(Sequential.__init__).parameters
        for name in ("label_smoothing", "quantile", "seed", "n_threads"):
            value = getattr(self, name)
            if value != settings[name].default:
                parts.append(f"{name}={value!r}")
        if self.dtype != np.float32:
            parts.append(f"dtype={self.dtype.name!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to a file: layers, weights and the optimiser's state.

        Parameters
        ----------
        path : str or path-like
            The file, by custom ``.safetensors``; symbolic links are followed. It is written beside
            its place and then moved there, so that a file that stood there is either replaced
            whole, with the same owner and rights, or kept. Where that cannot be done, and for a
            device or a pipe, it is written in place.

        Raises
        ------
        NotFittedError
            If the model has no weights yet.
        ImportError
            Without the package safetensors: ``pip install 'jitnet[cli]'``, in a checkout
            ``pip install '.[cli]'``.

        Examples
        --------
        >>> import jitnet as jn, pathlib, tempfile
        >>> model = jn.Sequential([jn.Dense(1)], loss="mse").build(2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(pathlib.Path(folder) / "model.safetensors")
        ...     same = jn.load(pathlib.Path(folder) / "model.safetensors")
        >>> bool((same.get_weights()[0] == model.get_weights()[0]).all())
        True
        """
        write_model(path, *content_of(self))

    def __getattr__(self, name: str) -> Any:
        """Say what is meant, where a method of others' models is asked for."""
        raise missing_method(type(self).__name__, name)

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles hold: of the engine only what training changes."""
        engine = self._engine
        kept = None
        if engine is not None:
            kept = engine.nodes.shape, engine.mostly_zeros, engine.state(), engine.rate_scale
        return self.__dict__ | {"_engine": kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what `__getstate__` gave."""
        kept = state["_engine"]
        self.__dict__.update(state | {"_engine": None})
        if kept is not None:
            shape, mostly_zeros, training, rate_scale = kept
            self._engine = self._new_engine(shape, mostly_zeros=mostly_zeros)
            self._engine.restore(training)
            self._engine.rate_scale = rate_scale

    def _new_engine(self, shape: Shapes, *, mostly_zeros: bool = False) -> Engine:
        """An engine whose parameters are all zero."""
        return Engine(
            self.layers,
            shape,
            objective=Objective(self.loss, self.label_smoothing, self.quantile),
            optimizer=self.optimizer,
            dtype=self.dtype,
            seed=self.seed,
            n_threads=self.n_threads,
            mostly_zeros=mostly_zeros,
        )

    def _nodes(self, shape: Shapes) -> Nodes:
        """The network's nodes for examples of a shape."""
        if self._engine is not None and self._engine.nodes.shape == shape:
            return self._engine.nodes
        nodes = Nodes(self.layers, shape, panel_width(self.dtype))
        check_output_shape(nodes.output, self.loss)
        return nodes

    def _built(self) -> Engine:
        if self._engine is None:
            raise NotFittedError(
                "this model has no weights yet; call fit, build or set_weights first"
            )
        return self._engine
