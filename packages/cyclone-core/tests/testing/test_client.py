"""`Client`: requests of every kind, and what comes back."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import Clock, deferLater

from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPFile, HTTPHeaders, HTTPServerRequest
from cyclone_core.routing import AnyMatches, PathMatches, Rule, RuleRouter
from cyclone_core.testing import (
    AnswerLost,
    Client,
    CookieJar,
    NotFired,
    Response,
    TooManyRedirects,
    result_of,
)
from cyclone_core.web import (
    Application,
    HTTPError,
    RequestHandler,
    asynchronous,
    stream_request_body,
)

MakeClient = Callable[..., Client]
Answer = Any


class Echo(RequestHandler):
    """Tells what was asked."""

    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND")

    def prepare(self) -> None:
        request = self.request
        self.write(
            {
                "method": request.method,
                "uri": request.uri,
                "version": request.version,
                "headers": dict(request.headers.get_all()),
                "body": request.body.decode(),
                "arguments": {
                    name: [value.decode() for value in values]
                    for name, values in request.arguments.items()
                },
                "files": {
                    name: [(each.filename, len(each.body)) for each in files]
                    for name, files in request.files.items()
                },
                "remote_ip": request.remote_ip,
                "url": request.full_url(),
                "cookies": request.headers.get("Cookie"),
            }
        )
        self.finish()


def echoed(response: Response) -> Answer:
    """Read what `Echo` tells."""
    assert response.status == 200
    return response.json()


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options"])
def test_methods(make_client: MakeClient, method: str) -> None:
    """There is a method for each method of HTTP, and the handler is what has answered."""
    client = make_client(Echo)
    response = result_of(getattr(client, method)("/path"))
    assert isinstance(response.handler, Echo)
    assert response.request.method == method.upper()
    assert response.get_status() == response.status == response.code == 200
    assert response.reason == "OK"
    assert bool(response.content) == (method != "head")
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"


def test_any_method(make_client: MakeClient) -> None:
    """`request` takes any method."""
    assert echoed(result_of(make_client(Echo).request("PROPFIND", "/")))["method"] == "PROPFIND"


def test_parameters(make_client: MakeClient) -> None:
    """Arguments are in the query or in a form; the handler sees them where it looks for them."""
    client = make_client(Echo)
    asked = echoed(result_of(client.get("/a?b=1", {"c": [2, 3]})))
    assert asked["uri"] == "/a?b=1&c=2&c=3"
    assert asked["arguments"] == {"b": ["1"], "c": ["2", "3"]}
    posted = echoed(result_of(client.post("/a?b=1", {"b": "\u00e4"})))
    assert (posted["uri"], posted["body"]) == ("/a?b=1", "b=%C3%A4")
    assert posted["arguments"] == {"b": ["1", "\u00e4"]}
    deleted = echoed(result_of(client.delete("/", params=[("a", 1)])))
    assert (deleted["uri"], deleted["body"]) == ("/?a=1", "")


def test_bodies(make_client: MakeClient) -> None:
    """A body is text, bytes, JSON, pieces or uploads."""
    client = make_client(Echo)
    assert echoed(result_of(client.post("/", body="\u00e4")))["body"] == "\u00e4"
    asked = echoed(result_of(client.post("/", {"a": 1}, json={"b": [None]})))
    assert json.loads(asked["body"]) == {"b": [None]}
    assert asked["uri"] == "/?a=1"
    assert asked["headers"]["Content-Type"] == "application/json"
    chunked = echoed(result_of(client.put("/", body=(b"x" * size for size in (1, 0, 2)))))
    assert (chunked["body"], chunked["headers"]["Transfer-Encoding"]) == ("xxx", "chunked")
    uploads = {"u": [HTTPFile("a", b"12"), ("b", bytes(200_000))]}
    uploaded = echoed(result_of(client.post("/", {"f": 1}, files=uploads)))
    assert uploaded["files"] == {"u": [["a", 2], ["b", 200_000]]}
    assert uploaded["arguments"] == {"f": ["1"]}


def test_surroundings(make_client: MakeClient) -> None:
    """A test chooses headers, version, address, protocol and host."""
    client = make_client(Echo, headers={"X-Client": "1", "Accept": "a"})
    headers = [("X-Two", "a"), ("X-Two", "b"), ("Accept", "c")]
    asked = echoed(
        result_of(
            client.get(
                "/",
                headers=headers,
                version="HTTP/1.0",
                remote_ip="10.1.2.3",
                protocol="https",
                host="Example.org",
            )
        )
    )
    assert asked["version"] == "HTTP/1.0"
    assert asked["remote_ip"] == "10.1.2.3"
    assert asked["url"] == "https://Example.org/"
    assert asked["headers"] == {"X-Client": "1", "Accept": "c", "X-Two": "b", "Host": "Example.org"}
    plain = echoed(result_of(client.get("/")))
    assert plain["version"] == "HTTP/1.1"
    assert (plain["url"], plain["remote_ip"]) == ("http://127.0.0.1/", "127.0.0.1")
    assert echoed(result_of(client.get("/", remote_ip="unix:/run/a")))["remote_ip"] == "unix:/run/a"
    assert echoed(result_of(client.get("/", remote_ip="::1")))["remote_ip"] == "::1"
    assert echoed(result_of(client.get("HTTPS://h:1/x")))["url"] == "https://h:1/x"


def test_proxies(make_client: MakeClient) -> None:
    """What a trusted proxy says goes through the application's own rules."""
    client = make_client(Echo, xheaders=True)
    headers = {"X-Real-Ip": "10.0.0.9", "X-Scheme": "https"}
    assert echoed(result_of(client.get("/", headers=headers)))["remote_ip"] == "10.0.0.9"
    asked = echoed(result_of(client.get("/", headers=headers, remote_ip="10.0.0.1")))
    assert asked["url"] == "http://127.0.0.1/"


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"remote_ip": "localhost"}, ValueError, "remote_ip is an IP address or 'unix:PATH'"),
        ({"protocol": "ftp"}, ValueError, "'protocol' must be 'http', 'https' or None"),
        ({"version": "HTTP/2"}, ValueError, "version is"),
        ({"timeout": 1}, TypeError, "no option 'timeout'; its options are version, headers"),
        ({"headers": {"A": "\n"}}, ValueError, "control character"),
        ({"body": 5}, TypeError, "a body is"),
    ],
)
def test_refusals(
    make_client: MakeClient, options: dict[str, Any], kind: type[Exception], said: str
) -> None:
    """A request that makes no sense is refused at once, with a message that says why."""
    client = make_client(Echo)
    with pytest.raises(kind, match=said):
        client.get("/", **options)


