"""Sessions on the server: values of a visitor, found by a signed cookie that holds nothing but an id.

A handler derives from `SessionMixin`, and the application says where sessions are kept:

    class Home(SessionMixin, RequestHandler):
        async def get(self):
            session = await self.get_session()
            session["visits"] = session.get("visits", 0) + 1
            self.write(f"visit {session['visits']}")

    Application([("/", Home)], session_store=MemoryStore(), cookie_secret="...")

Nothing here imports a web framework, Redis or SQLite pools: see `cyclone_storage.sessions.protocols` for
what they must have.
"""

from cyclone_storage.sessions.errors import (
    InvalidSessionValue,
    SessionClosed,
    SessionSettingError,
    SessionTooLarge,
)
from cyclone_storage.sessions.memory import MemoryStore
from cyclone_storage.sessions.mixin import SessionMixin
from cyclone_storage.sessions.policy import SessionPolicy
from cyclone_storage.sessions.protocols import (
    RedisLike,
    RequestHandlerLike,
    RequestLike,
    SessionStore,
    SQLPoolLike,
    StoredSession,
)
from cyclone_storage.sessions.redis import RedisStore
from cyclone_storage.sessions.session import Session
from cyclone_storage.sessions.sqlite import SQLiteStore

__all__ = [
    "InvalidSessionValue",
    "MemoryStore",
    "RedisLike",
    "RedisStore",
    "RequestHandlerLike",
    "RequestLike",
    "SQLPoolLike",
    "SQLiteStore",
    "Session",
    "SessionClosed",
    "SessionMixin",
    "SessionPolicy",
    "SessionSettingError",
    "SessionStore",
    "SessionTooLarge",
    "StoredSession",
]
