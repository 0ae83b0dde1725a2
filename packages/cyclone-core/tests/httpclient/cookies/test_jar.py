"""The cookies that a client keeps: which are taken from whom, and which are sent to whom."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httpclient.cookies import Cookie, CookieJar
from cyclone_core.httpclient.urls import parse_url
from cyclone_core.httputil import HTTPHeaders

NOW = 1_400_000_000.0
HERE = "http://www.example.org/shop/cart"


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
    """An empty jar."""
    return CookieJar(now=time)


def receive(jar: CookieJar, *lines: str, url: str = HERE) -> None:
    """Give the jar what an answer sets."""
    jar.receive(parse_url(url), HTTPHeaders([("Set-Cookie", line) for line in lines]))


def sent(jar: CookieJar, url: str = HERE) -> str:
    """Ask what is sent to a URL."""
    return jar.header_for(parse_url(url))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # Name and value (RFC 6265bis section 5.6).
        (["id=7"], "id=7"),
        (["  id\t= \t7  "], "id=7"),
        (["id=7;"], "id=7"),
        (["id="], "id="),
        (["id=a=b=="], "id=a=b=="),
        (["id=== b"], "id=== b"),
        (["id=a, b=c"], "id=a, b=c"),
        (["two words=a  b"], "two words=a  b"),
        (['id="7"'], 'id="7"'),
        (['id="a b"  "c"  ;'], 'id="a b"  "c"'),
        (['id="a;b"'], 'id="a'),
        (['id="a\\";b"'], 'id="a\\"'),
        (['"id="=7'], '"id="=7'),
        (["ID=1", "id=2"], "ID=1; id=2"),
        (["b=1", "a=2"], "b=1; a=2"),
        (["$Version=1; id=7"], "$Version=1"),
        (["id=\xe4\xf6\x80\xff"], "id=\xe4\xf6\x80\xff"),
        (["\xa0id=\xa0\x857"], "\xa0id=\xa0\x857"),
        (["i\td=7\t8"], "i\td=7\t8"),
        *[([f"{mark}=1"], f"{mark}=1") for mark in "!#$%&'()*+,-./:<>?@[]^_`{|}~"],
        # No name: the value is all there is. With a '=' in it, it would be another cookie.
        (["alone"], "alone"),
        (["=alone"], "alone"),
        (["  =  alone "], "alone"),
        (["alone; Path=/"], "alone"),
        (["one", "two"], "two"),
        (["one", "id=7"], "one; id=7"),
        (["=id=7"], ""),
        (["==id"], ""),
        # Nothing.
        (["id=7", "="], "id=7"),
        (["id=7", ""], "id=7"),
        (["id=7", "  "], "id=7"),
        (["id=7", "\t"], "id=7"),
        (["id=7", ";"], "id=7"),
        (["id=7", "; a=b"], "id=7"),
        (["id=7", " = ; a=b"], "id=7"),
        # Attributes that nobody knows.
        (["id=7; version=1; custom=2; x"], "id=7"),
        (["id=7;;; ;=; ,,, =a=; \xff"], "id=7"),
        (['id=7; "Secure"'], "id=7"),
        (["id=7; Secure it"], "id=7"),
        (["id=7; Sec\xfcre"], "id=7"),
        (["id=7; Domain other.org"], "id=7"),
        (["id=7; foo=bar, a=b"], "id=7"),
        # Any kind of secure over http.
        (["id=7; Secure"], ""),
        (["id=7; sEcUrE"], ""),
        (["id=7; Secure="], ""),
        (["id=7; Secure=false"], ""),
        (["id=7; Secure =1"], ""),
        (["id=7;   Secure   ;x"], ""),
        (['id=7; x="a;b"; Secure'], ""),
        # SameSite.
        (["id=7; SameSite=Lax"], "id=7"),
        (["id=7; samesite=STRICT"], "id=7"),
        (["id=7; SameSite"], "id=7"),
        (["id=7; SameSite=None"], ""),
        (["id=7; SameSite=None; SameSite=odd"], "id=7"),
        (["; SameSite=None"], ""),
        # Replacing: name, domain, path and being for one host only must be the same.
        (["id=7", "id=8"], "id=8"),
        (["id=7", "x=1", "id=8"], "id=8; x=1"),
        (["id=7", "id=8; Path=/"], "id=7; id=8"),
        (["id=7", "id=8; Path=/shop"], "id=8"),
        (["id=7; Path=/shop", "id=8; Path=/shop/"], "id=8; id=7"),
        (["id=7; Path=/", "id=8; Path=/; Domain=www.example.org"], "id=7; id=8"),
        (["id=7", "id=8; HttpOnly; SameSite=Strict; Max-Age=9"], "id=8"),
        # Removing.
        (["id=7", "id=; Max-Age=0"], ""),
        (["id=7", "id=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], ""),
        (["id=7", "id=; Max-Age=0; Path=/"], "id=7"),
        (["id=7; Domain=example.org", "id=; Max-Age=0"], "id=7"),
        (["a=1", "b=2", "a=; Max-Age=0", "a=3"], "b=2; a=3"),
    ],
)
def test_kept(jar: CookieJar, lines: list[str], expected: str) -> None:
    """What a server sets is kept, or not, as RFC 6265bis says, and sent back as it was."""
    receive(jar, *lines)
    assert sent(jar) == expected


def test_no_cookies(jar: CookieJar) -> None:
    """An answer without cookies changes nothing."""
    receive(jar, "id=7")
    receive(jar)
    assert sent(jar) == "id=7"


@pytest.mark.parametrize("bad", [*map(chr, range(9)), *map(chr, range(0x0A, 0x20)), "\x7f"])
@pytest.mark.parametrize("line", ["i{}d=7", "id={}7", "id=7{}", "id=7; x={}", "{}"])
def test_control_characters(jar: CookieJar, line: str, bad: str) -> None:
    """A control character anywhere makes it no cookie; headers of other origin may have such ones."""
    headers = HTTPHeaders.from_store({"Set-Cookie": [line.format(bad), "fine=1"]})
    jar.receive(parse_url(HERE), headers)
    assert sent(jar) == "fine=1"


@pytest.mark.parametrize(
    ("attributes", "paths"),
    [
        # The default: the directory (RFC 6265 section 5.1.4).
        ("", "/shop /shop/ /shop/x /shop/x/y"),
        ("; Path", "/shop /shop/ /shop/x /shop/x/y"),
        ("; Path=", "/shop /shop/ /shop/x /shop/x/y"),
        ("; Path=shop", "/shop /shop/ /shop/x /shop/x/y"),
        ('; Path="/"', "/shop /shop/ /shop/x /shop/x/y"),
        ("; Path=/x; Path=", "/shop /shop/ /shop/x /shop/x/y"),
        ("; Path=/", "/ /shop /shop/ /shop/x /shop/x/y /shopping /Shop/x /sho%70/x"),
        ("; Path=; Path=/", "/ /shop /shop/ /shop/x /shop/x/y /shopping /Shop/x /sho%70/x"),
        ("; path  =  /  ", "/ /shop /shop/ /shop/x /shop/x/y /shopping /Shop/x /sho%70/x"),
        ("; Path=/shop/", "/shop/ /shop/x /shop/x/y"),
        ("; Path=/shop/x", "/shop/x /shop/x/y"),
        ("; Path=/Shop", "/Shop/x"),
        ("; Path=/sho%70", "/sho%70/x"),
        ("; Path=/shop?", ""),
        ("; Path=/shop#", ""),
        ("; Path=/shop;x", "/shop /shop/ /shop/x /shop/x/y"),
        ("; Path=/other; Path=/shop/x/y", "/shop/x/y"),
    ],
)
def test_paths(jar: CookieJar, attributes: str, paths: str) -> None:
    """A cookie is sent to its path and what lies below, as it is spelled, whatever the query is."""
    receive(jar, f"id=7{attributes}")
    everywhere = "/ /shop /shop/ /shop/x /shop/x/y /shopping /Shop/x /sho%70/x"
    found = [each for each in everywhere.split() if sent(jar, f"http://www.example.org{each}?/a")]
    assert found == paths.split()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://www.example.org", "/"),
        ("http://www.example.org/", "/"),
        ("http://www.example.org/a", "/"),
        ("http://www.example.org/a?x=/b/c", "/"),
        ("http://www.example.org/a/", "/a"),
        ("http://www.example.org/a/b", "/a"),
        ("http://www.example.org/a//b", "/a/"),
        ("http://www.example.org/a/b/?x", "/a/b"),
    ],
)
def test_default_path(jar: CookieJar, url: str, path: str) -> None:
    """Without a path of its own, a cookie has the directory of the page that has set it."""
    receive(jar, "id=7", url=url)
    assert jar["id"].path == path


WWW = "www.example.org"
SUB = "sub.www.example.org"
ORG = "example.org"


@pytest.mark.parametrize(
    ("attributes", "hosts"),
    [
        ("", [WWW]),
        ("; Domain", [WWW]),
        ("; Domain=", [WWW]),
        ("; Domain=.", [WWW]),
        ("; Domain=example.org; Domain=", [WWW]),
        ("; Domain=other.org; Domain=", [WWW]),
        ("; Domain=www.example.org", [WWW, SUB]),
        ("; Domain=.www.example.org", [WWW, SUB]),
        ("; Domain=  .WWW.Example.ORG  ", [WWW, SUB]),
        ("; domain=example.org", [WWW, SUB, ORG]),
        ("; Domain=www.example.org; Domain=.example.org", [WWW, SUB, ORG]),
        ("; Domain=.example.org; Domain=www.example.org", [WWW, SUB]),
        ("; Domain=other.org; Domain=www.example.org", [WWW, SUB]),
        ("; Domain=www.example.org; Domain=other.org", []),
        ("; Domain=..www.example.org", []),
        ("; Domain=www..example.org", []),
        ("; Domain=. www.example.org", []),
        ("; Domain=www.example.org.", []),
        ("; Domain=www.example.org ..", []),
        ('; Domain="www.example.org"', []),
        ("; Domain=www.example.org:80", []),
        ("; Domain=sub.www.example.org", []),
        ("; Domain=mail.example.org", []),
        ("; Domain=ww.example.org", []),
        ("; Domain=w.example.org", []),
        ("; Domain=xample.org", []),
        ("; Domain=org", []),
        ("; Domain=.org", []),
        ("; Domain=org.", []),
        ("; Domain=..", []),
        ("; Domain=\xe4.example.org", []),
    ],
)
def test_domains(jar: CookieJar, attributes: str, hosts: list[str]) -> None:
    """A server sets cookies for itself and what lies above it, but not for what is nobody's."""
    receive(jar, f"id=7; Path=/{attributes}")
    everywhere = [WWW, SUB, ORG, "mail.example.org" * bool(len(hosts) < 3), "badexample.org"]
    assert [each for each in everywhere if each and sent(jar, f"http://{each.upper()}/")] == hosts


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "[::1]", "127.1", "1.0x7f"])
def test_hosts_of_their_own(jar: CookieJar, host: str) -> None:
    """A name without a dot and an address have nothing above them, but may name themselves."""
    url = f"http://{host}/"
    name = parse_url(url).host
    above = name.rpartition(".")[2]
    receive(jar, f"a=1; Domain={name}", "b=2", f"c=3; Domain={above}x", url=url)
    if above != name:
        receive(jar, f"d=4; Domain={above}", url=url)
    assert sent(jar, url) == "a=1; b=2"
    assert sent(jar, f"http://sub.{host}/" if host == "localhost" else "http://10.0.0.2/") == ""


