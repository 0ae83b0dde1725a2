"""Sessions on Twisted's asyncio reactor, in a store that awaits what belongs to asyncio."""

import http.client

from documented_blocks import listens
from startup_processes import PATIENCE, Launcher, free_port

APPLICATION = """
import asyncio
import sys

from twisted.internet import asyncioreactor

asyncioreactor.install(asyncio.new_event_loop())

from twisted.internet import reactor, task
from twisted.python import log

import cyclone.web
from cyclone_storage.sessions import SessionMixin


class Store:
    def __init__(self):
        self.kept = {}

    async def pause(self):
        async with asyncio.timeout(20):
            await asyncio.sleep(0.001)
            await task.deferLater(reactor, 0.001)

    async def load(self, key):
        await self.pause()
        return self.kept.get(key)

    async def save(self, key, session, expected, lifetime):
        await self.pause()
        found = self.kept.get(key)
        if (found and found.revision) != expected:
            return False
        self.kept[key] = session
        return True

    async def delete(self, key):
        await self.pause()
        self.kept.pop(key, None)


class Home(SessionMixin, cyclone.web.RequestHandler):
    async def get(self):
        session = await self.get_session()
        session["visits"] = session.get("visits", 0) + 1
        self.write(str(session["visits"]))

    async def delete(self):
        (await self.get_session()).destroy()


class Plain(SessionMixin, cyclone.web.RequestHandler):
    def get(self):
        return self.get_session().addCallback(lambda session: self.write(str(session["visits"])))


class Application(cyclone.web.Application):
    def __init__(self):
        super().__init__(
            [("/", Home), ("/plain", Plain)],
            session_store=Store(),
            cookie_secret="0123456789abcdef" * 2,
        )


log.startLogging(sys.stdout)
reactor.listenTCP(int(sys.argv[1]), Application(), interface="127.0.0.1")
reactor.run()
"""


def test_store_of_asyncio(launch: Launcher) -> None:
    """It finds, saves and deletes sessions, for coroutines and for plain methods."""
    launch.write("home.py", APPLICATION)
    port = free_port()
    listens(launch.start("python", "home.py", str(port)), port)
    cookie = ""

    def ask(method: str = "GET", path: str = "/") -> tuple[int, bytes]:
        nonlocal cookie
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        client.request(method, path, headers={"Cookie": cookie} if cookie else {})
        response = client.getresponse()
        body = response.read()
        client.close()
        cookie = response.headers.get("Set-Cookie", cookie).partition(";")[0]
        return response.status, body

    assert [ask() for _ in range(3)] == [(200, b"1"), (200, b"2"), (200, b"3")]
    assert ask(path="/plain") == (200, b"3")
    kept = cookie
    assert ask("DELETE") == (200, b"")
    cookie = kept
    assert ask() == (200, b"1")
