"""How tests use `cyclone_core.testing`; read by type checkers only, never run."""

from collections.abc import Generator
from typing import Any, assert_type

from twisted.internet.defer import Deferred

from cyclone_core.httpclient import AsyncHTTPClient, HTTPResponse
from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPFile, HTTPHeaders
from cyclone_core.testing import (
    AsyncHTTPSTestCase,
    AsyncHTTPTestCase,
    Client,
    Cookie,
    CookieJar,
    CycloneTestCase,
    ExpectLog,
    Response,
    bind_unused_port,
    gen_test,
    result_of,
)
from cyclone_core.web import Application, RequestHandler


def make_app() -> Application:
    """Make an application."""
    return Application([])


def ask(client: Client) -> None:
    """Ask in every way."""
    assert_type(client.get("/"), Deferred[Response])
    response = result_of(client.get("/", {"a": [1, "2"]}, protocol="https", host="h"))
    assert_type(response, Response)
    assert_type(response.status, int)
    assert_type(response.content, bytes)
    assert_type(response.headers, HTTPHeaders)
    assert_type(response.handler, RequestHandler)
    assert_type(response.get_status(), Any)
    client.post("/", [("a", 1)], files={"f": [HTTPFile("a", b""), ("b", b"", "c/d")]})
    client.put("/", body=(b"a" for _ in range(2)), headers=[("A", "b")], version="HTTP/1.0")
    client.patch("/", json=None, follow_redirects=True)
    connection = client.connect(remote_ip="10.0.0.1")
    client.request("PROPFIND", "/", connection=connection)
    opened = client.open("GET", "/stream")
    assert_type(opened.take(), bytes)
    opened.disconnect(reset=True)
    client.get("/", timeout=5)  # type: ignore[call-arg]
    client.get("/", version=1.1)  # type: ignore[arg-type]


def cookies(jar: CookieJar) -> None:
    """Look into the jar."""
    jar["a"] = "b"
    assert_type(jar["a"], Cookie)
    assert_type(jar["a"].value, str)
    assert_type(jar.get_secure_cookie("a"), bytes | None)


with Client(HTTPServer(make_app()), headers={"A": "b"}, cookies=CookieJar()) as outer:
    ask(outer)


class ByClass(CycloneTestCase):
    """A builder on the class."""

    app_builder = make_app
    client_impl = Client

    async def test_it(self) -> None:
        """Await."""
        assert_type(await self.client.get("/"), Response)


class ByMethod(CycloneTestCase):
    """A builder in the class."""

    @staticmethod
    def app_builder() -> Application:
        """Make it."""
        return make_app()


ByClass("test_it", app_builder=Application)


class Served(AsyncHTTPTestCase):
    """Tornado's way."""

    def get_app(self) -> Application:
        """Make it."""
        return make_app()

    def test_plain(self) -> None:
        """Fetch."""
        response: HTTPResponse = self.fetch("/", method="POST", body="")
        assert_type(response.body, bytes)

    @gen_test
    def test_generator(self) -> Generator[Deferred[HTTPResponse], HTTPResponse, None]:
        """Yield."""
        response = yield self.http_client.fetch(self.get_url("/"))
        assert_type(response, HTTPResponse)

    @gen_test(timeout=10)
    async def test_coroutine(self) -> None:
        """Await."""
        with ExpectLog("cyclone.web", "Uncaught") as expected:
            await self.http_client.fetch(self.get_url("/"), raise_error=False)
        assert_type(expected.matched, int)


class Secure(AsyncHTTPSTestCase):
    """On TLS."""

    def get_http_client(self) -> AsyncHTTPClient:
        """Make it."""
        return AsyncHTTPClient(defaults={"validate_cert": False, "request_timeout": 0})


assert_type(bind_unused_port()[1], int)
