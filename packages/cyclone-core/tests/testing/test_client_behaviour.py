"""What the tests of cyclone 1.x pin, asked through `Client` as a user would.

Each function names in its docstring which part of those tests it stands for. Where the behaviour is another
one now, on purpose, a `test_changed_...` pins the new one and its docstring has both: these are the lines of
the porting page. What was tested there and is no part of this package (mail, databases, the HTTP client,
sign-in, the generator of projects) is tested where it is.
"""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.task import Clock, deferLater

import cyclone_escape as escape
from cyclone_core import util
from cyclone_core.httpserver import HTTPConnection, HTTPRequest
from cyclone_core.httputil import (
    HTTPFile,
    HTTPHeaders,
    HTTPInputError,
    parse_multipart_form_data,
)
from cyclone_core.testing import AnswerLost, Client, CycloneTestCase, Response, result_of
from cyclone_core.web import (
    Application,
    HTTPAuthenticationRequired,
    HTTPError,
    RequestHandler,
    URLReverseError,
    URLSpec,
    asynchronous,
)
from cyclone_template import DictLoader, Template

MakeClient = Callable[..., Client]
Act = Callable[[Any], object]
More = Any

SECRET = "a secret of more than 32 characters"  # noqa: S105 -- of no use to anybody


class Acting(RequestHandler):
    """Does what the test says, for GET and POST."""

    def get(self, *args: str) -> object:
        """Act."""
        return self.settings.act(self, *args)

    post = get


class Ask:
    """Asks an application whose handler does what the test says."""

    def __init__(self, make_client: MakeClient) -> None:
        self._make_client = make_client

    def __call__(self, act: Act, uri: str = "/", method: str = "GET", **options: More) -> Response:
        """Ask; what is no option of a request is a setting."""
        names = ("headers", "body", "params", "version", "host", "protocol", "files")
        asked = {name: options.pop(name) for name in names if name in options}
        routes = [URLSpec(r"/named/([0-9]+)", Acting, name="named"), (r"/.*", Acting)]
        client = self._make_client(routes, act=act, **options)
        return result_of(client.request(method, uri, **asked))

    def raised(self, act: Act, **options: More) -> BaseException:
        """Tell what a call in a handler raises."""
        caught: list[BaseException] = []

        def call(handler: RequestHandler) -> None:
            with pytest.raises(Exception) as info:  # noqa: PT011 -- the caller looks at it
                act(handler)
            caught.append(info.value)

        self(call, **options)
        return caught[0]


@pytest.fixture
def ask(make_client: MakeClient) -> Ask:
    """A function that asks a handler which does what it is told."""
    return Ask(make_client)


def seen(log: list[Any]) -> list[BaseException]:
    """Take the exceptions that were logged."""
    found = [event["log_failure"].value for event in log if "log_failure" in event]
    log.clear()
    return found


# web: the handler, its methods and its hooks.


def test_attributes(ask: Ask) -> None:
    """test_web: a handler has application, request, settings, path arguments and its class attributes."""

    def act(handler: Any, *args: str) -> None:  # noqa: ANN401 -- a handler
        assert handler.settings is handler.application.settings
        assert (handler.path_args, args) == (("7",), ("7",))
        assert handler.path_kwargs == {}
        assert handler.settings.theme == handler.settings["theme"] == "dark"
        handler.write("fine")

    assert ask(act, "/named/7", theme="dark").text == "fine"
    assert (
        *("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS"),
    ) == RequestHandler.SUPPORTED_METHODS
    assert (RequestHandler.no_keep_alive, RequestHandler.serialize_lists) == (False, False)
    assert RequestHandler(Application([]), HTTPRequest("GET", "/")).xsrf_cookie_name == "_xsrf"


@pytest.mark.parametrize("method", ["HEAD", "GET", "POST", "DELETE", "PATCH", "PUT", "OPTIONS"])
def test_default(make_client: MakeClient, method: str) -> None:
    """test_web: a method that the class does not define goes to `default`, which answers 405."""

    class Nothing(RequestHandler):
        """Defines nothing."""

        derive_options = False

    class Everything(RequestHandler):
        def default(self, *args: str) -> None:
            self.set_header("X-Default", f"{self.request.method} {args}")

    assert result_of(make_client(Nothing).request(method, "/")).status == 405
    response = result_of(make_client([(r"/(.)", Everything)]).request(method, "/a"))
    assert response.headers["X-Default"] == f"{method} ('a',)"


def test_changed_head_and_options(make_client: MakeClient) -> None:
    """Changed: HEAD and OPTIONS are derived, and 405 names the methods; upstream gave 405 without."""

    class OnlyGet(RequestHandler):
        def get(self) -> None:
            self.write("body")

    client = make_client(OnlyGet)
    head = result_of(client.head("/"))
    assert (head.status, head.headers["Content-Length"], head.content) == (200, "4", b"")
    assert result_of(client.options("/")).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert result_of(client.put("/")).headers["Allow"] == "GET, HEAD, OPTIONS"


def test_hooks(make_client: MakeClient) -> None:
    """test_web: `initialize`, `prepare`, the method and `on_finish` run in this order."""
    calls: list[str] = []

    class Hooks(RequestHandler):
        def initialize(self, word: str) -> None:
            calls.append(word)

        def prepare(self) -> None:
            calls.append("prepare")

        def get(self) -> None:
            calls.append("get")

        def on_finish(self) -> None:
            calls.append("on_finish")

    result_of(make_client([(r"/", Hooks, {"word": "initialize"})]).get("/"))
    assert calls == ["initialize", "prepare", "get", "on_finish"]


def test_prepare_answers(make_client: MakeClient) -> None:
    """test_web: a `prepare` that finishes, also later, keeps the method from being called."""

    class Prepared(RequestHandler):
        def prepare(self) -> Deferred[None]:
            return succeed(None).addCallback(lambda _: self.finish("prepared"))

        def get(self) -> None:
            raise AssertionError

    assert result_of(make_client(Prepared).get("/")).text == "prepared"


