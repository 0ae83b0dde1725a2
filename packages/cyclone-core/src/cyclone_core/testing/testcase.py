"""`CycloneTestCase`: a trial test case with an application and a client."""

from collections.abc import Callable
from typing import Any, ClassVar

from twisted.trial import unittest

from cyclone_core.testing.client import Client
from cyclone_core.testing.running import is_placeholder

__all__ = ["CycloneTestCase"]

AppBuilder = Callable[[], Any]


class CycloneTestCase(unittest.TestCase):
    """A test case that asks an application in memory (cyclone: `testing.CycloneTestCase`).

    It runs under trial, pytest and `unittest`; test methods may be plain, `async def`, use
    `inlineCallbacks` or return a Deferred. Each test has a new application and a new client, which is
    closed behind it.

    Attributes:
        app_builder: What makes the application: a function without arguments, or a subclass of
            `Application` that needs none. The keyword argument of that name wins.
        client_impl: The class of the client.

    Example:
        >>> from cyclone_core.testing import CycloneTestCase
        >>> from cyclone_core.web import Application, RequestHandler
        >>> class Index(RequestHandler):
        ...     async def get(self):
        ...         self.write("hello")
        >>> class IndexTest(CycloneTestCase):
        ...     @staticmethod
        ...     def app_builder():
        ...         return Application([(r"/", Index)])
        ...
        ...     async def test_index(self):
        ...         response = await self.client.get("/")
        ...         self.assertEqual(response.content, b"hello")
        >>> from unittest import TestResult
        >>> IndexTest("test_index").run(TestResult())
    """

    app_builder: ClassVar[Any] = None
    client_impl: ClassVar[type[Client]] = Client

    # Made when first asked for: to collect tests needs no application.
    _made_app: Any = None
    _made_client: Client | None = None

    def __init__(
        self,
        methodName: str | None = None,  # noqa: N803 -- unittest's name
        *,
        app_builder: AppBuilder | None = None,
    ) -> None:
        """Make a test.

        Args:
            methodName: The name of the test method, `runTest` by default.
            app_builder: What makes the application; by default the attribute of the class.

        Raises:
            ValueError: There is neither.
        """
        super().__init__(methodName or "runTest")  # type: ignore[no-untyped-call]
        builder = app_builder
        if builder is None:
            # Asked for on the class, so that a plain function there gets no `self`; `@staticmethod`
            # and a class work either way.
            builder = vars(type(self)).get("app_builder", type(self).app_builder)
            builder = getattr(builder, "__func__", builder)
        # Loaders make each class that a module imports with `runTest`, which is not run then.
        if builder is None and not (methodName and is_placeholder(self)):
            raise ValueError(
                f"{type(self).__name__} needs an app_builder, a function that makes the application:"
                " a class attribute, or a keyword argument"
            )
        self._app_builder = builder

    @property
    def _app(self) -> Any:  # noqa: ANN401 -- the builder's
        """The application of this test."""
        if self._made_app is None:
            self._made_app = self._app_builder()
        return self._made_app

    @_app.setter
    def _app(self, app: Any) -> None:  # noqa: ANN401 -- as above
        self._made_app = app

    @property
    def client(self) -> Client:
        """The client of this test."""
        if self._made_client is None:
            self._made_client = self.client_impl(self._app)
        return self._made_client

    @client.setter
    def client(self, client: Client) -> None:
        self._made_client = client

    def run(self, result: Any = None) -> Any:  # noqa: ANN401 -- trial's, unittest's or pytest's
        """Run the test with a new application.

        Args:
            result: What is told of the outcome.

        Returns:
            What trial's method returns.
        """
        if is_placeholder(self):
            return None
        self._made_app = self._made_client = None
        # Behind the cleanups of the test, which may still ask.
        self.addCleanup(self._close_client)
        return super().run(self.defaultTestResult() if result is None else result)  # type: ignore[no-untyped-call]

    def _close_client(self) -> None:
        if self._made_client is not None:
            self._made_client.close()
        self._made_app = self._made_client = None
