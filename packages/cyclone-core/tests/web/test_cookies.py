"""Reading and setting cookies in a handler, plain and signed."""

import datetime as dt
from collections.abc import Callable, Generator
from email.utils import parsedate_to_datetime
from http.cookies import CookieError
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, inlineCallbacks, succeed

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest, parse_cookie
from cyclone_core.web import (
    Application,
    RequestHandler,
    create_signed_value,
    stream_request_body,
)
from cyclone_escape import ObjectDict

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported
Value = Any

KEY = "0123456789abcdef0123456789abcdef"
KEYS = {1: KEY, 2: KEY[::-1].encode()}
PAST = 1300000000


def handler_for(cookie: str = "", protocol: str = "http", **settings: Value) -> RequestHandler:
    """A handler of a request with these cookies."""
    headers = HTTPHeaders.from_store({"Cookie": cookie})
    request = HTTPServerRequest("GET", "/", headers=headers, protocol=protocol)
    return RequestHandler(Application(**settings), request)


def written(handler: RequestHandler) -> list[str]:
    """The values of `Set-Cookie` that a handler would send."""
    return list((handler._new_cookies or {}).values())


def one(protocol: str = "http", settings: dict[str, Any] | None = None, **arguments: Value) -> str:
    """What `set_cookie("a", "b", …)` makes, behind the name and the value."""
    handler = handler_for(protocol=protocol, **settings or {})
    handler.set_cookie("a", "b", **arguments)
    (cookie,) = written(handler)
    return cookie.removeprefix("a=b").removeprefix("; ")


# Reading.


def test_get_cookie(serve: Serve) -> None:
    """`get_cookie` gives the value or the default, `cookies` the `SimpleCookie` of the request."""

    class Handler(RequestHandler):
        def get(self) -> None:
            assert self.get_cookie("a") == "b c"
            assert self.get_cookie("b", "default") == "default"
            assert self.get_cookie("b") is None
            assert self.cookies is self.request.cookies
            assert self.cookies["a"].value == "b c"
            self.set_cookie("b", "new")
            assert self.get_cookie("b") is None
            self.write("done")

    assert serve(Handler).ask(Cookie='a="b c"; x[]=y').text == "done"


def test_no_cookies_no_cost(serve: Serve) -> None:
    """Nobody pays for cookies who does not ask for them."""
    seen = []

    class Handler(RequestHandler):
        def get(self) -> None:
            seen.append(dict(vars(self.request)))

    answer = serve(Handler, cookie_secret=KEY).ask(Cookie="a=b")
    assert answer.headers.get_all("Set-Cookie") is None
    assert "cookies" not in seen[0]
    assert "_cookie_values" not in seen[0]


# Setting.


def test_set_cookie(serve: Serve) -> None:
    """Each cookie has a header of its own; of one name the last is sent, with its own attributes."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_cookie("a", "1", domain="example.com", max_age=5)
            self.set_cookie("b", b"caf")
            self.set_cookie("a", "2")

    answer = serve(Handler).ask()
    assert answer.headers.get_all("Set-Cookie") == [
        "b=caf; Path=/; SameSite=Lax",
        "a=2; Path=/; SameSite=Lax",
    ]


def test_on_error_pages(serve: Serve, log: Log) -> None:
    """A cookie that was set before an error goes out with the error page."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_cookie("a", "b")
            raise KeyError("broken on purpose")

    answer = serve(Handler).ask()
    assert (answer.status, answer.headers["Set-Cookie"]) == (500, "a=b; Path=/; SameSite=Lax")
    assert len(log.failures()) == 1


