"""One fetch: from a request to its answer, over redirects and authentication.

Theory of operation. `Fetch.run` is a coroutine: it asks the pool for the right to have a connection, takes
or makes one, sends a `Hop` and waits for its `Exchange`. The head of the answer decides in `sink_for` what
comes next: another `Hop`, or who takes the body. One timer watches over all of that; when it has run out it
cancels whatever the coroutine waits for. So does a caller who cancels: both leave nothing behind.
"""

import math
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, cast

from twisted.internet.defer import CancelledError, Deferred

from cyclone_core.coroutines import run_in
from cyclone_core.http1 import ResponseHead
from cyclone_core.httpclient.authentication import basic
from cyclone_core.httpclient.bodies import make_body, rewind
from cyclone_core.httpclient.errors import (
    HTTPClientError,
    HTTPStreamClosedError,
    IdleTimeout,
    InvalidRequest,
    RequestTimeout,
    TooManyRedirects,
)
from cyclone_core.httpclient.exchange import Exchange
from cyclone_core.httpclient.messages import Hop, check_method, make_message, read_length
from cyclone_core.httpclient.redirects import SECRETS, follow
from cyclone_core.httpclient.request import HTTPRequest, as_headers
from cyclone_core.httpclient.response import HTTPResponse
from cyclone_core.httpclient.routes import Route, route_for
from cyclone_core.httpclient.sinks import CallbackSink, ChunkStream, Collector
from cyclone_core.httpclient.tls_options import without_certificate
from cyclone_core.httpclient.urls import join_query, parse_url
from cyclone_core.httputil import HTTPHeaders

if TYPE_CHECKING:
    from cyclone_core.bodies import BodyReceiver
    from cyclone_core.httpclient.authentication import DigestAuth
    from cyclone_core.httpclient.connection import ClientConnection
    from cyclone_core.httpclient.messages import Store
    from cyclone_core.httpclient.settings import ClientSettings

__all__ = ["Fetch"]

_UNAUTHORIZED: Final = 401

# What may be sent twice without harm (RFC 9110 section 9.2.2).
_IDEMPOTENT: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"})


