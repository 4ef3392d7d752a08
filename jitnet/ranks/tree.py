"""A sum in a fixed tree: neighbours are added two by two, whoever has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from jitnet.arrays import Array


class Node(NamedTuple):
    """Some neighbouring shards that are added up: so many from the first on, a power of two."""

    first: int
    size: int

    def is_right_of(self, left: Node) -> bool:
        """Whether the two are added up to one node."""
        return (
            self.size == left.size
            and self.first == left.first + left.size
            and (left.first % (2 * self.size) == 0)
        )


def nodes_of(first: int, last: int) -> list[Node]:
    """The nodes that the shards first … last are added up to without any others.

    Examples
    --------
    >>> nodes_of(5, 10)
    [Node(first=5, size=1), Node(first=6, size=2), Node(first=8, size=2)]
    """
    nodes: list[Node] = []
    for shard in range(first, last):
        node = Node(shard, 1)
        while nodes and node.is_right_of(nodes[-1]):
            node = Node(nodes.pop().first, 2 * node.size)
        nodes.append(node)
    return nodes


def most_sums(first: int, last: int) -> int:
    """The most sums there are at once while shards are added up: those of nodes, and a shard's."""
    return 1 + max(len(nodes_of(first, shard)) for shard in range(first, last))


def sum_nodes(parts: Iterable[tuple[Node, Array]]) -> Array:
    """The sum of all shards, of the sums of their nodes, in their order; these are changed."""
    kept: list[tuple[Node, Array]] = []
    for node, total in parts:
        while kept and node.is_right_of(kept[-1][0]):
            left, other = kept.pop()
            node, total = Node(left.first, 2 * node.size), np.add(other, total, out=total)
        kept.append((node, total))
    ((_, total),) = kept
    return total
