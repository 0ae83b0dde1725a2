"""The page of an exception, as a client gets it."""

import base64
import hashlib
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.web import HTTPError, RequestHandler
from cyclone_core.web import debugpage as page_module
from cyclone_core.web.debugpage import facts

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported
Kwargs = Any

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
SHORT = "<html><title>500: Internal Server Error</title>"


class Boom(Exception):  # noqa: N818
    """What test handlers raise."""


class Failing(RequestHandler):
    """Fails with what its test wants."""

    error: BaseException

    def initialize(self, error: BaseException) -> None:  # type: ignore[override]
        self.error = error

    def get(self, *_: str) -> None:
        raise self.error  # the line that fails

    post = get


class Tags(HTMLParser):
    """Collects the tags of a page, and checks that all are closed.

    Args:
        text: The page.
    """

    VOID = frozenset({"meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def ask(serve: Serve, log: Log) -> Callable[..., Any]:
    """A function that asks a handler which raises this, and takes the failure from the log."""

    def get(error: BaseException, path: str = "/", method: str = "GET", **more: Kwargs) -> Any:  # noqa: ANN401
        settings = {"debug": True, **more.pop("settings", {})}
        if settings["debug"]:
            settings.setdefault("serve_traceback", ["test"])
        more.setdefault("Accept", HTML)
        routes = [("/path/(.*)", Failing, {"error": error}), ("/(.*)", Failing, {"error": error})]
        answer = serve(routes, **settings).ask(path, method, **more)
        log.failures()
        log.take()
        return answer

    return get


def test_browser(ask: Callable[..., Any]) -> None:
    """A browser sees the exception, the line that failed in its file, and who has handled it."""
    answer = ask(Boom("it went <wrong>"), "/path/a?b=c")
    assert answer.status == 500
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    text = answer.text
    Tags(text)
    assert "<b>500 Internal Server Error</b> <span>GET /path/a?b=c</span>" in text
    assert "it went &lt;wrong&gt;" in text
    assert "<wrong>" not in text
    assert "raise self.error  # the line that fails" in text
    assert "<b>Failing.get</b>" in text
    assert re.search(r"<dt>Handler</dt><dd>\S+\.Failing\.get, line \d+ of ", text)


def test_no_script(ask: Callable[..., Any]) -> None:
    """The page has no script, loads nothing and may not be framed; its own style is all it may have."""
    answer = ask(Boom())
    tags = Tags(answer.text).found
    assert {"script", "link", "img", "iframe", "form", "a", "base"}.isdisjoint(
        tag for tag, _ in tags
    )
    assert not [attributes for _, attributes in tags if {"src", "href", "style"} & set(attributes)]
    style = re.search("<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert answer.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_usable(ask: Callable[..., Any]) -> None:
    """It fits a phone, both colour schemes, and whoever has no pointer."""
    text = ask(Boom("x" * 5000)).text
    tags = Tags(text).found
    assert ("html", {"lang": "en"}) in tags
    assert "width=device-width" in text
    assert "prefers-color-scheme: dark" in text
    # What can be scrolled can be reached, and what is folded has a summary.
    assert all("tabindex" in attributes for tag, attributes in tags if tag == "pre")
    names = [tag for tag, _ in tags]
    assert names.count("details") == names.count("summary") > 2


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "", "text/html;q=0, */*", "text/html; q=0.0"]
)
def test_program(ask: Callable[..., Any], accept: str) -> None:
    """Who does not ask for HTML by name gets the traceback as text, as from Tornado."""
    answer = ask(Boom("it went <wrong>"), Accept=accept)
    assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"
    lines = answer.text.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1].endswith("Boom: it went <wrong>")
    assert any("raise self.error  # the line that fails" in line for line in lines)


@pytest.mark.parametrize(
    "accept", ["TEXT/HTML", "application/xhtml+xml;q=0.5", "a/b, text/html;q=1"]
)
def test_accept(ask: Callable[..., Any], accept: str) -> None:
    """However HTML is asked for, it comes."""
    assert "text/html" in ask(Boom(), Accept=accept).headers["Content-Type"]


@pytest.mark.parametrize(
    "settings",
    [{"debug": False}, {"serve_traceback": False}, {"debug": None, "serve_traceback": 0}],
)
def test_never_in_production(ask: Callable[..., Any], settings: dict[str, object]) -> None:
    """Without debug mode, or where it is switched off, nobody sees anything."""
    answer = ask(Boom("secret"), settings=settings)
    assert answer.text.startswith(SHORT)
    assert "secret" not in answer.text
    assert "Content-Security-Policy" not in answer.headers


