"""What a client is asked to do."""

import datetime as dt
import time
from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from typing import Any, Final, TypedDict, cast

from cyclone_core.httpclient.bodies import Content, Files, Params
from cyclone_core.httpclient.checks import CALLBACKS, FLAGS, NUMBERS, TEXTS, check_options
from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.urls import show_url
from cyclone_core.httputil import HTTPHeaders, format_timestamp

__all__ = ["FetchOptions", "HTTPRequest", "Headers", "RequestOptions", "as_headers"]

HeaderValue = str | bytes | int | float | list[str] | tuple[str, ...]

Headers = HTTPHeaders | Mapping[str, HeaderValue]


BodyProducer = Callable[[Callable[[bytes], Awaitable[None]]], Any]

# Names of options, how to get them from a request, and what they are if nobody has said anything.
_GROUPS: Final = tuple(
    (
        names,
        attrgetter(*names),
        tuple([False if each == "expect_100_continue" else None for each in names]),
    )
    for names in (NUMBERS, FLAGS, TEXTS, CALLBACKS)
)


class RequestOptions(TypedDict, total=False):
    """What may be said of a request beside its URL and its method: the arguments of `HTTPRequest`."""

    headers: Headers | None
    body: Content | None
    auth_username: str | None
    auth_password: str | None
    auth_mode: str | None
    connect_timeout: float | None
    request_timeout: float | None
    if_modified_since: float | dt.datetime | None
    follow_redirects: bool | None
    max_redirects: int | None
    user_agent: str | None
    use_gzip: bool | None
    network_interface: str | None
    streaming_callback: Callable[[bytes], Any] | None
    header_callback: Callable[[str], Any] | None
    prepare_curl_callback: Callable[[Any], None] | None
    proxy_host: str | None
    proxy_port: int | None
    proxy_username: str | None
    proxy_password: str | None
    proxy_auth_mode: str | None
    allow_nonstandard_methods: bool | None
    validate_cert: bool | None
    ca_certs: str | None
    allow_ipv6: bool | None
    client_key: str | None
    client_cert: str | None
    body_producer: BodyProducer | None
    expect_100_continue: bool
    decompress_response: bool | None
    ssl_options: Any
    params: Params | None
    form: Params | None
    json: object
    files: Files | None
    idle_timeout: float | None
    max_body_size: int | None
    proxy: str | None
    unix_socket: str | None
    server_name: str | None


class FetchOptions(RequestOptions, total=False):
    """What may be said of a request beside its URL."""

    method: str


