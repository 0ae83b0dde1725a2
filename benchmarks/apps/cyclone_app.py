"""The benchmark's answers from cyclone, on Twisted's stock epoll reactor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import on_twisted
import payload
from twisted.python import log

from cyclone_core.web import Application, RequestHandler, StaticFileHandler

if TYPE_CHECKING:
    from pathlib import Path


class Hello(RequestHandler):
    """Answers a short text."""

    def get(self) -> None:
        self.set_header("Content-Type", payload.PLAIN)
        self.write(payload.HELLO)


class Json(RequestHandler):
    """Answers a small object."""

    def get(self) -> None:
        self.write(payload.JSON)


class Upload(RequestHandler):
    """Answers with the length of the body."""

    def check_xsrf_cookie(self) -> None:
        """Take uploads of programs, which have no cookie."""

    def post(self) -> None:
        self.set_header("Content-Type", payload.PLAIN)
        self.write(str(len(self.request.body)))


class Page(RequestHandler):
    """Renders a template."""

    def get(self) -> None:
        self.render("page.html", rows=payload.ROWS, heading=payload.HEADING, user=payload.USER)


def no_log(_handler: RequestHandler) -> None:
    """Write no access line: the Tornado app writes none either."""


def application(everything: Path | None) -> Application:
    """Make the application, quiet and small or with all that both frameworks have."""
    files = (payload.FILES, StaticFileHandler, {"path": str(payload.options().files)})
    routes = [(r"/hello", Hello), (r"/page", Page), (r"/json", Json), (r"/upload", Upload), files]
    if everything is None:
        return Application(routes, template_path=payload.TEMPLATES, log_function=no_log)
    log.startLogging(everything.open("a", encoding="utf-8"), setStdout=False)
    others = [(path, Hello) for path in payload.OTHER_ROUTES]
    return Application([*others, *routes], template_path=payload.TEMPLATES, **payload.EVERYTHING)


if __name__ == "__main__":
    on_twisted.serve(application(payload.options().everything))