def test_address_below_a_domain(jar: CookieJar) -> None:
    """No address belongs to a domain, not even to one that was put there by hand."""
    jar.set("a", "1", domain="0.1")
    jar.set("b", "2", domain="0.0x1")
    assert sent(jar, "http://a.0.1.example/") == ""
    assert sent(jar, "http://10.0.0.1/") == ""


def test_long_hosts(jar: CookieJar) -> None:
    """What is too long for a name has cookies of its own, and nobody looks for what lies above it."""

    class Place:
        scheme = "http"
        host = "a." * 200 + "example.org"
        target = "/"

    jar.set("a", "1", domain="example.org")
    jar.receive(Place(), HTTPHeaders({"Set-Cookie": "b=2"}))
    assert jar.header_for(Place()) == "b=2"


def test_public_suffixes(time: Time) -> None:
    """A program can say below which domains anybody may have a name."""
    jar = CookieJar(now=time, is_public_suffix={"co.uk", "uk"}.__contains__)
    receive(jar, "a=1; Domain=co.uk", "b=2; Domain=shop.co.uk", url="http://www.shop.co.uk/")
    receive(jar, "c=3; Domain=co.uk", "d=4; Domain=uk", url="http://co.uk/")
    assert sent(jar, "http://www.shop.co.uk/") == "b=2"
    assert sent(jar, "http://co.uk/") == "c=3"


