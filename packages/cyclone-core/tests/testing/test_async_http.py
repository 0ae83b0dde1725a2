"""Tornado's test cases: on the real reactor, with real sockets on 127.0.0.1."""

import threading
import unittest
from collections.abc import Generator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed
from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.trial.unittest import SkipTest

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    HTTPClientError,
    HTTPResponse,
    TLSHandshakeError,
)
from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.testing import (
    AsyncHTTPSTestCase,
    AsyncHTTPTestCase,
    AsyncTestCase,
    gen_test,
)
from cyclone_core.tls import server_context_factory
from cyclone_core.web import Application, RequestHandler, asynchronous

MAIN = threading.get_ident()


class Hello(RequestHandler):
    """Says hello to whom it is told, and never answers a DELETE."""

    def get(self) -> None:
        """Say hello."""
        self.write(f"hello {self.get_argument('name', 'world')}")

    def post(self) -> None:
        """Give the body back."""
        self.write(self.request.body)

    @asynchronous
    def delete(self) -> None:
        """Never answer."""


def hello_app() -> Application:
    """Make an application."""
    return Application([(r"/", Hello)], log_function=lambda _: None)


def outcome(case: unittest.TestCase) -> unittest.TestResult:
    """Run one test."""
    result = unittest.TestResult()
    case.run(result)
    return result


class PlainTest(AsyncTestCase):
    """Tests without a server."""

    def setUp(self) -> None:
        super().setUp()
        self.where = [threading.get_ident() == MAIN]
        self.addCleanup(self.check_cleanup)

    def tearDown(self) -> None:
        self.where.append(threading.get_ident() == MAIN)

    def check_cleanup(self) -> None:
        """The fixtures ran where the test did, the cleanup in the reactor's thread."""
        assert threading.get_ident() == MAIN
        assert len(set(self.where)) == 1

    def test_in_thread(self) -> None:
        """A plain test has a thread, and waits for what the reactor's thread does."""
        assert threading.get_ident() != MAIN
        assert self.run_sync(threading.get_ident) == MAIN
        assert self.run_sync(lambda: succeed(1)) == 1

        async def double() -> int:
            return 2 * await succeed(2)

        assert self.run_sync(double) == 4
        with pytest.raises(ZeroDivisionError):
            self.run_sync(lambda: fail(ZeroDivisionError()))
        with pytest.raises(TookTooLong):
            self.run_sync(Deferred, timeout=0.01)

    async def test_coroutine(self) -> None:
        """An `async def` runs in the reactor's thread; there `run_sync` gives something to await."""
        assert threading.get_ident() == MAIN
        assert await self.run_sync(lambda: succeed(1)) == 1

    @gen_test
    def test_generator(self) -> Generator[Any, Any, None]:
        """So does a generator."""
        assert threading.get_ident() == MAIN
        assert (yield self.run_sync(lambda: succeed(1))) == 1

    def check_skipped(self) -> None:
        """A test may find out that it cannot be run."""
        raise SkipTest("no reason")

    def check_failing(self) -> None:
        """Fail."""
        self.fail("on purpose")

    def check_returning(self) -> Deferred[None]:
        """Give something to wait for, which a plain test must not."""
        return succeed(None)


def test_outcomes() -> None:
    """A failure, an error and a skip in the thread are told like any other."""
    failing = outcome(PlainTest("check_failing"))
    assert [text.rstrip().splitlines()[-1] for _, text in failing.failures] == [
        "twisted.trial.unittest.FailTest: on purpose"
    ]
    returning = outcome(PlainTest("check_returning"))
    assert "make it `async def`" in returning.errors[0][1]
    assert len(outcome(PlainTest("check_skipped")).skipped) == 1


def test_without_result() -> None:
    """`run()` without a result makes one, again and again; nothing of the wrapping is left."""
    case = PlainTest("test_in_thread")
    case.run()
    case.run()
    assert "test_in_thread" not in vars(case)
    own = case.test_coroutine
    replaced = PlainTest("check_failing")
    replaced.check_failing = lambda: None  # type: ignore[method-assign]
    replaced.run()
    assert "check_failing" in vars(replaced)
    assert own is not None


