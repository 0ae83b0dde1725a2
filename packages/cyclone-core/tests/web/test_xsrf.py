"""Tokens against cross-site request forgery."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest, parse_cookie
from cyclone_core.web import Application, ErrorHandler, RequestHandler, stream_request_body
from cyclone_core.web.xsrf import XSRFToken, decode_xsrf_token, encode_xsrf_token

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported
Value = Any

FORM = {"Content_Type": "application/x-www-form-urlencoded"}

CLASSIC = "0123456789abcdef0123456789abcdef"  # as cyclone 1.x writes it, and version 1
# The same, as Tornado has masked it.
MASKED = "2|c1a2b3d4|c081f6b348097e3bc081f6b348097e3b|1300000000"


class Page(RequestHandler):
    """Shows the token, and takes what brings it back."""

    def get(self) -> None:
        """Show the token."""
        self.write(self.xsrf_token)

    def post(self) -> None:
        """Take."""
        self.write("ok")

    put = patch = delete = post


def handler_for(cookie: str = "", **settings: Value) -> RequestHandler:
    """A handler of a request with these cookies."""
    headers = HTTPHeaders.from_store({"Cookie": cookie})
    return RequestHandler(Application(**settings), HTTPServerRequest("GET", "/", headers=headers))


def token_of(answer: Value) -> str:
    """The token in an answer, which is that of its cookie."""
    token: str = answer.text
    assert parse_cookie(answer.headers["Set-Cookie"])["_xsrf"] == token
    return token


def form(token: str) -> dict[str, Value]:
    """A form with a token."""
    return {"body": urlencode({"_xsrf": token}).encode(), **FORM}


# The token.


def test_known_tokens() -> None:
    """Both versions are read to the same secret; the classic one is written as it was."""
    token = decode_xsrf_token(MASKED)
    assert token == (bytes.fromhex(CLASSIC), 1300000000)
    assert decode_xsrf_token(CLASSIC) == (bytes.fromhex(CLASSIC), None)
    assert encode_xsrf_token(token, 2, bytes.fromhex("c1a2b3d4")).decode() == MASKED
    assert encode_xsrf_token(token, 1, b"").decode() == CLASSIC


@given(
    st.binary(min_size=1, max_size=50), st.binary(min_size=4, max_size=4), st.integers(0, 10**12)
)
def test_round_trip(secret: bytes, mask: bytes, now: int) -> None:
    """What is written is read, whatever the mask; only version 2 keeps the time."""
    token = XSRFToken(secret, now)
    assert decode_xsrf_token(encode_xsrf_token(token, 2, mask).decode()) == token
    assert decode_xsrf_token(encode_xsrf_token(token, 1, mask).decode()) == (secret, None)


@given(st.text())
@example("\ud800")
def test_anything(text: str) -> None:
    """Whatever a client sends is a token or none, and no error."""
    token = decode_xsrf_token(text)
    assert token is None or token.secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3|",
        "2|",
        "1|" + CLASSIC,
        "10" + MASKED,
        MASKED[1:].join("3 "),
        MASKED.replace("c1a2b3d4", ""),
        MASKED.replace("c1a2b3d4", "c1a2b3"),
        MASKED.replace("c1a2b3d4", "c1a2b3d4e5"),
        MASKED.replace("c1a2b3d4", "x1a2b3d4"),
        MASKED.replace("3b|", "3|"),
        MASKED.replace("3b|", "3x|"),
        "2|c1a2b3d4||1300000000",
        MASKED + "|",
        MASKED + "\n",
        MASKED + "x",
        MASKED.replace("1300000000", ""),
        MASKED.replace("1300000000", "-1"),
        MASKED.replace("1300000000", "\u0661"),
        MASKED.replace("1300000000", "9" * 5000),
        "a" * 4097,
    ],
)
def test_malformed(text: str) -> None:
    """What looks like a version and is none that we know is no token, nor is what is too long."""
    assert decode_xsrf_token(text) is None


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("deadbeef", b"\xde\xad\xbe\xef"),
        ("xoxo", b"xoxo"),
        ("abc", b"abc"),
        ("02|a", b"02|a"),
        ("|", b"|"),
        ("caf\xe9", "caf\xe9".encode()),
        ("a" * 4095, b"a" * 4095),
    ],
)
def test_version_1(text: str, secret: bytes) -> None:
    """Version 1 is hexadecimal, or else taken as it is: it compares with itself."""
    assert decode_xsrf_token(text) == (secret, None)


def test_token(serve: Serve) -> None:
    """A new token is of version 2, as bytes, and set as a cookie that scripts can read."""
    read = []

    class Handler(RequestHandler):
        def get(self) -> None:
            read.extend([self.xsrf_token, self.xsrf_token])
            self.write(self.xsrf_token)

    answer = serve(Handler).ask()
    token = token_of(answer)
    assert read == [token.encode()] * 2
    assert answer.headers["Set-Cookie"] == f"_xsrf={token}; Path=/; SameSite=Lax"
    decoded = decode_xsrf_token(token)
    assert decoded is not None
    assert len(decoded.secret) == 16
    assert abs((decoded.timestamp or 0) - time.time()) < 10


def test_no_token_no_cookie(serve: Serve) -> None:
    """Who does not ask for the token gets no cookie."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("page")

    assert serve(Handler, xsrf_cookies=True).ask().headers["Set-Cookie"] is None


