"""The client of cyclone 1.x, and what Twisted once had.

Names and defaults are theirs. What is new: a bound on time and size, verified certificates, and redirects
that take no credentials along.
"""

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from twisted.internet.defer import Deferred

from cyclone_core.httpclient.client import HTTPClient
from cyclone_core.httpclient.cookies.rules import make_cookie
from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.request import Headers, HeaderValue, HTTPRequest, RequestOptions
from cyclone_core.httpclient.response import HTTPResponse
from cyclone_core.httputil import HTTPHeaders

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["URLClient", "fetch", "getPage", "make_classic"]

_MAX_REDIRECTS: Final = 3

_MAX_PAGE_REDIRECTS: Final = 20

_FIRST_ERROR: Final = 400
_NO_BODY: Final = frozenset({204, 304})

_ATTRIBUTE: Final = "_classic_class"

_T = TypeVar("_T")


class URLClient(HTTPClient):
    """What `HTTPClient(url, ...)` makes: one request that can be fetched (cyclone: `HTTPClient`).

    Attributes:
        url: What is fetched.
        method: The request method.
        headers: Header fields.
        body: The body.
        followRedirect: Whether redirects are followed.
        maxRedirects: How many.
        timeout: Seconds until there is a connection.
        proxyConfig: Host and port of a proxy.
        response: The answer, once there is one.
    """

    def __init__(
        self,
        url: str | bytes,
        *,
        method: str | bytes | None = None,
        postdata: str | bytes | None = None,
        headers: "Headers | Mapping[bytes, HeaderValue] | None" = None,
        followRedirect: bool | int = 0,  # noqa: N803 -- cyclone's name
        maxRedirects: int = _MAX_REDIRECTS,  # noqa: N803 -- cyclone's name
        timeout: float | None = None,
        proxy: "tuple[str, int] | str | None" = None,
        reactor: Any = None,  # noqa: ANN401 -- several interfaces
        **options: Any,  # noqa: ANN401 -- those of RequestOptions
    ) -> None:
        """Describe a request; `fetch` explains the arguments.

        Raises:
            TypeError: There is no such argument.
        """
        unknown = options.keys() - RequestOptions.__annotations__
        if unknown:
            raise TypeError(
                f"{', '.join(sorted(unknown))}: no argument of HTTPClient(url); it takes those of"
                " httpclient.fetch"
            )
        super().__init__(
            cookies=False, raise_error=False, max_clients=1, max_idle_connections=0, reactor=reactor
        )
        self.url = _text(url)
        self.body = postdata or None
        self.method = _text(method or ("GET" if self.body is None else "POST"))
        self.headers = headers
        self.followRedirect = followRedirect
        self.maxRedirects = maxRedirects
        self.timeout = timeout
        self.proxyConfig = proxy
        self.response: HTTPResponse | None = None
        self._options = options

    def fetch(self, *arguments: Any, **options: Any) -> Deferred[HTTPResponse]:  # noqa: ANN401 -- none
        """Ask the server, on a connection that is closed afterwards.

        Args:
            arguments: None: everything was said before.
            options: None, as above.

        Returns:
            A Deferred that fires with the answer, whatever its status is. Its `error` is None below
            400, as in cyclone 1.x.

        Raises:
            TypeError: There are arguments, or an attribute has another type.
        """
        if arguments or options:
            raise TypeError("HTTPClient(url) has been told everything: fetch() takes no arguments")
        named = {
            "connect_timeout": self.timeout,
            "follow_redirects": bool(self.followRedirect),
            "max_redirects": self.maxRedirects,
            **self._options,
        }
        if isinstance(self.proxyConfig, tuple):
            named["proxy_host"], named["proxy_port"] = self.proxyConfig
        elif self.proxyConfig is not None:
            named["proxy"] = self.proxyConfig
        request = HTTPRequest(
            self.url,
            self.method,
            _fields(self.headers),
            self.body,
            **named,
        )
        return super().fetch(request).addCallback(self._keep)

    def _keep(self, response: HTTPResponse) -> HTTPResponse:
        if response.code < _FIRST_ERROR:
            response.error = None
        if response.request.method == "HEAD" or response.code in _NO_BODY:
            response.length = (
                0  # that of the body, as Twisted's Agent has it, and not what the head says
            )
        self.response = response
        return response


def make_classic(client: HTTPClient, url: str | bytes, **options: Any) -> None:  # noqa: ANN401 -- of URLClient
    """Turn a client that is being made into a `URLClient`, of its own class, too.

    Args:
        client: The client, of `HTTPClient` or a program's subclass of it.
        url: What it fetches.
        options: See `URLClient`.

    Raises:
        TypeError: There is no such argument.
    """
    made: Any = client
    made.__class__ = _classic_class(type(client))
    URLClient.__init__(made, url, **options)


