"""Sending clients elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.web import RequestHandler
from cyclone_core.web.redirects import leaves_site

Serve = Callable[..., Any]


def redirecting(*args: Any, **kwargs: Any) -> type[RequestHandler]:  # noqa: ANN401 -- passed on
    """A handler that redirects; what that raises is its answer."""

    class Handler(RequestHandler):
        def get(self) -> None:
            try:
                self.redirect(*args, **kwargs)
            except (TypeError, ValueError) as error:
                self.write(f"{type(error).__name__}: {error}")

    return Handler


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 302),
        ({"permanent": True}, 301),
        ({"status": 303}, 303),
        ({"status": 308, "permanent": True}, 308),
        ({"status": 399}, 399),
    ],
)
def test_status(serve: Serve, more: dict[str, Any], status: int) -> None:
    """A redirect is 302, or 301, or what was asked for; the answer has no body."""
    answer = serve(redirecting("/b", **more)).ask()
    assert (answer.status, answer.headers["Location"], answer.body) == (status, "/b", b"")


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("b?c=d#e", "b?c=d#e"),
        ("https://example.com/x%20y", "https://example.com/x%20y"),
        ("//example.com/", "//example.com/"),
        ("/a b", "/a b"),
        ("/é/%C3%A9", "/%C3%A9/%C3%A9"),
        ("/\u4e2d", "/%E4%B8%AD"),
        (b"/bytes", "/bytes"),
        (b"/\xc3\xa9", "/%C3%A9"),
        (b"/\xff", "/%FF"),
    ],
)
def test_location(serve: Serve, url: str | bytes, location: str) -> None:
    """The URL is sent as given, only what is not ASCII is percent-encoded."""
    assert serve(redirecting(url)).ask().headers["Location"] == location


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("/a\r\nX: y",), "ValueError: "),
        (("/a\x00",), "ValueError: "),
        (("/\x7f",), "ValueError: "),
        (("/", False, 200), "ValueError: the status of a redirect is 300 to 399, not 200"),
        (("/", False, 400), "ValueError: the status of a redirect is 300 to 399, not 400"),
        ((None,), "TypeError: redirect() takes a URL as str or bytes, not None"),
    ],
)
def test_refused(serve: Serve, arguments: tuple[Any, ...], message: str) -> None:
    """What cannot be sent is refused at the call, and nothing of it is sent."""
    answer = serve(redirecting(*arguments)).ask()
    assert answer.status == 200
    assert answer.text.startswith(message)
    assert "Location" not in answer.headers


def test_too_late(serve: Serve) -> None:
    """When the head is out nobody can be sent elsewhere, which is an error."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.flush()
            try:
                self.redirect("/")
            except RuntimeError as error:
                self.write(str(error))

    answer = serve(Handler).ask()
    assert answer.text == "cannot redirect() when the head of the answer was sent"


def test_written_before(serve: Serve) -> None:
    """What was written before is the body, as in Tornado."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.write("go there")
            self.redirect("/there")

    answer = serve(Handler).ask()
    assert (answer.status, answer.text) == (302, "go there")


@pytest.mark.parametrize(
    "url",
    [
        "//evil",
        "/\\evil",
        "\\\\evil",
        "\\/evil",
        " //evil",
        "/\t/evil",
        "/\n\\evil",
        "\x00//evil",
        "http://evil",
        "HTTPS:evil",
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "x:y/z",
    ],
)
def test_leaving_the_site(url: str) -> None:
    """What browsers read as another host or scheme leaves the site, however it is written."""
    assert leaves_site(url)


@pytest.mark.parametrize(
    "url", ["", "/", "/a//b", "a/b:c", "?x=//y", "#a:b", "/:", "./a:b", "/a\\b"]
)
def test_staying_on_the_site(url: str) -> None:
    """A path, a query or a fragment stays."""
    assert not leaves_site(url)


@given(st.text(alphabet="/\\:a \t?#@."))
def test_staying_means_staying(url: str) -> None:
    """Where a browser would find a host or a scheme, we find one too."""
    cleaned = "".join([c for c in url if c > " "]).replace("\\", "/")
    if cleaned.startswith("//"):
        assert leaves_site(url)
    elif cleaned.startswith(("/", "?", "#")):
        assert not leaves_site(url)