HTTPS = "https://www.example.org/shop/cart"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("__Secure-id=7; Secure", "__Secure-id=7"),
        ("__Secure-id=7; Secure; Domain=example.org", "__Secure-id=7"),
        ("__Secure-id=7", ""),
        ("__SECURE-id=7", ""),
        ("__secure-=7", ""),
        ("__Host-id=7; Secure; Path=/", "__Host-id=7"),
        ("__Host-id=7; Secure; Path=/; Domain=", "__Host-id=7"),
        ("__Host-id=7; Secure; Path=/; Domain=www.example.org", ""),
        ("__Host-id=7; Secure; Path=/shop", ""),
        ("__Host-id=7; Secure; Path=", ""),
        ("__Host-id=7; Secure", ""),
        ("__Host-id=7; Path=/", ""),
        ("__hOST-id=7", ""),
        ("__Host_id=7", "__Host_id=7"),
        (" __Host-id=7", ""),
        ("\xa0__Host-id=7", "\xa0__Host-id=7"),
        ("__Secure-", ""),
        ("=__HOST-id", ""),
        ("=__Secure-id; Secure; Path=/", ""),
        ("id=7; SameSite=None; Secure", "id=7"),
        ("id=7; SameSite=None", ""),
    ],
)
def test_promises(jar: CookieJar, line: str, expected: str) -> None:
    """A name that promises something is only believed if the attributes keep it."""
    receive(jar, line, url=HTTPS)
    assert sent(jar, HTTPS) == expected


