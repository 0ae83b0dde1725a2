"""Twisted's reactor on an asyncio loop that runs already, and that belongs to somebody else.

Theory of operation. A program whose `main()` is run by `asyncio.run` calls `listen`, and nobody has
installed a reactor. Twisted's asyncio reactor is installed on that loop and started, which does not
block: the loop runs as it did. When it comes to its end it closes its asynchronous generators, of which
the reactor's lifetime is one. That is the only moment at which asyncio waits for others before it closes
a loop, apart from cancelling every Task; it comes behind that, when the handlers' Tasks have ended.
There the reactor is stopped as ever: its triggers drain the servers, its threads are joined.

Ctrl-C is asyncio's: it cancels `main()`. SIGTERM, if nobody handles it, is handled in good order: the
servers are drained first, then the loop is left with `SystemExit`, so that `main()` is cancelled and
everybody's `finally` runs. A second one ends the process at once.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.error import ReactorNotRunning
from twisted.internet.posixbase import PosixReactorBase
from twisted.logger import Logger

__all__ = ["HostedReactor", "host"]

_log = Logger(namespace="cyclone.httpserver")


class HostedReactor(AsyncioSelectorReactor):
    """Twisted's asyncio reactor as a guest: when it stops, the loop goes on."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make a reactor.

        Args:
            loop: The loop on which it is going to run.
        """
        super().__init__(loop)
        self._loop = loop
        self._ended: asyncio.Future[None] = loop.create_future()
        self._lifetime: AsyncGenerator[None, None] | None = None
        self._handlers: dict[int, Any] = {}

    def begin(self) -> None:
        """Start; the loop must run, in this thread."""
        self.startRunning(installSignalHandlers=False)
        self.addSystemEventTrigger("after", "shutdown", self._has_ended)
        self._lifetime = self._live()
        # Up to its `yield`: from now on the loop knows it.
        with contextlib.suppress(StopIteration):
            next(anext(self._lifetime).__await__())
        self._handle("SIGTERM", self._terminate)
        self._handle("SIGCHLD", _reap)

    def crash(self) -> None:
        """Stop at once, and leave the loop alone."""
        PosixReactorBase.crash(cast("Any", self))

    async def _live(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            if self.running:
                self._stop()
                await self._ended

    def _stop(self) -> None:
        with contextlib.suppress(ReactorNotRunning):  # somebody else has asked for it already
            cast("Any", self).stop()

    def _has_ended(self) -> None:
        for number, handler in self._handlers.items():
            if signal.getsignal(number) is handler:
                self._loop.remove_signal_handler(number)
        self._ended.set_result(None)

    def _handle(self, name: str, function: Callable[[], object]) -> None:
        """Handle a signal that nobody handles, if this system has it and this is the main thread."""
        number = getattr(signal, name, None)
        if (
            number is None
            or threading.current_thread() is not threading.main_thread()
            or signal.getsignal(number) is not signal.SIG_DFL
        ):
            return
        # Loops that cannot: Windows has no such handlers, uvloop needs SIGCHLD itself.
        with contextlib.suppress(NotImplementedError, RuntimeError):
            self._loop.add_signal_handler(number, self._received, number, function)
            self._handlers[number] = signal.getsignal(number)

    def _received(self, number: int, function: Callable[[], object]) -> None:
        # The loop tells of every signal, also if the program has set a handler of its own since.
        if signal.getsignal(number) is self._handlers[number]:
            function()

    def _terminate(self) -> None:
        _log.info("Received SIGTERM, shutting down.")
        self._loop.remove_signal_handler(signal.SIGTERM)
        self.addSystemEventTrigger("after", "shutdown", self._loop.call_soon, _leave)
        self._stop()


def _leave() -> None:
    raise SystemExit(0)


def _reap() -> None:
    from twisted.internet.process import reapAllProcesses

    reapAllProcesses()


def host(loop: asyncio.AbstractEventLoop) -> HostedReactor:
    """Install the global reactor on a running loop, and start it.

    Args:
        loop: The loop that runs in this thread.

    Returns:
        The reactor.

    Raises:
        ReactorAlreadyInstalledError: There is a global reactor (Twisted's exception).
    """
    from twisted.internet.main import installReactor

    reactor = HostedReactor(loop)
    installReactor(reactor)
    reactor.begin()
    return reactor
