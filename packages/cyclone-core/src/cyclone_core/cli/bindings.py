"""What a place to listen can do, and what it asks of the reactor.

A binding can `probe` (is the place free? nothing is left behind), `listen`, and `announce` (one
line for the log). What the operating system refuses becomes one line with a remedy.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocolFactory

    from cyclone_core.tls import ServerContextFactory

__all__ = ["Binding", "OpenPort", "Reactor", "Reloadable"]


class OpenPort(Protocol):
    """A port that listens (Twisted: `IListeningPort`)."""

    def getHost(self) -> Any:  # noqa: ANN401 -- one of four address classes
        """Return the address it listens on."""

    def stopListening(self) -> object:  # noqa: N802 -- Twisted's name
        """Close it; returns a Deferred or None."""


class Reactor(Protocol):
    """The part of a Twisted reactor that a start uses: mypy cannot read zope's interfaces."""

    def listenTCP(  # noqa: N802 -- Twisted's name
        self, port: int, factory: "IProtocolFactory", *, interface: str
    ) -> "OpenPort":
        """Open a TCP port (Twisted: `IReactorTCP`)."""

    def listenSSL(  # noqa: N802 -- Twisted's name
        self,
        port: int,
        factory: "IProtocolFactory",
        contextFactory: "ServerContextFactory",  # noqa: N803 -- Twisted's name
        *,
        interface: str,
    ) -> "OpenPort":
        """Open a TLS port (Twisted: `IReactorSSL`)."""

    def listenUNIX(  # noqa: N802 -- Twisted's name
        self, address: str, factory: "IProtocolFactory"
    ) -> "OpenPort":
        """Open a unix socket (Twisted: `IReactorUNIX`)."""

    def addSystemEventTrigger(  # noqa: N802 -- Twisted's name
        self,
        phase: str,
        eventType: str,  # noqa: N803 -- Twisted's name
        callable: Callable[[], object],  # noqa: A002 -- Twisted's name
    ) -> object:
        """Call a function when the reactor stops (Twisted: `IReactorCore`)."""

    def callFromThread(  # noqa: N802 -- Twisted's name
        self,
        callable: Callable[[], object],  # noqa: A002 -- Twisted's name
    ) -> object:
        """Call a function in the reactor's loop (Twisted: `IReactorFromThreads`)."""

    def stop(self) -> object:
        """End the loop (Twisted: `IReactorCore`)."""

    def run(self) -> object:
        """Run until it is stopped (Twisted: `IReactorCore`)."""


class Binding(Protocol):
    """One place to listen."""

    def probe(self) -> None:
        """Raise the `Problem` that `listen` would meet, and leave nothing behind."""

    def listen(self, reactor: Reactor) -> "OpenPort":
        """Open the place; raises `Problem`."""

    def announce(self, port: "OpenPort") -> str:
        """Say in one line where the opened port answers, and to whom."""


@runtime_checkable
class Reloadable(Protocol):
    """A binding that has read files which may be renewed."""

    def reload(self) -> None:
        """Read them again; raises `TLSError` and changes nothing then."""
