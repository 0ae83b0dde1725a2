"""Cookies: what browsers send, and what they are told to keep."""

import datetime as dt
import time
from http.cookies import CookieError, SimpleCookie
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest, parse_cookie
from cyclone_core.httputil.cookies import (
    HOST_PREFIX,
    SECURE_PREFIX,
    InvalidCookieError,
    attribute_name,
    format_cookie,
    prefix_of,
)

ATTRIBUTES = ["comment", "domain", "expires", "httponly", "max-age", "partitioned", "path"]
ATTRIBUTES += ["samesite", "secure", "version"]
NAMES = st.text(
    "abcXYZ019!#$%&'*+-.^_`|~:", min_size=1, max_size=12
).filter(lambda name: name.lower() not in ATTRIBUTES and not prefix_of(name))  # fmt: skip
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"))


def request_with(*cookies: str) -> HTTPServerRequest:
    """A request with these lines of cookies."""
    headers = HTTPHeaders.from_store({"Cookie": list(cookies)} if cookies else {})
    return HTTPServerRequest("GET", "/", headers=headers)


# Parsing.


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=b", {"a": "b"}),
        ("a=b; c=d", {"a": "b", "c": "d"}),
        ("a=b;c=d;", {"a": "b", "c": "d"}),
        (" a = b ;\tc\t=\td", {"a": "b", "c": "d"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=", {"a": ""}),
        ("a=1; b=2; a=3", {"a": "3", "b": "2"}),
        ("a[b]=c; d:e=f; /=g; h i=j", {"a[b]": "c", "d:e": "f", "/": "g", "h i": "j"}),
        ("a=b; Domain=c; $Version=1", {"a": "b", "Domain": "c", "$Version": "1"}),
        ("a=b,c=d", {"a": "b,c=d"}),
        ("a=b; c; d=e", {"a": "b", "": "c", "d": "e"}),
        ("=a; =b", {"": "b"}),
        (" = ; ;; =", {}),
        ("a=\xe9", {"a": "\xe9"}),
    ],
)
def test_pairs(header: str, cookies: dict[str, str]) -> None:
    """Semicolons separate, the first `=` ends the name, blanks around both do not count."""
    assert parse_cookie(header) == cookies


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ('"b"', "b"),
        ('""', ""),
        ('"', '"'),
        ('"b', '"b'),
        ('b"', 'b"'),
        ('b"c"', 'b"c"'),
        (r"b\073c", r"b\073c"),
        (r'"b\073c"', "b;c"),
        (r'"\"\\"', '"\\'),
        (r'"\351\377"', "\xe9\xff"),
        (r'"\x\400\42"', "x40042"),
        (r'"\\073"', r"\073"),
        ('"\\"', "\\"),
        (r'"a"b"', 'a"b'),
    ],
)
def test_quotes(value: str, meaning: str) -> None:
    """Quotes around a value go, and only within them does a backslash escape."""
    assert parse_cookie(f"x=y; a={value}; z=1") == {"x": "y", "a": meaning, "z": "1"}


def test_semicolon_within_quotes() -> None:
    """A semicolon ends a value within quotes as well, because browsers send it so."""
    assert parse_cookie('a="b;c"; d=e') == {"a": '"b', "": 'c"', "d": "e"}


@pytest.mark.parametrize(
    "header",
    [
        "__Host-a=good; =__Host-a=evil",
        "=__Host-a=evil; __Host-a=good",
        "__Host-a=good; ==__Host-a=evil",
        "__Host-a=good; \xa0__Host-a=evil",
        "__Host-a=good; __Host-a\x85=evil",
        "__Host-a=good; \x1c__Host-a\x0b=evil",
        "__Host-a=good; \u2000__Host-a=evil",
        "__Host-a=good; __host-a=evil",
        '__Host-a=good; "__Host-a"=evil',
    ],
)
def test_no_shadow(header: str) -> None:
    """A cookie that any subdomain may set never passes for one with a prefix."""
    assert parse_cookie(header)["__Host-a"] == "good"
    assert request_with(header).get_cookie("__Host-a") == "good"
    assert request_with(header).cookies["__Host-a"].value == "good"


