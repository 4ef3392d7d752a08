"""The network that is trained on a table, and how, where nothing else is asked for."""

from __future__ import annotations

from typing import NamedTuple

from jitnet.checks import check_number, check_whole
from jitnet.layers import Dense, Dropout, Layer
from jitnet.quoting import quoted
from jitnet.tabular.target import Target

FEW_ROWS, MANY_ROWS = 5000, 20_000
STEPS, BATCH_OF_FEW = 2000, 32
"""Steps on few rows, unless the epochs are at their least or most."""
LEAST_EPOCHS_OF_FEW, MOST_EPOCHS_OF_FEW = 40, 300
EXAMPLES = 330_000
"""Examples that training sees altogether on many rows, with the same exception."""
LEAST_EPOCHS, MOST_EPOCHS = 20, 30


class Settings(NamedTuple):
    """A perceptron, and how it is trained."""

    hidden: tuple[int, ...] = (128, 64)
    dropout: float = 0.1
    epochs: int = MOST_EPOCHS
    batch_size: int = 256
    learning_rate: float = 4e-3
    weight_decay: float = 1e-4
    ensemble: int = 1
    """Networks whose predictions are averaged."""

    def layers(self, n_outputs: int) -> list[Layer]:
        """The layers, the output's among them."""
        layers: list[Layer] = []
        for units in self.hidden:
            layers += [Dense(units, "relu"), *[Dropout(self.dropout)] * (self.dropout > 0)]
        return [*layers, Dense(n_outputs)]


def check_settings(settings: Settings) -> Settings:
    """Return settings that a network can be made by, as plain numbers."""
    hidden = settings.hidden
    if not isinstance(hidden, tuple | list):
        raise TypeError(f"hidden must be a tuple of whole numbers, got {quoted(hidden)}")
    return Settings(
        hidden=tuple(check_whole("hidden", units, least=1) for units in hidden),
        dropout=check_number("dropout", settings.dropout, least=0.0, below=1.0),
        epochs=check_whole("epochs", settings.epochs, least=1),
        batch_size=check_whole("batch_size", settings.batch_size, least=1),
        learning_rate=check_number("learning_rate", settings.learning_rate, above=0.0),
        weight_decay=check_number("weight_decay", settings.weight_decay, least=0.0),
        ensemble=check_whole("ensemble", settings.ensemble, least=1),
    )


def settings_for(rows: int, target: Target) -> Settings:
    """The settings that suit so many training rows.

    Few rows need steps more than passes: 30 passes over 800 rows in batches of 256 are 120 steps,
    with which a network explains 0.62 of the variance of Friedman's first function where it can
    explain 0.90. Five networks take no time there. Classes of so few rows are soon learned by
    heart, against which half of the units of one wide layer are left out.

    All was chosen on some thirty tables of 150 to 50,000 rows, over 4 to 8 cuts of each. On few
    rows 4,000 steps give the same, and half the rate gives less. On many, batches of 128 give a
    little more for numbers and less for adult's classes, and half the rate gives less for all.
    """
    has_classes = bool(target.classes)
    if rows < FEW_ROWS:
        epochs = STEPS * BATCH_OF_FEW // rows
        epochs = min(MOST_EPOCHS_OF_FEW, max(LEAST_EPOCHS_OF_FEW, epochs))
        few = Settings(epochs=epochs, batch_size=BATCH_OF_FEW, ensemble=5)
        return few._replace(hidden=(256,), dropout=0.5) if has_classes else few
    epochs = min(MOST_EPOCHS, max(LEAST_EPOCHS, round(EXAMPLES / rows)))
    dropout = 0.2 if has_classes else 0.1
    return Settings(epochs=epochs, batch_size=128 if rows < MANY_ROWS else 256, dropout=dropout)
