"""Pages that wait for the user, and error pages."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.web import HTTPError, RequestHandler, authenticated
from cyclone_template import BaseLoader, DictLoader

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported
Connection = Any  # as above

TEMPLATES = {"page.html": "{{ handler.value }}", "user.html": "{{ current_user }}"}
LOADER: BaseLoader = DictLoader(TEMPLATES)


class Waiting(RequestHandler):
    """Renders a page that waits for `value`."""

    value: Deferred[str]

    def initialize(self) -> None:
        type(self).value = Deferred()

    def get(self) -> Any:  # noqa: ANN401 -- whatever methods return
        self.render("page.html")


def start(serve: Serve, handler: type[Waiting], path: str = "/") -> Connection:
    """Ask a handler, and return the connection while the page waits."""
    connection = serve(handler, template_loader=LOADER).connect()
    connection.request(path)
    assert connection.sent == b""
    return connection


# Users who are known later.


class WithUser(Waiting):
    """Knows its user later."""

    async def get_current_user(self) -> str:
        return await self.value

    def get(self) -> Any:  # noqa: ANN401 -- as Waiting.get
        self.render("user.html")


def test_page_waits_for_the_user(serve: Serve, log: Log) -> None:
    """A page waits for an asynchronous `get_current_user`, which may fail."""
    connection = start(serve, WithUser)
    WithUser.value.callback("Ada")
    assert connection.read("GET")[0].text == "Ada"
    connection = start(serve, WithUser)
    WithUser.value.errback(Failure(ValueError("no database")))
    assert connection.read("GET")[0].status == 500
    assert [str(error) for error in log.failures()] == ["no database"]


def test_page_behind_authenticated(serve: Serve) -> None:
    """Behind `authenticated` the user is known, and a page does not wait again."""
    calls = []

    class Handler(WithUser):
        async def get_current_user(self) -> str:
            calls.append(self)
            return await self.value

        @authenticated
        def get(self) -> None:
            self.write(self.render_string("user.html"))  # type: ignore[arg-type]

    connection = start(serve, Handler)
    Handler.value.callback("Ada")
    assert connection.read("GET")[0].text == "Ada"
    assert len(calls) == 1


def test_user_who_is_known_at_once(serve: Serve) -> None:
    """A page does not wait for an `async def get_current_user` that has the answer."""

    class Handler(RequestHandler):
        async def get_current_user(self) -> str:
            return "Ada"

        def get(self) -> None:
            page = self.render_string("user.html")
            assert page == b"Ada"
            self.write(page)

    assert serve(Handler, template_loader=LOADER).ask().text == "Ada"


# Error pages.


class Recipe(Waiting):
    """The recipe that programs for cyclone 1.x have: a page for the status, or else one for all."""

    def get(self) -> None:
        raise HTTPError(int(self.request.query or 404))

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 -- as in the base
        try:
            self.render(f"error_{status_code}.html")
        except IOError:  # noqa: UP024 -- as it stands there
            self.render("error_all.html", exception=kwargs["exception"])


def test_recipe(serve: Serve, log: Log) -> None:
    """A template that is missing is noticed at the call, so that another one can be rendered."""
    pages = {"error_404.html": "nothing here", "error_all.html": "sorry: {{ exception }}"}
    server = serve(Recipe, template_loader=DictLoader(pages))
    assert server.ask("/").text == "nothing here"
    answer = server.ask("/?503")
    assert answer.status == 503
    assert answer.text.startswith("sorry: HTTP 503")
    assert log.take("cyclone.web") == []


def test_recipe_without_pages(serve: Serve, log: Log) -> None:
    """If both templates are missing, the answer has the status and no page, and the log one entry."""
    answer = serve(Recipe, template_loader=DictLoader({})).ask("/?503")
    assert answer[0::3] == (503, b"")
    (error,) = log.failures()
    assert "no template 'error_all.html'" in str(error)


@pytest.mark.parametrize("returned", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_error_page_that_waits(serve: Serve, log: Log, returned: bool, fails: bool) -> None:
    """An error page may wait, and may fail then; `write_error` need not return it."""

    class Handler(Waiting):
        def get(self) -> None:
            raise HTTPError(404)

        def write_error(self, status_code: int, **kwargs: Any) -> object:  # noqa: ANN401 -- as above
            del status_code, kwargs
            rendered = self.render("page.html")
            return rendered if returned else None

    connection = start(serve, Handler)
    if fails:
        Handler.value.errback(Failure(ValueError("no database")))
        assert connection.read("GET")[0][0::3] == (404, b"")
        assert [str(error) for error in log.failures()] == ["no database"]
    else:
        Handler.value.callback("came")
        assert connection.read("GET")[0][0::3] == (404, b"came")


def test_error_page_of_a_page_that_failed(serve: Serve, log: Log) -> None:
    """Behind a page that has waited and failed, an error page may wait as well."""
    connection = start(serve, TwoPages)
    first, TwoPages.value = TwoPages.value, Deferred()
    first.errback(Failure(HTTPError(404)))
    assert connection.sent == b""
    TwoPages.value.callback("came")
    assert connection.read("GET")[0][0::3] == (404, b"came")
    assert log.failures() == []


class TwoPages(Waiting):
    """Renders a page, and the same as the error page."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 -- as above
        del status_code, kwargs
        self.render("page.html")


class Classic(Waiting):
    """A handler for cyclone 1.x."""

    def get(self) -> None:
        raise HTTPError(503, "overloaded")

    def get_error_html(self, status_code: int, **kwargs: object) -> object:
        assert list(kwargs) == ["exception"]
        if self.request.path == "/wait":
            return self.render_string("page.html")
        return f"{status_code}: {kwargs['exception']}"


def test_get_error_html(serve: Serve) -> None:
    """`get_error_html` gives the page of handlers for cyclone 1.x, with a warning."""
    with pytest.warns(
        DeprecationWarning, match=r"Classic.get_error_html\(\) is deprecated: override"
    ):
        answer = serve(Classic).ask()
    assert answer.status == 503
    assert answer.text == "503: HTTP 503: Service Unavailable (overloaded)"


def test_get_error_html_that_waits(serve: Serve) -> None:
    """`get_error_html` may return what `render_string` gives, a Deferred."""
    with pytest.warns(DeprecationWarning, match="get_error_html"):
        connection = start(serve, Classic, "/wait")
    Classic.value.callback("came")
    assert connection.read("GET")[0][0::3] == (503, b"came")
