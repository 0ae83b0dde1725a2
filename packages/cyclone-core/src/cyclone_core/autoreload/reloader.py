"""Looks for changes while the reactor runs, and brings the old program to its end."""

from collections.abc import Callable
from typing import Any, Final, cast

from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.logger import Logger

from cyclone_core.autoreload.changes import SETTLING, Changes
from cyclone_core.autoreload.notifier import Notifier
from cyclone_core.autoreload.process import Process
from cyclone_core.autoreload.sockets import Open, listening
from cyclone_core.autoreload.telling import Level, tell

__all__ = ["Reloader"]

_log = Logger(namespace="cyclone.autoreload")

_Drain = Callable[[float], object]

_LAST_CALL: Final = 0.05
"""Seconds for the requests of connections that were accepted before the ports were paused."""

_SLOWER: Final = 4
"""How many times as long a look may wait where `watchfiles` tells of changes."""


class Reloader:
    """One timer of a reactor that looks for changed files.

    Args:
        reactor: The reactor.
        process: What is replaced.
        interval: Seconds between two looks.
        grace: Seconds that requests in flight may go on.
    """

    def __init__(
        self,
        reactor: Any,  # noqa: ANN401 -- mypy cannot read zope's interfaces
        process: Process,
        interval: float,
        grace: float,
    ) -> None:
        self.reactor = reactor
        self._process = process
        self._changes = Changes(process.files)
        self._interval = interval
        self._grace = grace
        self._call: Any = None
        self._notifier: Notifier | None = None

    def start(self) -> None:
        """Look for changes: as soon as the reactor runs, for those since the program began, too."""
        self._call = self.reactor.callLater(0, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._notifier is not None:
            self._notifier.stop()
            self._notifier = None

    def _look(self) -> None:
        self._call = None
        objection = self._process.objection()
        if objection is not None:
            tell(Level.info, f"Changed files are not looked for: {objection}")
            self.stop()
            return
        look = self._changes.look()
        for problem in look.problems:
            tell(Level.error, f"Not restarted, the program runs on as it was: {problem}")
        if look.restart:
            self._begin_end(look.restart)
            return
        if self._notifier is None:
            self._notifier = Notifier.if_installed(self.reactor, self._told)
        interval = self._interval
        if self._notifier is not None:
            self._notifier.follow(self._process.files.directories())
            interval *= _SLOWER
        self._call = self.reactor.callLater(SETTLING if look.settling else interval, self._look)

    def _told(self) -> None:
        """Look soon; the library has seen something."""
        if self._call is not None:
            self._call.reset(min(SETTLING, max(0, self._call.getTime() - self.reactor.seconds())))

    def _begin_end(self, changed: tuple[str, ...]) -> None:
        tell(Level.info, f"Restarting: {', '.join(changed)} changed")
        self.stop()
        ports = listening(self.reactor)
        for _, port in ports:
            # The kernel goes on to accept connections and keeps them for the next program.
            port.stopReading()
        self.reactor.callLater(_LAST_CALL, self._drain, changed, ports)

    def _drain(self, changed: tuple[str, ...], ports: list[Open]) -> None:
        drains = {_drain_of(port.factory) for _, port in ports} - {None}
        waiting = [maybeDeferred(cast("_Drain", drain), self._grace) for drain in drains]
        drained = DeferredList(waiting, consumeErrors=True)
        # A factory of ours keeps to the grace by itself; no other one may hold it up for ever.
        drained.addTimeout(self._grace + 1, self.reactor)
        # In another turn: until then what was logged may wait to be written.
        drained.addBoth(lambda _: self.reactor.callLater(0, self._end, changed, ports))

    def _end(self, changed: tuple[str, ...], ports: list[Open]) -> None:
        try:
            self._process.restart(changed, ports)
        except (OSError, ValueError):
            _log.failure("The program could not be started again")
            self.reactor.stop()


def _drain_of(factory: Any) -> _Drain | None:  # noqa: ANN401 -- any factory
    """Find what drains an application's connections, below the factories that Twisted has for TLS.

    `drain` of the application itself would close the ports of its servers, too.
    """
    while factory is not None:
        connections = getattr(factory, "connections", None)
        drain: _Drain | None = getattr(connections, "drain_connections", None)
        if drain is not None:
            return drain
        factory = getattr(factory, "wrappedFactory", None)
    return None
