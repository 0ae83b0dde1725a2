"""Asking a server over a socket: what `AsyncHTTPTestCase.fetch` does.

This is a client for tests: no pool of connections, no proxies, no streaming. It names its arguments and
the attributes of its answers as Tornado's `AsyncHTTPClient` does, so a test need not care which one it is
given.
"""

import base64
import datetime as dt
import io
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack, cast
from urllib.parse import urljoin, urlsplit

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone

from cyclone_core.http1 import EndOfBody, ResponseHead
from cyclone_core.httputil import HTTPHeaders, http_date
from cyclone_core.testing.errors import AnswerLost, BadAnswer, FetchError, TooManyRedirects
from cyclone_core.testing.messages import Body, Headers, Message, as_headers, locate
from cyclone_core.testing.reading import close, make_reader, next_event
from cyclone_core.tls import TLSUnavailable

if TYPE_CHECKING:
    from twisted.python.failure import Failure

__all__ = ["FetchClient", "FetchOptions", "FetchResponse"]

_FIRST_ERROR: Final = 300
_FIRST_SUCCESS: Final = 200
_MAX_REDIRECTS: Final = 5
_TIMEOUT: Final = 20.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_METHODS: Final = _WITH_BODY | {"GET", "HEAD", "DELETE", "OPTIONS"}
_PORTS: Final = {"http": 80, "https": 443}


class FetchOptions(TypedDict, total=False):
    """What `FetchClient.fetch` takes; the names and defaults are those of Tornado's `HTTPRequest`.

    Attributes:
        method: The request method, by default GET.
        headers: Header fields.
        body: The body, which POST, PUT and PATCH must have and others must not.
        allow_nonstandard_methods: Any method, with or without a body.
        follow_redirects: Ask again where a redirect leads; by default True.
        max_redirects: How often; by default 5.
        request_timeout: Seconds for everything together, by default 20; None or 0 for no bound.
        connect_timeout: Seconds until there is a connection, by default 20.
        user_agent: The value of `User-Agent`.
        auth_username: A name for basic authentication.
        auth_password: The password that belongs to it.
        if_modified_since: When the answer was last asked for.
        decompress_response: Ask for gzip, and decode it; by default True.
        validate_cert: Believe a server on https only if somebody trusted has signed its certificate.
        ca_certs: The path of the certificates, PEM, of those who are trusted; by default the system's.
    """

    method: str
    headers: Headers | None
    body: str | bytes | None
    allow_nonstandard_methods: bool
    follow_redirects: bool
    max_redirects: int
    request_timeout: float | None
    connect_timeout: float
    user_agent: str
    auth_username: str
    auth_password: str
    if_modified_since: dt.datetime | float
    decompress_response: bool
    validate_cert: bool
    ca_certs: str


class FetchResponse:
    """An answer (Tornado: `httpclient.HTTPResponse`).

    Attributes:
        code: The status code.
        reason: The reason phrase.
        headers: The header fields.
        body: The body in bytes, without its coding if `decompress_response` is on.
        effective_url: What was asked for last.
        request_time: How many seconds it took, redirects included.
        error: What `rethrow` raises; None if the status is one of 200 to 299.
    """

    def __init__(
        self, head: ResponseHead, body: bytes, effective_url: str, request_time: float
    ) -> None:
        """Make an answer; the client does."""
        self.code = head.status
        self.reason = head.reason
        self.headers: HTTPHeaders = head.headers
        self.body = body
        self.effective_url = effective_url
        self.request_time = request_time
        fine = _FIRST_SUCCESS <= head.status < _FIRST_ERROR
        self.error: FetchError | None = None if fine else FetchError(self)

    @property
    def buffer(self) -> io.BytesIO:
        """The body as a file."""
        return io.BytesIO(self.body)

    def rethrow(self) -> None:
        """Raise what is in `error`, if there is something.

        Raises:
            FetchError: The status is none of 200 to 299.
        """
        if self.error is not None:
            raise self.error

    def __repr__(self) -> str:
        """Show what a failing test wants to know first."""
        return f"<{type(self).__name__} {self.code} {self.reason}, {len(self.body)} bytes>"


