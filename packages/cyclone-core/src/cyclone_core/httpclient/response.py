"""What a client gets."""

import io
import json
from collections.abc import Mapping
from typing import Any, Final

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.status import reason_phrase
from cyclone_core.httpclient.charsets import decode_text
from cyclone_core.httpclient.errors import HTTPClientError
from cyclone_core.httpclient.request import HTTPRequest
from cyclone_core.httpclient.urls import show_url
from cyclone_core.httputil import HTTPHeaders, parse_cookie
from cyclone_core.httputil.parameters import parse_parameters

__all__ = ["HTTPResponse"]

_SUCCESS: Final = range(200, 300)


class HTTPResponse:
    """An answer (Tornado: `httpclient.HTTPResponse`; cyclone: what `httpclient.fetch` gives).

    Attributes:
        request: What was asked for.
        code: The status.
        reason: The reason phrase.
        headers: The header fields.
        effective_url: The URL of the last of all redirects.
        error: What `rethrow` raises; None if the status is one of 200 to 299.
        request_time: How many seconds it took, without waiting for a free connection.
        time_info: Seconds by name: `queue` (waiting for a free connection) and `connect`, for all redirects
            together; and from the start `starttransfer` (the head of the answer) and `total`.
        start_time: When it was begun, in seconds since 1970.
        trailers: Header fields that came behind the body.
        length: Bytes of the body as they were sent, -1 if nobody has said (cyclone).
    """

    def __init__(
        self,
        request: HTTPRequest,
        code: int,
        headers: HTTPHeaders | None = None,
        buffer: io.BytesIO | None = None,
        effective_url: str | None = None,
        error: BaseException | None = None,
        request_time: float | None = None,
        time_info: Mapping[str, float] | None = None,
        reason: str | None = None,
        start_time: float | None = None,
    ) -> None:
        """Make an answer, as tests of handlers may want to.

        Args:
            request: What was asked for.
            code: The status.
            headers: The header fields.
            buffer: The body.
            effective_url: By default the URL of the request.
            error: By default an `HTTPClientError`, if the status is none of 200 to 299.
            request_time: Seconds.
            time_info: Seconds by name.
            reason: The reason phrase.
            start_time: Seconds since 1970.
        """
        self.request = request
        self.code = code
        self.reason = reason or reason_phrase(code)
        self.headers = HTTPHeaders() if headers is None else headers
        self.effective_url = request.url if effective_url is None else effective_url
        self.request_time = request_time
        self.time_info = time_info or {}
        self.start_time = start_time
        self.trailers = HTTPHeaders()
        self.length = -1
        self._body: bytes | None = None
        self._buffer = buffer
        if error is None and code not in _SUCCESS:
            error = HTTPClientError(code, self.reason, self)
        self.error = error

    @property
    def phrase(self) -> str:
        """The reason phrase (cyclone)."""
        return self.reason

    @property
    def body(self) -> bytes:
        """The body; empty if a callback has taken it."""
        if self._body is None:
            self._body = b"" if self._buffer is None else self._buffer.getvalue()
        return self._body

    @body.setter
    def body(self, value: bytes) -> None:
        self._body = value
        self._buffer = None

    @property
    def buffer(self) -> io.BytesIO:
        """The body as a file (Tornado)."""
        if self._buffer is None:
            self._buffer = io.BytesIO(self._body or b"")
        return self._buffer

    @property
    def text(self) -> str:
        """The body as text, in the charset of `Content-Type` or UTF-8; what is wrong is replaced."""
        try:
            _, given = parse_parameters(self.headers.get("Content-Type", ""))
        except HTTPInputError:
            given = {}  # whatever a server writes there: it is no reason to fail
        return decode_text(self.body, given.get("charset", ""))

    def json(self) -> Any:  # noqa: ANN401 -- whatever the server has sent
        """Read the body as JSON.

        Returns:
            What it says.

        Raises:
            ValueError: It is no JSON.
        """
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("the body is nested too deeply to be read as JSON") from None

    @property
    def cookies(self) -> dict[str, str]:
        """What `Set-Cookie` says, by name, without asking whether a jar would take it."""
        found: dict[str, str] = {}
        for line in self.headers.get_list("Set-Cookie"):
            found.update(parse_cookie(line.partition(";")[0]))
        found.pop("", None)  # what has no name
        return found

    def rethrow(self) -> None:
        """Raise what is in `error`, if there is something.

        Raises:
            HTTPClientError: The status is none of 200 to 299.
        """
        if self.error is not None:
            raise self.error

    def __repr__(self) -> str:
        """Show what one wants to know first, and no secrets of the URL."""
        place = show_url(self.effective_url)
        return f"<{type(self).__name__} {self.code} {self.reason}{place and f', {place}'}>"
