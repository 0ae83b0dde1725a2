"""What a WSGI application sees of a request."""

import gc
import os
from collections.abc import Iterable
from typing import Any, cast
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsgi_site import Client, Environ, Log, RecordingExchange, Serve, Start, environ_of, show

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.wsgi.environ import make_environ, split_path
from cyclone_core.wsgi.errors import ErrorStream


def test_the_environment(serve: Serve) -> None:
    """Everything that PEP 3333 and CGI want is there, and nothing else."""
    body = b"a=b"
    answer = serve(show).ask(
        "/a/b?c=%20d", "POST", body, "Content-Type: text/x", "X-Some-Thing: 1", "Accept: a"
    )
    assert environ_of(answer) == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a/b",
        "QUERY_STRING": "c=%20d",
        "REQUEST_URI": "/a/b?c=%20d",
        "RAW_URI": "/a/b?c=%20d",
        "SERVER_NAME": "example.com",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "cyclone",
        "REMOTE_ADDR": "192.168.1.1",
        "CONTENT_TYPE": "text/x",
        "CONTENT_LENGTH": "3",
        "HTTP_HOST": "example.com:8080",
        "HTTP_CONNECTION": "close",
        "HTTP_X_SOME_THING": "1",
        "HTTP_ACCEPT": "a",
    }


def test_a_request_behind_a_proxy(serve: Serve) -> None:
    """Scheme and address are the client's, and `HTTPS` says so too; the port is that of the scheme."""
    site = serve(show, limits={"xheaders": True})
    client = Client(
        site,
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        b"X-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Proto: https\r\n\r\n",
    )
    environ = environ_of(client.read())
    assert (environ["HTTP_X_FORWARDED_PROTO"], environ["SERVER_NAME"]) == ("https", "a")
    trusting = serve(show, limits={"xheaders": True, "trusted_downstream": ["192.168.1.1"]})
    environ = environ_of(
        trusting.ask("/", "GET", None, "X-Forwarded-For: 10.0.0.9", "X-Forwarded-Proto: https")
    )
    assert (environ["HTTPS"], environ["REMOTE_ADDR"]) == ("on", "10.0.0.9")
    request = HTTPServerRequest("GET", "/", protocol="https", remote_ip="unix:/tmp/x", host="[::1]")
    seen: list[Environ] = []

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        seen.append(environ)
        return show(environ, start_response)

    environ = make_environ(request, "", "/", ErrorStream(print))
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("[::1]", "443")
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("", "https")


def test_headers_that_are_left_out_or_joined(serve: Serve) -> None:
    """`Proxy` would be HTTP_PROXY; a name with an underscore passes for another; lines are joined."""
    answer = serve(show).ask(
        "/",
        "GET",
        None,
        "Proxy: http://evil",
        "X_Forwarded_For: 1.2.3.4",
        "X-Tag: a",
        "X-Tag: b",
        "Cookie: a=1",
        "Cookie: b=2",
    )
    environ = environ_of(answer)
    assert "HTTP_PROXY" not in environ
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert environ["HTTP_X_TAG"] == "a,b"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert "CONTENT_LENGTH" not in environ


@pytest.mark.parametrize(
    ("path", "script_name", "names"),
    [
        ("/", "", ("", "/")),
        ("/a%20b%2Fc", "", ("", "/a b/c")),
        ("/%C3%A9", "", ("", "/\xc3\xa9")),
        ("/\xff%ff", "", ("", "/\xff\xff")),
        ("*", "", ("", "*")),
        ("/blog", "/blog", ("/blog", "")),
        ("/blog/", "/blog", ("/blog", "/")),
        ("/%62log/a", "/blog", ("/blog", "/a")),
        ("/%C3%A9/a", "/é", ("/\xc3\xa9", "/a")),
        ("/blogs", "/blog", None),
        ("/", "/blog", None),
    ],
)
def test_paths(path: str, script_name: str, names: tuple[str, str] | None) -> None:
    """Paths are decoded to bytes, as latin-1 text, and divided at the end of a segment."""
    assert split_path(path, script_name) == names


@given(st.binary(max_size=20))
def test_any_bytes_in_a_path(data: bytes) -> None:
    """What was encoded byte by byte comes out as these bytes."""
    path = "/" + "".join(f"%{byte:02x}" for byte in data)
    assert split_path(path, "") == ("", "/" + data.decode("latin-1"))


