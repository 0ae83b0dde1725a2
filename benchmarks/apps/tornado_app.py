"""The benchmark's answers from Tornado, on its own loop."""

from __future__ import annotations

import asyncio

import payload
from tornado.web import Application, RequestHandler


class Hello(RequestHandler):
    """Answers a short text."""

    def get(self) -> None:
        self.set_header("Content-Type", payload.HELLO_TYPE)
        self.write(payload.HELLO)


class Json(RequestHandler):
    """Answers a small object."""

    def get(self) -> None:
        self.write(payload.JSON)


def no_log(_handler: RequestHandler) -> None:
    """Write no access line: the cyclone app writes none either."""


async def main() -> None:
    """Serve until the process is ended."""
    application = Application([(r"/hello", Hello), (r"/json", Json)], log_function=no_log)
    application.listen(payload.port(), "127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
