"""The factory of some ports."""

import asyncio

import pytest
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import formatEvent
from zope.interface.verify import verifyObject

from cyclone_core.httpserver import HTTPConnection, HTTPServer
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.connections import Connections
from cyclone_core.limits import Limits

from .conftest import GET, OK, OK_CLOSE, POST, Client, Connect, Log, Receiver, Script, respond


class Application(Script):
    """A script with limits and a clock, as an application has them."""

    def __init__(self, reactor: MemoryReactorClock) -> None:
        super().__init__(respond)
        self.limits = Limits(max_body_size=20, max_arguments=7)
        self.connections = Connections(CoarseClock(reactor))


def test_interface(reactor: MemoryReactorClock) -> None:
    """It is a Twisted factory."""
    assert verifyObject(IProtocolFactory, HTTPServer(respond, reactor=reactor))


def test_function(reactor: MemoryReactorClock) -> None:
    """A function gets requests whole, with the default limits."""
    bodies = []

    def answer(request: object) -> None:
        bodies.append(request.body)
        respond(request)

    server = HTTPServer(answer, reactor=reactor)
    assert server.limits == Limits()
    client = Client(server, reactor)
    client.send(GET + POST + b"0123456789")
    assert bodies == [b"", b"0123456789"]
    assert client.received() == OK * 2


def test_application(reactor: MemoryReactorClock) -> None:
    """An application chooses who takes a body, and lends its limits and its clock."""
    application = Application(reactor)
    receiver = Receiver()
    application._start = receiver.start
    server = HTTPServer(application)
    assert server.connections is application.connections
    assert server.clock is application.connections.clock
    assert server.limits is not None
    assert server.limits == application.limits
    client = Client(server, reactor)
    client.send(GET + POST + b"0123456789")
    assert receiver.seen == [b"0123456789", "end"]
    assert len(application.requests) == 1


def test_application_without_body(reactor: MemoryReactorClock) -> None:
    """An application may answer without taking the body."""
    application = Application(reactor)
    application._start = respond
    client = Client(HTTPServer(application), reactor)
    client.send(POST)
    assert client.received() == OK_CLOSE


def test_options(reactor: MemoryReactorClock) -> None:
    """Options replace some of the application's limits, for this port only."""
    application = Application(reactor)
    server = HTTPServer(application, max_body_size=5)
    assert (server.limits.max_body_size, server.limits.max_arguments) == (5, 7)
    assert application.limits.max_body_size == 20
    client = Client(server, reactor)
    client.send(POST)
    assert client.received().startswith(b"HTTP/1.1 413 ")


def test_unknown_option() -> None:
    """An unknown option is refused by its name, with those that it may be a slip of."""
    with pytest.raises(
        TypeError, match=r"^HTTPServer has no option 'max_bodysize'; did you .*'max_body_s"
    ):
        HTTPServer(respond, max_bodysize=5)
    with pytest.raises(
        TypeError, match=r"^HTTPServer has no option 'xheader'; did you mean 'xheaders'"
    ):
        HTTPServer(respond, xheader=True)
    # A field of Limits that is computed.
    with pytest.raises(TypeError, match=r"^HTTPServer has no option 'shortest'"):
        HTTPServer(respond, shortest=1)
    with pytest.raises(
        TypeError, match=r"'q': its options are the fields of Limits and ServerOptions$"
    ):
        HTTPServer(respond, q=1)


@pytest.mark.parametrize("value", ["5", 0, -1, 1.5, True])
def test_wrong_option(value: object) -> None:
    """A limit of a wrong type or value is refused by its name."""
    with pytest.raises(ValueError, match="max_body_size"):
        HTTPServer(respond, max_body_size=value)


def test_clock_ends_with_the_port(reactor: MemoryReactorClock) -> None:
    """When the port is closed and no connection is left, the reactor is clean."""
    server = HTTPServer(respond, reactor=reactor)
    client = Client(server, reactor)
    client.vanish()
    server.doStart()
    server.doStop()
    assert reactor.getDelayedCalls() == []


def test_deadlines_outlive_the_port(connect: Connect) -> None:
    """Connections that outlive their port still have deadlines and the right time."""
    client = connect(Script(respond), idle_connection_timeout=5)
    client.server.doStart()
    client.server.doStop()
    client.advance(3)
    assert client.server.clock.now == 3.0
    client.advance(4)
    assert client.closed
    assert client.reactor.getDelayedCalls() == []


def test_ports_that_share_a_clock(reactor: MemoryReactorClock) -> None:
    """Closing one port of an application leaves the deadlines of the other one alone."""
    application = Application(reactor)
    client = Client(HTTPServer(application, idle_connection_timeout=5), reactor)
    other = HTTPServer(application)
    other.doStart()
    other.doStop()
    client.advance(7)
    assert client.closed


class TestOptionsOfTornado:
    """What Tornado's options mean here."""

    def test_none_is_the_default(self) -> None:
        """Tornado's None, where a field has none of its own, is the default; elsewhere it means itself."""
        server = HTTPServer(
            respond,
            max_header_size=None,
            idle_connection_timeout=None,
            max_body_size=None,
            max_buffer_size=None,
            body_timeout=None,
            chunk_size=None,
            protocol=None,
            trusted_downstream=None,
            ssl_options=None,
        )
        assert server.limits == Limits()
        assert HTTPServer(respond, min_body_rate=None).limits.min_body_rate is None

    def test_chunk_size(self, log: Log) -> None:
        """It has no effect, and the log says so in one line."""
        assert HTTPServer(respond, chunk_size=65536).limits == Limits()
        (event,) = log.events
        assert "chunk_size=...) has no effect" in str(formatEvent(event))

    def test_max_buffer_size(self) -> None:
        """It bounds the body, as in Tornado, unless that has a bound of its own."""
        assert HTTPServer(respond, max_buffer_size=5).limits.max_body_size == 5
        limits = HTTPServer(respond, max_buffer_size=5, max_body_size=7).limits
        assert limits.max_body_size == 7
        limits = HTTPServer(respond, max_buffer_size=5, max_body_size=None).limits
        assert limits.max_body_size == 5

    def test_slips(self) -> None:
        """Slips of them are recognized, too."""
        with pytest.raises(TypeError, match="did you mean 'ssl_options'"):
            HTTPServer(respond, ssl_option={})


def test_like_its_application(reactor: MemoryReactorClock) -> None:
    """It has the application's class of connections, and its name in the log."""

    class Connection(HTTPConnection):
        pass

    application = Application(reactor)
    assert HTTPServer(application).protocol is HTTPConnection
    assert HTTPServer(application).logPrefix() == "cyclone.httpserver.HTTPServer"
    application.protocol = Connection
    application.logPrefix = lambda: "mine"
    server = HTTPServer(application)
    assert server.request_callback is application
    assert server.protocol is Connection
    assert server.logPrefix() == "mine"


def test_close_all_connections_in_a_task(reactor: MemoryReactorClock) -> None:
    """It may be awaited in a Task of asyncio."""
    client = Client(HTTPServer(respond, reactor=reactor), reactor)

    async def main() -> None:
        asyncio.get_running_loop().call_soon(client.turn)
        await client.server.close_all_connections()

    asyncio.run(main())
    assert client.closed


@pytest.mark.parametrize("served", [None, "app", object()])
def test_nothing_to_call(served: object) -> None:
    """What cannot be called is refused at once, and not with the first request."""
    with pytest.raises(TypeError, match="HTTPServer serves an application or a function"):
        HTTPServer(served)  # type: ignore[arg-type]
