"""The benchmark's answers from Tornado, on its own loop."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import payload
from tornado.web import Application, RequestHandler, StaticFileHandler

if TYPE_CHECKING:
    from pathlib import Path

BACKLOG = 1024  # as the apps on Twisted


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


class Files(StaticFileHandler):
    """Serves files, with the one header more that cyclone's handler sends."""

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 -- the name is Tornado's
        self.set_header(*payload.NO_SNIFF)


class Page(RequestHandler):
    """Renders a template."""

    def get(self) -> None:
        self.render("page.html", rows=payload.ROWS, heading=payload.HEADING, user=payload.USER)


def no_log(_handler: RequestHandler) -> None:
    """Write no access line: the cyclone app writes none either."""


def application(everything: Path | None) -> Application:
    """Make the application, quiet and small or with all that both frameworks have."""
    files = (payload.FILES, Files, {"path": str(payload.options().files)})
    routes: list[Any] = [
        (r"/hello", Hello),
        (r"/page", Page),
        (r"/json", Json),
        (r"/upload", Upload),
        files,
    ]
    if everything is None:
        return Application(routes, template_path=payload.TEMPLATES, log_function=no_log)
    logging.basicConfig(filename=everything, level=logging.INFO)
    others = [(path, Hello) for path in payload.OTHER_ROUTES]
    return Application([*others, *routes], template_path=payload.TEMPLATES, **payload.EVERYTHING)


async def main() -> None:
    """Serve until the process is ended."""
    options = payload.options()
    made = application(options.everything)
    made.listen(options.port, "127.0.0.1", backlog=BACKLOG)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