def test_promise_at_the_root(jar: CookieJar) -> None:
    """The path of `__Host-` must be said: that it is the default is not enough."""
    receive(
        jar, "__Host-id=7; Secure; Path=", "__Host-id=8; Secure", url="https://www.example.org/"
    )
    assert not jar.all()


def test_secure(jar: CookieJar) -> None:
    """A cookie that is for https is not sent over http; a web socket is as secure as its scheme."""
    receive(jar, "a=1; Secure", "b=2", url=HTTPS)
    assert sent(jar, HTTPS) == "a=1; b=2"
    assert sent(jar) == "b=2"
    url = parse_url(HTTPS)
    assert jar.header_for(url._replace(scheme="wss")) == "a=1; b=2"
    assert jar.header_for(url._replace(scheme="ws")) == "b=2"


@pytest.mark.parametrize(
    ("line", "url", "taken"),
    [
        # Over http nothing comes before a cookie that is for https (RFC 6265bis section 5.7, step 16).
        ("id=8; Path=/login", "http://www.example.org/", False),
        ("id=8; Path=/login/en", "http://www.example.org/", False),
        ("id=8", "http://www.example.org/login/page", False),
        ("id=8; Path=/", "http://www.example.org/", True),
        ("id=8; Path=/log", "http://www.example.org/", True),
        ("id=8; Path=/login; Domain=example.org", "http://www.example.org/", False),
        ("id=8; Path=/login; Domain=example.org", "http://mail.example.org/", False),
        ("id=8; Path=/login", "http://sub.www.example.org/", False),
        ("id=8; Path=/login", "http://example.org/", False),
        ("id=8; Path=/login", "http://mail.example.org/", True),
        ("id=8; Path=/login", "http://other.org/", True),
        ("ID=8; Path=/login", "http://www.example.org/", True),
        ("id=8; Path=/login", "https://www.example.org/", True),
        ("id=; Path=/login; Max-Age=0", "http://www.example.org/", False),
    ],
)
def test_secure_is_not_hidden(jar: CookieJar, line: str, url: str, taken: bool) -> None:
    """Who can write into http cannot replace, hide or remove what was set over https."""
    receive(jar, "id=7; Secure; Path=/login", url="https://www.example.org/")
    before = jar.all()
    receive(jar, line, url=url)
    assert (jar.all() != before) == taken


