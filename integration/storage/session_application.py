"""The application behind the tests of sessions: `python session_application.py DIRECTORY REDIS_PORT`.

The same routes are served over the stores `memory`, `sqlite` and `redis`, over TLS at `tls`, and at `away`
over a Redis that nobody serves.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet import reactor as installed
from twisted.internet import ssl
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.python.log import startLogging

from cyclone.redis import lazyConnectionPool
from cyclone.sqlite import SQLitePool
from cyclone.web import Application, HTTPError, RequestHandler, asynchronous
from cyclone_storage.sessions import (
    MemoryStore,
    RedisStore,
    RequestHandlerLike,
    Session,
    SessionMixin,
    SessionStore,
    SQLiteStore,
)

sys.path.insert(0, str(Path(__file__).parents[1]))

from served import announce

reactor: Any = installed

Whatever = Any
"""What a generator gives, and what error pages are told."""


class Handler(SessionMixin, RequestHandler):
    """A handler with sessions."""


if TYPE_CHECKING:

    def _is_like(handler: RequestHandler) -> RequestHandlerLike:
        return handler  # mypy compares the real handler with the Protocol


class Values(Handler):
    """Shows the session, and sets values: a coroutine."""

    async def get(self) -> None:
        """Show."""
        session = await self.get_session()
        self.write(dict(session))

    async def post(self) -> None:
        """Set what the form says, after a while if it says so."""
        session = await self.get_session()
        await deferLater(reactor, float(self.get_argument("wait", "0")))
        session[self.get_argument("key")] = self.get_argument("value", "1")
        self.write("set")


class Plain(Handler):
    """Counts in a plain method."""

    def get(self) -> "Deferred[None]":
        """Count."""
        return self.get_session().addCallback(self.count)

    def count(self, session: Session) -> None:
        """Count."""
        session["plain"] = session.get("plain", 0) + 1
        self.write(str(session["plain"]))


class Classic(Handler):
    """Counts in a generator, and finishes by itself."""

    @asynchronous
    @inlineCallbacks
    def get(self) -> Whatever:
        """Count."""
        session: Session = yield self.get_session()
        session["classic"] = session.get("classic", 0) + 1
        self.finish(str(session["classic"]))


class SignIn(Handler):
    """Signs in, and redirects."""

    async def post(self) -> None:
        """Sign in."""
        session = await self.get_session()
        session["user"] = self.get_argument("user")
        session.rotate(renew=True)
        session.flash("Welcome.")
        self.redirect("/")


class SignOut(Handler):
    """Signs out."""

    async def post(self) -> None:
        """Sign out."""
        session = await self.get_session()
        session.destroy()
        self.write("bye")


class Refused(Handler):
    """Sets something, and fails with a status."""

    async def get(self, status: str) -> None:
        """Fail."""
        session = await self.get_session()
        session["tries"] = session.get("tries", 0) + 1
        raise HTTPError(int(status))

    async def write_error(self, status_code: int, **_: Whatever) -> None:
        """Show the session on the error page."""
        session = await self.get_session()
        self.finish(f"{status_code} {session.get('tries')}")


class FailsLate(Handler):
    """Sets something, and fails when the answer is complete."""

    async def get(self, where: str) -> None:
        """Answer."""
        session = await self.get_session()
        session["tries"] = session.get("tries", 0) + 1
        self.where = where
        self.before_headers(self.before)
        self.write("not sent")

    def before(self) -> None:
        """Fail before the head, in a function that was given behind that of the session."""
        if self.where == "before":
            raise ZeroDivisionError("before the head")

    def compute_etag(self) -> str | None:
        """Fail behind all of these functions."""
        if self.where == "etag":
            raise ZeroDivisionError("no entity tag")
        return None


class Stream(Handler):
    """Sends its answer in pieces."""

    async def get(self) -> None:
        """Set before the head; behind it, it is too late."""
        session = await self.get_session()
        session["streamed"] = session.get("streamed", 0) + 1
        self.write("a")
        await self.flush()
        try:
            session["late"] = 1
        except RuntimeError as error:
            self.write(type(error).__name__)
        await self.flush()


class TooLarge(Handler):
    """Sets more than a session may hold."""

    async def get(self) -> None:
        """Set it."""
        session = await self.get_session()
        session["much"] = "x" * 70_000
        self.write("not sent")


def main(directory: Path, redis_port: int) -> None:
    """Serve, and tell the ports."""
    routes: list[Any] = [
        ("/", Values),
        ("/plain", Plain),
        ("/classic", Classic),
        ("/in", SignIn),
        ("/out", SignOut),
        (r"/fail/(\d+)", Refused),
        (r"/late/(\w+)", FailsLate),
        ("/stream", Stream),
        ("/large", TooLarge),
    ]
    memory = MemoryStore()
    redis = lazyConnectionPool(port=redis_port, poolsize=2)
    away = lazyConnectionPool(port=1, poolsize=1, replyTimeout=1)
    stores: dict[str, SessionStore] = {
        "memory": memory,
        "sqlite": SQLiteStore(SQLitePool(directory / "sessions.sqlite")),
        "redis": RedisStore(redis),
        "away": RedisStore(away),
        "tls": memory,
    }
    context = ssl.DefaultOpenSSLContextFactory(
        str(directory / "server.key"), str(directory / "server.crt")
    )
    ports = {}
    for name, store in stores.items():
        application = Application(routes, session_store=store, cookie_secret="0123456789abcdef" * 2)
        if name == "tls":
            port = reactor.listenSSL(0, application, context, interface="127.0.0.1")
        else:
            port = reactor.listenTCP(0, application, interface="127.0.0.1")
        ports[name] = port.getHost().port
    startLogging(sys.stdout)
    announce(directory, ports)
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