@pytest.mark.parametrize(
    ("arguments", "cookie"),
    [
        ({}, "Path=/; SameSite=Lax"),
        ({"domain": "example.com"}, "Domain=example.com; Path=/; SameSite=Lax"),
        ({"path": "/a"}, "Path=/a; SameSite=Lax"),
        ({"path": None}, "SameSite=Lax"),
        ({"path": ""}, "SameSite=Lax"),
        ({"max_age": 10}, "Max-Age=10; Path=/; SameSite=Lax"),
        ({"max_age": 0}, "Max-Age=0; Path=/; SameSite=Lax"),
        ({"httponly": True}, "HttpOnly; Path=/; SameSite=Lax"),
        ({"httponly": False, "secure": False}, "Path=/; SameSite=Lax"),
        ({"secure": True}, "Path=/; SameSite=Lax; Secure"),
        ({"samesite": "strict"}, "Path=/; SameSite=Strict"),
        ({"samesite": ""}, "Path=/"),
        ({"samesite": "None"}, "Path=/; SameSite=None; Secure"),
        ({"samesite": "none", "secure": False}, "Path=/; SameSite=None"),
        ({"partitioned": True}, "Partitioned; Path=/; SameSite=Lax; Secure"),
        ({"partitioned": True, "secure": False}, "Partitioned; Path=/; SameSite=Lax"),
        ({"expires": PAST}, "expires=Sun, 13 Mar 2011 07:06:40 GMT; Path=/; SameSite=Lax"),
        ({"expires": PAST, "expires_days": 9},
         "expires=Sun, 13 Mar 2011 07:06:40 GMT; Path=/; SameSite=Lax"),
        ({"expires": 0}, "Path=/; SameSite=Lax"),
        ({"HttpOnly": True, "pATH": "/a", "Max_Age": 1, "COMMENT": "c", "version": 1},
         "Comment=c; HttpOnly; Max-Age=1; Path=/a; SameSite=Lax; Version=1"),
        ({"Expires": PAST, "SECURE": True, "SameSite": "", "Domain": None, "Path": None},
         "expires=Sun, 13 Mar 2011 07:06:40 GMT; Path=/; Secure"),
        ({"SameSite": None, "samesite": "Strict"}, "Path=/; SameSite=Strict"),
    ],
)  # fmt: skip
def test_attributes(arguments: dict[str, Any], cookie: str) -> None:
    """Every attribute can be given, in any case, and those that are not are safe."""
    assert one(**arguments) == cookie


def test_positional_arguments() -> None:
    """Domain, expiry, path and days may be given by position."""
    handler = handler_for()
    handler.set_cookie("a", "b", "example.com", PAST, "/a", 5)
    assert written(handler) == [
        "a=b; Domain=example.com; expires=Sun, 13 Mar 2011 07:06:40 GMT; Path=/a; SameSite=Lax"
    ]


@pytest.mark.parametrize("days", [10, 0.5, 0, -1])
def test_expires_days(days: float) -> None:
    """`expires_days` counts from now."""
    expires = one(expires_days=days).partition(";")[0].removeprefix("expires=")
    wanted = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    assert abs(parsedate_to_datetime(expires) - wanted) < dt.timedelta(seconds=10)


def test_secure_on_https() -> None:
    """Over https a cookie is Secure, unless the program wants another one."""
    assert one("https") == "Path=/; SameSite=Lax; Secure"
    assert one("https", secure=False) == "Path=/; SameSite=Lax"


BAD_CHARACTERS = [*map(chr, range(0x21)), "\x7f", ";"]


