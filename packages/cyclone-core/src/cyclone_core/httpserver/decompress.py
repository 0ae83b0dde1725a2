"""Request bodies that came compressed (`decompress_request`).

Theory of operation. The bytes of such a body are bounded as those of any other; its inflated size is
bounded by `max_body_size` as well, which may be set until then. Deflate makes 1032 bytes of one at most,
so 100 KiB may become the 100 MiB that are allowed by default: that takes some tenths of a second, in
turns between which the reactor serves others, and memory only up to `body_memory_limit`. A bound on the
ratio was rejected: logs and sparse tables of honest clients reach hundreds to one, so it would have to
be so high that a smaller `max_body_size` does more.
"""

from types import MappingProxyType
from typing import Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.httputil.inflate import CODINGS

__all__ = ["UnsupportedCoding", "consume_coding"]

_UNSUPPORTED_MEDIA_TYPE: Final = 415


class UnsupportedCoding(HTTPInputError):  # noqa: N818 -- named like the status
    """A body has a coding that is not decoded: status 415 (RFC 9110 section 15.5.16)."""

    http_headers = MappingProxyType({"Accept-Encoding": "gzip, deflate"})

    def __init__(self, coding: str) -> None:
        """Describe the mistake.

        Args:
            coding: The `Content-Encoding` that was sent.
        """
        message = f"a body with Content-Encoding {coding!r} came; gzip or deflate are decoded"
        super().__init__(message, _UNSUPPORTED_MEDIA_TYPE)


def consume_coding(request: HTTPServerRequest) -> str | None:
    """Take the content coding off a request whose body is going to be decoded.

    `Content-Encoding` becomes `X-Consumed-Content-Encoding`, as in Tornado; `Content-Length` remains
    that of what was sent. `identity` is no coding. An unknown coding, and a list of several, which is
    what bombs send and not what clients do, becomes the request's `body_error`.

    Args:
        request: A request whose body is still to come.

    Returns:
        The coding, for `bodies.DecompressedBody`; None if there is none to decode.
    """
    headers = request.headers
    sent = headers.get("Content-Encoding", "")
    codings = [name for each in sent.split(",") if (name := each.strip(" \t").lower())]
    codings = [name for name in codings if name != "identity"]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in CODINGS:
        request.body_error = UnsupportedCoding(sent)
        return None
    headers["X-Consumed-Content-Encoding"] = sent
    del headers["Content-Encoding"]
    return codings[0]
