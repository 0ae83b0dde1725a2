"""Listening for an application: on which reactor, and where only asyncio runs."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import twisted.internet
from twisted.internet import threads
from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.internet.testing import MemoryReactorClock
from twisted.python import threadable

from cyclone_core import autoreload
from cyclone_core.httpserver import HTTPServer, WrongReactor
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.listening import listen
from cyclone_core.httpserver.reactors import reactor_of
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.reactors.hosting import HostedReactor

from .conftest import respond
from .served import CLOSE, Reactor, refused

LOCAL = "127.0.0.1"
REACTOR = "twisted.internet.reactor"


@pytest.fixture(autouse=True)
def _no_reactor(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let each test begin without a global reactor, and end with the one that was there."""
    monkeypatch.setitem(sys.modules, REACTOR, None)
    monkeypatch.delitem(sys.modules, REACTOR)
    monkeypatch.setattr(twisted.internet, "reactor", None, raising=False)
    monkeypatch.delattr(twisted.internet, "reactor")
    monkeypatch.setattr(threadable, "ioThread", None)
    # A reactor that has run before this test may have left its own.
    handlers = {
        each: signal.signal(each, signal.SIG_DFL) for each in (signal.SIGTERM, signal.SIGCHLD)
    }
    monkeypatch.setattr(autoreload, "_reloaders", set())
    yield
    left = [signal.signal(each, handler) for each, handler in handlers.items()]
    assert left == [signal.SIG_DFL, signal.SIG_DFL]


async def ask(server: HTTPServer) -> bytes:
    """Send a request to a server; its answer."""
    reader, writer = await asyncio.open_connection(LOCAL, server.ports[0].getHost().port)
    writer.write(CLOSE)
    answer = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer.partition(b"\r\n\r\n")[2]


