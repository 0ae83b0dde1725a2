"""The open ports of a server.

Twisted closes a port in the turn of the reactor that follows on `stopListening`; until then nobody else can
listen there. Tornado closes it at once, and programs and tests that begin anew on one port rely on that.
The reason for Twisted's delay is `tcp.Port.doRead`, which accepts one client after the other: a protocol
that stops the port while it is connected would take its socket away. So the port is closed at once
unless it is just accepting. What the factory does about the end of a port stays in the next turn: a
trigger of the reactor's shutdown may stop the server, and must not take away that of the drain.
"""

import socket
import stat
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.internet import tcp
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

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
        self._accepting: Any = None  # the port that does, while it does

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
            port = self._adopt(reactor, each)
            if isinstance(port, tcp.Port):
                accept: Callable[[], object] = port.doRead
                port.doRead = partial(self._accept, port, accept)  # type: ignore[method-assign]
            self._open.append((each, port))

    def stop(self) -> Deferred[Any]:
        """Close all ports at once; connections that are open are not touched.

        A port that is just accepting a client, whose protocol has called this, is closed in the next turn
        of the reactor; so are ports that are not Twisted's own.

        Returns:
            A Deferred that fires when they are closed and the factory knows it, in the next turn of the
            reactor. It never fails.
        """
        self._connections.remove_listener(self.stop)
        opened, self._open = self._open, []
        for each, _ in opened:
            each.close()
        return DeferredList([maybeDeferred(self._close, port) for _, port in opened])

    def _accept(self, port: object, accept: Callable[[], object]) -> object:
        self._accepting = port
        try:
            return accept()
        finally:
            self._accepting = None

    def _close(self, port: Any) -> Any:  # noqa: ANN401 -- a port, and what its `stopListening` returns
        own = isinstance(port, tcp.Port) and port.connected and not port.disconnecting
        if not own or port is self._accepting:
            return port.stopListening()
        factory, port.factory = port.factory, Factory()
        stopped = deferLater(port.reactor, 0, factory.doStop)
        reason = Failure(CONNECTION_DONE)
        try:
            port.connectionLost(reason)
        except FileNotFoundError:
            # Somebody has removed the unix socket's path, which Twisted would do first.
            tcp.Port.connectionLost(port, reason)
        return stopped

    def _adopt(self, reactor: Any, listener: socket.socket) -> Any:  # noqa: ANN401 -- as above
        """Open a port; it has a copy of the socket, as the caller may look at his own."""
        listener.setblocking(False)
        factory = self._factory
        if self._context_factory is not None:
            from twisted.protocols.tls import TLSMemoryBIOFactory

            # Its clock sends what was written, and would be the global reactor by default.
            factory = TLSMemoryBIOFactory(self._context_factory, False, factory, clock=reactor)
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
