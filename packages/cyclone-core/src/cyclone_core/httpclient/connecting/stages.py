"""What stands between an open TCP connection and a protocol that can use it."""

from typing import Any, Protocol

from twisted.internet.interfaces import IProtocol

__all__ = ["Attempt"]


class Attempt(Protocol):
    """The attempt to connect that a stage is part of; it may have failed already."""

    def enter(self, stage: str, transport: Any) -> None:  # noqa: ANN401 -- of Twisted, or TLS over it
        """Note how far it has come.

        Args:
            stage: What has not happened yet, the end of a sentence about a timeout.
            transport: The connection, which is aborted if it never happens.
        """

    def succeed(self, protocol: IProtocol) -> None:
        """End it with a protocol that is connected."""

    def fail(self, error: BaseException) -> None:
        """End it, and abort the connection."""
