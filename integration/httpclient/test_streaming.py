"""Bodies in pieces: down to a callback or an iterator, up from files, generators and functions."""

import asyncio
import contextlib
import hashlib
import io
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.interfaces import IConsumer
from twisted.web.client import FileBodyProducer
from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer
from zope.interface import implementer

from cyclone.httpclient import (
    AsyncHTTPClient,
    HTTPClient,
    HTTPClientError,
    HTTPStreamClosedError,
    IdleTimeout,
    RequestTimeout,
)
from cyclone_core.errors import HTTPOutputError
from httpclient.running import Loop, sockets_to
from httpclient.servers.hostile import Exchange, for_ever, say_and_wait
from httpclient.servers.transfers import pattern
from httpclient.world import World

MEGABYTE = 1_000_000
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
# More than the buffers of two sockets hold.
MUCH = 64 * MEGABYTE


def digest(data: bytes) -> str:
    """Return the digest that the server tells of an upload."""
    return hashlib.sha256(data).hexdigest()


class TestCallback:
    """Down to `streaming_callback`."""

    @pytest.mark.parametrize("query", ["", "?length=1"])
    @pytest.mark.parametrize("kind", ["function", "coroutine", "Deferred"])
    async def test_pieces(
        self, loop: Loop, client: AsyncHTTPClient, world: World, kind: str, query: str
    ) -> None:
        """The callback gets every byte in order, and is waited for."""
        pieces: list[bytes] = []
        inside = False

        def function(chunk: bytes) -> None:
            pieces.append(chunk)

        async def coroutine(chunk: bytes) -> None:
            nonlocal inside
            assert not inside
            inside = True
            await loop.pause(0)
            pieces.append(chunk)
            inside = False

        def deferred(chunk: bytes) -> Deferred[None]:
            return loop.pause(0).addCallback(lambda _: pieces.append(chunk))

        callback = {"function": function, "coroutine": coroutine, "Deferred": deferred}[kind]
        url = world.url(f"/stream-bytes/300000{query}")
        response = await client.fetch(url, streaming_callback=callback)
        assert b"".join(pieces) == pattern(300_000)
        assert len(pieces) > 1
        assert response.body == b""

    async def test_back_pressure(self, loop: Loop, client: AsyncHTTPClient, world: World) -> None:
        """While the callback thinks the server has to wait, and nothing is kept in memory."""
        sent = 0

        async def act(exchange: Exchange) -> None:
            nonlocal sent
            exchange.writer.write(HEAD)
            while sent < MUCH:
                exchange.writer.write(bytes(65536))
                sent += 65536
                await exchange.writer.drain()
            exchange.writer.close()

        got, largest = 0, 0
        thinking: Deferred[None] = Deferred()

        def callback(chunk: bytes) -> Deferred[None] | None:
            nonlocal got, largest
            got += len(chunk)
            largest = max(largest, len(chunk))
            return None if thinking.called else thinking

        fetch = client.fetch(
            world.answers(act), streaming_callback=callback, max_body_size=MUCH * 2
        )
        await loop.until("first piece", lambda: got)
        before = -1
        while before != sent:
            before = sent
            await loop.pause(0.1)
        assert sent < MUCH / 2
        thinking.callback(None)
        await fetch
        assert got == sent
        assert largest <= 1 << 20

    @pytest.mark.parametrize("kind", ["function", "coroutine", "Deferred"])
    async def test_error(
        self, loop: Loop, client: AsyncHTTPClient, world: World, kind: str
    ) -> None:
        """What it raises is what the caller gets; the connection is closed, the client goes on."""

        def function(_: bytes) -> None:
            raise ZeroDivisionError("on purpose")

        async def coroutine(_: bytes) -> None:
            await loop.pause(0)
            raise ZeroDivisionError("on purpose")

        def deferred(_: bytes) -> Deferred[None]:
            return fail(ZeroDivisionError("on purpose"))

        callback = {"function": function, "coroutine": coroutine, "Deferred": deferred}[kind]
        with pytest.raises(ZeroDivisionError, match="on purpose"):
            await client.fetch(world.answers(for_ever(HEAD, b"x")), streaming_callback=callback)
        await loop.until("end", lambda: not sockets_to(world.port("hostile")))
        assert (await client.fetch(world.url())).code == 200

    async def test_redirect_and_error(self, client: AsyncHTTPClient, world: World) -> None:
        """It gets the body of the last answer only, that of an error too."""
        pieces: list[bytes] = []
        url = world.url("/redirect-to?text=not-this&url=/status/404")
        with pytest.raises(HTTPClientError, match="404"):
            await client.fetch(url, streaming_callback=pieces.append)
        assert b"".join(pieces) == b"status 404"

    async def test_slow_callback_is_no_silence(
        self, loop: Loop, client: AsyncHTTPClient, world: World
    ) -> None:
        """`idle_timeout` is for the server: a callback may take its time. `request_timeout` is for all."""
        thinking: list[Deferred[None]] = []

        def callback(_: bytes) -> Deferred[None]:
            thinking.append(Deferred())
            return thinking[-1]

        options: dict[str, Any] = {"streaming_callback": callback, "idle_timeout": 10}
        fetch = client.fetch(world.url("/bytes/10"), request_timeout=0, **options)
        await loop.until("callback", lambda: thinking)
        loop.skip(100)
        await loop.pause(0.01)
        thinking[0].callback(None)
        assert (await fetch).code == 200
        fetch = client.fetch(world.url("/bytes/10"), request_timeout=50, **options)
        await loop.until("callback", lambda: len(thinking) == 2)
        loop.skip(50)
        with pytest.raises(RequestTimeout):
            await fetch


