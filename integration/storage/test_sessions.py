"""Sessions of the real handler over real sockets, on all three stores."""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from served import RunningServer
from servers.redis import RedisServer
from startup_processes import PATIENCE, Launcher, free_port, self_signed, until

APPLICATION = Path(__file__).parent / "session_application.py"
STORES = ["memory", "sqlite", "redis"]


class Answer(NamedTuple):
    """An answer: `cookies` are the lines of `Set-Cookie`."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    cookies: list[str]


class Browser:
    """A client that keeps the cookie."""

    def __init__(self, server: RunningServer, port: str) -> None:
        self.server = server
        self.port = port
        self.cookie: str | None = None

    def ask(self, path: str = "/", method: str = "GET", **fields: str) -> Answer:
        """Send a request."""
        number = self.server.ports[self.port]
        client: http.client.HTTPConnection
        if self.port == "tls":
            context = ssl.create_default_context(cafile=self.server.directory / "server.crt")
            client = http.client.HTTPSConnection(
                "localhost", number, timeout=PATIENCE, context=context
            )
        else:
            client = http.client.HTTPConnection("127.0.0.1", number, timeout=PATIENCE)
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        if self.cookie is not None:
            headers["Cookie"] = f"session={self.cookie}"
        client.request(method, path, urlencode(fields) if fields else None, headers)
        response = client.getresponse()
        body = response.read()
        client.close()
        cookies = response.headers.get_all("Set-Cookie", [])
        for line in cookies:
            name, _, value = line.partition(";")[0].partition("=")
            assert name == "session"
            self.cookie = value.strip('"') or None
        return Answer(response.status, response.headers, body, cookies)

    def values(self) -> dict[str, Any]:
        """Return what the session holds."""
        answer = self.ask()
        assert answer.status == 200, answer
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def copy(self) -> "Browser":
        """Make another one with the same cookie."""
        other = Browser(self.server, self.port)
        other.cookie = self.cookie
        return other


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The application, with a Redis server beside it."""
    directory = tmp_path_factory.mktemp("sessions")
    self_signed(directory)
    launcher = Launcher(directory, directory)
    try:
        with closing(RedisServer(port=str(free_port()))) as redis:
            words = [str(APPLICATION), str(directory), str(redis.port)]
            process = launcher.start("python", *words)
            yield RunningServer(process, directory)
    finally:
        launcher.close()


@pytest.fixture(params=STORES)
def browser(server: RunningServer, request: pytest.FixtureRequest) -> Browser:
    """A browser without a cookie, for each store."""
    return Browser(server, request.param)


def test_values(browser: Browser) -> None:
    """What one request sets, the next one sees; one that sets nothing gets no cookie."""
    assert browser.ask().cookies == []
    answer = browser.ask(method="POST", key="a", value="\u20ac")
    assert (answer.status, len(answer.cookies)) == (200, 1)
    assert answer.headers["Vary"] == "Cookie"
    assert answer.headers["Cache-Control"] == "private"
    assert browser.values() == {"a": "\u20ac"}
    assert browser.ask(method="POST", key="a").cookies == []


@pytest.mark.parametrize("path", ["/plain", "/classic"])
def test_kinds_of_methods(browser: Browser, path: str) -> None:
    """Plain methods, generators and those that finish by themselves save, too."""
    assert [browser.ask(path).body for _ in range(3)] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("path", ["/plain", "/stream"])
def test_head(browser: Browser, path: str) -> None:
    """HEAD does to the session what GET does."""
    answer = browser.ask(path, "HEAD")
    assert (answer.status, answer.body, len(answer.cookies)) == (200, b"", 1)
    assert list(browser.values().values()) == [1]


def test_sign_in(browser: Browser) -> None:
    """Signing in, with a redirect, rotates: the id before is worth nothing."""
    browser.ask(method="POST", key="cart")
    planted = browser.copy()
    answer = browser.ask("/in", "POST", user="me")
    assert (answer.status, len(answer.cookies)) == (302, 1)
    assert browser.cookie != planted.cookie
    assert browser.values() == {"cart": "1", "user": "me", "_flashes": [["info", "Welcome."]]}
    assert planted.values() == {}
    assert planted.ask(method="POST", key="a").cookies == []


def test_sign_out(browser: Browser) -> None:
    """Signing out clears the cookie, and the id is worth nothing."""
    browser.ask("/in", "POST", user="me")
    kept = browser.copy()
    (line,) = browser.ask("/out", "POST").cookies
    assert line.startswith("session=")
    assert "expires=" in line.lower()
    assert browser.cookie is None
    assert kept.values() == {}


