"""Estimators for scikit-learn: its two perceptrons, trained by this library's loops."""

try:
    import sklearn  # noqa: F401
except ImportError as error:
    from jitnet.extras import install

    raise ImportError(
        f"MLPClassifier and MLPRegressor need scikit-learn: {install('sklearn')}"
    ) from error

from jitnet.estimators.classifier import MLPClassifier
from jitnet.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
