"""Pages that wait for something."""

import gc
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any

import pytest
from twisted.internet.defer import (
    CancelledError,
    Deferred,
    FirstError,
    gatherResults,
    inlineCallbacks,
)
from twisted.python.failure import Failure

from cyclone_core.errors import StreamClosedError
from cyclone_core.web import (
    HTTPError,
    RequestHandler,
    UIModule,
    asynchronous,
    stream_request_body,
)
from cyclone_template import BaseLoader, DictLoader

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

TEMPLATES = {
    "page.html": "<html><head></head><body>{{ handler.value }}</body></html>",
    "async.html": "{{ await handler.value }}",
    "other.html": "other",
    "plain.html": "plain",
    "bare.html": "{{ handler.value }}{% module Styled() %}",
}
PAGE = "<html><head></head><body>{}</body></html>"
LOADER: BaseLoader = DictLoader(TEMPLATES)


class Styled(UIModule):
    """Needs a head."""

    def render(self) -> str:
        return ""

    def embedded_css(self) -> str:
        return "css {}"


class Waiting(RequestHandler):
    """Renders a page that waits for `value`, and ignores what comes back."""

    value: Deferred[str]

    def initialize(self) -> None:
        type(self).value = Deferred()

    def get(self) -> Any:  # noqa: ANN401 -- whatever methods return
        self.render("page.html")


class Asynchronous(Waiting):
    @asynchronous
    def get(self) -> None:
        self.render("page.html")


class Returning(Waiting):
    def get(self) -> Deferred[None]:
        return self.render("page.html")


class Coroutine(Waiting):
    async def get(self) -> None:
        self.render("page.html")


class Awaiting(Waiting):
    async def get(self) -> None:
        await self.render("page.html")


class Late(Waiting):
    started: Deferred[None]

    async def get(self) -> None:
        type(self).started = started = Deferred()
        await started
        self.render("page.html")


class Yielding(Waiting):
    @inlineCallbacks
    def get(self) -> Generator[Deferred[None], None, None]:
        yield self.render("page.html")


class Gathering(Waiting):
    def get(self) -> Deferred[list[None]]:
        return gatherResults([self.render("page.html")])


class Template(Waiting):
    def get(self) -> None:
        self.render("async.html" if self.request.path == "/async" else "page.html")


class Preparing(Waiting):
    def prepare(self) -> None:
        self.render("page.html")

    def get(self) -> None:
        raise NotImplementedError


HANDLERS = [
    Waiting,
    Asynchronous,
    Returning,
    Coroutine,
    Awaiting,
    Late,
    Yielding,
    Preparing,
]


def start(serve: Serve, handler: type[Waiting], path: str = "/", **settings: object) -> Any:  # noqa: ANN401
    """Ask a handler, and return the connection while the page waits."""
    settings.setdefault("template_loader", LOADER)
    connection = serve(handler, ui_modules={"Styled": Styled}, **settings).connect()
    connection.request(path)
    if issubclass(handler, Late):
        handler.started.callback(None)
    assert connection.sent == b""
    return connection


# Whatever the handler does with the Deferred.


@pytest.mark.parametrize("handler", HANDLERS)
def test_page_that_waits(serve: Serve, handler: type[Waiting]) -> None:
    """The request stays open until the page is complete, whatever the handler does meanwhile."""
    connection = start(serve, handler)
    handler.value.callback("<came>")
    (answer,) = connection.read("GET")
    assert answer.status == 200
    assert answer.text == PAGE.format("&lt;came&gt;")
    assert answer.headers["Content-Length"] == str(len(answer.body))


@pytest.mark.parametrize("handler", HANDLERS)
def test_page_that_fails(serve: Serve, log: Log, handler: type[Waiting]) -> None:
    """A page that fails becomes the error page, and one entry in the log."""
    connection = start(serve, handler)
    handler.value.errback(Failure(ValueError("no database")))
    (answer,) = connection.read("GET")
    assert answer.status == 500
    assert [str(error) for error in log.failures()] == ["no database"]
    assert log.take("cyclone.web") == []


