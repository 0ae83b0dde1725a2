"""The cookies that a test client keeps (RFC 6265)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import HTTPHeaders
from cyclone_core.testing import Cookie, CookieJar
from cyclone_core.testing.messages import locate
from cyclone_core.web import Application

NOW = 1_400_000_000.0


class Time:
    """A clock that a test sets."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    """The clock of the jar."""
    return Time()


@pytest.fixture
def jar(time: Time) -> CookieJar:
    """An empty jar of an application."""
    return CookieJar(Application(cookie_secret="x" * 40), now=time)


def receive(jar: CookieJar, *lines: str, url: str = "http://www.example.org/dir/page") -> None:
    """Give the jar what an answer sets."""
    jar.receive(locate(url, "", ""), HTTPHeaders([("Set-Cookie", line) for line in lines]))


def sent(jar: CookieJar, url: str = "http://www.example.org/dir/page") -> str:
    """Ask what is sent to a URL."""
    return jar.header_for(locate(url, "", ""))


@pytest.mark.parametrize(
    ("line", "url", "expected"),
    [
        ("a=1", "http://www.example.org/dir/other", True),
        ("a=1", "http://www.example.org/dir", True),
        ("a=1", "http://www.example.org/", False),
        ("a=1", "http://www.example.org/directory", False),
        ("a=1", "http://example.org/dir/", False),
        ("a=1", "http://sub.www.example.org/dir/", False),
        ("a=1; Path=/", "https://www.example.org:444/x?/y", True),
        ("a=1; path=relative", "http://www.example.org/dir/x", True),
        ("a=1; Path=/x; Path=", "http://www.example.org/dir/x", True),
        ("a=1; Path=/x/", "http://www.example.org/x/y", True),
        ("a=1; Path=/x/", "http://www.example.org/x", False),
        ("a=1; Path=/; Domain=example.org", "http://sub.EXAMPLE.org/", True),
        ("a=1; Path=/; Domain=.Example.org", "http://example.org/", True),
        ("a=1; Path=/; Domain=example.org", "http://badexample.org/", False),
        ("a=1; Path=/; Domain=", "http://www.example.org/", True),
        ("a=1; Path=/; Domain=other.org", "http://other.org/", False),
        ("a=1; Path=/; Domain=sub.www.example.org", "http://sub.www.example.org/", False),
        ("a=1; Path=/; Secure", "http://www.example.org/", False),
        ("a=1; Path=/; secure=yes", "https://www.example.org/", True),
    ],
)
def test_where(jar: CookieJar, line: str, url: str, expected: bool) -> None:
    """A cookie goes to the host, the paths and the protocol that it is for, and nowhere else."""
    receive(jar, line)
    assert sent(jar, url) == ("a=1" if expected else "")


def test_addresses(jar: CookieJar) -> None:
    """No address lies below another one; one that names itself is itself."""
    receive(jar, "a=1; Domain=0.1", "b=2; Domain=10.0.0.1; Path=/", url="http://10.0.0.1/")
    assert sent(jar, "http://10.0.0.1/") == "b=2"


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ("Max-Age=60", 60),
        ("max-age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 60),
        ("Max-Age=0", 0),
        ("Max-Age=-9", 0),
        ("Max-Age=never", None),
        ("Expires=Tue, 13 May 2014 16:54:20 GMT", 60),
        ("Expires=Tuesday, 13-May-14 16:54:20 GMT", 60),
        ("Expires=Tue May 13 16:54:20 2014", 60),
        ("Expires=13 may 2014 16:54:20", 60),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Expires=01 Jan 70 00:00:00", 0),
        ("Expires=soon", None),
        ("Expires=13 May 2014", None),
        ("Expires=31 Feb 2014 00:00:00", None),
        ("Expires=31 Mar 2014 24:00:00", None),
        ("Expires=1 Jan 1600 00:00:00", None),
        ("", None),
    ],
)
def test_end(jar: CookieJar, time: Time, attributes: str, seconds: int | None) -> None:
    """A cookie ends when it says so; `Max-Age` is stronger, and what is no date says nothing."""
    receive(jar, f"a=1; {attributes}")
    if seconds is None:
        time.now += 10**9
        assert sent(jar) == "a=1"
        return
    time.now += seconds - 1
    assert sent(jar) == ("a=1" if seconds else "")
    time.now += 1
    assert sent(jar) == ""
    assert len(jar) == 0


def test_replaced_and_removed(jar: CookieJar) -> None:
    """The same name, domain and path replace a cookie; an end in the past removes it."""
    receive(jar, "a=1", "b=2", "a=3", "a=4; Path=/")
    assert sent(jar) == "a=3; b=2; a=4"
    receive(jar, "a=; Max-Age=0")
    assert sent(jar) == "b=2; a=4"


@pytest.mark.parametrize("line", ["nothing", "=1", " =1", "; Path=/"])
def test_nothing_set(jar: CookieJar, line: str) -> None:
    """What has no name sets nothing."""
    receive(jar, line)
    assert not jar.all()


def test_order(jar: CookieJar) -> None:
    """Longer paths come first, and among equals what was set first."""
    receive(jar, "a=1; Path=/", "b=2; Path=/dir", "c=3; Path=/", "d=4; Path=/dir")
    assert sent(jar) == "b=2; d=4; a=1; c=3"


def test_attributes(jar: CookieJar) -> None:
    """A cookie shows what was said of it, and its value without quotes and escapes."""
    receive(jar, r' a = "x\073\"" ; HttpOnly; SameSite=Lax; Secure; Max-Age=5; Domain=example.org')
    assert jar["a"] == Cookie(
        name="a",
        coded_value=r'"x\073\""',
        domain="example.org",
        path="/dir",
        expires=NOW + 5,
        secure=True,
        http_only=True,
        same_site="Lax",
    )
    assert jar["a"].value == 'x;"'


def test_mapping(jar: CookieJar) -> None:
    """By name the jar is a mapping to what came last; a value put there by hand goes everywhere."""
    receive(jar, "a=1; Path=/", "a=2", "b=3")
    assert (list(jar), len(jar), "a" in jar, "c" in jar) == (["a", "b"], 2, True, False)
    assert jar["a"].value == "2"
    jar["a"] = "4"
    jar["c"] = b"5"
    assert sent(jar, "https://other.org/x") == "a=4; c=5"
    assert repr(jar) == "<CookieJar b@www.example.org/dir, a@/, c@/>"
    del jar["a"]
    assert jar.get("a") is None
    with pytest.raises(KeyError):
        del jar["a"]
    jar["d"] = Cookie("e", "6", path="/d")
    assert sent(jar, "http://other.org/d/") == "d=6; c=5"
    jar.clear()
    assert repr(jar) == "<CookieJar empty>"


def test_set(jar: CookieJar) -> None:
    """A cookie that is put there by hand may have a domain, a path, and want https."""
    jar.set("a", "1", domain=".Example.org", path="/x", secure=True)
    assert sent(jar, "https://www.example.org/x/y") == "a=1"
    assert sent(jar, "http://www.example.org/x/y") == sent(jar, "https://example.com/x") == ""


@pytest.mark.parametrize(
    ("name", "value"), [("", "1"), ("a=b", "1"), ("a;", "1"), ("a", "\n"), ("a", ";")]
)
def test_set_refuses(jar: CookieJar, name: str, value: str) -> None:
    """What no header can carry is refused."""
    with pytest.raises(ValueError, match="no Cookie header can carry"):
        jar.set(name, value)


def test_beyond_latin_1(jar: CookieJar) -> None:
    """A character that no header has is refused."""
    with pytest.raises(ValueError, match="beyond latin-1"):
        jar["a"] = "\u20ac"


def test_signed(jar: CookieJar) -> None:
    """The jar reads and makes what the application signs; a forged value is None, and so is none."""
    jar.set_signed_cookie("user", "somebody")
    assert jar.get_signed_cookie("user") == jar.get_secure_cookie("user") == b"somebody"
    assert jar.get_signed_cookie("other") is None
    assert jar.get_signed_cookie("other", jar["user"].value) is None
    assert jar.get_signed_cookie("user", max_age_days=-1) is None
    jar["user"] = jar["user"].value + "0"
    assert jar.get_secure_cookie("user") is None


def test_no_application() -> None:
    """Without an application nobody knows the secret; the message says so."""
    with pytest.raises(RuntimeError, match="belongs to no application"):
        CookieJar().set_secure_cookie("a", "b")


@given(st.text(st.characters(codec="latin-1", exclude_categories=("Cc",))))
def test_any_line(line: str) -> None:
    """Whatever a server sets, the jar does not fail, and sends nothing that no header can carry."""
    jar = CookieJar(now=Time())
    receive(jar, line, f"a=1; Expires={line}")
    HTTPHeaders({"Cookie": sent(jar)})
