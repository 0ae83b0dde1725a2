"""How applications use cookies, signed values and XSRF tokens; read by type checkers only, never run."""

import datetime as dt
import time
from http.cookies import SimpleCookie
from typing import assert_type

from cyclone_core.httputil import HTTPServerRequest, parse_cookie
from cyclone_core.web import (
    DEFAULT_SIGNED_VALUE_MIN_VERSION,
    DEFAULT_SIGNED_VALUE_VERSION,
    MAX_SUPPORTED_SIGNED_VALUE_VERSION,
    MIN_SUPPORTED_SIGNED_VALUE_VERSION,
    Application,
    RequestHandler,
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)


class Plain(RequestHandler):
    """Reads and sets cookies."""

    no_xsrf = True

    def get(self) -> None:
        assert_type(self.get_cookie("a"), str | None)
        assert_type(self.get_cookie("a", "b"), str)
        assert_type(self.cookies, SimpleCookie)
        value: str = self.request.cookies["a"].value
        self.write(value)
        self.set_cookie("a", "b")
        self.set_cookie("a", b"b", "example.com", dt.datetime.now(dt.UTC), "/", 1.5)
        self.set_cookie("a", "b", expires=time.gmtime(), path=None)
        self.set_cookie("a", "b", expires=time.time() + 5, max_age=5, HttpOnly=True)
        self.set_cookie("a", "b", secure=True, httponly=False, samesite="Lax", partitioned=True)
        self.clear_cookie("a")
        self.clear_cookie("a", "/", "example.com", samesite="None")
        self.clear_all_cookies(domain="example.com", secure=True)


class Signed(RequestHandler):
    """Reads and sets signed cookies."""

    xsrf_cookie_name = "_csrf"

    def initialize(self, api: bool) -> None:  # type: ignore[override]
        self.no_xsrf = api
        self.xsrf_cookie_name = "_api"

    def get_current_user(self) -> bytes | None:
        return self.get_signed_cookie("user", max_age_days=0.5, min_version=1)

    def check_trusted_origin(self, origin: str) -> bool:
        return origin.endswith(".example.com") or super().check_trusted_origin(origin)

    def check_xsrf_cookie(self) -> None:
        if "Authorization" not in self.request.headers:
            super().check_xsrf_cookie()

    def post(self) -> None:
        self.set_signed_cookie("user", "me", expires_days=None, version=2, domain="example.com")
        self.set_secure_cookie("user", b"me")
        assert_type(self.get_signed_cookie("user"), bytes | None)
        assert_type(self.get_secure_cookie("user", "2|..."), bytes | None)
        assert_type(self.create_signed_value("user", "me"), bytes)
        assert_type(self.get_signed_cookie_key_version("user"), int | None)
        assert_type(self.get_secure_cookie_key_version("user", b"2|..."), int | None)
        assert_type(self.xsrf_token, bytes)
        assert_type(self.xsrf_form_html(), str)


def functions(request: HTTPServerRequest) -> None:
    """Use the functions."""
    assert_type(parse_cookie("a=b"), dict[str, str])
    assert_type(request.get_cookie("a"), str | None)
    keys = {1: "old", 2: "new"}
    assert_type(create_signed_value("secret", "a", "b"), bytes)
    create_signed_value(keys, "a", b"b", 2, time.time, key_version=2)
    assert_type(decode_signed_value(b"secret", "a", None), bytes | None)
    decode_signed_value(keys, "a", "2|...", 0.5, lambda: 5, min_version=1)
    decode_signed_value({1: b"old"}, "a", b"2|...", max_age_days=2)
    assert_type(get_signature_key_version(b"2|..."), int | None)
    versions: list[int] = [
        DEFAULT_SIGNED_VALUE_MIN_VERSION,
        DEFAULT_SIGNED_VALUE_VERSION,
        MAX_SUPPORTED_SIGNED_VALUE_VERSION,
        MIN_SUPPORTED_SIGNED_VALUE_VERSION,
    ]
    Application(cookie_secret=keys, key_version=2, signed_cookie_min_version=min(versions))