@given(st.text())
@example("=;=")
def test_anything(header: str) -> None:
    """Nothing is an error, for `cookies` neither; what it gives is what `get_cookie` gives."""
    parsed = parse_cookie(header)
    request = request_with(header)
    cookies = request.cookies
    assert set(cookies) <= set(parsed)
    assert all(cookies[name].value == parsed[name] for name in cookies)
    assert all(request.get_cookie(name) == value for name, value in parsed.items() if name)


@pytest.mark.parametrize("piece", [";", "=", "a=b;", '"', "\\", r"\134", r"\\", " ", '="";', "\t;"])
@pytest.mark.parametrize("start", ["", "a=", 'a="'])
def test_linear(piece: str, start: str) -> None:
    """1 MB of whatever parsers stumble over is parsed at once (CVE-2024-7592, CVE-2024-52804)."""
    text = start + piece * (1_000_000 // len(piece)) + '"'
    began = time.process_time()
    parse_cookie(text)
    assert time.process_time() - began < 5


# Of a request.


def test_request_without_cookies() -> None:
    """A request without cookies has none."""
    request = request_with()
    assert request.get_cookie("a") is None
    assert request.cookies == SimpleCookie()


def test_request() -> None:
    """`cookies` is a `SimpleCookie` of what can be in one; `get_cookie` sees all that has a name."""
    request = request_with('a="b c"; x[y]=z; path=p; lost; /=1')
    for _ in range(2):  # before and after `cookies` is made
        assert request.get_cookie("a") == "b c"
        assert request.get_cookie("x[y]") == "z"
        assert request.get_cookie("path") == "p"
        assert request.get_cookie("") is None
        assert request.get_cookie("b") is None
        assert isinstance(request.cookies, SimpleCookie)
        assert {name: morsel.value for name, morsel in request.cookies.items()} == {"a": "b c"}
    assert request.cookies is request.cookies


def test_split_header() -> None:
    """Cookies in several headers are as good as in one (RFC 9113 section 8.2.3)."""
    request = request_with("a=1; b=2", "c=3", "a=4")
    assert [request.get_cookie(name) for name in "abc"] == ["4", "2", "3"]


def test_changed_cookies() -> None:
    """What a program puts into `cookies` or takes out of it is seen by `get_cookie`."""
    request = request_with("a=1; b=2")
    request.cookies["a"] = "new"
    del request.cookies["b"]
    assert request.get_cookie("a") == "new"
    assert request.get_cookie("b") is None


# Writing.


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("b", "b"),
        ("", '""'),
        ("a-b:c|d", "a-b:c|d"),
        ("a=b", '"a=b"'),
        ('a"b\\c', r'"a\"b\\c"'),
        ("a;b,c", r'"a\073b\054c"'),
        ("(/<>)?@[]{}", '"(/<>)?@[]{}"'),
        ("\xe9", r'"\351"'),
    ],
)
def test_values(value: str, written: str) -> None:
    """A value is quoted if need be, in octal what must not be in the header."""
    assert format_cookie("a", value, {}) == f"a={written}"


@given(NAMES, VALUES)
def test_round_trip(name: str, value: str) -> None:
    """What was set is read again."""
    written = format_cookie(name, value, {})
    assert written.isascii()
    assert parse_cookie(f"x=y; {written}; z=1")[name] == value


def test_attributes() -> None:
    """Attributes stand behind the value in the order of `http.cookies`; false ones do not."""
    given_ = {
        "version": "1",
        "secure": True,
        "samesite": "strict",
        "path": "/a",
        "partitioned": True,
        "max-age": 10,
        "httponly": True,
        "expires": 784111777,
        "domain": "example.com",
        "comment": "what-for",
    }
    assert format_cookie("a", "b", given_) == (
        "a=b; Comment=what-for; Domain=example.com; expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly;"
        " Max-Age=10; Partitioned; Path=/a; SameSite=Strict; Secure; Version=1"
    )
    assert format_cookie("a", "b", dict.fromkeys(given_)) == "a=b"
    assert format_cookie("a", "b", dict.fromkeys(given_, "")) == "a=b"
    assert format_cookie("a", "b", dict.fromkeys(given_, False)) == "a=b"


