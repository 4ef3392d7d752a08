"""The table of lessons. A new lesson is a file and a row; it is imported only when it runs."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import NamedTuple

__all__ = ["LESSONS", "Lesson", "get_lesson"]


class Lesson(NamedTuple):
    """A lesson's title and the module that has its ``run`` and its ``draw``."""

    title: str
    module: str

    def load(self) -> ModuleType:
        """Import the lesson.

        Returns
        -------
        module
            ``run()`` returns a `Result`; ``draw(figure, result)`` draws it.

        Examples
        --------
        >>> result = LESSONS["slope"].load().run()
        >>> result.numbers["slopes"][0]["slope"]
        3.0
        """
        return import_module(f"jitnet.study.lessons.{self.module}")


LESSONS: dict[str, Lesson] = {
    "slope": Lesson("a derivative is a slope: height over width", "slope"),
    "computation_graph": Lesson(
        "forward for the value, backward for the derivatives", "computation_graph"
    ),
    "cost": Lesson("why cross-entropy: squared error is not convex", "cost"),
    "gradient_descent": Lesson("downhill from the right and from the left", "gradient_descent"),
    "learning_rates": Lesson("the cost against the steps, for several rates", "learning_rates"),
    "dot_product": Lesson("np.dot against a loop", "dot_product"),
    "loop_order": Lesson("the same loops in two orders, compiled", "loop_order"),
    "broadcasting": Lesson("how shapes stretch, and the trap of rank-1 arrays", "broadcasting"),
    "activations": Lesson("activations, their slopes, and why flat ends are slow", "activations"),
    "linear_layers": Lesson("two linear layers are one", "linear_layers"),
    "hidden_units": Lesson("a flower, and 1 to 50 hidden units", "hidden_units"),
    "initialization": Lesson("first weights: zero, small, large", "initialization"),
    "dimensions": Lesson("the shape of every array in a deep network", "dimensions"),
    "blocks": Lesson("a deep network in blocks, and what they leave in caches", "blocks"),
    "gradient_checking": Lesson("nudges tell whether a gradient is right", "gradient_checking"),
    "house_prices": Lesson("prices of houses, from one neuron to a network", "house_prices"),
    "scale": Lesson("accuracy against the number of examples", "scale"),
    "first_layer": Lesson("what the first layer's units look for", "first_layer"),
    "edges": Lesson("edges by hand, and filters that a network learns", "edges"),
    "hyperparameters": Lesson("what is learned and what is chosen", "hyperparameters"),
    "cats": Lesson("cats or not, with two layers and with four", "cats"),
    "data_kinds": Lesson("structured and unstructured data", "data_kinds"),
    "sequences": Lesson("what a gate does, and why gradients vanish", "sequences"),
    "image_and_numbers": Lesson("an image and numbers, in one network", "image_and_numbers"),
}


def get_lesson(name: str) -> Lesson:
    """Look a lesson up.

    Parameters
    ----------
    name : str
        A name in `LESSONS`.

    Returns
    -------
    Lesson
        The row of the table.

    Raises
    ------
    ValueError
        If there is no lesson of that name; the message lists those there are.

    Examples
    --------
    >>> get_lesson("scale").title
    'accuracy against the number of examples'
    """
    if name not in LESSONS:
        raise ValueError(f"there is no lesson {name!r}; there are: {', '.join(LESSONS)}")
    return LESSONS[name]