class TestReactorOf:
    """Which reactor it is."""

    def test_own(self) -> None:
        """An application that was given one uses that, also where a loop runs."""
        own = MemoryReactorClock()

        async def main() -> object:
            return reactor_of(CoarseClock(own))

        assert reactor_of(CoarseClock(own)) is own
        assert asyncio.run(main()) is own
        assert REACTOR not in sys.modules

    def test_global(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a loop it is the global one, as everywhere."""
        reactor = MemoryReactorClock()
        monkeypatch.setitem(sys.modules, REACTOR, reactor)
        monkeypatch.setattr(twisted.internet, "reactor", reactor, raising=False)
        assert reactor_of(CoarseClock()) is reactor

    @pytest.mark.parametrize("known", [False, True])
    def test_wrong_one(self, monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
        """A reactor that does not run on the loop is refused, with what to do."""
        reactor = Reactor()
        monkeypatch.setitem(sys.modules, REACTOR, reactor)
        clock = CoarseClock(reactor if known else None)

        async def main() -> None:
            reactor_of(clock)

        with pytest.raises(WrongReactor, match=r"(?s)Twisted's Reactor is installed.*reactor\.run"):
            asyncio.run(main())
        reactor.end()

    def test_other_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A loop in a thread of its own cannot use the reactor of another one."""
        reactor = Reactor()
        reactor.running = True
        monkeypatch.setitem(sys.modules, REACTOR, reactor)
        monkeypatch.setattr(threadable, "ioThread", -1)

        async def main() -> None:
            reactor_of(CoarseClock())

        with pytest.raises(WrongReactor, match=r"in another thread.*callFromThread"):
            asyncio.run(main())
        reactor.end()


class TestHosted:
    """A reactor that is installed on a loop that runs already."""

    def test_serves(self) -> None:
        """It serves until the loop ends, then it is stopped and nobody listens any more."""
        found: list[Any] = []

        async def main() -> bytes:
            server = listen(respond, 0, LOCAL)
            found.extend([server.reactor, server.ports[0].getHost().port])
            assert server.reactor.running
            assert server.reactor is sys.modules[REACTOR]
            again = listen(respond, 0, LOCAL)
            assert again.reactor is server.reactor
            return await ask(server) + await ask(again)

        assert asyncio.run(main()) == b"okok"
        reactor, port = found
        assert not reactor.running
        assert refused((LOCAL, port))

    def test_second_loop(self) -> None:
        """A second loop in one process cannot have a reactor, and is told so."""

        async def main() -> None:
            listen(respond, 0, LOCAL).stop()

        asyncio.run(main())
        with pytest.raises(WrongReactor, match="A reactor runs once"):
            asyncio.run(main())

    def test_end(self) -> None:
        """At the end triggers run in their order, and threads are joined."""
        order: list[str] = []

        async def main() -> None:
            reactor = listen(respond, 0, LOCAL).reactor
            gate: Deferred[None] = Deferred()
            reactor.addSystemEventTrigger("before", "shutdown", lambda: gate)
            reactor.addSystemEventTrigger("before", "shutdown", order.append, "before")
            reactor.addSystemEventTrigger(
                "before", "shutdown", reactor.callLater, 0.01, later, gate
            )
            reactor.addSystemEventTrigger("during", "shutdown", order.append, "during")
            await threads.deferToThread(order.append, "thread").asFuture(asyncio.get_running_loop())

        def later(gate: Deferred[None]) -> None:
            order.append("later")
            gate.callback(None)

        before = threading.active_count()
        asyncio.run(main())
        assert order == ["thread", "before", "later", "during"]
        assert threading.active_count() == before

    def test_stopped_before(self) -> None:
        """`reactor.stop` ends the reactor and not the loop; nothing is left for the loop's end."""

        async def main() -> str:
            reactor = listen(respond, 0, LOCAL).reactor
            reactor.stop()
            while reactor.running:  # noqa: ASYNC110 -- as above
                await asyncio.sleep(0)
            with pytest.raises(ReactorNotRunning):
                reactor.stop()
            return "went on"

        assert asyncio.run(main()) == "went on"

    def test_stopping(self) -> None:
        """A reactor that is just being stopped is waited for."""
        order: list[str] = []

        async def main() -> None:
            reactor = listen(respond, 0, LOCAL).reactor
            gate: Deferred[None] = Deferred()
            reactor.addSystemEventTrigger("before", "shutdown", lambda: gate)
            reactor.addSystemEventTrigger("after", "shutdown", order.append, "after")
            reactor.stop()
            reactor.callLater(0.01, gate.callback, None)

        asyncio.run(main())
        assert order == ["after"]

    def test_crashed(self) -> None:
        """Behind `reactor.crash` there is nothing to wait for."""

        async def main() -> None:
            server = listen(respond, 0, LOCAL)
            server.stop()
            await asyncio.sleep(0.001)
            server.reactor.crash()

        asyncio.run(main())

    def test_other_generators(self) -> None:
        """The loop's own asynchronous generators end as ever."""
        ended: list[bool] = []

        async def values() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                ended.append(True)

        async def main() -> None:
            listen(respond, 0, LOCAL)
            kept.append(values())
            assert await anext(kept[0]) == 1

        kept: list[AsyncIterator[int]] = []
        asyncio.run(main())
        assert ended == [True]


def run_until_signal(begin: Callable[[HTTPServer], Awaitable[None]], cleaned: list[str]) -> None:
    """Serve with `asyncio.run` for ever."""

    async def main() -> None:
        try:
            await begin(listen(respond, 0, LOCAL))
            await asyncio.Event().wait()
        finally:
            cleaned.append("main")

    asyncio.run(main())


class TestSignals:
    """What the hosted reactor does about signals."""

    def test_terminate(self) -> None:
        """SIGTERM drains, then the loop is left as by `sys.exit`: every `finally` runs."""
        order: list[str] = []

        async def begin(server: HTTPServer) -> None:
            server.reactor.addSystemEventTrigger("after", "shutdown", order.append, "stopped")
            os.kill(os.getpid(), signal.SIGTERM)

        with pytest.raises(SystemExit) as caught:
            run_until_signal(begin, order)
        assert caught.value.code == 0
        assert order == ["stopped", "main"]

    def test_terminate_while_stopping(self) -> None:
        """It ends the program as well if the reactor is being stopped already."""
        order: list[str] = []

        async def begin(server: HTTPServer) -> None:
            gate: Deferred[None] = Deferred()
            server.reactor.addSystemEventTrigger("before", "shutdown", lambda: gate)
            server.reactor.callLater(0.01, gate.callback, None)
            server.reactor.stop()
            os.kill(os.getpid(), signal.SIGTERM)

        with pytest.raises(SystemExit):
            run_until_signal(begin, order)
        assert order == ["main"]

    def test_handled_before(self) -> None:
        """Who handles the signal himself keeps it."""
        order: list[str] = []
        previous = signal.signal(signal.SIGTERM, lambda *_: order.append("mine"))

        async def begin(_: HTTPServer) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.01)
            raise InterruptedError

        with pytest.raises(InterruptedError):
            run_until_signal(begin, order)
        signal.signal(signal.SIGTERM, previous)
        assert order == ["mine", "main"]

    def test_handled_later(self) -> None:
        """So does who sets a handler behind `listen`."""
        order: list[str] = []

        async def begin(_: HTTPServer) -> None:
            signal.signal(signal.SIGTERM, lambda *_: order.append("mine"))
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.01)
            raise InterruptedError

        with pytest.raises(InterruptedError):
            run_until_signal(begin, order)
        assert order == ["mine", "main"]
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def test_children(self) -> None:
        """Processes that the reactor has started are noticed when they end."""
        from twisted.internet.utils import getProcessValue

        async def main() -> int:
            reactor = listen(respond, 0, LOCAL).reactor
            ended = getProcessValue(sys.executable, ["-c", "exit(5)"], reactor=reactor)
            async with asyncio.timeout(60):
                value: int = await ended.asFuture(asyncio.get_running_loop())
            return value

        assert asyncio.run(main()) == 5

    def test_loop_that_cannot(self) -> None:
        """A loop that handles no signals is no problem."""

        class Loop(asyncio.SelectorEventLoop):
            def add_signal_handler(self, *_: object) -> None:
                raise NotImplementedError

        with asyncio.Runner(loop_factory=Loop) as runner:

            async def main() -> bytes:
                return await ask(listen(respond, 0, LOCAL))

            assert runner.run(main()) == b"ok"

    def test_other_threads(self) -> None:
        """Nor is a thread that is not the main one, where signals cannot be handled."""
        results: list[bytes] = []

        async def main() -> bytes:
            return await ask(listen(respond, 0, LOCAL))

        thread = threading.Thread(target=lambda: results.append(asyncio.run(main())))
        thread.start()
        thread.join()
        assert results == [b"ok"]