def test_changed_path_arguments(make_client: MakeClient) -> None:
    """Changed: `prepare` may change `path_args`; upstream the method got the original ones."""

    class Prepared(RequestHandler):
        def prepare(self) -> None:
            self.path_args = ("changed",)

        def get(self, word: str) -> None:
            self.write(word)

    assert result_of(make_client([(r"/(.*)", Prepared)]).get("/original")).text == "changed"


def test_notify_finish(ask: Ask, make_client: MakeClient) -> None:
    """test_web, test_httpserver: `notifyFinish` gives None behind the answer, a text if the client goes."""
    ends: list[object] = []

    def act(handler: RequestHandler) -> None:
        handler.notifyFinish().addCallback(ends.append)

    ask(act)

    class Open(RequestHandler):
        @asynchronous
        def get(self) -> None:
            act(self)

    response = make_client(Open).get("/")
    response.cancel()
    with pytest.raises(AnswerLost):
        result_of(response)
    assert ends == [None, "the client closed the connection"]


def test_changed_on_connection_close(make_client: MakeClient) -> None:
    """Changed: `on_connection_close` is called only if the client goes; upstream also behind answers."""
    calls: list[tuple[object, ...]] = []

    class Closing(RequestHandler):
        @asynchronous
        def get(self) -> None:
            if self.get_argument("now", ""):
                self.finish()

        def on_connection_close(self, *args: object) -> None:
            calls.append(args)

    client = make_client(Closing)
    result_of(client.get("/?now=1"))
    opened = client.open("GET", "/")
    assert calls == []
    opened.disconnect()
    assert calls == [("the client closed the connection",)]


def test_clear(ask: Ask) -> None:
    """test_web: `clear` leaves the server's header, the content type and the date, status 200 and no body."""

    def act(handler: RequestHandler) -> None:
        handler.set_status(404)
        handler.set_header("X-Gone", "1")
        handler.add_header("X-Gone", "2")
        handler.write("gone")
        handler.clear()

    response = ask(act)
    assert (response.status, response.content) == (200, b"")
    assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert {"Server", "Content-Type", "Date"} <= set(response.headers)
    assert "X-Gone" not in response.headers


def test_cookies_survive_clear(ask: Ask) -> None:
    """test_web: cookies that were set before survive, onto error pages, too."""

    def act(handler: RequestHandler) -> None:
        handler.set_cookie("a", "b")
        raise HTTPError(403)

    response = ask(act)
    assert response.status == 403
    assert response.headers["Set-Cookie"].startswith("a=b")


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_keep_alive_header(ask: Ask, version: str) -> None:
    """test_web: a client of HTTP/1.0 that asks for it is told that the connection stays."""
    response = ask(lambda _: None, version=version, headers={"Connection": "Keep-Alive"})
    assert ("Connection" in response.headers) == (version == "HTTP/1.0")


def test_set_default_headers(make_client: MakeClient) -> None:
    """test_web: `set_default_headers` sets headers of every answer, of errors, too."""

    class Defaults(RequestHandler):
        def set_default_headers(self) -> None:
            self.set_header("X-Default", "1")

        def get(self) -> None:
            raise HTTPError(400)

    assert result_of(make_client(Defaults).get("/")).headers["X-Default"] == "1"


def test_status(ask: Ask) -> None:
    """test_web: a status has its usual reason or one's own; 9999 is none."""
    response = ask(lambda handler: handler.set_status(404))
    assert (response.status, response.reason, response.get_status()) == (404, "Not Found", 404)
    assert ask(lambda handler: handler.set_status(200, "Fine")).reason == "Fine"
    assert isinstance(ask.raised(lambda handler: handler.set_status(9999)), ValueError)


def test_changed_status(ask: Ask) -> None:
    """Changed: a status without a registered reason is "Unknown", and no reason splits the answer."""
    assert ask(lambda handler: handler.set_status(299)).reason == "Unknown"
    raised = ask.raised(lambda handler: handler.set_status(200, "a\r\nX: b"))
    assert isinstance(raised, ValueError)


def test_headers(ask: Ask) -> None:
    """test_web: headers are set, added and cleared."""

    def act(handler: RequestHandler) -> None:
        handler.set_header("X-One", "1")
        handler.set_header("x-one", "2")
        handler.add_header("X-Two", "1")
        handler.add_header("X-Two", "2")
        handler.set_header("X-Three", "3")
        handler.clear_header("X-Three")
        handler.clear_header("X-Four")

    headers = ask(act).headers
    assert headers.get_list("X-One") == ["2"]
    assert headers.get_list("X-Two") == ["1", "2"]
    assert "X-Three" not in headers


def test_changed_clear_header(ask: Ask) -> None:
    """Changed: `clear_header` removes added values, too; upstream only those of `set_header`."""

    def act(handler: RequestHandler) -> None:
        handler.add_header("X-Added", "1")
        handler.clear_header("X-Added")

    assert "X-Added" not in ask(act).headers


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (dt.datetime(2014, 4, 4), "Fri, 04 Apr 2014 00:00:00 GMT"),  # noqa: DTZ001 -- naive is UTC
        ("text", "text"),
        (b"bytes", "bytes"),
        (5, "5"),
    ],
)
def test_header_values(ask: Ask, value: Any, sent: str) -> None:  # noqa: ANN401 -- see set_header
    """test_web: text, bytes, numbers and dates become header values."""
    assert ask(lambda handler: handler.set_header("X-Value", value)).headers["X-Value"] == sent


def test_header_refusals(ask: Ask) -> None:
    """test_web: other types are a TypeError, control characters a ValueError."""
    assert isinstance(ask.raised(lambda handler: handler.set_header("X", object())), TypeError)
    for bad in ("a\x00", "a\r\nb", "a\x1f"):
        raised = ask.raised(lambda handler, bad=bad: handler.set_header("X", bad))
        assert isinstance(raised, ValueError)


def test_changed_header_values(ask: Ask) -> None:
    """Changed: a value may be longer than 4000 characters, and names are checked; upstream the reverse."""
    value = "a" * 5000
    assert ask(lambda handler: handler.set_header("X", value)).headers["X"] == value
    assert isinstance(ask.raised(lambda handler: handler.set_header("a b", "c")), ValueError)


