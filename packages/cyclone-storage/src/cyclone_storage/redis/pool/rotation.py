"""The connections of a pool that anybody may use, in turn."""

from typing import Any, Final

__all__ = ["Rotation"]

# Commands in a row that one connection gets, as a power of two: 8. What is written in one turn of the
# reactor leaves together, and its answers come together: a pool of 50 under load is two to three times
# as fast as with one command each. An answer that takes long holds up no more than the few after it.
_IN_A_ROW: Final = 3


class Rotation:
    """A set of connections that gives the next one in constant time.

    In turn and not the one with the fewest commands in flight, as that would have to be looked for; and
    not at random as in txredisapi, as some would wait behind many commands while others rest.

    Attributes:
        items: The connections, in no order.
    """

    __slots__ = ("_positions", "_turn", "items")

    def __init__(self) -> None:
        """Begin with none."""
        self.items: list[Any] = []
        self._positions: dict[Any, int] = {}
        self._turn = 0

    def __contains__(self, connection: object) -> bool:
        """Tell whether a connection is among them."""
        return connection in self._positions

    def add(self, connection: object) -> None:
        """Add one."""
        self._positions[connection] = len(self.items)
        self.items.append(connection)

    def discard(self, connection: object) -> bool:
        """Remove one; the last takes its place.

        Returns:
            Whether it was there.
        """
        position = self._positions.pop(connection, None)
        if position is None:
            return False
        last = self.items.pop()
        if last is not connection:
            self.items[position] = last
            self._positions[last] = position
        return True

    def next(self) -> Any:  # noqa: ANN401 -- what was added
        """Return the one whose turn it is, None if there is none."""
        items = self.items
        if not items:
            return None
        self._turn += 1
        return items[(self._turn >> _IN_A_ROW) % len(items)]
