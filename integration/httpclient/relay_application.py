"""An application that gives on what it gets: bodies of other servers, and those of its clients.

Run as `python relay_application.py DIRECTORY`. It listens on a port that the system chooses and writes its
number into `ports.json` of the directory.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred

import cyclone.web
from cyclone.httpclient import AsyncHTTPClient, HTTPClient

reactor: Any = installed
HUGE = 1 << 40


class Callback(cyclone.web.RequestHandler):
    """Gives a page on by a callback, as ported code does."""

    async def get(self) -> None:
        """Answer."""

        async def give_on(chunk: bytes) -> None:
            self.write(chunk)
            await self.flush()

        await self.settings["client"].fetch(
            self.get_argument("url"),
            streaming_callback=give_on,
            max_body_size=HUGE,
            request_timeout=0,
        )


class Stream(cyclone.web.RequestHandler):
    """Gives a page on by an iteration."""

    async def get(self) -> None:
        """Answer."""
        async with self.settings["http"].stream("GET", self.get_argument("url")) as response:
            async for chunk in response:
                self.write(chunk)
                await self.flush()


@cyclone.web.stream_request_body
class Upload(cyclone.web.RequestHandler):
    """Gives an upload on while it comes."""

    def prepare(self) -> None:
        """Begin the other request."""
        assert self.request.connection is not None
        self.request.connection.set_max_body_size(HUGE)
        self.begun: Deferred[None] = Deferred()
        self.ended: Deferred[None] = Deferred()
        self.answer = self.settings["client"].fetch(
            self.get_argument("url"),
            method="POST",
            body_producer=self.produce,
            request_timeout=0,
        )

    async def produce(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Let `data_received` write until there is no more."""
        self.write_up = write
        self.begun.callback(None)
        await self.ended

    async def data_received(self, chunk: bytes) -> None:
        """Give a piece on, and wait until there is room for another one."""
        await self.begun
        await self.write_up(chunk)

    async def post(self) -> None:
        """Answer with the other one's answer."""
        self.ended.callback(None)
        self.write((await self.answer).body)


class Status(cyclone.web.RequestHandler):
    """Tells what this process uses."""

    def get(self) -> None:
        """Answer with the resident memory in bytes and the number of open files."""
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        files = len(list(Path("/proc/self/fd").iterdir()))
        self.write({"memory": int(pages) * os.sysconf("SC_PAGE_SIZE"), "files": files})


def main(directory: Path) -> None:
    """Serve until a signal comes."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from served import announce

    application = cyclone.web.Application(
        [("/callback", Callback), ("/stream", Stream), ("/upload", Upload), ("/status", Status)],
        client=AsyncHTTPClient(),
        http=HTTPClient(),
        log_function=lambda _: None,
    )
    port = reactor.listenTCP(0, application, interface="127.0.0.1")
    announce(directory, {"plain": port.getHost().port})
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