@pytest.mark.parametrize("bad", BAD_CHARACTERS)
@pytest.mark.parametrize("keyword", ["domain", "path", "samesite", "DoMaIn", "Path", "Comment"])
def test_injection(keyword: str, bad: str) -> None:
    """No attribute brings a further one, in whatever case it is given (GHSA-wwv5-g3v4-889x)."""
    handler = handler_for()
    with pytest.raises(ValueError, match="cookie 'a'") as raised:
        handler.set_cookie("a", "b", **{keyword: f"x{bad}y"})
    assert isinstance(raised.value, CookieError)
    assert written(handler) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "a b"}, "token"),
        ({"name": "a\r\nX: y"}, "token"),
        ({"name": "path"}, "attribute"),
        ({"value": "b c"}, "value of cookie 'a'"),
        ({"value": "b\r\nc"}, "value of cookie 'a'"),
        ({"value": "\u20ac"}, "latin-1"),
        ({"value": b"\xff"}, "utf-8"),
        ({"max_age": "1; Path=/x"}, "max_age"),
        ({"Max_Age": "1; Path=/x"}, "max_age"),
        ({"expires": 1e300}, "expires"),
        ({"expires_days": 1e300}, "expires_days"),
        ({"expires_days": float("nan")}, "expires_days"),
        ({"samesite": "Sometimes"}, "samesite"),
        ({"expire": 1}, "no attribute 'expire'"),
        ({"name": "__Host-a", "domain": "example.com"}, "'__Host-a'"),
        ({"name": "__Host-a", "path": "/a"}, "'__Host-a'"),
        ({"name": "__Host-a", "path": None}, "'__Host-a'"),
        ({"name": "__host-a", "Secure": False}, "'__host-a'"),
        ({"name": "__Secure-a", "secure": False}, "'__Secure-a'"),
    ],
)
def test_refused(arguments: dict[str, Any], message: str) -> None:
    """What cannot be sent, or what browsers would refuse, is a `ValueError` at the call."""
    handler = handler_for()
    handler.set_cookie("a", "old")
    with pytest.raises(ValueError, match=message):
        handler.set_cookie(**{"name": "a", "value": "b", **arguments})
    assert written(handler) == ["a=old; Path=/; SameSite=Lax"]


@pytest.mark.parametrize(
    "arguments", [{"value": 5}, {"name": None}, {"expires": "Sun, 06 Nov 1994"}, {"max_age": [5]}]
)
def test_wrong_type(arguments: dict[str, Any]) -> None:
    """What has a type that cannot be meant is a `TypeError`."""
    with pytest.raises(TypeError):
        handler_for().set_cookie(**{"name": "a", "value": "b", **arguments})


@pytest.mark.parametrize(
    ("name", "cookie"),
    [
        ("__Host-a", "Path=/; SameSite=Strict; Secure"),
        ("__Secure-a", "Domain=example.com; Path=/a; SameSite=Strict; Secure"),
        ("a", "Domain=example.com; Path=/a; SameSite=Strict"),
    ],
)
def test_prefixes(name: str, cookie: str) -> None:
    """What a prefix demands is there without being said, whatever the defaults are."""
    defaults = {"domain": "example.com", "path": "/a", "secure": False, "SameSite": "Strict"}
    handler = handler_for(cookie_defaults=defaults)
    handler.set_cookie(name, "b")
    assert written(handler) == [f"{name}=b; {cookie}"]


# The setting `cookie_defaults`.


@pytest.mark.parametrize(
    ("defaults", "arguments", "cookie"),
    [
        ({}, {}, "Path=/; SameSite=Lax"),
        (None, {}, "Path=/; SameSite=Lax"),
        ({"samesite": ""}, {}, "Path=/"),
        ({"samesite": "None"}, {}, "Path=/; SameSite=None; Secure"),
        ({"secure": True, "httponly": True}, {}, "HttpOnly; Path=/; SameSite=Lax; Secure"),
        ({"secure": True, "httponly": True}, {"httponly": False, "secure": False},
         "Path=/; SameSite=Lax"),
        ({"domain": "a.b", "path": "/a"}, {}, "Domain=a.b; Path=/a; SameSite=Lax"),
        ({"domain": "a.b", "path": "/a"}, {"domain": "", "path": "/"}, "Path=/; SameSite=Lax"),
        ({"domain": "a.b", "path": "/a"}, {"domain": "c.d", "path": "/" + "b"},
         "Domain=c.d; Path=/b; SameSite=Lax"),
        ({"secure": None, "SameSite": None}, {}, "Path=/; SameSite=Lax"),
        ({"samesite": "Strict"}, {"SameSite": None, "Secure": None}, "Path=/; SameSite=Strict"),
        ({"partitioned": True}, {}, "Partitioned; Path=/; SameSite=Lax; Secure"),
    ],
)  # fmt: skip
def test_defaults(defaults: Value, arguments: dict[str, Any], cookie: str) -> None:
    """The setting `cookie_defaults` is for all that a call does not say; a given `/` is said."""
    assert one(settings={"cookie_defaults": defaults}, **arguments) == cookie


