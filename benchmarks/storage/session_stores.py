"""Measure what sessions cost: a whole request through a connection in memory, and round trips to Redis.

Each handler counts the visits of its client: with a signed cookie, which is read and set again, or in a
session, which is loaded and saved. Before anything is timed the counts are compared.
"""

from __future__ import annotations

import re
import sys
import tempfile
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from timing import surroundings
from turns import compare, missed, redis_server, run, table
from twisted.internet.task import deferLater
from twisted.internet.testing import StringTransport
from twisted.protocols.portforward import ProxyFactory, ProxyServer

from cyclone_core.web import Application, RequestHandler
from cyclone_storage.redis import connect
from cyclone_storage.sessions import MemoryStore, RedisStore, SessionMixin, SQLiteStore
from cyclone_storage.sqlite import SQLitePool

if TYPE_CHECKING:
    import argparse

    from twisted.internet.interfaces import IReactorTime

COOKIE, MEMORY, NOTHING = "one signed cookie", "session in memory", "neither"
# A request with a session in memory takes at most so many times one with a signed cookie.
MOST = 1.5
# Round trips of a request with a session in Redis: one loads, one saves.
MOST_ROUND_TRIPS = 2
SECRET = "a secret of the benchmark, which nothing else uses"  # noqa: S105 -- as it says


class Plain(RequestHandler):
    """Counts nothing: what a request costs by itself."""

    def get(self) -> None:
        """Answer."""
        self.write("visit 0")


class Signed(RequestHandler):
    """Counts in a signed cookie."""

    async def get(self) -> None:
        """Answer."""
        visits = int(self.get_signed_cookie("visits") or 0) + 1
        self.set_signed_cookie("visits", str(visits))
        self.write(f"visit {visits}")


class InSession(SessionMixin, RequestHandler):
    """Counts in a session."""

    async def get(self) -> None:
        """Answer."""
        session = await self.get_session()
        session["visits"] = session.get("visits", 0) + 1
        self.write(f"visit {session['visits']}")


class Browser:
    """A client with its cookies, and a connection in memory to an application."""

    def __init__(self, handler: type[RequestHandler], **settings: Any) -> None:  # noqa: ANN401
        from twisted.internet import reactor

        self.reactor: Any = reactor
        application = Application(
            [("/", handler)],
            reactor=cast("IReactorTime", reactor),
            access_log=None,
            cookie_secret=SECRET,
            **settings,
        )
        protocol = application.buildProtocol(None)
        if protocol is None:
            sys.exit("the application takes no connection")
        self.transport = StringTransport()
        self.protocol = protocol
        protocol.makeConnection(self.transport)
        self.cookies: dict[str, str] = {}

    async def visit(self) -> int:
        """Ask once, and return which visit the answer says it is.

        Raises:
            ValueError: The answer is something else.
        """
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.transport.clear()
        self.protocol.dataReceived(
            f"GET / HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\n\r\n".encode()
        )
        while not (answer := self.transport.value()):
            await deferLater(self.reactor, 0)
        for line in re.findall(rb"Set-Cookie: ([^\r]*)", answer):
            for name, morsel in SimpleCookie(line.decode()).items():
                self.cookies[name] = morsel.coded_value
        found = re.fullmatch(rb"HTTP/1.1 200 .*\r\n\r\nvisit (\d+)", answer, re.DOTALL)
        if found is None:
            message = f"the answer is {answer!r}"
            raise ValueError(message)
        return int(found[1])

    async def visits(self, times: int = 200) -> int:
        """Ask some times, and see that each was counted."""
        before = await self.visit()
        for number in range(1, times):
            if await self.visit() not in (before + number, 0):
                message = f"visit {before + number} was not counted"
                raise ValueError(message)
        return times

    def close(self) -> None:
        """End the connection."""
        from twisted.internet.error import ConnectionDone
        from twisted.python.failure import Failure

        self.protocol.connectionLost(Failure(ConnectionDone()))


class CountingServer(ProxyServer):
    """Gives bytes on to Redis and back, and counts what goes there."""

    noisy = False

    def dataReceived(self, data: bytes) -> None:
        """Count, and give on."""
        cast("CountingProxy", self.factory).questions += 1
        super().dataReceived(data)  # type: ignore[no-untyped-call] # Twisted's


class CountingProxy(ProxyFactory):
    """Stands before a Redis server.

    Attributes:
        questions: How often something was sent to it. As nothing is sent before the reply to the last
            one has come, each is a round trip.
    """

    noisy = False
    protocol = CountingServer
    questions = 0


async def round_trips(port: int, times: int = 50) -> str:
    """Count the round trips of a request with a session in Redis.

    Args:
        port: That of the server.
        times: How many requests to look at.

    Returns:
        What was counted.

    Raises:
        ValueError: They are more than there may be, or other than they should be.
    """
    proxy = CountingProxy("127.0.0.1", port)
    from twisted.internet import reactor

    listening = cast("Any", reactor).listenTCP(0, proxy, interface="127.0.0.1")
    pool = connect(f"redis://127.0.0.1:{listening.getHost().port}", pool_size=1)
    browser = Browser(InSession, session_store=RedisStore(pool))
    await browser.visit()
    counts = []
    for _ in range(times):
        before = proxy.questions
        await browser.visit()
        counts.append(proxy.questions - before)
    browser.close()
    await pool.close()
    await listening.stopListening()
    if not 1 <= max(counts) <= MOST_ROUND_TRIPS:
        message = f"requests took {min(counts)} to {max(counts)} round trips"
        raise ValueError(message)
    return f"Redis: {max(counts)} round trips at most, in {times} requests that load and save"


async def measure(options: argparse.Namespace) -> list[str]:
    """Measure all stores; return what is missed."""
    print(surroundings("cyclone-core", "cyclone-storage", "Twisted"))
    with tempfile.TemporaryDirectory() as directory, redis_server() as port:
        database = SQLitePool(Path(directory, "sessions.db"))
        redis = connect(f"redis://127.0.0.1:{port}")
        browsers = {
            COOKIE: Browser(Signed),
            NOTHING: Browser(Plain),
            MEMORY: Browser(InSession, session_store=MemoryStore()),
            "session in SQLite": Browser(InSession, session_store=SQLiteStore(database)),
            "session in Redis": Browser(InSession, session_store=RedisStore(redis)),
        }
        candidates = {name: browser.visits for name, browser in browsers.items()}
        results = await compare(candidates, options.rounds)
        title = "a request that counts a visit, one at a time"
        print(f"\n{table(title, results, COOKIE)}")
        print(f"\n{await round_trips(port)}")
        for browser in browsers.values():
            browser.close()
        await redis.close()
        await database.close()
    return missed(title, results, COOKIE, {MEMORY: 1 / MOST})


if __name__ == "__main__":
    run("Measure sessions.", measure)
