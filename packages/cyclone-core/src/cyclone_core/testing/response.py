"""What a test gets for its request."""

import json
from typing import TYPE_CHECKING, Any

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.parameters import parse_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclone_core.http1 import ResponseHead
    from cyclone_core.httputil import HTTPHeaders
    from cyclone_core.web import RequestHandler

__all__ = ["Response"]


class Response:
    """A complete answer, and the handler that has given it (cyclone 1.x gave the handler itself).

    What a response has not, its handler may have: `response.get_status()` and `response.request` are the
    handler's.

    Attributes:
        version: `"HTTP/1.1"` or `"HTTP/1.0"`, as it was asked.
        status: The status code.
        reason: The reason phrase.
        headers: The header fields.
        content: The body in bytes: without its chunks, else as it was sent.
        url: What was asked for.
        interim: The interim answers (100 to 199) before it, each with `status` and `headers`.
        history: The redirects that led here, the first one first.
    """

    def __init__(
        self,
        head: "ResponseHead",
        content: bytes,
        url: str,
        handler: "RequestHandler | None" = None,
        interim: "Sequence[ResponseHead]" = (),
    ) -> None:
        """Make a response; the client does.

        Args:
            head: Its head.
            content: Its body.
            url: What was asked for.
            handler: The handler that has answered, if it was one.
            interim: The interim answers before it.
        """
        self.version = head.version
        self.status = head.status
        self.reason = head.reason
        self.headers: HTTPHeaders = head.headers
        self.content = content
        self.url = url
        self.interim = list(interim)
        self.history: list[Response] = []
        self._handler = handler

    @property
    def code(self) -> int:
        """The status code, under Tornado's name."""
        return self.status

    @property
    def body(self) -> bytes:
        """The body, under Tornado's name."""
        return self.content

    @property
    def handler(self) -> "RequestHandler":
        """The handler that has answered.

        Raises:
            LookupError: None has: the server refused the request before it looked for one, or
                something else than a `RequestHandler` has answered.
        """
        if self._handler is None:
            raise LookupError(f"no RequestHandler has answered {self.url}: {self!r}")
        return self._handler

    @property
    def text(self) -> str:
        """The body as text: decoded as its content type says, else as UTF-8.

        Raises:
            UnicodeDecodeError: It is no such text.
            LookupError: Nobody knows the encoding.
        """
        try:
            _, parameters = parse_parameters(self.headers.get("Content-Type", ""))
        except HTTPInputError:
            parameters = {}
        return self.content.decode(parameters.get("charset", "utf-8"))

    def json(self) -> Any:  # noqa: ANN401 -- JSON may be anything
        """Decode the body as JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.content)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- the handler's attributes are its own
        """Ask the handler, as tests of cyclone 1.x do."""
        handler = self.__dict__.get("_handler")
        if handler is None:
            raise AttributeError(f"neither a response nor its handler has {name!r}: {self!r}")
        return getattr(handler, name)

    def __repr__(self) -> str:
        """Show what a failing test wants to know first."""
        status = f"{self.__dict__.get('status')} {self.__dict__.get('reason')}"
        return f"<{type(self).__name__} {status}, {len(self.__dict__.get('content', b''))} bytes>"