def test_arguments(ask: Ask) -> None:
    """test_web: the last value counts, stripped and without control characters; a default, or 400."""

    def act(handler: RequestHandler) -> None:
        handler.write(
            {
                "last": handler.get_argument("a"),
                "all": handler.get_arguments("a"),
                "raw": handler.get_argument("s", strip=False),
                "stripped": handler.get_argument("s"),
                "control": handler.get_argument("c"),
                "default": handler.get_argument("missing", "d"),
                "none": handler.get_argument("missing", None),
            }
        )

    response = ask(act, "/?a=1", "POST", params={"a": ["2", "3"], "s": " x ", "c": "a\x08b"})
    assert response.json() == {
        "last": "3",
        "all": ["1", "2", "3"],
        "raw": " x ",
        "stripped": "x",
        "control": "a b",
        "default": "d",
        "none": None,
    }
    missing = ask(lambda handler: handler.get_argument("a"))
    assert missing.status == 400


def test_decode_argument(make_client: MakeClient) -> None:
    """test_web: `decode_argument` decodes arguments and the path; what is no UTF-8 is 400."""

    class Latin(RequestHandler):
        def decode_argument(self, value: bytes, name: str | None = None) -> str:
            return f"{name}:{value.decode('latin-1')}"

        def get(self, path: str) -> None:
            self.write(f"{path} {self.get_argument('a')}")

    response = result_of(make_client([(r"/(.*)", Latin)]).get("/%e4?a=%f6"))
    assert response.text == "None:\u00e4 a:\u00f6"
    plain = [(r"/(.*)", type("Plain", (Acting,), {}))]
    client = make_client(plain, act=lambda handler, _: handler.get_argument("a"))
    assert result_of(client.get("/x?a=%e4")).status == 400
    assert result_of(client.get("/%e4")).status == 400


def test_changed_plus_in_path(make_client: MakeClient) -> None:
    """Changed: a `+` in the path stays one; upstream it became a blank."""
    client = make_client([(r"/(.*)", Acting)], act=lambda handler, word: handler.write(word))
    assert result_of(client.get("/a+b%2Fc")).text == "a+b/c"


def test_cookies(ask: Ask) -> None:
    """test_web: cookies are read, with a default, and set, the last one of a name; ends, domain, flags."""

    def act(handler: RequestHandler) -> None:
        assert handler.get_cookie("sent") == handler.cookies["sent"].value == "1"
        assert handler.get_cookie("missing", "default") == "default"
        handler.set_cookie("a", "first")
        handler.set_cookie("a", "b", domain="127.0.0.1", expires_days=2, max_age=9, httponly=True)

    client_cookies = ask(act, headers={"Cookie": "sent=1"}).headers.get_list("Set-Cookie")
    assert len(client_cookies) == 1
    (cookie,) = client_cookies
    assert cookie.startswith("a=b; ")
    for part in ("Domain=127.0.0.1", "Max-Age=9", "HttpOnly", "Path=/"):
        assert part in cookie
    assert re.search(r"expires=\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", cookie)


@pytest.mark.parametrize(
    ("name", "value"), [("a b", "c"), ("a\x00", "c"), ("a", "b c"), ("a", "b\n"), ("a;", "b")]
)
def test_cookie_refusals(ask: Ask, name: str, value: str) -> None:
    """test_web: names and values with blanks and control characters are a ValueError."""
    raised = ask.raised(lambda handler: handler.set_cookie(name, value))
    assert isinstance(raised, ValueError)


def test_changed_cookie_attributes(ask: Ask) -> None:
    """Changed: attributes are checked as well; upstream a domain could split the answer."""
    raised = ask.raised(lambda handler: handler.set_cookie("a", "b", domain="c; HttpOnly"))
    assert isinstance(raised, ValueError)
    assert "SameSite=Lax" in ask(lambda handler: handler.set_cookie("a", "b")).headers["Set-Cookie"]


def test_clear_cookies(make_client: MakeClient) -> None:
    """test_web: one cookie is cleared, or all that the client has sent."""

    def act(handler: RequestHandler) -> None:
        what = handler.get_argument("what")
        if what == "set":
            handler.set_cookie("a", "1")
            handler.set_cookie("b", "2")
        elif what == "all":
            handler.clear_all_cookies()
        else:
            handler.clear_cookie(what)

    client = make_client(Acting, act=act)
    for what, left in (("set", ["a", "b"]), ("a", ["b"]), ("set", ["b", "a"]), ("all", [])):
        result_of(client.get("/", {"what": what}))
        assert sorted(client.cookies) == sorted(left)


def test_secure_cookies(make_client: MakeClient) -> None:
    """test_web, test_testing: a signed cookie is read as bytes; without the secret it is an error."""

    def act(handler: RequestHandler) -> None:
        if handler.request.method == "POST":
            handler.set_secure_cookie("user", "somebody")
        handler.write(handler.get_secure_cookie("user") or b"nobody")

    client = make_client(Acting, act=act, cookie_secret=SECRET)
    assert result_of(client.post("/")).text == "nobody"
    assert result_of(client.get("/")).text == "somebody"
    assert client.cookies.get_secure_cookie("user") == b"somebody"
    client.cookies["user"] = client.cookies["user"].value[:-1]
    assert result_of(client.get("/")).text == "nobody"


def test_require_setting(ask: Ask) -> None:
    """test_web: a missing setting is an exception that names it."""
    raised = ask.raised(lambda handler: handler.require_setting("shop_key", "the shop"))
    assert "shop_key" in str(raised)
    raised = ask.raised(lambda handler: handler.get_login_url())
    assert "login_url" in str(raised)
    raised = ask.raised(lambda handler: handler.set_secure_cookie("a", "b"))
    assert "cookie_secret" in str(raised)


def test_changed_cookie_format(ask: Ask) -> None:
    """Changed: signed cookies are of version 2; those of version 1 are read with `min_version=1`."""

    def act(handler: RequestHandler) -> None:
        assert handler.create_signed_value("a", "b").startswith(b"2|")
        old = handler.create_signed_value("a", "b", version=1)
        assert handler.get_secure_cookie("a", old) is None
        handler.write(handler.get_secure_cookie("a", old, min_version=1) or b"")

    assert ask(act, cookie_secret=SECRET).text == "b"


