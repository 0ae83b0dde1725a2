"""`FetchClient`, against servers of this package and against sockets that break the rules."""

import contextlib
import datetime as dt
import gzip
import json
import socket
import sys
import threading
import unittest
from typing import Any

import pytest
from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.internet.error import ConnectionRefusedError as Refused

from cyclone_core.testing import (
    AnswerLost,
    AsyncHTTPTestCase,
    BadAnswer,
    FetchClient,
    FetchError,
    TooManyRedirects,
    bind_unused_port,
)
from cyclone_core.tls import TLSUnavailable
from cyclone_core.web import Application, RequestHandler


class Echo(RequestHandler):
    """Tells what was asked, or redirects."""

    SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "PROPFIND")

    def prepare(self) -> None:
        status = self.get_query_argument("status", "200")
        if status != "200":
            self.set_status(int(status))
            self.set_header("Location", self.get_query_argument("to", self.request.uri))
            self.finish("elsewhere")
            return
        if self.get_query_argument("gzip", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(gzip.compress(b"packed"))
            return
        self.finish(
            {
                "method": self.request.method,
                "uri": self.request.uri,
                "headers": dict(self.request.headers.get_all()),
                "body": self.request.body.decode(),
            }
        )


def told(response: Any) -> Any:  # noqa: ANN401 -- JSON
    """Read what `Echo` tells."""
    assert response.code == 200
    return json.loads(response.body)


class FetchTest(AsyncHTTPTestCase):
    """Fetches from `Echo`."""

    def get_app(self) -> Application:
        return Application([(r"/.*", Echo)], log_function=lambda _: None)

    def test_request(self) -> None:
        """Headers, credentials and dates are sent as the options say."""
        since = dt.datetime(2014, 4, 4)  # noqa: DTZ001 -- naive is UTC
        asked = told(
            self.fetch(
                "/a b",
                headers={"X-Mine": "1", "Accept-Encoding": "x"},
                user_agent="me",
                auth_username="user",
                auth_password="p:w",  # noqa: S106 -- not a secret
                if_modified_since=since,
            )
        )
        assert (asked["method"], asked["uri"], asked["body"]) == ("GET", "/a%20b", "")
        assert asked["headers"] == {
            "X-Mine": "1",
            "Accept-Encoding": "x",
            "User-Agent": "me",
            "Authorization": "Basic dXNlcjpwOnc=",
            "If-Modified-Since": "Fri, 04 Apr 2014 00:00:00 GMT",
            "Host": f"127.0.0.1:{self.get_http_port()}",
            "Connection": "close",
        }
        for moment in (since.replace(tzinfo=dt.UTC), since.replace(tzinfo=dt.UTC).timestamp()):
            headers = told(self.fetch("/", if_modified_since=moment))["headers"]
            assert headers["If-Modified-Since"] == "Fri, 04 Apr 2014 00:00:00 GMT"

    def test_bodies(self) -> None:
        """A method that must have a body has one, others have none, unless that is wanted."""
        posted = told(self.fetch("/", method="POST", body="\u00e4"))
        assert posted["body"] == "\u00e4"
        assert posted["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
        assert "Content-Type" not in told(self.fetch("/", method="PUT", body=b"x"))["headers"]
        for options, said in (
            ({"method": "POST"}, "POST must have a body"),
            ({"body": ""}, "GET must not have a body"),
            ({"method": "PROPFIND"}, "'PROPFIND' needs allow_nonstandard_methods"),
        ):
            with pytest.raises(ValueError, match=said):
                self.fetch("/", **options)
        allowed = {"allow_nonstandard_methods": True, "method": "PROPFIND", "body": "x"}
        assert told(self.fetch("/", **allowed))["body"] == "x"

    def test_head(self) -> None:
        """The answer to HEAD has no body."""
        response = self.fetch("/", method="HEAD")
        assert (response.code, response.body, response.buffer.read()) == (200, b"", b"")
        assert int(response.headers["Content-Length"]) > 0
        assert repr(response) == "<FetchResponse 200 OK, 0 bytes>"
        assert response.request_time > 0

    def test_redirects(self) -> None:
        """Redirects are followed, with the method and the body that they ask for."""
        for status, method, following in (
            (301, "GET", "GET"),
            (302, "POST", "GET"),
            (303, "PUT", "GET"),
            (302, "PUT", "PUT"),
            (307, "POST", "POST"),
            (308, "DELETE", "DELETE"),
        ):
            body = {"body": "x"} if method in ("POST", "PUT") else {}
            response = self.fetch(f"/?status={status}&to=/next", method=method, **body)
            asked = told(response)
            assert asked["method"] == following
            assert asked["body"] == ("x" if following in ("POST", "PUT") else "")
            assert ("Content-Length" in asked["headers"]) == (following in ("POST", "PUT"))
            assert response.effective_url == self.get_url("/next")

    def test_redirect_elsewhere(self) -> None:
        """Another host gets no credentials that were not meant for it."""
        there = f"http://localhost:{self.get_http_port()}/x"
        asked = told(
            self.fetch(
                f"/?status=307&to={there}",
                method="POST",
                body="a",
                headers={"Cookie": "a=b", "X-Mine": "1"},
                auth_username="user",
            )
        )
        assert "Authorization" not in asked["headers"]
        assert "Cookie" not in asked["headers"]
        assert (asked["body"], asked["headers"]["X-Mine"]) == ("a", "1")

    def test_redirects_not_followed(self) -> None:
        """A redirect that is not wanted is an answer, and so is one too many an error."""
        response = self.fetch("/?status=302&to=/x", follow_redirects=False)
        assert (response.code, response.body) == (302, b"elsewhere")
        assert isinstance(response.error, FetchError)
        with pytest.raises(TooManyRedirects, match="2 redirects, and http"):
            self.fetch("/?status=302", max_redirects=2)

    def test_gzip(self) -> None:
        """A coded body is decoded, and what it was is still there to be seen."""
        response = self.fetch("/?gzip=1")
        assert response.body == b"packed"
        assert response.headers["X-Consumed-Content-Encoding"] == "gzip"
        assert response.headers["Content-Length"] == "6"
        as_sent = self.fetch("/?gzip=1", decompress_response=False)
        assert gzip.decompress(as_sent.body) == b"packed"
        assert self.fetch("/?gzip=1", method="HEAD").body == b""

    async def test_raise_error(self) -> None:
        """By default the client itself raises."""
        with pytest.raises(FetchError) as caught:
            await self.http_client.fetch(self.get_url("/?status=400"))
        error = caught.value
        assert (error.code, error.message, error.response.code) == (400, "Bad Request", 400)

    def test_unknown_option(self) -> None:
        """An option that is none is named, and so are those that there are."""
        with pytest.raises(TypeError, match="no option 'streaming_callback' here; its options are"):
            self.fetch("/", streaming_callback=print)
        with pytest.raises(TypeError, match="no option 'proxy_host'"):
            FetchClient(proxy_host="a")  # type: ignore[call-arg]


class RawServer:
    """Gives one answer, whatever is asked, and closes."""

    def __init__(self, answer: bytes, *, hang: bool = False) -> None:
        self.sock, self.port = bind_unused_port()
        self.sock.setblocking(True)
        self._answer = answer
        self._hang = hang
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self.sock.accept()
        with connection:
            with contextlib.suppress(ConnectionResetError):
                connection.recv(65536)
            connection.sendall(self._answer)
            if self._hang:
                self.over.wait(10)
            else:
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    """Wait for the client to close."""

    def close(self) -> None:
        """Wait for the end."""
        self.over.set()
        self._thread.join()
        self.sock.close()


class RawTest(AsyncHTTPTestCase):
    """Fetches from sockets."""

    def get_app(self) -> Application:
        return Application()

    def serve(self, answer: bytes, *, hang: bool = False) -> str:
        """Serve one answer; returns the URL."""
        server = RawServer(answer, hang=hang)
        self.addCleanup(server.close)
        return f"http://127.0.0.1:{server.port}/"

    def test_until_the_end(self) -> None:
        """An answer without a length goes on until the connection ends."""
        assert self.fetch(self.serve(b"HTTP/1.0 200 OK\r\n\r\nall")).body == b"all"

    def test_interim(self) -> None:
        """Interim answers are passed over."""
        answer = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
        assert self.fetch(self.serve(answer)).code == 204

    def test_lost(self) -> None:
        """An answer that is not complete is lost; what had come is in the exception."""
        url = self.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")
        with pytest.raises(AnswerLost, match="ended before the answer did") as caught:
            self.fetch(url)
        assert (caught.value.status, caught.value.content) == (200, b"part")
        with pytest.raises(AnswerLost) as caught:
            self.fetch(self.serve(b""))
        assert caught.value.status is None

    def test_bad_answer(self) -> None:
        """What is no answer is refused."""
        with pytest.raises(BadAnswer, match="no status line"):
            self.fetch(self.serve(b"nonsense\r\n\r\n", hang=True))

    def test_timeout(self) -> None:
        """A request that takes too long is given up."""
        with pytest.raises(TookTooLong):
            self.fetch(self.serve(b"HTTP/1.1 200 OK\r\n", hang=True), request_timeout=0.05)

    def test_nobody_there(self) -> None:
        """A port without a server is told as Twisted tells it."""
        sock, port = bind_unused_port()
        sock.close()
        with pytest.raises(Refused):
            self.fetch(f"http://127.0.0.1:{port}/")

    async def test_closed(self) -> None:
        """Closing the client cuts what is open."""
        url = self.serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", hang=True)
        waiting = self.http_client.fetch(url)
        lost = self.assertFailure(waiting, AnswerLost)
        from twisted.internet import reactor
        from twisted.internet.task import deferLater

        while not any(each._head for each in self.http_client._open):
            await deferLater(reactor, 0, lambda: None)  # type: ignore[arg-type]
        self.http_client.close()
        await lost


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the libraries for TLS https says what to install."""
    monkeypatch.setitem(sys.modules, "twisted.internet.ssl", None)
    monkeypatch.delattr("twisted.internet.ssl", raising=False)

    class Case(RawTest):
        def check(self) -> None:
            with pytest.raises(
                TLSUnavailable, match=r"https needs pyOpenSSL .*cyclone-core\[tls\]"
            ):
                self.fetch("https://127.0.0.1:1/")

    result = unittest.TestResult()
    Case("check").run(result)
    assert result.wasSuccessful(), result.errors
