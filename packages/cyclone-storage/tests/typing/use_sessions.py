"""How programs use sessions; checked by mypy, never run."""

from collections.abc import Callable
from typing import Any, assert_type

from twisted.enterprise.adbapi import ConnectionPool
from twisted.internet.defer import Deferred, inlineCallbacks

from cyclone_storage.redis import lazyConnectionPool
from cyclone_storage.sessions import (
    MemoryStore,
    RedisLike,
    RedisStore,
    RequestHandlerLike,
    RequestLike,
    Session,
    SessionMixin,
    SessionPolicy,
    SessionStore,
    SQLiteStore,
    SQLPoolLike,
    StoredSession,
)
from cyclone_storage.sqlite import SQLitePool

Whatever = Any


class Handler:
    """What a web framework's handler has."""

    settings: dict[str, Any]
    request: RequestLike

    def get_signed_cookie(
        self, name: str, value: str | None = None, max_age_days: float = 31, min_version: int = 2
    ) -> bytes | None:
        """Read a cookie."""

    def set_signed_cookie(
        self, name: str, value: str | bytes, expires_days: float | None = 30, **kwargs: Whatever
    ) -> None:
        """Set one."""

    def clear_cookie(self, name: str, path: str = "/", **kwargs: Whatever) -> None:
        """Clear one."""

    def before_headers(self, callback: Callable[[], object]) -> None:
        """Call something."""

    def get_status(self) -> int:
        """Return the status."""
        return 200

    def add_header(self, name: str, value: str | int) -> None:
        """Add a header."""


class Home(SessionMixin, Handler):
    """A handler with sessions."""

    async def get(self) -> None:
        """Use it as a coroutine does."""
        session = await self.get_session()
        assert_type(session, Session)
        session["visits"] = session.get("visits", 0) + 1
        session.rotate()
        session.rotate(renew=True)
        session.flash("Hello.", "warning")
        assert_type(session.take_flashes(), list[tuple[str, str]])
        assert_type(session.new, bool)
        session.destroy()

    @inlineCallbacks
    def post(self) -> Whatever:
        """Use it as a generator does."""
        session: Session = yield self.get_session()
        session.clear()

    def put(self) -> Deferred[None]:
        """Use it as a plain method does."""
        return self.get_session().addCallback(self.found)

    def found(self, session: Session) -> None:
        """Take it."""


class Own:
    """A store of a program's own."""

    def __init__(self) -> None:
        self.kept: dict[str, StoredSession] = {}

    async def load(self, key: str) -> StoredSession | None:
        """Find."""
        return self.kept.get(key)

    async def save(
        self, key: str, session: StoredSession, expected: str | None, lifetime: float
    ) -> bool:
        """Keep."""
        found = self.kept.get(key)
        if (found and found.revision) != expected or lifetime < 0:
            return False
        self.kept[key] = session
        return True

    async def delete(self, key: str) -> None:
        """Delete."""
        self.kept.pop(key, None)


handler: RequestHandlerLike = Handler()
sqlite: SQLPoolLike = SQLitePool[Any]("sessions.sqlite")
adbapi: SQLPoolLike = ConnectionPool("sqlite3", "sessions.sqlite")
redis: RedisLike = lazyConnectionPool()
stores: list[SessionStore] = [
    MemoryStore(),
    MemoryStore(max_sessions=1000),
    SQLiteStore(sqlite),
    SQLiteStore(SQLitePool[Any]("sessions.sqlite"), table="sessions"),
    RedisStore(redis, prefix="shop:"),
    Own(),
]
policy = SessionPolicy(idle_timeout=600, cookie_name="__Host-session")
assert_type(policy.lifetime, float)
