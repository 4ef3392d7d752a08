"""A subclass may have parameters of its own, as under scikit-learn's classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import jitnet as jn
from jitnet.arrays import Array


class Fewer(jn.MLPClassifier):
    def __init__(self, hidden_layer_sizes: Any = (8,), n_iter_no_change: int = 1) -> None:
        super().__init__(
            hidden_layer_sizes, n_iter_no_change=n_iter_no_change, random_state=0, tol=10.0
        )


class Others(jn.MLPClassifier):
    def __init__(self, width: int = 8) -> None:
        super().__init__((width,), n_iter_no_change=1, random_state=0, tol=10.0)
        self.width = width


class Required(jn.MLPClassifier):
    def __init__(self, width: int, preset: str | None = None) -> None:
        super().__init__((width,), n_iter_no_change=1, random_state=0, tol=10.0, preset=preset)
        self.width = width


class Keywords(jn.MLPClassifier):
    def __init__(self, width: int = 8, **others: Any) -> None:
        super().__init__((width,), n_iter_no_change=1, random_state=0, tol=10.0, **others)
        self.width = width


class Computed(jn.MLPRegressor):
    """A parameter may be reckoned from another."""

    def __init__(self, width: int = 8) -> None:
        self.width = width
        super().__init__(n_iter_no_change=1, random_state=0, tol=10.0)

    @property
    def hidden_layer_sizes(self) -> tuple[int, ...]:
        return (self.width,)

    @hidden_layer_sizes.setter
    def hidden_layer_sizes(self, ignored: Any) -> None: ...


MADE: dict[str, Any] = {
    "fewer": Fewer(),
    "others": Others(),
    "required": Required(8),
    "keywords": Keywords(alpha=0.0001),
    "with a preset": Required(8, preset="tabular"),
}


@pytest.fixture
def examples(rng: np.random.Generator) -> tuple[Array, Array]:
    X = rng.normal(size=(60, 3))
    return X, (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("name", MADE)
def test_a_subclass_trains_like_its_parent_with_the_same_parameters(
    name: str, examples: tuple[Array, Array]
) -> None:
    model = clone(MADE[name])
    parent = jn.MLPClassifier(
        (8,), n_iter_no_change=1, random_state=0, tol=10.0, preset=model.preset
    )
    parent.fit(*examples)
    model.fit(*examples).partial_fit(*examples)
    assert model.loss_curve_[:-1] == parent.loss_curve_
    assert [len(b) for b in model.intercepts_] == [8, 1]


def test_a_reckoned_parameter_is_used(examples: tuple[Array, Array]) -> None:
    assert len(Computed(width=6).fit(*examples).intercepts_[0]) == 6


def test_a_search_goes_over_a_subclasss_own_parameter(examples: tuple[Array, Array]) -> None:
    search = GridSearchCV(Computed(), {"width": [2, 5]}, cv=2).fit(*examples)
    assert len(search.best_estimator_.intercepts_[0]) == search.best_params_["width"]


def test_a_preset_keeps_what_a_subclass_has_as_its_own_default(
    examples: tuple[Array, Array],
) -> None:
    model = Required(3, preset="tabular").fit(*examples)
    assert [len(b) for b in model.intercepts_] == [3, 1]
    assert model.n_iter_ < 10  # of the preset's thirty
