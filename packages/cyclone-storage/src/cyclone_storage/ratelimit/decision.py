"""What a limit has decided, and the exception that says no."""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cyclone_storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Decision", "RateLimited"]

_TOO_MANY_REQUESTS: Final = 429


@dataclass(frozen=True, slots=True)
class Decision:
    """What a limit says to one attempt.

    Attributes:
        allowed: Whether it may go on.
        remaining: How many more may follow at once.
        retry_after: Seconds after which the same attempt would be allowed, 0 if it is.
    """

    allowed: bool
    remaining: int
    retry_after: float


class RateLimited(StorageError):  # noqa: N818 -- says what happened, as its siblings do
    """Somebody does something too often; a web framework makes a 429 of it.

    Attributes:
        http_status: 429 (RFC 6585 section 4).
        http_headers: `Retry-After`, in whole seconds (RFC 9110 section 10.2.3).
        decision: What the limit has decided.
    """

    http_status: int = _TOO_MANY_REQUESTS

    def __init__(self, message: str, decision: Decision) -> None:
        """Keep what happened.

        Args:
            message: What happened; it is logged, never sent to a client.
            decision: What the limit has decided.
        """
        super().__init__(message)
        self.decision = decision
        # At least 1: a client that takes 0 at its word would come back at once and too early.
        seconds = str(max(1, math.ceil(decision.retry_after)))
        self.http_headers: Mapping[str, str] = MappingProxyType({"Retry-After": seconds})
