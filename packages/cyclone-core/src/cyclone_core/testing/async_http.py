"""Tornado's test cases, on trial: an application behind a real socket."""

import functools
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import blockingCallFromThread
from twisted.trial import unittest

from cyclone_core.httpclient import AsyncHTTPClient
from cyclone_core.httpserver import HTTPServer
from cyclone_core.testing.certificates import write_certificate
from cyclone_core.testing.coroutines import get_async_test_timeout, in_thread, returns_at_once
from cyclone_core.testing.running import is_placeholder
from cyclone_core.testing.sockets import bind_unused_port
from cyclone_core.tls import TLSUnavailable

__all__ = ["AsyncHTTPSTestCase", "AsyncHTTPTestCase", "AsyncTestCase"]

_INTERFACE: Final = "127.0.0.1"

_Method = Callable[[], object]

# For requests whose handlers never end; all others are answered when a test is over.
_GRACE: Final = 0.5


class AsyncTestCase(unittest.TestCase):
    """A test case that runs beside the reactor (Tornado: `testing.AsyncTestCase`).

    A plain test method runs in a thread of its own: there it may wait, with `run_sync`, while the reactor
    goes on in the main thread. So do its `setUp` and `tearDown`, if they are plain. An `async def`, a
    generator with `gen_test` or `inlineCallbacks` runs in the reactor's thread, as trial runs it, and so
    do its `setUp` and `tearDown`, and all cleanups.
    """

    _test_thread: int | None = None

    def run(self, result: Any = None) -> Any:  # noqa: ANN401 -- trial's, unittest's or pytest's
        """Run the test.

        Args:
            result: What is told of the outcome.

        Returns:
            What trial's method returns.
        """
        if is_placeholder(self):
            return None
        own = vars(self).copy()
        test = getattr(self, self._testMethodName)
        beside = returns_at_once(test)
        self.setUp = self._set_up(self.setUp, beside)  # type: ignore[method-assign]
        setattr(self, self._testMethodName, self._wrapped(test, beside))
        self.tearDown = self._tear_down(self.tearDown, beside)  # type: ignore[method-assign]
        try:
            return self._run_test(result)
        finally:
            for name in ("setUp", self._testMethodName, "tearDown"):
                delattr(self, name)
                if name in own:
                    setattr(self, name, own[name])

    def run_sync(self, func: Callable[[], Any], timeout: float | None = None) -> Any:  # noqa: ANN401 -- what the function gives
        """Call something in the reactor's thread, and wait for what it gives (Tornado: of its loop).

        Args:
            func: A function without arguments; it may be `async def` or return a Deferred.
            timeout: How many seconds it may take; by default those of `get_async_test_timeout`.

        Returns:
            In a plain test method the result. In the reactor's thread, where nothing can wait, a
            Deferred that fires with it: `await self.run_sync(...)`.

        Raises:
            twisted.internet.defer.TimeoutError: It took longer, and was cancelled.
        """
        from twisted.internet import reactor

        installed = cast("Any", reactor)
        seconds = get_async_test_timeout() if timeout is None else timeout

        def begin() -> Deferred[Any]:
            return maybeDeferred(func).addTimeout(seconds, installed)

        if threading.get_ident() == self._test_thread:
            return blockingCallFromThread(installed, begin)
        return begin()

    def _run_test(self, result: Any) -> Any:  # noqa: ANN401 -- as above
        return super().run(self.defaultTestResult() if result is None else result)  # type: ignore[no-untyped-call]

    def _wrapped(self, method: _Method, beside: bool) -> _Method:
        """Let a method run in a thread, if it is plain and belongs to a test that does."""
        if not (beside and returns_at_once(method)):
            return method

        @functools.wraps(method)
        def in_a_thread() -> Deferred[None]:
            return in_thread(functools.partial(self._run_here, method), self.id())

        return in_a_thread

    def _set_up(self, method: _Method, beside: bool) -> Callable[[], Any]:
        wrapped = self._wrapped(method, beside)

        async def set_up() -> None:
            try:
                await maybeDeferred(wrapped)
            except BaseException:
                await self._close()  # there will be no tearDown
                raise

        return set_up

    def _tear_down(self, method: _Method, beside: bool) -> Callable[[], Any]:
        wrapped = self._wrapped(method, beside)

        async def tear_down() -> None:
            try:
                await maybeDeferred(wrapped)
            finally:
                await self._close()

        # Neither in `tearDown` itself, where overrides may forget it, nor in a cleanup: trial calls those
        # before `tearDown`, which may still ask the server.
        return tear_down

    async def _close(self) -> None:
        """Override to close what the test has opened."""

    def _run_here(self, method: _Method) -> object:
        self._test_thread = threading.get_ident()
        try:
            return method()
        finally:
            self._test_thread = None


