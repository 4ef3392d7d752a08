"""What batches of training the nodes of a network take, checked before any work."""

from __future__ import annotations

from jitnet.engine.nodes import Nodes


def check_batches(nodes: Nodes, examples: int, batch: int, most: int) -> None:
    """Refuse batches that are too small for a node, or too large to go through in one block.

    Parameters
    ----------
    nodes : Nodes
        The network.
    examples : int
        Examples of an epoch.
    batch : int
        Examples of a batch; the epoch's last one has what is left.
    most : int
        Examples that there is room for at once.

    Raises
    ------
    ValueError
        If an epoch has such a batch.
    """
    last = examples % batch or batch
    found = f"batches of {batch}"
    if last < batch:
        found = f"{examples} examples in batches of {batch}, of which the last one has {last}"
    for owner, node in zip(nodes.owners, nodes.nodes, strict=True):
        if last < node.least_examples:
            raise ValueError(
                f"{owner} needs at least {node.least_examples} examples in each batch of training, "
                f"got {found}; choose another batch_size"
            )
    whole = nodes.whole_owner
    if batch > most and whole is not None:
        raise ValueError(
            f"{whole} needs a batch of training to be in memory as a whole, for which batches of "
            f"{batch} are too large; choose a batch_size of at most {most}"
        )


def check_stateful(nodes: Nodes, examples: int, batch: int, *, shuffle: bool = False) -> None:
    """Refuse batches whose examples do not go on where those of the batch before ended.

    Raises
    ------
    ValueError
        If they are shuffled, or the last batch is a short one.
    """
    if not nodes.state_size:
        return
    if shuffle:
        raise ValueError(
            "stateful layers go on where the batch before has ended: fit with shuffle=False"
        )
    if examples % batch:
        raise ValueError(
            f"stateful layers need batches of one size, but {examples} examples are no multiple "
            f"of batch_size={batch}"
        )
