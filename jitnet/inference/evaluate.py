"""``jitnet evaluate``: how well a model predicts a file's rows."""

from __future__ import annotations

from pathlib import Path

from jitnet.inference.model import as_features, load_model
from jitnet.inference.rows import rows_of
from jitnet.model import Sequential
from jitnet.streams import say
from jitnet.tabular.told import say_scores, say_unknown


def evaluate_file(model_path: Path, path: Path, *, header: bool = True) -> None:
    """Say the scores of a model on a file's rows.

    Raises
    ------
    ValueError
        If a file cannot be read, or does not fit.
    """
    model = load_model(model_path)
    rows = rows_of(path, header=header)
    try:
        if isinstance(model, Sequential):
            target = rows.to_series(rows.width - 1)
            X = as_features(model, rows.drop(target.name))
            for name, value in model.evaluate(X, target.to_numpy()).items():
                say(f"{name:<16}{value:.4f}")
            return
        scores = model.evaluate(rows)
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None
    say(f"rows            {len(rows):,}")
    say_scores(model, scores)
    say_unknown(model, rows)