class TestStream:
    """Down to who iterates."""

    @pytest.mark.parametrize("path", ["/stream-bytes/200000", "/bytes/200000", "/bytes/0"])
    async def test_iterate(self, http: HTTPClient, world: World, path: str) -> None:
        """All pieces come in order; behind them the connection is free for others."""
        async with http.stream("GET", world.url(path)) as response:
            assert (response.code, response.reason) == (200, "OK")
            assert response.effective_url == world.url(path)
            pieces = [chunk async for chunk in response]
        size = int(path.rpartition("/")[2])
        assert b"".join(pieces) == pattern(size)
        assert all(pieces)
        assert (await http.get(world.url())).code == 200
        assert len(sockets_to(world.port())) == 1

    async def test_coded(self, http: HTTPClient, world: World) -> None:
        """A compressed body is decoded on the way."""
        async with http.stream("GET", world.url("/gzip")) as response:
            assert b'"coding": "gzip"' in await response.read()

    async def test_leave_early(self, loop: Loop, http: HTTPClient, world: World) -> None:
        """Who leaves in the middle, by `break` or by an error, costs the connection and nothing else."""
        url = world.answers(for_ever(HEAD, b"x" * 10_000))
        async with http.stream("GET", url) as response:
            async for _ in response:
                break
        await loop.until("end", lambda: not sockets_to(world.port("hostile")))
        with pytest.raises(ZeroDivisionError):
            async with http.stream("GET", url):
                raise ZeroDivisionError
        await loop.until("end", lambda: not sockets_to(world.port("hostile")))
        assert (await http.get(world.url())).code == 200

    async def test_back_pressure(self, loop: Loop, http: HTTPClient, world: World) -> None:
        """Nobody who does not iterate gets anything: the server waits, with any size of the body."""
        sent = 0

        async def act(exchange: Exchange) -> None:
            nonlocal sent
            exchange.writer.write(HEAD)
            while sent < MUCH:
                exchange.writer.write(bytes(65536))
                sent += 65536
                await exchange.writer.drain()
            exchange.writer.close()

        async with http.stream("GET", world.answers(act)) as response:
            before = -1
            while before != sent:
                before = sent
                await loop.pause(0.1)
            assert sent < MUCH / 2
            got = 0
            async for chunk in response:
                got += len(chunk)
        assert got == sent >= MUCH

    async def test_statuses(self, http: HTTPClient, world: World) -> None:
        """An error is raised before the block, unless nobody wants that."""
        with pytest.raises(HTTPClientError, match="404"):
            async with http.stream("GET", world.url("/status/404")):
                pytest.fail("an error has no block")
        async with http.stream("GET", world.url("/status/404"), raise_error=False) as response:
            assert (response.code, await response.read()) == (404, b"status 404")
        assert (await http.get(world.url())).code == 200

    async def test_cut_off(self, http: HTTPClient, world: World) -> None:
        """Pieces that have come are given, then the error."""
        cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
        async with http.stream("GET", world.answers(cut)) as response:
            got = await response.read_chunk()
            with pytest.raises(HTTPStreamClosedError):
                await response.read_chunk()
        assert got == b"hello"

    async def test_silence(self, http: HTTPClient, world: World) -> None:
        """A server that falls silent in the middle ends the stream."""
        url = world.answers(say_and_wait(b"HTTP/1.1 200 OK\r\n\r\nhalf of it"))

        async def read() -> None:
            async with http.stream("GET", url, idle_timeout=0.2) as response:
                await response.read()

        with pytest.raises(IdleTimeout):
            await read()

    async def test_slow_reader(self, loop: Loop, http: HTTPClient, world: World) -> None:
        """A reader may be silent for as long as it likes."""
        async with http.stream("GET", world.url("/bytes/300000"), idle_timeout=10) as response:
            loop.skip(100)
            await loop.pause(0.01)
            assert len(await response.read()) == 300_000


