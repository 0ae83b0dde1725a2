"""Serving on ports, over real sockets."""

import os
import select
import socket
import ssl
import stat
from asyncio import SelectorEventLoop as Loop
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.testing import MemoryReactorClock

from cyclone_core import autoreload
from cyclone_core.autoreload.sockets import Place, listening
from cyclone_core.httpserver import HTTPConnection, HTTPServer, bind_sockets, bind_unix_socket
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.testing.certificates import write_certificate

from .conftest import GET, OK, OK_CLOSE, begin, respond
from .served import Browser, Reactor, refused

LOCAL = "127.0.0.1"

More = Any


@pytest.fixture
def sockets() -> Iterator[Reactor]:
    """A reactor with sockets."""
    reactor = Reactor()
    yield reactor
    reactor.end()


Serve = Callable[..., HTTPServer]

REACTORS: list[Callable[[], Any]] = [SelectReactor, lambda: AsyncioSelectorReactor(Loop())]
if hasattr(select, "poll"):
    from twisted.internet.pollreactor import PollReactor

    REACTORS.append(PollReactor)
if hasattr(select, "epoll"):
    from twisted.internet.epollreactor import EPollReactor

    REACTORS.append(EPollReactor)


def end(reactor: Any) -> None:  # noqa: ANN401 -- any of the above
    """Close what a reactor has open."""
    readers = reactor.removeAll()
    for each in readers:
        each.connectionLost(None)
    if isinstance(reactor, AsyncioSelectorReactor):
        reactor._asyncioEventloop.close()
    if hasattr(reactor, "_poller") and hasattr(reactor._poller, "close"):
        reactor._poller.close()


