"""A proxy: it forwards requests, makes tunnels, and can be in the way."""

import asyncio
import base64
import contextlib
from collections.abc import Mapping
from urllib.parse import urlsplit

__all__ = ["Proxy"]

HOP_BY_HOP = (b"proxy-", b"connection:", b"via:")


class Proxy:
    """The proxy.

    Which of its manners a CONNECT meets is said by the name of the host: one of `manners`, or `mapped`,
    which is a tunnel to a port of 127.0.0.1, as is any other host.

    Args:
        credentials: What a client has to know, as `name:password`; empty for nothing.
        manners: What is answered to a CONNECT, by host: the bytes, and whether to close behind them.

    Attributes:
        heads: The heads of the requests that came.
        port: Its port of 127.0.0.1.
    """

    def __init__(
        self, credentials: str = "", manners: Mapping[str, tuple[bytes, bool]] | None = None
    ) -> None:
        self.heads: list[bytes] = []
        self.port = 0
        self._wanted = base64.b64encode(credentials.encode()) if credentials else b""
        self._manners = dict(manners or {})
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Take no more connections."""
        if self._listener is not None:
            self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                while not writer.is_closing():
                    await self._one(reader, writer)
            finally:
                writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        method, target, _ = head.split(b" ", 2)
        if self._wanted and b"\r\nProxy-Authorization: Basic " + self._wanted not in head:
            writer.write(
                b"HTTP/1.1 407 Who are you\r\nContent-Length: 4\r\n"
                b'Proxy-Authenticate: Basic realm="proxy"\r\n\r\nwho?'
            )
        elif method == b"CONNECT":
            await self._connect(target.decode(), reader, writer)
        else:
            await self._forward(head, reader, writer)

    async def _connect(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host, _, port = target.rpartition(":")
        if host in self._manners:
            answer, close = self._manners[host]
            writer.write(answer)
            await writer.drain()
            if not close:
                await reader.read()
            writer.close()
            return
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(b"HTTP/1.1 200 Go on\r\nVia: 1.1 here\r\n\r\n")
        await asyncio.gather(_pump(reader, their_writer), _pump(their_reader, writer))

    async def _forward(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Send a request on, without what is for proxies, and give its answer back."""
        line, *fields = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        method, target, version = line.split(b" ")
        parts = urlsplit(target.decode())
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        kept = [each for each in fields if not each.lower().startswith(HOP_BY_HOP)]
        begun = b" ".join([method, path.encode(), version])
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", parts.port)
        try:
            # Its end ends the answer: there is one request on each of these connections.
            lines = [begun, *kept, b"Via: 1.1 here", b"Connection: close", b"", b""]
            their_writer.write(b"\r\n".join(lines))
            if size := _length(fields):
                their_writer.write(await reader.readexactly(size))
            await self._give_back(method, their_reader, writer)
        finally:
            their_writer.close()

    async def _give_back(
        self, method: bytes, their_reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await their_reader.readuntil(b"\r\n\r\n")
        line, *fields = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
        kept = [each for each in fields if not each.lower().startswith(HOP_BY_HOP)]
        size = _length(fields)
        end = [] if size is not None else [b"Connection: close"]
        writer.write(b"\r\n".join([line, *kept, *end, b"", b""]))
        if size is None:
            await _pump(their_reader, writer)
        elif method != b"HEAD":
            writer.write(await their_reader.readexactly(size))


def _length(fields: list[bytes]) -> int | None:
    """Return what `Content-Length` says, None if it is not there."""
    start = b"content-length:"
    return next(
        (int(each[len(start) :]) for each in fields if each.lower().startswith(start)), None
    )


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until their end, then close."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