@given(
    NAMES,
    st.text('ab=()/?@[]{}\\"\xe9', max_size=5),
    st.fixed_dictionaries(
        {},
        optional={
            "domain": st.sampled_from(["example.com", ".a.b"]),
            "path": st.sampled_from(["/", "/a/b"]),
            "max-age": st.integers(1, 9999),
            "httponly": st.booleans(),
            "secure": st.booleans(),
            "samesite": st.sampled_from(["Lax", "Strict", "None"]),
        },
    ),
)  # fmt: skip
def test_as_http_cookies(name: str, value: str, attributes: dict[str, Any]) -> None:
    """It is written as Python's `http.cookies` does it."""
    jar = SimpleCookie({name: value})
    for attribute, each in attributes.items():
        jar[name][attribute] = each
    assert format_cookie(name, value, attributes) == jar[name].OutputString()


@pytest.mark.parametrize(
    "expires",
    [
        784111777,
        784111777.9,
        dt.datetime(1994, 11, 6, 8, 49, 37),  # noqa: DTZ001 -- naive is UTC
        dt.datetime(1994, 11, 6, 9, 49, 37, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        (1994, 11, 6, 8, 49, 37, 6, 310, 0),
        time.gmtime(784111777),
    ],
)
def test_expires(expires: object) -> None:
    """The time may be seconds, a `datetime` or a time tuple."""
    expected = "a=b; expires=Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_cookie("a", "b", {"expires": expires}) == expected


@pytest.mark.parametrize(
    ("max_age", "written"), [(0, "0"), (-1, "-1"), ("10", "10"), (1.5, "1"), (0.0, "0")]
)
def test_max_age(max_age: object, written: str) -> None:
    """The age is a number of seconds, also 0, which Tornado leaves out: forget it at once."""
    assert format_cookie("a", "b", {"max-age": max_age}) == f"a=b; Max-Age={written}"


CONTROLS = [*map(chr, range(0x21)), "\x7f"]


@pytest.mark.parametrize("bad", [*CONTROLS, ";", ",", "=", '"', "(", "\xe9", "\u20ac"])
def test_bad_name(bad: str) -> None:
    """A name that is no token is refused."""
    with pytest.raises(InvalidCookieError, match="must be a token"):
        format_cookie(f"a{bad}b", "c", {})


@pytest.mark.parametrize("name", ["", *ATTRIBUTES, "Path", "SECURE"])
def test_reserved_name(name: str) -> None:
    """An empty name is refused, and one that a parser would take for an attribute."""
    with pytest.raises(InvalidCookieError):
        format_cookie(name, "c", {})


@pytest.mark.parametrize("bad", [*CONTROLS, "\u20ac", "\u0100", "\ud800"])
def test_bad_value(bad: str) -> None:
    """A value that cannot be sent, or that Tornado refuses, is refused; it is not in the message."""
    with pytest.raises(InvalidCookieError, match="value of cookie 'a' holds") as raised:
        format_cookie("a", f"secret{bad}b", {})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("bad", [*CONTROLS, ";", "\xe9", "\u20ac"])
@pytest.mark.parametrize("attribute", ["domain", "path", "comment", "version"])
def test_bad_text(attribute: str, bad: str) -> None:
    """No attribute brings a further one (CVE-2026-35536)."""
    with pytest.raises(InvalidCookieError, match=f"(?i)attribute {attribute} of cookie 'a'"):
        format_cookie("a", "b", {attribute: f"x{bad}y"})


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("samesite", "Sometimes"),
        ("samesite", "Lax; Domain=evil"),
        ("samesite", True),
        ("max-age", "1; Path=/x"),
        ("max-age", "soon"),
        ("max-age", float("inf")),
        ("max-age", float("nan")),
        ("expires", 1e300),
        ("expires", float("inf")),
        ("expires", float("nan")),
        ("expires", (1994, 11)),
    ],
)
def test_bad_attribute(attribute: str, value: object) -> None:
    """An attribute that means nothing is refused, as a `ValueError` and as Tornado's error."""
    with pytest.raises(ValueError, match=r"of cookie 'a'|cookie 'a' expires") as raised:
        format_cookie("a", "b", {attribute: value})
    assert isinstance(raised.value, CookieError)


