"""Names and habits of programs for cyclone 1.x that have no other test file of their own."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import Application, HTTPError, RequestHandler, asynchronous
from cyclone_escape import json_decode

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

number: ContextVar[int] = ContextVar("number", default=0)


class Calling(RequestHandler):
    """Waits for a Deferred of the settings with a callback in the old manner."""

    @asynchronous
    def get(self) -> None:
        """Wait."""
        number.set(7)
        if "flush" in self.request.arguments:
            self.write("begun")
            self.flush()
        done = self.async_callback(self.done, "a", b="b")
        self.settings.waiting.addCallback(done).addBoth(self.settings.results.append)

    def done(self, a: str, result: object, *, b: str) -> str:
        """Answer, or fail."""
        if isinstance(result, Exception):
            raise result
        self.finish(f"{a} {b} {result} {number.get()}")
        return "done"


def calling(serve: Serve) -> Any:  # noqa: ANN401 -- a server
    """Serve `Calling`."""
    return serve(Calling, waiting=Deferred(), results=[])


def test_async_callback(serve: Serve) -> None:
    """The callback gets the arguments of both, runs in the context of its request, and its result counts."""
    server = calling(serve)
    connection = server.connect()
    connection.request()
    assert connection.sent == b""
    server.application.settings.waiting.callback("late")
    (answer,) = connection.read("GET")
    assert answer.text == "a b late 7"
    assert server.application.settings.results == ["done"]


@pytest.mark.parametrize(("error", "status"), [(HTTPError(404), 404), (KeyError("x"), 500)])
def test_async_callback_raises(serve: Serve, log: Log, error: Exception, status: int) -> None:
    """What the callback raises becomes the error page, and nothing is left in the Deferred."""
    server = calling(serve)
    connection = server.connect()
    connection.request()
    server.application.settings.waiting.callback(error)
    (answer,) = connection.read("GET")
    assert answer.status == status
    assert server.application.settings.results == [None]
    assert log.failures() == ([error] if status == 500 else [])


def test_async_callback_raises_behind_the_head(serve: Serve, log: Log) -> None:
    """Behind the head of the answer there can be no page: the connection is cut, and the log says why."""
    server = calling(serve)
    connection = server.connect()
    connection.request("/?flush=1")
    error = KeyError("x")
    server.application.settings.waiting.callback(error)
    assert not connection.open
    assert log.failures() == [error]


def test_async_callback_of_nothing() -> None:
    """None stays None: it may stand for a callback that nobody gave."""
    handler = RequestHandler(Application([]), HTTPServerRequest("GET", "/"))
    assert handler.async_callback(None) is None


def test_async_callback_by_hand() -> None:
    """A handler that was made by hand has callbacks as well."""
    handler = RequestHandler(Application([]), HTTPServerRequest("GET", "/"))
    double = handler.async_callback(lambda value: value * 2)
    assert double is not None
    assert double(2) == 4


def test_footers(serve: Serve) -> None:
    """`flush` takes `include_footers`, which means nothing any more; an override may pass it on."""

    class Footers(RequestHandler):
        def get(self) -> None:
            self.write("one")
            self.flush(include_footers=False)
            self.write("two")
            self.flush(True)
            self.write("three")

        def flush(self, include_footers: bool = False) -> Deferred[None]:
            return super().flush(include_footers)

    assert serve(Footers).ask().text == "onetwothree"


def test_headers_written(serve: Serve) -> None:
    """`_headers_written` and `_finished`, which old programs ask, are true when the answer is complete."""
    seen: list[tuple[bool, bool]] = []

    class Asking(RequestHandler):
        def get(self) -> None:
            self.note()
            if self.get_argument("flush", ""):
                self.flush()
                self.note()
            self.finish("x")
            self.note()

        def note(self) -> None:
            seen.append((self._headers_written, self._finished))

        def on_finish(self) -> None:
            self.note()

    serve(Asking).ask()
    assert seen == [(False, False), (True, True), (True, True)]
    seen.clear()
    serve(Asking).ask("/?flush=1")
    assert seen == [(False, False), (True, False), (True, True), (True, True)]


def test_auto_finish(serve: Serve) -> None:
    """`_auto_finish = False` keeps the request open, as `asynchronous` does."""
    opened: list[RequestHandler] = []

    class Open(RequestHandler):
        def get(self) -> None:
            self._auto_finish = False
            opened.append(self)

    connection = serve(Open).connect()
    connection.request()
    assert connection.sent == b""
    opened[0].finish("later")
    assert connection.read("GET")[0].text == "later"


def test_own_constructor(serve: Serve) -> None:
    """A handler may have a constructor of its own, which calls that of the base class by name."""

    class Own(RequestHandler):
        def __init__(
            self, application: Application, request: HTTPServerRequest, **kwargs: str
        ) -> None:
            RequestHandler.__init__(self, application, request, **kwargs)
            self.text = "own"

        def initialize(self, word: str) -> None:  # type: ignore[override]
            self.word = word

        def get(self) -> None:
            self.write(f"{self.text} {self.word}")

    assert serve([("/", Own, {"word": "word"})]).ask().text == "own word"


def test_overridden_execute(serve: Serve) -> None:
    """An `_execute` of cyclone's signature may look at the request and pass on what it got."""

    class Executing(RequestHandler):
        def _execute(self, transforms: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            self.seen = self.request.path
            super()._execute(transforms, *args, **kwargs)

        def get(self, word: str) -> None:
            self.write(f"{self.seen} {word}")

    assert serve([("/(.*)", Executing)]).ask("/a").text == "/a a"


def test_arguments_in_text(serve: Serve) -> None:
    """Arguments that a program sets itself may be text: those of a JSON body, for example."""

    class Object(RequestHandler):
        def prepare(self) -> None:
            for name, value in json_decode(self.request.body).items():
                self.request.arguments[name] = [value]

        def post(self) -> None:
            self.write(f"{self.get_argument('a')} {self.get_arguments('q')}")

    assert serve(Object).ask("/?q=1", "POST", body=b'{"a": " b\\u0001 "}').text == "b ['1']"


def test_path_arguments_before_they_are_known(serve: Serve) -> None:
    """`path_args` and `path_kwargs` are empty before the request is handled, and where it is refused."""
    seen: list[object] = []

    class Early(RequestHandler):
        def initialize(self) -> None:
            self.note()

        def note(self) -> None:
            seen.append((list(self.path_args), dict(self.path_kwargs)))

        def write_error(self, *_: object, **__: object) -> None:
            self.note()

    assert serve([(r"/(?P<word>.*)", Early)]).ask("/a", "TRACE").status == 405
    assert seen == [([], {}), ([], {})]