def test_no_application() -> None:
    """A client of nothing that can be asked is refused."""
    with pytest.raises(TypeError, match="a client asks an Application, not 5"):
        Client(cast("Any", 5))


class Failing(RequestHandler):
    """Raises in different ways."""

    def get(self, kind: str) -> None:
        """Fail."""
        if kind == "bad":
            raise HTTPError(400, reason="Bad\xe4")
        raise ZeroDivisionError


def test_errors(make_client: MakeClient, log: list[Any]) -> None:
    """An error is an answer like any other: the page of the application, or of the server."""
    client = make_client([(r"/(bad|worse)", Failing)])
    response = result_of(client.get("/bad"))
    assert (response.status, response.reason) == (400, "Bad\xe4")
    assert "400: Bad\xe4" in response.text
    assert result_of(client.get("/nowhere")).status == 404
    assert result_of(client.post("/bad")).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert result_of(client.get("/worse")).status == 500
    assert [event["log_failure"].type for event in log if "log_failure" in event] == [
        ZeroDivisionError
    ]
    log.clear()


def test_limits(make_client: MakeClient) -> None:
    """The limits of the server hold: a request that is refused before a handler has none."""
    client = make_client(Echo, max_header_count=5, max_body_size=1000)
    response = result_of(client.get("/", headers={f"X-{number}": "a" for number in range(9)}))
    assert response.status == 431
    with pytest.raises(LookupError, match=r"no RequestHandler has answered http://127\.0\.0\.1/"):
        _ = response.handler
    with pytest.raises(AttributeError, match="neither a response nor its handler has 'get_status'"):
        response.get_status()
    assert repr(response).startswith("<Response 431 Request Header Fields Too Large, ")
    assert result_of(client.post("/", body=bytes(1000))).status == 200
    assert result_of(client.post("/", body=bytes(1001))).status == 413
    assert result_of(client.post("/", body=[bytes(600)] * 2)).status == 413


