"""Connections of the protocol alone, without a pool."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.endpoints import (
    TCP4ClientEndpoint,
    TCP4ServerEndpoint,
    UNIXClientEndpoint,
    connectProtocol,
    wrapClientTLS,
)
from twisted.internet.protocol import Factory, Protocol

from cyclone_storage.redis.connection.protocol import RedisProtocol

from ..running import Loop

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

__all__ = ["Script", "caught", "dial", "dial_unix", "hang_up", "serve"]


async def dial(loop: Loop, port: int, tls: Any = None, **options: Any) -> Any:  # noqa: ANN401
    """Connect, and wait until the connection can be used.

    Args:
        loop: What the test runs on.
        port: Whereto, on 127.0.0.1.
        tls: What begins TLS.
        options: Of the protocol.
    """
    endpoint: Any = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", port)
    if tls is not None:
        endpoint = wrapClientTLS(tls, endpoint)
    protocol = await connectProtocol(endpoint, RedisProtocol(**options))
    return await protocol.whenConnected()


async def dial_unix(loop: Loop, path: str, **options: Any) -> Any:  # noqa: ANN401
    """Connect to a socket of the file system."""
    protocol = await connectProtocol(
        UNIXClientEndpoint(loop.reactor, path), RedisProtocol(**options)
    )
    return await protocol.whenConnected()


async def hang_up(protocol: Any) -> None:  # noqa: ANN401
    """End a connection, and wait until it has."""
    if protocol.connected:
        ended = protocol.whenDisconnected()
        protocol.transport.loseConnection()
        await ended


async def caught(waiting: Any) -> BaseException:  # noqa: ANN401
    """Return what something fails with.

    Raises:
        AssertionError: It does not.
    """
    try:
        result = await waiting
    except Exception as error:  # noqa: BLE001 -- that is the question
        return error
    raise AssertionError(result)


class Script(Protocol):
    """A server that says the same to everybody, however it is asked."""

    def __init__(self, says: bytes, *, at_once: bool = False, ends: bool = False) -> None:
        self._says = says
        self._at_once = at_once
        self._ends = ends

    def connectionMade(self) -> None:
        if self._at_once:
            self.dataReceived(b"")

    def dataReceived(self, data: bytes) -> None:  # noqa: ARG002
        self.transport.write(self._says)  # type: ignore[union-attr]
        if self._ends:
            self.transport.loseConnection()  # type: ignore[union-attr]


async def serve(
    loop: Loop, make: Callable[[], Protocol]
) -> tuple[int, Callable[[], "Deferred[None]"]]:
    """Serve on a port of 127.0.0.1.

    Args:
        loop: What the test runs on.
        make: Makes the protocol of each connection.

    Returns:
        The port, and what ends it.
    """
    factory: Any = Factory()
    factory.buildProtocol = lambda _: make()
    port = await TCP4ServerEndpoint(loop.reactor, 0, interface="127.0.0.1").listen(factory)
    return port.getHost().port, port.stopListening
