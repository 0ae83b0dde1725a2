"""The lines of the access log."""

import gc
import io
import json
import re
import weakref
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel, LogPublisher, textFileLogObserver

from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.log.lines import LineWriter
from cyclone_core.web import Application, RequestHandler
from cyclone_core.web.access import MASKED, AccessLog, log_function, mask_function

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

TEXT = r"{} \((\S*)\) \d+\.\d\dms( aborted)?"


class Status(RequestHandler):
    """Answers with the status that is asked for."""

    def get(self) -> None:
        """Answer."""
        self.set_status(int(self.get_argument("status", "200")))

    def post(self) -> None:
        """Fail."""
        raise KeyError("on purpose")


class Late(RequestHandler):
    """Answers when it is told to, the head before or with it."""

    go: Deferred[None]

    async def get(self) -> None:
        """Answer."""
        Late.go = Deferred()
        if self.get_argument("head", ""):
            self.write("head")
            self.flush()
        await Late.go
        self.write("rest")


class Broken(RequestHandler):
    """Fails behind the head of its answer."""

    def get(self) -> None:
        """Fail."""
        self.write("head")
        self.flush()
        raise KeyError("on purpose")


class Place:
    """A log that goes to a file, and an application whose access log goes there."""

    def __init__(self, handler: type[RequestHandler] = Status, **settings: object) -> None:
        self.stream = io.StringIO()
        observer: Any = textFileLogObserver(self.stream, timeFormat="T")
        self.publisher = LogPublisher(observer)
        self.clock = MemoryReactorClock()
        kind: dict[str, Any] = dict(settings)
        self.access = AccessLog(
            CoarseClock(cast("Any", self.clock)),
            writer=LineWriter("access", self.publisher),
            **kind,
        )
        self.handler = handler

    def lines(self, serve: Serve, *paths: str, method: str = "GET", **headers: str) -> list[str]:
        """Ask for paths and return the lines."""
        server = serve(self.handler, log_function=self.access)
        for path in paths:
            server.ask(path, method, **headers)
        return self.take()

    def take(self) -> list[str]:
        """End the reactor's turn and take the lines."""
        self.clock.advance(0)
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return text.splitlines()

    def by_hand(self, *args: Any, status: int = 200, **more: Any) -> str:  # noqa: ANN401
        """Log a request that came from no server, and return its line."""
        application = Application([], log_function=self.access)
        handler = self.handler(application, HTTPServerRequest(*args, **more))
        handler.set_status(status)
        application.log_request(handler)
        (line,) = self.take()
        return line


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (200, LogLevel.info),
        (304, LogLevel.info),
        (399, LogLevel.info),
        (400, LogLevel.warn),
        (499, LogLevel.warn),
        (500, LogLevel.error),
        (599, LogLevel.error),
    ],
)
def test_levels(serve: Serve, log: Log, status: int, level: Any) -> None:  # noqa: ANN401
    """Errors of the client are warnings, those of the server errors; in a file and as events."""
    serve(Status, log_function=None).ask(f"/?status={status}")
    (event,) = [each for each in log.events if each["log_namespace"] == "cyclone.access"]
    assert event["log_level"] is level
    assert event["status"] == status
    log.take()
    (line,) = Place().lines(serve, f"/?status={status}")
    assert line.startswith(f"T [access#{level.name}] {status} GET /?status={status} (")


def test_line(serve: Serve, log: Log) -> None:
    """A line shows status, method, URI, client and milliseconds; braces are no placeholders."""
    serve(Status, log_function=None).ask("/a{b}?x={status}")
    (line,) = log.take("cyclone.access")
    pattern = r"200 GET /a\{b\}\?x=\{status\} \(192\.168\.1\.1\) \d+\.\d\dms"
    assert re.fullmatch(pattern, line)


def test_event(serve: Serve, log: Log) -> None:
    """Who observes the log finds what the line says in the event."""
    serve(Status, log_function=None).ask("/a?token=b")
    (event,) = [each for each in log.events if each["log_namespace"] == "cyclone.access"]
    found = {name: event[name] for name in ("status", "method", "uri", "ip", "aborted")}
    assert found == {
        "status": 200,
        "method": "GET",
        "uri": "/a?token=***",
        "ip": "192.168.1.1",
        "aborted": None,
    }
    assert 0 <= event["milliseconds"] < 60_000