def test_sign_out_wins(browser: Browser) -> None:
    """A request that began before a sign-out and ends behind it does not bring the session back."""
    browser.ask("/in", "POST", user="me")
    late = browser.copy()
    answers: list[Answer] = []

    def ask() -> None:
        answers.append(late.ask(method="POST", key="seen", wait="0.5"))

    thread = threading.Thread(target=ask)
    thread.start()
    kept = browser.copy()
    until("session", lambda: kept.values()["user"] == "me")
    browser.ask("/out", "POST")
    thread.join(PATIENCE)
    assert (answers[0].status, answers[0].cookies) == (200, [])
    assert kept.values() == {}


def test_at_once(browser: Browser) -> None:
    """Requests at the same time that set other keys all have their way."""
    browser.ask(method="POST", key="first")
    threads = [
        threading.Thread(
            target=browser.copy().ask,
            args=("/", "POST"),
            kwargs={"key": f"k{number}", "wait": "0.1"},
        )
        for number in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert browser.values() == {"first": "1"} | {f"k{number}": "1" for number in range(10)}


def test_refused(browser: Browser) -> None:
    """An answer that refuses saves what was set, and its page sees it; one that fails does not."""
    answer = browser.ask("/fail/403")
    assert (answer.status, answer.body, len(answer.cookies)) == (403, b"403 1", 1)
    answer = browser.ask("/fail/500")
    assert (answer.status, answer.body, answer.cookies) == (500, b"500 2", [])
    assert browser.values() == {"tries": 1}


def test_fails_before_the_head(browser: Browser) -> None:
    """What fails in another function of `before_headers` saves nothing, whoever came first."""
    answer = browser.ask("/late/before")
    assert (answer.status, answer.cookies, answer.headers["Vary"]) == (500, [], "Cookie")
    browser.ask(method="POST", key="a")
    answer = browser.ask("/late/before")
    assert (answer.status, answer.cookies) == (500, [])
    assert browser.values() == {"a": "1"}


def test_fails_behind_the_save(browser: Browser) -> None:
    """What fails in `compute_etag` comes when the session is saved; its cookie gets out nevertheless."""
    answer = browser.ask("/late/etag")
    assert (answer.status, len(answer.cookies)) == (500, 1)
    assert browser.values() == {"tries": 1}


def test_stream(browser: Browser) -> None:
    """An answer in pieces saves before its head; a change behind it is an error."""
    answer = browser.ask("/stream")
    assert (answer.status, answer.body) == (200, b"aSessionClosed")
    assert len(answer.cookies) == 1
    assert browser.values() == {"streamed": 1}


def test_too_large(browser: Browser) -> None:
    """More than a session may hold is an error page, without a cookie."""
    answer = browser.ask("/large")
    assert (answer.status, answer.cookies) == (500, [])
    assert b"not sent" not in answer.body
    assert "session['much']" in browser.server.process.output
    assert "xxxx" not in browser.server.process.output


def test_cookie(browser: Browser) -> None:
    """Over http the cookie is HttpOnly and SameSite=Lax for the whole site, until the browser ends."""
    (line,) = browser.ask(method="POST", key="a").cookies
    attributes = {each.strip().lower() for each in line.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax"}
    assert len(line) < 300


def test_secure_cookie(server: RunningServer) -> None:
    """Over https it is Secure as well, and so is the one that clears it."""
    browser = Browser(server, "tls")
    (line,) = browser.ask(method="POST", key="a").cookies
    attributes = {each.strip().lower() for each in line.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax", "secure"}
    assert browser.values() == {"a": "1"}
    (line,) = browser.ask("/out", "POST").cookies
    assert {"httponly", "path=/", "samesite=lax", "secure"} <= {
        each.strip().lower() for each in line.split(";")[1:]
    }


@pytest.mark.parametrize("cookie", ["A" * 65, '"', "2|1:0|10:1800000000|7:session|4:QUFB|00"])
def test_forged_cookie(browser: Browser, cookie: str) -> None:
    """A cookie that is not ours is no session, and is not taken over."""
    browser.cookie = cookie
    assert browser.values() == {}
    browser.ask(method="POST", key="a")
    assert browser.cookie != cookie
    assert browser.values() == {"a": "1"}


def test_away(server: RunningServer) -> None:
    """A store that is away makes 503 with Retry-After, and one line in the log."""
    before = server.process.output.count("sessions in Redis")
    browser = Browser(server, "away")
    answer = browser.ask(method="POST", key="a")
    assert (answer.status, answer.headers["Retry-After"], answer.cookies) == (503, "5", [])

    def lines() -> int:
        return server.process.output.count("sessions in Redis") - before

    until("line", lines)
    assert lines() == 1
    # Nothing is asked of it for who has no session.
    assert browser.ask().status == 200