def test_secure_domain_is_not_hidden(jar: CookieJar) -> None:
    """The same holds for a cookie of a domain above, and for one that the program has put there."""
    receive(jar, "id=7; Secure; Domain=example.org; Path=/", url="https://www.example.org/")
    jar.add(Cookie("key", "7", secure=True))
    receive(jar, "id=8", "key=8", url="http://sub.www.example.org/x")
    assert sent(jar, "https://sub.www.example.org/x") == "id=7; key=7"
    jar.clear(name="id")
    receive(jar, "id=8", url="http://sub.www.example.org/x")
    assert sent(jar, "https://sub.www.example.org/x") == "key=7; id=8"


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ("Max-Age=60", 60),
        ("max-age = 60 ", 60),
        ("Max-Age=060", 60),
        ("Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", 60),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", 60),
        ("Max-Age=5; Max-Age=60", 60),
        ("Max-Age=60; Max-Age=x", 60),
        ("Max-Age=0", 0),
        ("Max-Age=-0", 0),
        ("Max-Age=-9", 0),
        ("Max-Age=-" + "9" * 1000, 0),
        ("Max-Age", None),
        ("Max-Age=", None),
        ("Max-Age=-", None),
        ("Max-Age=+60", None),
        ("Max-Age=6e1", None),
        ("Max-Age=60.0", None),
        ("Max-Age=60,000", None),
        ('Max-Age="60"', None),
        ("Max-Age=\xb2", None),
        ("Max-Age=60, x=y; Path=/shop", None),
        ("Expires=Tue, 13 May 2014 16:54:20 GMT", 60),
        ("Expires=Tue, 13 May 2014 16:54:20 GMT, x=y", 60),
        ("Expires=Tue, 13 May 2014 16:54:20 GMT; Expires=soon", 60),
        ("Expires=Tue, 13 May 2014 16:54:00 GMT; Expires=Tue, 13 May 2014 16:54:20 GMT", 60),
        ("Expires=Tue, 13 May 2014 16:54:20 GMT; Max-Age=x", 60),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Expires=1 Jan 1601 00:00:00", 0),
        ("Expires=soon", None),
        ("Expires", None),
        ("Max-Age=34560000", 34_560_000),
        ("Max-Age=34560001", 34_560_000),
        ("Max-Age=" + "9" * 1024, 34_560_000),
        ("Max-Age=" + "9" * 1025, None),
        ("Max-Age=60; Max-Age=" + "0" * 1025, 60),
        ("Expires=Fri, 31 Dec 9999 23:59:59 GMT", 34_560_000),
        ("", None),
    ],
)
def test_end(jar: CookieJar, time: Time, attributes: str, seconds: int | None) -> None:
    """A cookie ends when it says so, but after 400 days; `Max-Age` is stronger than `Expires`."""
    receive(jar, f"id=7; {attributes}")
    if seconds is None:
        assert jar["id"].expires is None
        time.now += 10**9
        assert sent(jar) == "id=7"
        return
    if seconds:
        time.now += seconds - 1
        assert sent(jar) == "id=7"
        time.now += 1
    assert sent(jar) == ""
    assert jar.all() == []


def test_lifetime(time: Time) -> None:
    """How long a cookie lives at most can be said."""
    jar = CookieJar(now=time, max_lifetime=10)
    receive(jar, "a=1; Max-Age=60", "b=2; Expires=Tue, 13 May 2014 16:54:20 GMT", "c=3; Max-Age=5")
    assert [each.expires for each in jar.all()] == [NOW + 10, NOW + 10, NOW + 5]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("id=7; Path=/" + "a" * 1023, "/" + "a" * 1023),
        ("id=7; Path=/" + "a" * 1024, "/shop"),
        ("id=7; Path=/a; Path=/" + "a" * 1024, "/a"),
        ("id=7; Path=/" + "a" * 1024 + "; Path=/a", "/a"),
        ("id=7; " + "x" * 5000 + "=y; Path=/a", "/a"),
    ],
)
def test_long_attributes(jar: CookieJar, line: str, path: str) -> None:
    """An attribute of more than 1024 bytes is ignored; the rest of the cookie is not."""
    receive(jar, line)
    assert jar["id"].path == path


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [(2048, 2048, True), (2048, 2049, False), (4096, 0, True), (4097, 0, False), (0, 4096, True)],
)
def test_size(jar: CookieJar, name: int, value: int, taken: bool) -> None:
    """Name and value have 4096 bytes together at most; attributes do not count."""
    receive(jar, "n" * name + "=" + "v" * value + "; Path=/" + "p" * 1000)
    assert bool(jar.all()) == taken


