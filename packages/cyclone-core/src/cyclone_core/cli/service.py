"""The Twisted service of a start: its ports, opened before rights are given up."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from twisted.application.service import Service
from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.logger import Logger

from cyclone_core import autoreload
from cyclone_core.cli.bindings import Binding, OpenPort, Reactor, Reloadable
from cyclone_core.cli.hangup import HangupHandler

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure

__all__ = ["CycloneService"]


_log = Logger(namespace="cyclone.cli")


class CycloneService(Service):
    """Listens on all places of a command line, and stops listening when the process ends.

    Certificates are renewed on SIGHUP.

    Args:
        bindings: The places, opened in this order.
        reactor: The reactor; the global one if None.
    """

    def __init__(self, bindings: Sequence[Binding], reactor: Reactor | None = None) -> None:
        self.bindings = tuple(bindings)
        self._reactor = reactor
        self._ports: list[OpenPort] = []
        self._hangup: HangupHandler | None = None

    def privilegedStartService(self) -> None:
        """Read keys and open ports, while the process may still do so.

        Raises:
            Problem: If a place cannot be opened; then none is open.
        """
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        reactor = self._reactor or _global_reactor()
        # Ahead of every other trigger: an application that drains must get no new connection.
        reactor.addSystemEventTrigger("before", "shutdown", self._stop_listening)
        try:
            for binding in self.bindings:
                port = binding.listen(reactor)
                self._ports.append(port)
                _log.info("{line}", line=binding.announce(port))
        except BaseException:
            self._stop_listening()
            raise

    def startService(self) -> None:
        """Go on with the open ports, or open them now if nobody asked for them earlier."""
        super().startService()  # type: ignore[no-untyped-call]
        if not self._ports:
            self.privilegedStartService()
        renewable = [each for each in self.bindings if isinstance(each, Reloadable)]
        if renewable:
            # Without a certificate the signal keeps the meaning it has.
            self._hangup = HangupHandler(renewable, self._reactor or _global_reactor())
            self._hangup.install()

    def reload_when_changed(self) -> None:
        """Begin to look for changed files, if an application has the setting `autoreload`."""
        for binding in self.bindings:
            autoreload.start_for(getattr(binding, "factory", None), self._reactor)

    def stopService(self) -> "Deferred[Any]":
        """Stop listening; connections that are open are not touched.

        Returns:
            A Deferred that fires when every port is closed.
        """
        super().stopService()  # type: ignore[no-untyped-call]
        return self._stop_listening()

    def _stop_listening(self) -> "Deferred[Any]":
        if self._hangup is not None:
            self._hangup.uninstall()
            self._hangup = None
        ports, self._ports = self._ports, []
        return DeferredList(
            [maybeDeferred(port.stopListening).addErrback(self._not_closed, port) for port in ports]
        )

    def _not_closed(self, failure: "Failure", port: "OpenPort") -> None:
        # A unix socket in a directory of root's cannot be removed once rights were given up; the
        # next start replaces it.
        _log.warn(
            "{port} was not closed cleanly: {reason}", port=port, reason=failure.getErrorMessage()
        )


def _global_reactor() -> Reactor:
    from twisted.internet import reactor

    return cast("Reactor", reactor)