def test_placeholder() -> None:
    """What a loader makes of a base class that a module has imported is no test."""
    for base in (AsyncTestCase, AsyncHTTPTestCase):
        assert outcome(base("runTest")).testsRun == 0  # type: ignore[no-untyped-call]


class HelloFixture(AsyncHTTPTestCase):
    """The application of the tests below."""

    def get_app(self) -> Application:
        return hello_app()


class FixtureTest(AsyncHTTPTestCase):
    """Fixtures that ask the server, as those of Tornado's tests do."""

    def get_app(self) -> Application:
        assert threading.get_ident() == MAIN
        return hello_app()

    def setUp(self) -> None:
        super().setUp()
        self.greeting = self.fetch("/").body

    def tearDown(self) -> None:
        assert self.fetch("/").body == self.greeting
        super().tearDown()

    def test_plain(self) -> None:
        """The fixture has the answer."""
        assert self.greeting == b"hello world"


class BrokenFixtureTest(FixtureTest):
    """A fixture that fails when the server is there already."""

    __test__ = False  # it is run below
    server: HTTPServer

    def setUp(self) -> None:
        super().setUp()
        type(self).server = self.http_server
        raise ZeroDivisionError


def test_broken_fixture() -> None:
    """A fixture that fails leaves no server behind."""
    result = outcome(BrokenFixtureTest("test_plain"))
    assert "ZeroDivisionError" in result.errors[0][1]
    assert BrokenFixtureTest.server.ports == ()


class ForgetfulTest(HelloFixture):
    """A `tearDown` that does not call the inherited one leaves none either."""

    def tearDown(self) -> None:
        """Forget it."""

    def test_plain(self) -> None:
        """The server is there."""
        assert self.fetch("/").code == 200


class WaitingFixtureTest(AsyncHTTPTestCase):
    """Fixtures that wait themselves, around a plain test."""

    def get_app(self) -> Application:
        return hello_app()

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.greeting = (await self.fetch("/")).body

    def test_plain(self) -> None:
        """The fixture has the answer, and the test waits as ever."""
        assert self.fetch("/").body == self.greeting


class HelloTest(AsyncHTTPTestCase):
    """Tests of a server, as Tornado's users write them."""

    def get_app(self) -> Application:
        return hello_app()

    def get_httpserver_options(self) -> dict[str, Any]:
        return {"max_body_size": 1000}

    def test_fetch(self) -> None:
        """A plain test gets the answer of `fetch`."""
        response = self.fetch("/?name=you")
        assert isinstance(response, HTTPResponse)
        assert (response.code, response.reason, response.body) == (200, "OK", b"hello you")
        assert isinstance(response.headers, HTTPHeaders)
        assert response.error is None
        assert response.effective_url == self.get_url("/?name=you")

    def test_post(self) -> None:
        """Options of the client are passed on, and those of the server hold."""
        assert self.fetch("/", method="POST", body="abc").body == b"abc"
        assert self.fetch("/", method="POST", body=bytes(1001)).code == 413

    def test_errors(self) -> None:
        """A status of an error is an answer, which raises when it is asked to."""
        response = self.fetch("/nowhere")
        assert (response.code, str(response.error)) == (404, "HTTP 404: Not Found")
        with pytest.raises(HTTPClientError) as caught:
            response.rethrow()
        assert caught.value.response is response
        with pytest.raises(HTTPClientError):
            self.fetch("/nowhere", raise_error=True)

    def test_places(self) -> None:
        """The server is on a port of 127.0.0.1 that the system has chosen; a whole URL is taken too."""
        url = f"http://127.0.0.1:{self.get_http_port()}/"
        assert self.get_url("/") == url
        assert self.fetch(url.upper()).code == 200
        assert self.get_protocol() == "http"
        assert isinstance(self.http_server, HTTPServer)

    async def test_await(self) -> None:
        """A test that waits itself awaits what `fetch` gives."""
        response = await self.fetch("/")
        assert response.body == b"hello world"
        response = await self.http_client.fetch(self.get_url("/"))
        assert response.body == b"hello world"

    @inlineCallbacks
    def test_yield(self) -> Generator[Deferred[HTTPResponse], HTTPResponse, None]:
        """Or it yields it."""
        response = yield self.fetch("/")
        assert response.code == 200

    async def test_left_open(self) -> None:
        """A request that is open when the test ends is cut, and its failure is nobody's trouble."""
        waiting = self.http_client.fetch(self.get_url("/"), method="DELETE")
        waiting.addErrback(lambda _: None)
        await self.fetch("/")