class AsyncHTTPTestCase(AsyncTestCase):
    """A test case whose application is served on 127.0.0.1 (Tornado: `testing.AsyncHTTPTestCase`).

    Override `get_app`. A plain test method calls `self.fetch("/path")` and gets the answer, as in
    Tornado; one that waits itself writes `await self.fetch("/path")`, or `yield`.

    Attributes:
        http_client: What `fetch` asks with.
        http_server: The server.

    Example:
        >>> from cyclone_core.testing import AsyncHTTPTestCase
        >>> from cyclone_core.web import Application, RequestHandler
        >>> class Index(RequestHandler):
        ...     def get(self):
        ...         self.write("hello")
        >>> class IndexTest(AsyncHTTPTestCase):
        ...     def get_app(self):
        ...         return Application([(r"/", Index)])
        ...
        ...     def test_index(self):
        ...         response = self.fetch("/")
        ...         self.assertEqual(response.code, 200)
        ...         self.assertEqual(response.body, b"hello")
        >>> from unittest import TestResult
        >>> result = TestResult()
        >>> IndexTest("test_index").run(result)
        >>> result.testsRun, result.errors, result.failures
        (1, [], [])
    """

    http_client: AsyncHTTPClient
    http_server: HTTPServer
    _app: Any
    _port = 0
    _served = False

    def setUp(self) -> None:
        """Serve the application; an override calls this one first."""
        super().setUp()
        if threading.get_ident() == self._test_thread:
            from twisted.internet import reactor

            blockingCallFromThread(cast("Any", reactor), self._serve)
        else:
            self._serve()

    def get_app(self) -> Any:  # noqa: ANN401 -- see HTTPServer
        """Override to return the application, or whatever else an `HTTPServer` serves.

        Raises:
            NotImplementedError: The class does not override it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} needs get_app(), which gives the application"
        )

    def get_http_client(self) -> AsyncHTTPClient:
        """Override to return a client of your own."""
        return AsyncHTTPClient()

    def get_http_server(self) -> HTTPServer:
        """Override to return a server of your own."""
        return HTTPServer(self._app, **self.get_httpserver_options())

    def get_httpserver_options(self) -> dict[str, Any]:
        """Override to return options of `HTTPServer`.

        Returns:
            The options, by name; with `ssl_options` HTTPS is served.
        """
        return {}

    def get_http_port(self) -> int:
        """Tell the port, another one for each test."""
        return self._port

    def get_protocol(self) -> str:
        """Tell what is spoken there: `"http"`."""
        return "http"

    def get_url(self, path: str) -> str:
        """Make a URL of the server.

        Args:
            path: A path with its query.
        """
        return f"{self.get_protocol()}://{_INTERFACE}:{self.get_http_port()}{path}"

    def fetch(
        self,
        path: str,
        raise_error: bool = False,
        **kwargs: Any,  # noqa: ANN401 -- those of HTTPRequest
    ) -> Any:  # noqa: ANN401 -- see below
        """Ask the server.

        Args:
            path: A path with its query, or a whole URL.
            raise_error: Raise if the status is none of 200 to 299.
            kwargs: `method` and the other arguments of `HTTPRequest`.

        Returns:
            In a plain test method the `HTTPResponse`; in the reactor's thread, where nothing can wait,
            a Deferred that fires with it: `await self.fetch(...)`.

        Raises:
            HTTPClientError: The status is none of 200 to 299, and `raise_error` is true.
            twisted.internet.defer.TimeoutError: It took longer than `get_async_test_timeout`.
        """
        url = path if path.lower().startswith(("http://", "https://")) else self.get_url(path)
        return self.run_sync(
            functools.partial(self.http_client.fetch, url, raise_error=raise_error, **kwargs)
        )

    def _serve(self) -> None:
        self._app = self.get_app()
        self.http_client = self.get_http_client()
        self.http_server = self.get_http_server()
        sock, self._port = bind_unused_port(address=_INTERFACE)
        self.http_server.add_sockets([sock])
        self._served = True

    async def _close(self) -> None:
        if self._served:
            self._served = False
            await self.http_client.close()
            await self.http_server.stop()
            await self.http_server.drain(_GRACE)


class AsyncHTTPSTestCase(AsyncHTTPTestCase):
    """The same on TLS (Tornado: `testing.AsyncHTTPSTestCase`).

    The certificate is made for each test and not verified. Without the libraries of the extra `tls` its
    tests are skipped.
    """

    _certificate: dict[str, str] | None = None

    def get_http_client(self) -> AsyncHTTPClient:
        """Override to return a client of your own; this one believes any certificate."""
        return AsyncHTTPClient(defaults={"validate_cert": False})

    def get_httpserver_options(self) -> dict[str, Any]:
        """Override to return options of `HTTPServer`, `ssl_options` among them."""
        return {"ssl_options": self.get_ssl_options()}

    def get_ssl_options(self) -> Any:  # noqa: ANN401 -- a dict, or a context factory
        """Override to serve a certificate of your own; see `get_httpserver_options`."""
        return self.default_ssl_options()

    def default_ssl_options(self) -> dict[str, str]:
        """Make a certificate for 127.0.0.1 and localhost; the same for all of this test.

        Returns:
            The paths of both files, `certfile` and `keyfile`.
        """
        if self._certificate is None:
            directory = tempfile.mkdtemp(prefix="cyclone-test-")
            self.addCleanup(self._remove_certificate, directory)
            try:
                self._certificate = write_certificate(Path(directory))
            except TLSUnavailable as error:
                raise unittest.SkipTest(str(error)) from None
        return self._certificate

    def _remove_certificate(self, directory: str) -> None:
        # The same object may be run again: `trial --until-failure` does it.
        self._certificate = None
        shutil.rmtree(directory)

    def get_protocol(self) -> str:
        """Tell what is spoken there: `"https"`."""
        return "https"
