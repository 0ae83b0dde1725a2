"""The exceptions of this package; those of the libraries below it keep their own classes."""

from types import MappingProxyType
from typing import Final

__all__ = ["InvalidURL", "PoolClosed", "PoolTimeout", "StorageError", "StorageUnavailable"]

_SERVICE_UNAVAILABLE: Final = 503


class StorageError(Exception):
    """The root of the exceptions that this package itself raises."""


class InvalidURL(StorageError, ValueError):  # noqa: N818 -- what happened, not that it is an error
    """A URL does not say where a storage is: the program's mistake."""


class PoolClosed(StorageError):  # noqa: N818 -- what happened, not that it is an error
    """Something was asked of a pool after it was closed: the program's mistake."""


class PoolTimeout(StorageError, TimeoutError):  # noqa: N818 -- what happened, not that it is an error
    """No connection, or no thread, of a pool became free in time."""


class StorageUnavailable(StorageError):  # noqa: N818 -- what happened, not that it is an error
    """A storage does not answer at present; a web framework makes a 503 of it.

    Attributes:
        http_status: 503, by which the web framework answers.
        http_headers: `Retry-After`, in seconds (RFC 9110 section 10.2.3).
        retry_after: Seconds after which a client may ask again.
    """

    http_status: int = _SERVICE_UNAVAILABLE

    def __init__(self, message: str, retry_after: int = 5) -> None:
        """Keep what happened.

        Args:
            message: What happened; it is logged, never sent to a client.
            retry_after: Seconds after which a client may ask again.
        """
        super().__init__(message)
        self.retry_after = retry_after
        self.http_headers = MappingProxyType({"Retry-After": str(retry_after)})
