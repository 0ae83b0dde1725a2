"""Handlers that an application need not write."""

from collections.abc import Callable
from typing import Any

import pytest

from cyclone_core.web import ErrorHandler, RedirectHandler

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


def test_error_handler(serve: Serve) -> None:
    """An `ErrorHandler` answers all methods with its status, whatever forgery is suspected."""
    server = serve([("/", ErrorHandler, {"status_code": 410})], xsrf_cookies=True)
    for method in ("GET", "POST", "DELETE"):
        assert server.ask("/", method, body=b"").status == 410


def test_derived_error_handler(serve: Serve) -> None:
    """A class that derives from `ErrorHandler` may answer itself, with the status that is set already."""

    class Page(ErrorHandler):
        def prepare(self) -> None:
            self.finish(f"page {self.get_status()}")

    class Lazy(ErrorHandler):
        def initialize(self, status_code: int) -> None:
            self.set_status(status_code + 1)

    server = serve([("/lazy", Lazy, {"status_code": 409})], error_handler=Page)
    answer = server.ask("/nowhere")
    assert (answer.status, answer.reason, answer.text) == (404, "Not Found", "page 404")
    assert server.ask("/lazy").status == 410


def test_redirect(serve: Serve) -> None:
    """A `RedirectHandler` answers 301 to GET and HEAD, and nothing else."""
    server = serve([("/old", RedirectHandler, {"url": "/new"})])
    for method in ("GET", "HEAD"):
        answer = server.ask("/old", method)
        assert (answer.status, answer.headers["Location"]) == (301, "/new")
    assert server.ask("/old", "POST", body=b"").status == 405


def test_temporary_redirect(serve: Serve) -> None:
    """It answers 302 if the redirect is not permanent."""
    server = serve([("/", RedirectHandler, {"url": "https://example.com/", "permanent": False})])
    answer = server.ask("/")
    assert (answer.status, answer.headers["Location"]) == (302, "https://example.com/")


@pytest.mark.parametrize(
    ("pattern", "url", "path", "location"),
    [
        ("/a/(.*)", "/b/{0}", "/a/x", "/b/x"),
        ("/a/(.*)/(.*)", "/b/{1}/{0}", "/a/x/y", "/b/y/x"),
        ("/a/(?P<name>.*)", "/b/{name}", "/a/x", "/b/x"),
        ("/a/(.*)", "/b/{0}", "/a/x%20y%3Fz%C3%A9%25", "/b/x%20y%3Fz%C3%A9%25"),
        ("/a/(.*)", "/b/{0}", "/a/c/d:e", "/b/c/d:e"),
        ("/a(/.*)?", "/b{0}", "/a", "/b"),
        ("/a", "/b", "/a?x=1&y=&x=%26", "/b?x=1&x=%26&y="),
        ("/a", "/b?c=1#d", "/a?x=1", "/b?c=1&x=1#d"),
        ("/a/(.*)", "https://www.example.com/{0}", "/a/x", "https://www.example.com/x"),
        (
            "/a/(.*)",
            "https://www.example.com/b?c={0}",
            "/a//evil",
            "https://www.example.com/b?c=/evil",
        ),
        ("/a(.*)", "{0}", "/a/x", "/x"),
    ],
)
def test_substitution(serve: Serve, pattern: str, url: str, path: str, location: str) -> None:
    """Groups of the route are put into the URL, percent-encoded, and the query is added."""
    answer = serve([(pattern, RedirectHandler, {"url": url})]).ask(path)
    assert (answer.status, answer.headers["Location"]) == (301, location)


@pytest.mark.parametrize(
    ("pattern", "url", "path"),
    [
        ("/a/(.*)", "/{0}/b", "/a//evil.example"),
        ("/a/(.*)", "/{0}", "/a//evil.example"),
        ("/a(.*)", "{0}", "/a//evil.example"),
        ("/a(.*)", "{0}", "/a///evil.example"),
        ("/a/(.*)/b", "/{0}/c", "/a/%2F%2Fevil.example/b"),
        ("/a/(.*)/b", "/{0}/c", "/a/%2F%2F%2Fevil.example/b"),
        ("/a/(.*)", "{0}", "/a/https://evil.example/"),
        ("/a/(.*)", "{0}", "/a/javascript:alert(1)"),
        ("/a/(.*)", "https://www.example.com{0}", "/a/.evil.example"),
        ("/a/(.*)", "https://www.example.com{0}", "/a/@evil.example"),
        ("/a/(.*)", "https://{0}/", "/a/evil.example"),
        ("/a/(.*)", "https:///{0}", "/a/evil.example"),
        ("/a/(.*)", "https:{0}", "/a/evil.example"),
        ("/a/(.*)", "//[{0}", "/a/x"),
    ],
)
def test_group_may_not_choose_the_host(
    serve: Serve, log: Log, pattern: str, url: str, path: str
) -> None:
    """A group that would lead to another scheme or host is answered with 400."""
    answer = serve([(pattern, RedirectHandler, {"url": url})]).ask(path)
    assert answer.status == 400
    assert "Location" not in answer.headers
    assert "would leave the host" in log.take()[0]


def test_url_without_group_may_name_any_host(serve: Serve) -> None:
    """What stands in the route itself is the application's business."""
    server = serve([("/", RedirectHandler, {"url": "//cdn.example/x"})])
    assert server.ask("/?a=b").headers["Location"] == "//cdn.example/x?a=b"