class Fetch:
    """Fetches one request; an `Owner` of its exchanges.

    Attributes:
        stream: Where the body of a streamed answer comes from; None for others.
        exchange: The last exchange, as long as it is under way or its body may be read.
    """

    def __init__(
        self, client: "ClientSettings", request: HTTPRequest, *, streams: bool = False
    ) -> None:
        """Prepare a fetch.

        Args:
            client: What belongs to the client.
            request: What is asked for.
            streams: Whether `run` ends with the head of the answer.
        """
        self.stream = ChunkStream() if streams else None
        self.exchange: Exchange | None = None
        self._client = client
        self._request = request
        self._at_home = True
        self._attempts = 0
        self._collector: Collector | None = None
        self._connection: ClientConnection | None = None
        # Answers come in the reactor's context.
        calls = request.streaming_callback is not None or request.header_callback is not None
        self._context = copy_context() if calls else None
        self._digest: DigestAuth | None = None
        self._expired: HTTPClientError | None = None
        self._hop = self._first_hop()
        self._next: Hop | None = None
        self._redirects = 0
        self._problem: TooManyRedirects | None = None
        self._started = 0.0
        self._timer: Any = None
        self._times: dict[str, float] = {}
        self._waiting: Deferred[Any] | None = None

    async def run(self) -> HTTPResponse:
        """Ask until there is an answer.

        Returns:
            The answer; for a streamed one its body comes through `stream`.

        Raises:
            HTTPClientError: There is none.
            InvalidRequest: The request is impossible.
        """
        self._started = self._client.reactor.seconds()
        self._watch()
        complete = False
        try:
            exchange = await self._ask(self._hop)
            while self._next is not None:
                self._hop = self._next
                exchange = await self._ask(self._hop)
            complete = True
        except CancelledError:
            if self._expired is not None:
                raise self._expired from None
            raise
        finally:
            if not complete or exchange.over:
                self._stop_watching()
            if self.stream is None:
                self.exchange = None  # which refers to this object
        return self._response(exchange)

    def end_stream(self) -> None:
        """Read no more of a streamed answer."""
        self._stop_watching()
        if self.exchange is not None and self.stream is not None:
            self.exchange.stop()
            self.stream.close(
                HTTPStreamClosedError("the answer was closed before its body was read to the end")
            )

    # What is asked.

    def _option(self, name: str) -> Any:  # noqa: ANN401 -- of any type
        value = getattr(self._request, name)
        return self._client.defaults.get(name) if value is None else value

    def _seconds(self, name: str) -> float:
        value: float = self._option(name)
        if not 0 <= value < math.inf:
            raise InvalidRequest(f"{name} is a number of seconds, or 0 for no bound, not {value!r}")
        return value

    def _secret(self, name: str, hop: Hop) -> Any:  # noqa: ANN401 -- of any type
        """Return an option that says who we are: to the server for which it was given, and to no other."""
        if not hop.trusted:
            return None
        value = getattr(self._request, name)
        return self._client.defaults.get(name) if value is None and self._at_home else value

    def _first_hop(self) -> Hop:
        """Check the request, and make the first hop of it."""
        request, client = self._request, self._client
        if request.prepare_curl_callback is not None:
            raise InvalidRequest(
                "prepare_curl_callback: there is no curl here; see the options of HTTPRequest"
            )
        if self.stream is not None and request.streaming_callback is not None:
            raise InvalidRequest(
                "streaming_callback: a stream is read where it is opened; use fetch() to be called"
            )
        # A program may have put a plain dictionary there, or nothing.
        headers = request.headers
        if type(headers) is not HTTPHeaders:
            headers = as_headers(headers)
        text = request.url if request.params is None else join_query(request.url, request.params)
        url = parse_url(text, client.base_url)
        body = make_body(
            request.body,
            form=request.form,
            json=request.json,
            files=request.files,
            body_producer=request.body_producer,
            length=read_length(headers.store.get("Content-Length")),
        )
        any_method = self._option("allow_nonstandard_methods")
        check_method(request.method, body.content is not None, any_method)
        base = client.base_url
        self._at_home = base is None or base.origin == url.origin
        if client.headers is not None:
            headers = _merged(headers, client.headers, self._at_home)
        return Hop(url, request.method, headers, body)

    def _route(self, hop: Hop) -> Route:
        option = self._option
        return route_for(
            hop.url,
            proxy=option("proxy"),
            proxy_host=option("proxy_host"),
            proxy_port=option("proxy_port"),
            proxy_username=option("proxy_username"),
            proxy_password=option("proxy_password"),
            proxy_auth_mode=option("proxy_auth_mode"),
            validate_cert=option("validate_cert"),
            ca_certs=option("ca_certs"),
            client_key=self._secret("client_key", hop),
            client_cert=self._secret("client_cert", hop),
            ssl_options=self._ssl_options(hop),
            server_name=self._secret("server_name", hop),
            network_interface=option("network_interface"),
            allow_ipv6=option("allow_ipv6"),
            unix_socket=option("unix_socket"),
        )

    def _ssl_options(self, hop: Hop) -> object | None:
        """Return what Twisted has for TLS; only who may know it sees the certificate that may be in there."""
        given = self._request.ssl_options
        if given is not None:
            return given if hop.trusted else without_certificate(given)
        given = self._client.defaults.get("ssl_options")
        if given is None or (hop.trusted and self._at_home):
            return cast("object | None", given)
        return without_certificate(given)

    def _extra_headers(self, hop: Hop, route: Route) -> "Store":
        """Make the header fields that the program need not write."""
        given = hop.headers.store
        extra: Store = {"User-Agent": _checked(self._option("user_agent"))}
        if self._option("decompress_response") and "Range" not in given:
            extra["Accept-Encoding"] = "gzip, deflate"
        if route.forwards and route.proxy is not None and route.proxy.username is not None:
            extra["Proxy-Authorization"] = basic(route.proxy.username, route.proxy.password or "")
        self._digest = None
        if "Authorization" not in given:
            authorization = self._authorization(hop)
            if authorization is not None:
                extra["Authorization"] = authorization
        jar = self._client.jar
        if jar is not None and "Cookie" not in given and (cookies := jar.header_for(hop.url)):
            extra["Cookie"] = cookies
        return extra

    def _authorization(self, hop: Hop) -> str | None:
        credentials = self._credentials(hop)
        if credentials is None:
            return None
        mode = self._option("auth_mode")
        if mode == "basic":
            return basic(*credentials)
        if mode != "digest":
            raise InvalidRequest(f"auth_mode is 'basic' or 'digest', not {mode!r}")
        content = hop.body.content
        body = b"" if content is None else content if isinstance(content, bytes) else None
        digest = self._digest = self._client.digest_for(hop.url, credentials)
        return digest.authorization(hop.method, hop.url.target, body)

    def _credentials(self, hop: Hop) -> tuple[str, str] | None:
        if hop.url.username is not None:
            return hop.url.username, hop.url.password or ""
        name = self._secret("auth_username", hop)
        return None if name is None else (name, self._secret("auth_password", hop) or "")

    # Asking.

    async def _ask(self, hop: Hop) -> Exchange:
        """Send a hop, and wait for the answer; a connection that has turned out to be dead is replaced."""
        route = self._route(hop)
        message = make_message(
            hop,
            self._extra_headers(hop, route),
            forwards=route.forwards,
            expects_continue=self._request.expect_100_continue,
        )
        self._next = None
        fresh = False
        while True:
            connection = await self._connect(route, fresh)
            self._connection = connection
            self.exchange = exchange = self._exchange(connection, route)
            done = exchange.done
            exchange.start(message)
            try:
                await self._wait(done)
            except HTTPStreamClosedError:
                dead = connection.requests > 1 and not connection.answered
                if not dead or hop.method not in _IDEMPOTENT or not rewind(hop.body.content):
                    raise
                fresh = True
            else:
                return exchange
            finally:
                self._connection = None if self.stream is None else connection

    def _exchange(self, connection: "ClientConnection", route: Route) -> Exchange:
        client = self._client
        most = self._request.max_body_size
        return Exchange(
            self,
            connection,
            client.pool,
            route,
            streams=self.stream is not None,
            decode=bool(self._option("decompress_response")),
            max_body_size=client.max_body_size if most is None else most,
            seconds=client.reactor.seconds,
            call_soon=self._call_soon,
        )

    def _call_soon(self, function: Any) -> None:  # noqa: ANN401 -- any function
        self._client.reactor.callLater(0, function)

    async def _connect(self, route: Route, fresh: bool) -> "ClientConnection":
        """Get a connection, and the right to it."""
        pool, seconds = self._client.pool, self._client.reactor.seconds
        timeout = self._seconds("connect_timeout") or None
        before = seconds()
        turn = pool.turn(timeout)
        if turn is not None:
            await self._wait(turn)
            self._times["queue"] = self._times.get("queue", 0.0) + seconds() - before
        connection = None if fresh else pool.find(route)
        if connection is not None:
            return connection
        before = seconds()
        try:
            made: ClientConnection = await self._wait(pool.connect(route, timeout))
        except BaseException:
            pool.drop()
            raise
        self._times["connect"] = self._times.get("connect", 0.0) + seconds() - before
        return made

    async def _wait(self, waiting: Deferred[Any]) -> Any:  # noqa: ANN401 -- of any type
        self._waiting = waiting
        if self._expired is not None:
            waiting.cancel()  # the program's own code, which makes bodies, has closed the client
        try:
            return await waiting
        finally:
            self._waiting = None

    # What the exchange calls.

    def sink_for(self, head: ResponseHead) -> "BodyReceiver | None":
        """Decide what an answer leads to; see `Owner`."""
        hop = self._hop
        jar = self._client.jar
        if jar is not None:
            jar.receive(hop.url, head.headers)
        self._next = self._next_hop(hop, head)
        if self._next is not None:
            return None
        request = self._request
        context = self._context
        if context is not None and request.header_callback is not None:
            run_in(context, _call_with_lines, request.header_callback, head)
        if self.stream is not None:
            return self.stream
        if context is not None and request.streaming_callback is not None:
            return CallbackSink(request.streaming_callback, context)
        self._collector = collector = Collector()
        return collector

    def stream_ended(self, error: BaseException | None) -> None:
        """Pass the end on to who reads; see `Owner`."""
        self._stop_watching()
        if error is not None and self.stream is not None:
            self.stream.fail(error)

    # What comes next.

    def _next_hop(self, hop: Hop, head: ResponseHead) -> Hop | None:
        most = self._option("max_redirects")
        if self._option("follow_redirects") and most > 0:
            try:
                following = follow(hop, head, self._redirects, most)
            except TooManyRedirects as problem:
                # Its traceback leads here, and from here to whoever keeps it.
                self._problem = problem.with_traceback(None)
                return None
            if following is not None:
                self._redirects += 1
                self._attempts = 0
                return following
        if self._digest is not None:
            if head.status == _UNAUTHORIZED:
                return self._challenged(hop, head)
            self._digest.accepted(head.headers)
        return None

    def _challenged(self, hop: Hop, head: ResponseHead) -> Hop | None:
        """Answer a challenge, if that can help and is allowed."""
        digest = self._digest
        if digest is None or not digest.challenged(head.headers, attempts=self._attempts):
            return None
        self._attempts += 1
        return hop if rewind(hop.body.content) else None

    # The answer.

    def _response(self, exchange: Exchange) -> HTTPResponse:
        hop, client = self._hop, self._client
        head = cast("ResponseHead", exchange.head)
        total = client.reactor.seconds() - self._started
        times = self._times
        times.setdefault("queue", 0.0)
        times["starttransfer"] = exchange.headed_at - self._started
        times["total"] = total
        response = HTTPResponse(
            self._request,
            head.status,
            head.headers,
            None,
            hop.url.url,
            None,
            total - times["queue"],
            times,
            head.reason,
            self._request.start_time,
        )
        response.length = -1 if head.content_length is None else head.content_length
        if exchange.trailers:
            response.trailers = HTTPHeaders.from_store(exchange.trailers)
        if self._collector is not None:
            chunks = self._collector.chunks
            response.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            if exchange.decoded:
                head.headers["Content-Length"] = str(len(response.body))
        if self._problem is not None:
            self._problem.response = response
            response.error = self._problem
        return response

    # Time.

    def _watch(self) -> None:
        """Start the timer, if there is a bound."""
        total, idle = self._seconds("request_timeout"), self._seconds("idle_timeout")
        wait = min(total or idle, idle or total)
        if wait:
            self._timer = self._client.reactor.callLater(wait, self._look, total, idle)

    def _look(self, total: float, idle: float) -> None:
        """See whether a bound is exceeded; else look again when it may be."""
        self._timer = None
        now = self._client.reactor.seconds()
        left = self._started + total - now if total else idle
        if not idle or left <= 0:
            problem = f"there was no whole answer after {total:g} seconds (request_timeout)"
            self.abandon(RequestTimeout(f"{self._hop.url.shown}: {problem}"))
            return
        connection = self._connection
        since = now if connection is None or connection.paused else connection.last_activity
        quiet = since + idle - now
        if quiet <= 0:
            problem = f"nothing moved for {idle:g} seconds (idle_timeout)"
            self.abandon(IdleTimeout(f"{self._hop.url.shown}: {problem}"))
            return
        self._timer = self._client.reactor.callLater(min(left, quiet), self._look, total, idle)

    def abandon(self, error: HTTPClientError) -> None:
        """End it now.

        Args:
            error: What the caller gets.
        """
        self._expired = error
        if self._waiting is not None:
            self._waiting.cancel()
        elif self.exchange is not None:
            self.exchange.stop()
            self.stream_ended(error)

    def _stop_watching(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


def _checked(user_agent: Any) -> str:  # noqa: ANN401 -- from a program
    """Check the one header field that is given as an option: it must not end its line."""
    if type(user_agent) is str and user_agent.isascii() and user_agent.isprintable():
        return user_agent
    try:
        return HTTPHeaders({"User-Agent": user_agent})["User-Agent"]
    except ValueError as error:
        raise InvalidRequest(str(error)) from None


def _merged(headers: HTTPHeaders, more: HTTPHeaders, at_home: bool) -> HTTPHeaders:
    """Add the header fields that a client sends with every request; secrets stay at home."""
    store = dict(more.store)
    if not at_home:
        for name in SECRETS:
            store.pop(name, None)
    store.update(headers.store)
    return HTTPHeaders.from_store(store)


def _call_with_lines(callback: Any, head: ResponseHead) -> None:  # noqa: ANN401 -- any function
    callback(f"{head.version} {head.status} {head.reason}\r\n")
    for name, value in head.headers.get_all():
        callback(f"{name}: {value}\r\n")
    callback("\r\n")