@pytest.mark.parametrize(
    ("options", "status"), [({}, 302), ({"permanent": True}, 301), ({"status": 303}, 303)]
)
def test_redirect(ask: Ask, options: dict[str, Any], status: int) -> None:
    """test_web: a redirect is 302, 301, or what is asked for; it finishes the request."""
    response = ask(lambda handler: handler.redirect("/to", **options))
    assert (response.status, response.headers["Location"]) == (status, "/to")


def test_changed_redirect(ask: Ask) -> None:
    """Changed: the place is sent as given, a bad status is a ValueError, too late a RuntimeError.

    Upstream joined it with the request's URI, and raised AssertionError and a plain Exception.
    """
    assert ask(lambda handler: handler.redirect("to"), "/a/b").headers["Location"] == "to"
    assert isinstance(ask.raised(lambda handler: handler.redirect("/", status=200)), ValueError)

    def late(handler: RequestHandler) -> None:
        handler.flush()
        handler.redirect("/")

    assert isinstance(ask.raised(late), RuntimeError)
    assert isinstance(ask.raised(lambda handler: handler.redirect("/\n")), ValueError)


def test_write(ask: Ask) -> None:
    """test_web: text is sent as UTF-8, a dict as JSON; a list only where it is allowed."""
    assert ask(lambda handler: handler.write("\u00e4")).content == b"\xc3\xa4"
    response = ask(lambda handler: handler.write({"foo": "bar"}))
    assert response.content == b'{"foo": "bar"}'
    assert response.headers["Content-Type"].startswith("application/json")
    assert isinstance(ask.raised(lambda handler: handler.write(["foo"])), TypeError)

    def listed(handler: RequestHandler) -> None:
        handler.serialize_lists = True
        handler.write(["foo"])

    assert ask(listed).content == b'["foo"]'


def test_changed_json(ask: Ask) -> None:
    """Changed: JSON has a charset in its content type; upstream none."""
    response = ask(lambda handler: handler.write({}))
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"


def test_finished(ask: Ask, log: list[Any]) -> None:
    """test_web: behind `finish`, a `write` and another `finish` are a RuntimeError."""
    for again in (
        lambda handler: handler.write("x"),
        lambda handler: handler.finish(),
    ):

        def act(handler: RequestHandler, again: Act = again) -> None:
            handler.finish("done")
            again(handler)

        assert ask(act).text == "done"
        assert [type(error) for error in seen(log)] == [RuntimeError]


def test_flush(ask: Ask) -> None:
    """test_web: what is flushed is sent in pieces, in chunks to HTTP/1.1."""

    def act(handler: RequestHandler) -> None:
        handler.write("one")
        handler.flush()
        handler.write("two")

    response = ask(act)
    assert (response.text, response.headers["Transfer-Encoding"]) == ("onetwo", "chunked")
    old = ask(act, version="HTTP/1.0")
    assert (old.text, "Transfer-Encoding" in old.headers) == ("onetwo", False)


def test_etag(make_client: MakeClient) -> None:
    """test_web: an answer has an ETag, and who has it gets 304; `compute_etag` may give none."""
    client = make_client(Acting, act=lambda handler: handler.write("body"))
    etag = result_of(client.get("/")).headers["Etag"]
    known = result_of(client.get("/", headers={"If-None-Match": f'"x", {etag}'}))
    assert (known.status, known.content) == (304, b"")
    assert "Content-Length" not in known.headers

    class NoTag(Acting):
        def compute_etag(self) -> None:
            """Make none."""

    client = make_client(NoTag, act=lambda handler: handler.write("body"))
    assert "Etag" not in result_of(client.get("/")).headers


def test_send_error(ask: Ask, log: list[Any]) -> None:
    """test_web: `send_error` and what is raised lead to `write_error`; the page shows status and reason."""
    for act, status in (
        (lambda handler: handler.send_error(), 500),
        (lambda handler: handler.send_error(403), 403),
    ):
        response = ask(act)
        title = f"{status}: {response.reason}"
        page = f"<html><title>{title}</title><body>{title}</body></html>"
        assert (response.status, response.text) == (status, page)

    def fail(_: RequestHandler) -> None:
        raise ZeroDivisionError

    assert ask(fail).status == 500
    assert [type(error) for error in seen(log)] == [ZeroDivisionError]


def test_write_error(make_client: MakeClient) -> None:
    """test_web: `write_error` gets the status and the exception."""

    class Page(RequestHandler):
        def get(self) -> None:
            raise HTTPError(418, "why: %s", "tea")

        def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 -- see base
            error = kwargs["exception"]
            assert kwargs["exc_info"][1] is error
            self.write(f"{status_code} {error.status_code} {error.get_message()}")

    assert result_of(make_client(Page).get("/")).text == "418 418 why: tea"


def test_get_error_html(make_client: MakeClient) -> None:
    """test_web: an old class with `get_error_html` has its page made by it."""

    class Old(RequestHandler):
        def get(self) -> None:
            raise HTTPError(404)

        def get_error_html(self, status_code: int, **kwargs: Any) -> str:  # noqa: ANN401 -- see base
            return f"old page {status_code} {sorted(kwargs)}"

    with pytest.warns(DeprecationWarning, match="get_error_html"):
        response = result_of(make_client(Old).get("/"))
    assert response.text.startswith("old page 404 [")


def test_authentication_required(ask: Ask) -> None:
    """test_web: `HTTPAuthenticationRequired` asks for a password."""

    def act(_: RequestHandler) -> None:
        raise HTTPAuthenticationRequired(realm="Shop")

    response = ask(act)
    assert (response.status, response.headers["WWW-Authenticate"]) == (401, 'Basic realm="Shop"')


def test_locale(make_client: MakeClient) -> None:
    """test_web: the locale is the user's, else what the browser asks for, else the default."""

    class Local(Acting):
        def get_user_locale(self) -> Any:  # noqa: ANN401 -- a locale, a code or None
            return self.get_argument("user", None)

    client = make_client(Local, act=lambda handler: handler.write(handler.locale.code))
    assert result_of(client.get("/")).text == "en_US"
    assert result_of(client.get("/?user=en_US")).text == "en_US"
    headers = {"Accept-Language": "xx;q=0.9,en-us"}
    assert result_of(client.get("/", headers=headers)).text == "en_US"


