"""Received bytes that wait to be parsed."""

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """A queue of bytes that is appended to at one end and taken from at the other.

    A read that holds whole messages is kept as the `bytes` it came as and never copied; only what
    arrives in pieces is collected in a `bytearray`, which grows and shrinks at its ends in amortized
    constant time. `take_until` remembers how far it has looked, so that input fed one byte at a time
    is searched once. When the last byte is taken the storage is freed: an idle connection has none.

    Attributes:
        data: The bytes; those before `pos` are gone.
        pos: Where the waiting ones begin.
    """

    __slots__ = ("_searched", "data", "pos")

    def __init__(self) -> None:
        """Make an empty buffer."""
        self.data: bytes | bytearray = b""
        self.pos = 0
        self._searched = 0

    def __len__(self) -> int:
        """Count the bytes that wait."""
        return len(self.data) - self.pos

    def append(self, data: bytes) -> None:
        """Add received bytes at the end."""
        if isinstance(self.data, bytearray):
            del self.data[: self.pos]
            self.data += data
        else:
            self.data = bytearray(memoryview(self.data)[self.pos :])
            self.data += data
        self.pos = 0

    def take_until(self, separator: bytes) -> bytes | None:
        """Remove the first `separator` and all before it.

        Args:
            separator: What ends the wanted piece. While the answer is None, later calls must ask for
                the same one: the search goes on where it stopped.

        Returns:
            The bytes before the separator, or None if it is not there yet.
        """
        start = self.pos
        end = self.data.find(separator, start + self._searched)
        if end < 0:
            self._searched = max(0, len(self.data) - start - len(separator) + 1)
            return None
        piece = bytes(self.data[start:end])
        self._advance(end + len(separator))
        return piece

    def index(self, byte: bytes, start: int) -> int:
        """Find the first `byte` at or behind `start`, counted from the first waiting byte, or -1."""
        found = self.data.find(byte, self.pos + start)
        return found if found < 0 else found - self.pos

    def peek(self, start: int, stop: int) -> bytes:
        """Return the waiting bytes `start` to `stop`, or fewer if there are fewer, and keep them."""
        return bytes(self.data[self.pos + start : self.pos + stop])

    def take(self, count: int) -> bytes:
        """Remove and return the first `count` bytes, or all if there are fewer."""
        piece = bytes(self.data[self.pos : self.pos + count])
        self._advance(self.pos + len(piece))
        return piece

    def _advance(self, pos: int) -> None:
        self._searched = 0
        if pos == len(self.data):
            self.data = b""
            pos = 0
        self.pos = pos
