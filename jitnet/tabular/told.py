"""What is said of a table's model on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jitnet.streams import say
from jitnet.tables import format_table
from jitnet.tabular.scores import Classification, Regression, Scores

if TYPE_CHECKING:
    from jitnet.tabular.model import TableModel

SHOWN = 5
"""How many values a line names, at most."""
MOST_CLASSES = 10
"""Classes up to which a line says how many rows were said to be of each."""


def say_learned(model: TableModel) -> None:
    """Say what was learned of the columns, and what is trained."""
    table, settings = model.table, model.settings
    kinds = Counter(column.KIND for column in table.columns)
    columns = ", ".join(f"{count} of {kind}" for kind, count in kinds.items())
    several = settings.ensemble > 1
    mean = f"; the mean of {settings.ensemble} networks" if several else ""
    say(f"target          {table.target.about}")
    say(f"columns         {columns}; {len(table.features)} features")
    for name, reason in table.refused.items():
        say(f"left out        {name}: {reason}")
    say(
        f"network         {network_in_words(model)}, {settings.epochs} epochs, batches of "
        f"{settings.batch_size}{mean}"
    )


def network_in_words(model: TableModel) -> str:
    """``20+300×17-128-64-1``: features and vectors, the hidden units, the outputs."""
    table = model.table
    features = [str(len(table.features))] if table.features else []
    vectors = [f"{codes:,}×{units}" for codes, units in table.embedded]
    first = "+".join([*features, *vectors])
    return "-".join(map(str, (first, *model.settings.hidden, table.target.n_outputs)))


def say_scores(model: TableModel, scores: Scores) -> None:
    """Say how well the target was predicted, beside what one would say without looking."""
    if isinstance(scores, Regression):
        say(f"RMSE            {scores.rmse:.4g}, and {scores.baseline:.4g} for the mean")
        say(f"MAE             {scores.mae:.4g}, and {scores.baseline_mae:.4g} for the mean")
        say(f"R²              {scores.r2:.4f}")
        return
    frequent = f"{scores.baseline:.4f} for the most frequent class"
    say(f"accuracy        {scores.accuracy:.4f}, and {frequent}")
    say_classes(scores, [str(value) for value in model.table.target.classes])


def say_image_classes(scores: Classification, classes: Sequence[str]) -> None:
    """Say the scores of images' classes, which are numbers where they have no names."""
    say(f"baseline        {scores.baseline:.4f} for the most frequent class")
    say_classes(scores, classes or [str(number) for number in range(len(scores.recall))])


def say_classes(scores: Classification, classes: Sequence[str]) -> None:
    """Say what beside the accuracy there is to say of predicted classes, and of each of them."""
    shares = f"{scores.baseline_log_loss:.4f} for the shares of the classes"
    say(f"AUC             {scores.auc:.4f}")
    say(f"log loss        {scores.log_loss:.4f}, and {shares}")
    say(f"calibration     {scores.calibration:.4f} between probability and frequency, on average")
    say("")
    say(_class_table(scores, classes))
    say("")


def _class_table(scores: Classification, classes: Sequence[str]) -> str:
    """Precision and recall of each class, and what its rows were said to be."""
    said = classes if len(classes) <= MOST_CLASSES else ()
    rows = [
        (
            name,
            str(int(scores.confusion[k].sum())),
            f"{scores.precision[k]:.3f}",
            f"{scores.recall[k]:.3f}",
            *map(str, scores.confusion[k].tolist()[: len(said)]),
        )
        for k, name in enumerate(classes)
    ]
    header = ("class", "rows", "precision", "recall", *(f"as {name}" for name in said))
    return format_table([header, *rows])


def say_unknown(model: TableModel, rows: Any) -> None:
    """Say what rows miss, and what they have that was not there in training."""
    for name, values in model.table.unseen(rows).items():
        count, first = sum(values.values()), ", ".join(list(values)[:SHOWN])
        more = f" and {len(values) - SHOWN} others" if len(values) > SHOWN else ""
        say(f"not seen before {name}: {first}{more}, in {count:,} rows")
    missing = model.table.missing(rows)
    if missing:
        say(f"missing         {', '.join(f'{n} in {k:,} rows' for n, k in missing.items())}")
