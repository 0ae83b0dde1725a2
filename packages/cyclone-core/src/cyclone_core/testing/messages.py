"""Requests as a client writes them: the target, the body and the bytes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from cyclone_core.httpclient.forms import Params, encode_form
from cyclone_core.httpclient.multipart import MultipartForm
from cyclone_core.httpclient.sources import as_piece
from cyclone_core.httpclient.uploads import Files
from cyclone_core.httputil import HTTPHeaders
from cyclone_escape import json_encode

__all__ = [
    "Body",
    "Content",
    "Files",
    "Headers",
    "Message",
    "Params",
    "Target",
    "as_headers",
    "locate",
    "make_body",
]

HeaderValue = str | bytes | int

Headers = HTTPHeaders | Mapping[str, HeaderValue] | Iterable[tuple[str, HeaderValue]]
"""Header fields: names to values, or pairs in which names may be repeated."""

Content = str | bytes | Iterable[bytes]
"""A body: text, sent as UTF-8; bytes; or pieces, which are sent as chunks one after the other."""

_FORM_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})

# Everything that a browser leaves as it is, and `%`: what is escaped already stays so.
_UNESCAPED: Final = "".join(map(chr, range(0x21, 0x7F)))


class Target(NamedTuple):
    """Where a request goes.

    Attributes:
        protocol: `"http"` or `"https"`.
        host: The value of `Host`.
        path: Path and query, percent-encoded.
    """

    protocol: str
    host: str
    path: str

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{self.protocol}://{self.host}{'' if self.path == '*' else self.path}"

    @property
    def host_name(self) -> str:
        """The host without its port, in lower case."""
        return (urlsplit(f"//{self.host}").hostname or "").lower()


class Body(NamedTuple):
    """A body, and what the head says of it.

    Attributes:
        content: The body; None for none.
        content_type: Its content type; None if nothing is known.
    """

    content: bytes | Iterable[bytes] | None
    content_type: str | None


def as_headers(given: "Headers | None") -> HTTPHeaders:
    """Make header fields of what a test gives.

    Args:
        given: A mapping, pairs, or None for none; a value may be bytes, which are latin-1, or a number.

    Returns:
        New header fields.

    Raises:
        ValueError: A name is no token, or a value holds what no header may.
        TypeError: A value has another type.
    """
    headers = HTTPHeaders()
    pairs: Iterable[tuple[str, HeaderValue]]
    if isinstance(given, HTTPHeaders):
        pairs = given.get_all()
    elif isinstance(given, Mapping):
        pairs = given.items()
    else:
        pairs = given or ()
    for name, value in pairs:
        if isinstance(value, bytes):
            value = value.decode("latin-1")  # noqa: PLW2901 -- the same in another form
        elif isinstance(value, int):
            value = str(value)  # noqa: PLW2901 -- as above
        headers.add(name, value)
    return headers


def locate(uri: str, protocol: str, host: str, params: Params | None = None) -> Target:
    """Find out where a request goes.

    Args:
        uri: A path with its query, `*`, or a whole URL. What no URL may hold is percent-encoded as
            browsers do it; a fragment is dropped.
        protocol: What a path is asked with.
        host: Whom a path is asked from.
        params: Arguments to be added to the query.

    Returns:
        The target.

    Raises:
        ValueError: It is none of the three, or its scheme is neither http nor https.
    """
    uri = quote(uri.partition("#")[0], safe=_UNESCAPED)
    if not uri.startswith("/") and uri != "*":
        scheme, slashes, rest = uri.partition("://")
        if not slashes or scheme.lower() not in ("http", "https"):
            raise ValueError(
                f"a test client is asked for a path, '/...', or a URL, 'http://host/...', not {uri!r}"
            )
        protocol = scheme.lower()
        end = min((rest.find(mark) for mark in "/?" if mark in rest), default=len(rest))
        host, uri = rest[:end], rest[end:]
        if not uri.startswith("/"):
            uri = f"/{uri}"
    if params:
        mark = "&" if "?" in uri else "?"
        uri += mark + encode_form(params)
    return Target(protocol, host, uri)


def make_body(
    method: str,
    params: Params | None,
    body: Content | None,
    json: object,
    files: Files | None,
) -> tuple[Body, Params | None]:
    """Make the body of a request.

    Args:
        method: The request method.
        params: Arguments; they make a form if the method has forms and there is no other body.
        body: The body as it is.
        json: What is sent as JSON.
        files: Uploads.

    Returns:
        The body, and the arguments that belong into the query.

    Raises:
        ValueError: More than one body is given.
        TypeError: One of them is nothing that can be sent.
    """
    given = [
        name
        for name, value in (("body", body), ("json", json), ("files", files))
        if value is not None
    ]
    if len(given) > 1:
        raise ValueError(f"a request has one body, not {' and '.join(given)}")
    if files is not None:
        form = MultipartForm(params or (), files)
        return Body(b"".join(form.pieces()), form.content_type), None
    if json is not None:
        return Body(json_encode(json).encode(), "application/json"), params
    if body is not None:
        return Body(_content(body), None), params
    if params and method in _FORM_METHODS:
        return Body(encode_form(params).encode(), "application/x-www-form-urlencoded"), None
    return Body(b"" if method in _FORM_METHODS else None, None), params


def _content(body: object) -> bytes | Iterable[bytes]:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, Iterable) and not isinstance(body, Mapping):
        return body
    raise TypeError(
        f"a body is str, bytes or an iterable of bytes, not {type(body).__name__}; a dict is sent with"
        " json= or, as a form, with params="
    )


class Message:
    """A request, and how its bytes look.

    Attributes:
        method: The request method.
        target: Where it goes.
        version: `"HTTP/1.1"` or `"HTTP/1.0"`.
        headers: The header fields as they are sent.
        chunked: Whether the body is sent in chunks.
    """

    def __init__(
        self,
        method: str,
        target: Target,
        version: str,
        headers: HTTPHeaders,
        body: Body,
    ) -> None:
        """Complete the head.

        Args:
            method: The request method.
            target: Where it goes.
            version: The protocol version.
            headers: The header fields that the test wants; they are changed.
            body: The body.

        Raises:
            ValueError: The version is unknown, or it knows no chunks.
        """
        if version not in ("HTTP/1.1", "HTTP/1.0"):
            raise ValueError(f"version is 'HTTP/1.1' or 'HTTP/1.0', not {version!r}")
        self.method = method
        self.target = target
        self.version = version
        self.headers = headers
        self.content = body.content
        if "Host" not in headers:
            headers["Host"] = target.host
        if body.content_type is not None and "Content-Type" not in headers:
            headers["Content-Type"] = body.content_type
        self.chunked = headers.get("Transfer-Encoding", "").lower() == "chunked"
        if self.chunked:
            return
        if isinstance(body.content, bytes):
            headers.setdefault("Content-Length", str(len(body.content)))
        elif body.content is not None and "Content-Length" not in headers:
            if version == "HTTP/1.0":
                raise ValueError("HTTP/1.0 has no chunks: give a body in pieces a Content-Length")
            headers["Transfer-Encoding"] = "chunked"
            self.chunked = True

    @property
    def waits(self) -> bool:
        """Whether the body is sent only when the server wants it (RFC 9110 section 10.1.1)."""
        return self.headers.get("Expect", "").lower() == "100-continue"

    def head(self) -> bytes:
        """Write the head."""
        line = f"{self.method} {self.target.path} {self.version}\r\n"
        return f"{line}{self.headers.to_wire()}\r\n".encode("latin-1")

    def body(self) -> Iterator[bytes]:
        """Write the body, piece by piece."""
        content = self.content
        if isinstance(content, bytes):
            yield self.piece(content) + self.end()
        elif content is not None:
            for piece in content:
                yield self.piece(piece)
            yield self.end()

    def piece(self, data: bytes) -> bytes:
        """Write a piece of the body."""
        data = as_piece(data)
        if not self.chunked or not data:
            return data
        return b"%x\r\n%b\r\n" % (len(data), data)

    def end(self) -> bytes:
        """Write what comes behind the last piece."""
        return b"0\r\n\r\n" if self.chunked else b""