def test_turn(serve: Serve) -> None:
    """The lines of one turn of the reactor are written at its end, in order."""
    place = Place()
    server = serve(Status, log_function=place.access)
    for number in range(3):
        server.ask(f"/{number}")
    assert place.stream.getvalue() == ""
    assert len(place.clock.getDelayedCalls()) == 1
    lines = place.take()
    assert [line.split()[4] for line in lines] == ["/0", "/1", "/2"]
    assert place.clock.getDelayedCalls() == []
    server.ask("/3")
    assert [line.split()[4] for line in place.take()] == ["/3"]


def test_two_applications(serve: Serve) -> None:
    """Applications on reactors of their own share the file; nobody waits for the other's turn."""
    place = Place()
    other = MemoryReactorClock()
    access = AccessLog(CoarseClock(cast("Any", other)), writer=place.access._writer)
    serve(Status, log_function=access).ask("/one")
    serve(Status, log_function=place.access).ask("/two")
    assert [line.split()[4] for line in place.take()] == ["/one", "/two"]
    serve(Status, log_function=access).ask("/three")
    other.advance(0)
    assert place.stream.getvalue().split()[4] == "/three"


def test_failing_handler(serve: Serve, log: Log) -> None:
    """The line of a request that failed is an error."""
    (line,) = Place().lines(serve, "/", method="POST")
    assert re.fullmatch(r"T \[access#error\] " + TEXT.format("500 POST /"), line)
    assert [type(each) for each in log.failures()] == [KeyError]


def test_nothing_is_kept(serve: Serve) -> None:
    """A line that waits keeps neither the handler nor the request."""
    place = Place()
    kept: list[weakref.ref[object]] = []

    def access(handler: RequestHandler) -> None:
        place.access(handler)
        kept.extend([weakref.ref(handler), weakref.ref(handler.request)])

    gc.disable()
    try:
        serve(Status, log_function=access).ask("/")
        assert [each() for each in kept] == [None, None]
    finally:
        gc.enable()
    assert len(place.take()) == 1


def test_head(serve: Serve) -> None:
    """A derived HEAD has one line, which says HEAD."""
    (line,) = Place().lines(serve, "/", method="HEAD")
    assert re.fullmatch(r"T \[access#info\] " + TEXT.format("200 HEAD /"), line)


@pytest.mark.parametrize(
    ("path", "status"), [("/", "499"), ("/?head=1", "200")], ids=["before", "behind"]
)
def test_client_that_leaves(serve: Serve, path: str, status: str) -> None:
    """An answer that was cut off says so; without a head it has no status but nginx's 499."""
    place = Place(Late)
    connection = serve(Late, log_function=place.access).connect()
    connection.request(path)
    connection.leave()
    Late.go.callback(None)
    (line,) = place.take()
    name = "warn" if status == "499" else "info"
    words = re.escape(f"T [access#{name}] {status} GET {path}")
    found = re.fullmatch(TEXT.format(words), line)
    assert found is not None
    assert found[2] == " aborted"


def test_late_answer(serve: Serve) -> None:
    """An answer that came late but whole has an ordinary line."""
    for path in ("/", "/?head=1"):
        place = Place(Late)
        serve(Late, log_function=place.access).connect().request(path)
        Late.go.callback(None)
        (line,) = place.take()
        found = re.fullmatch(TEXT.format(re.escape(f"T [access#info] 200 GET {path}")), line)
        assert found is not None
        assert found[2] is None


def test_answer_that_we_cut_off(serve: Serve, log: Log) -> None:
    """A handler that fails behind its head leaves a line with the status that was sent."""
    place = Place(Broken)
    serve(Broken, log_function=place.access).connect().request("/")
    (line,) = place.take()
    assert line.startswith("T [access#info] 200 GET / (")
    assert line.endswith("ms aborted")
    assert [type(each) for each in log.failures()] == [KeyError]


# Escapes.

