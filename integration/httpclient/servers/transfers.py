"""Routes about bodies: codings, pieces, sizes, speed; uploads that are told piece by piece."""

import asyncio
import gzip
import hashlib
import json
import zlib
from typing import Any

from tornado.web import RequestHandler, stream_request_body

from httpclient.servers.routes import Handler

__all__ = ["ROUTES", "pattern"]

PIECE = 65536


def pattern(size: int, start: int = 0) -> bytes:
    """Return bytes of which no two pieces in a row are alike.

    Args:
        size: How many.
        start: Where they stand in the whole.
    """
    return bytes(number * 31 % 251 for number in range(start, start + size))


class Coded(Handler):
    """What was asked, in a content coding."""

    def answer(self, coding: str) -> None:
        plain = json.dumps(self.echo() | {"coding": coding}).encode()
        codings: dict[str, tuple[str, bytes]] = {
            "gzip": ("gzip", gzip.compress(plain)),
            "gzip-members": ("gzip", gzip.compress(plain[:9]) + gzip.compress(plain[9:])),
            "deflate": ("deflate", zlib.compress(plain)),
            "raw-deflate": ("deflate", _raw(plain)),
            "x-gzip": ("x-gzip", gzip.compress(plain)),
            "twice": ("deflate, gzip", gzip.compress(zlib.compress(plain))),
            "identity": ("identity", plain),
            "unknown": ("zork", plain),
        }
        name, made = codings[coding]
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Encoding", name)
        self.write(made)


def _raw(plain: bytes) -> bytes:
    """Compress without zlib's head and end, as some servers mean `deflate`."""
    compress = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compress.compress(plain) + compress.flush()


class Lines(Handler):
    """So many lines of JSON, each a chunk."""

    async def answer(self, count: str) -> None:
        for number in range(int(count)):
            self.write(json.dumps({"id": number}) + "\n")
            await self.flush()


class Drip(Handler):
    """Bytes one at a time: `bytes` of them, `pause` seconds apart."""

    async def answer(self) -> None:
        self.set_header("Content-Length", self.get_query_argument("bytes"))
        for _ in range(int(self.get_query_argument("bytes"))):
            self.write("*")
            await self.flush()
            await asyncio.sleep(float(self.get_query_argument("pause", "0")))


class Bytes(Handler):
    """So many bytes at once."""

    def answer(self, size: str) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        self.write(pattern(int(size)))


class StreamedBytes(Handler):
    """So many bytes in pieces, chunked unless the query says `length`."""

    async def answer(self, size: str) -> None:
        if self.get_query_argument("length", ""):
            self.set_header("Content-Length", size)
        for start in range(0, int(size), PIECE):
            self.write(pattern(min(PIECE, int(size) - start), start))
            await self.flush()


@stream_request_body
class Upload(RequestHandler):
    """Tells how long the body was, its digest, and how it was framed.

    The query says how long to wait before each piece (`pause`), and whether to refuse it (`refuse`).
    """

    def prepare(self) -> None:
        """Begin to count."""
        self._digest = hashlib.sha256()
        self._size = 0
        self._pieces = 0
        self._pause = float(self.get_query_argument("pause", "0"))
        if refuse := self.get_query_argument("refuse", ""):
            self.set_status(int(refuse))
            self.finish("refused")
        else:
            self.request.connection.set_max_body_size(2 << 30)  # type: ignore[union-attr]

    async def data_received(self, chunk: bytes) -> None:
        """Count."""
        if self._pause:
            await asyncio.sleep(self._pause)
        self._digest.update(chunk)
        self._size += len(chunk)
        self._pieces += 1

    def post(self) -> None:
        """Tell."""
        headers = self.request.headers
        self.write(
            {
                "size": self._size,
                "sha256": self._digest.hexdigest(),
                "pieces": self._pieces,
                "length": headers.get("Content-Length"),
                "transfer_encoding": headers.get("Transfer-Encoding"),
                "content_type": headers.get("Content-Type"),
                "expect": headers.get("Expect"),
            }
        )

    put = post


ROUTES: list[Any] = [
    (
        r"/(gzip|gzip-members|deflate|raw-deflate|x-gzip|twice|identity|unknown)",
        Coded,
    ),
    (r"/stream/(\d+)", Lines),
    ("/drip", Drip),
    (r"/bytes/(\d+)", Bytes),
    (r"/stream-bytes/(\d+)", StreamedBytes),
    ("/upload", Upload),
]