@implementer(IBodyProducer)
class Producer:
    """Twisted's interface, written by a program."""

    def __init__(self, pieces: list[bytes], length: int | object) -> None:
        self.length = length
        self._pieces = pieces
        self.stopped = False

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:  # noqa: N802
        """Write all at once."""
        for piece in self._pieces:
            consumer.write(piece)
        return succeed(None)

    def stopProducing(self) -> None:
        """Stop."""
        self.stopped = True

    def pauseProducing(self) -> None:
        """Pause."""

    def resumeProducing(self) -> None:
        """Go on."""


def pieces() -> Iterator[bytes]:
    """Make a body, in pieces of which one is empty."""
    yield from (b"one", b"", b"two" * 50_000, b"three")


async def async_pieces() -> AsyncIterator[bytes]:
    """Do the same."""
    for piece in pieces():
        yield piece


class Unwilling(io.RawIOBase):
    """A file that knows neither its size nor its place, such as a pipe."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read."""
        return self._data.readinto(buffer)


WHOLE = b"".join(pieces())
KNOWN = str(len(WHOLE))


class TestUpload:
    """Up from all that makes bytes."""

    @pytest.mark.parametrize(
        ("make", "length"),
        [
            (lambda _: WHOLE, KNOWN),
            (lambda file: file, KNOWN),
            (lambda file: file.open("rb"), KNOWN),
            (lambda _: io.BytesIO(WHOLE), KNOWN),
            (lambda _: FileBodyProducer(io.BytesIO(WHOLE)), KNOWN),
            (lambda _: Producer(list(pieces()), len(WHOLE)), KNOWN),
            (lambda _: Producer(list(pieces()), UNKNOWN_LENGTH), None),
            (lambda _: pieces(), None),
            (lambda _: list(pieces()), None),
            (lambda _: async_pieces(), None),
            (lambda _: Unwilling(WHOLE), None),
        ],
        ids=[
            "bytes",
            "path",
            "file",
            "BytesIO",
            "FileBodyProducer",
            "known",
            "unknown",
            "generator",
            "list",
            "async generator",
            "pipe",
        ],
    )
    async def test_sources(
        self,
        loop: Loop,
        http: HTTPClient,
        world: World,
        tmp_path: Path,
        make: Callable[[Path], Any],
        length: str | None,
    ) -> None:
        """What knows its length says so, all else goes out in chunks; every byte arrives."""
        path = tmp_path / "file"
        path.write_bytes(WHOLE)
        body = make(path)
        if isinstance(body, FileBodyProducer):
            # Twisted's own steps run on the installed reactor unless they are told another one.
            from twisted.internet.task import Cooperator

            scheduler = Cooperator(scheduler=lambda call: loop.reactor.callLater(0, call))
            body = FileBodyProducer(io.BytesIO(WHOLE), cooperator=scheduler)
        told = (await http.post(world.url("/upload"), body=body)).json()
        assert (told["size"], told["sha256"]) == (len(WHOLE), digest(WHOLE))
        assert told["length"] == length
        assert told["transfer_encoding"] == (None if length else "chunked")
        assert (await http.get(world.url())).json()["peer"] == (await http.get(world.url())).json()[
            "peer"
        ]
        with contextlib.suppress(AttributeError):
            body.close()

    async def test_file_from_where_it_stands(self, http: HTTPClient, world: World) -> None:
        """A file is sent from its position on."""
        file = io.BytesIO(b"not this, but this")
        file.seek(10)
        told = (await http.post(world.url("/upload"), body=file)).json()
        assert (told["size"], told["sha256"]) == (8, digest(b"but this"))

    @pytest.mark.parametrize("length", [None, "12"])
    @pytest.mark.parametrize("kind", ["sync", "coroutine", "Deferred"])
    async def test_body_producer(
        self, loop: Loop, client: AsyncHTTPClient, world: World, kind: str, length: str | None
    ) -> None:
        """Tornado's `body_producer` writes the body; with a Content-Length it goes out as it is."""

        def sync(write: Callable[[bytes], Any]) -> None:
            write(b"hello, ")
            write(b"world")

        async def coroutine(write: Callable[[bytes], Awaitable[None]]) -> None:
            await write(b"hello, ")
            await loop.pause(0)
            await write(b"world")

        def deferred(write: Callable[[bytes], Any]) -> Deferred[None]:
            write(b"hello, ")
            return loop.pause(0).addCallback(lambda _: write(b"world"))

        producer = {"sync": sync, "coroutine": coroutine, "Deferred": deferred}[kind]
        headers = {"Content-Length": length} if length else {}
        response = await client.fetch(
            world.url("/upload"), method="POST", body_producer=producer, headers=headers
        )
        told = response.json()
        assert told["sha256"] == digest(b"hello, world")
        assert (told["length"], told["transfer_encoding"]) == (
            length,
            None if length else "chunked",
        )

    @pytest.mark.parametrize("length", ["3", "30"])
    async def test_wrong_length(self, client: AsyncHTTPClient, world: World, length: str) -> None:
        """More or fewer bytes than were announced are a mistake of the program; the server gets no lie."""

        async def producer(write: Callable[[bytes], Awaitable[None]]) -> None:
            await write(b"hello")

        with pytest.raises(HTTPOutputError, match="bytes"):
            await client.fetch(
                world.url("/upload"),
                method="POST",
                body_producer=producer,
                headers={"Content-Length": length},
            )
        assert (await client.fetch(world.url())).code == 200

    async def test_error_of_the_producer(self, loop: Loop, http: HTTPClient, world: World) -> None:
        """What a generator raises in the middle is what the caller gets; the server sees a cut."""

        def broken() -> Iterator[bytes]:
            yield b"hello"
            raise ZeroDivisionError("on purpose")

        with pytest.raises(ZeroDivisionError, match="on purpose"):
            await http.post(world.url("/upload"), body=broken())
        await loop.until("end", lambda: not sockets_to(world.port()))

    async def test_back_pressure(self, loop: Loop, client: AsyncHTTPClient, world: World) -> None:
        """`await write` waits while the server reads nothing."""
        reading: asyncio.Event | None = None
        written = 0

        async def act(exchange: Exchange) -> None:
            nonlocal reading
            reading = asyncio.Event()
            await reading.wait()
            exchange.writer.close()

        async def producer(write: Callable[[bytes], Awaitable[None]]) -> None:
            nonlocal written
            for _ in range(MUCH // 65536):
                await write(b"x" * 65536)
                written += 65536

        url = world.answers(act)
        fetch = client.fetch(url, method="POST", body_producer=producer, request_timeout=0)
        before = -1
        while before != written or not written:
            before = written
            await loop.pause(0.1)
        assert written < MUCH / 2
        fetch.cancel()
        with pytest.raises(CancelledError):
            await fetch
        assert reading is not None
        world.background.call(reading.set)

    async def test_large(self, http: HTTPClient, world: World, tmp_path: Path) -> None:
        """A file of 50 MB arrives."""
        path = tmp_path / "large"
        data = pattern(MEGABYTE) * 50
        path.write_bytes(data)
        told = (await http.put(world.url("/upload"), body=path)).json()
        assert (told["size"], told["sha256"]) == (len(data), digest(data))

    async def test_answer_before_the_body(self, loop: Loop, http: HTTPClient, world: World) -> None:
        """A server that answers before it has the whole body is heard, and the connection is closed."""
        endless = itertools.repeat(b"x" * 65536)
        with pytest.raises(HTTPClientError, match="413"):
            await http.post(world.url("/upload?refuse=413"), body=endless)
        await loop.until("end", lambda: not sockets_to(world.port()))


class TestContinue:
    """Bodies that are sent only when they are wanted."""

    async def test_wanted(self, client: AsyncHTTPClient, world: World) -> None:
        """The body goes out when the server says 100."""
        response = await client.fetch(
            world.url("/upload"), method="POST", body="hello", expect_100_continue=True
        )
        told = response.json()
        assert (told["size"], told["expect"]) == (5, "100-continue")

    async def test_refused(self, client: AsyncHTTPClient, world: World) -> None:
        """It does not if the server refuses, and its producer is never asked."""
        called: list[object] = []
        for content in ({"body": "hello"}, {"body_producer": called.append}):
            with pytest.raises(HTTPClientError, match="403"):
                await client.fetch(
                    world.url("/upload?refuse=403"),
                    method="POST",
                    expect_100_continue=True,
                    **content,
                )
        assert called == []

    async def test_server_that_knows_nothing_of_it(
        self, client: AsyncHTTPClient, world: World
    ) -> None:
        """A server that waits for the body gets it after a while."""

        async def act(exchange: Exchange) -> None:
            body = await exchange.reader.readexactly(5)
            exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)

        response = await client.fetch(
            world.answers(act), method="POST", body="hello", expect_100_continue=True
        )
        assert response.body == b"hello"