def test_insecure_by_default() -> None:
    """The defaults win over what https makes of a cookie."""
    assert one("https", {"cookie_defaults": {"secure": False}}) == "Path=/; SameSite=Lax"


@pytest.mark.parametrize("setting", ["Lax", ["secure"], {"max_age": 5}, {"sesure": True}, {1: 2}])
def test_bad_defaults(setting: Value) -> None:
    """Defaults that are no dict, or that cannot be the same for all cookies, are refused."""
    with pytest.raises(ValueError, match="setting 'cookie_defaults'"):
        one(settings={"cookie_defaults": setting})


# Clearing.


def is_cleared(cookie: str) -> bool:
    """Whether a cookie has expired."""
    expires = parsedate_to_datetime(cookie.partition("expires=")[2].partition(";")[0])
    return expires < dt.datetime.now(dt.UTC) - dt.timedelta(days=300)


@pytest.mark.parametrize(
    ("arguments", "attributes"),
    [
        ({}, "Path=/; SameSite=Lax"),
        ({"path": "/a", "domain": "a.b"}, "Path=/a; SameSite=Lax"),
        ({"secure": True, "samesite": "None", "partitioned": True, "expires_days": 5},
         "Partitioned; Path=/; SameSite=None; Secure"),
    ],
)  # fmt: skip
def test_clear_cookie(arguments: dict[str, Any], attributes: str) -> None:
    """`clear_cookie` sets an empty cookie that has expired, with all attributes that it is given."""
    handler = handler_for()
    handler.set_cookie("a", "b")
    handler.clear_cookie("a", **arguments)
    (cookie,) = written(handler)
    domain = f"Domain={arguments['domain']}; " if "domain" in arguments else ""
    assert cookie.startswith(f'a=""; {domain}expires=')
    assert cookie.endswith(f"GMT; {attributes}")
    assert is_cleared(cookie)


def test_clear_cookie_by_position() -> None:
    """Path and domain may be given by position, as in cyclone 1.x."""
    handler = handler_for()
    handler.clear_cookie("a", "/x", "a.b")
    assert written(handler)[0].startswith('a=""; Domain=a.b; ')
    assert "; Path=/x; " in written(handler)[0]


@pytest.mark.parametrize("keyword", ["expires", "max_age", "Expires", "Max_Age"])
def test_clear_cookie_takes_no_time(keyword: str) -> None:
    """When a cleared cookie expires is no question."""
    handler = handler_for("a=b")
    with pytest.raises(TypeError, match=keyword):
        handler.clear_cookie("a", **{keyword: 5})
    with pytest.raises(TypeError, match=keyword):
        handler.clear_all_cookies(**{keyword: 5})


