"""Sending clients elsewhere, and only where the application wants them to go."""

import re
from typing import Final
from urllib.parse import quote

from cyclone_core.web.output import OutputMethods

__all__ = ["RedirectMethods", "as_browser_reads", "leaves_site"]

# Browsers drop tabs and line ends anywhere, and white space at both ends.
_IGNORED: Final = re.compile(r"[\x00-\x20]")

_MANY_SLASHES: Final = re.compile(r"^/{3,}")

_REDIRECTS: Final = range(300, 400)

_ASCII: Final = "".join([chr(code) for code in range(128)])


class RedirectMethods(OutputMethods):
    """The method of `RequestHandler` that redirects."""

    def redirect(self, url: str, permanent: bool = False, status: int | None = None) -> None:
        """Send the client to another URL, and finish the answer.

        The URL is sent as given: a relative one is resolved by the client, and only what is not ASCII
        is percent-encoded. Whoever redirects to what a client has sent must check it, see
        `leaves_site`.

        Args:
            url: Where to go.
            permanent: Answer 301 and not 302.
            status: 300 to 399, which overrides `permanent`.

        Raises:
            RuntimeError: The head of the answer is out already.
            ValueError: The status is no redirect, or the URL holds what no header may hold.
        """
        if self._headers_written:
            raise RuntimeError("cannot redirect() when the head of the answer was sent")
        if status is None:
            status = 301 if permanent else 302
        elif status not in _REDIRECTS:
            raise ValueError(f"the status of a redirect is 300 to 399, not {status!r}")
        self._headers["Location"] = _location(url)
        self.set_status(status)
        self.finish()


def as_browser_reads(url: str) -> str:
    """Write a URL as browsers understand it: without white space, and with slashes for backslashes.

    The host stands behind two slashes or more.

    Args:
        url: What would be the `Location` of a redirect.

    Returns:
        The URL, in which scheme and host are where RFC 3986 has them.

    Source: WHATWG URL, section 4.4.
    """
    return _MANY_SLASHES.sub("//", _IGNORED.sub("", url).replace("\\", "/"))


def leaves_site(url: str) -> bool:
    """Tell whether a browser that follows a URL may leave the site.

    Args:
        url: What would be the `Location` of a redirect.

    Returns:
        False for a path on the same host, with or without query and fragment.
    """
    cleaned = as_browser_reads(url)
    return cleaned[:2] == "//" or ":" in re.split("[/?#]", cleaned, maxsplit=1)[0]


def _location(url: object) -> str:
    if isinstance(url, bytes):
        url = url.decode("utf-8", "surrogateescape")
    if not isinstance(url, str):
        raise TypeError(f"redirect() takes a URL as str or bytes, not {url!r}")
    # A header has no encoding; what browsers make of other bytes in it is theirs to guess.
    return str.__str__(url) if url.isascii() else quote(url, _ASCII, errors="surrogateescape")
