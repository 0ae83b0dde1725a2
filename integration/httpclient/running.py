"""A reactor of these tests' own, which is not the installed one: a client must use the one it is given."""

import gc
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from startup_processes import PATIENCE
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

__all__ = ["Loop", "sockets_to"]

T = TypeVar("T")

# States of /proc/net/tcp in which a socket of ours is no longer a connection.
_OVER = {"06", "07"}  # TIME_WAIT, CLOSE


@implementer(ILogObserver)
class Loop:
    """A reactor that runs as long as a coroutine does, again and again.

    Attributes:
        reactor: The reactor.
        errors: Errors that were logged: nobody has handled them.
    """

    def __init__(self) -> None:
        self.reactor: Any = EPollReactor()
        self.errors: list[str] = []
        self._skipped = 0.0
        self._watchdog: Any = None
        self.reactor.seconds = lambda: time.monotonic() + self._skipped
        globalLogPublisher.addObserver(self)

    def __call__(self, event: LogEvent) -> None:
        """Keep an error; it is an observer of Twisted's log."""
        if event.get("isError") or "log_failure" in event:
            self.errors.append(formatEvent(event) + str(event.get("log_failure", "")))

    def run(self, main: Callable[[], Awaitable[T]], patience: float = PATIENCE) -> T:
        """Run a coroutine.

        Args:
            main: The coroutine function.
            patience: Seconds after which it has failed.

        Returns:
            What it returns.

        Raises:
            TimeoutError: It takes too long.
        """
        results: list[Any] = []

        def give_up() -> None:
            results.append(Failure(TimeoutError(f"{patience:g} s were not enough")))
            running.cancel()

        running: Deferred[Any] = Deferred()

        def begin() -> None:
            nonlocal running
            # Before it begins: it may let time pass at once.
            self._watchdog = self.reactor.callLater(patience, give_up)
            running = ensureDeferred(_awaited(main))
            running.addBoth(results.append)
            # A turn later, so that whoever has waited for the same has it, too.
            running.addBoth(lambda _: self.reactor.callLater(0, self._stop))

        self.reactor.callWhenRunning(begin)
        self.reactor.run(installSignalHandlers=False)
        if isinstance(results[0], Failure):
            results[0].raiseException()
        found: T = results[0]
        return found

    def skip(self, seconds: float) -> None:
        """Let time pass at once: what was to happen meanwhile happens in the next turn.

        Args:
            seconds: How much.
        """
        self._skipped += seconds
        self._watchdog.delay(seconds)
        # The reactor may sleep until what it believed to be the next time.
        self.reactor.wakeUp()

    def _stop(self) -> None:
        if self._watchdog.active():
            self._watchdog.cancel()
        self.reactor.crash()

    async def until(self, what: str, condition: Callable[[], object]) -> None:
        """Wait for something to become true.

        Args:
            what: How it is called if it does not.
            condition: Asked until it returns something true.

        Raises:
            TimeoutError: It does not.
        """
        end = time.monotonic() + PATIENCE / 3
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"no {what}")
            await self.pause(0.005)

    def pause(self, seconds: float) -> Deferred[None]:
        """Wait."""
        return deferLater(self.reactor, seconds)

    def left(self) -> list[str]:
        """Return what the reactor still waits for: connections, ports, timers of others."""
        timers = [each for each in self.reactor.getDelayedCalls() if each is not self._watchdog]
        return [str(each) for each in [*timers, *self.connections()]]

    def connections(self) -> list[object]:
        """Return the connections and ports that are open."""
        watched = {*self.reactor.getReaders(), *self.reactor.getWriters()}
        return [each for each in watched if each not in self.reactor._internalReaders]  # noqa: SLF001 -- its own

    def settle(self) -> None:
        """Wait until nothing is left.

        Raises:
            AssertionError: Something is, or an error was logged.
        """

        async def main() -> None:
            begun = time.monotonic()
            while self.left() and time.monotonic() < begun + 5:
                await self.pause(0.002)
                if time.monotonic() > begun + 0.1:
                    gc.collect()  # an error holds frames, and those hold a client
            assert not self.left(), self.left()

        self.run(main)
        self._complain()

    def collect(self) -> None:
        """Free what only the collector finds: a failure that nobody handled is logged then.

        Raises:
            AssertionError: There was one.
        """
        gc.collect()
        self._complain()

    def _complain(self) -> None:
        errors, self.errors = self.errors, []
        assert not errors, errors

    def close(self) -> None:
        """Stop it for good, its threads too."""
        self.reactor.callWhenRunning(self.reactor.stop)
        self.reactor.run(installSignalHandlers=False)
        globalLogPublisher.removeObserver(self)


async def _awaited(main: Callable[[], Awaitable[T]]) -> T:
    return await main()


def sockets_to(*ports: int) -> list[str]:
    """Return the states, as /proc writes them, of this process's own sockets that lead to some ports.

    Args:
        ports: Numbers of ports.
    """
    wanted = {f"{port:04X}" for port in ports}
    mine = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            mine.add(str(entry.readlink()))
        except OSError:
            continue
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/self/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            words = line.split()
            remote, state, inode = words[2].rpartition(":")[2], words[3], words[9]
            if remote in wanted and state not in _OVER and f"socket:[{inode}]" in mine:
                found.append(state)
    return found