def test_clear_all_cookies(serve: Serve) -> None:
    """All cookies that the client has sent are cleared, with the attributes that are given."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.clear_all_cookies("/a", "a.b", httponly=True)

    answer = serve(Handler).ask(Cookie="foo=bar; baz=xyzzy; x[y]=z; path=/; lost")
    cookies = answer.headers.get_all("Set-Cookie")
    assert [cookie.partition("; ")[0] for cookie in cookies] == ['foo=""', 'baz=""']
    for cookie in cookies:
        assert "; Domain=a.b; " in cookie
        assert cookie.endswith("; HttpOnly; Path=/a; SameSite=Lax")
        assert is_cleared(cookie)


@pytest.mark.parametrize("keywords", [("domain", "path", "secure"), ("Domain", "pATH", "SECURE")])
def test_clear_all_with_prefix(keywords: tuple[str, ...]) -> None:
    """What a client sends is cleared by the rules of its name, and never an error."""
    handler = handler_for("__Host-a=1; __Secure-a=2; a=3")
    domain, path, secure = keywords
    handler.clear_all_cookies(**{domain: "a.b", path: "/a", secure: False})
    ends = [cookie.partition("=")[2].partition("GMT")[2] for cookie in written(handler)]
    assert ends == [
        "; Path=/; SameSite=Lax; Secure",
        "; Path=/a; SameSite=Lax; Secure",
        "; Path=/a; SameSite=Lax",
    ]
    assert ["Domain=a.b" in cookie for cookie in written(handler)] == [False, True, True]


@given(st.text())
def test_clear_anything(header: str) -> None:
    """Whatever a client sends as cookies can be cleared."""
    handler = handler_for(header)
    handler.clear_all_cookies()
    assert len(written(handler)) == len(handler.cookies)


def test_clear_all_is_bounded() -> None:
    """A client cannot make the answer larger than browsers would: 200 cookies are cleared."""
    handler = handler_for("; ".join([f"a{number}=" for number in range(5000)]))
    handler.clear_all_cookies()
    assert len(written(handler)) == 200


# Signed.


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("value", ["me", b"\xff\x00", "", "caf\xe9 \u20ac"])
def test_signed_cookie(serve: Serve, value: str | bytes, secure: bool) -> None:
    """A signed cookie is read back as bytes, under both names of the methods."""
    read: list[bytes | None] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            if secure:
                self.set_secure_cookie("user", value)
                read.append(self.get_secure_cookie("user"))
            else:
                self.set_signed_cookie("user", value)
                read.append(self.get_signed_cookie("user"))

    server = serve(Handler, cookie_secret=KEY)
    cookie = server.ask().headers["Set-Cookie"].partition(";")[0]
    server.ask(Cookie=cookie)
    assert read == [None, value.encode() if isinstance(value, str) else value]


def test_signed_attributes() -> None:
    """A signed cookie is HttpOnly and lasts 30 days, unless something else is said."""
    handler = handler_for(cookie_secret=KEY)
    handler.set_signed_cookie("a", "b")
    handler.set_signed_cookie("c", "d", expires_days=None, httponly=False, samesite="Strict")
    first, second = written(handler)
    assert first.endswith("GMT; HttpOnly; Path=/; SameSite=Lax")
    expires = parsedate_to_datetime(first.partition("expires=")[2].partition(";")[0])
    days = (expires - dt.datetime.now(dt.UTC)) / dt.timedelta(days=1)
    assert days == pytest.approx(30, abs=0.001)
    assert second.partition("; ")[2] == "Path=/; SameSite=Strict"
    handler = handler_for(cookie_secret=KEY, cookie_defaults={"httponly": False})
    handler.set_signed_cookie("a", "b", None)
    assert written(handler)[0].endswith('"; Path=/; SameSite=Lax')


def test_overridden_set_cookie() -> None:
    """An override of `set_cookie` with few arguments does for signed cookies, as in Tornado."""

    class Handler(RequestHandler):
        def set_cookie(self, name: str, value: Value, expires_days: Value = None) -> None:  # type: ignore[override]
            super().set_cookie(f"my-{name}", value, expires_days=expires_days, path="/a")

    handler = Handler(Application(cookie_secret=KEY), HTTPServerRequest("GET", "/"))
    handler.set_signed_cookie("a", "b", expires_days=None)
    assert written(handler)[0].startswith('my-a="2|1:0|10:')
    assert written(handler)[0].endswith("; HttpOnly; Path=/a; SameSite=Lax")


def test_signed_value() -> None:
    """Values that are no cookies are signed and read as well; all malformed ones are None."""
    handler = handler_for(cookie_secret=KEY)
    signed = handler.create_signed_value("a", "b")
    assert handler.get_signed_cookie("a", signed) == b"b"
    assert handler.get_signed_cookie("a", signed.decode()) == b"b"
    assert handler.get_signed_cookie("b", signed) is None
    assert handler.get_signed_cookie("a", signed[:-1]) is None
    assert handler.get_signed_cookie("a", "") is None
    assert handler.get_signed_cookie("a") is None


@given(st.text())
def test_forged_cookie(value: str) -> None:
    """Whatever a client sends for a signed cookie is None and no error, of any version."""
    handler = handler_for(f"a={value}; b={value}", cookie_secret=KEY)
    for version in (1, 2):
        assert handler.get_signed_cookie("a", min_version=version) is None
    assert handler.get_signed_cookie("a", value, min_version=1) is None
    handler.get_signed_cookie_key_version("a")


def test_age() -> None:
    """A value counts for 31 days, or for as many as are given."""
    old = create_signed_value(KEY, "a", "b", clock=lambda: PAST)
    handler = handler_for(cookie_secret=KEY)
    assert handler.get_signed_cookie("a", old) is None
    assert handler.get_signed_cookie("a", old, max_age_days=100_000) == b"b"
    new = handler.create_signed_value("a", "b")
    assert handler.get_signed_cookie("a", new, max_age_days=-1) is None


@pytest.mark.parametrize(
    ("settings", "given_", "read"),
    [
        ({}, None, False),
        ({}, 1, True),
        ({"signed_cookie_min_version": 1}, None, True),
        ({"signed_cookie_min_version": 1}, 2, False),
        ({"signed_cookie_min_version": 2}, None, False),
    ],
)
def test_min_version(settings: dict[str, int], given_: int | None, read: bool) -> None:
    """Cookies of cyclone 1.x are read where `min_version` or the setting allows it."""
    handler = handler_for(cookie_secret=KEY, **settings)
    old = handler.create_signed_value("a", "b", version=1)
    assert old.count(b"|") == 2
    assert handler.get_signed_cookie("a", old, min_version=given_) == (b"b" if read else None)


@pytest.mark.parametrize("version", [0, 3, "2"])
def test_bad_version(version: Value) -> None:
    """An unknown version is refused, as argument and as setting."""
    handler = handler_for(cookie_secret=KEY, signed_cookie_min_version=version)
    with pytest.raises(ValueError, match="version"):
        handler.get_signed_cookie("a", "b")
    with pytest.raises(ValueError, match="version"):
        handler.create_signed_value("a", "b", version=version)


def test_key_versions() -> None:
    """Of several keys the setting `key_version` signs, and the one that the value names reads."""
    first = handler_for(cookie_secret=KEYS, key_version=1).create_signed_value("a", "b")
    second = handler_for(cookie_secret=KEYS, key_version=2).create_signed_value("a", "b")
    handler = handler_for(cookie_secret=KEYS, key_version=2)
    for version, value in ((1, first), (2, second)):
        assert handler.get_signed_cookie("a", value) == b"b"
        assert handler.get_signed_cookie_key_version("a", value) == version
        assert handler.get_secure_cookie_key_version("a", value.decode()) == version
    late = handler_for(cookie_secret={2: KEYS[2]}, key_version=2)
    assert late.get_signed_cookie("a", first) is None
    assert late.get_signed_cookie("a", second) == b"b"


def test_key_version_of_cookie() -> None:
    """The key version of a cookie is told without verifying it; None if there is none."""
    handler = handler_for("a=2|1:7|; b=2|1:7|1:1|1:b|0:|x; c=d", cookie_secret=KEY)
    found = [handler.get_signed_cookie_key_version(name) for name in "abcd"]
    assert found == [None, 7, None, None]


@pytest.mark.parametrize("key_version", [None, 3, "1"])
def test_unknown_key_version(key_version: Value) -> None:
    """With several keys the setting must name one of them."""
    handler = handler_for(cookie_secret=KEYS, key_version=key_version)
    with pytest.raises(ValueError, match=r"'key_version' must say .* one of 1, 2"):
        handler.set_signed_cookie("a", "b")


@pytest.mark.parametrize("secret", [None, "", b"", {}])
def test_no_secret(secret: Value) -> None:
    """Without `cookie_secret` nothing is signed and nothing read; the message names it."""
    handler = handler_for("a=b", cookie_secret=secret)
    for call in (
        lambda: handler.set_signed_cookie("a", "b"),
        lambda: handler.create_signed_value("a", "b"),
        lambda: handler.get_signed_cookie("a"),
        lambda: handler.get_signed_cookie_key_version("a"),
    ):
        with pytest.raises(Exception, match="cookie_secret"):
            call()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "secret",
    [
        "too short",
        KEY[1:],
        b"x" * 31,
        "\xe9" * 15,
        "__TODO:_GENERATE_YOUR_OWN_RANDOM_VALUE_HERE__",
        {1: KEY, 2: "short"},
        {1: b"__TODO:" + KEY.encode()},
    ],
)
def test_weak_secret(serve: Serve, log: Log, secret: Value) -> None:
    """A short secret, or the placeholder of the examples, is warned of once, and not shown."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_signed_cookie("a", "b")
            self.get_signed_cookie("a")

    server = serve(Handler, cookie_secret=secret, key_version=1)
    assert log.take("cyclone.web") == []
    assert [server.ask().status for _ in range(3)] == [200, 200, 200]
    (warning,) = log.take("cyclone.web")
    assert "'cookie_secret' is too easy to guess" in warning
    assert not any(str(key) in warning for key in ("too short", KEY, "xxx"))