class Waiting(RequestHandler):
    """Waits for a second of the clock."""

    finished: list[str]

    async def get(self) -> None:
        """Wait, then answer."""
        await deferLater(self.settings.clock, 1, lambda: None)
        self.write("done")

    @inlineCallbacks
    def post(self) -> Any:  # noqa: ANN401 -- a generator
        """Wait twice, and answer in pieces."""
        self.write("one")
        self.flush()
        yield deferLater(self.settings.clock, 1, lambda: None)
        self.write("two")

    def on_finish(self) -> None:
        self.settings.done.append(self.request.method)


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_waiting(make_client: MakeClient, clock: Clock, version: str) -> None:
    """An answer of a handler that waits is there when the test has advanced the clock, hooks included."""
    done: list[str] = []
    client = make_client(Waiting, clock=clock, done=done)
    response = client.get("/", version=version)
    with pytest.raises(NotFired, match="advance"):
        result_of(response)
    seen: list[tuple[Response, list[str]]] = []
    response.addCallback(lambda result: seen.append((result, done.copy())) or result)
    clock.advance(1)
    assert result_of(response).text == "done"
    assert seen[0][1] == ["GET"]
    assert seen[0][0].handler.request.method == "GET"
    streamed = client.post("/", version=version)
    clock.advance(1)
    assert result_of(streamed).content == b"onetwo"
    assert done == ["GET", "POST"]


def test_own_on_finish(make_client: MakeClient, clock: Clock) -> None:
    """A hook that was put on the handler itself is called once, and is there afterwards."""
    calls: list[int] = []

    class Patched(Waiting):
        def prepare(self) -> None:
            self.on_finish = lambda: calls.append(1)  # type: ignore[method-assign]

    response = make_client(Patched, clock=clock).get("/")
    clock.advance(1)
    handler = result_of(response).handler
    assert calls == [1]
    handler.on_finish()
    assert calls == [1, 1]


def test_failing_hook(make_client: MakeClient, clock: Clock, log: list[Any]) -> None:
    """A hook that fails is logged, and the answer is there all the same."""

    class Broken(Waiting):
        def on_finish(self) -> None:
            raise ZeroDivisionError

    response = make_client(Broken, clock=clock).get("/")
    clock.advance(1)
    assert result_of(response).text == "done"
    assert [event for event in log if "log_failure" in event]
    log.clear()


def test_in_coroutine(make_client: MakeClient, clock: Clock) -> None:
    """In an `async def` a test awaits its answers, several at the same time if it wants."""
    client = make_client(Waiting, clock=clock, done=[])

    async def scenario() -> list[str]:
        first, second = client.get("/"), client.get("/")
        return [(await first).text, (await second).text, (await client.get("/")).text]

    waiting = Deferred.fromCoroutine(scenario())
    clock.advance(1)
    clock.advance(1)
    assert result_of(waiting) == ["done", "done", "done"]


def test_never(make_client: MakeClient) -> None:
    """A request whose answer nobody waits for is silent when the client is closed."""

    class Never(RequestHandler):
        @asynchronous
        def get(self) -> None:
            pass

    client = make_client(Never)
    response = client.get("/")
    client.close()
    with pytest.raises(AnswerLost, match="the test has closed the connection"):
        result_of(response)
    client.get("/")
    client.close()


def test_cancel(make_client: MakeClient) -> None:
    """Cancelling closes the connection: the handler learns that its client has gone."""
    gone: list[bool] = []

    class Never(RequestHandler):
        @asynchronous
        def get(self) -> None:
            pass

        def on_connection_close(self) -> None:
            gone.append(True)

    response = make_client(Never).get("/")
    response.cancel()
    assert gone == [True]
    with pytest.raises(AnswerLost):
        result_of(response)


def test_cookies(make_client: MakeClient) -> None:
    """Cookies are kept and sent back, for the host and protocol that they belong to."""

    class Login(RequestHandler):
        def get(self) -> None:
            self.add_header("Set-Cookie", "user=somebody; Path=/")
            self.add_header("Set-Cookie", "token=x; Path=/; Secure")
            self.write("in")

    client = make_client([(r"/login", Login), (r"/.*", Echo)])
    assert echoed(result_of(client.get("/")))["cookies"] is None
    result_of(client.get("/login", protocol="https"))
    assert client.cookies["user"].value == "somebody"
    assert echoed(result_of(client.get("/")))["cookies"] == "user=somebody"
    asked = echoed(result_of(client.get("https://127.0.0.1/")))
    assert asked["cookies"] == "user=somebody; token=x"
    assert echoed(result_of(client.get("/", host="other.org")))["cookies"] is None
    by_hand = echoed(result_of(client.get("/", headers={"Cookie": "mine=1"})))
    assert by_hand["cookies"] == "mine=1"