def test_an_application_below_a_path(serve: Serve) -> None:
    """It sees where it is; what is elsewhere is not found."""
    site = serve(show, script_name="/blog")
    environ = environ_of(site.ask("/blog/a?b"))
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/blog", "/a")
    assert site.ask("/other").status == 404


def test_the_body(serve: Serve) -> None:
    """It is a file: it can be read in lines and pieces, and ends."""
    read: list[Any] = []

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        file = environ["wsgi.input"]
        read.extend([file.readline(), file.read(2), file.readlines(), file.read(), list(file)])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["CONTENT_LENGTH"].encode()]

    site = serve(app)
    assert site.ask("/", "POST", b"one\ntwo\nthree").body == b"13"
    assert read == [b"one\n", b"tw", [b"o\n", b"three"], b"", []]
    read.clear()
    client = Client(
        site,
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n",
    )
    assert client.read().body == b"8"
    assert read[0] == b"helloyou"
    assert site.ask("/", "POST", b"").body == b"0"


def test_a_body_on_disk(serve: Serve) -> None:
    """A large body is read from its file, in the thread."""
    body = os.urandom(300_000)

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        pieces = list(iter(lambda: environ["wsgi.input"].read(1000), b""))
        return [b"".join(pieces)]

    site = serve(app, limits={"body_memory_limit": 1000})
    assert site.ask("/", "POST", body).body == body


def test_a_malformed_body_never_reaches_the_application(serve: Serve) -> None:
    """Who serves requests directly gets those with a broken body, too: they are answered."""
    called: list[Environ] = []
    site = serve(lambda environ, _: called.append(environ) or [])
    request = HTTPServerRequest("POST", "/", "HTTP/1.1")
    exchange = RecordingExchange()
    request.connection = cast("Any", exchange)
    request.body_error = HTTPInputError("broken", 413)
    request.body_error.http_headers = {"Retry-After": "1"}
    statuses: list[int] = []
    site.container.answer_request(request, statuses.append, server="")
    assert (exchange.status, exchange.headers["Retry-After"]) == (413, "1")
    assert "Server" not in exchange.headers
    assert (statuses, called) == ([413], [])


def test_the_validator_is_content(serve: Serve) -> None:
    """The standard library's checker of both sides of the interface finds nothing."""

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.errors"].write("a line\n")
        environ["wsgi.errors"].flush()
        write = start_response("200 OK", [("Content-Type", "text/plain"), ("X-A", "b")])
        if environ["PATH_INFO"] == "/write":
            write(b"written ")
        return iter([b"one ", body, b" two"])

    site = serve(validator(cast("Any", app)))
    assert site.ask("/").body == b"one  two"
    assert site.ask("/write?a=b", "POST", b"body").body == b"written one body two"
    assert site.ask("/", "HEAD").body == b""
    answer = site.ask("/", "PUT", b"", "Cookie: a", "Accept: *")
    assert (answer.status, answer.headers["X-A"]) == (200, "b")


def test_errors_of_the_application_are_logged(serve: Serve, log: Log) -> None:
    """What it writes to `wsgi.errors` at once is one entry, its lines kept together."""

    def app(environ: Environ, start_response: Start) -> list[bytes]:
        errors = environ["wsgi.errors"]
        errors.write("Traceback\n  line 2\n")
        print("printed", 5, file=errors)
        errors.writelines(["a", "b\n"])
        errors.write("the rest")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    site = serve(app)
    site.ask("/")
    site.loop.rest()
    gc.collect()
    while not site.loop.from_threads.empty():
        site.loop.from_threads.get()()
    assert log.texts() == ["Traceback\n  line 2", "printed 5", "ab", "the rest"]


def test_a_line_of_errors_without_end() -> None:
    """It does not fill the memory."""
    logged: list[str] = []
    stream = ErrorStream(logged.append)
    assert stream.writable()
    for _ in range(70):
        assert stream.write("x" * 1000) == 1000
    assert [len(text) for text in logged] == [66_000]
    stream.flush()
    stream.flush()
    assert [len(text) for text in logged] == [66_000, 4000]