class HTTPRequest:
    """A request and how it is to be made (Tornado: `httpclient.HTTPRequest`).

    The arguments are the attributes, but for two: `if_modified_since`, when the resource was last asked for
    (seconds since 1970 or a datetime), becomes a header field, and `use_gzip` is an older name of
    `decompress_response`. What is None takes the client's default, see `AsyncHTTPClient`. A client never
    changes a request, so the same one can be fetched again.

    Attributes:
        url: The URL, relative if the client has a `base_url`. A name and a password in it are used as
            `auth_username` and `auth_password`.
        method: The request method.
        headers: Header fields. `Host`, `User-Agent`, `Accept-Encoding`, `Content-Length` and what
            the other arguments say are added unless they are there.
        body: The body: text, sent as UTF-8; bytes; a binary file, an iterable or an asynchronous
            iterable of bytes; or Twisted's `IBodyProducer`.
        auth_username: A name for authentication.
        auth_password: The password that belongs to it.
        auth_mode: `"basic"`, the default, or `"digest"`.
        connect_timeout: Seconds until there is a connection; 0 is no bound.
        request_timeout: Seconds for everything together, redirects included; 0 is no bound.
        follow_redirects: Ask again where a redirect leads.
        max_redirects: How often.
        user_agent: The value of `User-Agent`.
        network_interface: The address of this machine from which to connect.
        streaming_callback: Called with each piece of the body, which is then not collected. It may
            be a coroutine function; no more is read until it is done. It is cancelled with the fetch.
        header_callback: Called with each line of the head, line end included, the first and the
            empty last one too.
        prepare_curl_callback: There is no curl here: anything but None is refused.
        proxy_host: The host of a proxy.
        proxy_port: Its port.
        proxy_username: A name for the proxy.
        proxy_password: The password that belongs to it.
        proxy_auth_mode: `"basic"`.
        allow_nonstandard_methods: Any method, with or without a body.
        validate_cert: Believe a server on https only if somebody trusted has signed its certificate.
        ca_certs: The path of the certificates, PEM, of those who are trusted; by default the
            system's.
        allow_ipv6: Use IPv6 where there is some; by default True.
        client_key: The path of the private key, PEM, of `client_cert`.
        client_cert: The path of a certificate, PEM, by which the server knows this client.
        body_producer: Makes the body: called with a function `write`, whose result tells when there
            is room for more, it returns something to wait for.
        expect_100_continue: Send the body only when the server wants it.
        decompress_response: Ask for gzip and deflate, and decode them.
        ssl_options: How TLS is spoken, in place of the five options before; see `TLSOptions`.
        params: Arguments to be added to the query of the URL.
        form: What is sent as an HTML form.
        json: What is sent as JSON.
        files: Uploads, see `bodies.Files`; then `form` is sent beside them.
        idle_timeout: Seconds in which something must go one way or the other; 0 is no bound.
        max_body_size: Most bytes of the answer's body, as sent and as decoded.
        proxy: The URL of a proxy, in place of the five options above.
        unix_socket: The path of the Unix socket on which the server listens.
        server_name: The name that the server's certificate must have, if it is not the URL's.
        start_time: When it was made, in seconds since 1970.
    """

    def __init__(
        self,
        url: str,
        method: str = "GET",
        headers: Headers | None = None,
        body: Content | None = None,
        auth_username: str | None = None,
        auth_password: str | None = None,
        auth_mode: str | None = None,
        connect_timeout: float | None = None,
        request_timeout: float | None = None,
        if_modified_since: "float | dt.datetime | None" = None,
        follow_redirects: bool | None = None,
        max_redirects: int | None = None,
        user_agent: str | None = None,
        use_gzip: bool | None = None,
        network_interface: str | None = None,
        streaming_callback: Callable[[bytes], Any] | None = None,
        header_callback: Callable[[str], Any] | None = None,
        prepare_curl_callback: Callable[[Any], None] | None = None,
        proxy_host: str | None = None,
        proxy_port: int | None = None,
        proxy_username: str | None = None,
        proxy_password: str | None = None,
        proxy_auth_mode: str | None = None,
        allow_nonstandard_methods: bool | None = None,
        validate_cert: bool | None = None,
        ca_certs: str | None = None,
        allow_ipv6: bool | None = None,
        client_key: str | None = None,
        client_cert: str | None = None,
        body_producer: BodyProducer | None = None,
        expect_100_continue: bool = False,
        decompress_response: bool | None = None,
        ssl_options: Any = None,  # noqa: ANN401 -- see tls.py
        *,
        params: Params | None = None,
        form: Params | None = None,
        json: object = None,
        files: Files | None = None,
        idle_timeout: float | None = None,
        max_body_size: int | None = None,
        proxy: str | None = None,
        unix_socket: str | None = None,
        server_name: str | None = None,
    ) -> None:
        """Describe a request; the arguments are explained above.

        Raises:
            TypeError: There is no such option; or an option or a header has another type.
            ValueError: An option is out of range, or a header is none.
        """
        self.url, self.method = url, method
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = as_headers(headers)
        if if_modified_since is not None:
            self.headers["If-Modified-Since"] = _date(if_modified_since)
        self.auth_username, self.auth_password = auth_username, auth_password
        self.auth_mode = auth_mode
        self.connect_timeout, self.request_timeout = connect_timeout, request_timeout
        self.idle_timeout, self.max_body_size = idle_timeout, max_body_size
        self.follow_redirects, self.max_redirects = follow_redirects, max_redirects
        self.user_agent = user_agent
        self.decompress_response = use_gzip if decompress_response is None else decompress_response
        self.network_interface, self.allow_ipv6 = network_interface, allow_ipv6
        self.streaming_callback, self.header_callback = streaming_callback, header_callback
        self.prepare_curl_callback = prepare_curl_callback
        self.proxy, self.proxy_host, self.proxy_port = proxy, proxy_host, proxy_port
        self.proxy_username, self.proxy_password = proxy_username, proxy_password
        self.proxy_auth_mode = proxy_auth_mode
        self.allow_nonstandard_methods = allow_nonstandard_methods
        self.validate_cert, self.ca_certs, self.server_name = validate_cert, ca_certs, server_name
        self.client_key, self.client_cert, self.ssl_options = client_key, client_cert, ssl_options
        self.body_producer, self.expect_100_continue = body_producer, expect_100_continue
        self.params, self.form, self.json, self.files = params, form, json, files
        self.unix_socket = unix_socket
        self.start_time = time.time()
        self._check()

    def _check(self) -> None:
        """Refuse what no option can be, where it is said and not in the middle of a fetch."""
        for names, get, nothing in _GROUPS:
            # Compared at once, which takes less time than to look at each.
            if (values := get(self)) != nothing:
                check_options(names, values)

    def __repr__(self) -> str:
        """Show method and URL, without a password or a query that may stand in it."""
        place = show_url(self.url)
        return f"<{type(self).__name__} {self.method}{place and f' {place}'}>"


def _date(given: "float | dt.datetime") -> str:
    try:
        return format_timestamp(given)
    except (OSError, OverflowError, ValueError):  # of years that there are not
        raise InvalidRequest(
            f"if_modified_since is a datetime or seconds since 1970, not {given!r:.50}"
        ) from None


def as_headers(given: "Headers | None") -> HTTPHeaders:
    """Make header fields of what a program gives.

    Args:
        given: A mapping; a value may be a list, as cyclone 1.x has them, or a number.

    Returns:
        New header fields.

    Raises:
        TypeError: It is no mapping, or a value is no text.
        ValueError: A name is no token, or a value holds what no header may.
    """
    if given is None or isinstance(given, HTTPHeaders):
        return HTTPHeaders(given or ())
    if not isinstance(given, Mapping):
        raise TypeError(
            f"header fields are a mapping of names to values or to lists of values, not"
            f" {type(given).__name__}"
        )
    headers = HTTPHeaders()
    for name, value in given.items():
        for each in value if isinstance(value, (list, tuple)) else (value,):
            number = isinstance(each, (int, float)) and not isinstance(each, bool)
            headers.add(name, str(each) if number else cast("str", each))
    return headers