def test_mask(serve: Serve) -> None:
    """In each request the same token has other bytes (CVE-2014-9720), and no cookie is set anew."""
    server = serve(Page)
    first = token_of(server.ask())
    answers = [server.ask(Cookie=f"_xsrf={first}") for _ in range(5)]
    assert [answer.headers["Set-Cookie"] for answer in answers] == [None] * 5
    texts = {first, *[answer.text for answer in answers]}
    assert len(texts) == 6
    assert len({decode_xsrf_token(text) for text in texts}) == 1
    assert not any(text.split("|")[2] in first for text in texts - {first})


def test_distinct_tokens(serve: Serve) -> None:
    """Without a cookie, or with a malformed one, each request makes a token of its own."""
    server = serve(Page)
    texts = [token_of(server.ask(Cookie=cookie)) for cookie in ("a=b", "_xsrf=3|x", "_xsrf=")]
    assert len({decode_xsrf_token(text) for text in texts}) == 3


@pytest.mark.parametrize(("version", "length"), [(1, 32), (2, 54)])
def test_version_setting(serve: Serve, version: int, length: int) -> None:
    """The setting `xsrf_cookie_version` chooses the form."""
    server = serve(Page, xsrf_cookies=True, xsrf_cookie_version=version)
    token = token_of(server.ask())
    assert len(token) == length
    again = server.ask(Cookie=f"_xsrf={token}").text
    assert (again == token) == (version == 1)
    assert server.ask("/", "POST", Cookie=f"_xsrf={token}", **form(again)).status == 200


@pytest.mark.parametrize("version", [0, 3, "2"])
def test_bad_version_setting(version: Value) -> None:
    """Another version is refused, and the setting named."""
    handler = handler_for(xsrf_cookie_version=version)
    with pytest.raises(ValueError, match="'xsrf_cookie_version'"):
        _ = handler.xsrf_token


def test_time_is_kept(serve: Serve) -> None:
    """The token keeps its time; one of version 1, which has none, gets that of today."""
    server = serve(Page)
    kept = decode_xsrf_token(server.ask(Cookie=f"_xsrf={MASKED}").text)
    assert kept == (bytes.fromhex(CLASSIC), 1300000000)
    new = decode_xsrf_token(server.ask(Cookie=f"_xsrf={CLASSIC}").text)
    assert new is not None
    assert new.secret == bytes.fromhex(CLASSIC)
    assert abs((new.timestamp or 0) - time.time()) < 10


# Its cookie.


def test_cookie_attributes(serve: Serve) -> None:
    """The setting `xsrf_cookie_kwargs` has the cookie's attributes, in any case."""
    attributes = {"HttpOnly": True, "secure": True, "expires_days": 2, "samesite": "Strict"}
    answer = serve(Page, xsrf_cookie_kwargs=attributes).ask()
    cookie = answer.headers["Set-Cookie"]
    assert cookie.endswith("; HttpOnly; Path=/; SameSite=Strict; Secure")
    expires = parsedate_to_datetime(cookie.partition("expires=")[2].partition(";")[0])
    assert abs(expires.timestamp() - time.time() - 2 * 86400) < 10


