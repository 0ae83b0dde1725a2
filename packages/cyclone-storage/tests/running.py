"""The installed reactor, run as long as a coroutine does, again and again."""

import gc
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

__all__ = ["PATIENCE", "Loop"]

T = TypeVar("T")

# A busy machine may stop for a second or two; waiting longer than this is a failure.
PATIENCE = 30.0


@implementer(ILogObserver)
class Loop:
    """Runs coroutines on the installed reactor, the one that txredisapi knows.

    Attributes:
        reactor: The reactor.
        errors: Errors that were logged: nobody has handled them.
    """

    def __init__(self) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.errors: list[str] = []
        self._watchdog: Any = None
        globalLogPublisher.addObserver(self)

    def __call__(self, event: LogEvent) -> None:
        """Keep an error; it is an observer of Twisted's log."""
        if event.get("isError") or "log_failure" in event:
            self.errors.append(formatEvent(event) + str(event.get("log_failure", "")))

    def run(self, main: Callable[[], Awaitable[T]], patience: float = PATIENCE) -> T:
        """Run a coroutine.

        Args:
            main: The coroutine function, or a function that returns a Deferred.
            patience: Seconds after which it has failed.

        Returns:
            What it returns.

        Raises:
            TimeoutError: It takes too long.
        """
        results: list[Any] = []
        running: Deferred[Any] = Deferred()

        def give_up() -> None:
            results.append(Failure(TimeoutError(f"{patience:g} s were not enough")))
            running.cancel()

        def begin() -> None:
            nonlocal running
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
        watched = {*self.reactor.getReaders(), *self.reactor.getWriters()}
        inner = self.reactor._internalReaders
        return [str(each) for each in [*timers, *(each for each in watched if each not in inner)]]

    def settle(self) -> None:
        """Wait until nothing is left.

        Raises:
            AssertionError: Something is, or an error was logged.
        """

        async def main() -> None:
            begun = time.monotonic()
            while self.left() and time.monotonic() < begun + 5:
                await self.pause(0.002)
            if left := self.left():
                for (
                    each
                ) in self.reactor.getDelayedCalls():  # the next test is to be told of its own
                    if each is not self._watchdog:
                        each.cancel()
                raise AssertionError(left)

        self.run(main)
        self.complain()

    def complain(self) -> None:
        """Collect what nobody holds any more, and fail if an error was logged.

        Raises:
            AssertionError: One was.
        """
        gc.collect()
        errors, self.errors = self.errors, []
        assert not errors, errors

    def close(self) -> None:
        """Take it off Twisted's log."""
        globalLogPublisher.removeObserver(self)

    def end(self) -> None:
        """Stop the reactor for good, its threads too, or the interpreter would wait for them."""
        self.reactor.callWhenRunning(self.reactor.stop)
        self.reactor.run(installSignalHandlers=False)


async def _awaited(main: Callable[[], Awaitable[T]]) -> T:
    return await main()
