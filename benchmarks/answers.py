"""What a server must answer before it is timed: asked by hand, byte by byte, without a library."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from server import WrongAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPTS = Path(__file__).resolve().parent / "lua"
# Written here once more on purpose: an app that answers something else must not pass.
HELLO = b"hello, world"
JSON = {"message": "hello, world", "id": 42, "ok": True, "items": [1, 2, 3], "name": "M\u00fcller"}
BODY_SIZE = 1 << 20
FILES = {
    "/static/small.css": ("text/css", bytes(map(ord, "0123456789abcdef")) * 64),
    "/static/large.bin": ("application/octet-stream", bytes([*range(256)] * 4096)),
}
# Without blanks: an engine may drop some.
PAGE_BEGIN = b"<!doctypehtml><html><head><title>Allmembers</title></head>"
PAGE_TOP = b"<body><h1>Members&amp;guests</h1><table>"
PAGE_ROW = b"<tr><td>%d</td><td>Member&lt;%d&gt;</td><td>member%d@example.org</td>"
PAGE_NOTE = b"<td>salt&amp;pepper</td></tr>"
PAGE_END = b"</table><footer>madeforAda&lt;ada@example.org&gt;</footer></body></html>"
PAGE_ROWS = b"".join([PAGE_ROW % (number, number, number) + PAGE_NOTE for number in range(100)])
PAGE = PAGE_BEGIN + PAGE_TOP + PAGE_ROWS + PAGE_END
# No pattern that repeats itself: an answer that changed places with another is noticed.
PIPELINE = ("/hello", "/json", "/json", "/hello", "/hello", "/hello", "/json", "/hello") * 2
TIMEOUT = 10


class Answer(NamedTuple):
    """An answer: its status, its header fields by lower-case name, and its body."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A connection to a server, as a context manager."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.waiting = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def read(self) -> None:
        """Wait for more bytes.

        Raises:
            WrongAnswerError: There are none.
        """
        data = self.socket.recv(65536)
        if not data:
            message = f"the server closes after {self.waiting[-200:]!r}"
            raise WrongAnswerError(message)
        self.waiting += data

    def answer(self) -> Answer:
        """Read one answer, which must have a `Content-Length`."""
        while b"\r\n\r\n" not in self.waiting:
            self.read()
        head, _, rest = self.waiting.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = [line.partition(":") for line in lines]
        headers = {name.lower(): value.strip() for name, _, value in fields}
        if not first.startswith("HTTP/1.1 ") or "content-length" not in headers:
            message = f"no answer of HTTP/1.1 with a length: {head!r}"
            raise WrongAnswerError(message)
        length = int(headers["content-length"])
        self.waiting = rest
        while len(self.waiting) < length:
            self.read()
        body, self.waiting = self.waiting[:length], self.waiting[length:]
        return Answer(int(first.split(" ")[1]), headers, body)

    def nothing_more(self) -> bool:
        """Tell whether the server closes without another byte."""
        with contextlib.suppress(ConnectionResetError):
            return not self.waiting and not self.socket.recv(1)
        return False


def get(path: str, *lines: str) -> bytes:
    """Spell a request."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


def browser_headers() -> list[str]:
    """Return the lines that wrk is told to send by `lua/headers20.lua`."""
    text = (SCRIPTS / "headers20.lua").read_text(encoding="utf-8")
    found = re.findall(r'^wrk\.headers\["([^"]+)"\] = (".*")$', text, re.MULTILINE)
    return [f"{name}: {json.loads(value)}" for name, value in found]


def check(answer: Answer, path: str) -> frozenset[str]:
    """Check one answer and return the names of its headers.

    Raises:
        WrongAnswerError: Status, content type or body is not what it must be.
    """
    wanted = {"/json": "application/json", "/page": "text/html"}.get(path, "text/plain")
    found = answer.headers.get("content-type", "").partition(";")[0]
    checks: dict[str, Callable[[bytes], bool]] = {
        "/hello": lambda body: body == HELLO,
        "/json": lambda body: bool(json.loads(body) == JSON),
        "/page": lambda body: b"".join(body.split()) == PAGE,
        "/upload": lambda body: body == b"%d" % BODY_SIZE,
    }
    try:
        is_right = checks[path](answer.body)
    except ValueError:
        is_right = False
    if answer.status != 200 or found != wanted or not is_right:
        message = f"{path} answers {answer.status} {found} {answer.body[:200]!r}"
        raise WrongAnswerError(message)
    return frozenset(answer.headers)


def check_page(port: int, path: str, *lines: str) -> frozenset[str]:
    """Ask for a page twice on one connection."""
    with Connection(port) as connection:
        for _ in range(2):
            connection.socket.sendall(get(path, *lines))
            names = check(connection.answer(), path)
    return names


def check_file(port: int, path: str) -> frozenset[str]:
    """Ask for a file twice on one connection."""
    kind, content = FILES[path]
    with Connection(port) as connection:
        for _ in range(2):
            connection.socket.sendall(get(path))
            answer = connection.answer()
            found = answer.headers.get("content-type")
            if answer.status != 200 or found != kind or answer.body != content:
                message = f"{path} answers {answer.status} {found} {len(answer.body):,} bytes"
                raise WrongAnswerError(message)
    return frozenset(answer.headers)


def check_browser(port: int) -> frozenset[str]:
    """Ask for a page as a browser does."""
    lines = browser_headers()
    if len(lines) != 19:
        message = f"lua/headers20.lua holds {len(lines)} headers that answers.py can read, not 19"
        raise WrongAnswerError(message)
    return check_page(port, "/hello", *lines)


def check_pipeline(port: int) -> frozenset[str]:
    """Ask sixteen times in one write: there are sixteen answers, in order, and no more."""
    with Connection(port) as connection:
        connection.socket.sendall(b"".join(map(get, PIPELINE)))
        for path in PIPELINE:
            names = check(connection.answer(), path)
        connection.socket.sendall(get("/hello"))
        check(connection.answer(), "/hello")
        if connection.waiting:
            message = f"there are more answers than requests: {connection.waiting[:200]!r}"
            raise WrongAnswerError(message)
    return names


def check_upload(port: int) -> frozenset[str]:
    """Send a body twice, of which the server tells the length."""
    head = f"POST /upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {BODY_SIZE}\r\n\r\n"
    with Connection(port) as connection:
        for _ in range(2):
            connection.socket.sendall(head.encode() + b"x" * BODY_SIZE)
            names = check(connection.answer(), "/upload")
    return names


def check_close(port: int) -> frozenset[str]:
    """Ask for the end of the connection: it is announced, and it comes."""
    with Connection(port) as connection:
        connection.socket.sendall(get("/hello", "Connection: close"))
        answer = connection.answer()
        names = check(answer, "/hello")
        announced = answer.headers.get("connection", "").lower() == "close"
        if not announced or not connection.nothing_more():
            message = "the server does not close behind an answer to `Connection: close`"
            raise WrongAnswerError(message)
    return names