@pytest.mark.parametrize("handler", HANDLERS)
def test_status_of_a_page_that_fails(serve: Serve, log: Log, handler: type[Waiting]) -> None:
    """What a page fails with may say its status."""
    connection = start(serve, handler)
    handler.value.errback(Failure(HTTPError(404, "gone")))
    assert connection.read("GET")[0].status == 404
    assert log.take("cyclone.web") == ["404 GET / (192.168.1.1): gone"]


def test_failure_that_a_handler_turns_into_another(serve: Serve, log: Log) -> None:
    """A handler that gets the failure and fails with another one is answered by that, once."""
    connection = start(serve, Gathering)
    Gathering.value.errback(Failure(ValueError("no database")))
    assert connection.read("GET")[0].status == 500
    assert [type(error) for error in log.failures()] == [FirstError]


def test_template_that_awaits(serve: Serve, log: Log) -> None:
    """A template with `await` is rendered in a coroutine; it may fail as well."""
    connection = start(serve, Template, "/async")
    Template.value.callback("came")
    assert connection.read("GET")[0].text == "came"
    connection = start(serve, Template, "/async")
    Template.value.errback(Failure(ValueError("no database")))
    assert connection.read("GET")[0].status == 500
    assert [str(error) for error in log.failures()] == ["no database"]


def test_value_that_is_there(serve: Serve, log: Log) -> None:
    """A Deferred that has fired, or a template that awaits such a one, does not wait."""

    class Handler(Template):
        def initialize(self) -> None:
            self.value = Deferred()
            if self.request.query:
                self.value.errback(Failure(ValueError("no database")))
            else:
                self.value.callback("there")

    server = serve(Handler, template_loader=LOADER)
    assert server.ask("/").text == PAGE.format("there")
    assert server.ask("/async").text == "there"
    assert server.ask("/?fail").status == server.ask("/async?fail").status == 500
    assert [str(error) for error in log.failures()] == ["no database"] * 2


def test_what_comes_after_a_page_that_waits(serve: Serve, log: Log) -> None:
    """Nothing may be written behind a page that waits, as behind one that is complete."""
    problems = []

    class Handler(Waiting):
        def get(self) -> None:
            self.render("page.html")
            for method, *args in ((self.write, "x"), (self.finish,), (self.render, "other.html")):
                try:
                    method(*args)  # type: ignore[operator]
                except RuntimeError as error:
                    problems.append(str(error))
            self.flush()
            self.send_error(404)

    connection = start(serve, Handler)
    Handler.value.callback("came")
    assert connection.read("GET")[0].text == PAGE.format("came")
    assert problems == [
        "cannot write() after finish()",
        "finish() called twice",
        "cannot render('other.html') after render(): its page is still to come",
    ]
    assert log.take("cyclone.web") == ["send_error(404) came after the answer"]


def test_exception_behind_a_page_that_waits(serve: Serve, log: Log) -> None:
    """A handler that raises behind `render` is logged, and its page is sent."""

    class Handler(Waiting):
        def get(self) -> None:
            self.render("page.html")
            raise ValueError("too late")

    connection = start(serve, Handler)
    assert [str(error) for error in log.failures()] == ["too late"]
    Handler.value.callback("came")
    assert connection.read("GET")[0].text == PAGE.format("came")


def test_head(serve: Serve) -> None:
    """A derived HEAD waits for the page and tells its length."""
    connection = serve(Waiting, template_loader=LOADER).connect()
    connection.request(method="HEAD")
    assert connection.sent == b""
    Waiting.value.callback("came")
    (answer,) = connection.read("HEAD")
    assert answer.headers["Content-Length"] == str(len(PAGE.format("came")))


def test_connection_goes_on(serve: Serve) -> None:
    """Requests behind one that waits are answered in order."""
    server = serve([("/wait", Waiting), ("/", Quick)], template_loader=LOADER)
    connection = server.connect()
    connection.send(server.request("/wait") + server.request("/"))
    assert connection.sent == b""
    Waiting.value.callback("came")
    server.clock.advance(0)
    first, second = connection.read("GET", "GET")
    assert first.text == PAGE.format("came")
    assert second.text == "plain"


