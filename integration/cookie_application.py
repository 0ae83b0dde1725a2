"""The application behind the tests with Tornado: `python cookie_application.py FRAMEWORK DIRECTORY`.

It is the same for both frameworks, `cyclone` and `tornado`, but for the name of the package and the last
lines. It listens on two ports: at `plain` there is one secret, at `keys` there are two.
"""

import asyncio
import importlib
import sys
from pathlib import Path
from typing import Any

from served import announce

FRAMEWORK = sys.argv[1]
web: Any = importlib.import_module(f"{FRAMEWORK}.web")

KEY = "0123456789abcdef0123456789abcdef"
KEYS = {1: KEY[::-1], 7: b"caf\xc3\xa9 of thirty-two bytes, and more"}


class Cookie(web.RequestHandler):  # type: ignore[misc]  # either framework's
    """Sets and reads a plain cookie."""

    def get(self) -> None:
        """Read."""
        self.write(self.get_cookie("a", "none").encode("latin-1"))

    def post(self) -> None:
        """Set."""
        self.set_cookie("a", self.get_argument("value", strip=False))


class Signed(web.RequestHandler):  # type: ignore[misc]  # either framework's
    """Sets and reads a signed cookie."""

    def get(self) -> None:
        """Read, with the version of its key."""
        oldest = int(self.get_argument("version", "2"))
        value = self.get_signed_cookie("user", min_version=oldest)
        self.write(b"none" if value is None else value)
        self.write(f" {self.get_signed_cookie_key_version('user')}")

    def post(self) -> None:
        """Set."""
        value, version = self.get_argument("value", strip=False), self.get_argument("version")
        self.set_secure_cookie("user", value, version=int(version))


class Form(web.RequestHandler):  # type: ignore[misc]  # either framework's
    """Wants its token back."""

    def prepare(self) -> None:
        """Check what the setting would check for all handlers."""
        if self.request.method == "POST":
            self.check_xsrf_cookie()

    def get(self) -> None:
        """Give the token."""
        self.settings["xsrf_cookie_version"] = int(self.get_argument("version", "2"))
        self.write(self.xsrf_token)

    def post(self) -> None:
        """Take it."""
        self.write("taken")


def main(directory: Path) -> None:
    """Serve until a signal comes."""
    routes = [("/cookie", Cookie), ("/signed", Signed), ("/form", Form)]
    quiet: dict[str, Any] = {"log_function": lambda _: None}
    plain = web.Application(routes, cookie_secret=KEY, **quiet)
    keys = web.Application(routes, cookie_secret=KEYS, key_version=7, **quiet)
    if FRAMEWORK == "tornado":
        asyncio.run(serve_tornado(directory, {"plain": plain, "keys": keys}))
    else:
        serve_cyclone(directory, {"plain": plain, "keys": keys})


async def serve_tornado(directory: Path, applications: dict[str, Any]) -> None:
    """Serve with Tornado."""
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets

    ports = {}
    for name, application in applications.items():
        sockets = bind_sockets(0, "127.0.0.1")
        HTTPServer(application).add_sockets(sockets)
        ports[name] = sockets[0].getsockname()[1]
    announce(directory, ports)
    await asyncio.Event().wait()


def serve_cyclone(directory: Path, applications: dict[str, Any]) -> None:
    """Serve with cyclone."""
    from twisted.internet import reactor as installed

    reactor: Any = installed
    announce(
        directory,
        {
            name: reactor.listenTCP(0, application, interface="127.0.0.1").getHost().port
            for name, application in applications.items()
        },
    )
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[2]))