@pytest.fixture
def serve(sockets: Reactor) -> Iterator[Serve]:
    """A function that makes a server without ports; it is stopped behind the test."""
    servers: list[HTTPServer] = []

    def make(function: Callable[..., Any] = respond, **options: More) -> HTTPServer:
        servers.append(HTTPServer(function, reactor=sockets, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def server(serve: Serve) -> HTTPServer:
    """A server without ports that answers everything."""
    return serve()


def place(server: HTTPServer, index: int = 0) -> tuple[str, int]:
    """Where a server listens."""
    address = server.ports[index].getHost()
    return LOCAL if address.host == "0.0.0.0" else address.host, address.port  # noqa: S104 -- to compare


class TestListen:
    """`listen`."""

    def test_one_address(self, server: HTTPServer, sockets: Reactor) -> None:
        """It serves on a port at once; the port can be asked for its number."""
        server.listen(0, LOCAL)
        assert len(server.ports) == 1
        with Browser(sockets, place(server)) as browser:
            assert browser.send().rest() == OK_CLOSE

    def test_all_addresses(self, server: HTTPServer, sockets: Reactor) -> None:
        """By default it serves on every address."""
        server.listen(0)
        for address in (LOCAL, "::1"):
            with Browser(sockets, (address, place(server)[1])) as browser:
                assert browser.send().rest() == OK_CLOSE

    def test_several(self, server: HTTPServer, sockets: Reactor) -> None:
        """It may be called for several ports, with all arguments by place as in Tornado."""
        server.listen(0, LOCAL)
        server.listen(0, LOCAL, socket.AF_INET, 5, None, True)
        assert place(server, 0) != place(server, 1)
        with Browser(sockets, place(server, 1)) as browser:
            assert browser.send().rest() == OK_CLOSE

    def test_in_use(self, server: HTTPServer) -> None:
        """A port that cannot be had leaves the server as it was."""
        server.listen(0, LOCAL)
        with pytest.raises(OSError, match="already in use"):
            server.listen(place(server)[1], LOCAL)
        assert len(server.ports) == 1

    def test_known_to_autoreload(self, server: HTTPServer, sockets: Reactor) -> None:
        """A program that is started again asks for its port as it did before."""
        server.listen(0, LOCAL)
        assert listening(sockets) == [(Place(LOCAL, 0), server.ports[0])]
        assert autoreload.inherit(LOCAL, 0) is None


class TestStop:
    """`stop`."""

    def test_closes(self, server: HTTPServer, sockets: Reactor) -> None:
        """Nobody new comes in from that moment; who is there is still served."""
        server.listen(0, LOCAL)
        where = place(server)
        with Browser(sockets, where) as browser:
            sockets.until(lambda: len(server.connections))
            stopped = server.stop()
            assert server.ports == ()
            assert refused(where)
            sockets.until(lambda: stopped.called)
            assert browser.send().rest() == OK_CLOSE

    @pytest.mark.parametrize("make", REACTORS)
    def test_frees_the_port(self, make: Callable[[], Any]) -> None:
        """Its port can be listened on at once, as in Tornado, on the reactors that people use."""
        reactor = make()
        server, other = (HTTPServer(respond, reactor=reactor) for _ in range(2))
        server.listen(0, LOCAL)
        (port,) = server.ports
        where = place(server)
        stopped = server.stop()
        other.listen(where[1], LOCAL)
        assert port not in reactor.getReaders()
        assert port.stopListening() is None
        assert not stopped.called
        reactor.runUntilCurrent()
        assert stopped.called
        assert not refused(where)
        other.stop()
        assert refused(where)
        reactor.runUntilCurrent()
        end(reactor)

    def test_frees_a_path(self, server: HTTPServer, sockets: Reactor, tmp_path: Path) -> None:
        """So can the path of a unix socket, and what is there then is not removed."""
        path = str(tmp_path / "s")
        server.add_socket(bind_unix_socket(path))
        server.stop()
        assert not os.path.exists(path)  # noqa: PTH110 -- a text
        server.add_socket(bind_unix_socket(path))
        sockets.turn()
        with Browser(sockets, path) as browser:
            assert browser.send().rest() == OK_CLOSE

    def test_path_gone(self, server: HTTPServer, sockets: Reactor, tmp_path: Path) -> None:
        """A unix socket whose path somebody has removed is closed all the same, without an error."""
        bound = bind_unix_socket(str(tmp_path / "s"))
        server.add_socket(bound)
        (port,) = server.ports
        (tmp_path / "s").unlink()
        stopped = server.stop()
        assert port not in sockets.getReaders()
        assert not port.connected
        sockets.until(lambda: stopped.called)
        assert server.numPorts == 0

    def test_frees_a_port_of_tls(self, serve: Serve, sockets: Reactor, tmp_path: Path) -> None:
        """A port that speaks TLS is one, too; its factory stops in the next turn as ever."""
        pytest.importorskip("OpenSSL")
        files = write_certificate(tmp_path)
        server = serve(ssl_options=files)
        server.listen(0, LOCAL)
        where = place(server)
        stopped = server.stop()
        server.listen(where[1], LOCAL)
        assert server.numPorts == 2
        sockets.until(lambda: stopped.called)
        assert server.numPorts == 1
        with Browser(
            sockets, where, ssl.create_default_context(cafile=files["certfile"])
        ) as browser:
            assert browser.send().rest() == OK_CLOSE
        sockets.until(lambda: not len(server.connections))

    def test_while_it_accepts(self, server: HTTPServer, sockets: Reactor) -> None:
        """A protocol may stop the server while its connection is made: the socket is needed till then."""
        stopped = []

        class Connection(HTTPConnection):
            def connectionMade(self) -> None:
                super().connectionMade()
                stopped.append(server.stop())

        server.protocol = Connection
        server.listen(0, LOCAL)
        where = place(server)
        with Browser(sockets, where) as browser:
            sockets.until(lambda: stopped)
            sockets.until(lambda: stopped[0].called)
            assert refused(where)
            assert browser.send().rest() == OK_CLOSE
        server.protocol = HTTPConnection
        server.listen(where[1], LOCAL)
        with Browser(sockets, where) as browser:
            assert browser.send().rest() == OK_CLOSE

    def test_stopped_by_others(self, server: HTTPServer, sockets: Reactor) -> None:
        """A port that somebody else has stopped in another turn is left alone."""
        server.listen(0, LOCAL)
        (port,) = server.ports
        port.stopListening()
        sockets.turn()
        assert server.stop().called

    def test_twice(self, server: HTTPServer) -> None:
        """A second time there is nothing to do; nor is there for a server without ports."""
        assert server.stop().called
        server.listen(0, LOCAL)
        server.stop()
        assert server.stop().called

    def test_again(self, server: HTTPServer, sockets: Reactor) -> None:
        """It can serve on another port behind that."""
        server.listen(0, LOCAL)
        server.stop()
        server.listen(0, LOCAL)
        with Browser(sockets, place(server)) as browser:
            assert browser.send().rest() == OK_CLOSE

    def test_what_was_bound_only(self, server: HTTPServer) -> None:
        """What waits for `start` is closed, too."""
        server.bind(0, LOCAL)
        (bound,) = server._pending or ()
        where = bound.getsockname()
        server.stop()
        assert refused(where)
        server.start()
        assert server.ports == ()


class TestSockets:
    """`add_sockets` and `add_socket`."""

    def test_bound_before(self, server: HTTPServer, sockets: Reactor) -> None:
        """Sockets that were bound before are served on; who has them may still look at them."""
        bound = bind_sockets(0, LOCAL)
        server.add_sockets(bound)
        with Browser(sockets, bound[0].getsockname()) as browser:
            assert browser.send().rest() == OK_CLOSE
        server.stop()
        assert bound[0].fileno() == -1

    def test_one(self, server: HTTPServer, sockets: Reactor) -> None:
        """A single one may block; it does not afterwards."""
        bound = socket.create_server((LOCAL, 0))
        server.add_socket(bound)
        assert not bound.getblocking()
        with Browser(sockets, bound.getsockname()) as browser:
            assert browser.send().rest() == OK_CLOSE

    def test_unix(self, server: HTTPServer, sockets: Reactor, tmp_path: Path) -> None:
        """A unix socket is one, too, and keeps its mode."""
        path = str(tmp_path / "s")
        server.add_socket(bind_unix_socket(path))
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600  # noqa: PTH116 -- a text
        with Browser(sockets, path) as browser:
            assert browser.send().rest() == OK_CLOSE

    def test_abstract(self, server: HTTPServer, sockets: Reactor) -> None:
        """An abstract name has no mode."""
        name = f"\0cyclone-ports-{os.getpid()}"
        server.add_socket(bind_unix_socket(name))
        with Browser(sockets, name) as browser:
            assert browser.send().rest() == OK_CLOSE

    def test_not_listening(self, server: HTTPServer) -> None:
        """A socket that does not listen is refused before any other one is served on."""
        bound = bind_sockets(0, LOCAL)
        with bound[0], socket.socket() as other:
            with pytest.raises(ValueError, match=r"does not listen: bind_sockets\(\)"):
                server.add_sockets([*bound, other])
            assert server.ports == ()

    def test_none(self, server: HTTPServer) -> None:
        """No sockets are no ports."""
        server.add_sockets(())
        assert server.ports == ()


class TestStart:
    """`bind` and `start`."""

    def test_bound_first(self, server: HTTPServer, sockets: Reactor) -> None:
        """What was bound is served on when the server starts; later it is at once."""
        server.bind(0, LOCAL)
        server.bind(0, LOCAL)
        assert server.ports == ()
        server.start()
        server.bind(0, LOCAL)
        assert len(server.ports) == 3
        for index in range(3):
            with Browser(sockets, place(server, index)) as browser:
                assert browser.send().rest() == OK_CLOSE

    @pytest.mark.parametrize("count", [0, None, 2, -1])
    def test_processes(self, server: HTTPServer, count: int | None) -> None:
        """Other processes are not made here; the error says what makes them."""
        with pytest.raises(ValueError, match="cyclone run --workers"):
            server.start(count)
        server.start(1, max_restarts=5)

    def test_twice(self, server: HTTPServer) -> None:
        """It starts once."""
        server.start()
        with pytest.raises(RuntimeError, match="twice"):
            server.start()


class TestDrain:
    """Ports of ours are stopped before requests are waited for."""

    def test_ports_first(self, serve: Serve, sockets: Reactor) -> None:
        """While the last answer is made nobody new is accepted."""
        requests: list[HTTPServerRequest] = []
        server = serve(requests.append)
        server.listen(0, LOCAL)
        where = place(server)
        with Browser(sockets, where) as browser:
            browser.send()
            sockets.until(lambda: requests)
            drained = server.drain(60)
            assert server.ports == ()
            sockets.turn()
            assert refused(where)
            assert not drained.called
            respond(requests[0])
            assert browser.rest() == OK_CLOSE
            sockets.until(lambda: drained.called)

    def test_waits_for_ports(self, server: HTTPServer, sockets: Reactor) -> None:
        """Without connections it waits for the ports alone."""
        server.listen(0, LOCAL)
        drained = server.drain()
        assert not drained.called
        sockets.until(lambda: drained.called)

    def test_other_servers(self, server: HTTPServer, serve: Serve) -> None:
        """All servers of an application are stopped, not those that were stopped already."""

        class Application:
            connections = server.connections

            def __call__(self, request: HTTPServerRequest) -> None:
                respond(request)

        other = serve(Application())
        server.listen(0, LOCAL)
        other.listen(0, LOCAL)
        server.stop()
        server.drain()
        assert other.ports == ()


class TestCloseAllConnections:
    """`close_all_connections`."""

    def test_cuts(self, server: HTTPServer, serve: Serve, sockets: Reactor) -> None:
        """Whatever is in flight is cut, on this server only; it waits for the end."""

        class Application:
            connections = server.connections

            def __call__(self, request: HTTPServerRequest) -> None:
                begin(request, b"x")

        other = server
        server = serve(Application())
        server.listen(0, LOCAL)
        other.listen(0, LOCAL)
        with Browser(sockets, place(server)) as busy, Browser(sockets, place(other)) as idle:
            busy.send()
            assert busy.receive().endswith(b"x\r\n")
            sockets.until(lambda: len(server.connections) == 2)
            closing = server.close_all_connections()
            closing.send(None)
            assert len(server.connections) == 2  # the socket is closed in another turn
            sockets.until(lambda: len(server.connections) == 1)
            with pytest.raises(StopIteration):
                closing.send(None)
            with pytest.raises(ConnectionError):
                busy.rest()
            assert idle.send().rest() == OK_CLOSE

    def test_idle(self, server: HTTPServer, sockets: Reactor) -> None:
        """Who has its answer, or has not asked yet, reads the end and no error."""
        server.listen(0, LOCAL)
        with Browser(sockets, place(server)) as kept, Browser(sockets, place(server)) as silent:
            assert kept.send(GET).receive() == OK
            sockets.until(lambda: len(server.connections) == 2)
            closing = server.close_all_connections()
            closing.send(None)
            sockets.until(lambda: not len(server.connections))
            with pytest.raises(StopIteration):
                closing.send(None)
            assert kept.rest() == b""
            assert silent.rest() == b""

    def test_half_a_request(self, server: HTTPServer, sockets: Reactor) -> None:
        """Who has begun to ask is cut off: its request is not going to be answered."""
        server.listen(0, LOCAL)
        with Browser(sockets, place(server)) as browser:
            browser.send(GET[:-2])
            sockets.until(lambda: any(not each.idle for each in server.clock.watched))
            server.close_all_connections().send(None)
            sockets.until(lambda: not len(server.connections))
            with pytest.raises(ConnectionError):
                browser.rest()

    def test_unsent(self, serve: Serve, sockets: Reactor) -> None:
        """Who takes nothing off its answer is cut off, so that it cannot delay the end."""
        server = serve(lambda request: respond(request, b"x" * 30_000_000))
        server.listen(0, LOCAL)
        with Browser(sockets, place(server)) as browser:
            browser.send(GET)
            sockets.until(lambda: any(each._requests for each in server.clock.watched))
            server.close_all_connections().send(None)
            sockets.until(lambda: not len(server.connections))
            with pytest.raises(ConnectionError):
                browser.rest()

    def test_nobody(self, server: HTTPServer) -> None:
        """Without connections there is nothing to wait for."""
        with pytest.raises(StopIteration):
            server.close_all_connections().send(None)


class TestTLS:
    """`ssl_options`."""

    def test_speaks_tls(self, serve: Serve, sockets: Reactor, tmp_path: Path) -> None:
        """All ports speak TLS, and requests know it."""
        pytest.importorskip("OpenSSL")
        requests: list[HTTPServerRequest] = []

        def answer(request: HTTPServerRequest) -> None:
            requests.append(request)
            respond(request)

        files = write_certificate(tmp_path)
        server = serve(answer, ssl_options=files)
        server.listen(0, LOCAL)
        context = ssl.create_default_context(cafile=files["certfile"])
        with Browser(sockets, place(server), context) as browser:
            assert browser.send().rest() == OK_CLOSE
        assert requests[0].protocol == "https"
        sockets.until(lambda: not len(server.connections))

    def test_closes_idle_connections(self, serve: Serve, sockets: Reactor, tmp_path: Path) -> None:
        """Idle connections are closed with TLS's own goodbye, which the client has to answer."""
        pytest.importorskip("OpenSSL")
        files = write_certificate(tmp_path)
        server = serve(ssl_options=files)
        server.listen(0, LOCAL)
        context = ssl.create_default_context(cafile=files["certfile"])
        with Browser(sockets, place(server), context) as browser:
            assert browser.send(GET).receive() == OK
            server.close_all_connections().send(None)
            assert browser.rest() == b""
            assert len(server.connections) == 1
            browser._wait(browser.socket.unwrap)  # type: ignore[attr-defined]
            sockets.until(lambda: not len(server.connections))


def test_reactor_in_memory() -> None:
    """Any reactor that can adopt a socket will do."""
    reactor = MemoryReactorClock()
    server = HTTPServer(respond, reactor=reactor)
    assert server.reactor is reactor
    server.listen(0, LOCAL)
    assert reactor.adoptedPorts[0][1:] == (socket.AF_INET, server)
    server.stop()
    assert server.ports == ()
