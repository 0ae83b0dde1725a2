"""The cookies of a test client: those of any client, and what only the application can read."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cyclone_core.httpclient import cookies
from cyclone_core.httpclient.cookies import Cookie, RequestURL
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.testing.messages import Target

if TYPE_CHECKING:
    from cyclone_core.web import Application, RequestHandler

__all__ = ["Cookie", "CookieJar"]


class _URL(NamedTuple):
    scheme: str
    host: str
    target: str


class CookieJar(cookies.CookieJar):
    """What a test client keeps: a mapping of names to cookies, as cyclone 1.x has it.

    It can read and make the signed cookies of an application. All else is as the client has it, see
    `cyclone_core.httpclient.cookies.CookieJar`.
    """

    def __init__(
        self, application: "Application | None" = None, now: Callable[[], float] = time.time
    ) -> None:
        """Make an empty jar.

        Args:
            application: Whose secret signed cookies are read and made with.
            now: Tells the time in seconds since 1970, for the end of cookies.
        """
        super().__init__(now=now)
        self._application = application

    def receive(self, url: RequestURL | Target, headers: HTTPHeaders) -> None:
        """Keep what an answer sets.

        Args:
            url: What was asked for.
            headers: The header fields of the answer.
        """
        super().receive(_url_of(url), headers)

    def header_for(self, url: RequestURL | Target) -> str:
        """Make the `Cookie` header of a request.

        Args:
            url: What is asked for.

        Returns:
            Its value; empty if there is no cookie for it.
        """
        return super().header_for(_url_of(url))

    def set_signed_cookie(self, name: str, value: str | bytes) -> None:
        """Put a cookie into the jar that the application has signed, say to be logged in.

        Args:
            name: Its name.
            value: What is signed.

        Raises:
            RuntimeError: The jar knows no application.
        """
        self.set(name, self._handler("").create_signed_value(name, value))

    set_secure_cookie = set_signed_cookie

    def get_signed_cookie(
        self,
        name: str,
        value: str | None = None,
        max_age_days: float = 31,
        min_version: int | None = None,
    ) -> bytes | None:
        """Read a cookie that the application has signed (cyclone: `get_secure_cookie`).

        Args:
            name: Its name.
            value: The signed value; by default that of the cookie.
            max_age_days: How old the signature may be.
            min_version: The oldest format that is accepted; by default the application's.

        Returns:
            What was signed; None if there is no such cookie, or its signature is no good.

        Raises:
            RuntimeError: The jar knows no application.
        """
        if value is None:
            if name not in self:
                return None
            value = self[name].value
        found: bytes | None = self._handler(f"{name}={value}").get_signed_cookie(
            name, value, max_age_days=max_age_days, min_version=min_version
        )
        return found

    get_secure_cookie = get_signed_cookie

    def _handler(self, header: str) -> "RequestHandler":
        from cyclone_core.web import RequestHandler

        if self._application is None:
            raise RuntimeError(
                "this jar belongs to no application, so it cannot tell signed cookies"
            )
        headers = HTTPHeaders({"Cookie": header} if header else {})
        return RequestHandler(self._application, HTTPServerRequest("GET", "/", headers=headers))


def _url_of(url: RequestURL | Target) -> RequestURL:
    if isinstance(url, Target):
        return _URL(url.protocol, url.host_name, url.path)
    return url
