"""scikit-learn's searches on a cluster: workers keep to their share, and nothing else changes."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, cross_val_score

import jitnet as jn
from cluster_tasks import Told, small, tell
from jitnet.arrays import Array
from jitnet.threads import available_threads
from team_sizes import used_threads

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

WORKERS = 2


@contextmanager
def kept_environment() -> Iterator[None]:
    """Have what a cluster sets, in the process that starts it too, end with it."""
    before = dict(os.environ)
    try:
        os.environ.pop("OMP_NUM_THREADS", None)
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def by_dask() -> Iterator[None]:
    """Workers of Dask's on this machine."""
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    options = {"n_workers": WORKERS, "threads_per_worker": 1, "host": "127.0.0.1"}
    with (
        tempfile.TemporaryDirectory() as folder,
        distributed.LocalCluster(
            dashboard_address=None, local_directory=folder, **options
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        yield


@contextmanager
def by_ray() -> Iterator[None]:
    """Workers of Ray's on this machine."""
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # without it Ray listens to other machines
    }
    ray: Any = pytest.importorskip("ray", reason="needs the extra ray")
    from ray.util.joblib import register_ray

    path = os.pathsep.join(filter(None, sys.path))  # where workers find what the tests share
    with tempfile.TemporaryDirectory(prefix="ray") as folder:
        ray.init(
            num_cpus=WORKERS,
            include_dashboard=False,
            log_to_driver=False,
            object_store_memory=100 << 20,
            runtime_env={"env_vars": {"PYTHONPATH": path}},
            _temp_dir=folder,
        )
        try:
            register_ray()
            with joblib.parallel_config(backend="ray", n_jobs=WORKERS):
                yield
        finally:
            ray.shutdown()


CLUSTERS: dict[str, Callable[[], AbstractContextManager[None]]] = {"dask": by_dask, "ray": by_ray}


@pytest.fixture(scope="module")
def digits() -> tuple[Array, Array]:
    X, y = jn.datasets.load_digits()
    return X[:600] / 16, y[:600]


class Found:
    """What is found on a cluster, and what one process finds."""

    def __init__(self, X: Array, y: Array) -> None:
        self.told: list[Told] = joblib.Parallel()(joblib.delayed(tell)(X, y) for _ in range(6))
        grid = GridSearchCV(small(), {"alpha": [1e-4, 1e-1], "batch_size": [32, 64]}, cv=3)
        self.grid = grid.fit(X, y)
        space = {"alpha": loguniform(1e-5, 1.0), "learning_rate_init": loguniform(1e-4, 1e-1)}
        halving = HalvingRandomSearchCV(
            small(), space, n_candidates=6, factor=3, cv=2, random_state=0
        )
        self.halving = halving.fit(X, y)
        self.scores = cross_val_score(small(), X, y, cv=3)


@pytest.fixture(scope="module")
def alone(digits: tuple[Array, Array]) -> Found:
    return Found(*digits)


@pytest.fixture(scope="module", params=CLUSTERS)
def on_cluster(
    request: pytest.FixtureRequest, digits: tuple[Array, Array], alone: Found
) -> Iterator[Found]:
    with ExitStack() as stack:
        stack.enter_context(kept_environment())
        stack.enter_context(CLUSTERS[request.param]())
        yield Found(*digits)


def test_fits_are_in_other_processes(on_cluster: Found) -> None:
    assert os.getpid() not in {told.process for told in on_cluster.told}


@pytest.mark.skipif(available_threads() < 2, reason="there is one core to share")
def test_a_worker_of_one_thread_fits_on_one(on_cluster: Found, alone: Found) -> None:
    assert min(told.threads for told in alone.told) > 1
    assert {told.threads for told in on_cluster.told} == {1}


def test_workers_compile_nothing_that_is_kept(on_cluster: Found) -> None:
    assert [told.compiled for told in on_cluster.told] == [0] * 6


def test_fits_have_the_bits_of_one_process(on_cluster: Found, alone: Found) -> None:
    assert {told.coefs for told in on_cluster.told} == {told.coefs for told in alone.told}


@pytest.mark.parametrize("kind", ["grid", "halving"])
def test_searches_have_the_scores_and_the_bits_of_one_process(
    kind: str, on_cluster: Found, alone: Found
) -> None:
    found, expected = getattr(on_cluster, kind), getattr(alone, kind)
    for name in expected.cv_results_:
        if "test_score" in name or "param" in name:
            np.testing.assert_array_equal(found.cv_results_[name], expected.cv_results_[name])
    assert found.best_params_ == expected.best_params_
    for own, other in zip(
        found.best_estimator_.coefs_, expected.best_estimator_.coefs_, strict=True
    ):
        np.testing.assert_array_equal(own, other)


def test_scores_are_those_of_one_process(on_cluster: Found, alone: Found) -> None:
    np.testing.assert_array_equal(on_cluster.scores, alone.scores)


@pytest.mark.skipif(available_threads() < 2, reason="there is one core to share")
def test_a_dask_worker_that_sets_no_variable_is_known_by_its_threads(
    digits: tuple[Array, Array], tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    options: dict[str, Any] = {"n_workers": 1, "threads_per_worker": 1, "processes": False}
    options["local_directory"] = str(tmp_path)
    with (
        kept_environment(),
        distributed.LocalCluster(dashboard_address=None, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert "OMP_NUM_THREADS" not in os.environ
        assert client.submit(used_threads, *digits).result() == 1
        assert used_threads(*digits) == available_threads() > 1