def test_cookie_defaults(serve: Serve) -> None:
    """The cookie follows `cookie_defaults` but for HttpOnly: the documented script reads it."""
    settings: dict[str, Value] = {"cookie_defaults": {"httponly": True, "samesite": "Strict"}}
    assert serve(Page, **settings).ask().headers["Set-Cookie"].endswith("; Path=/; SameSite=Strict")
    settings["xsrf_cookie_kwargs"] = {"httponly": True}
    assert "; HttpOnly" in serve(Page, **settings).ask().headers["Set-Cookie"]


def lifetime(cookie: str) -> float | None:
    """The days that a cookie lasts; None for as long as the browser runs."""
    if "expires=" not in cookie:
        return None
    expires = parsedate_to_datetime(cookie.partition("expires=")[2].partition(";")[0])
    return (expires.timestamp() - time.time()) / 86400


def test_lifetime(serve: Serve) -> None:
    """The cookie of who is signed in lasts 30 days, unless the setting says otherwise."""
    shared: dict[str, Value] = {}

    class SignedIn(Page):
        def get_current_user(self) -> str:
            return "me"

    assert lifetime(serve(Page).ask().headers["Set-Cookie"]) is None
    answer = serve(SignedIn, xsrf_cookie_kwargs=shared).ask()
    assert lifetime(answer.headers["Set-Cookie"]) == pytest.approx(30, abs=0.001)
    assert shared == {}
    answer = serve(SignedIn, xsrf_cookie_kwargs={"expires_days": None}).ask()
    assert lifetime(answer.headers["Set-Cookie"]) is None


def test_asynchronous_user(serve: Serve) -> None:
    """A user whom nobody has waited for yet does not keep a page from its token."""

    class Handler(Page):
        async def get_current_user(self) -> str:
            return "me"

    answer = serve(Handler).ask()
    assert (answer.status, lifetime(answer.headers["Set-Cookie"])) == (200, None)


def test_cookie_name(serve: Serve) -> None:
    """The setting `xsrf_cookie_name` names the cookie, not the argument; `__Host-` makes it Secure."""
    server = serve(Page, xsrf_cookies=True, xsrf_cookie_name="__Host-xsrf")
    answer = server.ask()
    token = answer.text
    assert answer.headers["Set-Cookie"] == f"__Host-xsrf={token}; Path=/; SameSite=Lax; Secure"
    assert server.ask("/", "POST", Cookie=f"__Host-xsrf={token}", **form(token)).status == 200
    assert server.ask("/", "POST", Cookie=f"_xsrf={token}", **form(token)).status == 403
    assert server.ask("/", "POST", Cookie=f"=__Host-xsrf={token}", **form(token)).status == 403


def test_cookie_name_of_class(serve: Serve) -> None:
    """A class or a handler may name its cookie itself, as in cyclone 1.x."""
    read = []

    class Named(Page):
        xsrf_cookie_name = "classic"

    class Late(Page):
        def initialize(self) -> None:
            read.append(self.xsrf_cookie_name)
            self.xsrf_cookie_name = "late"

    answer = serve(Named, xsrf_cookie_name="setting").ask()
    assert answer.headers["Set-Cookie"].startswith("classic=2|")
    answer = serve(Late, xsrf_cookie_name="setting").ask()
    assert answer.headers["Set-Cookie"].startswith("late=2|")
    assert serve(Late).ask().headers["Set-Cookie"].startswith("late=2|")
    assert read == ["setting", "_xsrf"]


def test_form_html(serve: Serve) -> None:
    """`xsrf_form_html` is a hidden field, as text, and sets the cookie."""

    class Handler(RequestHandler):
        def get(self) -> None:
            html = self.xsrf_form_html()
            assert isinstance(html, str)
            self.write(html)

    answer = serve(Handler).ask()
    token = parse_cookie(answer.headers["Set-Cookie"])["_xsrf"]
    assert answer.text == f'<input type="hidden" name="_xsrf" value="{token}"/>'


