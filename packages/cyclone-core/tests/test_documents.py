"""The examples of the old documents and of the package's README, run as they are printed.

Those of the old documents import `cyclone` and the global reactor: here `cyclone` is a name for this
package, and the reactor stands still until a test moves it.
"""

import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from twisted.internet import defer
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection

import cyclone_core.web
import cyclone_escape

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime

README = Path(__file__).parents[1] / "README.md"

Example = dict[str, Any]
Run = Callable[[str], Example]


class Reactor(MemoryReactorClock):
    """A reactor in memory whose running can begin."""

    def run_hooks(self) -> None:
        """Call what waits for the reactor to run."""
        for function, args, kwargs in self.whenRunningHooks:
            function(*args, **kwargs)


@pytest.fixture
def reactor(monkeypatch: pytest.MonkeyPatch) -> Reactor:
    """The global reactor of the examples."""
    reactor = Reactor()
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", cast("Any", reactor))
    monkeypatch.setattr("twisted.internet.reactor", reactor, raising=False)
    return reactor


@pytest.fixture
def run(reactor: Reactor, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs the text of an example and returns its names."""
    assert isinstance(reactor, MemoryReactorClock)
    cyclone = types.ModuleType("cyclone")
    cyclone.__path__ = []
    for name, module in {"web": cyclone_core.web, "escape": cyclone_escape}.items():
        monkeypatch.setitem(sys.modules, f"cyclone.{name}", module)
        setattr(cyclone, name, module)
    monkeypatch.setitem(sys.modules, "cyclone", cyclone)

    def run_text(text: str) -> Example:
        names: Example = {"__name__": "example"}
        exec(text, names)  # noqa: S102 -- the examples are texts, so that they stay as printed
        return names

    return run_text


class Client:
    """A connection to the application of an example."""

    def __init__(self, application: Any) -> None:  # noqa: ANN401 -- from the text of an example
        self.transport = StringTransportWithDisconnection()
        protocol = application.buildProtocol(None)
        self.transport.protocol = protocol
        protocol.makeConnection(self.transport)

    def ask(self, method: str = "GET", path: str = "/", body: str = "", **headers: str) -> bytes:
        """Send a request and return what has come, or an empty text."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.transport.clear()
        data = "\r\n".join([*lines, "", body]).encode()
        self.transport.protocol.dataReceived(data)
        return self.received()

    def received(self) -> bytes:
        """Take what has come."""
        data = cast("bytes", self.transport.value())
        self.transport.clear()
        return data


def body(data: bytes) -> bytes:
    """What follows the head of an answer."""
    return data.partition(b"\r\n\r\n")[2]


def serve(handler: type[cyclone_core.web.RequestHandler]) -> Client:
    """Connect to an application that has one handler of an example."""
    application = cyclone_core.web.Application(
        [("/", handler)],
        reactor=cast("IReactorTime", MemoryReactorClock()),
        log_function=lambda _: None,
    )
    return Client(application)


HELLO = """
import cyclone.web


class MainHandler(cyclone.web.RequestHandler):
    def get(self):
        self.write("hello, world")


Application = lambda: cyclone.web.Application([(r"/", MainHandler)])
"""


def test_hello(run: Run) -> None:
    """hello.py: the smallest application says hello."""
    assert body(Client(run(HELLO)["Application"]()).ask()) == b"hello, world"


DELAYED = """
# run: twistd -n cyclone -r delayed.Application

import cyclone.web
from twisted.internet import defer
from twisted.internet import reactor


def sleep(n):
    d = defer.Deferred()
    reactor.callLater(n, lambda: d.callback(None))
    return d


class MainHandler(cyclone.web.RequestHandler):
    @defer.inlineCallbacks
    def get(self):
        yield sleep(5)
        self.write("hello, world")


Application = lambda: cyclone.web.Application([("/", MainHandler)], debug=True)
"""


def test_delayed(run: Run, reactor: Reactor) -> None:
    """delayed.py: the answer comes after five seconds, and other clients do not wait for it."""
    application = run(DELAYED)["Application"]()
    first, second = Client(application), Client(application)
    assert first.ask() == b""
    reactor.advance(1)
    assert second.ask() == b""
    reactor.advance(3.5)
    assert first.received() == b""
    reactor.advance(0.5)
    assert body(first.received()) == b"hello, world"
    assert second.received() == b""
    reactor.advance(1)
    assert body(second.received()) == b"hello, world"


CLOCK = r"""
# run: twistd -n cyclone -r clock.Application

import cyclone.web
import time
from twisted.internet import task
from twisted.internet import reactor


class MessagesMixin(object):
    clients = []

    @classmethod
    def setup(self):
        task.LoopingCall(MessagesMixin.broadcast).start(1)

    @classmethod
    def broadcast(self):
        for req in MessagesMixin.clients:
            req.write("%s\r\n" % time.ctime())
            req.flush()


class MainHandler(cyclone.web.RequestHandler, MessagesMixin):
    @cyclone.web.asynchronous
    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.clients.append(self)
        d = self.notifyFinish()
        d.addCallback(lambda *ign: self.clients.remove(self))


class Application(cyclone.web.Application):
    def __init__(self):
        reactor.callWhenRunning(MessagesMixin.setup)
        cyclone.web.Application.__init__(self, [("/", MainHandler)])
"""


def test_clock(run: Run, reactor: Reactor) -> None:
    """clock.py: each client gets a line a second, and goes on when another one leaves."""
    names = run(CLOCK)
    application = names["Application"]()
    reactor.run_hooks()
    clients = [Client(application) for _ in range(3)]
    for client in clients:
        assert client.ask() == b""
    reactor.advance(1)
    heads = [client.received() for client in clients]
    for head in heads:
        assert b"Content-Type: text/plain\r\n" in head
        assert b"Transfer-Encoding: chunked\r\n" in head
        assert body(head).startswith(b"1a\r\n")
    clients[1].transport.loseConnection()
    assert len(names["MessagesMixin"].clients) == 2
    reactor.advance(1)
    for client in (clients[0], clients[2]):
        line = client.received()
        assert line.startswith(b"1a\r\n")
        assert line.endswith(b"\r\n\r\n")
    assert clients[1].received() == b""


def test_clock_under_head(run: Run, reactor: Reactor) -> None:
    """clock.py: a client that asks with HEAD gets its head and joins no broadcast for ever."""
    names = run(CLOCK)
    client = Client(names["Application"]())
    reactor.run_hooks()
    assert client.ask("HEAD") == b""
    reactor.advance(1)
    assert client.received().startswith(b"HTTP/1.1 200 OK\r\n")
    assert names["MessagesMixin"].clients == []


STACKED = """
import cyclone.web
from twisted.internet import defer


class MainHandler(cyclone.web.RequestHandler):
    @cyclone.web.asynchronous
    @defer.inlineCallbacks
    def get(self):
        result = yield self.settings.work
        self.finish(result)

    @defer.inlineCallbacks
    @cyclone.web.asynchronous
    def post(self):
        result = yield self.settings.work
        self.finish(result)
"""


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_stacked_decorators(run: Run, reactor: Reactor, method: str) -> None:
    """Mixing @inlineCallbacks, @asynchronous: they go in either order (the dots filled in)."""
    work: defer.Deferred[str] = defer.Deferred()
    handler = run(STACKED)["MainHandler"]
    client = Client(cyclone_core.web.Application([("/", handler)], reactor=reactor, work=work))
    assert client.ask(method) == b""
    work.callback("worked")
    assert body(client.received()) == b"worked"


NO_KEEP_ALIVE = """
import cyclone.web


class IndexHandler(cyclone.web.RequestHandler):
    no_keep_alive = True
    def get(self):
        ...
"""


def test_no_keep_alive(run: Run) -> None:
    """Keep-Alive: `no_keep_alive` closes the socket after the answer."""
    client = serve(run(NO_KEEP_ALIVE)["IndexHandler"])
    assert b"Connection: close\r\n" in client.ask()
    assert not client.transport.connected


CLOSED = """
import cyclone.web

handlers = []

def remove_from_comet_handlers_list(reason):
    handlers.append(reason)


class IndexHandler(cyclone.web.RequestHandler):
    def get(self):
        ...
        d = self.notifyFinish()
        d.addCallback(remove_from_comet_handlers_list)

    def on_finish(self):
        # alternative to notifyFinish
        pass
"""


def test_socket_closed_notification(run: Run) -> None:
    """Socket closed notification: `notifyFinish` fires when the answer is finished."""
    names = run(CLOSED)
    serve(names["IndexHandler"]).ask()
    assert names["handlers"] == [None]


RAW = """
import cyclone.web


class MyHandler(cyclone.web.RequestHandler):
    def get(self):
        raw = self.request.query
        self.write(raw)

    def post(self):
        raw = self.request.body
        self.write(raw)
"""


def test_raw_data(run: Run) -> None:
    """How do I access raw POST data: query string and body are there unparsed (and written)."""
    client = serve(run(RAW)["MyHandler"])
    assert body(client.ask(path="/?a=%20b&c")) == b"a=%20b&c"
    assert body(client.ask("POST", body="a=%20b&c")) == b"a=%20b&c"


HEADERS = """
import cyclone.web


class MyHandler(cyclone.web.RequestHandler):
    def get(self):
        # self.request.headers is a dict
        user_agent = self.request.headers.get("User-Agent")
        self.write(user_agent or "none")
"""


def test_request_headers(run: Run) -> None:
    """Where are the request headers: part of the request (the last line shows one)."""
    client = serve(run(HEADERS)["MyHandler"])
    assert body(client.ask(User_Agent="curl/8")) == b"curl/8"
    assert body(client.ask()) == b"none"


INFORMATION = """
import cyclone.web


class MyHandler(cyclone.web.RequestHandler):
    def get(self):
        proto = self.request.protocol
        remote_ip = self.request.remote_ip
        method = self.request.method
        uri = self.request.uri
        version = self.request.version
        self.write(" ".join([proto, remote_ip, method, uri, version]))
"""


def test_request_information(run: Run) -> None:
    """Where is the request information: in attributes of the request (and written)."""
    client = serve(run(INFORMATION)["MyHandler"])
    assert body(client.ask(path="/?a")) == b"http 192.168.1.1 GET /?a HTTP/1.1"


REPLY = """
import cyclone.escape
import cyclone.web


class MyHandler(cyclone.web.RequestHandler):
    def get(self):
        self.set_header("Content-Type", "application/json")
        self.finish(cyclone.escape.json_encode({"success":True}))
"""


def test_own_headers(run: Run) -> None:
    """How do I set my own headers for the reply: with `set_header`."""
    data = serve(run(REPLY)["MyHandler"]).ask()
    assert b"Content-Type: application/json\r\n" in data
    assert body(data) == b'{"success": true}'


METHODS = """
import cyclone.web


class MyHandler(cyclone.web.RequestHandler):
    def get(self):
        pass

    def head(self):
        pass

    def post(self):
        pass

    def delete(self):
        pass
"""


def test_methods(run: Run) -> None:
    """What HTTP methods are supported: several in one handler; TRACE is not."""
    client = serve(run(METHODS)["MyHandler"])
    for method in ("GET", "HEAD", "POST", "DELETE"):
        assert client.ask(method).startswith(b"HTTP/1.1 200 OK\r\n")
    for method in ("PUT", "TRACE"):
        assert client.ask(method).startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")


FINISHED_AT_ONCE = """
import cyclone.web


class MainHandler(cyclone.web.RequestHandler):
    @cyclone.web.asynchronous
    def get(self):
        self.write("Hello, world")
        self.finish()
"""


def test_asynchronous(run: Run) -> None:
    """Non-blocking, asynchronous requests, first example: it finishes the request itself."""
    assert body(serve(run(FINISHED_AT_ONCE)["MainHandler"]).ask()) == b"Hello, world"


FINISHED_LATER = """
from cyclone import web
from twisted.internet import reactor


class MyRequestHandler(web.RequestHandler):
    @web.asynchronous
    def get(self):
        self.write("Processing your request...")
        reactor.callLater(5, self.do_something)

    def do_something(self):
        self.write("done!")
        self.finish()
"""


def test_asynchronous_with_timer(run: Run, reactor: Reactor) -> None:
    """Non-blocking, asynchronous requests, second example: a timer finishes the request."""
    client = serve(run(FINISHED_LATER)["MyRequestHandler"])
    assert client.ask() == b""
    reactor.advance(4)
    assert client.received() == b""
    reactor.advance(1)
    assert body(client.received()) == b"Processing your request...done!"


INITIALIZED = """
from cyclone.web import Application, RequestHandler

database = {"me": "My Name"}


class ProfileHandler(RequestHandler):
    def initialize(self, database):
        self.database = database

    def get(self, username):
        self.write(self.database[username])


app = Application([
    (r'/user/(.*)', ProfileHandler, dict(database=database)),
    ])
"""


def test_initialize(run: Run) -> None:
    """Overriding RequestHandler methods: a route's arguments reach `initialize`."""
    assert body(Client(run(INITIALIZED)["app"]).ask(path="/user/me")) == b"My Name"


STORY = """
import cyclone.web


class MainHandler(cyclone.web.RequestHandler):
    def get(self):
        self.write("You requested the main page")


class StoryHandler(cyclone.web.RequestHandler):
    def get(self, story_id):
        self.write("You requested the story " + story_id)


application = cyclone.web.Application([
    (r"/", MainHandler),
    (r"/story/([0-9]+)", StoryHandler),
])
"""


def test_groups(run: Run) -> None:
    """Request handlers and request arguments: a group of the pattern is an argument."""
    client = Client(run(STORY)["application"])
    assert body(client.ask()) == b"You requested the main page"
    assert body(client.ask(path="/story/12")) == b"You requested the story 12"
    assert client.ask(path="/story/x").startswith(b"HTTP/1.1 404 ")


FORM = """
import cyclone.web


class MyFormHandler(cyclone.web.RequestHandler):
    def get(self):
        self.write("a form")

    def post(self):
        self.set_header("Content-Type", "text/plain")
        self.write("You wrote " + self.get_argument("message"))
"""


def test_form(run: Run) -> None:
    """Request handlers and request arguments: a form's argument (the form itself is left out)."""
    client = serve(run(FORM)["MyFormHandler"])
    urlencoded = "application/x-www-form-urlencoded"
    data = client.ask("POST", body="message=h%C3%A9+you", Content_Type=urlencoded)
    assert b"Content-Type: text/plain\r\n" in data
    assert body(data) == "You wrote hé you".encode()


FORBIDDEN = """
import cyclone.web


class PrivateHandler(cyclone.web.RequestHandler):
    def user_is_logged_in(self):
        return False

    def get(self):
        if not self.user_is_logged_in():
            raise cyclone.web.HTTPError(403)
"""


def test_http_error(run: Run) -> None:
    """An error response: raise an `HTTPError`."""
    assert serve(run(FORBIDDEN)["PrivateHandler"]).ask().startswith(b"HTTP/1.1 403 Forbidden\r\n")


DOWNLOAD = """
import cyclone.web


class IndexHandler(cyclone.web.RequestHandler):
    @cyclone.web.asynchronous
    def get(self):
        download_deferred = self.do_download()
        download_deferred.addCallback(self.process_download)
        return download_deferred

    def do_download(self):
        return self.settings.download

    def process_download(self, result):
        self.finish(result)
"""


def test_asynchronous_without_inline_callbacks(run: Run, reactor: Reactor) -> None:
    """The asynchronous decorator with a callback (the call and the name in it mended)."""
    download: defer.Deferred[str] = defer.Deferred()
    handler = run(DOWNLOAD)["IndexHandler"]
    application = cyclone_core.web.Application([("/", handler)], reactor=reactor, download=download)
    client = Client(application)
    assert client.ask() == b""
    download.callback("page")
    assert body(client.received()) == b"page"


def test_readme(run: Run) -> None:
    """The programs of the README work, each by itself; the last one tests the one before it."""
    hello, upload, login, test = re.findall(
        r"^```python\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert body(Client(run(hello)["app"]).ask(path="/hello/you")) == b"Hello, you"
    client = serve(run(upload)["Upload"])
    assert body(client.ask("PUT", body="x" * 10, Authorization="me")) == b'{"received": 10}'
    assert client.ask("PUT", body="x").startswith(b"HTTP/1.1 401 ")
    run(login + test)