def test_signed_cookies(make_client: MakeClient) -> None:
    """A test reads what the application has signed, and logs in with what it signs itself."""

    class Login(RequestHandler):
        def get(self) -> None:
            self.write(self.get_signed_cookie("user") or b"nobody")

        def post(self) -> None:
            self.set_signed_cookie("user", self.get_argument("name"))

    client = make_client(Login, cookie_secret="s" * 40)
    result_of(client.post("/", {"name": "somebody"}))
    assert client.cookies.get_secure_cookie("user") == b"somebody"
    assert result_of(client.get("/")).text == "somebody"
    client.cookies.clear()
    client.cookies.set_signed_cookie("user", "else")
    assert result_of(client.get("/")).text == "else"


def test_shared_jar(make_client: MakeClient) -> None:
    """Two clients may have one jar."""
    jar = CookieJar()
    jar["a"] = "1"
    assert echoed(result_of(make_client(Echo, cookies=jar).get("/")))["cookies"] == "a=1"


class Redirecting(RequestHandler):
    """Redirects as its arguments say."""

    def prepare(self) -> None:
        self.set_status(int(self.get_query_argument("status")))
        self.set_header("Location", self.get_query_argument("to", self.request.uri))
        self.finish()


ROUTES = [(r"/redirect", Redirecting), (r"/.*", Echo)]


@pytest.mark.parametrize(
    ("status", "method", "following", "body"),
    [
        (301, "GET", "GET", ""),
        (302, "POST", "GET", ""),
        (301, "POST", "GET", ""),
        (302, "PUT", "PUT", "data"),
        (303, "PUT", "GET", ""),
        (303, "DELETE", "GET", ""),
        (307, "POST", "POST", "data"),
        (308, "PATCH", "PATCH", "data"),
    ],
)
def test_redirects(
    make_client: MakeClient, status: int, method: str, following: str, body: str
) -> None:
    """Redirects are followed as browsers do it: with which method, and whether with the body."""
    client = make_client(ROUTES, follow_redirects=True)
    options: dict[str, Any] = {}
    if method in {"POST", "PUT", "PATCH"}:
        options = {"body": "data", "headers": {"Content-Type": "a/b", "Content-Language": "de"}}
    response = result_of(
        client.request(method, f"/redirect?status={status}&to=next%3Fa", **options)
    )
    asked = echoed(response)
    assert (asked["method"], asked["uri"], asked["body"]) == (following, "/next?a", body)
    assert ("Content-Language" in asked["headers"]) == bool(body)
    assert response.url == "http://127.0.0.1/next?a"
    assert [(each.status, each.url) for each in response.history] == [
        (status, f"http://127.0.0.1/redirect?status={status}&to=next%3Fa")
    ]


def test_redirect_not_followed(make_client: MakeClient) -> None:
    """By default a redirect is an answer; so is one without a place, and what is no redirect."""
    client = make_client(ROUTES)
    assert result_of(client.get("/redirect?status=302&to=/")).headers["Location"] == "/"
    followed = client.get("/redirect?status=304&to=/", follow_redirects=True)
    assert result_of(followed).status == 304


def test_redirect_elsewhere(make_client: MakeClient) -> None:
    """Another host gets no credentials that were not meant for it; pieces of a body are sent again."""
    client = make_client(ROUTES)
    headers = {"Authorization": "secret", "X-Mine": "1", "Host": "here"}
    uri = "/redirect?status=307&to=https%3A%2F%2Fthere%2Fx"
    asked = echoed(
        result_of(client.post(uri, body=iter([b"a", b"b"]), headers=headers, follow_redirects=True))
    )
    assert asked["url"] == "https://there/x"
    assert asked["body"] == "ab"
    assert asked["headers"] == {"X-Mine": "1", "Host": "there", "Transfer-Encoding": "chunked"}


def test_redirect_expecting(make_client: MakeClient) -> None:
    """Without its body a request expects nothing any more."""
    client = make_client(ROUTES, follow_redirects=True)
    uri = "/redirect?status=303&to=/x"
    response = result_of(client.post(uri, body="data", headers={"Expect": "100-continue"}))
    assert "Expect" not in echoed(response)["headers"]


def test_redirects_in_circles(make_client: MakeClient) -> None:
    """A circle of redirects comes to an end."""
    client = make_client([(r"/.*", Redirecting)], follow_redirects=True)
    with pytest.raises(TooManyRedirects, match=r"20 redirects, and http://127\.0\.0\.1/"):
        result_of(client.get("/?status=302"))