class Quick(RequestHandler):
    """Renders a page that does not wait."""

    def get(self) -> None:
        self.render("plain.html")


def test_modules_of_a_page_that_waits(serve: Serve, log: Log) -> None:
    """Resources are put into the page when it is there; that may fail, too."""

    class Handler(Waiting):
        def get(self) -> None:
            self.render("bare.html")

    connection = start(serve, Handler)
    Handler.value.callback("came")
    assert connection.read("GET")[0].status == 500
    assert "belongs before </head>" in str(log.failures()[0])
    connection = start(serve, Handler)
    Handler.value.callback("</head>")
    assert connection.read("GET")[0].status == 500  # escaped
    assert "belongs before </head>" in str(log.failures()[0])


def test_context_of_a_page_that_waits(serve: Serve) -> None:
    """What is behind the wait runs in the context of the request, whoever ends the wait."""
    name: ContextVar[str] = ContextVar("name", default="nobody")
    seen = []

    class Handler(Waiting):
        def prepare(self) -> None:
            name.set("Ada")

        def on_finish(self) -> None:
            seen.append(name.get())

    connection = start(serve, Handler)
    Handler.value.callback("came")
    assert connection.read("GET")[0].text == PAGE.format("came")
    assert seen == ["Ada"]
    assert name.get() == "nobody"


def test_nothing_is_left(serve: Serve) -> None:
    """A page that has waited leaves nothing for the garbage collector."""
    connection = start(serve, Awaiting, log_function=lambda _: None)
    Awaiting.value.callback("came")
    connection.read("GET")
    gc.collect()
    connection.request()
    Awaiting.value.callback("came")
    connection.read("GET")
    del Awaiting.value
    assert gc.collect() == 0


@stream_request_body
class Upload(Waiting):
    def prepare(self) -> None:
        self.render("page.html")


def test_page_instead_of_a_body(serve: Serve) -> None:
    """A `prepare` may answer a body that it does not want with a page that waits."""
    connection = serve(Upload, template_loader=LOADER).connect()
    connection.request(method="POST", body=b"x" * 10)
    assert connection.sent == b""
    Upload.value.callback("came")
    (answer,) = connection.read("POST")
    assert answer.text == PAGE.format("came")


# Waiting for it.


def test_deferred_of_render(serve: Serve) -> None:
    """What `render` returns fires when the page is sent."""
    fired = []

    class Handler(Waiting):
        def get(self) -> None:
            self.render("page.html").addCallback(fired.append)

    connection = start(serve, Handler)
    assert fired == []
    Handler.value.callback("came")
    assert fired == [None]
    assert connection.read("GET")[0].status == 200


@pytest.mark.parametrize("kind", ["await", "yield", "callback"])
def test_handler_answers_otherwise(serve: Serve, kind: str) -> None:
    """A handler that waits for a page gets its failure first, and may answer otherwise."""

    class Handler(Waiting):
        def get(self) -> object:
            if kind == "callback":
                return self.render("page.html").addErrback(lambda _: self.render("other.html"))
            return self.await_it() if kind == "await" else self.yield_it()

        async def await_it(self) -> None:
            try:
                await self.render("page.html")
            except ValueError as error:
                self.render("other.html", error=error)

        @inlineCallbacks
        def yield_it(self) -> Generator[Deferred[None], None, None]:
            try:
                yield self.render("page.html")
            except ValueError as error:
                self.set_status(503)
                yield self.render("other.html", error=error)

    connection = start(serve, Handler)
    Handler.value.errback(Failure(ValueError("no database")))
    (answer,) = connection.read("GET")
    assert answer.text == "other"
    assert answer.status == (503 if kind == "yield" else 200)


def test_failure_that_a_handler_takes(serve: Serve) -> None:
    """A handler that takes the failure and says nothing answers with what it has written: nothing."""

    class Handler(Waiting):
        def get(self) -> object:
            return self.render("page.html").addErrback(lambda _: None)

    connection = start(serve, Handler)
    Handler.value.errback(Failure(ValueError("no database")))
    assert connection.read("GET")[0][0::3] == (200, b"")


