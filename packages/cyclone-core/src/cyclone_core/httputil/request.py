"""The request that a handler sees as `self.request`."""

import time
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.arguments import Arguments, parse_arguments
from cyclone_core.httputil.cookies import parse_cookie
from cyclone_core.httputil.files import HTTPFile
from cyclone_core.httputil.forms import Form, max_arguments, parse_form
from cyclone_core.httputil.headers import HTTPHeaders
from cyclone_core.httputil.startlines import RequestStartLine
from cyclone_core.httputil.stores import BodyStore, MemoryStore, open_range
from cyclone_core.limits import Limits

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from cyclone_core.httpserver.exchange import Exchange
    from cyclone_core.httpserver.options import ServerOptions

__all__ = ["HTTPServerRequest"]

_DEFAULT_HOST: Final = "127.0.0.1"
_DEFAULT_LIMITS: Final = Limits()


class HTTPServerRequest:
    """One HTTP request (Tornado: `httputil.HTTPServerRequest`; cyclone: `httpserver.HTTPRequest`).

    Attributes:
        method: The request method, for example `"GET"`.
        uri: Path and query as the client sent them, still percent-encoded.
        path: The part of `uri` before `?`.
        query: The part of `uri` behind `?`, without it.
        version: `"HTTP/1.1"` or `"HTTP/1.0"`.
        headers: The header fields, an `HTTPHeaders`.
        host: The `Host` header, or the authority of an absolute request target.
        remote_ip: The client's address; `unix:PATH` on a unix socket.
        protocol: `"http"` or `"https"`.
        connection: The exchange, which takes the answer; None if the request came from no server.
        body_error: What is wrong with the body, which then is empty; None if nothing is. The web
            framework answers it with an error page before `prepare`; arguments and files raise it.
        options: How the port is served that the request came to; None as the application is.
    """

    body_error: HTTPInputError | None = None
    options: "ServerOptions | None" = None

    # On the class, so that a request that asks for none of them does not pay for them.
    _finish_time: float | None = None
    _query_arguments: Arguments | None = None
    _form: Form | None = None
    _store: BodyStore | None = None
    _arguments: Arguments | None = None
    _cookie_values: dict[str, str] | None = None

    def __init__(
        self,
        method: str | None = None,
        uri: str | None = None,
        version: str = "HTTP/1.0",
        headers: HTTPHeaders | None = None,
        body: bytes | None = None,
        remote_ip: str | None = None,
        protocol: str | None = None,
        host: str | None = None,
        files: dict[str, list[HTTPFile]] | None = None,
        connection: "Exchange | None" = None,
        *,
        start_line: RequestStartLine | None = None,
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
            start_line: Method, uri and version together, in place of these three.
            limits: The bounds of parsing arguments; the defaults if absent.

        Raises:
            TypeError: There is no method or no uri.
        """
        if start_line is not None:
            method, uri, version = start_line
        if method is None or uri is None:
            raise TypeError("a request has a method and a uri, or a start_line, which has both")
        self.method = method
        self.uri = uri
        self.path, _, self.query = uri.partition("?")
        self.version = version
        self.headers = headers = HTTPHeaders() if headers is None else headers
        if body:
            self.body = body
        self.remote_ip = remote_ip
        self.protocol = protocol or "http"
        self.host = host or headers.get("Host") or _DEFAULT_HOST
        if files is not None:
            self.files = files
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
    def server_connection(self) -> "Exchange | None":
        """The same as `connection` (Tornado's name)."""
        return self.connection

    @property
    def limits(self) -> Limits:
        """The bounds of the connection from which the request came, else the defaults."""
        return self._limits or _DEFAULT_LIMITS

    # Both are looked up on the class only if the instance has none, so a request that has no body
    # does not pay for them, and both may be set.

    @cached_property
    def body(self) -> bytes:
        """The body, `b""` if there is none; a large one is read from disk when first asked for."""
        store = self._store
        return b"" if store is None else store.read_range(0, store.size)

    @cached_property
    def files(self) -> dict[str, list[HTTPFile]]:
        """Uploaded files by name of the field, several of a name in order.

        Raises:
            HTTPInputError: The form is malformed, or has more than `max_arguments`.
        """
        return self._parsed_form().files

    @cached_property
    def body_file(self) -> BinaryIO:
        """The body as a binary file, the same each time: at position 0 when first asked for.

        A large body is read from disk piece by piece, never as a whole.
        """
        store = self._store or MemoryStore(self.body)
        return open_range(store, 0, store.size)

    @property
    def query_arguments(self) -> Arguments:
        """The arguments of the query string: name to list of bytes, blank values kept.

        Raises:
            HTTPInputError: There are more than `max_arguments`.
        """
        if self._query_arguments is None:
            self._query_arguments = parse_arguments(self.query, max_arguments(self.limits))
        return self._query_arguments

    @property
    def body_arguments(self) -> Arguments:
        """The fields of a form body: name to list of bytes, blank values kept.

        Raises:
            HTTPInputError: The form is malformed, or has more than `max_arguments`; or its fields are
                larger than `body_memory_limit` (413). `body` and `body_file` can still be read.
        """
        return self._parsed_form().arguments

    @property
    def arguments(self) -> Arguments:
        """The arguments of query string and form body together, the query's first.

        Raises:
            HTTPInputError: The form is malformed or larger than `body_arguments` allows, or one of the
                two has more than `max_arguments`.
        """
        if self._arguments is None:
            merged = {name: values.copy() for name, values in self.query_arguments.items()}
            for name, values in self.body_arguments.items():
                merged.setdefault(name, []).extend(values)
            self._arguments = merged
        return self._arguments

    # Cookies are parsed when somebody asks for one, and a `SimpleCookie` of them, which costs ten times
    # as much, is only made for who asks for that.

    @cached_property
    def cookies(self) -> SimpleCookie:
        """The cookies that the client has sent, as `http.cookies` keeps them; malformed ones are left out.

        What it cannot hold, such as the names `a[b]` and `path`, is only seen by `get_cookie`.
        """
        cookies = SimpleCookie()
        refused = {}
        for name, value in self._sent_cookies().items():
            try:
                cookies[name] = value
            except CookieError:
                refused[name] = value
        self._cookie_values = refused
        return cookies

    def get_cookie(self, name: str) -> str | None:
        """Give the value of one cookie, without the cost of `cookies`.

        Args:
            name: Its name.

        Returns:
            The value that the client has sent last, or the one in `cookies` if somebody has changed
            that; None if there is no such cookie.
        """
        made = self.__dict__.get("cookies")
        if made is not None and name in made:
            value: str = made[name].value
            return value
        return self._sent_cookies().get(name)

    def _sent_cookies(self) -> dict[str, str]:
        if self._cookie_values is None:
            # HTTP/2 may split the header, and proxies hand that on; a comma would join it wrongly.
            values = parse_cookie("; ".join(self.headers.get_list("Cookie")))
            values.pop("", None)
            self._cookie_values = values
        return self._cookie_values

    def _parsed_form(self) -> Form:
        if self.body_error is not None:
            raise _anew(self.body_error)
        if self._form is None:
            content_type = self.headers.get("Content-Type", "")
            store = self._store
            if store is None or "body" in self.__dict__:  # somebody may have set another one
                store = MemoryStore(self.body)
            self._form = parse_form(content_type, self.headers, store, self.limits)
        return self._form

    def receive_stored(self, store: BodyStore) -> None:
        """Take a complete body that is not in memory; the server calls it.

        Args:
            store: Where it is.
        """
        self._store = store

    def receive_form(self, form: Form) -> None:
        """Take the form that was parsed while the body arrived; the server calls it.

        Args:
            form: Its fields and files.
        """
        self._form = form

    def supports_http_1_1(self) -> bool:
        """Tell whether the client speaks HTTP/1.1."""
        return self.version == "HTTP/1.1"

    def full_url(self) -> str:
        """Reconstruct the URL that was asked for, from `protocol`, `host` and `uri`."""
        # RFC 9112 section 3.3: `*` asks for the whole server, which has no path.
        return f"{self.protocol}://{self.host}{'' if self.uri == '*' else self.uri}"

    def get_ssl_certificate(self, binary_form: bool = False) -> Any:  # noqa: ANN401 -- optional type
        """Give the certificate that the client has shown (Tornado has the same name).

        Args:
            binary_form: Give it in DER.

        Returns:
            A pyOpenSSL `X509` (Tornado: the dictionary of Python's `ssl`), DER bytes, or None if the
            client has shown none, there is no TLS, or the request came from no server.
        """
        certificate = None if self.connection is None else self.connection.peer.certificate
        if certificate is None or not binary_form:
            return certificate
        from OpenSSL import crypto

        return crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)

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


def _anew(error: HTTPInputError) -> HTTPInputError:
    """Copy an exception that the request keeps: the traceback of it would lead back to the request."""
    copied = HTTPInputError(str(error), error.status)
    copied.http_headers = error.http_headers
    return copied
