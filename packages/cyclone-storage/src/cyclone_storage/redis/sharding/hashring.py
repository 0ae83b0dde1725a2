"""Which of several servers a key belongs to: a ring of hashes that moves few keys when it changes.

Theory of operation: each server stands at 160 points of a ring of 2^32, the CRC-32 of its name and a
number; a key belongs to the server at the first point after the CRC-32 of the key. Three habits of
cyclone 1.x are kept on purpose, as keys that are stored already would be looked for elsewhere
otherwise: the sums are signed, as Python 2 had them; beyond the last point comes the last one, not the
first; and a tag in braces needs at least one character before it.
"""

import bisect
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final, Generic, TypeVar

__all__ = ["HashRing", "hashed_part"]

N = TypeVar("N")

_SIGN: Final = 1 << 31
_TAG: Final = re.compile(rb".+\{(.*)\}.*")


def hashed_part(key: bytes) -> bytes:
    """Return what of a key is hashed: its tag in braces if it has one, so that keys of a tag stay together.

    Args:
        key: A key; `user:{42}:name` has the tag `42`, and `{42}:name` none.

    Source: cyclone 1.x.
    """
    found = _TAG.match(key)
    return found[1] if found is not None else key


class HashRing(Generic[N]):
    """Spreads keys over nodes.

    Attributes:
        nodes: The nodes in the order in which they were added.
        replicas: How many points each has.
        ring: The node of each point.
        sorted_keys: The points in their order.

    Source: cyclone 1.x.
    """

    def __init__(self, nodes: Iterable[N] = (), replicas: int = 160) -> None:
        """Make a ring.

        Args:
            nodes: Connection handlers; what is hashed is the `uuid` of the factory of each, that is
                `host:port` or the path of a socket, as it was written.
            replicas: How many points each has.

        Raises:
            ValueError: Fewer than one point.
        """
        if replicas < 1:
            raise ValueError(f"a node of a ring needs at least one point, not {replicas}")
        self.nodes: list[N] = []
        self.replicas = replicas
        self.ring: dict[int, N] = {}
        self.sorted_keys: list[int] = []
        for node in nodes:
            self.add_node(node)

    def add_node(self, node: N) -> None:
        """Add a node; about one key in so many as there are nodes then belongs to it.

        Args:
            node: A connection handler.
        """
        self.nodes.append(node)
        name = _name(node)
        for number in range(self.replicas):
            point = _signed_crc32(b"%b:%d" % (name, number))
            self.ring[point] = node
            self.sorted_keys.append(point)
        self.sorted_keys.sort()

    def remove_node(self, node: N) -> None:
        """Remove a node; only its keys then belong to others.

        Args:
            node: One that was added.

        Raises:
            ValueError: It was not.
        """
        if node not in self.nodes:
            raise ValueError(f"{node!r} is no node of this ring")
        rest = [each for each in self.nodes if each is not node]
        # All anew: where points of two nodes coincide the later one has covered the earlier one.
        self.nodes, self.ring, self.sorted_keys = [], {}, []
        for each in rest:
            self.add_node(each)

    def get_node(self, key: str | bytes) -> N | None:
        """Return the node of a key, None if there is no node.

        Args:
            key: What is hashed, without regard of braces.
        """
        return self.get_node_pos(key)[0]

    def get_node_pos(self, key: str | bytes) -> tuple[N, int] | tuple[None, None]:
        """Return the node of a key and the index of its point, Nones if there is no node.

        Args:
            key: What is hashed, without regard of braces.
        """
        if not self.sorted_keys:
            return None, None
        point = _signed_crc32(key.encode() if isinstance(key, str) else key)
        index = min(bisect.bisect(self.sorted_keys, point), len(self.sorted_keys) - 1)
        return self.ring[self.sorted_keys[index]], index

    def iter_nodes(self, key: str | bytes) -> Iterator[tuple[int, N] | tuple[None, None]]:
        """Yield the points from that of a key to the last one, each with its node.

        Args:
            key: What is hashed, without regard of braces.
        """
        _, index = self.get_node_pos(key)
        if index is None:
            yield None, None
            return
        for point in self.sorted_keys[index:]:
            yield point, self.ring[point]

    def __call__(self, key: str | bytes) -> N | None:
        """Return the node of a key, None if there is no node.

        Args:
            key: What is hashed, without regard of braces.
        """
        return self.get_node(key)


def _signed_crc32(data: bytes) -> int:
    return ((zlib.crc32(data) + _SIGN) & 0xFFFFFFFF) - _SIGN


def _name(node: Any) -> bytes:  # noqa: ANN401 -- any class of handler, also one of the user's
    uuid = node._factory.uuid  # noqa: SLF001 -- cyclone 1.x's handlers have no other name for it
    return uuid.encode() if isinstance(uuid, str) else bytes(uuid)
