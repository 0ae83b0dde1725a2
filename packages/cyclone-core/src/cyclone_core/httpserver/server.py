"""A server for some ports, with limits of its own."""

import asyncio
import dataclasses
import difflib
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from cyclone_core.bodies import BodyReceiver
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.connection import HTTPConnection
from cyclone_core.httpserver.connections import Connections
from cyclone_core.httpserver.factory import HTTPFactory
from cyclone_core.httpserver.functions import FunctionServer
from cyclone_core.httpserver.options import ServerOptions
from cyclone_core.httpserver.ports import Ports
from cyclone_core.httpserver.reactors import reactor_of
from cyclone_core.httpserver.sockets import BACKLOG, bind_sockets
from cyclone_core.httpserver.ssl_options import context_factory
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.limits import Limits

if TYPE_CHECKING:
    from cyclone_core.httpserver.exchange import RequestServer

__all__ = ["HTTPServer"]

_log = Logger(namespace="cyclone.httpserver")

_OPTIONS: Final = frozenset(field.name for field in dataclasses.fields(ServerOptions))
_LIMITS: Final = frozenset(field.name for field in dataclasses.fields(Limits) if field.init)

# Tornado's, which mean something else here or nothing.
_TORNADO: Final = frozenset({"chunk_size", "max_buffer_size", "ssl_options"})

# Tornado has None for the default of these.
_NOT_NONE: Final = frozenset(
    field.name for field in dataclasses.fields(Limits) if field.type in (int, float)
)