def test_hosted_reactor_is_one_of_asyncio() -> None:
    """Libraries that ask whether it is the asyncio reactor are told so."""
    from twisted.internet.asyncioreactor import AsyncioSelectorReactor

    assert issubclass(HostedReactor, AsyncioSelectorReactor)


class Application:
    """Has settings, a clock, and answers."""

    def __init__(self, reactor: MemoryReactorClock, **settings: object) -> None:
        from cyclone_core.httpserver.connections import Connections

        self.connections = Connections(CoarseClock(reactor))
        self.settings = settings

    def __call__(self, request: HTTPServerRequest) -> None:
        respond(request)


def test_options() -> None:
    """What `listen` gets beside the place is the server's."""
    reactor = MemoryReactorClock()
    server = listen(Application(reactor), 0, LOCAL, max_body_size=5, xheaders=True)
    assert (server.limits.max_body_size, server.options.xheaders) == (5, True)
    server.stop()
    with pytest.raises(TypeError, match="no option 'maximum'"):
        listen(Application(reactor), 0, maximum=5)


@pytest.mark.parametrize("wanted", [False, True])
def test_autoreload(monkeypatch: pytest.MonkeyPatch, wanted: bool) -> None:
    """The source is watched if the application wants that."""
    monkeypatch.setattr(autoreload._process, "objection", lambda: None)
    reactor = MemoryReactorClock()
    listen(Application(reactor, autoreload=wanted), 0, LOCAL).stop()
    assert len(reactor.getDelayedCalls()) == wanted
    for call in reactor.getDelayedCalls():
        call.cancel()