@pytest.mark.parametrize(
    ("attribute", "value"), [("expires", "Sun, 06 Nov 1994"), ("max-age", dt.timedelta(1))]
)
def test_wrong_type(attribute: str, value: object) -> None:
    """An attribute of a type that cannot be meant is a `TypeError`."""
    with pytest.raises(TypeError):
        format_cookie("a", "b", {attribute: value})


# The time at which a cookie expires is never a text: see `test_wrong_type`.
TEXTUAL = [attribute for attribute in ATTRIBUTES if attribute != "expires"]


@given(st.text(), st.text(), st.dictionaries(st.sampled_from(TEXTUAL), st.text()))
def test_any_text(name: str, value: str, attributes: dict[str, str]) -> None:
    """Whatever is not refused can be sent, and is one cookie with the attributes that were given."""
    try:
        written = format_cookie(name, value, attributes)
    except InvalidCookieError:
        return
    HTTPHeaders({"Set-Cookie": written})
    pairs = written.split("; ")
    assert written.count(";") == len(pairs) - 1
    assert len(pairs) <= 1 + len(attributes)


# Names that bind browsers.


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("__Host-a", HOST_PREFIX),
        ("__host-", HOST_PREFIX),
        ("__HOST-Http-a", HOST_PREFIX),
        ("__Secure-a", SECURE_PREFIX),
        ("__sEcUrE-", SECURE_PREFIX),
        ("__Secure", ""),
        ("__Host", ""),
        ("_Host-a", ""),
        ("a__Host-", ""),
        ("__utma", ""),
        ("a", ""),
        ("", ""),
    ],
)
def test_prefix(name: str, prefix: str) -> None:
    """The prefixes are found in any case of letters, as browsers do."""
    assert prefix_of(name) == prefix


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("__Host-a", {"secure": True, "path": "/"}),
        ("__host-a", {"secure": True, "path": "/", "domain": ""}),
        ("__Secure-a", {"secure": True}),
        ("__Secure-a", {"secure": True, "path": "/a", "domain": "example.com"}),
    ],
)
def test_kept_prefix(name: str, attributes: dict[str, object]) -> None:
    """A cookie that keeps the rules of its prefix is written."""
    assert format_cookie(name, "b", attributes).startswith(f"{name}=b; ")


@pytest.mark.parametrize(
    ("name", "attributes", "reason"),
    [
        ("__Host-a", {"path": "/"}, "secure"),
        ("__Host-a", {"secure": False, "path": "/"}, "secure"),
        ("__host-a", {"secure": True, "path": "/a"}, "path"),
        ("__Host-a", {"secure": True}, "path"),
        ("__Host-a", {"secure": True, "path": "/", "domain": "a.b"}, "domain"),
        ("__Secure-a", {}, "secure"),
        ("__SECURE-a", {"secure": None}, "secure"),
    ],
)
def test_broken_prefix(name: str, attributes: dict[str, object], reason: str) -> None:
    """A cookie that every browser would refuse is refused at once."""
    with pytest.raises(InvalidCookieError, match=reason):
        format_cookie(name, "b", attributes)


@pytest.mark.parametrize(
    ("keyword", "attribute"),
    [
        ("max_age", "max-age"),
        ("Max-Age", "max-age"),
        ("HttpOnly", "httponly"),
        ("DoMaIn", "domain"),
    ],
)
def test_attribute_name(keyword: str, attribute: str) -> None:
    """Keywords name attributes in any case."""
    assert attribute_name(keyword) == attribute


def test_unknown_attribute() -> None:
    """A keyword that names none is refused, and those that do are named."""
    with pytest.raises(InvalidCookieError, match=r"no attribute 'expire'.*expires"):
        attribute_name("expire")
