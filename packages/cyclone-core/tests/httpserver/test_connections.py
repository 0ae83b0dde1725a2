"""How many connections there may be, and how they end with the process."""

import math
import resource
import sys
import weakref

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.httpserver import BufferedBody, HTTPServer, connections
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.connections import Admission, Connections
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import Application, RequestHandler

from .conftest import GET, OK, OK_CLOSE, POST, Client, Log, Script, begin, respond

BUSY = b"HTTP/1.1 503 Service Unavailable\r\n"


class Crowd:
    """Clients of one server."""

    def __init__(self, reactor: MemoryReactorClock, script: Script, **options: int) -> None:
        self.reactor = reactor
        self.server = HTTPServer(script, reactor=reactor, **options)

    def connect(self) -> Client:
        """Add a client."""
        return Client(self.server, self.reactor)

    def __len__(self) -> int:
        return len(self.server.connections)


class TestMaximum:
    """`max_connections`."""

    def test_counts(self, reactor: MemoryReactorClock) -> None:
        """Every open connection counts, and none that is closed."""
        crowd = Crowd(reactor, Script(respond))
        first, second = crowd.connect(), crowd.connect()
        assert len(crowd) == 2
        first.vanish()
        second.half_close()
        assert len(crowd) == 0

    def test_longest_idle(self, reactor: MemoryReactorClock) -> None:
        """At the limit the connection that has been idle longest is closed for a new one."""
        crowd = Crowd(reactor, Script(respond), max_connections=3)
        clients = [crowd.connect() for _ in range(3)]
        reactor.pump([1.0] * 5)
        clients[0].send(GET)
        reactor.pump([1.0] * 2)
        clients[2].send(GET)
        fourth = crowd.connect()
        assert [client.closed for client in clients if client.received() is not None] == [
            False,
            True,
            False,
        ]
        fifth = crowd.connect()
        clients[0].pump()
        assert clients[0].closed
        fourth.send(GET)
        fifth.send(GET)
        assert fourth.received() == fifth.received() == OK
        assert not clients[2].closed

    def test_none_idle(self, reactor: MemoryReactorClock, log: Log) -> None:
        """If all are busy the new client is told so, and nobody else is disturbed."""
        script = Script()
        crowd = Crowd(reactor, script, max_connections=1)
        busy = crowd.connect()
        busy.send(GET)
        late = crowd.connect()
        assert late.received().startswith(BUSY)
        assert late.wire.half_closed
        assert log.events[-1]["status"] == 503
        late.half_close()
        assert late.closed
        respond(script.requests[0])
        assert busy.received() == OK
        assert len(crowd) == 1
        crowd.connect().send(GET)
        assert len(script.requests) == 2

    def test_half_a_head_is_not_idle(self, reactor: MemoryReactorClock) -> None:
        """A connection whose request has begun is not closed for another one."""
        crowd = Crowd(reactor, Script(respond), max_connections=1)
        first = crowd.connect()
        first.send(GET[:5])
        assert crowd.connect().received().startswith(BUSY)
        first.send(GET[5:])
        assert first.received() == OK

    def test_a_slow_reader_is_not_idle(self, reactor: MemoryReactorClock) -> None:
        """A connection whose last answer is still being taken is not closed for another one."""
        script = Script(lambda request: respond(request, b"x" * 100_000))
        crowd = Crowd(reactor, script, max_connections=1)
        first = crowd.connect()
        first.wire.room = 10
        first.send(GET)
        assert crowd.connect().received().startswith(BUSY)
        first.wire.room = math.inf
        assert len(first.received()) > 100_000

    def test_too_many_to_tell(self, reactor: MemoryReactorClock, log: Log) -> None:
        """Of those that find no room sixteen at a time are told so; others are cut."""
        crowd = Crowd(reactor, Script(), max_connections=1)
        crowd.connect().send(GET)
        late = [crowd.connect() for _ in range(17)]
        assert [each.received().startswith(BUSY) for each in late] == [True] * 16 + [False]
        assert late[-1].wire.aborted
        assert len(crowd) == 17
        log.events.clear()

    def test_many(self, reactor: MemoryReactorClock) -> None:
        """Whoever comes, the oldest goes, also behind the first hundred that were looked up."""
        limits = {"max_connections": 150, "idle_connection_timeout": 1000}
        crowd = Crowd(reactor, Script(respond), **limits)
        clients = []
        for _ in range(450):
            clients.append(crowd.connect())
            reactor.advance(1)
            if len(clients) > 150:
                clients[-151].pump()
        assert [client.closed for client in clients] == [True] * 300 + [False] * 150
        assert len(crowd) == 150

    def test_not_idle_any_more(self, reactor: MemoryReactorClock) -> None:
        """Who has had a request since the others were looked up is not the longest idle."""
        crowd = Crowd(reactor, Script(respond), max_connections=3)
        clients = [crowd.connect() for _ in range(3)]
        for client in clients[::-1]:
            reactor.advance(1)
            client.send(GET)
        fourth = crowd.connect()
        clients[2].pump()
        assert [client.closed for client in clients] == [False, False, True]
        clients[1].send(GET)
        reactor.advance(1)
        clients[0].send(GET)
        clients[1].send(GET[:4])
        crowd.connect()
        fourth.pump()
        assert fourth.closed
        assert [client.closed for client in clients] == [False, False, True]

    def test_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """By default the limit of open files counts, less some for files and the log."""
        seen = {}
        for files in (1024, 20, 100_000, resource.RLIM_INFINITY):
            monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
            seen[files] = Connections(CoarseClock(Clock()))._maximum()
        monkeypatch.setitem(sys.modules, "resource", None)
        seen["windows"] = Connections(CoarseClock(Clock()))._maximum()
        assert seen == {
            1024: 973,
            20: 1,
            100_000: 95_000,
            resource.RLIM_INFINITY: math.inf,
            "windows": math.inf,
        }

    def test_default_is_asked_once(
        self, reactor: MemoryReactorClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A connection is admitted by the default that the first one has found."""
        monkeypatch.setattr(connections, "_everybody", weakref.WeakSet())
        crowd = Crowd(reactor, Script(respond))
        crowd.server.connections._default_maximum = 1
        first, second = crowd.connect(), crowd.connect()
        first.pump()
        assert (first.closed, second.closed) == (True, False)

    def test_default_is_the_process(
        self, reactor: MemoryReactorClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The limit of open files is one for all applications, and the longest idle of all goes."""
        monkeypatch.setattr(connections, "_everybody", weakref.WeakSet())
        monkeypatch.setattr(connections, "_open_files", lambda: 2)
        crowds = [Crowd(reactor, Script(respond)), Crowd(reactor, Script(respond))]
        first = crowds[0].connect()
        reactor.advance(1)
        second, third = crowds[1].connect(), crowds[1].connect()
        first.pump()
        assert (first.closed, second.closed, third.closed) == (True, False, False)
        for client in (second, third):
            client.send(GET[:5])
        assert crowds[0].connect().received().startswith(BUSY)

    def test_own_limit_closes_its_own(
        self, reactor: MemoryReactorClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A port with a limit of its own closes none of what another application has open."""
        monkeypatch.setattr(connections, "_everybody", weakref.WeakSet())
        monkeypatch.setattr(connections, "_open_files", lambda: 4)
        application = Application(reactor=reactor)
        small = HTTPServer(application, max_connections=2)
        other = Crowd(reactor, Script(respond))
        strangers = []
        for _ in range(3):
            strangers.append(other.connect())
            reactor.advance(1)
        first = Client(application, reactor)
        second = Client(
            application, reactor
        )  # at the limit of the process: the first stranger goes
        strangers[0].pump()
        reactor.advance(1)
        third = Client(small, reactor)  # at the limit of the port
        for client in (first, *strangers):
            client.pump()
        assert [client.closed for client in strangers] == [True, False, False]
        assert [client.closed for client in (first, second)].count(True) == 1
        assert not third.closed

    def test_ports_share_it(self, reactor: MemoryReactorClock) -> None:
        """All ports of an application count together."""
        application = Application(max_connections=1, reactor=reactor)
        first = Client(application, reactor)
        second = Client(HTTPServer(application), reactor)
        first.pump()
        assert first.closed
        second.send(GET)
        assert second.received().startswith(b"HTTP/1.1 404 ")


class TestDrain:
    """`drain`."""

    def test_idle(self, reactor: MemoryReactorClock) -> None:
        """Idle connections are closed at once."""
        crowd = Crowd(reactor, Script(respond))
        clients = [crowd.connect() for _ in range(3)]
        clients[0].send(GET)
        results: list[object] = []
        crowd.server.drain().addCallback(results.append)
        for client in clients:
            client.received()
        assert [client.closed for client in clients] == [True] * 3
        assert results == [None]
        assert reactor.getDelayedCalls() == [] or len(crowd) == 0

    def test_nobody(self, reactor: MemoryReactorClock) -> None:
        """Without connections it is done at once."""
        results: list[object] = []
        Crowd(reactor, Script()).server.drain().addCallback(results.append)
        assert results == [None]

    def test_in_flight(self, reactor: MemoryReactorClock) -> None:
        """A request in flight is answered, and the answer says that the connection closes."""
        script = Script()
        crowd = Crowd(reactor, script)
        client = crowd.connect()
        client.send(GET * 2)
        results: list[object] = []
        crowd.server.drain().addCallback(results.append)
        assert results == []
        respond(script.requests[0])
        assert client.received() == OK_CLOSE
        client.half_close()
        assert results == [None]
        assert len(script.requests) == 1

    def test_begun_answer(self, reactor: MemoryReactorClock) -> None:
        """A stream that has promised to keep the connection ends, and then the connection closes."""
        script = Script(begin)
        crowd = Crowd(reactor, script)
        client = crowd.connect()
        client.send(GET)
        crowd.server.drain()
        script.requests[0].connection.write(b"more")
        script.requests[0].connection.finish()
        assert client.received().endswith(b"more\r\n0\r\n\r\n")
        assert client.leave()

    @pytest.mark.parametrize("begun", [GET[:8], POST + b"01"])
    def test_begun_request(self, reactor: MemoryReactorClock, begun: bytes) -> None:
        """A request that has begun to arrive is still taken and answered."""
        crowd = Crowd(reactor, Script(respond))
        client = crowd.connect()
        client.send(begun)
        crowd.server.drain()
        client.send(GET[8:] if begun == GET[:8] else b"23456789")
        assert client.received() == OK_CLOSE
        assert client.leave()

    def test_from_a_handler(self, reactor: MemoryReactorClock) -> None:
        """A handler may drain its own server, before and behind its answer."""
        servers: list[HTTPServer] = []

        def before(request: HTTPServerRequest) -> None:
            servers[0].drain()
            respond(request)

        def behind(request: HTTPServerRequest) -> None:
            respond(request)
            servers[0].drain()

        answers = []
        for function in (before, behind):
            servers[:] = [HTTPServer(function, reactor=reactor)]
            client = Client(servers[0], reactor)
            client.send(GET)
            answers.append(client.received())
            # Behind its answer the connection is idle.
            assert client.closed or client.leave()
        assert answers == [OK_CLOSE, OK]

    def test_new_ones(self, reactor: MemoryReactorClock) -> None:
        """Who comes while others are still served is refused."""
        script = Script()
        crowd = Crowd(reactor, script)
        busy = crowd.connect()
        busy.send(GET)
        crowd.server.drain()
        late = crowd.connect()
        assert late.received().startswith(BUSY)
        respond(script.requests[0])
        assert busy.received() == OK_CLOSE

    def test_grace(self, reactor: MemoryReactorClock, log: Log) -> None:
        """Who is not ready in time is cut off; several may wait for the end."""
        script = Script()
        crowd = Crowd(reactor, script)
        client = crowd.connect()
        client.send(GET)
        results: list[object] = []
        crowd.server.drain(5).addCallback(results.append)
        crowd.server.drain(500).addCallback(results.append)
        client.advance(4)
        assert not client.wire.aborted
        client.advance(2)
        assert client.wire.aborted
        client.turn()
        assert results == [None, None]
        assert log.events[-1]["why"] == "the server ends"

    def test_default_grace(self, reactor: MemoryReactorClock) -> None:
        """`drain_timeout` counts if nothing else is said."""
        crowd = Crowd(reactor, Script(), drain_timeout=3)
        client = crowd.connect()
        client.send(GET)
        crowd.server.drain()
        client.advance(2)
        assert not client.wire.aborted
        client.advance(2)
        assert client.wire.aborted

    def test_application(self, reactor: MemoryReactorClock) -> None:
        """An application drains all its ports, with a grace of its own settings."""

        class Handler(RequestHandler):
            def get(self) -> "Deferred[None]":
                return Deferred()

        application = Application([("/", Handler)], reactor=reactor, drain_timeout=3)
        clients = [Client(application, reactor), Client(HTTPServer(application), reactor)]
        for client in clients:
            client.send(GET)
        results: list[object] = []
        application.drain().addCallback(results.append)
        application.drain(1).addCallback(results.append)
        clients[0].advance(4)
        clients[1].turn()
        assert [client.wire.aborted for client in clients] == [True, True]
        assert results == [None, None]


class TestShutdown:
    """The end of the reactor."""

    def test_drains_first(self, reactor: MemoryReactorClock) -> None:
        """The reactor waits for the requests in flight before it stops."""
        script = Script()
        server = HTTPServer(script, reactor=reactor)
        server.doStart()
        client = Client(server, reactor)
        client.send(GET)
        (function, args, kwargs) = reactor.triggers["before"]["shutdown"][0]
        results: list[object] = []
        function(*args, **kwargs).addCallback(results.append)
        server.doStop()
        assert results == []
        respond(script.requests[0])
        assert client.received() == OK_CLOSE
        assert client.leave()
        assert results == [None]

    def test_leaves_nothing(self) -> None:
        """When the last port is closed the reactor knows nothing of the application any more."""
        reactor = Triggers()
        application = Application(reactor=reactor)
        other = HTTPServer(application)
        application.doStart()
        other.doStart()
        assert len(reactor.triggers) == 1
        application.doStop()
        assert len(reactor.triggers) == 1
        other.doStop()
        assert reactor.triggers == []

    def test_again(self, reactor: MemoryReactorClock) -> None:
        """A port that is opened behind a drain serves again."""
        server = HTTPServer(Script(respond), reactor=reactor)
        server.doStart()
        server.drain()
        client = Client(server, reactor)
        assert client.received().startswith(BUSY)
        server.connections.start(1)
        client = Client(server, reactor)
        client.send(GET)
        assert client.received() == OK

    def test_a_mere_clock(self) -> None:
        """What only tells the time has no end, and that is no error."""
        server = HTTPServer(respond, reactor=Clock())
        server.doStart()
        server.doStop()


class Triggers(Clock):
    """A clock with system events."""

    def __init__(self) -> None:
        super().__init__()
        self.triggers: list[object] = []

    def addSystemEventTrigger(self, *args: object) -> object:  # noqa: N802 -- Twisted's name
        """Take a trigger."""
        self.triggers.append(args)
        return args

    def removeSystemEventTrigger(self, trigger: object) -> None:  # noqa: N802 -- Twisted's name
        """Forget a trigger."""
        self.triggers.remove(trigger)


def test_admission_is_three_ways() -> None:
    """The connection is served, told that there is no room, or cut."""
    assert [each.name for each in Admission] == ["ADMITTED", "REFUSED", "CUT"]


def test_body_in_flight_is_drained(reactor: MemoryReactorClock) -> None:
    """A body that the application has paused is waited for, too."""
    script = Script(respond, start=lambda request: BufferedBody(request, script))
    server = HTTPServer(script, reactor=reactor)
    client = Client(server, reactor)
    client.send(POST)
    server.drain()
    client.send(b"0123456789")
    assert client.received() == OK_CLOSE


class TestCutting:
    """`cut` closes some of the connections."""

    def test_those_that_are_meant(self, reactor: MemoryReactorClock) -> None:
        """It fires when the last of them is closed, and leaves the others alone."""
        server = HTTPServer(Script(), reactor=reactor)
        clients = [Client(server, reactor) for _ in range(3)]
        meant = {client.protocol for client in clients[:2]}
        closed = server.connections.cut(lambda each: each in meant, "on purpose")
        other = server.connections.cut(lambda each: each is clients[0].protocol, "again")
        assert not closed.called
        for client in clients:
            client.turn()
        assert closed.called
        assert other.called
        assert [client.closed for client in clients] == [True, True, False]
        clients[2].vanish()

    def test_one_after_the_other(self, reactor: MemoryReactorClock) -> None:
        """Who leaves in between is one of several that are waited for."""
        server = HTTPServer(Script(), reactor=reactor)
        clients = [Client(server, reactor) for _ in range(2)]
        closed = server.connections.cut(lambda _: True, "on purpose")
        clients[0].vanish()
        assert not closed.called
        clients[1].vanish()
        assert closed.called
        reactor.advance(0)

    def test_nobody(self, reactor: MemoryReactorClock) -> None:
        """If none is meant there is nothing to wait for."""
        server = HTTPServer(Script(), reactor=reactor)
        client = Client(server, reactor)
        assert server.connections.cut(lambda _: False, "never").called
        assert not client.closed
        client.vanish()


class TestListeners:
    """Listeners are stopped ahead of a drain."""

    def test_stopped_first(self, reactor: MemoryReactorClock) -> None:
        """The drain waits for them, too; a second one finds none."""
        server = HTTPServer(Script(), reactor=reactor)
        stopped: list[Deferred[None]] = []

        def stop() -> Deferred[None]:
            assert not server.connections.draining
            stopped.append(Deferred())
            return stopped[-1]

        server.connections.add_listener(stop)
        drained = server.drain()
        assert not drained.called
        stopped[0].callback(None)
        assert drained.called
        assert server.drain().called
        assert len(stopped) == 1

    def test_removed(self, reactor: MemoryReactorClock) -> None:
        """One that was stopped by somebody else is none any more."""
        connections = HTTPServer(Script(), reactor=reactor).connections
        connections.add_listener(Deferred)
        connections.remove_listener(Deferred)
        connections.remove_listener(Deferred)
        assert connections.drain(1).called
