"""How programs use `cyclone_core.httpserver`; read by type checkers only, never run."""

from typing import assert_type

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTCP, IReactorTime, ITransport

from cyclone_core.httpserver import (
    BodyReceiver,
    BufferedBody,
    Exchange,
    HTTP1Exchange,
    HTTPConnection,
    HTTPRequest,
    HTTPServer,
    HTTPServerRequest,
    Peer,
)
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.web import Application


def answer(request: HTTPServerRequest) -> None:
    """Answer without the web framework."""
    exchange = request.connection
    if exchange is None:
        return
    assert_type(exchange, Exchange)
    assert_type(exchange.peer, Peer)
    assert_type(exchange.transport, ITransport | None)
    assert_type(exchange.drained(), Deferred[None] | None)
    assert_type(exchange.notifyFinish(), "Deferred[str | None]")
    exchange.no_keep_alive = True
    exchange.respond(200, "OK", HTTPHeaders({"Content-Type": "text/plain"}), b"hello")


class Receiver:
    """Takes a body in pieces."""

    def data_received(self, chunk: bytes) -> None:
        del chunk

    def body_finished(self) -> None:
        """Go on."""

    def body_failed(self) -> None:
        """Give up."""


class Mine(HTTPConnection):
    """A connection with a rule of its own."""


def serve(reactor: IReactorTCP, clock: IReactorTime, exchange: HTTP1Exchange) -> None:
    """Listen, with an application or a function."""
    reactor.listenTCP(0, HTTPServer(answer, reactor=clock, max_body_size=10))
    server = HTTPServer(Application())
    server.protocol = Mine
    either: Exchange = exchange
    first: BodyReceiver = Receiver()
    second: BodyReceiver = BufferedBody(HTTPRequest("GET", "/"), answer)
    del either, first, second
