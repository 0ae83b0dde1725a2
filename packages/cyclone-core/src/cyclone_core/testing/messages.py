"""Requests as a client writes them: the target, the body and the bytes."""

import json as json_module
import mimetypes
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO, Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from cyclone_core.httputil import HTTPHeaders

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

Params = Mapping[str, Any] | Sequence[tuple[str, Any]]
"""Arguments: names to values; a list of values repeats the name."""

Content = str | bytes | Iterable[bytes]
"""A body: text, sent as UTF-8; bytes; or pieces, which are sent as chunks one after the other."""

Files = Mapping[str, Any] | Sequence[tuple[str, Any]]
"""Uploads: field names to an `HTTPFile`, a dict like one, bytes, an open binary file, a tuple
`(filename, body)` or `(filename, body, content_type)`, or a list of such."""

_FORM_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})

# Everything that a browser leaves as it is, and `%`: what is escaped already stays so.
_UNESCAPED: Final = "".join(map(chr, range(0x21, 0x7F)))

_FORM_ESCAPES: Final = {ord("\r"): "%0D", ord("\n"): "%0A", ord('"'): "%22"}


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
        uri += mark + urlencode(_pairs(params), doseq=True)
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
        boundary = secrets.token_hex(16)
        content = b"".join(_multipart(boundary, params or (), files))
        return Body(content, f"multipart/form-data; boundary={boundary}"), None
    if json is not None:
        return Body(json_module.dumps(json).encode(), "application/json"), params
    if body is not None:
        return Body(_content(body), None), params
    if params and method in _FORM_METHODS:
        form = urlencode(_pairs(params), doseq=True).encode()
        return Body(form, "application/x-www-form-urlencoded"), None
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
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"a piece of a body is bytes, not {type(data).__name__}")
        if not self.chunked or not data:
            return bytes(data)
        return b"%x\r\n%b\r\n" % (len(data), data)

    def end(self) -> bytes:
        """Write what comes behind the last piece."""
        return b"0\r\n\r\n" if self.chunked else b""


def _pairs(params: Params) -> list[tuple[str, Any]]:
    return list(params.items() if isinstance(params, Mapping) else params)


def _multipart(boundary: str, params: Params, files: Files) -> Iterator[bytes]:
    """Write a form with uploads as browsers do (HTML standard, section 4.10.21.8)."""
    for name, value in _pairs(params):
        several = value if isinstance(value, (list, tuple)) else [value]
        for each in several:
            text = each if isinstance(each, bytes) else str(each).encode()
            yield _part(boundary, f'name="{_escaped(name)}"', None, text)
    for name, value in _pairs(files):
        for each in value if isinstance(value, list) else [value]:
            filename, content, content_type = _file(each)
            disposition = f'name="{_escaped(name)}"; filename="{_escaped(filename)}"'
            yield _part(boundary, disposition, content_type, content)
    yield f"--{boundary}--\r\n".encode()


def _part(boundary: str, disposition: str, content_type: str | None, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n"
    if content_type is not None:
        head += f"Content-Type: {content_type}\r\n"
    return head.encode() + b"\r\n" + content + b"\r\n"


def _escaped(name: str) -> str:
    return name.translate(_FORM_ESCAPES)


def _file(given: Any) -> tuple[str, bytes, str]:  # noqa: ANN401 -- see Files
    """Find name, content and type of an upload."""
    content_type: str | None = None
    if isinstance(given, Mapping):
        filename, content = given["filename"], given["body"]
        content_type = given.get("content_type")
    elif isinstance(given, tuple):
        filename, content, *rest = given
        content_type = rest[0] if rest else None
    elif isinstance(given, (str, bytes)):
        filename, content = "file", given
    elif hasattr(given, "read"):
        file: BinaryIO = given
        filename, content = PurePath(str(getattr(file, "name", "file"))).name, file
    else:
        raise TypeError(
            f"an upload is an HTTPFile, bytes, a binary file or (filename, body), not {given!r}"
        )
    if hasattr(content, "read"):
        content = content.read()
    if isinstance(content, str):
        content = content.encode()
    if not isinstance(content, bytes):
        raise TypeError(f"the body of an upload is bytes, not {type(content).__name__}")
    guessed = content_type or mimetypes.guess_type(filename)[0] or "application/octet-stream"
    return filename, content, guessed
