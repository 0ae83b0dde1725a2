"""What sessions need of a request handler, and of what keeps them.

No web framework, no Redis and no SQLite is imported for it: whatever has these methods will do.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

__all__ = [
    "RedisLike",
    "RequestHandlerLike",
    "RequestLike",
    "SQLPoolLike",
    "SessionStore",
    "StoredSession",
]


class RequestLike(Protocol):
    """What is needed of a request."""

    @property
    def protocol(self) -> str:
        """`http`, or `https` if it came over TLS."""


class RequestHandlerLike(Protocol):
    """What is needed of the handler of a request: cyclone's `RequestHandler` has it."""

    @property
    def settings(self) -> Any:  # noqa: ANN401 -- a mapping of the framework's own
        """The settings of the application, with `get`."""

    @property
    def request(self) -> RequestLike:
        """The request."""

    def get_signed_cookie(
        self, name: str, *, max_age_days: float, min_version: int
    ) -> bytes | None:
        """Read a cookie that the application has signed, None if it has not."""

    def set_signed_cookie(
        self,
        name: str,
        value: str,
        *,
        expires_days: float | None,
        **kwargs: Any,  # noqa: ANN401 -- str or bool
    ) -> object:
        """Sign and set a cookie; further arguments are its attributes."""

    def clear_cookie(self, name: str, **kwargs: Any) -> object:  # noqa: ANN401 -- as above
        """Make the client forget a cookie."""

    def before_headers(self, callback: Callable[[], Any]) -> object:
        """Call and await something once before the head; a `RuntimeError` if that is out already."""

    def get_status(self) -> int:
        """Return the status of the answer."""

    def add_header(self, name: str, value: str) -> object:
        """Add a value to a header of the answer."""


class StoredSession(NamedTuple):
    """A session as a store keeps it.

    Attributes:
        revision: 16 characters of ASCII, another ones with each save.
        value: ASCII text that means nothing to the store.
    """

    revision: str
    value: str


class SessionStore(Protocol):
    """Keeps sessions. A method that fails because the store is away raises `StorageUnavailable`."""

    def load(self, key: str) -> Awaitable[StoredSession | None]:
        """Find a session.

        Args:
            key: Its key, 64 hexadecimal digits.

        Returns:
            The session; None if there is none, or its time is over.
        """

    def save(
        self, key: str, session: StoredSession, expected: str | None, lifetime: float
    ) -> Awaitable[bool]:
        """Keep a session, at once and only if nobody else has saved or deleted it meanwhile.

        Args:
            key: Its key.
            session: The session.
            expected: The revision that must be there; None if there must be none.
            lifetime: Seconds after which it is gone, more than 0.

        Returns:
            Whether it is kept; if not, nothing has changed.
        """

    def delete(self, key: str) -> Awaitable[object]:
        """Delete a session; one that is not there is no error.

        Args:
            key: Its key.
        """


class SQLPoolLike(Protocol):
    """What is needed of a pool of SQLite connections: `SQLitePool`, or one of `adbapi`."""

    def runQuery(  # noqa: N802 -- Twisted's name
        self, sql: str, parameters: Sequence[Any], /
    ) -> "Deferred[Any]":
        """Run a statement, and give its rows."""

    def runInteraction(  # noqa: N802 -- Twisted's name
        self,
        interaction: Callable[..., Any],
        /,
        *args: Any,  # noqa: ANN401 -- those of the function
    ) -> "Deferred[Any]":
        """Call a function with a cursor, in a transaction of its own, and give what it returns."""


class RedisLike(Protocol):
    """What is needed of Redis: the pools and connections of `cyclone_storage.redis` have it."""

    def get(self, key: str, /) -> "Deferred[Any]":
        """Get the value of a key, None if there is none."""

    def eval(self, script: str, keys: Any, args: Any, /) -> "Deferred[Any]":  # noqa: ANN401 -- lists
        """Run a Lua script with keys and arguments."""

    def delete(self, keys: str, /) -> "Deferred[Any]":
        """Delete a key."""