HOSTILE = "a\r\n200 GET /forged (1.2.3.4) 0.10ms\x1b[2J\x7f\x85\x9b\u2028\u2029\u202e\ud800é\\n\t\0"


def test_control_characters() -> None:
    """Whatever might begin a line or steer a terminal is escaped, wherever it comes from."""
    line = Place().by_hand("GET" + HOSTILE, "/" + HOSTILE, remote_ip="::1" + HOSTILE)
    escaped = HOSTILE.encode("unicode_escape").decode("ascii")
    assert line.startswith(f"T [access#info] 200 GET{escaped} /{escaped} (::1{escaped}) ")
    assert line.isascii()
    assert line.isprintable()


@given(st.text(), st.text(), st.text(), st.booleans())
def test_a_request_is_one_line(method: str, uri: str, ip: str, as_json: bool) -> None:
    """No request makes more than one line, or one that is not printable ASCII."""
    line = Place(json=as_json).by_hand(method, uri, remote_ip=ip)
    assert line.isascii()
    assert line.isprintable()
    if as_json:
        assert json.loads(line)["method"] == method
        assert json.loads(line)["remote_ip"] == ip


def test_backslash() -> None:
    """A backslash that the client has sent is doubled: it cannot be taken for our escape."""
    assert r" /\\n (" in Place().by_hand("GET", r"/\n", remote_ip="::1")


def test_long_uri(serve: Serve) -> None:
    """The line is as long as the request's: `max_request_line` is its bound."""
    path = "/" + "x" * 8000
    (line,) = Place().lines(serve, path)
    assert path in line


# Secrets.


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("/?token=abc", "/?token=***"),
        ("/?a=1&Access_Token=abc&b=2", "/?a=1&Access_Token=***&b=2"),
        ("/?password=&code=x;sig=y#f", "/?password=***&code=***;sig=***#f"),
        ("/?x=token&token", "/?x=token&token"),
        ("/token=abc?a=b", "/token=abc?a=b"),
        ("/?my_token=abc&tokens=1", "/?my_token=abc&tokens=1"),
        ("/?X-Amz-Signature=%41b", "/?X-Amz-Signature=***"),
        ("/?%74oken=abc&user[password]=x&a.pin=y", "/?%74oken=***&user[password]=***&a.pin=***"),
        ("/?", "/?"),
    ],
)
def test_secrets(serve: Serve, uri: str, shown: str) -> None:
    """The values of arguments that are named like secrets are not shown; all others are."""
    place = Place()
    request = HTTPServerRequest("GET", uri, remote_ip="::1")
    assert f" GET {shown} (" in place.by_hand("GET", uri, remote_ip="::1")
    assert request.uri == uri
    (line,) = Place(json=True).lines(serve, "/", Referer=f"https://example.org{uri}")
    assert json.loads(line)["referer"] == f"https://example.org{shown.partition('#')[0]}"


def test_own_secrets() -> None:
    """The names may be chosen; they are no patterns, and an empty list masks nothing."""
    uri = "/?token=a&.=b&My[key]=c"
    assert " /?token=a&.=***&My[key]=*** (" in Place(masked=[".", "my[KEY]"]).by_hand("GET", uri)
    assert f" {uri} (" in Place(masked=()).by_hand("GET", uri)
    assert " /?token=***&.=b&My[key]=*** (" in Place(masked=MASKED).by_hand("GET", uri)


@pytest.mark.parametrize(
    ("referer", "shown"),
    [
        ("https://user:hush@r/a@b?c=d@e", "https://r/a@b?c=d@e"),
        ("https://user@hush@r", "https://r"),
        ("//user:hush@r/", "//r/"),
        ("http://r/a#access_token=hush", "http://r/a"),
        ("http://r/#?token=hush", "http://r/"),
        ("http://user@r/?token=hush#x?", "http://r/?token=***"),
        ("http://r/a//b@c", "http://r/a//b@c"),
        ("r@s", "r@s"),
        ("#", ""),
    ],
)
def test_secrets_in_the_referer(serve: Serve, referer: str, shown: str) -> None:
    """User info and fragment of the page before, which browsers leave out, are not shown."""
    (line,) = Place(json=True).lines(serve, "/", Referer=referer)
    assert json.loads(line)["referer"] == shown