def test_same_connection(make_client: MakeClient) -> None:
    """Requests may share a connection, also behind redirects; one that is closed is refused."""
    client = make_client(ROUTES)
    connection = client.connect(remote_ip="10.0.0.1")
    for _ in range(2):
        response = result_of(
            client.get("/redirect?status=302&to=/x", connection=connection, follow_redirects=True)
        )
        assert echoed(response)["remote_ip"] == "10.0.0.1"
    assert connection.open
    with pytest.raises(ValueError, match="has its remote_ip already"):
        client.get("/", connection=connection, remote_ip="10.0.0.1")
    closing = {"Connection": "close"}
    uri = "/redirect?status=302&to=/x"
    response = result_of(
        client.get(uri, connection=connection, headers=closing, follow_redirects=True)
    )
    assert echoed(response)["remote_ip"] == "127.0.0.1"
    assert not connection.open
    with pytest.raises(ValueError, match="this connection is closed"):
        client.get("/", connection=connection)


def test_pipelined(make_client: MakeClient, clock: Clock) -> None:
    """Requests that share a connection are answered in order, though they were sent together."""
    client = make_client(Waiting, clock=clock, done=[])
    connection = client.connect()
    answers = [client.get("/", connection=connection), client.head("/", connection=connection)]
    clock.pump([1, 1])
    first, second = map(result_of, answers)
    assert (first.text, second.text) == ("done", "")
    assert second.headers["Content-Length"] == "4"


def test_function() -> None:
    """A function that answers requests can be asked, too; it has no handler."""

    def answer(request: HTTPServerRequest) -> None:
        exchange = request.connection
        assert exchange is not None
        exchange.respond(200, "OK", HTTPHeaders(), request.body + b"!")

    with Client(answer, reactor=cast("Any", Clock())) as client:
        assert result_of(client.post("/", body="a")).text == "a!"
        with pytest.raises(LookupError, match="no RequestHandler has answered"):
            _ = result_of(client.get("/")).handler


def test_late_function() -> None:
    """An answer that no handler gives is there in the reactor's next turn."""
    requests: list[HTTPServerRequest] = []
    clock = Clock()
    with Client(requests.append, reactor=cast("Any", clock)) as client:
        response = client.get("/")
        exchange = requests[0].connection
        assert exchange is not None
        exchange.write_headers(200, "OK", HTTPHeaders({"Content-Length": "2"}), b"a")
        exchange.write(b"b")
        exchange.finish()
        clock.advance(0)
        assert result_of(response).text == "ab"
        late = client.get("/")
        exchange = requests[1].connection
        assert exchange is not None
        exchange.respond(200, "OK", HTTPHeaders(), b"")
        client.close()
        assert result_of(late).status == 200
    assert clock.getDelayedCalls() == []


def test_server(clock: Clock) -> None:
    """An `HTTPServer` around an application is asked with its own limits; its application signs."""
    application = Application([(r"/", Echo)], reactor=cast("Any", clock), cookie_secret="s" * 40)
    with Client(HTTPServer(HTTPServer(application), max_body_size=1)) as client:
        response = result_of(client.post("/", body="ab"))
        assert response.status == 413
        assert isinstance(response.handler, Echo)
        client.cookies.set_signed_cookie("a", "b")


def test_nested_application(make_client: MakeClient, clock: Clock) -> None:
    """The handler of an application below another one is found as well."""
    lines: list[RequestHandler] = []
    nested = Application([(r"/below", Echo)], reactor=cast("Any", clock), log_function=lines.append)
    client = make_client([(r"/.*", nested)])
    response = result_of(client.get("/below"))
    assert response.handler.application is nested
    assert lines == [response.handler]
    assert "log_request" not in vars(nested)


def test_router(clock: Clock) -> None:
    """A router can be asked, and what its rules lead to."""
    application = Application([(r"/app", Echo)], reactor=cast("Any", clock))

    def answer(request: HTTPServerRequest) -> None:
        exchange = request.connection
        assert exchange is not None
        exchange.respond(200, "OK", HTTPHeaders(), b"function")

    router = RuleRouter([Rule(PathMatches("/app"), application), Rule(AnyMatches(), answer)])
    with Client(cast("Any", router), reactor=cast("Any", clock)) as client:
        assert result_of(client.get("/app")).handler.application is application
        assert result_of(client.get("/other")).text == "function"
    assert clock.getDelayedCalls() == []