class HTTPServer(HTTPFactory):
    """Serves an application or a plain function on some ports (Tornado: `httpserver.HTTPServer`).

    An `Application` is a factory itself; this one is for ports that need other limits, or TLS, or are to
    be closed again; and for a function that answers requests without the web framework. It is a Twisted
    factory, too: `reactor.listenTCP(8888, HTTPServer(function))`.

    Attributes:
        request_callback: The application or the function.
    """

    def __init__(
        self,
        request_callback: Callable[[HTTPServerRequest], Any],
        *,
        reactor: IReactorTime | None = None,
        ssl_options: Any = None,  # noqa: ANN401 -- see context_factory()
        **options: Any,  # noqa: ANN401 -- checked one by one, by their names
    ) -> None:
        """Make a server.

        Args:
            request_callback: An `Application`, or a callable that takes each complete request and
                answers it through `request.connection`; it may be `async def`.
            reactor: What tells the time for a function, and where its ports are opened; by default the
                global reactor. An application has its own.
            ssl_options: With it the ports that `listen` and `add_sockets` open speak TLS: a mapping with
                `certfile` and `keyfile`, optionally `ca_certs` and `cert_reqs`; or a context factory of
                `cyclone_core.tls` or of Twisted.
            options: Fields of `Limits` and of `ServerOptions` that differ from the application's, or
                from the defaults. Tornado's `max_buffer_size` bounds the body if `max_body_size` does
                not, and `chunk_size` has no effect. None is the default.

        Raises:
            TypeError: An option is a field of neither; the message names it, and what it may mean. Or
                `ssl_options` has a type that is not possible, or there is nothing to call.
            ValueError: An option has a wrong type or value.
            TLSError: A file that `ssl_options` names cannot be used.
        """
        if not callable(request_callback):
            raise TypeError(
                f"HTTPServer serves an application or a function of a request, not"
                f" {request_callback!r}; what Tornado calls a delegate is such a function here"
            )
        for name in options.keys() - _OPTIONS - _LIMITS - _TORNADO:
            raise TypeError(f"HTTPServer has no option {name!r}{_nearest(name)}")
        options = _translated(options)
        served = {name: options.pop(name) for name in _OPTIONS if name in options}
        limits = getattr(request_callback, "limits", None) or Limits()
        base = getattr(request_callback, "options", None) or ServerOptions()
        connections: Connections | None = getattr(request_callback, "connections", None)
        if connections is None:
            connections = Connections(CoarseClock(reactor))
        super().__init__(
            dataclasses.replace(limits, **options),
            dataclasses.replace(base, **served),
            connections,
            getattr(request_callback, "server_header", "cyclone"),
        )
        self.request_callback = request_callback
        self.protocol = getattr(request_callback, "protocol", HTTPConnection)
        context = None if ssl_options is None else context_factory(ssl_options)
        self._ports = Ports(self, connections, context)
        self._pending: list[socket.socket] | None = []  # bound and not started
        self._served: RequestServer = (
            cast("RequestServer", request_callback)
            if hasattr(request_callback, "start_request")
            else FunctionServer(request_callback, self)
        )
        self._log_prefix = getattr(request_callback, "logPrefix", None)

    def __call__(self, request: HTTPServerRequest) -> object:
        """Pass a complete request on."""
        return self._served(request)

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Let the application take the body, or collect it for the function."""
        request.options = self.options
        return self._served.start_request(request)

    def logPrefix(self) -> str:
        """Name the application in Twisted's log."""
        return (
            self._log_prefix() if self._log_prefix is not None else "cyclone.httpserver.HTTPServer"
        )

    # Ports.

    @property
    def reactor(self) -> Any:  # noqa: ANN401 -- mypy cannot read zope's interfaces
        """The reactor on which its ports are opened; see `listen`."""
        return reactor_of(self.clock)

    @property
    def ports(self) -> tuple[Any, ...]:
        """Its open ports (Twisted: `IListeningPort`): `server.ports[0].getHost().port` is a number."""
        return self._ports.open

    def listen(
        self,
        port: int | str,
        address: str | None = None,
        family: int = socket.AF_UNSPEC,
        backlog: int = BACKLOG,
        flags: int | None = None,
        reuse_port: bool = False,
    ) -> None:
        """Serve on a port; it may be called for several (Tornado: `TCPServer.listen`).

        Connections are accepted when the reactor runs. Where an asyncio loop runs and there is no reactor
        yet, it is installed on that loop and runs at once, until the loop ends.

        Args:
            port: See `bind_sockets`, as for the others.
            address: By default all addresses of this machine.
            family: IPv4 or IPv6 only.
            backlog: How many clients may wait to be accepted.
            flags: Bits of `socket.AI_*`.
            reuse_port: Whether other processes may listen there, too.

        Raises:
            ValueError: The port is no port number, or the system has no `SO_REUSEPORT`.
            OSError: The port cannot be had; its `errno` tells why, the message what to do.
            WrongReactor: The reactor does not run on the asyncio loop that runs here.
        """
        reactor = self.reactor  # first, as it may be none
        self._ports.add(reactor, bind_sockets(port, address, family, backlog, flags, reuse_port))

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Serve on sockets that listen already; `stop` closes them (Tornado: `add_sockets`).

        Args:
            sockets: What `bind_sockets` has returned, say, or was inherited.

        Raises:
            ValueError: One of them does not listen.
            WrongReactor: See `listen`.
        """
        self._ports.add(self.reactor, sockets)

    def add_socket(self, socket: socket.socket) -> None:
        """Serve on one socket; see `add_sockets`.

        Args:
            socket: What `bind_unix_socket` has returned, say.

        Raises:
            ValueError: It does not listen.
            WrongReactor: See `listen`.
        """
        self.add_sockets([socket])

    def bind(
        self,
        port: int | str,
        address: str | None = None,
        family: int = socket.AF_UNSPEC,
        backlog: int = BACKLOG,
        flags: int | None = None,
        reuse_port: bool = False,
    ) -> None:
        """Bind to a port now and serve on it when `start` is called (Tornado: `TCPServer.bind`).

        Args:
            port: See `listen`, as for the others.
            address: By default all addresses of this machine.
            family: IPv4 or IPv6 only.
            backlog: How many clients may wait to be accepted.
            flags: Bits of `socket.AI_*`.
            reuse_port: Whether other processes may listen there, too.

        Raises:
            ValueError: As `listen`.
            OSError: As `listen`.
            WrongReactor: As `listen`, if it was started.
        """
        sockets = bind_sockets(port, address, family, backlog, flags, reuse_port)
        if self._pending is None:
            self.add_sockets(sockets)
        else:
            self._pending += sockets

    def start(self, num_processes: int | None = 1, max_restarts: int | None = None) -> None:
        """Serve on what was bound (Tornado: `TCPServer.start`).

        Args:
            num_processes: 1: other processes are not made here.
            max_restarts: For those, in Tornado; it has no meaning.

        Raises:
            ValueError: More than one process was asked for.
            RuntimeError: It was started already.
            WrongReactor: See `listen`.
        """
        del max_restarts
        if num_processes != 1:
            raise ValueError(
                f"start({num_processes!r}) would fork, which a reactor does not survive: `cyclone run"
                " --workers N` serves with several processes, and so do several starts of a program that"
                " calls listen(port, reuse_port=True)"
            )
        if self._pending is None:
            raise RuntimeError("start() was called twice")
        sockets, self._pending = self._pending, None
        self.add_sockets(sockets)

    def stop(self) -> Deferred[Any]:
        """Accept no more connections and close the ports; requests go on (Tornado: `TCPServer.stop`).

        The ports can be listened on again as soon as it returns, unless it is called while one of them
        accepts a client: by `connectionMade` of a protocol, say. Then the Deferred tells.

        Returns:
            A Deferred that fires in the next turn of the reactor, when the ports are closed; ignoring it
            is no error.
        """
        for each in self._pending or ():
            each.close()
        self._pending = self._pending and []
        return self._ports.stop()

    async def close_all_connections(self) -> None:
        """Close the connections of this server, whatever is in flight (Tornado: the same).

        Idle connections are closed in good order, which with TLS may take `Limits.linger_timeout`; the
        others are cut. `drain` lets requests be answered first. It may be awaited in a handler, in a
        Task of asyncio and with `Deferred.fromCoroutine`.
        """
        closed = self.connections.cut(
            lambda each: getattr(each, "factory", None) is self, "the server closes its connections"
        )
        if _in_task():
            await closed.asFuture(asyncio.get_running_loop())
        else:
            await closed


def _in_task() -> bool:
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False  # there is no loop


def _translated(options: Mapping[str, Any]) -> dict[str, Any]:
    """Say what Tornado's options mean here."""
    translated = {
        name: value for name, value in options.items() if value is not None or name not in _NOT_NONE
    }
    if translated.pop("chunk_size", None) is not None:
        _log.warn(
            "HTTPServer(chunk_size=...) has no effect: how much is read at once is Twisted's choice"
        )
    buffered = translated.pop("max_buffer_size", None)
    if buffered is not None:
        translated.setdefault("max_body_size", buffered)
    return translated


def _nearest(name: str) -> str:
    found = difflib.get_close_matches(name, sorted(_OPTIONS | _LIMITS | _TORNADO))
    if not found:
        return ": its options are the fields of Limits and ServerOptions"
    return f"; did you mean {' or '.join([repr(each) for each in found])}?"