class TestForms:
    """Forms with files."""

    async def test_files(self, http: HTTPClient, world: World, tmp_path: Path) -> None:
        """Files of all kinds arrive beside the fields, with names and types."""
        path = tmp_path / "ä.txt"
        path.write_bytes(b"from a path")
        files: Any = {
            "path": path,
            "bytes": ("b.bin", b"\0\xff", "x/y"),
            "file": ("c.png", io.BytesIO(b"from a file")),
        }
        form = {"a": "1", "b": ["2", "ü"]}
        told = (await http.post(world.url("/post"), form=form, files=files)).json()
        assert told["form"] == {"a": ["1"], "b": ["2", "ü"]}
        found = {
            name: (file["filename"], file["content_type"], file["sha256"])
            for name, (file,) in told["files"].items()
        }
        assert found == {
            "path": ("ä.txt", "text/plain", digest(b"from a path")),
            "bytes": ("b.bin", "x/y", digest(b"\0\xff")),
            "file": ("c.png", "image/png", digest(b"from a file")),
        }

    @pytest.mark.parametrize("name", ['a"; x="b', "a\r\nX: y", "a\nb", 'a\\"b', "%22"])
    async def test_names(self, http: HTTPClient, world: World, name: str) -> None:
        """No name of a field or of a file ends its line or its quotes."""
        files: Any = {name: (name, b"content")}
        told = (await http.post(world.url("/post"), form={name: "value"}, files=files)).json()
        assert [len(told["form"]), len(told["files"])] == [1, 1]
        (values,), ((file,),) = told["form"].values(), told["files"].values()
        assert values == ["value"]
        assert (file["size"], file["content_type"]) == (7, "application/octet-stream")

    async def test_large_file(self, http: HTTPClient, world: World, tmp_path: Path) -> None:
        """A form with a large file says its length, and is sent in pieces."""
        path = tmp_path / "large.bin"
        path.write_bytes(bytes(20 * MEGABYTE))
        told = (await http.post(world.url("/upload"), files={"f": path})).json()
        assert told["transfer_encoding"] is None
        assert int(told["length"]) == told["size"] > 20 * MEGABYTE
        assert told["content_type"].startswith("multipart/form-data; boundary=")