def test_stand_in_for_an_application() -> None:
    """Tests of handlers may give them anything that has settings."""
    handler = handler_for()
    handler.application = cast("Application", ObjectDict(settings={"cookie_secret": KEY}))
    value = handler.create_signed_value("a", "b")
    assert handler.get_signed_cookie("a", value) == b"b"
    handler.application.settings["cookie_secret"] = KEY[::-1]
    assert handler.get_signed_cookie("a", value) is None


@pytest.mark.parametrize("secret", [KEY, KEY.encode(), "\xe9" * 16, KEYS])
def test_strong_secret(serve: Serve, log: Log, secret: Value) -> None:
    """Of a secret of 32 bytes nothing is said."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_signed_cookie("a", "b")

    assert serve(Handler, cookie_secret=secret, key_version=1).ask().status == 200
    assert log.take("cyclone.web") == []


def test_asynchronous_handlers(serve: Serve) -> None:
    """Cookies are set behind whatever a method waits for."""
    cookies = "a=b; Path=/; SameSite=Lax"

    class Coroutine(RequestHandler):
        async def get(self) -> None:
            await succeed(None)
            self.set_cookie("a", "b")

    class Generated(RequestHandler):
        @inlineCallbacks
        def get(self) -> Generator[Deferred[None], None, None]:
            yield succeed(None)
            self.set_cookie("a", "b")

    @stream_request_body
    class Streaming(RequestHandler):
        def data_received(self, chunk: bytes) -> None:
            self.set_signed_cookie("a", chunk)

        def post(self) -> None:
            self.set_cookie("b", "c")

    for handler in (Coroutine, Generated):
        assert serve(handler).ask().headers["Set-Cookie"] == cookies
    answer = serve(Streaming, cookie_secret=KEY).ask(method="POST", body=b"piece")
    signed, plain = answer.headers.get_all("Set-Cookie")
    assert handler_for(cookie_secret=KEY).get_signed_cookie("a", parse_cookie(signed)["a"]) == (
        b"piece"
    )
    assert plain == "b=c; Path=/; SameSite=Lax"
