"""The application behind the tests of WSGI: run as `python wsgi_application.py DIRECTORY`.

A Flask application below a handler of the framework. It listens on a port that the system chooses and
writes its number into `ports.json`.
"""

import hashlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
from served import announce
from twisted.internet import reactor as installed
from twisted.python import log

from cyclone_core.web import Application, FallbackHandler, RequestHandler
from cyclone_core.wsgi import WSGIContainer

reactor: Any = installed

PIECE = bytes(range(256)) * 256
PIECES = 800  # 50 MiB

directory = Path(sys.argv[1])
site = flask.Flask(__name__)
site.secret_key = "of a test"  # noqa: S105 -- nobody's
ended: list[str] = []


def memory(name: str) -> int:
    """Read from the system how much memory the process has, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


@site.get("/hello/<name>")
def hello(name: str) -> str:
    """Say what was asked."""
    request = flask.request
    return f"{name} {request.args.get('a')} {request.url} {request.remote_addr}"


@site.post("/form")
def form() -> dict[str, Any]:
    """Take a form with a file."""
    data = flask.request.files["file"].read()
    digest = hashlib.sha256(data).hexdigest()
    return {"field": flask.request.form["field"], "size": len(data), "digest": digest}


@site.post("/raw")
def raw() -> str:
    """Read a body piece by piece."""
    digest, size = hashlib.sha256(), 0
    while piece := flask.request.stream.read(65536):
        digest.update(piece)
        size += len(piece)
    return f"{size} {digest.hexdigest()}"


@site.get("/count")
def count() -> str:
    """Count in a signed cookie."""
    flask.session["count"] = flask.session.get("count", 0) + 1
    return str(flask.session["count"])


@site.get("/download")
def download() -> flask.Response:
    """Stream 50 MiB, with the request's context around."""

    def pieces() -> Iterator[bytes]:
        try:
            for _ in range(PIECES):
                assert flask.request.path == "/download"
                yield PIECE
        finally:
            ended.append(flask.request.args.get("name", ""))

    return flask.Response(flask.stream_with_context(pieces()), mimetype="application/x-test")


@site.get("/file")
def file() -> flask.Response:
    """Send a file."""
    return flask.send_file(directory / "file", mimetype="application/x-test")


@site.get("/fail")
def fail() -> str:
    """Fail as applications do."""
    raise KeyError("in flask")


@site.get("/status")
def status() -> dict[str, Any]:
    """Tell of the process."""
    return {
        "peak": memory("VmHWM"),
        "now": memory("VmRSS"),
        "ended": ended,
        "threads": threading.active_count(),
    }


class Own(RequestHandler):
    """A handler beside the Flask application."""

    def get(self) -> None:
        """Answer."""
        self.write("own")


def main() -> None:
    """Serve."""
    log.startLogging(sys.stdout)
    with (directory / "file").open("wb") as data:
        for _ in range(PIECES):
            data.write(PIECE)
    container = WSGIContainer(site)
    routes = [(r"/own", Own), (r"/.*", FallbackHandler, {"fallback": container})]
    application = Application(routes, drain_timeout=1.0)
    port = reactor.listenTCP(0, application, interface="127.0.0.1")
    reactor.callWhenRunning(announce, directory, {"plain": port.getHost().port})
    reactor.run()


if __name__ == "__main__":
    main()
