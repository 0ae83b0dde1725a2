"""Protection by what browsers say about the origin of a request."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web import ErrorHandler, RequestHandler, stream_request_body
from cyclone_core.web.origins import cross_origin_error

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported
Value = Any

TRUSTED = "https://trusted.example.com"
EVIL = "https://evil.example.com"
SAME = "0123456789abcdef0123456789abcdef"


class Page(RequestHandler):
    """Takes what comes."""

    def get(self) -> None:
        """Take."""
        self.write("ok")

    post = put = patch = delete = get


def error_for(
    origin: str | None = None,
    site: str | None = None,
    host: str | None = "test:8888",
    trusted: Callable[[str], bool] = lambda origin: origin == TRUSTED,
) -> str | None:
    """What is wrong with a request that has these headers."""
    fields = {"Origin": origin, "Sec-Fetch-Site": site, "Host": host}
    store: dict[str, str | list[str]] = {
        name: value for name, value in fields.items() if value is not None
    }
    request = HTTPServerRequest("POST", "/", headers=HTTPHeaders.from_store(store))
    return cross_origin_error(request, trusted)


@pytest.mark.parametrize(
    ("site", "origin", "allowed"),
    [
        ("same-origin", None, True),
        ("same-origin", EVIL, True),
        ("none", None, True),
        ("none", "null", True),
        ("same-site", None, False),
        ("same-site", "http://other.test:8888", False),
        ("cross-site", None, False),
        ("cross-site", "", False),
        ("cross-site", EVIL, False),
        ("cross-site", "http://test:8888", False),
        ("cross-site", TRUSTED, True),
        ("same-site", TRUSTED, True),
        ("", None, False),
        ("Same-Origin", None, False),
        ("same-origin, cross-site", None, False),
        (None, None, True),
        (None, "http://test:8888", True),
        (None, "https://test:8888", True),
        (None, "HTTP://TEST:8888", True),
        (None, "http://test:8888/a/b", True),
        (None, TRUSTED, True),
        (None, TRUSTED + "/", False),
        (None, TRUSTED.replace("https", "http"), False),
        (None, TRUSTED.upper(), False),
        (None, EVIL, False),
        (None, "http://test", False),
        (None, "http://test:80", False),
        (None, "http://evil.test:8888", False),
        (None, "http://test:8888.evil", False),
        (None, "http://me@test:8888", False),
        (None, "http://evil\\@test:8888", False),
        (None, "http://test:8888?", False),
        (None, "http://test:8888 http://evil", False),
        (None, "null", False),
        (None, "", False),
        (None, "test:8888", False),
        (None, "//test:8888", False),
        (None, "ftp://test:8888", False),
        (None, "http://[", False),
    ],
)
def test_rules(site: str | None, origin: str | None, allowed: bool) -> None:
    """`Sec-Fetch-Site` decides if it is there; else `Origin` does; who sends neither is no browser."""
    error = error_for(origin, site)
    assert (error is None) == allowed
    if error is not None:
        assert (repr(origin) if origin else "origin") in error


@pytest.mark.parametrize("origin", ["null", "http://", "http:///", "", "://"])
def test_no_host(origin: str) -> None:
    """An origin without a host is not that of a request without one."""
    assert error_for(origin, host=None) is not None
    assert error_for(origin, host="") is not None


def test_host_in_any_case() -> None:
    """The case of the host's letters does not matter."""
    assert error_for("http://test", host="TEST") is None


def test_trusted_is_asked_last() -> None:
    """Who decides about origins is only asked about those of other sites."""
    asked: list[str] = []

    def trusted(origin: str) -> bool:
        asked.append(origin)
        return True

    for site, origin in (("same-origin", EVIL), ("none", EVIL), (None, "http://test:8888")):
        assert error_for(origin, site, trusted=trusted) is None
    assert error_for(None, "cross-site", trusted=trusted) is not None
    assert asked == []
    assert error_for(EVIL, "cross-site", trusted=trusted) is None
    assert error_for("null", trusted=trusted) is None
    assert asked == [EVIL, "null"]


@given(st.text(), st.none() | st.text(), st.text())
def test_anything(origin: str, site: str | None, host: str) -> None:
    """Whatever a client sends is allowed or not, and no error."""
    error = error_for(origin, site, host, lambda _: False)
    allowed = site in {"same-origin", "none"}
    if site is None:
        scheme, _, rest = origin.lower().partition("://")
        authority = rest.partition("/")[0]
        allowed = scheme in {"http", "https"} and authority == (host.lower() or "127.0.0.1")
    assert (error is None) == allowed


# In a handler.