def test_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain test does not wait longer than the environment says."""
    monkeypatch.setenv("ASYNC_TEST_TIMEOUT", "0.05")

    class Slow(HelloTest):
        def check(self) -> None:
            with pytest.raises(TookTooLong):
                self.fetch("/", method="DELETE")

    assert outcome(Slow("check")).wasSuccessful()


def test_trial_timeout() -> None:
    """A test whose time is over by trial's own rule leaves nothing behind that waits for ever."""

    class Stuck(HelloTest):
        timeout = 0.05

        def check(self) -> None:
            self.fetch("/", method="DELETE", request_timeout=0)

    result = outcome(Stuck("check"))
    assert "still running at 0.05 secs" in result.errors[0][1]


def test_no_application() -> None:
    """Without `get_app` the message says what is missing."""

    class Nothing(AsyncHTTPTestCase):
        def check(self) -> None:
            """Do nothing."""

    assert "Nothing needs get_app()" in outcome(Nothing("check")).errors[0][1]


class FunctionTest(AsyncHTTPTestCase):
    """A server around a function, and a client of the test's own."""

    def get_app(self) -> Any:  # noqa: ANN401 -- a function
        def answer(request: HTTPServerRequest) -> None:
            exchange = request.connection
            assert exchange is not None
            exchange.respond(200, "OK", HTTPHeaders(), request.headers["User-Agent"].encode())

        return answer

    def get_http_client(self) -> AsyncHTTPClient:
        return AsyncHTTPClient(defaults={"user_agent": "tester"})

    def test_fetch(self) -> None:
        """Both are used."""
        assert self.fetch("/").body == b"tester"


class SecureTest(AsyncHTTPSTestCase):
    """Tests on TLS."""

    def get_app(self) -> Application:
        return hello_app()

    def test_fetch(self) -> None:
        """The certificate of the test is believed."""
        assert self.get_url("/").startswith("https://127.0.0.1:")
        assert self.fetch("/").body == b"hello world"

    def test_verified(self) -> None:
        """Who wants to verify it can, and does not believe it otherwise."""
        path = self.get_ssl_options()["certfile"]
        response = self.fetch("/", validate_cert=True, ca_certs=path)
        assert response.code == 200
        with pytest.raises(TLSHandshakeError, match="signed by nobody but itself"):
            self.fetch("/", validate_cert=True)


class OwnContextTest(SecureTest):
    """A context factory of the test's own."""

    def get_ssl_options(self) -> Any:  # noqa: ANN401 -- a context factory
        paths = self.default_ssl_options()
        return server_context_factory(paths["keyfile"], paths["certfile"])

    def test_verified(self) -> None:
        """The certificate is the same for all of a test."""
        assert self.default_ssl_options() is self.default_ssl_options()


def test_again() -> None:
    """A test that is run again, as `trial --until-failure` does it, has a certificate again."""
    case = SecureTest("test_fetch")
    assert outcome(case).wasSuccessful()
    assert outcome(case).wasSuccessful()


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the libraries for TLS the test is skipped, and the reason says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives", None)
    result = outcome(SecureTest("test_fetch"))
    assert 'pip install "cyclone-core[tls]"' in result.skipped[0][1]
