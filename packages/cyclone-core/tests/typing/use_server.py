"""How a program starts servers, and what handlers may await, as type checkers see it."""

import asyncio
import socket
from typing import ClassVar, assert_type

from twisted.internet.defer import Deferred

from cyclone_core.httpserver import HTTPServer, WrongReactor, bind_sockets, bind_unix_socket
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web import Application, RequestHandler


class Poll(RequestHandler):
    """Waits until its client goes."""

    cancel_on_disconnect: ClassVar[bool] = True

    async def get(self) -> None:
        """Await what belongs to Twisted and to asyncio."""
        gate: Deferred[str] = Deferred()
        async with asyncio.timeout(60):
            self.write(await gate)
        self.write(await asyncio.sleep(1, "x"))


async def answer(request: HTTPServerRequest) -> None:
    """Answer without the framework."""
    exchange = request.connection
    if exchange is not None:
        exchange.respond(200, "OK", HTTPHeaders(), b"")


async def main() -> None:
    """Serve as a program for Tornado does."""
    application = Application([("/", Poll)])
    try:
        server = application.listen(8888)
        application.listen("8889", "::1", reuse_port=True, xheaders=True, max_body_size=1000)
    except (OSError, WrongReactor):
        return
    assert_type(server, HTTPServer)
    server.ports[0].getHost()
    other = HTTPServer(answer, ssl_options={"certfile": "server.crt", "keyfile": "server.key"})
    sockets = bind_sockets(8443, family=socket.AF_INET)
    assert_type(sockets, list[socket.socket])
    other.add_sockets(sockets)
    other.add_socket(bind_unix_socket("/run/site"))
    other.bind(0)
    other.start()
    other.stop()
    await other.close_all_connections()
    await asyncio.Event().wait()
