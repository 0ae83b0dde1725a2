"""The application behind the hostile and the enduring clients.

Run as `python hostile_application.py DIRECTORY SECONDS`. It listens on ports that the system chooses,
then writes their numbers into `ports.json` of the directory, which holds `server.key` and `server.crt`
unless there is to be no TLS. The "hasty" ports wait for that many seconds wherever they wait.
"""

import gc
import os
import sys
import time
from pathlib import Path
from typing import Any

from hostile_server import FEW, MEGABYTE
from served import announce
from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.python import log

import cyclone.httpserver
import cyclone.web

reactor: Any = installed

HASTY = (
    "header_timeout",
    "idle_connection_timeout",
    "body_stall_timeout",
    "write_timeout",
    "tls_handshake_timeout",
    "linger_timeout",
)


class Index(cyclone.web.RequestHandler):
    """Says what was asked for."""

    def get(self) -> None:
        """Answer."""
        self.write(self.request.uri)


class Length(cyclone.web.RequestHandler):
    """Answers with the length of the body."""

    def post(self) -> None:
        """Answer."""
        self.write(str(len(self.request.body)))


class Large(cyclone.web.RequestHandler):
    """Answers at once with ten million bytes, more than a socket takes without a reader."""

    def get(self) -> None:
        """Answer."""
        self.write(bytes(10 * MEGABYTE))


class Stream(cyclone.web.RequestHandler):
    """Answers with ten million bytes, as fast as the client takes them."""

    async def get(self) -> None:
        """Answer."""
        for _ in range(100):
            self.write(bytes(MEGABYTE // 10))
            await self.flush()


class Forever(cyclone.web.RequestHandler):
    """Begins an answer that never ends."""

    async def get(self) -> None:
        """Begin."""
        self.write("begun")
        await self.flush()
        await Deferred()


class Broken(cyclone.web.RequestHandler):
    """Answers with an error."""

    def get(self) -> None:
        """Fail."""
        raise cyclone.web.HTTPError(503, "on purpose")


class Status(cyclone.web.RequestHandler):
    """Tells what this process uses."""

    def get(self) -> None:
        """Answer."""
        memory = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        self.write(
            {
                "files": len(list(Path("/proc/self/fd").iterdir())),
                "memory": int(memory) * os.sysconf("SC_PAGE_SIZE"),
                "peak": _peak(),
                "seconds": time.process_time(),
            }
        )

    def post(self) -> None:
        """Forget the peak of the memory."""
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError("the system does not tell the peak of the memory")


class Garbage(cyclone.web.RequestHandler):
    """Collects what reference counting could not free."""

    def get(self) -> None:
        """Answer with the number of collected objects, and of those that live."""
        collected = gc.collect()
        gc.enable()
        self.write({"collected": collected, "objects": len(gc.get_objects())})

    def post(self) -> None:
        """Leave all to reference counting until GET: what it cannot free accumulates."""
        gc.collect()
        gc.disable()


ROUTES = [
    ("/", Index),
    ("/length", Length),
    ("/large", Large),
    ("/stream", Stream),
    ("/forever", Forever),
    ("/broken", Broken),
    ("/status", Status),
    ("/garbage", Garbage),
]


def application(**settings: Any) -> cyclone.web.Application:  # noqa: ANN401 -- any of them
    """Make an application that does not log requests."""
    return cyclone.web.Application(ROUTES, log_function=lambda _: None, **settings)


def main(directory: Path, seconds: float) -> None:
    """Serve until a signal comes."""
    log.startLogging(sys.stdout)
    plain = application()
    deadlines: dict[str, Any] = dict.fromkeys(HASTY, seconds)
    hasty = cyclone.httpserver.HTTPServer(application(), **deadlines)
    factories = {
        "plain": plain,
        "hasty": hasty,
        "few": application(max_connections=FEW),
        "inflate": application(decompress_request=True, max_body_size=MEGABYTE),
    }
    listening = {
        name: reactor.listenTCP(0, factory, interface="127.0.0.1", backlog=1024)
        for name, factory in factories.items()
    }
    if (directory / "server.key").exists():
        from twisted.internet import ssl

        context = ssl.DefaultOpenSSLContextFactory(
            str(directory / "server.key"), str(directory / "server.crt")
        )
        for name in ("plain", "hasty"):
            listening[f"{name}_tls"] = reactor.listenSSL(
                0, factories[name], context, interface="127.0.0.1"
            )
    announce(directory, {name: port.getHost().port for name, port in listening.items()})
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