def test_current_user(make_client: MakeClient) -> None:
    """test_web: `get_current_user` is asked once; None without an override."""
    calls: list[int] = []

    class User(Acting):
        def get_current_user(self) -> str:
            calls.append(1)
            return "somebody"

    def act(handler: RequestHandler) -> None:
        handler.write(f"{handler.current_user} {handler.current_user}")

    assert result_of(make_client(User, act=act).get("/")).text == "somebody somebody"
    assert calls == [1]
    assert result_of(make_client(Acting, act=act).get("/")).text == "None None"


def test_settings_of_urls(ask: Ask) -> None:
    """test_web: `login_url`, `template_path` and `reverse_url` give what the settings and routes say."""

    def act(handler: RequestHandler) -> None:
        named = handler.reverse_url("named", 7, a="b")
        handler.write(f"{handler.get_login_url()} {handler.get_template_path()} {named}")

    assert ask(act, login_url="/in", template_path="/pages").text == "/in /pages /named/7?a=b"


def test_static_url(ask: Ask, tmp_path: Path) -> None:
    """test_web: `static_url` has a version, and the host if it is wanted; it needs `static_path`."""
    (tmp_path / "a.txt").write_bytes(b"content")

    def act(handler: RequestHandler) -> None:
        handler.write(f"{handler.static_url('a.txt')} {handler.static_url('a.txt', True)}")

    short, long = ask(act, static_path=str(tmp_path)).text.split()
    assert re.fullmatch(r"/static/a\.txt\?v=[0-9a-f]+", short)
    assert long == f"http://127.0.0.1{short}"
    assert "static_path" in str(ask.raised(lambda handler: handler.static_url("a.txt")))


def test_static_files(make_client: MakeClient, tmp_path: Path) -> None:
    """test_web: static files have a type and a date; what has not changed is 304; above them is 403."""
    (tmp_path / "a.txt").write_bytes(b"content")
    client = make_client(Acting, static_path=str(tmp_path))
    response = result_of(client.get("/static/a.txt"))
    assert (response.content, response.headers["Content-Type"]) == (b"content", "text/plain")
    since = {"If-Modified-Since": response.headers["Last-Modified"]}
    assert result_of(client.get("/static/a.txt", headers=since)).status == 304
    assert result_of(client.get("/static/..%2Fb.txt")).status == 403
    assert result_of(client.get("/static/none")).status == 404


def test_xsrf(make_client: MakeClient) -> None:
    """test_web: a POST needs the token of the cookie: as argument or in either header; a form has it."""

    def act(handler: RequestHandler) -> None:
        handler.write(handler.xsrf_form_html())

    client = make_client(Acting, act=act, xsrf_cookies=True)
    assert result_of(client.post("/")).status == 403
    form = result_of(client.get("/")).text
    match = re.fullmatch(r'<input type="hidden" name="_xsrf" value="([^"]+)"/?>', form)
    assert match is not None
    token = match[1]
    assert result_of(client.post("/", {"_xsrf": token})).status == 200
    for name in ("X-Xsrftoken", "X-Csrftoken"):
        assert result_of(client.post("/", headers={name: token})).status == 200
        assert result_of(client.post("/", headers={name: "wrong"})).status == 403

    class Free(Acting):
        no_xsrf = True

    assert result_of(make_client(Free, act=act, xsrf_cookies=True).post("/")).status == 200


def test_changed_xsrf_token(make_client: MakeClient) -> None:
    """Changed: the token is bytes and another one in each page, which does not help who reads them."""

    def act(handler: RequestHandler) -> None:
        assert isinstance(handler.xsrf_token, bytes)
        handler.write(handler.xsrf_form_html())

    client = make_client(Acting, act=act)
    assert result_of(client.get("/")).text != result_of(client.get("/")).text


def test_reverse() -> None:
    """test_web: `URLSpec.reverse` fills the groups and makes a query of the rest; wrong counts fail."""
    spec = URLSpec(r"/a/([0-9]+)", RequestHandler, {"b": 1}, name="c")
    assert spec.reverse(1, q=2) == "/a/1?q=2"
    assert spec.reverse(1, z=1, b="c d") == "/a/1?b=c+d&z=1"
    for args in ((), (1, 2)):
        with pytest.raises(URLReverseError):
            spec.reverse(*args)
    with pytest.raises(URLReverseError):
        URLSpec(r"/a/(?:b|c)", RequestHandler).reverse()
    for part in ("/a/([0-9]+)", "RequestHandler", "'b': 1", "'c'"):
        assert part in repr(spec)


def test_changed_reverse() -> None:
    """Changed: reversing unescapes a dot and writes a blank as `%20`; upstream neither."""
    assert URLSpec(r"/(.*)\.html", RequestHandler).reverse("a b") == "/a%20b.html"


def test_head_on_the_wire(make_client: MakeClient) -> None:
    """test_web: the head has the status line, the headers, and a line for each cookie."""

    def act(handler: RequestHandler) -> None:
        handler.set_cookie("a", "b")
        handler.set_cookie("c", "d")

    connection = make_client(Acting, act=act).connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    head = bytes(connection.received).decode()
    assert head.startswith("HTTP/1.1 200 OK\r\nServer: cyclone\r\n")
    assert "\r\nSet-Cookie: a=b; " in head
    assert "\r\nSet-Cookie: c=d; " in head


def test_changed_status_line(make_client: MakeClient) -> None:
    """Changed: the status line always says HTTP/1.1; upstream said whatever the request did."""
    connection = make_client(Acting, act=lambda _: None).connect()
    connection.send(b"GET / HTTP/1.0\r\n\r\n")
    assert connection.received.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("fired", [True, False])
def test_deferred_handlers(make_client: MakeClient, fired: bool) -> None:
    """test_web: a handler may return a Deferred, also one that has fired."""
    waiting: Deferred[str] = Deferred()

    def act(handler: RequestHandler) -> Deferred[None]:
        return waiting.addCallback(handler.write)

    if fired:
        waiting.callback("late")
    response = make_client(Acting, act=act).get("/")
    if not fired:
        assert not response.called
        waiting.callback("late")
    assert result_of(response).text == "late"


