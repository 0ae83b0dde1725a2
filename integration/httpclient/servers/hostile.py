"""The hostile server: it answers with whatever bytes a test wants, and with whatever manners."""

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

__all__ = ["Act", "Exchange", "Hostile", "for_ever", "say", "say_and_wait"]


class Exchange(NamedTuple):
    """A request and the connection that it came on.

    Attributes:
        head: Its lines, as they came.
        reader: What comes behind the head.
        writer: Where the answer goes.
    """

    head: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


Act = Callable[[Exchange], Awaitable[None]]


def say(*pieces: bytes, then_close: bool = True) -> Act:
    """Make an act that sends bytes, a write for each piece.

    Args:
        pieces: The bytes.
        then_close: Whether it closes the connection, or takes the next request.
    """

    async def act(exchange: Exchange) -> None:
        for piece in pieces:
            exchange.writer.write(piece)
            await exchange.writer.drain()
            await asyncio.sleep(0)
        if then_close:
            exchange.writer.close()

    return act


def say_and_wait(*pieces: bytes) -> Act:
    """Make an act that sends bytes and then is silent until the client closes."""

    async def act(exchange: Exchange) -> None:
        for piece in pieces:
            exchange.writer.write(piece)
        await exchange.writer.drain()
        await exchange.reader.read()
        exchange.writer.close()

    return act


def for_ever(start: bytes, more: bytes, *, pause: float = 0) -> Act:
    """Make an act that sends something again and again, until the client closes.

    Args:
        start: What comes first.
        more: What comes again and again.
        pause: Seconds before each.
    """

    async def act(exchange: Exchange) -> None:
        exchange.writer.write(start)
        while not exchange.writer.is_closing():
            exchange.writer.write(more)
            await exchange.writer.drain()
            await asyncio.sleep(pause)

    return act


_nothing = say(b"HTTP/1.1 204 Nothing\r\n\r\n", then_close=False)


class Hostile:
    """The server.

    Attributes:
        port: Its port of 127.0.0.1.
        heads: The heads of the requests that came, in their order.
    """

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self._acts: dict[bytes, Act] = {}
        self._numbers = itertools.count()
        self._listeners: list[asyncio.Server] = []
        # A loop holds its tasks weakly: one that waits for nothing would be collected.
        self._tasks: set[asyncio.Task[None] | None] = set()

    async def start(self, context: ssl.SSLContext | None = None) -> int:
        """Listen on a port.

        Args:
            context: For TLS.

        Returns:
            The number of the port.
        """
        # Much larger than any head of these tests.
        listener = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=context, limit=1 << 20
        )
        self._listeners.append(listener)
        port: int = listener.sockets[0].getsockname()[1]
        return port

    async def greet(self, greeting: bytes) -> int:
        """Listen on a port, and speak as soon as somebody connects.

        Args:
            greeting: What is said.

        Returns:
            The number of the port.
        """

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            writer.close()

        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        self._listeners.append(listener)
        port: int = listener.sockets[0].getsockname()[1]
        return port

    def path(self, act: Act | bytes | Iterable[bytes]) -> str:
        """Make a path that is answered in a certain way.

        Args:
            act: What is done with a request; bytes are sent, then the connection is closed.

        Returns:
            The path.
        """
        path = f"/{next(self._numbers)}"
        if isinstance(act, bytes):
            act = say(act)
        elif not callable(act):
            act = say(*act)
        self.on(path, act)
        return path

    def on(self, path: str, act: Act) -> None:
        """Answer a path in a certain way; any other path is answered with 204.

        Args:
            path: The path, without a query.
            act: What is done with a request.
        """
        self._acts[path.encode()] = act

    def close(self) -> None:
        """Take no more connections."""
        for listener in self._listeners:
            listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            try:
                while not writer.is_closing():
                    head = await reader.readuntil(b"\r\n\r\n")
                    self.heads.append(head)
                    target = head.split(b" ", 2)[1]
                    path = target.partition(b"?")[0]
                    await self._acts.get(path, _nothing)(Exchange(head, reader, writer))
            finally:
                self._tasks.discard(task)
                writer.close()