def _classic_class(kind: type[HTTPClient]) -> type[URLClient]:
    """Make the class of what is both; what the program has overridden comes first."""
    if kind is HTTPClient:
        return URLClient
    if issubclass(kind, URLClient):
        return kind
    found = kind.__dict__.get(_ATTRIBUTE)
    if found is None:
        found = type(kind.__name__, (kind, URLClient), {"__module__": kind.__module__})
        # There and not in a table of ours, which would keep classes that nobody needs any more.
        setattr(kind, _ATTRIBUTE, found)
    return cast("type[URLClient]", found)


def fetch(url: str | bytes, **kwargs: Any) -> Deferred[HTTPResponse]:  # noqa: ANN401 -- see below
    """Fetch a URL (cyclone: `httpclient.fetch`).

    Args:
        url: The URL; it may be bytes, as cyclone 1.x needed it on Python 3.
        kwargs: `method`, by default POST if there is `postdata` and GET if not; `postdata`, the body, of
            which nothing is known unless `headers` says it: it is taken for a form; `headers`, names to
            values or to lists of values; `followRedirect`, by default 0; `maxRedirects`, by default 3;
            `timeout`, seconds until there is a connection, by default 20; `proxy`, host and port. And all
            arguments of `HTTPRequest`, for example `request_timeout`.

    Returns:
        A Deferred that fires with the answer, whatever its status is; it fails if there is none. The
        answer's `error` is None below 400, as in cyclone 1.x.

    Raises:
        TypeError: An argument is unknown, or has another type.
    """
    client = URLClient(url, **kwargs)
    return client.fetch().addBoth(_close, client)


def getPage(  # noqa: N802 -- Twisted's
    url: str | bytes,
    contextFactory: object = None,  # noqa: N803 -- Twisted's name
    *,
    method: str | bytes = "GET",
    postdata: str | bytes | None = None,
    headers: "Mapping[str, str | bytes] | Mapping[bytes, str | bytes] | None" = None,
    agent: str | bytes | None = None,
    timeout: float = 0,
    cookies: "Mapping[str, str | bytes] | Mapping[bytes, str | bytes] | None" = None,
    followRedirect: bool | int = True,  # noqa: N803 -- as above
    redirectLimit: int = _MAX_PAGE_REDIRECTS,  # noqa: N803 -- as above
    afterFoundGet: bool = True,  # noqa: ARG001, N803 -- as above
    reactor: Any = None,  # noqa: ANN401 -- several interfaces
) -> Deferred[bytes]:
    """Fetch a page (Twisted had it as `twisted.web.client.getPage`).

    Args:
        url: The URL.
        contextFactory: How TLS is spoken, see `ssl_options` of `HTTPRequest`.
        method: The request method.
        postdata: The body.
        headers: Header fields.
        agent: The `User-Agent`.
        timeout: Seconds for all of it; 0 is no bound.
        cookies: Names to values.
        followRedirect: Whether redirects are followed.
        redirectLimit: How many.
        afterFoundGet: After 301 and 302 a POST is always a GET here.
        reactor: The reactor; by default the installed one.

    Returns:
        A Deferred that fires with the body in bytes. It fails with `HTTPClientError` if there is no
        answer, or its status is none of 200 to 299.

    Raises:
        InvalidRequest: A cookie is none that a header can carry.
        TypeError: An argument is unknown, or has another type.
    """
    fields = {_text(name): _text(value) for name, value in (headers or {}).items()}
    if cookies:
        fields["Cookie"] = "; ".join([_pair(name, value) for name, value in cookies.items()])
    request = HTTPRequest(
        _text(url),
        _text(method),
        fields,
        postdata,
        follow_redirects=bool(followRedirect),
        max_redirects=redirectLimit,
        user_agent=None if agent is None else _text(agent),
        request_timeout=timeout,
        ssl_options=contextFactory,
    )
    client = HTTPClient(cookies=False, max_clients=1, max_idle_connections=0, reactor=reactor)
    return client.fetch(request).addCallback(_page).addBoth(_close, client)


def _pair(name: str | bytes, value: str | bytes) -> str:
    try:
        return make_cookie(_text(name), value).pair
    except ValueError as error:
        raise InvalidRequest(str(error)) from None


def _text(given: str | bytes) -> str:
    return given.decode("latin-1") if isinstance(given, bytes) else given


def _fields(given: "Headers | Mapping[bytes, HeaderValue] | None") -> Headers | None:
    """Take names of bytes, too, which cyclone 1.x handed on to Twisted."""
    if given is None or isinstance(given, HTTPHeaders):
        return given
    return {_text(name): value for name, value in given.items()}


def _page(response: HTTPResponse) -> bytes:
    return response.body


def _close(result: _T, client: HTTPClient) -> _T:
    client.close()
    return result