def test_form_html_is_escaped(serve: Serve) -> None:
    """Whatever a client has for a token, it does not leave the field."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write(self.xsrf_form_html())

    answer = serve(Handler, xsrf_cookie_version=1).ask(Cookie='_xsrf="\\"><script>"')
    assert answer.text.count("<") == 1
    assert answer.text.count('"') == 6


# The check.


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_accepted(serve: Serve, method: str) -> None:
    """The token is accepted in form, query string and both headers, of any version."""
    server = serve(Page, xsrf_cookies=True)
    cookie = {"Cookie": f"_xsrf={MASKED}"}
    for sent in (MASKED, CLASSIC, server.ask(**cookie).text):
        query = "/?" + urlencode({"_xsrf": sent})
        answers = [
            server.ask("/", method, **form(sent), **cookie),
            server.ask(query, method, body=b"", **cookie),
            server.ask("/", method, body=b"", X_Xsrftoken=sent, **cookie),
            server.ask("/", method, body=b"", X_CSRFToken=sent, **cookie),
        ]
        assert [(answer.status, answer.text) for answer in answers] == [(200, "ok")] * 4


@pytest.mark.parametrize("cookie", ["deadbeef", "xoxo", CLASSIC, MASKED])
def test_same_token(serve: Serve, cookie: str) -> None:
    """Any token that is both in the cookie and in the form is accepted."""
    server = serve(Page, xsrf_cookies=True)
    assert server.ask("/", "POST", Cookie=f"_xsrf={cookie}", **form(cookie)).status == 200


OTHER = "2|00000000|00112233445566778899aabbccddeeff|1300000000"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"body": b""}, "'_xsrf' argument missing from POST"),
        ({"body": b"", "Cookie": f"_xsrf={MASKED}"}, "missing"),
        (
            {"body": b"", "Cookie": f"_xsrf={MASKED}", "X_Requested_With": "XMLHttpRequest"},
            "missing",
        ),
        ({"body": b"", "Cookie": f"_xsrf={MASKED}", "X_Xsrftoken": ""}, "missing"),
        ({"Cookie": f"_xsrf={MASKED}", **form("")}, "missing"),
        ({"Cookie": f"_xsrf={MASKED}", **form("3|")}, "malformed"),
        ({"Cookie": f"_xsrf={MASKED}", **form("x" * 5000)}, "malformed"),
        (form(MASKED), "does not match the cookie '_xsrf'"),
        ({"Cookie": f"_xsrf={OTHER}", **form(MASKED)}, "does not match"),
        ({"Cookie": "_xsrf=3|", **form(MASKED)}, "does not match"),
        ({"Cookie": "_xsrf=", **form(MASKED)}, "does not match"),
        ({"Cookie": f"_xsrf={MASKED}", "X_Xsrftoken": MASKED, **form(OTHER)}, "does not match"),
        ({"Cookie": f"_xsrf={MASKED}", **form(MASKED[:-20])}, "malformed"),
        ({"Cookie": f"_xsrf={MASKED}", **form(CLASSIC[:-2])}, "does not match"),
    ],
)
def test_refused(serve: Serve, log: Log, request_: dict[str, Value], message: str) -> None:
    """What lacks the token, or has another one, is refused before `prepare`: 403."""
    prepared = []

    class Handler(Page):
        def prepare(self) -> None:
            prepared.append(self)

    answer = serve(Handler, xsrf_cookies=True).ask("/", "POST", **request_)
    assert (answer.status, prepared) == (403, [])
    (line,) = log.take("cyclone.web")
    assert message in line


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_safe_methods(serve: Serve, method: str) -> None:
    """Methods that change nothing need no token."""
    assert serve(Page, xsrf_cookies=True).ask("/", method).status in {200, 204}


def test_other_methods(serve: Serve) -> None:
    """A method of the application's own needs the token."""

    class Handler(Page):
        SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND")

        def propfind(self) -> None:
            self.write("found")

    server = serve(Handler, xsrf_cookies=True)
    assert server.ask("/", "PROPFIND").status == 403
    headers = {"Cookie": f"_xsrf={MASKED}", "X_Xsrftoken": CLASSIC}
    assert server.ask("/", "PROPFIND", **headers).text == "found"


