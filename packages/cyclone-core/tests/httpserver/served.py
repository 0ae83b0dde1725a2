"""Real sockets for the tests that listen, on a reactor that turns when a test says so."""

import socket
import ssl
from collections.abc import Callable
from typing import Any, Self

from twisted.internet.selectreactor import SelectReactor

CLOSE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Reactor(SelectReactor):
    """A reactor that is not the global one."""

    def __init__(self) -> None:
        self.readers: dict[Any, None] = {}
        super().__init__()

    def addReader(self, reader: Any) -> None:  # noqa: ANN401, N802 -- Twisted's name
        """Take note of everybody who has ever read."""
        self.readers[reader] = None
        super().addReader(reader)

    def turn(self) -> None:
        """Do what is due, and what the sockets ask for."""
        self.runUntilCurrent()
        self.doIteration(0.01)

    def until(self, condition: Callable[[], object]) -> None:
        """Turn until something is true."""
        for _ in range(1000):
            if condition():
                return
            self.turn()
        raise TimeoutError

    def end(self) -> None:
        """Close what is open."""
        self.runUntilCurrent()  # ports that were stopped
        self.disconnectAll()
        for call in self.getDelayedCalls():
            call.cancel()
        for each in self.readers:
            if hasattr(each, "o"):  # what wakes the reactor up
                each.connectionLost(None)


class Browser:
    """A client's connection.

    Args:
        reactor: The reactor of the server.
        where: What to connect to: an address, or the path of a unix socket.
        context: With it TLS is spoken.
    """

    def __init__(
        self,
        reactor: Reactor,
        where: Any,  # noqa: ANN401 -- see above
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.reactor = reactor
        family = socket.AF_UNIX if isinstance(where, (str, bytes)) else socket.AF_INET
        if family == socket.AF_INET and ":" in where[0]:
            family = socket.AF_INET6
        self.socket = socket.socket(family)
        try:
            self.socket.connect(where)
        except OSError:
            self.socket.close()
            raise
        self.socket.setblocking(False)
        if context is not None:
            self.socket = context.wrap_socket(
                self.socket, server_hostname="localhost", do_handshake_on_connect=False
            )
            self._wait(self.socket.do_handshake)  # type: ignore[attr-defined]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _wait(self, function: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401
        done: list[Any] = []

        def tried() -> bool:
            try:
                done.append(function(*args))
            except (BlockingIOError, ssl.SSLWantReadError):
                return False
            return True

        self.reactor.until(tried)
        return done[0]

    def send(self, data: bytes = CLOSE) -> "Browser":
        """Send something that is sent at once."""
        self._wait(self.socket.send, data)
        return self

    def receive(self) -> bytes:
        """Give the next bytes, none at the end."""
        return self._wait(self.socket.recv, 65536)  # type: ignore[no-any-return]

    def rest(self) -> bytes:
        """Read until the server closes."""
        pieces = []
        while piece := self.receive():
            pieces.append(piece)
        return b"".join(pieces)


def refused(where: Any) -> bool:  # noqa: ANN401 -- an address or a path
    """Tell whether nobody listens."""
    family = socket.AF_UNIX if isinstance(where, (str, bytes)) else socket.AF_INET
    with socket.socket(family) as client:
        return client.connect_ex(where) != 0
