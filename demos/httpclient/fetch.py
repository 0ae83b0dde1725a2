#!/usr/bin/env python
import sys
from typing import Any

from twisted.internet.task import react

import cyclone.web
from cyclone.httpclient import fetch


class OldHandler(cyclone.web.RequestHandler):
    def get(self) -> None:
        self.redirect("/new")


class NewHandler(cyclone.web.RequestHandler):
    def get(self) -> None:
        self.write("the new page")


def serve(reactor: Any) -> str:  # noqa: ANN401 -- the reactor
    """Serve a page that has moved, and return its old URL."""
    application = cyclone.web.Application([("/old", OldHandler), ("/new", NewHandler)])
    port = reactor.listenTCP(0, application, interface="127.0.0.1")
    return f"http://127.0.0.1:{port.getHost().port}/old"


async def main(reactor: Any, url: str | None = None) -> None:  # noqa: ANN401 -- the reactor
    url = url or serve(reactor)
    for follow in (False, True):
        response = await fetch(url, followRedirect=follow, maxRedirects=3)
        print("followRedirect =", follow)
        print("   ", response.code, response.phrase, response.effective_url)
        print("   ", response.headers.get("Location") or response.headers.get("Content-Type"))
        print("   ", len(response.body), "bytes in", f"{response.request_time:.3f} s")


if __name__ == "__main__":
    react(main, sys.argv[1:])