class FetchClient:
    """Fetches URLs over sockets, each on a connection of its own."""

    def __init__(self, **defaults: Unpack[FetchOptions]) -> None:
        """Make a client.

        Args:
            defaults: What `fetch` is to do unless it is told otherwise.
        """
        _check(defaults)
        self._defaults = defaults
        self._open: set[_Exchange] = set()

    def fetch(
        self, request: str, raise_error: bool = True, **options: Unpack[FetchOptions]
    ) -> Deferred[FetchResponse]:
        """Ask a server.

        Args:
            request: The URL.
            raise_error: Fail if the status is none of 200 to 299.
            options: See `FetchOptions`.

        Returns:
            A Deferred that fires with the `FetchResponse` when the connection is closed again. It fails
            with `FetchError` if `raise_error` says so, with `twisted.internet.defer.TimeoutError`, with
            what connecting fails with, or with `AnswerLost`, `BadAnswer` or `TooManyRedirects`.

        Raises:
            TypeError: An option is unknown.
            ValueError: There is no body where there must be one, or the other way round; or the URL or
                a header is none.
        """
        from twisted.internet import reactor

        _check(options)
        merged: FetchOptions = {**self._defaults, **options}
        message = _message("GET", request, merged)
        waiting = Deferred.fromCoroutine(self._fetch(message, merged, raise_error))
        timeout = merged.get("request_timeout", _TIMEOUT)
        return waiting.addTimeout(timeout, cast("Any", reactor)) if timeout else waiting

    def close(self) -> None:
        """Cut what is still open; such a fetch fails with `AnswerLost`."""
        for exchange in list(self._open):
            exchange.cut()

    async def _fetch(
        self, message: Message, options: FetchOptions, raise_error: bool
    ) -> FetchResponse:
        begun = time.perf_counter()
        most = options.get("max_redirects", _MAX_REDIRECTS)
        redirects = 0
        while True:
            head, body = await self._ask(message, options)
            location = head.headers.get("Location")
            if head.status not in _REDIRECTS or location is None:
                break
            if not options.get("follow_redirects", True):
                break
            redirects += 1
            if redirects > most:
                raise TooManyRedirects(f"{most} redirects, and {message.target.url} is another one")
            message = _redirected(message, head.status, location)
        elapsed = time.perf_counter() - begun
        response = FetchResponse(head, body, message.target.url, elapsed)
        if raise_error:
            response.rethrow()
        return response

    async def _ask(self, message: Message, options: FetchOptions) -> tuple[ResponseHead, bytes]:
        endpoint = _endpoint(message, options)
        exchange = _Exchange(message, self._open)
        await endpoint.connect(Factory.forProtocol(lambda: exchange))
        head, body = await exchange.done
        coding = head.headers.get("Content-Encoding", "").lower()
        if coding == "gzip" and body and options.get("decompress_response", True):
            body = zlib.decompress(body, wbits=zlib.MAX_WBITS | 16)
            # Tornado's name: a test can still see that there was a coding.
            head.headers["X-Consumed-Content-Encoding"] = head.headers.pop("Content-Encoding")
            del head.headers["Content-Length"]
            head.headers["Content-Length"] = str(len(body))
        return head, body


class _Exchange(Protocol):
    """One request and its answer, on a connection of its own.

    Attributes:
        done: It fires with head and body when the connection is closed.
    """

    transport: ITCPTransport

    def __init__(self, message: Message, together: "set[_Exchange]") -> None:
        self.done: Deferred[tuple[ResponseHead, bytes]] = Deferred(lambda _: self.cut())
        self._message = message
        self._together = together
        self._reader = make_reader()
        self._head: ResponseHead | None = None
        self._body = bytearray()
        self._complete = False
        self._error: BadAnswer | None = None

    def connectionMade(self) -> None:
        self._together.add(self)
        self._reader.expect(self._message.method)
        self.transport.write(self._message.head() + b"".join(self._message.body()))

    def dataReceived(self, data: bytes) -> None:
        self._reader.receive_data(data)
        try:
            while not self._complete and (event := next_event(self._reader)) is not None:
                if isinstance(event, ResponseHead):
                    self._head = event
                elif isinstance(event, EndOfBody):
                    self._complete = True
                    self.transport.loseConnection()
                else:
                    self._body += event
        except BadAnswer as error:
            self._error = error
            self.transport.abortConnection()

    def connectionLost(self, reason: "Failure" = connectionDone) -> None:
        self._together.discard(self)
        head = self._head
        if close(self._reader) is not None:
            self._complete = True
        if self.done.called:
            return  # cancelled
        if self._error is not None:
            self.done.errback(self._error)
        elif head is None or not self._complete:
            status, headers = (None, None) if head is None else (head.status, head.headers)
            why = f"the connection ended before the answer did: {reason.getErrorMessage()}"
            self.done.errback(AnswerLost(why, status, headers, bytes(self._body)))
        else:
            self.done.callback((head, bytes(self._body)))

    def cut(self) -> None:
        self.transport.abortConnection()


