"""How programs give the bodies of requests; read by type checkers only, never run."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import assert_type

from twisted.internet.defer import Deferred
from twisted.web.client import FileBodyProducer
from twisted.web.iweb import IBodyProducer

from cyclone_core.httpclient.bodies import Body, Content, Files, Params, make_body, rewind
from cyclone_core.httpclient.multipart import MultipartForm
from cyclone_core.httputil import HTTPFile


def pieces() -> Iterator[bytes]:
    """Give pieces."""
    yield b"a"


async def later_pieces() -> AsyncIterator[bytes]:
    """Give pieces, and await something in between."""
    yield b"a"


async def produce(write: Callable[[bytes], Awaitable[None]]) -> None:
    """Write pieces."""
    await write(b"a")


def produce_classic(write: Callable[[bytes], Awaitable[None]]) -> Deferred[None]:
    """Write pieces, and give a Deferred."""
    write(b"a")
    return Deferred()


def bodies(opened: io.BufferedReader) -> None:
    """Give every kind of body."""
    contents: list[Content] = [
        "text",
        b"bytes",
        bytearray(),
        memoryview(b""),
        Path("file"),
        opened,
        io.BytesIO(),
        [b"a", b"b"],
        pieces(),
        later_pieces(),
        FileBodyProducer(opened),
    ]
    for content in contents:
        assert_type(make_body(content), Body)
    body = make_body(body_producer=produce, length=1)
    assert_type(body.content, bytes | IBodyProducer | None)
    assert_type(body.content_type, str | None)
    assert_type(rewind(body.content), bool)
    make_body(body_producer=produce_classic)
    make_body(json={"a": [1, None]})


def forms(opened: io.BufferedReader, upload: HTTPFile) -> None:
    """Give forms, with and without files."""
    fields: Params = {"a": 1, "b": ["c", b"d"]}
    files: Files = {
        "a": upload,
        "b": opened,
        "c": Path("file"),
        "d": ("name", b"content"),
        "e": ("name", "text", "text/plain", {"X-Part": "1"}),
        "f": [("1", b""), ("2", b"")],
    }
    make_body(form=fields)
    make_body(form=[("a", 1), ("a", 2)], files=files)
    form = MultipartForm(fields, files)
    assert_type(form.content_type, str)
    assert_type(form.size, int | None)
    assert_type(b"".join(form.pieces()), bytes)
