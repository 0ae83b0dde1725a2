"""The container itself, and its access log."""

import sys
from typing import Any, cast

import pytest
from wsgi_site import Log, Loop, Serve, Site, answering, show

from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.wsgi import WSGIContainer


def test_the_access_log(serve: Serve, log: Log, loop: Loop) -> None:
    """A container that is served directly writes the lines itself, one for each request."""
    site = serve(answering([b"x"], "404 Not Found"))
    site.ask("/a?token=secret")
    site.ask("/b")
    first, second = log.texts("cyclone.access")
    assert first.startswith("404 GET /a?token=")
    assert "secret" not in first
    assert second.startswith("404 GET /b (192.168.1.1) ")
    client = serve(lambda _, __: []).open()
    client.transport.loseConnection()
    (line,) = log.texts("cyclone.access")
    assert line.startswith("499 GET / ")
    loop.rest()
    log.failures()  # whether the application was called was left open


def test_the_global_reactor_is_the_default(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked up when the first request needs it."""
    container = WSGIContainer(cast("Any", answering([b"x"])))
    site = Site(answering([]), loop, {})
    site.container = container
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", cast("Any", loop))
    monkeypatch.setattr("twisted.internet.reactor", loop, raising=False)
    site.server = HTTPServer(container, reactor=cast("Any", loop))
    assert [site.ask().body, site.ask().body] == [b"x", b"x"]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"wsgi_application": 5}, TypeError, "a WSGI application can be called, 5 cannot"),
        ({"executor": "pool"}, TypeError, "an executor is a ThreadPoolExecutor or a Twisted"),
        ({"script_name": "blog"}, ValueError, "script_name is empty or like '/blog'"),
        ({"script_name": "/"}, ValueError, "script_name is empty or like '/blog'"),
        ({"script_name": "/a%20b"}, ValueError, "script_name is empty or like '/blog'"),
        ({"max_threads": 0}, ValueError, "max_threads is a whole number above 0, not 0"),
        ({"max_threads": "2"}, ValueError, "max_threads is a whole number above 0, not '2'"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    """The container is not made."""
    with pytest.raises(kind, match=message):
        WSGIContainer(**{"wsgi_application": cast("Any", show), **arguments})


def test_a_request_made_by_hand() -> None:
    """There is nobody to answer."""
    with pytest.raises(RuntimeError, match="it has no connection to answer on"):
        WSGIContainer(cast("Any", show))(HTTPServerRequest("GET", "/"))
