"""The connections of a pool that anybody may use, in turn."""

from typing import Any

__all__ = ["Rotation"]


class Rotation:
    """A set of connections that gives the next one in constant time.

    In turn and not the one with the fewest commands in flight, as that would have to be looked for; and
    not at random as txredisapi does, as that lets some wait behind several commands while others rest.
    """

    __slots__ = ("_next", "_positions", "items")

    def __init__(self) -> None:
        """Begin with none."""
        self.items: list[Any] = []
        self._positions: dict[Any, int] = {}
        self._next = 0

    def __contains__(self, connection: object) -> bool:
        return connection in self._positions

    def add(self, connection: Any) -> None:
        """Add one."""
        self._positions[connection] = len(self.items)
        self.items.append(connection)

    def discard(self, connection: Any) -> bool:
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

    def next(self) -> Any:
        """Return the next one, None if there is none."""
        items = self.items
        position = self._next
        if position >= len(items):
            if not items:
                return None
            position = 0
        self._next = position + 1
        return items[position]
