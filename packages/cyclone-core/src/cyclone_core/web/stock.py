"""Handlers that an application need not write itself."""

import string
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from cyclone_core.web.errors import HTTPError
from cyclone_core.web.handler import RequestHandler
from cyclone_core.web.redirects import as_browser_reads

__all__ = ["ErrorHandler", "RedirectHandler", "ServerOptionsHandler"]

# RFC 3986 section 3.3: what a path may hold unencoded, and the slash.
_PATH_CHARACTERS: Final = "/:@!$&'()*+,;=~"


class ErrorHandler(RequestHandler):
    """Answers every request with one status (Tornado and cyclone: `web.ErrorHandler`)."""

    def initialize(self, status_code: int) -> None:  # type: ignore[override]
        """Set the status, which a derived class may answer with by itself.

        Args:
            status_code: 400 to 599.
        """
        self.set_status(status_code)

    def prepare(self) -> None:
        """Answer.

        Raises:
            HTTPError: Always.
        """
        raise HTTPError(self._status_code)

    def _check_forgery(self) -> None:
        """Allow all: nothing is done here, and what is wrong is told best by the status."""


class ServerOptionsHandler(RequestHandler):
    """Answers `OPTIONS *`, which asks about the server as a whole (RFC 9110 section 9.3.7)."""

    def options(self) -> None:
        """List the methods that handlers may have."""
        self.set_status(204)
        self.set_header("Allow", ", ".join(self.SUPPORTED_METHODS))


class RedirectHandler(RequestHandler):
    """Sends clients elsewhere (Tornado and cyclone: `web.RedirectHandler`).

    ::

        Application(
            [
                (r"/old/(.*)", RedirectHandler, {"url": "/new/{0}"}),
                (r"/photos", RedirectHandler, {"url": "https://photos.example.com/", "permanent": False}),
            ]
        )

    `{0}` or `{name}` in the URL is replaced by a group of the route, percent-encoded; the query of the
    request is added. The URL may name any host, but a group cannot choose it.
    """

    def initialize(self, url: str, permanent: bool = True) -> None:  # type: ignore[override]
        """Take the URL.

        Args:
            url: Where to go.
            permanent: Answer 301, which browsers remember, and not 302.
        """
        self._url = url
        self._permanent = permanent

    def get(self, *args: str | None, **kwargs: str | None) -> None:
        """Redirect.

        Args:
            args: Values of the route's unnamed groups.
            kwargs: Values of the route's named groups.

        Raises:
            HTTPError: A group would change scheme or host of the URL: status 400.
        """
        values = [_encoded(value) for value in args]
        named = {name: _encoded(value) for name, value in kwargs.items()}
        url = self._url.format(*values, **named)
        if not _keeps_origin(self._url, url):
            raise HTTPError(
                400, "the redirect to %r would leave the host that its route names", url
            )
        self.redirect(self._with_query(url), permanent=self._permanent)

    def _with_query(self, url: str) -> str:
        arguments = self.request.query_arguments
        if not arguments:
            return url
        address, hash_mark, fragment = url.partition("#")
        separator = "&" if "?" in address else "?"
        pairs = [(name, value) for name, values in arguments.items() for value in values]
        query = urlencode([(name.encode("latin-1"), value) for name, value in pairs])
        return f"{address}{separator}{query}{hash_mark}{fragment}"


def _encoded(value: str | None) -> str:
    return "" if value is None else quote(value, safe=_PATH_CHARACTERS)


def _keeps_origin(template: str, url: str) -> bool:
    """Tell whether scheme and host of a URL are those of its template, before the first group."""
    literal, has_group = "", False
    for text, field, _, _ in string.Formatter().parse(template):
        literal += text
        if field is not None:
            has_group = True
            break
    if not has_group:
        return True
    try:
        wanted = urlsplit(as_browser_reads(literal))[:2]
        found = urlsplit(as_browser_reads(url))[:2]
    except ValueError:
        return False
    # Behind `https:` browsers take the first segment for the host, however many slashes there are.
    return wanted == found and not (wanted[0] and not wanted[1])