@pytest.mark.parametrize("handler", [Waiting, Returning, Awaiting])
def test_cancelling(serve: Serve, log: Log, handler: type[Waiting]) -> None:
    """To cancel a page cancels what it waits for; the client gets the error page."""
    cancelled = []
    rendered: list[Deferred[None]] = []

    class Handler(handler):  # type: ignore[valid-type, misc] # a class that is a parameter
        def initialize(self) -> None:
            type(self).value = Deferred(cancelled.append)

        def render(self, template_name: str, **kwargs: object) -> Deferred[None]:
            rendered.append(super().render(template_name, **kwargs))
            return rendered[-1]

    connection = start(serve, Handler)
    rendered[0].cancel()
    assert cancelled == [Handler.value]
    assert connection.read("GET")[0].status == 500
    assert [type(error) for error in log.failures()] == [CancelledError]


# Clients that leave.


class Watching(Waiting):
    """Notes what happens to it."""

    def initialize(self) -> None:
        super().initialize()
        self.happened = HAPPENED

    def on_connection_close(self) -> None:
        self.happened.append("closed")

    def on_finish(self) -> None:
        self.happened.append("finished")


HAPPENED: list[str] = []


@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_client_leaves(serve: Serve, log: Log, late: bool, fails: bool) -> None:
    """The handler learns once that the client has gone; the page comes to its end nevertheless."""
    HAPPENED.clear()

    class Handler(Watching):
        async def get(self) -> None:
            if late:
                type(self).started = started = Deferred[None]()
                await started
            self.render("page.html")

    server = serve(Handler, template_loader=LOADER)
    connection = server.connect()
    connection.request()
    if late:
        Handler.started.callback(None)
    connection.leave()
    assert HAPPENED == ["closed"]
    if fails:
        Handler.value.errback(Failure(ValueError("no database")))
        assert [str(error) for error in log.failures()] == ["no database"]
    else:
        Handler.value.callback("came")
    assert HAPPENED == ["closed", "finished"]
    assert connection.sent == b""
    assert len(server.answered) == 1


@pytest.mark.parametrize("handler", HANDLERS)
def test_client_leaves_a_page_that_is_to_be_cancelled(serve: Serve, handler: type[Waiting]) -> None:
    """With `cancel_on_disconnect` the page is cancelled, also if the handler does not wait for it."""
    cancelled = []

    class Handler(handler):  # type: ignore[valid-type, misc] # a class that is a parameter
        cancel_on_disconnect = True

        def initialize(self) -> None:
            type(self).value = Deferred(cancelled.append)

    server = serve(Handler, template_loader=LOADER)
    connection = server.connect()
    connection.request()
    if issubclass(handler, Late):
        Handler.started.callback(None)
    connection.leave()
    assert cancelled == [Handler.value]
    assert [each.get_status() for each in server.answered] == [499]


def test_page_that_begins_behind_the_client(serve: Serve) -> None:
    """With `cancel_on_disconnect` a page does not wait that is begun when the client has gone."""
    cancelled = []

    class Handler(Waiting):
        cancel_on_disconnect = True

        def initialize(self) -> None:
            type(self).value = Deferred(cancelled.append)

        async def get(self) -> None:
            try:
                await Deferred()
            except CancelledError:
                self.render("page.html")

    server = serve(Handler, template_loader=LOADER)
    connection = server.connect()
    connection.request()
    connection.leave()
    assert cancelled == [Handler.value]
    assert [each.get_status() for each in server.answered] == [499]


def test_client_stays(serve: Serve) -> None:
    """`on_connection_close` is not called for a client that gets its page."""
    HAPPENED.clear()
    connection = start(serve, Watching)
    Watching.value.callback("came")
    connection.read("GET")
    connection.leave()
    assert HAPPENED == ["finished"]


@pytest.mark.parametrize("ignored", [True, False])
def test_deferred_of_render_without_a_client(serve: Serve, log: Log, ignored: bool) -> None:
    """What `render` returned fails when the client has gone; to ignore that logs nothing."""
    problems = []

    class Handler(Waiting):
        async def get(self) -> None:
            rendered = self.render("page.html")
            try:
                if not ignored:
                    await rendered
            except StreamClosedError as error:
                problems.append(error)

    connection = start(serve, Handler)
    connection.leave()
    Handler.value.callback("came")
    gc.collect()
    assert len(problems) == (0 if ignored else 1)
    assert log.take("cyclone") == []


