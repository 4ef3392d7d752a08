"""Networks are said once, and every library builds the same ones."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import networks
from networks import Network, mlp
from peer_models.jitnet_layers import make_model
from peer_models.jitnet_peer import JitnetPeer
from race.agreement import KINKS_TOLERANCE, TOLERANCE, farthest
from race.agreement import STEPS as STEPS_COMPARED
from race.report import network
from workloads import (
    IMAGES,
    JOBS,
    PREDICTIONS,
    PRODUCTS,
    RECURRENT,
    WORKLOADS,
    Workload,
    initial_weights,
)

STEPS = 3
BY_NAME = {workload.name: workload for workload in (*WORKLOADS, *IMAGES, *RECURRENT)}


def convolution(filters: int, padding: str = "same") -> networks.Convolution:
    return networks.Convolution(filters, (3, 3), "relu", padding)


SMALL = Network(
    (9, 7, 2),
    (
        convolution(3),
        networks.BatchNorm(),
        networks.Residual((convolution(3), networks.BatchNorm())),
        networks.Pool(2),
        convolution(4, "valid"),
        networks.Flatten(),
        networks.Dense(5, "relu"),
        networks.Dense(3),
    ),
)
"""A layer of each kind that reads an image; what is flattened is neither square nor of one channel.
"""

SEQUENCE = Network(
    (12, 2),
    (
        networks.Convolution(4, (5,), "relu", "same"),
        networks.GlobalAverage(),
        networks.Dense(3),
    ),
)
JOB = Workload("small", SMALL, 15, 5, "sgd", 0.1, 1.0, momentum=0.9).without_kinks()


def recurrent(cell: str, sequences: bool) -> Network:
    """A recurrent layer over words; a loss for each step, or for the last."""
    layers = networks.Embedding(9, 4), networks.Recurrent(cell, 5, sequences), networks.Dense(9)
    return Network((6,), layers)


CHORDS = Network((6, 7), (networks.Recurrent("gru", 5), networks.Dense(7)))
TRAINED = {
    "images": JOB,
    "images by Adam": replace(JOB, optimizer="adam", learning_rate=0.01).smooth(),
    "sequences": replace(JOB, network=SEQUENCE).without_kinks(),
    "words by an LSTM": replace(JOB, network=recurrent("lstm", True)),
    "words by a GRU": replace(JOB, network=recurrent("gru", True)),
    "words at the last step": replace(JOB, network=recurrent("lstm", False)),
    "chords": replace(JOB, network=CHORDS, keys=True),
}
PEERS = {
    "torch": "peer_models.torch_peer:TorchPeer",
    "torch, channels last": "peer_models.torch_peer:ChannelsLastPeer",
    "jax": "peer_models.jax_peer:JaxPeer",
    "jax, patches": "peer_models.jax_peer:JaxPatchesPeer",
}


def off(found: list[Any], expected: list[Any], job: Workload) -> float:
    return farthest(found, expected, initial_weights(job))[0]


@pytest.mark.parametrize("name", BY_NAME)
def test_arrays_are_those_of_jitnets_model(name: str) -> None:
    job = BY_NAME[name]
    model = make_model(job).build(job.network.shape)
    found = [array.shape for array in initial_weights(job)]
    assert found == [array.shape for array in model.get_weights()]


@pytest.mark.parametrize("data", TRAINED)
@pytest.mark.parametrize("peer", PEERS)
def test_libraries_reach_the_weights_that_jitnet_reaches(peer: str, data: str) -> None:
    module, name = PEERS[peer].split(":")
    pytest.importorskip(peer.split(",")[0])
    kind = getattr(importlib.import_module(module), name)
    job = TRAINED[data]
    found, expected = (each(job, 1).weights_after(STEPS) for each in (kind, JitnetPeer))
    assert off(found, expected, job) < TOLERANCE


@pytest.mark.parametrize("wrong", ["average instead of max", "tanh instead of relu"])
def test_another_kink_is_a_disagreement(wrong: str) -> None:
    job = Workload("small", SMALL, 15, 5, "adam", 0.01, 1.0).smooth()
    place, layer = {
        "average instead of max": (3, networks.Pool(2, "average")),
        "tanh instead of relu": (6, networks.Dense(5, "tanh")),
    }[wrong]
    layers = (*SMALL.layers[:place], layer, *SMALL.layers[place + 1 :])
    other = replace(job, network=Network(SMALL.shape, layers))
    found, expected = (JitnetPeer(each, 1).weights_after(STEPS) for each in (other, job))
    assert off(found, expected, job) > 2 * KINKS_TOLERANCE


@pytest.mark.parametrize("job", IMAGES, ids=lambda job: job.name)
def test_a_smooth_twin_has_the_same_arrays_and_no_kinks(job: Workload) -> None:
    twin = job.smooth().without_kinks()
    assert twin.network.parameters() == job.network.parameters()
    assert not any(kink in repr(twin.network) for kink in ("relu", "max", "Dropout"))


def test_networks_are_described_in_a_few_letters() -> None:
    described = {
        "logistic": "2-1, all 1000, sgd",
        "deep": "64×11-10 relu, 64, adam",
        "mnist512": "784-512×2-10 relu, 256, adam",
        "lenet5": "28×28×1-6C5-MP2-16C5-MP2-120-84-10 relu, 32, adam",
        "cifar": "32×32×3-12C5-MP2-24C3-MP2-64-10 relu, 100, sgd 0.9",
        "lstm": "50-E65×128-lstm128×2-65, 50, adam",
        "pixels": "784×1-lstm130-10, 64, adam",
        "residual": "32×32×3-32C3-BN-[32C3-BN-32C3-BN]×3-32C3-GAP-10 relu, 64, adam",
    }
    assert {name: network(BY_NAME[name]) for name in described} == described


def test_a_steps_operations_are_counted_by_hand() -> None:
    first, second = 24 * 24 * 6 * 25, 8 * 8 * 16 * 150
    dense = 256 * 120 + 120 * 84 + 84 * 10
    assert BY_NAME["lenet5"].step_flops == 32 * (4 * first + 6 * (second + dense))
    step = 2 * 50 * (128 + 128) * 4 * 128 + 50 * 128 * 65
    assert BY_NAME["lstm"].step_flops == 50 * 6 * step
    assert BY_NAME["mnist128"].step_flops == 128 * (4 * 784 * 128 + 6 * 128 * 10)


def test_dense_networks_begin_with_the_weights_they_always_had() -> None:
    random = np.random.default_rng(10)
    expected = random.standard_normal((784, 128), dtype=np.float32) * np.float32(np.sqrt(2 / 784))
    found, biases, *_ = initial_weights(BY_NAME["mnist128"])
    np.testing.assert_array_equal(found, expected)
    assert not biases.any()
    assert mlp(3, 1).sizes == (3, 1)


@pytest.mark.parametrize("job", [*WORKLOADS, *IMAGES, *RECURRENT], ids=lambda job: job.name)
def test_a_job_has_full_batches_for_the_steps_that_are_compared(job: Workload) -> None:
    assert job.full_batch or job.examples >= STEPS_COMPARED * job.batch


def test_jobs_have_names_of_their_own() -> None:
    jobs = (*WORKLOADS, *IMAGES, *RECURRENT, *PRODUCTS, *PREDICTIONS)
    assert list(JOBS.values()) == list(jobs)


@pytest.mark.parametrize("job", IMAGES, ids=lambda job: job.name)
def test_a_smoke_test_has_full_batches_for_the_steps_that_are_compared(job: Workload) -> None:
    smoke = job.smoke()
    assert smoke.steps == STEPS_COMPARED
    assert smoke.examples == smoke.steps * smoke.batch <= 40