# JSON.


def test_json(serve: Serve) -> None:
    """An object for each request is a line by itself, without time and level before it."""
    place = Place(json=True)
    (line,) = place.lines(serve, "/a?b=c&token=d", User_Agent='x"\xe9', Referer="http://r/")
    found = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found.pop("time"))
    assert 0 <= found.pop("duration_ms") < 60_000
    assert found == {
        "status": 200,
        "method": "GET",
        "uri": "/a?b=c&token=***",
        "host": "test",
        "remote_ip": "192.168.1.1",
        "protocol": "http",
        "version": "HTTP/1.1",
        "referer": "http://r/",
        "user_agent": 'x"\xe9',
        "aborted": None,
    }


def test_json_escapes() -> None:
    """What would break the line or the terminal comes out of the JSON as it was, and not before."""
    headers = HTTPHeaders.from_store({"User-Agent": HOSTILE})
    line = Place(json=True).by_hand("GET", "/" + HOSTILE, headers=headers)
    assert line.isascii()
    assert line.isprintable()
    found = json.loads(line)
    assert (found["uri"], found["user_agent"]) == ("/" + HOSTILE, HOSTILE)
    assert found["remote_ip"] is None


def test_json_times(serve: Serve) -> None:
    """Times of lines of one second and of the next do not go back."""
    place = Place(json=True)
    times = [json.loads(line)["time"] for line in place.lines(serve, "/", "/", "/")]
    place.access._second -= 1
    times += [json.loads(line)["time"] for line in place.lines(serve, "/")]
    assert times == sorted(times)


def test_json_as_event(serve: Serve, log: Log) -> None:
    """Observers that are no file get the object as the event's text."""
    serve(Status, log_function=None, access_log="json").ask("/")
    (line,) = log.take("cyclone.access")
    assert json.loads(line)["status"] == 200


def test_json_client_that_leaves(serve: Serve) -> None:
    """The object says why an answer was cut off."""
    place = Place(Late, json=True)
    connection = serve(Late, log_function=place.access).connect()
    connection.request("/")
    connection.leave()
    Late.go.callback(None)
    (line,) = place.take()
    found = json.loads(line)
    assert found["status"] == 499
    assert found["aborted"].startswith("Connection was closed cleanly")


# Settings.


@pytest.mark.parametrize("value", [None, False])
def test_switched_off(serve: Serve, log: Log, value: object) -> None:
    """Without an access log there is no line."""
    assert serve(Status, log_function=None, access_log=value).ask("/").status == 200
    assert log.take("cyclone.access") == []


def test_log_function_replaces(serve: Serve, log: Log) -> None:
    """A `log_function` gets the handler, and there is no other line, whatever `access_log` says."""
    handlers: list[RequestHandler] = []
    serve(Status, log_function=handlers.append, access_log="json").ask("/")
    assert [type(each) for each in handlers] == [Status]
    assert log.take("cyclone.access") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("access_log", "xml"),
        ("access_log", "JSON"),
        ("access_log", True),
        ("access_log", 1),
        ("access_log", ["text"]),
        ("access_log_mask", "token"),
        ("access_log_mask", b"token"),
        ("access_log_mask", ["token", 1]),
        ("access_log_mask", 1),
        ("log_function", "print"),
        ("log_function", False),
    ],
)
def test_ill_typed_settings(name: str, value: object) -> None:
    """A setting that has the wrong type or value is refused by name."""
    with pytest.raises(ValueError, match=rf"setting '{name}' must be .* not .*"):
        Application([], **{name: value})


@pytest.mark.parametrize("value", [None, (), ["key"], {"key": "value"}, frozenset({"key"})])
def test_masks(value: object) -> None:
    """The mask is any collection of names, or none."""
    clock = CoarseClock(cast("Any", MemoryReactorClock()))
    chosen = log_function({"access_log_mask": value}, clock)
    assert isinstance(chosen, AccessLog)
    shown = "***" if value else "x"
    assert chosen._mask("/?KEY=x") == f"/?KEY={shown}"
    assert mask_function({"access_log_mask": value})("/?KEY=x") == f"/?KEY={shown}"
