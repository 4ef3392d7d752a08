"""The network in scikit-learn: `MLPClassifier.fit`, as many epochs as it is told.

It draws its initial weights itself, so it cannot show the weights that the others reach. Its
checks and its preparation count as part of the fit; over the many epochs of a run they hardly
weigh.
"""

from __future__ import annotations

import warnings

import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from peer_models.base import Peer
from workloads import Workload, make_data


class SklearnPeer(Peer):
    """scikit-learn's multi-layer perceptron; without hidden layers it is logistic regression."""

    title = "scikit-learn"

    def __init__(self, workload: Workload, threads: int) -> None:
        self.workload = workload
        self.X, self.y = make_data(workload)
        warnings.simplefilter("ignore", ConvergenceWarning)

    @staticmethod
    def version() -> str:
        """Version of scikit-learn."""
        return str(sklearn.__version__)

    def reset(self) -> None:
        """Every fit starts anew."""

    def run(self, chunks: int) -> None:
        """Train for so many chunks: its epoch is a step where the batch is all examples."""
        epochs = chunks * self.workload.steps if self.workload.full_batch else chunks
        model = MLPClassifier(
            hidden_layer_sizes=self.workload.sizes[1:-1],
            activation=self.workload.activation,
            solver=self.workload.optimizer,
            learning_rate_init=self.workload.learning_rate,
            momentum=0.0,
            nesterovs_momentum=False,
            alpha=0.0,
            batch_size=self.workload.batch,
            shuffle=not self.workload.full_batch,
            max_iter=epochs,
            n_iter_no_change=epochs + 1,
            tol=0.0,
            random_state=0,
        )
        model.fit(self.X, self.y)
