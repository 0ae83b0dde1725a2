"""Received bytes that wait to be parsed."""

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """A queue of bytes that is appended to at one end and taken from at the other.

    A read that holds whole messages is kept as the `bytes` it came as and never copied; only what
    arrives in pieces is collected in a `bytearray`, which grows and shrinks at its ends in amortized
    constant time. `find` remembers how far it has looked, so that input fed one byte at a time is
    searched once.
    """

    __slots__ = ("_data", "_pos", "_searched")

    def __init__(self) -> None:
        """Make an empty buffer."""
        self._data: bytes | bytearray = b""
        self._pos = 0
        self._searched = 0

    def __len__(self) -> int:
        """Count the bytes that wait."""
        return len(self._data) - self._pos

    def append(self, data: bytes) -> None:
        """Add received bytes at the end."""
        if self._pos == len(self._data):
            self._data = data
            self._pos = 0
            return
        if isinstance(self._data, bytearray):
            del self._data[: self._pos]
        else:
            self._data = bytearray(memoryview(self._data)[self._pos :])
        self._pos = 0
        self._data += data

    def find(self, separator: bytes) -> int:
        """Count the bytes before the first `separator`.

        Args:
            separator: What ends the wanted piece. While the answer is -1, later calls must ask for
                the same one: the search goes on where it stopped.

        Returns:
            The number of bytes before it, or -1 if it is not there yet.
        """
        index = self._data.find(separator, self._pos + self._searched)
        if index < 0:
            self._searched = max(0, len(self) - len(separator) + 1)
            return -1
        self._searched = 0
        return index - self._pos

    def index(self, byte: bytes, start: int) -> int:
        """Find the first `byte` at or behind `start`, counted from the first waiting byte, or -1."""
        found = self._data.find(byte, self._pos + start)
        return found if found < 0 else found - self._pos

    def peek(self, start: int, stop: int) -> bytes:
        """Return the waiting bytes `start` to `stop`, or fewer if there are fewer, and keep them."""
        return bytes(self._data[self._pos + start : self._pos + stop])

    def take(self, count: int) -> bytes:
        """Remove and return the first `count` bytes, or all if there are fewer."""
        start = self._pos
        piece = bytes(self._data[start : start + count])
        self._pos = start + len(piece)
        self._searched = 0
        return piece

    def skip(self, count: int) -> None:
        """Remove the first `count` bytes, or all if there are fewer."""
        self._pos = min(self._pos + count, len(self._data))
        self._searched = 0