def test_without_debug_mode(ask: Callable[..., Any]) -> None:
    """The setting has a meaning of its own, as in Tornado."""
    answer = ask(Boom("seen"), settings={"debug": False, "serve_traceback": ["test"]})
    assert "seen" in answer.text


@pytest.mark.parametrize(
    ("status", "shown"), [(404, False), (499, False), (500, True), (503, True)]
)
def test_on_purpose(ask: Callable[..., Any], status: int, shown: bool) -> None:
    """A refusal keeps its short page; a status from 500 says that the program is wrong."""
    answer = ask(HTTPError(status, "why", reason="Reason"))
    assert answer.status == status
    assert ("the line that fails" in answer.text) is shown
    assert f"{status}{'' if shown else ':'} Reason" in answer.text


def test_no_exception(serve: Serve, log: Log) -> None:
    """An error page that no exception has led to has nothing to show."""

    class Sending(RequestHandler):
        def get(self) -> None:
            self.send_error(500, exc_info=(None, None, None))

        def post(self) -> None:
            self.send_error(500)

        def put(self) -> None:
            self.send_error(500, exc_info=sys.exc_info(), exception=None)

    server = serve(Sending, debug=True, serve_traceback=["test"])
    for method in ("GET", "POST", "PUT"):
        assert server.ask(method=method, body=b"", Accept=HTML).text.startswith(SHORT)
    assert log.failures() == []


def test_own_page(serve: Serve, log: Log) -> None:
    """A handler with an error page of its own keeps it."""

    class Own(RequestHandler):
        def get(self) -> None:
            raise Boom

        def write_error(self, status_code: int, **kwargs: Kwargs) -> None:
            self.finish(f"own {status_code} {kwargs['exc_info'][0].__name__}")

    assert serve(Own, debug=True, serve_traceback=["test"]).ask(Accept=HTML).text == "own 500 Boom"
    log.failures()


def test_deferred(serve: Serve, log: Log) -> None:
    """The failure of a Deferred has a traceback of Twisted's own, or none any more."""
    event: Deferred[None] = Deferred()

    class Waiting(RequestHandler):
        def get(self) -> Deferred[None]:
            return event

    connection = serve(Waiting, debug=True, serve_traceback=["test"]).connect()
    connection.request(Accept=HTML)
    with pytest.raises(Boom) as caught:
        raise Boom("later")
    failure = Failure(caught.value, caught.type, caught.tb)
    failure.cleanFailure()
    event.errback(failure)
    text = connection.read("GET")[0].text
    Tags(text)
    assert "later" in text
    assert "test_deferred" in text
    log.failures()


def test_head(ask: Callable[..., Any]) -> None:
    """HEAD gets the head of the page."""
    answer = ask(Boom(), method="HEAD")
    assert answer.status == 500
    assert answer.body == b""
    assert int(answer.headers["Content-Length"]) > 1000


def test_template(serve: Serve, log: Log, tmp_path: Path) -> None:
    """A template's frames show its own file and line, and what in it has failed."""
    (tmp_path / "page.html").write_text(
        "<ul>\n{% for row in rows %}\n<li>{{ row.name.upper() }}</li>\n{% end %}"
    )
    (tmp_path / "broken.html").write_text("{% if x %}\n")

    class Page(RequestHandler):
        def get(self, name: str) -> None:
            self.render(name, rows=[1])

    server = serve(
        [("/(.*)", Page)], debug=True, serve_traceback=["test"], template_path=str(tmp_path)
    )
    text = server.ask("/page.html", Accept=HTML).text
    Tags(text)
    assert "<i>template</i>" in text
    assert f"{tmp_path / 'page.html'}:3" in text
    assert "&lt;li&gt;{{ <mark>row.name</mark>.upper() }}&lt;/li&gt;" in text
    broken = server.ask("/broken.html", Accept=HTML).text
    Tags(broken)
    assert "cyclone_template.errors.ParseError" in broken
    assert "broken.html:1" in broken
    assert len(log.failures()) == 2