def test_cancelled_while_it_is_sent(serve: Serve) -> None:
    """What `render` returned may be cancelled when the page is there and the client slow, or gone."""
    rendered: list[Deferred[None]] = []

    class Handler(Waiting):
        def get(self) -> None:
            rendered.append(self.render("page.html"))

    for end in ("read", "leave"):
        connection = start(serve, Handler)
        connection.protocol.pauseProducing()
        Handler.value.callback("came")
        last = rendered.pop()
        last.cancel()
        last.addErrback(lambda failure: failure.trap(CancelledError))
        if end == "read":
            connection.protocol.resumeProducing()
            assert connection.read("GET")[0].text == PAGE.format("came")
        else:
            connection.leave()


# Together with what else holds an answer up.


def test_page_behind_a_flush(serve: Serve) -> None:
    """A page that waits may come behind what was flushed."""

    class Handler(Waiting):
        def get(self) -> None:
            self.write("begin, ")
            self.flush()
            self.render("page.html")

    connection = serve(Handler, template_loader=LOADER).connect()
    connection.request()
    assert connection.sent.endswith(b"begin, \r\n")
    Handler.value.callback("came")
    assert connection.read("GET")[0].text == "begin, " + PAGE.format("came")


@pytest.mark.parametrize("flush", [True, False])
@pytest.mark.parametrize("head_first", [True, False])
def test_before_headers(serve: Serve, flush: bool, head_first: bool) -> None:
    """Functions of `before_headers` are waited for as well, whatever is done first."""
    ready: list[Deferred[None]] = []

    class Handler(Waiting):
        def get(self) -> None:
            self.before_headers(self.wait)
            if flush:
                self.write("begin, ")
                self.flush()
            self.render("page.html")

        def wait(self) -> Deferred[None]:
            self.set_header("X-Late", "1")
            ready.append(Deferred())
            return ready[-1]

    connection = start(serve, Handler)
    if not flush:
        assert ready == []  # the page may need them
        head_first = False
    if head_first:
        ready[0].callback(None)
        Handler.value.callback("came")
    else:
        Handler.value.callback("came")
        ready[0].callback(None)
    (answer,) = connection.read("GET")
    assert answer.headers["X-Late"] == "1"
    assert answer.text == ("begin, " if flush else "") + PAGE.format("came")


def test_before_headers_while_a_page_waits(serve: Serve) -> None:
    """What a page waits for may give functions to `before_headers`."""

    class Handler(Waiting):
        def get(self) -> None:
            self.value.addCallback(self.came)
            self.render("page.html")

        def came(self, value: str) -> str:
            self.before_headers(lambda: self.set_header("X-Late", value))
            return value

    connection = start(serve, Handler)
    Handler.value.callback("came")
    (answer,) = connection.read("GET")
    assert answer.headers["X-Late"] == "came"
    assert answer.text == PAGE.format("came")


@pytest.mark.parametrize("page_fails", [True, False])
def test_head_that_fails_before_the_page(serve: Serve, log: Log, page_fails: bool) -> None:
    """If the head fails while the page waits, there is an error page; the other page is dropped."""
    ready: list[Deferred[None]] = []
    problems = []

    class Handler(Waiting):
        async def get(self) -> None:
            self.before_headers(self.wait)
            self.flush()
            try:
                await self.render("page.html")
            except StreamClosedError as error:
                problems.append(str(error))

        def wait(self) -> Deferred[None]:
            ready.append(Deferred())
            return ready[-1]

    connection = start(serve, Handler)
    ready[0].errback(Failure(ValueError("no session")))
    assert connection.read("GET")[0].status == 500
    assert [str(error) for error in log.failures()] == ["no session"]
    if page_fails:
        Handler.value.errback(Failure(ValueError("no database")))
    else:
        Handler.value.callback("came")
    assert problems == ["an error page was sent instead"]
    assert connection.sent == b""
