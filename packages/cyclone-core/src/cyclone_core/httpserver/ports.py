"""The open ports of a server."""

import socket
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred

from cyclone_core.httpserver.connections import Connections
from cyclone_core.httpserver.sockets import asked_for

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocolFactory

__all__ = ["Ports"]


class Ports:
    """Opens ports on sockets that were bound before, and closes them all.

    While it has any, a drain of the connections stops it first.
    """

    def __init__(
        self,
        factory: "IProtocolFactory",
        connections: Connections,
        context_factory: Any = None,  # noqa: ANN401 -- mypy cannot read zope's interfaces
    ) -> None:
        """Make a server without ports.

        Args:
            factory: What serves the connections.
            connections: Where they are counted.
            context_factory: With it TLS is spoken on all ports.
        """
        self._factory = factory
        self._connections = connections
        self._context_factory = context_factory
        self._open: list[tuple[socket.socket, Any]] = []

    @property
    def open(self) -> tuple[Any, ...]:
        """The ports (Twisted: `IListeningPort`), in the order in which they were opened."""
        return tuple([port for _, port in self._open])

    def add(self, reactor: Any, sockets: Iterable[socket.socket]) -> None:  # noqa: ANN401 -- as above
        """Open a port on each of some sockets, which belong to the server from now on.

        Args:
            reactor: The reactor.
            sockets: The sockets.

        Raises:
            ValueError: One of them does not listen; then no port was opened.
        """
        sockets = tuple(sockets)
        for each in sockets:
            if not each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                raise ValueError(
                    f"{each!r} does not listen: bind_sockets() and bind_unix_socket() make sockets that"
                    " do, others need their listen() called"
                )
        if sockets and not self._open:
            self._connections.add_listener(self.stop)
        for each in sockets:
            self._open.append((each, self._adopt(reactor, each)))

    def stop(self) -> Deferred[Any]:
        """Close all ports; connections that are open are not touched.

        Returns:
            A Deferred that fires when they are closed. It never fails.
        """
        self._connections.remove_listener(self.stop)
        opened, self._open = self._open, []
        for each, _ in opened:
            each.close()
        return DeferredList([maybeDeferred(port.stopListening) for _, port in opened])

    def _adopt(self, reactor: Any, listener: socket.socket) -> Any:  # noqa: ANN401 -- as above
        """Open a port; it has a copy of the socket, as the caller may look at his own."""
        listener.setblocking(False)
        factory = self._factory
        if self._context_factory is not None:
            from twisted.protocols.tls import TLSMemoryBIOFactory

            factory = TLSMemoryBIOFactory(self._context_factory, False, factory)
        if listener.family in (socket.AF_INET, socket.AF_INET6):
            return self._adopt_tcp(reactor, listener, factory)
        path = listener.getsockname()
        mode = stat.S_IMODE(Path(path).stat().st_mode) if isinstance(path, str) and path else None
        port = reactor.adoptStreamPort(listener.fileno(), listener.family, factory)
        if mode is not None:
            Path(path).chmod(mode)  # Twisted has opened it to everybody
        return port

    def _adopt_tcp(self, reactor: Any, listener: socket.socket, factory: object) -> Any:  # noqa: ANN401
        from cyclone_core import autoreload

        address, number = asked_for(listener)
        port = reactor.adoptStreamPort(listener.fileno(), listener.family, factory)
        autoreload.keep(port, reactor, address, number)
        return port
