"""The ids of sessions: what the cookie holds, and what of it the store gets to know.

An id has two parts. The first finds the session and stays; the second proves that the cookie is ours, and
is another one after each rotation. The store knows SHA-256 digests of both: who reads it can present
neither. Because the first part stays, rotating is one save like any other, and whoever deletes the
session hits it whatever its second part is by then.
"""

import hashlib
import re
import secrets
from typing import Final, NamedTuple

__all__ = ["REVISION_LENGTH", "SessionId", "new_revision"]

_LOCATOR_BYTES: Final = 16  # unique, not secret
_LOCATOR_LENGTH: Final = 22  # of these in base64
_TOKEN_BYTES: Final = 32

_ID: Final = re.compile(rb"[A-Za-z0-9_-]{65}")

REVISION_LENGTH: Final = 16
"""Characters of a revision."""

_REVISION_BYTES: Final = 12


class SessionId(NamedTuple):
    """The id of a session.

    Attributes:
        locator: The part that stays.
        token: The part that is secret.
    """

    locator: str
    token: str

    @classmethod
    def new(cls) -> "SessionId":
        """Make an id that nobody can guess: 256 bits of the operating system's randomness."""
        return cls(secrets.token_urlsafe(_LOCATOR_BYTES), secrets.token_urlsafe(_TOKEN_BYTES))

    @classmethod
    def parse(cls, sent: bytes | None) -> "SessionId | None":
        """Read the value of a cookie whose signature was verified.

        Args:
            sent: The value, None if there is no such cookie.

        Returns:
            The id; None if it is none.
        """
        if sent is None or _ID.fullmatch(sent) is None:
            return None
        text = sent.decode("ascii")
        return cls(text[:_LOCATOR_LENGTH], text[_LOCATOR_LENGTH:])

    def rotated(self) -> "SessionId":
        """Make another id of the same session."""
        return SessionId(self.locator, secrets.token_urlsafe(_TOKEN_BYTES))

    @property
    def cookie(self) -> str:
        """The value of the cookie."""
        return self.locator + self.token

    @property
    def key(self) -> str:
        """The key in the store."""
        return hashlib.sha256(self.locator.encode()).hexdigest()

    @property
    def digest(self) -> str:
        """What the store knows of the token."""
        return hashlib.sha256(self.token.encode()).hexdigest()

    def __repr__(self) -> str:
        """Show nothing of it: a log is no place for it."""
        return "<SessionId>"


def new_revision() -> str:
    """Make a revision, which no other save has."""
    return secrets.token_urlsafe(_REVISION_BYTES)
