"""The weaknesses that were found in cyclone 1.x, tried on an application of today.

Most of them are pinned in detail where they belong: the parser in `conformance` and `http1`, forms in
`httputil`, cookies and tokens in `test_cookies.py` and `test_xsrf.py`, files in `test_staticfiles.py`. Here
each is tried once from outside, as it was tried on cyclone 1.x; and what belongs nowhere else is pinned.
"""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from cyclone_core.web import RequestHandler

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


class Noting(RequestHandler):
    """Notes what it is asked, and says as whom it was addressed."""

    def get(self) -> None:
        """Answer."""
        self.settings.asked.append(f"{self.request.method} {self.request.uri}")
        self.write(self.request.full_url())

    post = put = get


HOST = b"Host: a\r\n"
FORM = b"Content-Type: multipart/form-data; boundary=X\r\n"


def post(fields: bytes, body: bytes = b"") -> bytes:
    """Make a POST request."""
    return b"POST / HTTP/1.1\r\n" + HOST + fields + b"\r\n" + body


def form(head: bytes) -> bytes:
    """Make a form of one part."""
    body = b"--X\r\n" + head + b"\r\n\r\nvalue\r\n--X--\r\n"
    return post(FORM + b"Content-Length: %d\r\n" % len(body), body)


TAIL = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

REFUSED = {
    "length and chunks": post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", TAIL),
    "length with sign": post(b"Content-Length: +3\r\n", b"abc"),
    "negative length": post(b"Content-Length: -5\r\n"),
    "length with underscore": post(b"Content-Length: 1_0\r\n", b"abcdefghij"),
    "two lengths": post(b"Content-Length: 3\r\nContent-Length: 5\r\n", b"abcde"),
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "host that is none": b"GET / HTTP/1.1\r\nHost: a/../b\r\n\r\n",
    "blank before colon": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "blank before first name": b"GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n",
    "no UTF-8": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "rubbish": b"rubbish\r\n\r\n",
    "part without name": form(b"Content-Disposition: form-data"),
    "name of a part that is no UTF-8": form(b'Content-Disposition: form-data; name="\xff"'),
    "broken head of a part": form(b"broken"),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_malformed(serve: Serve, data: bytes) -> None:
    """It is answered with 400, the connection is closed, and nothing of it reaches a handler."""
    server = serve(Noting, asked=[])
    connection = server.connect()
    connection.send(data + b"GET /behind HTTP/1.1\r\nHost: a\r\n\r\n")
    (answer,) = connection.read("GET")
    assert answer.status == 400
    assert answer.headers["Connection"] == "close"
    assert server.application.settings.asked == []


@pytest.mark.parametrize("version", [b"HTTP/2.0", b"HTTP/9.9"])
def test_other_versions(serve: Serve, version: bytes) -> None:
    """A version that is not spoken here is refused and not repeated in the answer."""
    connection = serve(Noting, asked=[]).connect()
    connection.send(b"GET / " + version + b"\r\nHost: a\r\n\r\n")
    assert connection.sent.startswith(b"HTTP/1.1 505 ")


ACCEPTED = {
    "chunks": (post(b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n"), "POST /"),
    "absolute URI": (b"GET http://a/path HTTP/1.1\r\nHost: a\r\n\r\n", "GET /path"),
    "empty line before": (b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /"),
}


@pytest.mark.parametrize(("data", "asked"), ACCEPTED.values(), ids=ACCEPTED)
def test_right_requests(serve: Serve, data: bytes, asked: str) -> None:
    """What is right, and was not understood, is answered; so is the request behind it."""
    server = serve(Noting, asked=[])
    connection = server.connect()
    connection.send(data + b"GET /behind HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [answer.status for answer in connection.read("GET", "GET")] == [200, 200]
    assert server.application.settings.asked == [asked, "GET /behind"]


def test_groups_that_a_method_does_not_take(serve: Serve, log: Log) -> None:
    """A route with a group for a method without an argument is the program's mistake, still: 500.

    It is not found out when the application is made: another route may lead to the other methods of the
    class, and `prepare` may change the arguments. The log names class and method.
    """
    server = serve([(r"/(.*)", Noting)], asked=[])
    connection = server.connect()
    connection.request("/one")
    connection.request("/two")
    assert [answer.status for answer in connection.read("GET", "GET")] == [500, 500]
    for error in log.failures():
        assert isinstance(error, TypeError)
        assert "Noting.get()" in str(error)


def test_host_of_somebody_else(serve: Serve) -> None:
    """Who gives routes to named hosts only gets no request with another `Host` into a URL."""
    server = serve([], asked=[])
    server.application.add_handlers(r"(www\.)?example\.com", [("/", Noting)])
    asked = {}
    for host in ("example.com", "WWW.example.com:8080", "evil.example", "example.com.evil.example"):
        connection = server.connect()
        connection.send(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host.encode())
        (answer,) = connection.read("GET")
        asked[host] = (answer.status, "http://" in answer.text)
    assert list(asked.values()) == [(200, True), (200, True), (404, False), (404, False)]


@pytest.mark.parametrize(
    "value", ["a" * 300, "a" * 64 + ".example", "1.2.3.4, 5.6.7.8.9", "\xe4", "::1::1"]
)
def test_address_that_is_none(serve: Serve, value: str) -> None:
    """With `xheaders` an `X-Real-Ip` that is no address counts for nothing, whatever it is."""

    class Address(RequestHandler):
        def get(self) -> None:
            self.write(self.request.remote_ip or "")

    server = serve(Address, xheaders=True, trusted_downstream=["192.168.1.1"])
    assert server.ask(X_Real_Ip=value).text == "192.168.1.1"
    assert server.ask(X_Real_Ip="10.0.0.1").text == "10.0.0.1"


OF_OTHERS = """
import logging, sys, warnings
from twisted.logger import globalLogPublisher
from twisted.python import log

def state():
    emit = log.FileLogObserver.emit, log.FileLogObserver.formatTime, log.startLogging, log.msg
    of_twisted = list(globalLogPublisher._observers), list(log.theLogPublisher.observers)
    of_python = list(logging.root.handlers), logging.root.level, warnings.showwarning
    return emit, of_twisted, of_python, sys.excepthook, sys.displayhook

before = state()
import cyclone_core.autoreload, cyclone_core.bottle, cyclone_core.httpserver, cyclone_core.httputil
import cyclone_core.options, cyclone_core.testing, cyclone_core.util, cyclone_core.web, cyclone_core.wsgi
assert state() == before
assert "twisted.internet.reactor" not in sys.modules
"""


def test_import_changes_nothing() -> None:
    """An import leaves the logs of Twisted and of Python as they are, and installs no reactor."""
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", OF_OTHERS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
