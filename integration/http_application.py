"""The application behind the tests of the HTTP server: run as `python http_application.py DIRECTORY`.

It listens on ports that the system chooses, with and without TLS, and on the unix socket `web.sock`;
then it writes their numbers into `ports.json`.
"""

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from served import announce
from twisted.internet import reactor as installed
from twisted.internet import ssl
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.python import log

import cyclone.httpserver
import cyclone.web

reactor: Any = installed

MEGABYTE = 1_000_000
SHORT: dict[str, Any] = {
    "header_timeout": 1.0,
    "idle_connection_timeout": 1.0,
    "body_stall_timeout": 1.0,
    "linger_timeout": 1.0,
    "write_timeout": 1.0,
}


class Index(cyclone.web.RequestHandler):
    """Says who asks how, and what this process is."""

    def get(self) -> None:
        """Answer."""
        request = self.request
        self.write(f"{request.method} {request.uri} {request.protocol} {request.remote_ip}")


class Digest(cyclone.web.RequestHandler):
    """Answers with the length and the digest of the body."""

    def post(self) -> None:
        """Answer."""
        body = self.request.body
        self.write(f"{len(body)} {hashlib.sha256(body).hexdigest()}")


class Slow(cyclone.web.RequestHandler):
    """Answers after a moment."""

    async def get(self) -> None:
        """Answer."""
        await deferLater(reactor, 0.2, lambda: None)
        self.write(self.request.uri)


class Large(cyclone.web.RequestHandler):
    """Answers with a million bytes at once."""

    def get(self) -> None:
        """Answer."""
        self.write(b"x" * MEGABYTE)


class Stream(cyclone.web.RequestHandler):
    """Answers with ten million bytes, as fast as the client takes them."""

    async def get(self) -> None:
        """Answer."""
        for _ in range(100):
            self.write(b"x" * (MEGABYTE // 10))
            await self.flush()


class Forever(cyclone.web.RequestHandler):
    """Begins an answer that never ends, and counts the clients that have gone."""

    gone = 0

    async def get(self) -> None:
        """Begin."""
        self.write("begun")
        await self.flush()
        await Deferred()

    def on_connection_close(self) -> None:
        """Count."""
        Forever.gone += 1


class Status(cyclone.web.RequestHandler):
    """Tells what this process uses."""

    def get(self) -> None:
        """Answer."""
        memory = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        self.write(
            {
                "debug": __debug__,
                "gone": Forever.gone,
                "files": len(list(Path("/proc/self/fd").iterdir())),
                "memory": int(memory) * os.sysconf("SC_PAGE_SIZE"),
            }
        )


class Broken(cyclone.web.RequestHandler):
    """Fails."""

    def get(self) -> None:
        """Fail."""
        raise KeyError("broken on purpose")


def main(directory: Path) -> None:
    """Serve until a signal comes."""
    log.startLogging(sys.stdout)
    application = cyclone.web.Application(
        [
            ("/", Index),
            ("/digest", Digest),
            ("/slow", Slow),
            ("/large", Large),
            ("/stream", Stream),
            ("/forever", Forever),
            ("/status", Status),
            ("/broken", Broken),
        ],
        max_body_size=2 * MEGABYTE,
        log_function=lambda _: None,
    )
    hasty = cyclone.httpserver.HTTPServer(application, **SHORT)
    context = ssl.DefaultOpenSSLContextFactory(
        str(directory / "server.key"), str(directory / "server.crt")
    )
    listening = {
        "plain": reactor.listenTCP(0, application, interface="127.0.0.1"),
        "hasty": reactor.listenTCP(0, hasty, interface="127.0.0.1"),
        "tls": reactor.listenSSL(0, application, context, interface="127.0.0.1"),
        "hasty_tls": reactor.listenSSL(0, hasty, context, interface="127.0.0.1"),
    }
    reactor.listenUNIX(str(directory / "web.sock"), application)
    announce(directory, {name: port.getHost().port for name, port in listening.items()})
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