def test_causes_groups_and_notes(ask: Callable[..., Any]) -> None:
    """All that belongs to an exception is there: causes, contexts, members of groups and notes."""

    def raised(error: Exception, cause: Exception | None = None) -> Exception:
        if cause is not None:
            error.__cause__ = cause
        with pytest.raises(type(error)) as caught:
            raise error
        return caught.value

    inner = raised(ValueError("the value"))
    inner.add_note("a <note>")
    context = raised(KeyError("the key"), inner)
    member = raised(TypeError("the type"))
    member.__context__ = context
    hidden = raised(OSError("not to be seen"))
    other = raised(RuntimeError("the other"))
    other.__context__ = hidden
    other.__suppress_context__ = True  # as `from None` does
    text = ask(ExceptionGroup("two are wrong", [member, other])).text
    Tags(text)
    titles = re.findall(r"<h2><small>(.*?)</small> (.*?)</h2>", text)
    assert titles == [
        ("Exception 1 of 2 in ExceptionGroup", "TypeError"),
        ("Was being handled when TypeError was raised", "KeyError"),
        ("The cause of KeyError", "ValueError"),
        ("Exception 2 of 2 in ExceptionGroup", "RuntimeError"),
    ]
    assert "a &lt;note&gt;</pre>" in text
    assert "not to be seen" not in text


def test_circle(ask: Callable[..., Any]) -> None:
    """An exception is shown once, however many others it belongs to."""
    first, second = Boom("first"), Boom("second")
    first.__cause__, second.__cause__ = second, first
    assert ask(ExceptionGroup("both", [first, second])).text.count("<h2><small>") == 2


def test_builtin_handler(serve: Serve, log: Log) -> None:
    """A method that is no Python function has no line; the class is named alone."""

    class Odd(RequestHandler):
        get = staticmethod(int)  # type: ignore[assignment]

        def prepare(self) -> None:
            self.path_args = ("no number",)

    text = serve(Odd, debug=True, serve_traceback=["test"]).ask(Accept=HTML).text
    assert re.search(r"<dt>Handler</dt><dd>\S+Odd</dd>", text)
    log.failures()


def test_bounded(ask: Callable[..., Any]) -> None:
    """A page has a bounded size, whatever the exception is and the client sends."""
    error = Boom("m" * 1_000_000)
    for number in range(50):
        error.add_note(f"{number}" * 100_000)
    for number in range(40):
        following = Boom(f"{number}" * 10_000)
        following.__context__, error = error, following
    path = "/?" + "&".join(f"a{number}={'v' * 20}" for number in range(70))
    headers = {f"X_{number}": "h" * 200 for number in range(60)}
    for accept in (HTML, "*/*"):
        answer = ask(error, path, Accept=accept, **headers)
        assert answer.status == 500
        assert len(answer.body) < 1_000_000
    assert "10 more are left out" in ask(error, path).text


def test_deep(ask: Callable[..., Any], serve: Serve, log: Log) -> None:
    """An endless recursion shows its frame once; frames of many functions are cut in the middle."""

    class Deep(RequestHandler):
        def get(self) -> None:
            self.get()

    lines = [f"def f{number}():\n f{number + 1}()" for number in range(100)]
    names: dict[str, Any] = {}
    exec(compile("\n".join([*lines, "def f100():\n 1 / 0"]), "many.py", "exec"), names)  # noqa: S102

    class Many(RequestHandler):
        def get(self) -> None:
            names["f0"]()

    server = serve([("/deep", Deep), ("/many", Many)], debug=True, serve_traceback=["test"])
    text = server.ask("/deep", Accept=HTML).text
    Tags(text)
    found = re.search(r"(\d+) times in a row", text)
    assert found is not None
    assert int(found[1]) > 100
    assert text.count("self.get()</mark>") + text.count("            self.get()\n") < 20
    text = server.ask("/many", Accept=HTML).text
    Tags(text)
    assert "64 frames are left out" in text
    assert "The source is not there." in text
    log.failures()
    del ask


class Unshowable(Exception):  # noqa: N818
    """Fails when it is to be written as text."""

    def __str__(self) -> str:
        raise RuntimeError("no")


def test_unshowable(ask: Callable[..., Any]) -> None:
    """An exception, or a note, that fails to say what it is does not keep the page from it."""
    error = Unshowable()
    error.__notes__ = Unshowable()  # type: ignore[assignment] # anybody may set anything
    text = ask(error).text
    assert text.count("&lt;this Unshowable cannot be written as text&gt;") == 2


def test_not_installed(ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the source has no version, and a page all the same."""

    def unknown(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(facts, "version", unknown)
    assert "cyclone of unknown version, Twisted of unknown version" in ask(Boom()).text


def test_page_fails(serve: Serve, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the page cannot be made there is the short one, and the log says why."""

    def fail(*_: object) -> None:
        raise RuntimeError("no page")

    monkeypatch.setattr(page_module, "sections", fail)
    handlers = [("/(.*)", Failing, {"error": Boom()})]
    assert (
        serve(handlers, debug=True, serve_traceback=["test"])
        .ask(Accept=HTML)
        .text.startswith(SHORT)
    )
    assert [str(each) for each in log.failures()] == ["", "no page"]
