"""URLs of Redis servers."""

# ruff: noqa: S105, S106 -- passwords of tests

from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_storage.errors import InvalidURL
from cyclone_storage.redis.urls import RedisURL, parse_url

SECRET = "s3cr3t"


def url(**parts: object) -> RedisURL:
    """Return what is expected of a URL."""
    given_parts = {
        "host": "h",
        "port": 6379,
        "path": "",
        "tls": False,
        "username": None,
        "password": None,
        "dbid": None,
        "options": {},
        **parts,
    }
    return RedisURL(**given_parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://h", url()),
        ("redis://h/", url()),
        ("REDIS://H:7000/3", url(port=7000, dbid=3)),
        ("redis://h?db=4", url(dbid=4)),
        ("rediss://h", url(tls=True)),
        ("redis://:pw@h", url(password="pw")),
        ("redis://me:p%40w%2F%C3%A9@h", url(username="me", password="p@w/é")),
        ("redis://@h", url()),
        ("redis://:@h", url()),
        ("redis://[::1]:7000", url(host="::1", port=7000)),
        ("redis://h?pool_size=3&charset=none", url(options={"pool_size": "3", "charset": "none"})),
        ("redis://h?client_name=", url(options={"client_name": ""})),
        ("unix:///run/a%20b.sock", url(host="", port=0, path="/run/a b.sock")),
        (
            "unix://me:pw@/r.sock?db=2",
            url(host="", port=0, path="/r.sock", username="me", password="pw", dbid=2),
        ),
    ],
)
def test_a_url_says_where_a_server_is(text: str, expected: RedisURL) -> None:
    """Each form is read; user, password and path are percent-decoded."""
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the scheme ''"),
        ("localhost:6379", "the scheme 'localhost'"),
        ("http://h", "the scheme 'http'"),
        ("redis:h", "names no host"),
        ("redis://", "names no host"),
        ("redis://h:0", "the port 0"),
        ("redis://h:65536", "port is no number"),
        ("redis://h:x", "port is no number"),
        ("redis://[::1", "host is malformed"),
        ("redis://h/x", "the database 'x'"),
        ("redis://h/-1", "the database '-1'"),
        ("redis://h/1/2", "the database '1/2'"),
        ("redis://h/9999999999", "the database '9999999999'"),
        ("redis://h/1?db=2", "twice"),
        ("redis://h?db", "name=value"),
        ("redis://h?a=1&a=2", "a parameter twice"),
        ("redis://h?a=%ff", "name=value"),
        ("redis://me@h", "a user without a password"),
        ("redis://:%ff@h", "UTF-8"),
        ("redis://:a%00b@h", "NUL"),
        ("redis://h#x", "%23"),
        ("redis://h#", "%23"),
        ("redis://h /", "a space"),
        ("redis://h\n", "a space or a control character"),
        ("unix://h/s", "absolute path"),
        ("unix://h:1/s", "absolute path"),
        ("unix:s", "absolute path"),
    ],
)
def test_what_is_no_url_of_a_server_is_explained(text: str, problem: str) -> None:
    """The error says what is wrong, and which forms there are."""
    with pytest.raises(InvalidURL, match=r"redis://\[user:password@\]host") as caught:
        parse_url(text)
    assert problem in str(caught.value)


def test_only_text_is_a_url() -> None:
    """Bytes are refused by their type."""
    with pytest.raises(TypeError, match="must be a str, not bytes"):
        parse_url(b"redis://h")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        f"http://me:{SECRET}@h",
        f"redis://me:{SECRET}@h:x",
        f"redis://me:{SECRET}#@h",
        f"redis://me:{SECRET}/x@h/y",
        f"redis://me:{SECRET}%ff@h",
        f"redis://me:{SECRET}[@h",
        f"redis://me:{SECRET} @h",
        f"redis://me:12/{SECRET}@h",
        f"redis://me:12?{SECRET}@h=1",
        f"unix://me:/{SECRET}@/run/s",
    ],
)
def test_no_error_shows_a_password(text: str) -> None:
    """A URL is not quoted in what is said about it."""
    with pytest.raises(InvalidURL) as caught:
        parse_url(text)
    assert SECRET not in str(caught.value)


def test_the_parts_of_a_url_show_no_password() -> None:
    """A log of them is harmless."""
    assert SECRET not in repr(parse_url(f"redis://me:{SECRET}@h"))


@given(st.text(min_size=1).filter(lambda text: "\0" not in text), st.integers(0, 999_999_999))
def test_any_password_can_be_written(password: str, dbid: int) -> None:
    """Whatever quote() makes of it comes back."""
    try:
        coded = quote(password, safe="")
    except UnicodeEncodeError:
        return
    found = parse_url(f"redis://:{coded}@h/{dbid}")
    assert (found.password, found.dbid) == (password, dbid)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """There is one error, and it is ours."""
    for prefix in ("", "redis://", "redis://h", "unix://"):
        with suppress(InvalidURL):
            parse_url(prefix + text)
