"""The estimators do what scikit-learn and its tools expect of theirs."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

import joblib
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import jitnet as jn
from jitnet import threads
from jitnet.arrays import Array
from jitnet.threads import available_threads
from team_sizes import used_threads

CHECKS = """
import jitnet as jn, warnings
from sklearn.utils.estimator_checks import check_estimator
warnings.simplefilter("ignore")
for kind in (jn.MLPClassifier, jn.MLPRegressor):
    results = check_estimator(kind(), on_fail=None, on_skip=None)
    assert len(results) > 50
    print([(r["check_name"], r["status"]) for r in results if r["status"] != "passed"])
"""


@pytest.fixture
def digits() -> tuple[Array, Array]:
    X, y = jn.datasets.load_digits()
    return (X / 16).astype(np.float32), y


def small(**parameters: Any) -> Any:
    """A classifier that converges at once."""
    defaults: dict[str, Any] = {"hidden_layer_sizes": (16,), "tol": 0.05, "n_iter_no_change": 2}
    return jn.MLPClassifier(**defaults | {"random_state": 0} | parameters)


def test_every_check_of_scikit_learn_passes_and_none_is_skipped() -> None:
    pytest.importorskip("pandas", reason="one of the checks is of data frames")
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CHECKS], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["[]", "[]", ""]


def test_parameters_are_scikit_learns_with_its_defaults_and_more() -> None:
    from sklearn import neural_network

    for name in ("MLPClassifier", "MLPRegressor"):
        theirs = getattr(neural_network, name)()
        ours = getattr(jn, name)().get_params()
        assert theirs.get_params().items() <= ours.items()


@pytest.mark.parametrize("frames", ["pandas", "polars"])
def test_frames_give_the_names_of_features(frames: str, digits: tuple[Array, Array]) -> None:
    library: Any = pytest.importorskip(frames, reason=f"{frames} is not installed")
    X, y = digits
    names = [f"pixel {i}" for i in range(64)]
    frame = library.DataFrame(dict(zip(names, X.T, strict=True)))
    model = small().fit(frame, y)
    assert model.feature_names_in_.tolist() == names
    np.testing.assert_array_equal(model.predict(frame), small().fit(X, y).predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[names[::-1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, np.float16])
def test_the_dtype_follows_X(dtype: Any, digits: tuple[Array, Array]) -> None:
    X, y = digits[0] * 16, digits[1]
    for solver in ("adam", "lbfgs"):
        model = small(solver=solver, tol=1.0).fit(X.astype(dtype), y)
        expected = np.float32 if dtype == np.float32 else np.float64
        assert {array.dtype for array in model.coefs_ + model.intercepts_} == {np.dtype(expected)}
        assert model.predict_proba(X.astype(expected)).dtype == expected


def test_copies_pickles_and_dumps_predict_and_go_on_the_same(
    digits: tuple[Array, Array], tmp_path: Path
) -> None:
    X, y = digits
    model = small().fit(X, y)
    joblib.dump(model, tmp_path / "model")
    for same in (
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model"),
        joblib.load(tmp_path / "model", mmap_mode="r"),
    ):
        np.testing.assert_array_equal(same.predict_proba(X), model.predict_proba(X))
        went_on = copy.deepcopy(model).partial_fit(X, y)
        for a, b in zip(same.partial_fit(X, y).coefs_, went_on.coefs_, strict=True):
            np.testing.assert_array_equal(a, b)
    assert not hasattr(clone(model), "coefs_")


def test_coefficients_put_in_their_place_are_used(digits: tuple[Array, Array]) -> None:
    X, y = digits
    model = small().fit(X, y)
    other = small(random_state=1).fit(X, y)
    model.coefs_, model.intercepts_ = list(other.coefs_), list(other.intercepts_)
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X))
    model.coefs_[1][:] = 0
    model.intercepts_[1][:] = 0
    np.testing.assert_allclose(model.predict_proba(X), 0.1, rtol=1e-6)


def test_a_read_only_memory_map_is_trained_on(digits: tuple[Array, Array], tmp_path: Path) -> None:
    X, y = digits
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    a, b = small().fit(mapped, y), small().fit(X, y)
    np.testing.assert_array_equal(a.coefs_[0], b.coefs_[0])
    np.testing.assert_array_equal(a.predict(mapped), b.predict(X))


def test_searches_and_cross_validation_run_in_two_processes(digits: tuple[Array, Array]) -> None:
    X, y = digits
    model = make_pipeline(StandardScaler(), small())
    alone = cross_val_score(model, X, y, cv=3)
    np.testing.assert_array_equal(alone, cross_val_score(model, X, y, cv=3, n_jobs=2))
    grid = {"mlpclassifier__hidden_layer_sizes": [(4,), (16,)]}
    search = GridSearchCV(model, grid, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_ == {"mlpclassifier__hidden_layer_sizes": (16,)}
    assert search.best_score_ == alone.mean()


def test_meta_estimators_take_it(digits: tuple[Array, Array]) -> None:
    X, y = digits
    votes = VotingClassifier([("a", small()), ("b", small(random_state=1))], voting="soft")
    assert votes.set_params(n_jobs=2).fit(X, y).score(X, y) > 0.8
    calibrated = CalibratedClassifierCV(small(tol=1e-3), cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.9
    importance = permutation_importance(small().fit(X, y), X, y, n_repeats=2, n_jobs=2)
    assert importance.importances_mean[0] == 0  # the corner is empty in every image


@pytest.mark.skipif(available_threads() < 2, reason="there is one core to share")
def test_nested_fits_take_no_more_threads_than_there_are_cores(
    digits: tuple[Array, Array],
) -> None:
    assert used_threads(*digits) == available_threads()
    jobs = available_threads()
    used = joblib.Parallel(n_jobs=jobs)(joblib.delayed(used_threads)(*digits) for _ in range(jobs))
    assert sum(used) <= jobs


def test_fits_at_once_share_the_cores(
    digits: tuple[Array, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "available_threads", lambda: 16)
    team = available_threads()
    fit = threading.Thread(target=used_threads, args=digits)
    fit.start()
    left = set()
    while fit.is_alive():
        left.add(threads.left_over(16))
        fit.join(1e-4)
    assert min(left) == 16 - team
    assert threads.left_over(16) == 16


def test_without_scikit_learn_touching_them_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import jitnet as jn\n"
        "assert 'MLPClassifier' in dir(jn)\n"
        "try:\n    jn.MLPClassifier\n"
        "except ImportError as error:\n    print(error)\n"
        "try:\n    from jitnet import MLPRegressor\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.count("pip install 'jitnet[sklearn]'") == 2, done.stderr


def test_importing_jitnet_imports_no_scikit_learn() -> None:
    program = "import jitnet, sys; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
