"""`Client`: asks an application in memory, as a browser would over a network."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, TypedDict, Unpack
from urllib.parse import urljoin

from twisted.internet.defer import Deferred

from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.testing.connection import Connection, OpenRequest
from cyclone_core.testing.errors import TooManyRedirects
from cyclone_core.testing.jar import CookieJar
from cyclone_core.testing.messages import (
    Body,
    Content,
    Files,
    Headers,
    Message,
    Params,
    Target,
    as_headers,
    locate,
    make_body,
)
from cyclone_core.testing.port import Port
from cyclone_core.testing.response import Response
from cyclone_core.web import Application

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

__all__ = ["Client", "RequestOptions"]

_HOST: Final = "127.0.0.1"
_MAX_REDIRECTS: Final = 20
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SEE_OTHER: Final = 303
_FORM_TO_GET: Final = frozenset({301, 302})


class RequestOptions(TypedDict, total=False):
    """What every method of a `Client` takes beside the URI and `params`; all of it by keyword.

    Attributes:
        version: `"HTTP/1.1"`, the default (that of cyclone 1.x was 1.0), or `"HTTP/1.0"`.
        headers: Header fields, beside those of the client.
        body: The body: text, sent as UTF-8; bytes; or pieces of bytes, sent in chunks one by one.
        json: What is sent as JSON, with that content type.
        files: Uploads, sent as `multipart/form-data` together with `params`; see `Files`.
        remote_ip: Where the request comes from: an IP address, or `unix:PATH`.
        protocol: `"http"`, the default, or `"https"`.
        host: The value of `Host`; by default `127.0.0.1`.
        connection: What to send it on, from `Client.connect`; by default a new connection.
        follow_redirects: Ask again where a redirect leads; by default what the client was told.
    """

    version: str
    headers: Headers
    body: Content
    json: object
    files: Files
    remote_ip: str
    protocol: str
    host: str
    connection: Connection
    follow_redirects: bool


class Client:
    """Asks an application in memory: no socket, no port, no network (cyclone: `testing.Client`).

    A request goes the whole way: its bytes through the real parser with its limits, the routes and the
    handler, and the answer through the real writer. Each method returns a Deferred that fires with a
    `Response`: at once for a handler that waits for nothing, so no reactor need run, and else when the
    handler is done. Cookies are kept between requests, as RFC 6265 has it.

    Attributes:
        app: The application.
        cookies: The cookies, a `CookieJar`.
        headers: Header fields of every request.
        follow_redirects: Whether redirects are followed.

    Example:
        >>> from cyclone_core.testing import Client, result_of
        >>> from cyclone_core.web import Application, RequestHandler
        >>> class Greeting(RequestHandler):
        ...     def get(self, name):
        ...         self.write({"hello": name, "times": self.get_argument("times")})
        >>> with Client(Application([(r"/hello/(.*)", Greeting)])) as client:
        ...     response = result_of(client.get("/hello/world", {"times": 2}))
        >>> response.status, response.headers["Content-Type"]
        (200, 'application/json; charset=UTF-8')
        >>> response.json()
        {'hello': 'world', 'times': '2'}
        >>> type(response.handler).__name__
        'Greeting'
    """

    def __init__(
        self,
        app: Callable[..., Any],
        *,
        headers: Headers = (),
        follow_redirects: bool = False,
        cookies: CookieJar | None = None,
        reactor: "IReactorTime | None" = None,
    ) -> None:
        """Make a client.

        Args:
            app: An `Application`, an `HTTPServer` with options of its own, or a function that answers
                requests.
            headers: Header fields of every request.
            follow_redirects: Follow redirects, unless a request says otherwise.
            cookies: Where cookies are kept; by default an empty jar. Clients may share one.
            reactor: What tells the time for a function; an application has its own clock.

        Raises:
            TypeError: Nothing of that can be asked.
        """
        if not callable(app):
            raise TypeError(f"a client asks an Application, not {app!r}")
        self.app: Any = app
        self.cookies = CookieJar(_application_of(app)) if cookies is None else cookies
        self.headers = as_headers(headers)
        self.follow_redirects = follow_redirects
        self._reactor = reactor
        self._ports: dict[str, Port] = {}

    def get(
        self, uri: str, params: Params | None = None, **options: Unpack[RequestOptions]
    ) -> Deferred[Response]:
        """Ask with GET; see `request`."""
        return self.request("GET", uri, params, **options)

    def head(
        self, uri: str, params: Params | None = None, **options: Unpack[RequestOptions]
    ) -> Deferred[Response]:
        """Ask with HEAD; see `request`."""
        return self.request("HEAD", uri, params, **options)

    def post(
        self, uri: str, params: Params | None = None, **options: Unpack[RequestOptions]
    ) -> Deferred[Response]:
        """Ask with POST; see `request`."""
        return self.request("POST", uri, params, **options)

    def put(
        self, uri: str, params: Params | None = None, **options: Unpack[RequestOptions]
    ) -> Deferred[Response]:
        """Ask with PUT; see `request`."""
        return self.request("PUT", uri, params, **options)

    def patch(
        self, uri: str, params: Params | None = None, **options: Unpack[RequestOptions]
    ) -> Deferred[Response]:
        """Ask with PATCH; see `request`."""
        return self.request("PATCH", uri, params, **options)

    def delete(
        self, uri: str, params: Params | None = None, **options: Unpack[RequestOptions]
    ) -> Deferred[Response]:
        """Ask with DELETE; see `request`."""
        return self.request("DELETE", uri, params, **options)

    def options(
        self, uri: str, params: Params | None = None, **options: Unpack[RequestOptions]
    ) -> Deferred[Response]:
        """Ask with OPTIONS; see `request`."""
        return self.request("OPTIONS", uri, params, **options)

    def request(
        self,
        method: str,
        uri: str,
        params: Params | None = None,
        **options: Unpack[RequestOptions],
    ) -> Deferred[Response]:
        """Send a request.

        Args:
            method: Any method.
            uri: A path with its query, or a whole URL, which names protocol and host.
            params: Arguments: a form for POST, PUT and PATCH without another body, else in the query. A
                list of values repeats the name.
            options: See `RequestOptions`.

        Returns:
            A Deferred that fires with the `Response`, whatever its status is. It fails with `AnswerLost`
            if the connection ends before the answer does, with `TooManyRedirects`, or with `BadAnswer`.
            Cancelling it closes the connection.

        Raises:
            ValueError: The URI is none, a header or an address cannot be sent, or there are two bodies.
            TypeError: An option is unknown, or has the wrong type.
        """
        follow = options.pop("follow_redirects", self.follow_redirects)
        body = options.get("body")
        if follow and isinstance(body, Iterable) and not isinstance(body, (str, bytes)):
            options["body"] = list(body)  # it may have to be sent again
        request = self._prepare(method, uri, params, options)
        response = self._send(request).response
        return response.addCallback(self._follow, request, []) if follow else response

    def open(
        self,
        method: str,
        uri: str,
        params: Params | None = None,
        **options: Unpack[RequestOptions],
    ) -> OpenRequest:
        """Send the head of a request, and look at the answer while it comes.

        Args:
            method: Any method.
            uri: As for `request`.
            params: As for `request`.
            options: As for `request`. Without any body, `OpenRequest.send` sends one in pieces if the
                headers announce it, with `Content-Length` or `Transfer-Encoding: chunked`.

        Returns:
            The open request. It does not follow redirects.

        Raises:
            ValueError: As for `request`.
            TypeError: As for `request`.

        Example:
            >>> from cyclone_core.testing import Client
            >>> from cyclone_core.web import Application, RequestHandler, asynchronous
            >>> class Clock(RequestHandler):
            ...     @asynchronous
            ...     def get(self):
            ...         self.settings.listeners.append(self)
            >>> app = Application([(r"/", Clock)], listeners=[])
            >>> with Client(app) as client:
            ...     opened = client.open("GET", "/")
            ...     app.settings.listeners[0].write("tick")
            ...     sent = app.settings.listeners[0].flush()
            ...     print(opened.status, opened.take())
            200 b'tick'
        """
        options.pop("follow_redirects", None)
        request = self._prepare(method, uri, params, options)
        if not request.body.content:
            request = request._replace(body=Body(None, None))
        return self._send(request)

    def connect(self, *, remote_ip: str = _HOST, protocol: str = "http") -> Connection:
        """Open a connection, for several requests or for bytes.

        Args:
            remote_ip: Where it comes from: an IP address, or `unix:PATH`.
            protocol: `"http"` or `"https"`: what its requests say of themselves.

        Returns:
            The connection.

        Raises:
            ValueError: An argument is none of these.
        """
        port = self._ports.get(protocol)
        if port is None:
            port = self._ports[protocol] = Port(self.app, self._reactor, protocol)
        return Connection(port, remote_ip)

    def disconnect(self, *, reset: bool = False) -> None:
        """Close all connections in the middle of whatever they do.

        Args:
            reset: Go without a word, as a client does whose network fails.
        """
        for port in self._ports.values():
            for connection in list(port.open.values()):
                connection.disconnect(reset=reset)

    def close(self) -> None:
        """Close all connections; nothing is left in the reactor. The client may be used again."""
        self.disconnect()

    def __enter__(self) -> Self:
        """Give the client; it is closed behind the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the client."""
        self.close()

    def _prepare(
        self, method: str, uri: str, params: Params | None, options: RequestOptions
    ) -> "_Request":
        for name in options.keys() - RequestOptions.__annotations__.keys():
            known = ", ".join(RequestOptions.__annotations__)
            raise TypeError(f"a request has no option {name!r}; its options are {known}")
        body, query = make_body(
            method, params, options.get("body"), options.get("json"), options.get("files")
        )
        protocol = options.get("protocol", "http")
        target = locate(uri, protocol, options.get("host", _HOST), query)
        headers = self.headers.copy()
        given = as_headers(options.get("headers"))
        for name in given:
            headers.pop(name, None)
        for name, value in given.get_all():
            headers.add(name, value)
        version = options.get("version", "HTTP/1.1")
        remote_ip = options.get("remote_ip")
        return _Request(
            method, target, version, headers, body, remote_ip, options.get("connection")
        )

    def _send(self, request: "_Request") -> OpenRequest:
        target, headers = request.target, request.headers.copy()
        cookies = self.cookies.header_for(target)
        if cookies and "Cookie" not in headers:
            headers["Cookie"] = cookies
        message = Message(request.method, target, request.version, headers, request.body)
        connection = request.connection
        if connection is None:
            remote_ip = request.remote_ip or _HOST
            connection = self.connect(remote_ip=remote_ip, protocol=target.protocol)
        elif not connection.open:
            raise ValueError("this connection is closed; client.connect() makes another one")
        elif request.remote_ip is not None:
            raise ValueError("a connection has its remote_ip already: see client.connect()")
        opened = OpenRequest(
            connection, message, lambda answered: self.cookies.receive(target, answered)
        )
        connection.begin(opened, once=request.connection is None)
        return opened

    def _follow(
        self, response: Response, request: "_Request", history: list[Response]
    ) -> "Response | Deferred[Response]":
        location = response.headers.get("Location")
        if response.status not in _REDIRECTS or location is None:
            response.history = history
            return response
        history.append(response)
        if len(history) > _MAX_REDIRECTS:
            raise TooManyRedirects(f"{_MAX_REDIRECTS} redirects, and {response.url} is another one")
        following = request.redirected(response.status, location)
        return self._send(following).response.addCallback(self._follow, following, history)


class _Request(NamedTuple):
    """A request as a test wants it."""

    method: str
    target: Target
    version: str
    headers: HTTPHeaders
    body: Body
    remote_ip: str | None
    connection: Connection | None

    def redirected(self, status: int, location: str) -> "_Request":
        """Make the request that a redirect asks for, as browsers do (Fetch standard, 4.4)."""
        here = self.target
        target = locate(urljoin(here.url, location), here.protocol, here.host)
        headers = self.headers.copy()
        changed = self._replace(target=target, headers=headers)
        if (target.protocol, target.host) != (here.protocol, here.host):
            # They were meant for the other one.
            for name in ("Host", "Authorization", "Cookie"):
                headers.pop(name, None)
            changed = changed._replace(connection=None)
        if self.connection is not None and not self.connection.open:
            changed = changed._replace(connection=None)
        to_get = (status in _FORM_TO_GET and self.method == "POST") or (
            status == _SEE_OTHER and self.method not in ("GET", "HEAD")
        )
        if not to_get:
            return changed
        for name in [each for each in headers if each.startswith("Content-")]:
            del headers[name]
        headers.pop("Expect", None)
        return changed._replace(method="GET", body=Body(None, None))


def _application_of(app: object) -> Application | None:
    while isinstance(app, HTTPServer):
        app = app.request_callback
    return app if isinstance(app, Application) else None