def test_order(jar: CookieJar) -> None:
    """Longer paths come first, and among equals what was made first, whatever host it is for."""
    receive(jar, "k=0", "a=1; Path=/", "b=2; Path=/shop", "c=3; Path=/; Domain=example.org")
    receive(jar, "d=4; Path=/shop; Domain=example.org", "k=5")
    jar["e"] = "6"
    assert sent(jar) == "k=5; b=2; d=4; a=1; c=3; e=6"
    assert sent(jar) == "k=5; b=2; d=4; a=1; c=3; e=6"
    assert [each.name for each in jar.all()] == ["k", "a", "b", "c", "d", "e"]


def test_attributes(jar: CookieJar) -> None:
    """A cookie shows what was said of it, and its value without quotes and escapes."""
    line = r' a = "x\073\"" ; HttpOnly; SameSite=lax; Secure; Max-Age=5; Domain=Example.org'
    receive(jar, line, url=HTTPS)
    cookie = jar["a"]
    assert cookie == Cookie(
        name="a",
        coded_value=r'"x\073\""',
        domain="example.org",
        path="/shop",
        expires=NOW + 5,
        secure=True,
        http_only=True,
        same_site="Lax",
    )
    assert cookie.value == 'x;"'
    assert Cookie("b", '"x').value == '"x'
    assert Cookie("b", "").value == ""


def test_mapping(jar: CookieJar) -> None:
    """By name the jar is a mapping to what came last; a value put there by hand goes everywhere."""
    receive(jar, "a=1; Path=/", "a=2", "b=3")
    assert (list(jar), len(jar), "a" in jar, "c" in jar) == (["a", "b"], 2, True, False)
    assert jar["a"].value == "2"
    jar["a"] = "4"
    jar["c"] = b"5"
    assert sent(jar, "https://other.org/x") == "a=4; c=5"
    assert repr(jar) == "<CookieJar b@www.example.org/shop, a@/, c@/>"
    del jar["a"]
    assert jar.get("a") is None
    with pytest.raises(KeyError):
        del jar["a"]
    jar["d"] = Cookie("e", "6", path="/d")
    assert sent(jar, "http://other.org/d/") == "d=6; c=5"
    jar.clear()
    assert repr(jar) == "<CookieJar empty>"
    assert sent(jar) == ""


def test_representation_of_a_cookie() -> None:
    """Who can read a log is not to be logged in: the value is not shown."""
    shown = repr(Cookie("session", "s3cr3t", "a.example"))
    assert shown.startswith("Cookie(name='session', domain='a.example'")
    assert "s3cr3t" not in shown


def test_set(jar: CookieJar, time: Time) -> None:
    """A cookie that is put there by hand may have a domain, a path, want https, and end."""
    jar.set("a", "1", domain=".Example.org", path="/x", secure=True)
    assert sent(jar, "https://www.example.org/x/y") == "a=1"
    assert sent(jar, "http://www.example.org/x/y") == sent(jar, "https://example.com/x") == ""
    jar.add(Cookie("b", "2", expires=NOW + 5))
    jar.add(Cookie("", "alone"))
    assert sent(jar) == "b=2; alone"
    time.now += 5
    assert sent(jar) == "alone"
    jar.add(Cookie("", "gone", expires=NOW))
    assert sent(jar) == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("", "1", "has a name"),
        ("a=b", "1", "nor the name a '='"),
        ("a;", "1", "semicolon"),
        ("a", "secret\n", "the cookie 'a'"),
        ("a", "secret;", "the cookie 'a'"),
        ("a", "secret\x7f", "the cookie 'a'"),
        ("a", "secret\u20ac", "beyond latin-1"),
    ],
)
def test_set_refuses(jar: CookieJar, name: str, value: str, said: str) -> None:
    """What no header can carry is refused, without showing the value, and changes nothing."""
    jar["a"] = "1"
    for put in (jar.set, jar.__setitem__):
        with pytest.raises(ValueError, match=said) as caught:
            put(name, value)
        assert "secret" not in str(caught.value)
    if name:
        with pytest.raises(ValueError, match=said):
            jar["a"] = Cookie("other", value) if name == "a" else Cookie(name, "\n")
    assert sent(jar) == "a=1"


def test_add_refuses_hidden_names(jar: CookieJar) -> None:
    """A cookie without a name is none with a `=` in its value."""
    with pytest.raises(ValueError, match="no Cookie header"):
        jar.add(Cookie("", "a=1"))


