"""What the store keeps of one session, as text."""

import math
from dataclasses import dataclass
from typing import Final

__all__ = ["Record"]

_FORMAT: Final = "1"
_NONE: Final = "-"
_HEAD: Final = 6


@dataclass(frozen=True, slots=True)
class Record:
    """A session as it is stored. Times are seconds since 1970.

    Attributes:
        digest: That of its token.
        previous: That of its token before the last rotation, empty if there was none.
        created: When it was made, or renewed by a sign-in.
        used: When a request was last seen to use it.
        rotated: When it was last rotated.
        data: Its values as JSON.
    """

    digest: str
    previous: str
    created: float
    used: float
    rotated: float
    data: str

    def encode(self) -> str:
        """Write it as ASCII text: a line of fields, and the values."""
        return (
            f"{_FORMAT} {self.digest} {self.previous or _NONE}"
            f" {self.created:.3f} {self.used:.3f} {self.rotated:.3f}\n{self.data}"
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
        created, used, rotated = [float(field) for field in fields[3:]]
        if not math.isfinite(created + used + rotated):
            raise ValueError("a time of it is no number")
        previous = "" if fields[2] == _NONE else fields[2]
        return cls(fields[1], previous, created, used, rotated, data)

    def __repr__(self) -> str:
        """Show nothing of it: values may be secret."""
        return f"<Record of {len(self.data)} characters>"
