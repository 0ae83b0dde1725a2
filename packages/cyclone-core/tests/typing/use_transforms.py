"""Output transforms, WSGI, `httputil` and `util` as a type checker sees them; mypy reads this."""

import datetime as dt
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, assert_type
from wsgiref.types import StartResponse, WSGIEnvironment

from cyclone_core import httputil, util
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from cyclone_core.web import (
    Application,
    ChunkedTransferEncoding,
    FallbackHandler,
    GZipContentEncoding,
    OutputTransform,
)
from cyclone_core.wsgi import WSGIContainer


class Stamp(OutputTransform):
    """A transform of an application's own."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        headers["X-Stamp"] = "1"
        return super().transform_first_chunk(status_code, headers, chunk, finishing)


class Small(GZipContentEncoding):
    """Compression of an application's own."""

    MIN_LENGTH = 100
    CONTENT_TYPES = frozenset({"application/x-own"})


def wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Be a WSGI application."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]


container = WSGIContainer(wsgi, ThreadPoolExecutor(4), script_name="/blog", max_threads=4)
application = Application(
    [(r"/blog/.*", FallbackHandler, {"fallback": container})],
    transforms=[Stamp, Small, ChunkedTransferEncoding],
    compress_level=9,
)
application.add_transform(GZipContentEncoding)

request = HTTPServerRequest(start_line=RequestStartLine("GET", "/", "HTTP/1.1"))
assert_type(request.method, str)

assert_type(httputil.url_concat("/path", {"a": "b"}), str)
assert_type(httputil.url_concat("/path", [("a", "b")]), str)
assert_type(list(httputil.qs_to_qsl({"a": [b"b"]})), list[tuple[str, bytes]])
assert_type(httputil.format_timestamp(dt.datetime.now(dt.UTC)), str)
assert_type(httputil.split_host_and_port("a:80"), tuple[str, int | None])
assert_type(httputil.parse_request_start_line("GET / HTTP/1.1").method, str)
assert_type(httputil.parse_response_start_line("HTTP/1.1 200 OK").code, int)
assert_type(httputil.encode_username_password("a", b"b"), bytes)
assert_type(httputil.responses, dict[int, str])


class Storage(util.Configurable):
    """An interface whose implementation is configured."""

    @classmethod
    def configurable_base(cls) -> type[util.Configurable]:
        return Storage

    @classmethod
    def configurable_default(cls) -> type[util.Configurable]:
        return Storage


Storage.configure("package.storage.Files", directory="/tmp")  # noqa: S108 -- nothing is written
assert_type(Storage(), Storage)


def fetch(url: str, callback: Callable[[], None] | None = None) -> None:
    """Take a callback."""


assert_type(util.ArgReplacer(fetch, "callback").get_old_value((), {}), Any)
assert_type(util.errno_from_exception(OSError()), int | None)
assert_type(util.re_unescape(r"\."), str)
assert_type(util.timedelta_to_seconds(dt.timedelta(1)), float)
assert_type(util.GzipDecompressor().decompress(b"", 10), bytes)
error: type[Exception] = util.TimeoutError
