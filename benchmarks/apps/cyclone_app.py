"""The benchmark's answers from cyclone, on Twisted's stock epoll reactor."""

from __future__ import annotations

import on_twisted
import payload

from cyclone_core.web import Application, RequestHandler


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
    """Write no access line: the Tornado app writes none either."""


if __name__ == "__main__":
    on_twisted.serve(Application([(r"/hello", Hello), (r"/json", Json)], log_function=no_log))