def test_changed_coroutines(make_client: MakeClient) -> None:
    """Changed: `async def` works; upstream sent an empty answer."""

    async def act(handler: RequestHandler) -> None:
        handler.write(await succeed("awaited"))

    assert result_of(make_client(Acting, act=act).get("/")).text == "awaited"


@pytest.mark.parametrize("fired", [True, False])
def test_deferreds_in_templates(make_client: MakeClient, tmp_path: Path, fired: bool) -> None:
    """test_web: `render_string` gives bytes, or a Deferred if something has not fired; `render` waits."""
    (tmp_path / "page.html").write_text("<p>{{ value }}</p>")
    waiting: Deferred[str] = Deferred()
    kinds: list[type] = []

    def act(handler: RequestHandler) -> object:
        kinds.append(type(handler.render_string("page.html", value=waiting)))
        return handler.render("page.html", value=waiting)

    if fired:
        waiting.callback("<x>")
    response = make_client(Acting, act=act, template_path=str(tmp_path)).get("/")
    if not fired:
        waiting.callback("<x>")
    assert result_of(response).content == b"<p>&lt;x&gt;</p>"
    assert kinds == [bytes if fired else Deferred]


def test_changed_render_without_return(make_client: MakeClient, tmp_path: Path) -> None:
    """Changed: a handler need not return what `render` gives; upstream the page was lost."""
    (tmp_path / "page.html").write_text("{{ value }}")
    waiting: Deferred[str] = Deferred()

    def act(handler: RequestHandler) -> None:
        handler.render("page.html", value=waiting)

    response = make_client(Acting, act=act, template_path=str(tmp_path)).get("/")
    waiting.callback("late")
    assert result_of(response).text == "late"


def test_changed_custom_error_page(make_client: MakeClient, tmp_path: Path) -> None:
    """Changed: the documented recipe for error pages works; upstream it called itself 137 times."""
    (tmp_path / "error_all.html").write_text("sorry: {{ status }}")

    class Page(RequestHandler):
        def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 -- see base
            del kwargs
            try:
                self.render(f"error_{status_code}.html", status=status_code)
            except OSError:
                self.render("error_all.html", status=status_code)

        def get(self) -> None:
            raise HTTPError(404)

    client = make_client(Page, template_path=str(tmp_path))
    response = result_of(client.get("/"))
    assert (response.status, response.text) == (404, "sorry: 404")


# httpserver: connections and requests.


@pytest.mark.parametrize(
    ("version", "method", "headers", "stays"),
    [
        ("HTTP/1.1", "GET", {}, True),
        ("HTTP/1.1", "GET", {"Connection": "close"}, False),
        ("HTTP/1.1", "GET", {"Connection": "Close"}, False),
        ("HTTP/1.0", "GET", {}, False),
        ("HTTP/1.0", "GET", {"Connection": "Keep-Alive"}, True),
        ("HTTP/1.0", "HEAD", {"Connection": "Keep-Alive"}, True),
        ("HTTP/1.0", "POST", {"Connection": "Keep-Alive"}, True),
        ("HTTP/1.0", "POST", {"Connection": "other"}, False),
    ],
)
def test_closing(
    make_client: MakeClient, version: str, method: str, headers: dict[str, str], stays: bool
) -> None:
    """test_httpserver: which connections stay open, by version and by what the client wants."""
    client = make_client(Acting, act=lambda _: None)
    connection = client.connect()
    result_of(client.request(method, "/", connection=connection, version=version, headers=headers))
    assert connection.open == stays


def test_no_keep_alive(make_client: MakeClient) -> None:
    """test_httpserver: `no_keep_alive` of the handler closes the connection."""

    class Once(RequestHandler):
        no_keep_alive = True

        def get(self) -> None:
            """Answer."""

    client = make_client(Once)
    connection = client.connect()
    result_of(client.get("/", connection=connection))
    assert not connection.open


def test_bodies_by_length(make_client: MakeClient) -> None:
    """test_httpserver: what follows a body is the next request."""
    client = make_client(Acting, act=lambda handler: handler.write(handler.request.body))
    connection = client.connect()
    one = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: %b\r\n\r\n%b"
    connection.send(one % (b"keep-alive", b"one") + one % (b"close", b"two"))
    bodies = re.findall(rb"\r\n\r\n(one|two)", bytes(connection.received))
    assert bodies == [b"one", b"two"]


def test_large_body(ask: Ask) -> None:
    """test_httpserver: a body that is larger than 100 000 bytes arrives as a whole."""
    response = ask(
        lambda handler: handler.write(str(len(handler.request.body))),
        method="POST",
        body=bytes(150_000),
        headers={"Content-Type": "application/octet-stream"},
    )
    assert response.text == "150000"


def test_changed_continue(make_client: MakeClient) -> None:
    """Changed: the interim answer says `100 Continue`; upstream `100 (Continue)`."""
    connection = make_client(Acting, act=lambda _: None).connect()
    connection.send(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    )
    assert bytes(connection.received) == b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / FTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    ],
)
def test_changed_malformed(make_client: MakeClient, sent: bytes, status: int) -> None:
    """Changed: what is malformed is answered and then closed; upstream closed without a word."""
    connection = make_client(Acting).connect()
    connection.send(sent)
    assert connection.received.startswith(b"HTTP/1.1 %d " % status)
    assert not connection.open


def test_form(ask: Ask) -> None:
    """test_httpserver: the fields of a form are arguments, as bytes; so are those of the query."""

    def act(handler: RequestHandler) -> None:
        assert handler.request.arguments == {"q": [b"1"], "a": [b"2", b"3"], "b": [b"4"]}

    response = ask(act, "/?q=1", "POST", params={"a": [2, 3], "b": 4})
    assert response.status == 200


def test_changed_blank_fields(ask: Ask) -> None:
    """Changed: a field without a value is there, with an empty one; upstream it was dropped."""
    response = ask(
        lambda handler: handler.write(repr(handler.get_argument("a"))),
        "/",
        "POST",
        params={"a": ""},
    )
    assert response.text == "''"


