"""On real tables the test scores are scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")
pytest.importorskip("pandas", reason="the tables are read with pandas")

from sklearn import neural_network
from sklearn.preprocessing import StandardScaler

import jitnet as jn
from data_folder import data_folder
from tabular_sets import TABLES

FOUND = data_folder().is_dir()
BUNDLED = ("breast cancer", "wine", "diabetes")
OTHERS = ("german credit", "wine quality", "letter", "california", "adult")


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("name", BUNDLED + OTHERS)
def test_scores_are_the_same(name: str, rng: np.random.Generator) -> None:
    if name in OTHERS and not FOUND:
        pytest.skip("JITNET_DATA, the folder of the real data sets, is not set")
    table = TABLES[name]()
    rows = rng.permutation(len(table.X))[:3000]
    X = StandardScaler().fit_transform(table.X[rows].astype(float))
    y = table.y[rows] if table.classify else StandardScaler().fit_transform(table.y[rows, None])
    y = y.ravel()
    kind = "MLPClassifier" if table.classify else "MLPRegressor"
    train, test = slice(0, len(X) * 2 // 3), slice(len(X) * 2 // 3, None)
    ours, theirs = (
        getattr(module, kind)(max_iter=20, random_state=0).fit(X[train], y[train])
        for module in (jn, neural_network)
    )
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-6)
    scores: Any = ours.score(X[test], y[test]), theirs.score(X[test], y[test])
    assert scores[0] == pytest.approx(scores[1], rel=1e-6)