def test_log_request(clock: Clock) -> None:
    """`log_request` of the application is called as ever, also one that was put on the instance."""
    logged: list[RequestHandler] = []

    class Logging(Application):
        def log_request(self, handler: RequestHandler) -> None:
            logged.append(handler)

    client = Client(Logging([(r"/", Echo)], reactor=cast("Any", clock)))
    response = result_of(client.get("/"))
    assert logged == [response.handler]
    own = logged.append
    client.app.log_request = own
    assert result_of(client.get("/")).handler is logged[1]
    assert client.app.log_request is own


def test_two_clients(make_client: MakeClient, clock: Clock) -> None:
    """Several clients of one application each get their own handlers."""
    client = make_client(Waiting, clock=clock, done=[])
    with Client(client.app) as other:
        responses = [each.get(f"/{number}") for number, each in enumerate([client, other, client])]
        clock.advance(1)
        paths = [result_of(response).request.path for response in responses]
    assert paths == ["/0", "/1", "/2"]


def test_own_protocol(clock: Clock) -> None:
    """An application's own class of connections is used."""

    class Mine(Application.protocol):  # type: ignore[name-defined, misc]
        pass

    class Own(Application):
        protocol = Mine

    with Client(Own([(r"/", Echo)], reactor=cast("Any", clock))) as client:
        connection = client.connect()
        assert type(connection.protocol) is Mine


def test_text(make_client: MakeClient) -> None:
    """Text is decoded as the content type says; a content type that is none says nothing."""

    class Encoded(RequestHandler):
        def get(self) -> None:
            self.set_header("Content-Type", self.get_argument("type"))
            self.write("\u00e4".encode(self.get_argument("encoding")))

    client = make_client(Encoded)
    for kind, encoding in (
        ("a/b; charset=latin-1", "latin-1"),
        ("a/b", "utf-8"),
        ("a/b; =", "utf-8"),
    ):
        response = result_of(client.get("/", {"type": kind, "encoding": encoding}))
        assert response.text == "\u00e4"
        assert response.body == response.content
    with pytest.raises(LookupError):
        _ = result_of(client.get("/", {"type": "a/b; charset=x", "encoding": "utf-8"})).text


@stream_request_body
class Upload(RequestHandler):
    """Takes a body piece by piece."""

    def initialize(self) -> None:
        self.pieces: list[int] = []

    def prepare(self) -> None:
        if self.request.headers.get("X-Refuse"):
            raise HTTPError(403)

    def data_received(self, chunk: bytes) -> Any:  # noqa: ANN401 -- None or a Deferred
        self.pieces.append(len(chunk))
        waiting: list[Deferred[None]] | None = self.settings.get("waiting")
        if waiting is None:
            return None
        waiting.append(Deferred())
        return waiting[-1]

    def post(self) -> None:
        """Tell how the body came."""
        self.write({"pieces": self.pieces})


def test_streamed_body(make_client: MakeClient) -> None:
    """A handler that takes its body in pieces gets each piece of the client as one."""
    client = make_client(Upload)
    assert result_of(client.post("/", body=[b"a" * 3, b"b" * 5])).json() == {"pieces": [3, 5]}
    pieces = result_of(client.post("/", body=bytes(150_000))).json()["pieces"]
    assert sum(pieces) == 150_000
    assert max(pieces) <= 65536


def test_streamed_body_waits(make_client: MakeClient) -> None:
    """The next piece is asked for when the handler has dealt with the last one."""
    waiting: list[Deferred[None]] = []
    asked: list[int] = []

    def pieces() -> Any:  # noqa: ANN401 -- a generator
        for number in range(3):
            asked.append(number)
            yield b"x" * 70_000

    response = make_client(Upload, waiting=waiting).post("/", body=pieces())
    while waiting:
        assert len(asked) <= 4 - len(waiting)
        waiting.pop(0).callback(None)
    assert sum(result_of(response).json()["pieces"]) == 210_000
    assert asked == [0, 1, 2]


def test_expect(make_client: MakeClient) -> None:
    """A body that has to be asked for is sent when the server asks, and only then."""
    client = make_client(Upload)
    headers = {"Expect": "100-continue"}
    response = result_of(client.post("/", body=b"abc", headers=headers))
    assert response.json() == {"pieces": [3]}
    assert [each.status for each in response.interim] == [100]

    def never() -> Any:  # noqa: ANN401 -- a generator
        raise AssertionError
        yield b""

    refused = result_of(client.post("/", body=never(), headers=headers | {"X-Refuse": "1"}))
    assert (refused.status, refused.interim) == (403, [])