def test_multipart(ask: Ask) -> None:
    """test_httpserver: uploads are files, with name, body and type by item and by attribute."""

    def act(handler: RequestHandler) -> None:
        (file,) = handler.request.files["upload"]
        assert (file.filename, file["body"], file.content_type) == ("a.txt", b"abc", "text/x")
        handler.write(handler.get_argument("field"))

    files = {"upload": HTTPFile("a.txt", b"abc", "text/x")}
    assert ask(act, "/", "POST", params={"field": "value"}, files=files).text == "value"


def test_addresses(make_client: MakeClient) -> None:
    """test_httpserver: `remote_ip` is the client's address, on a unix socket its path."""
    client = make_client(Acting, act=lambda handler: handler.write(handler.request.remote_ip))
    assert result_of(client.get("/", remote_ip="10.0.0.1")).text == "10.0.0.1"
    assert result_of(client.get("/", remote_ip="unix:/run/shop")).text == "unix:/run/shop"


@pytest.mark.parametrize(
    ("headers", "seen_as"),
    [
        ({}, "http 127.0.0.1"),
        ({"X-Real-Ip": "10.0.0.1"}, "http 10.0.0.1"),
        ({"X-Forwarded-For": "10.0.0.1"}, "http 10.0.0.1"),
        ({"X-Real-Ip": "nonsense"}, "http 127.0.0.1"),
        ({"X-Scheme": "https"}, "https 127.0.0.1"),
        ({"X-Forwarded-Proto": "https"}, "https 127.0.0.1"),
        ({"X-Scheme": "gopher"}, "http 127.0.0.1"),
    ],
)
def test_xheaders(ask: Ask, headers: dict[str, str], seen_as: str) -> None:
    """test_httpserver: with `xheaders` a proxy tells address and protocol; what is none does not count."""

    def act(handler: RequestHandler) -> None:
        handler.write(f"{handler.request.protocol} {handler.request.remote_ip}")

    assert ask(act, headers=headers, xheaders=True).text == seen_as
    assert ask(act, headers=headers).text == "http 127.0.0.1"


def test_changed_forwarded_for(ask: Ask, make_client: MakeClient) -> None:
    """Changed: of a list in `X-Forwarded-For` the last address counts that is no proxy of ours.

    Upstream did not split it. And only a trusted proxy is believed; upstream believed everybody.
    """

    def act(handler: RequestHandler) -> None:
        handler.write(str(handler.request.remote_ip))

    headers = {"X-Forwarded-For": "10.0.0.1, 10.0.0.2"}
    assert ask(act, headers=headers, xheaders=True).text == "10.0.0.2"
    client = make_client(Acting, act=act, xheaders=True)
    assert result_of(client.get("/", headers=headers, remote_ip="10.9.9.9")).text == "10.9.9.9"


def test_https(ask: Ask) -> None:
    """test_httpserver: a request on TLS knows its protocol."""
    response = ask(
        lambda handler: handler.write(handler.request.full_url()), "/a", protocol="https"
    )
    assert response.text == "https://127.0.0.1/a"


def test_request() -> None:
    """test_httpserver: a request that is made by hand has all its attributes, and their defaults."""
    request = HTTPRequest("GET", "/path?a=1&a=2")
    assert (request.path, request.query, request.version) == ("/path", "a=1&a=2", "HTTP/1.0")
    assert request.arguments == {"a": [b"1", b"2"]}
    assert (request.body, request.files, request.host) == (b"", {}, "127.0.0.1")
    assert (request.protocol, request.connection) == ("http", None)
    assert request.full_url() == "http://127.0.0.1/path?a=1&a=2"
    assert not request.supports_http_1_1()
    assert HTTPRequest("GET", "/", version="HTTP/1.1").supports_http_1_1()
    assert request.request_time() >= 0
    for part in ("method='GET'", "uri='/path?a=1&a=2'", "version='HTTP/1.0'"):
        assert part in repr(request)


def test_request_cookies() -> None:
    """test_httpserver: the cookies of a request are morsels; what is none gives none."""
    request = HTTPRequest("GET", "/", headers=HTTPHeaders({"Cookie": "a=b; c=d"}))
    assert {name: morsel.value for name, morsel in request.cookies.items()} == {"a": "b", "c": "d"}
    assert not HTTPRequest("GET", "/", headers=HTTPHeaders({"Cookie": "nonsense"})).cookies
    assert not HTTPRequest("GET", "/").cookies


def test_changed_bad_cookie() -> None:
    """Changed: one cookie that is none leaves the others; upstream all were lost."""
    headers = HTTPHeaders({"Cookie": "blah blah; a=b"})
    assert HTTPRequest("GET", "/", headers=headers).cookies["a"].value == "b"


def test_connection_class() -> None:
    """test_httpserver: an application's `protocol` is `HTTPConnection`, whose factory it is."""
    assert Application.protocol is HTTPConnection
    application = Application([], reactor=cast("Any", Clock()))
    connection = application.buildProtocol(cast("Any", None))
    assert type(connection) is HTTPConnection
    assert connection.factory is application


# httputil.


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_header_lines(end: str) -> None:
    """test_httputil: header lines end with LF or CRLF."""
    headers = HTTPHeaders.parse(f"Foo: bar{end}Baz: qux{end}")
    assert list(headers.get_all()) == [("Foo", "bar"), ("Baz", "qux")]


@pytest.mark.parametrize("mark", ["\x85", "\u2028".encode().decode("latin-1")])
def test_unicode_line_ends(mark: str) -> None:
    """test_httputil: what only Unicode calls the end of a line stays in the value."""
    assert HTTPHeaders.parse(f"Foo: a{mark}b\r\n")["Foo"] == f"a{mark}b"


def test_header_names() -> None:
    """httputil: names have a normal form, and repeated values are joined with a comma."""
    headers = HTTPHeaders({"http-header-case": "1"})
    headers.add("a", "A=B")
    headers.add("a", "C=D")
    assert list(headers) == ["Http-Header-Case", "A"]
    assert (headers["A"], headers.get_list("a")) == ("A=B,C=D", ["A=B", "C=D"])


