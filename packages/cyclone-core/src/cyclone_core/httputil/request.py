"""The request that a handler sees as `self.request`."""

import time
from typing import TYPE_CHECKING, Any

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.arguments import FORM_TYPE, Arguments, media_type, parse_arguments
from cyclone_core.httputil.headers import HTTPHeaders
from cyclone_core.limits import Limits

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from cyclone_core.httpserver.exchange import Exchange
    from cyclone_core.httpserver.options import ServerOptions

__all__ = ["HTTPServerRequest"]

_DEFAULT_HOST = "127.0.0.1"


class HTTPServerRequest:
    """One HTTP request (Tornado: `httputil.HTTPServerRequest`; cyclone: `httpserver.HTTPRequest`).

    Attributes:
        method: The request method, for example `"GET"`.
        uri: Path and query as the client sent them, still percent-encoded.
        path: The part of `uri` before `?`.
        query: The part of `uri` behind `?`, without it.
        version: `"HTTP/1.1"` or `"HTTP/1.0"`.
        headers: The header fields, an `HTTPHeaders`.
        body: The body, `b""` if there is none.
        host: The `Host` header, or the authority of an absolute request target.
        remote_ip: The client's address; `unix:PATH` on a unix socket.
        protocol: `"http"` or `"https"`.
        files: Uploaded files by field name.
        connection: The exchange, which takes the answer; None if the request came from no server.
        body_error: What is wrong with the body, which then is empty; None if nothing is. The web
            framework answers it with an error page before `prepare`.
        options: How the port is served that the request came to; None as the application is.
    """

    body_error: HTTPInputError | None = None
    options: "ServerOptions | None" = None

    # On the class, so that a request that asks for none of them does not pay for them.
    _finish_time: float | None = None
    _query_arguments: Arguments | None = None
    _body_arguments: Arguments | None = None
    _arguments: Arguments | None = None

    def __init__(
        self,
        method: str,
        uri: str,
        version: str = "HTTP/1.0",
        headers: HTTPHeaders | None = None,
        body: bytes | None = None,
        remote_ip: str | None = None,
        protocol: str | None = None,
        host: str | None = None,
        files: dict[str, list[Any]] | None = None,
        connection: "Exchange | None" = None,
        *,
        limits: Limits | None = None,
    ) -> None:
        """Make a request; the server does, and tests may.

        Args:
            method: The request method.
            uri: Path and query, percent-encoded.
            version: The protocol version.
            headers: The header fields; none if absent.
            body: The body in bytes; empty if absent.
            remote_ip: The client's address.
            protocol: `"http"` (the default) or `"https"`.
            host: The host with its port; by default the `Host` header, or 127.0.0.1.
            files: Uploaded files by field name.
            connection: The exchange that takes the answer.
            limits: The bounds of parsing arguments; the defaults if absent.
        """
        self.method = method
        self.uri = uri
        self.path, _, self.query = uri.partition("?")
        self.version = version
        self.headers = headers = HTTPHeaders() if headers is None else headers
        self.body = body or b""
        self.remote_ip = remote_ip
        self.protocol = protocol or "http"
        self.host = host or headers.get("Host") or _DEFAULT_HOST
        self.files = files if files is not None else {}
        self.connection = connection
        self._limits = limits
        self._start_time = time.perf_counter()

    @property
    def host_name(self) -> str:
        """The host without its port, in lower case; an IPv6 address keeps its brackets."""
        host = self.host.lower()
        name, colon, port = host.rpartition(":")
        return name if colon and not port.endswith("]") else host

    @property
    def query_arguments(self) -> Arguments:
        """The arguments of the query string: name to list of bytes, blank values kept.

        Raises:
            HTTPInputError: There are more than `max_arguments`.
        """
        if self._query_arguments is None:
            self._query_arguments = parse_arguments(self.query, self._max_arguments)
        return self._query_arguments

    @property
    def body_arguments(self) -> Arguments:
        """The arguments of a form body: name to list of bytes, blank values kept.

        Raises:
            HTTPInputError: There are more than `max_arguments`.
        """
        if self._body_arguments is None:
            is_form = media_type(self.headers.get("Content-Type", "")) == FORM_TYPE
            self._body_arguments = (
                parse_arguments(self.body, self._max_arguments) if is_form else {}
            )
        return self._body_arguments

    @property
    def arguments(self) -> Arguments:
        """The arguments of query string and form body together, the query's first.

        Raises:
            HTTPInputError: One of the two has more than `max_arguments`.
        """
        if self._arguments is None:
            merged = {name: values.copy() for name, values in self.query_arguments.items()}
            for name, values in self.body_arguments.items():
                merged.setdefault(name, []).extend(values)
            self._arguments = merged
        return self._arguments

    @property
    def _max_arguments(self) -> int:
        return (self._limits or Limits()).max_arguments

    def supports_http_1_1(self) -> bool:
        """Tell whether the client speaks HTTP/1.1."""
        return self.version == "HTTP/1.1"

    def full_url(self) -> str:
        """Reconstruct the URL that was asked for, from `protocol`, `host` and `uri`."""
        # RFC 9112 section 3.3: `*` asks for the whole server, which has no path.
        return f"{self.protocol}://{self.host}{'' if self.uri == '*' else self.uri}"

    def request_time(self) -> float:
        """Measure the seconds from the request's head to the end of the answer, or until now."""
        end = time.perf_counter() if self._finish_time is None else self._finish_time
        return end - self._start_time

    def mark_finished(self) -> None:
        """Stop the clock of `request_time`; the framework calls it when the answer is complete."""
        self._finish_time = time.perf_counter()

    def notifyFinish(self) -> "Deferred[str | None]":
        """Wait for the end of the answer (twisted.web: `Request.notifyFinish`).

        Returns:
            A Deferred that fires with None when the answer is finished, or with a message if the
            connection is lost before. It never fails.

        Raises:
            RuntimeError: The request came from no server.
        """
        if self.connection is None:
            raise RuntimeError("this request has no connection: it was made by hand")
        return self.connection.notifyFinish()

    def __repr__(self) -> str:
        """Show what identifies the request; headers stay out, they hold secrets."""
        fields = ("protocol", "host", "method", "uri", "version", "remote_ip")
        args = ", ".join([f"{name}={getattr(self, name)!r}" for name in fields])
        return f"{type(self).__name__}({args})"