def test_clear(jar: CookieJar) -> None:
    """Some or all cookies can be removed: of a domain, a path, a name, those of the session."""
    receive(jar, "a=1", "a=2; Path=/", "b=3; Max-Age=5", "c=4; Domain=example.org")
    jar["d"] = "5"
    jar.clear(domain="www.example.org", path="/", name="a")
    assert sent(jar) == "a=1; b=3; c=4; d=5"
    jar.clear(domain="")
    assert sent(jar) == "a=1; b=3; c=4"
    jar.clear(domain="www.example.org", name="c")
    assert sent(jar) == "a=1; b=3; c=4"
    jar.clear_session_cookies()
    assert sent(jar) == "b=3"


def test_save_and_load(jar: CookieJar, time: Time) -> None:
    """Cookies that outlive the session survive JSON, in order and with all that is known of them."""
    receive(jar, "b=1; Max-Age=60; Secure; HttpOnly", "a=2; Max-Age=5", url=HTTPS)
    receive(jar, "c=3; Domain=example.org", "alone")
    everything = jar.all()
    short = json.loads(json.dumps(jar.save()))
    full = json.loads(json.dumps(jar.save(session_cookies=True)))
    other = CookieJar(now=time)
    other.load(short)
    assert other.all() == everything[:2]
    other.load(full)
    assert other.all() == everything
    time.now += 5
    other = CookieJar(now=time)
    other.load(full)
    assert [each.name for each in other.all()] == ["b", "c", ""]


@pytest.mark.parametrize(
    ("saved", "error", "said"),
    [
        ({}, TypeError, "item 1 .* needs coded_value, name"),
        ({"name": "a"}, TypeError, "item 1"),
        ({"name": "a", "coded_value": 1}, TypeError, "'coded_value' is not what"),
        ({"name": "a", "coded_value": "1", "colour": ""}, TypeError, "'colour' is not what"),
        ({"name": "a", "coded_value": "1", "secure": 1}, TypeError, "'secure'"),
        ({"name": "a", "coded_value": "1", "expires": "x"}, TypeError, "'expires'"),
        ({"name": "a", "coded_value": "1\r\nX: y"}, ValueError, "no Cookie header"),
        ({"name": "a", "coded_value": "1", "expires": float("nan")}, ValueError, "ends"),
    ],
)
def test_load_refuses(
    jar: CookieJar, saved: dict[str, object], error: type[Exception], said: str
) -> None:
    """What `save` cannot have given is refused as a whole."""
    with pytest.raises(error, match=said):
        jar.load([{"name": "fine", "coded_value": "1"}, saved])
    assert not jar.all()


@pytest.mark.parametrize(
    "bounds", [{"max_cookies": 0}, {"max_cookies_per_domain": 0}, {"max_lifetime": 0}]
)
def test_bounds_refused(bounds: dict[str, int]) -> None:
    """A jar that can hold nothing is a mistake."""
    with pytest.raises(ValueError, match="room for one cookie"):
        CookieJar(**bounds)


LINES = st.text(st.characters(max_codepoint=0xFF), max_size=60)
NAMED = st.sampled_from(
    ["a=1", "=", "__Host-a=1", "; Path=/x", "; Domain=example.org", "; Secure", "; Max-Age=1", "="]
)
BITS = st.sampled_from(["; Expires=", "01 Jan 2030 00:00:00", "12:", *";=- \t\r\n\x00\xa0"])
ANY_LINE = st.one_of(LINES, st.lists(st.one_of(NAMED, BITS, LINES), max_size=12).map("".join))
URLS = st.sampled_from(
    [HERE, HTTPS, "http://example.org/", "https://10.0.0.1/a/b?c", "http://localhost"]
)


@given(st.lists(st.tuples(ANY_LINE, URLS), max_size=6), URLS)
def test_any_line(lines: list[tuple[str, str]], url: str) -> None:
    """Whatever servers set, the jar does not fail, and sends nothing that no header can carry."""
    jar = CookieJar(now=Time())
    for line, origin in lines:
        jar.receive(parse_url(origin), HTTPHeaders.from_store({"Set-Cookie": line}))
    header = sent(jar, url)
    HTTPHeaders({"Cookie": header})
    assert header == header.strip(" \t") or header.endswith("=") or header.startswith("=")
    other = CookieJar(now=Time())
    other.load(jar.save(session_cookies=True))
    assert sent(other, url) == header