def test_changed_folding() -> None:
    """Changed: a line that goes on in the next one is refused; upstream it was joined."""
    with pytest.raises(HTTPInputError):
        HTTPHeaders.parse("Foo: a\r\n b\r\n")


def test_changed_multipart() -> None:
    """Changed: a malformed part refuses the whole body with 400; upstream it was skipped."""
    with pytest.raises(HTTPInputError):
        parse_multipart_form_data(b"x", b"--x\r\n\r\nno name\r\n--x--\r\n", {}, {})


# testing.


class Jar(RequestHandler):
    """What the tests of the test helpers ask."""

    def get(self) -> None:
        """Answer at once."""
        self.write(f"Something {self.get_argument('a', '')}")

    post = put = delete = get

    def head(self) -> None:
        """Set a header."""
        self.set_header("X-Head", "1")


class Later(RequestHandler):
    """Answers later."""

    @asynchronous
    def get(self) -> None:
        """Answer in a second."""
        self.settings.clock.callLater(1, self.finish, "later")


class Tested(CycloneTestCase):
    """A test case as in cyclone 1.x."""

    @staticmethod
    def app_builder() -> Application:
        """Make the application."""
        clock = Clock()
        return Application(
            [(r"/testing/", Jar), (r"/later/", Later)], clock=clock, reactor=cast("Any", clock)
        )

    @inlineCallbacks
    def test_verbs(self) -> Any:  # noqa: ANN401 -- a generator
        """test_testing: get, with parameters, post, put, head and delete."""
        for verb in ("get", "post", "put", "delete"):
            response = yield getattr(self.client, verb)("/testing/", params={"a": "1"})
            assert response.content == b"Something 1"
            assert response.get_status() == 200
            assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
        response = yield self.client.head("/testing/")
        assert (response.content, response.headers["X-Head"]) == (b"", "1")

    def test_later(self) -> Deferred[None]:
        """test_testing: a handler that answers later."""

        def check(response: Response) -> None:
            assert response.content == b"later"

        response = self.client.get("/later/").addCallback(check)
        self._app.settings.clock.advance(1)
        return response


def test_no_builder() -> None:
    """test_testing: without `app_builder` a test case is a ValueError."""
    with pytest.raises(ValueError, match="app_builder"):
        CycloneTestCase()


def test_changed_response(make_client: MakeClient) -> None:
    """Changed: the result of a request has the handler, and passes on what it does not have itself.

    Upstream it was the handler; also the default of `version` is HTTP/1.1 now, and what follows `params`
    is given by keyword.
    """
    response = result_of(make_client(Jar).get("/"))
    assert isinstance(response.handler, Jar)
    assert response.request is response.handler.request
    assert response.request.version == "HTTP/1.1"


# escape, util and template.


def test_escape() -> None:
    """test_escape, test_utils: the helpers of escape."""
    assert escape.xhtml_escape('<a>"') == "&lt;a&gt;&quot;"
    assert escape.xhtml_unescape("&lt;&#39;&quot;&amp;") == "<'\"&"
    assert escape.json_encode({"a": "</script>"}) == '{"a": "<\\/script>"}'
    assert escape.json_decode('{"a": [1]}') == {"a": [1]}
    assert escape.squeeze("a \n\t b") == "a b"
    assert escape.url_escape("a b&") == "a+b%26"
    assert escape.url_unescape("a+b%26") == "a b&"
    assert (escape.utf8("\u00e4"), escape.utf8(None)) == (b"\xc3\xa4", None)
    assert (escape.to_unicode(b"\xc3\xa4"), escape.to_unicode(None)) == ("\u00e4", None)
    assert escape.recursive_unicode({b"a": [b"b", (b"c",)]}) == {"a": ["b", ("c",)]}
    linked = escape.linkify("see http://example.com/ and www.example.com")
    assert linked.count("<a href=") == 2


def test_changed_escape() -> None:
    """Changed: an apostrophe becomes `&#x27;`; upstream `&#39;`."""
    assert escape.xhtml_escape("'") == "&#x27;"


def test_util() -> None:
    """test_utils: `ObjectDict` has attributes, and `import_object` says what it cannot import."""
    found: Any = util.ObjectDict(a=1)
    found.b = 2
    assert (found.a, found["b"]) == (1, 2)
    with pytest.raises(AttributeError):
        _ = found.c
    assert util.import_object("cyclone_core.util.ObjectDict") is util.ObjectDict
    for name in ("cyclone_core.nothing", "cyclone_core.util.Nothing"):
        with pytest.raises(ImportError):
            util.import_object(name)


def test_dotted_handlers(make_client: MakeClient) -> None:
    """test_utils: a route may name its handler."""
    client = make_client([(r"/", "cyclone_core.web.ErrorHandler", {"status_code": 418})])
    assert result_of(client.get("/")).status == 418


def test_template() -> None:
    """test_template: bytes, conditions, comments, variables, loops and autoescape."""
    generate = Template(
        "{# no #}{% comment no %}{% set a = 1 %}{% if a == 2 %}x{% elif a == 1 %}y{% end %}"
        "{% for i in range(2) %}{{ i }}{% end %}{% while a < 3 %}{% set a = a + 1 %}w{% end %}{{ v }}"
    ).generate
    assert generate(v="<") == b"y01ww&lt;"
    assert Template("{{ v }}", autoescape=None).generate(v="<") == b"<"


def test_template_blocks() -> None:
    """test_template: blocks extend each other, and `super` gives that of the parent."""
    loader = DictLoader(
        {
            "base": "[{% block a %}base{% end %}]",
            "child": '{% extends "base" %}{% block a %}{% super %} child{% end %}',
            "grandchild": '{% extends "child" %}{% block a %}{% super %} grandchild{% end %}',
        }
    )
    assert loader.load("grandchild").generate() == b"[base child grandchild]"


def test_template_deferreds() -> None:
    """test_template: an expression that has fired gives bytes at once, one that has not a Deferred."""
    template = Template("a {{ value }} b")
    assert template.generate(value=succeed("<")) == b"a &lt; b"
    clock = Clock()
    page = template.generate(value=deferLater(clock, 1, lambda: "late"))
    assert isinstance(page, Deferred)
    clock.advance(1)
    assert result_of(page) == b"a late b"
