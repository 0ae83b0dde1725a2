"""`CycloneTestCase`, run as trial, pytest and unittest run it."""

import unittest
from collections.abc import Generator
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import Clock

from cyclone_core.testing import Client, CycloneTestCase, Response
from cyclone_core.web import Application, RequestHandler, asynchronous


class Hello(RequestHandler):
    """Says hello, and leaves a POST open."""

    def get(self) -> None:
        """Say hello."""
        self.write("hello")

    @asynchronous
    def post(self) -> None:
        """Never end."""


class HelloApplication(Application):
    """An application that sets itself up."""

    made = 0

    def __init__(self) -> None:
        super().__init__([(r"/", Hello)], reactor=cast("Any", Clock()))
        type(self).made += 1


def run(case: CycloneTestCase) -> unittest.TestResult:
    """Run one test."""
    result = unittest.TestResult()
    case.run(result)
    return result


def test_no_builder() -> None:
    """Without a builder there is no test case; the message says what is missing."""
    with pytest.raises(ValueError, match="CycloneTestCase needs an app_builder, a function"):
        CycloneTestCase()


class Kinds(CycloneTestCase):
    """Tests of every kind; pytest runs them as well."""

    app_builder = HelloApplication

    def test_plain(self) -> None:
        """A plain test takes the result, which is there."""
        response = self.successResultOf(self.client.get("/"))
        assert response.content == b"hello"

    async def test_coroutine(self) -> None:
        """An `async def` awaits it."""
        response = await self.client.get("/")
        assert response.status == 200
        assert self._app is response.handler.application

    @inlineCallbacks
    def test_generator(self) -> Generator[Deferred[Response], Response, None]:
        """A generator yields it."""
        response = yield self.client.get("/")
        assert response.headers["Content-Type"] == "text/html; charset=UTF-8"

    def test_deferred(self) -> Deferred[None]:
        """A test returns a Deferred, as those of cyclone 1.x do."""

        def check(response: Response) -> None:
            assert response.get_status() == 200

        return self.client.get("/").addCallback(check)

    def test_left_open(self) -> None:
        """What a test leaves open is closed behind it."""
        self.client.post("/")


@pytest.mark.parametrize("name", [name for name in dir(Kinds) if name.startswith("test_")])
def test_under_unittest(name: str) -> None:
    """Every kind of test passes under unittest."""
    result = run(Kinds(name))
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


def test_applications() -> None:
    """Each run has an application of its own, made when it is asked for; collecting makes none."""
    made = HelloApplication.made
    case = Kinds("test_plain")
    assert HelloApplication.made == made
    run(case)
    run(case)
    assert HelloApplication.made == made + 2
    assert case._made_app is None
    assert case._made_client is None


def make_app() -> Application:
    """Make an application."""
    return Application([(r"/", Hello)], reactor=cast("Any", Clock()))


class ByFunction(CycloneTestCase):
    """A plain function of the module as builder: it gets no `self`."""

    app_builder = make_app

    def test_it(self) -> None:
        """It is asked."""
        assert self.successResultOf(self.client.get("/")).status == 200


class Derived(ByFunction):
    """The builder is inherited."""


class Mine(Client):
    """A client of one's own."""


class ByArgument(CycloneTestCase):
    """No builder on the class, but a client of its own."""

    __test__ = False  # it is run below
    client_impl = Mine

    def test_it(self) -> None:
        """The client is of that class."""
        assert isinstance(self.client, Mine)

    def test_failing(self) -> None:
        """This one fails."""
        self.fail("on purpose")

    def test_replaced(self) -> None:
        """A test may replace both."""
        application = make_app()
        self._app = application
        assert self.client.app is application
        self.client = Mine(application)
        assert self.successResultOf(self.client.get("/")).status == 200


def test_builders() -> None:
    """A builder is a class, a function, a static method, inherited, or an argument."""
    cases = [
        Derived("test_it"),
        ByArgument("test_it", app_builder=make_app),
        ByArgument("test_replaced", app_builder=HelloApplication),
        Kinds("test_plain", app_builder=make_app),
    ]
    for case in cases:
        assert run(case).wasSuccessful()


def test_failure() -> None:
    """A test that fails is told as failure, and the client is closed all the same."""
    result = run(ByArgument("test_failing", app_builder=make_app))
    assert [case.id().rpartition(".")[2] for case, _ in result.failures] == ["test_failing"]


def test_without_result() -> None:
    """`run()` without a result makes one, as unittest's does."""
    Kinds("test_plain").run()
