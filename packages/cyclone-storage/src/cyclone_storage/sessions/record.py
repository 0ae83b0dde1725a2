"""What the store keeps of one session, as text."""

import math
from dataclasses import dataclass, replace
from typing import Final

__all__ = ["Record"]

_FORMAT: Final = "1"
_NONE: Final = "-"
_HEAD: Final = 5
_SEPARATOR: Final = ","
_AT: Final = "@"

# Rotations in a row that are remembered.
_MOST_PREVIOUS: Final = 8


@dataclass(frozen=True, slots=True)
class Record:
    """A session as it is stored. Times are seconds since 1970.

    Attributes:
        digest: That of its token.
        previous: Those of its tokens before the last rotations, each with the time of the rotation, the
            last one first.
        created: When it was made, or renewed by a sign-in.
        used: When a request was last seen to use it.
        data: Its values as JSON.
    """

    digest: str
    previous: tuple[tuple[str, float], ...]
    created: float
    used: float
    data: str

    def encode(self) -> str:
        """Write it as ASCII text: a line of fields, and the values."""
        previous = _SEPARATOR.join([f"{digest}{_AT}{at:.3f}" for digest, at in self.previous])
        return (
            f"{_FORMAT} {self.digest} {previous or _NONE}"
            f" {self.created:.3f} {self.used:.3f}\n{self.data}"
        )

    @classmethod
    def decode(cls, text: str) -> "Record":
        """Read what `encode` has written.

        Args:
            text: The text.

        Raises:
            ValueError: It is something else.
        """
        head, _, data = text.partition("\n")
        fields = head.split(" ")
        if len(fields) != _HEAD or fields[0] != _FORMAT:
            raise ValueError("it is in another format")
        created, used = [float(field) for field in fields[3:]]
        if not math.isfinite(created + used):
            raise ValueError("a time of it is no number")
        return cls(fields[1], _read_previous(fields[2]), created, used, data)

    def rotated(self, digest: str, now: float, since: float) -> "Record":
        """Give the session another token.

        Args:
            digest: That of the token.
            now: The time.
            since: Rotations before that are forgotten.

        Returns:
            The session.
        """
        recent = [each for each in self.previous if each[1] > since]
        previous = ((self.digest, now), *recent[: _MOST_PREVIOUS - 1])
        return replace(self, digest=digest, previous=previous)

    def __repr__(self) -> str:
        """Show nothing of it: values may be secret."""
        return f"<Record of {len(self.data)} characters>"


def _read_previous(text: str) -> tuple[tuple[str, float], ...]:
    if text == _NONE:
        return ()
    read = []
    for each in text.split(_SEPARATOR):
        digest, _, at = each.partition(_AT)
        read.append((digest, float(at)))
    return tuple(read)