def _check(options: FetchOptions) -> None:
    for name in options.keys() - FetchOptions.__annotations__.keys():
        known = ", ".join(FetchOptions.__annotations__)
        raise TypeError(f"fetch() has no option {name!r} here; its options are {known}")


def _message(method: str, url: str, options: FetchOptions) -> Message:
    """Make the request that somebody asks for."""
    method = options.get("method", method)
    body = options.get("body")
    if not options.get("allow_nonstandard_methods"):
        if method not in _METHODS:
            raise ValueError(f"{method!r} needs allow_nonstandard_methods=True")
        if (body is None) == (method in _WITH_BODY):
            must = "must" if body is None else "must not"
            raise ValueError(f"{method} {must} have a body; or allow_nonstandard_methods=True")
    headers = as_headers(options.get("headers"))
    headers["Connection"] = "close"
    if "user_agent" in options:
        headers["User-Agent"] = options["user_agent"]
    if "auth_username" in options:
        pair = f"{options['auth_username']}:{options.get('auth_password', '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    if "if_modified_since" in options:
        since = options["if_modified_since"]
        if isinstance(since, dt.datetime):
            since = (since if since.tzinfo else since.replace(tzinfo=dt.UTC)).timestamp()
        headers["If-Modified-Since"] = http_date(since)
    if options.get("decompress_response", True):
        headers.setdefault("Accept-Encoding", "gzip")
    content = body.encode() if isinstance(body, str) else body
    form = "application/x-www-form-urlencoded" if method == "POST" else None
    return Message(method, locate(url, "http", ""), "HTTP/1.1", headers, Body(content, form))


def _redirected(message: Message, status: int, location: str) -> Message:
    """Make the request that a redirect asks for."""
    here = message.target
    target = locate(urljoin(here.url, location), here.protocol, here.host)
    headers = message.headers.copy()
    del headers["Host"]
    if (target.protocol, target.host) != (here.protocol, here.host):
        for name in ("Authorization", "Cookie"):
            headers.pop(name, None)
    if message.method == "HEAD" or status in (307, 308) or message.method == "GET":
        return Message(message.method, target, "HTTP/1.1", headers, Body(message.content, None))
    if status == 303 or message.method == "POST":  # noqa: PLR2004 -- See Other
        for name in [each for each in headers if each.startswith("Content-")]:
            del headers[name]
        return Message("GET", target, "HTTP/1.1", headers, Body(None, None))
    return Message(message.method, target, "HTTP/1.1", headers, Body(message.content, None))


def _endpoint(message: Message, options: FetchOptions) -> Any:  # noqa: ANN401 -- IStreamClientEndpoint
    from twisted.internet import reactor

    protocol = message.target.protocol
    place = urlsplit(message.target.url)
    host = place.hostname or ""
    endpoint = HostnameEndpoint(
        reactor,
        host,
        place.port or _PORTS[protocol],
        timeout=options.get("connect_timeout", _TIMEOUT),
    )
    if protocol == "http":
        return endpoint
    return wrapClientTLS(_tls_options(host, options), endpoint)


def _tls_options(host: str, options: FetchOptions) -> Any:  # noqa: ANN401 -- pyOpenSSL is optional
    try:
        from twisted.internet import ssl
    except ImportError as error:
        raise TLSUnavailable(
            f'https needs pyOpenSSL ({error}): pip install "cyclone-core[tls]"'
        ) from None
    if not options.get("validate_cert", True):
        return ssl.CertificateOptions(verify=False)
    if "ca_certs" not in options:
        return ssl.optionsForClientTLS(host)
    trusted = ssl.Certificate.loadPEM(Path(options["ca_certs"]).read_bytes())
    return ssl.optionsForClientTLS(host, trustRoot=ssl.trustRootFromCertificates([trusted]))