def test_check_and_page(serve: Serve) -> None:
    """A request that was checked gives the same token again, in another mask."""

    class Handler(Page):
        def post(self) -> None:
            self.write(self.xsrf_token)

    cookie = {"Cookie": f"_xsrf={MASKED}"}
    answer = serve(Handler, xsrf_cookies=True).ask("/", "POST", **form(MASKED), **cookie)
    assert answer.headers["Set-Cookie"] is None
    assert answer.text != MASKED
    assert decode_xsrf_token(answer.text) == decode_xsrf_token(MASKED)


def test_off(serve: Serve) -> None:
    """Without the setting nothing is checked."""
    assert serve(Page).ask("/", "POST", body=b"").status == 200
    assert serve(Page, xsrf_cookies=False).ask("/", "POST", body=b"").status == 200


def test_no_xsrf(serve: Serve) -> None:
    """`no_xsrf` excepts a class, or a handler in its `initialize`."""

    class Excepted(Page):
        no_xsrf = True

    class Late(Page):
        def initialize(self, api: bool) -> None:
            self.no_xsrf = api

    routes = [
        ("/class", Excepted),
        ("/api", Late, {"api": True}),
        ("/page", Late, {"api": False}),
    ]
    server = serve(routes, xsrf_cookies=True)
    statuses = [server.ask(path, "POST", body=b"").status for path in ("/class", "/api", "/page")]
    assert statuses == [200, 200, 403]


def test_overridden_check(serve: Serve) -> None:
    """`check_xsrf_cookie` may be overridden to decide by something else."""

    class Handler(Page):
        def check_xsrf_cookie(self) -> None:
            if self.request.headers.get("X-Api-Key") != "right":
                super().check_xsrf_cookie()

    server = serve(Handler, xsrf_cookies=True)
    assert server.ask("/", "POST", body=b"", X_Api_Key="right").status == 200
    assert server.ask("/", "POST", body=b"", X_Api_Key="wrong").status == 403


def test_error_handler(serve: Serve) -> None:
    """What is not there is not there, token or not."""
    server = serve([("/error", ErrorHandler, {"status_code": 417})], xsrf_cookies=True)
    assert server.ask("/error", "POST", body=b"").status == 417
    assert server.ask("/404", "POST", body=b"").status == 404


def test_bad_unicode(serve: Serve) -> None:
    """A token that is no UTF-8 is a bad request."""
    answer = serve(Page, xsrf_cookies=True).ask("/", "POST", body=b"_xsrf=%ff", **FORM)
    assert answer.status == 400


MULTIPART = {"Content_Type": "multipart/form-data; boundary=x"}


def test_streaming(serve: Serve) -> None:
    """A body that comes in pieces is not looked at: the token is in a header or the query string."""
    taken: list[bytes] = []

    @stream_request_body
    class Handler(Page):
        def data_received(self, chunk: bytes) -> None:
            taken.append(chunk)

    server = serve(Handler, xsrf_cookies=True)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="_xsrf"\r\n\r\n'
        + MASKED.encode()
        + b"\r\n--x--"
    )
    request = {"Cookie": f"_xsrf={MASKED}", "body": body, **MULTIPART}
    assert server.ask("/", "POST", **request).status == 403
    assert server.ask("/?_xsrf=" + CLASSIC, "POST", **request).status == 200
    assert server.ask("/", "POST", X_Xsrftoken=CLASSIC, **request).status == 200
    assert b"".join(taken) == body * 2


def test_multipart_form(serve: Serve) -> None:
    """A form with files brings the token as well."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="_xsrf"\r\n\r\n'
        + MASKED.encode()
        + b"\r\n--x--\r\n"
    )
    server = serve(Page, xsrf_cookies=True)
    assert server.ask("/", "POST", body=body, Cookie=f"_xsrf={CLASSIC}", **MULTIPART).status == 200
