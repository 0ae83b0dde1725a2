"""Cookies and tokens between cyclone and the real Tornado: what one has made is read by the other.

Both serve the same application, each in a process of its own; the client keeps cookies as a browser
does. Then the functions of both are compared on what handlers seldom see.
"""

import http.client
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import tornado.httputil
import tornado.web
from served import RunningServer
from startup_processes import PATIENCE, Launcher

import cyclone.httputil
import cyclone.web

APPLICATION = Path(__file__).parent / "cookie_application.py"
FRAMEWORKS = ["cyclone", "tornado"]
PAIRS = [(maker, reader) for maker in FRAMEWORKS for reader in FRAMEWORKS]

KEY = "0123456789abcdef0123456789abcdef"
KEYS = {0: KEY, 1: KEY[::-1], 25: "caf\xe9"}
NOW = 1300000000

Servers = dict[str, RunningServer]


class Browser:
    """A client that keeps the cookies of two servers together, as if they were one host.

    Args:
        port: The port that it asks, by its name.
    """

    def __init__(self, port: str = "plain") -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, server: RunningServer, path: str, fields: dict[str, str] | None = None) -> bytes:
        """Send a request, with `fields` that of a form; the answer must be 200."""
        status, body = self.try_to_ask(server, path, fields)
        assert status == 200
        return body

    def try_to_ask(
        self, server: RunningServer, path: str, fields: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send a request, with `fields` that of a form, and return status and body of the answer."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", server.ports[self.port], timeout=PATIENCE
        )
        headers = {"Cookie": "; ".join([f"{name}={text}" for name, text in self.cookies.items()])}
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields)
        connection.request("GET" if body is None else "POST", path, body, headers)
        response = connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, text = cookie.partition(";")[0].partition("=")
            self.cookies[name] = text
        answer = response.status, response.read()
        connection.close()
        return answer


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The application on both frameworks, running."""
    logs = tmp_path_factory.mktemp("logs")
    running: Servers = {}
    launchers = []
    try:
        for framework in FRAMEWORKS:
            directory = tmp_path_factory.mktemp(framework)
            launchers.append(Launcher(directory, logs / framework))
            (logs / framework).mkdir()
            process = launchers[-1].start("python", str(APPLICATION), framework, str(directory))
            running[framework] = RunningServer(process, directory)
        yield running
        assert not any("Traceback" in server.process.output for server in running.values())
    finally:
        for launcher in launchers:
            launcher.close()


VALUES = ["plain", "a=b", 'quo"ted', "back\\slash", "semi;colon", "com,ma", "caf\xe9", "{[(/)]}"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(("maker", "reader"), PAIRS)
def test_plain(servers: Servers, maker: str, reader: str, value: str) -> None:
    """A plain cookie is read as it was set, whatever quotes it needs."""
    browser = Browser()
    browser.ask(servers[maker], "/cookie", {"value": value})
    assert browser.ask(servers[reader], "/cookie") == value.encode("latin-1")


@pytest.mark.parametrize("value", [*VALUES, "", "two words", "\u20ac", "line\nend"])
@pytest.mark.parametrize(("maker", "reader"), PAIRS)
def test_signed(servers: Servers, maker: str, reader: str, value: str) -> None:
    """A signed cookie of version 2 is read, with its key version 0."""
    browser = Browser()
    browser.ask(servers[maker], "/signed", {"value": value, "version": "2"})
    assert browser.ask(servers[reader], "/signed") == value.encode() + b" 0"


@pytest.mark.parametrize(("maker", "reader"), PAIRS)
def test_signed_v1(servers: Servers, maker: str, reader: str) -> None:
    """One of version 1 is read where the program allows it."""
    browser = Browser()
    browser.ask(servers[maker], "/signed", {"value": "me", "version": "1"})
    assert browser.ask(servers[reader], "/signed?version=1") == b"me None"
    assert browser.ask(servers[reader], "/signed?version=2") == b"none None"


@pytest.mark.parametrize(("maker", "reader"), PAIRS)
def test_key_versions(servers: Servers, maker: str, reader: str) -> None:
    """With several keys the key is found by its version; without it nothing is read."""
    browser = Browser("keys")
    browser.ask(servers[maker], "/signed", {"value": "me", "version": "2"})
    assert browser.ask(servers[reader], "/signed") == b"me 7"
    browser.port = "plain"
    assert browser.ask(servers[reader], "/signed") == b"none 7"


@pytest.mark.parametrize(("maker", "reader"), PAIRS)
@pytest.mark.parametrize("version", ["1", "2"])
def test_tokens(servers: Servers, maker: str, reader: str, version: str) -> None:
    """A token of one is accepted by the other, which masks it anew; a foreign one is not."""
    browser = Browser()
    token = browser.ask(servers[maker], f"/form?version={version}").decode()
    assert browser.cookies == {"_xsrf": token}
    again = browser.ask(servers[reader], "/form").decode()
    assert again != token
    assert browser.cookies == {"_xsrf": token}
    for server in (servers[maker], servers[reader]):
        for sent in (token, again):
            assert browser.ask(server, "/form", {"_xsrf": sent}) == b"taken"
    foreign = Browser().ask(servers[maker], f"/form?version={version}").decode()
    for sent in (foreign, "", "3|"):
        assert browser.try_to_ask(servers[reader], "/form", {"_xsrf": sent})[0] == 403


# The functions.

NAMES = ["a", "user", "", "a|b", "3:key"]
TEXTS: list[str | bytes] = ["", "me", "caf\xe9 \u20ac", b"\x00\xff", b"x" * 5000]


def at(seconds: float) -> Callable[[], float]:
    """A clock that stands still."""
    return lambda: seconds


@pytest.mark.parametrize("value", TEXTS)
@pytest.mark.parametrize("name", NAMES)
def test_same_bytes(name: str, value: str | bytes) -> None:
    """Both frameworks sign in the same bytes, and read them alike."""
    wanted = value.encode() if isinstance(value, str) else value
    for version in (1, 2):
        made = tornado.web.create_signed_value(KEY, name, value, version, at(NOW))
        assert cyclone.web.create_signed_value(KEY, name, value, version, at(NOW)) == made
        for now in (NOW - 1, NOW, NOW + 31 * 86400, NOW + 31 * 86400 + 1):
            expected = tornado.web.decode_signed_value(KEY, name, made, 31, at(now), 1)
            assert expected == (wanted if now <= NOW + 31 * 86400 else None)
            assert cyclone.web.decode_signed_value(KEY, name, made, 31, at(now), 1) == expected
    for key_version in KEYS:
        made = tornado.web.create_signed_value(
            KEYS,
            name,
            value,
            clock=at(NOW),
            key_version=key_version,
        )
        assert made == cyclone.web.create_signed_value(
            KEYS, name, value, clock=at(NOW), key_version=key_version
        )
        assert cyclone.web.decode_signed_value(KEYS, name, made, clock=at(NOW)) == wanted
        assert tornado.web.get_signature_key_version(made) == key_version
        assert cyclone.web.get_signature_key_version(made) == key_version


def test_same_refusals() -> None:
    """Whatever one byte is made of in a signed value, both refuse it."""
    for version in (1, 2):
        made = tornado.web.create_signed_value(KEY, "user", "me", version, at(NOW))
        for position in range(len(made)):
            for byte in (b"", b"0", b"9", b"|", b":", b"=", b"\xff"):
                forged = made[:position] + byte + made[position + 1 :]
                for decode in (tornado.web.decode_signed_value, cyclone.web.decode_signed_value):
                    read = decode(KEY, "user", forged, 31, at(NOW), 1)
                    assert read == (b"me" if forged == made else None)


@pytest.mark.parametrize(
    "header",
    [
        "a=b; c=d",
        "a=b;c",
        '=x; a="b;c"; d',
        "a=1; a=2",
        r'a="\073\"\\\400\42\x"; b="',
        "a[b]=c d; e f=g; \xe9=\xe9",
        "  =  b  ;  ;  =  ;   c  =  ;  ",
        "a=b=c; =__Host-a=d",
    ],
)
def test_same_cookies(header: str) -> None:
    """Both read the same in a header."""
    assert cyclone.httputil.parse_cookie(header) == tornado.httputil.parse_cookie(header)