def test_setting(serve: Serve, log: Log) -> None:
    """With the setting a request from elsewhere is refused before `prepare`: 403."""
    prepared = []

    class Handler(Page):
        def prepare(self) -> None:
            prepared.append(self.request.headers["Origin"])

        def check_origin(self, origin: str) -> bool:
            raise AssertionError(origin)  # that is for WebSockets

    server = serve(Handler, cross_origin_protection=True, trusted_origins=[TRUSTED])
    evil = {"Sec_Fetch_Site": "cross-site", "Origin": EVIL}
    trusted = {"Sec_Fetch_Site": "cross-site", "Origin": TRUSTED}
    assert server.ask("/", "POST", body=b"", **evil).status == 403
    assert [EVIL in line for line in log.take("cyclone.web")] == [True]
    assert server.ask("/", "POST", body=b"", Origin=EVIL).status == 403
    assert server.ask("/", "POST", body=b"", **trusted).status == 200
    assert server.ask("/", "POST", body=b"", Origin=TRUSTED).status == 200
    assert server.ask("/", "POST", body=b"", Origin="http://test").status == 200
    assert prepared == [TRUSTED, TRUSTED, "http://test"]


def test_off(serve: Serve) -> None:
    """Without the setting every origin may send requests."""
    for settings in ({}, {"cross_origin_protection": False, "trusted_origins": []}):
        answer = serve(Page, **settings).ask("/", "POST", body=b"", Sec_Fetch_Site="cross-site")
        assert answer.status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "TRACE"])
def test_unsafe_methods(serve: Serve, method: str) -> None:
    """Every method is checked that may change something."""

    class Handler(Page):
        SUPPORTED_METHODS = (*RequestHandler.SUPPORTED_METHODS, "TRACE")

        trace = Page.get

    server = serve(Handler, cross_origin_protection=True)
    assert server.ask("/", method, Sec_Fetch_Site="cross-site").status == 403
    assert server.ask("/", method, Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_safe_methods(serve: Serve, method: str) -> None:
    """Methods that change nothing are not, not even with an upgrade, which `check_origin` is for."""
    headers = {"Sec_Fetch_Site": "cross-site", "Origin": EVIL, "Upgrade": "websocket"}
    answer = serve(Page, cross_origin_protection=True).ask("/", method, **headers)
    assert answer.status in {200, 204}


def test_override(serve: Serve) -> None:
    """`check_trusted_origin` may be overridden."""

    class Handler(Page):
        def check_trusted_origin(self, origin: str) -> bool:
            return origin.endswith(".example.com") or super().check_trusted_origin(origin)

    server = serve(Handler, cross_origin_protection=True, trusted_origins=("https://a.b",))
    for origin, status in ((EVIL, 200), ("https://a.b", 200), ("https://a.b.c", 403)):
        assert server.ask("/", "POST", body=b"", Origin=origin).status == status


def test_with_token(serve: Serve) -> None:
    """Together with `xsrf_cookies` both must pass; `no_xsrf` excepts from the token alone."""

    class Excepted(Page):
        no_xsrf = True

    token = {"Cookie": f"_xsrf={SAME}", "X_Xsrftoken": SAME}
    ours, evil = {"Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "cross-site"}
    server = serve(
        [("/", Page), ("/api", Excepted)], xsrf_cookies=True, cross_origin_protection=True
    )
    assert server.ask("/", "POST", body=b"", **token, **ours).status == 200
    assert server.ask("/", "POST", body=b"", **ours).status == 403
    assert server.ask("/", "POST", body=b"", **token, **evil).status == 403
    assert server.ask("/api", "POST", body=b"", **ours).status == 200
    assert server.ask("/api", "POST", body=b"", **evil).status == 403


def test_error_handler(serve: Serve) -> None:
    """What is not there is not there, wherever a request comes from."""
    routes = [("/error", ErrorHandler, {"status_code": 417})]
    server = serve(routes, cross_origin_protection=True)
    for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": EVIL}):
        assert server.ask("/error", "POST", body=b"", **headers).status == 417
        assert server.ask("/404", "POST", body=b"", **headers).status == 404


def test_streaming(serve: Serve) -> None:
    """A request whose body comes in pieces is refused before the first of them."""
    taken: list[bytes] = []

    @stream_request_body
    class Handler(Page):
        def data_received(self, chunk: bytes) -> None:
            taken.append(chunk)

    server = serve(Handler, cross_origin_protection=True)
    assert server.ask("/", "POST", body=b"a", Origin=EVIL).status == 403
    assert server.ask("/", "POST", body=b"b", Origin="http://test").status == 200
    assert taken == [b"b"]


@pytest.mark.parametrize("setting", ["https://a.b.c", b"https://a.b.c"])
def test_bad_setting(serve: Serve, log: Log, setting: Value) -> None:
    """Text for `trusted_origins` is refused: each part of it would be trusted."""
    server = serve(Page, cross_origin_protection=True, trusted_origins=setting)
    assert server.ask("/", "POST", body=b"", Origin="https://a.b").status == 500
    (failure,) = log.failures()
    assert isinstance(failure, ValueError)
    assert "'trusted_origins'" in str(failure)
