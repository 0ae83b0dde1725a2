"""What goes wrong between a client and the server that it asks.

```
CycloneError
├── InvalidRequest              the program asks for what cannot be asked; also a ValueError
└── HTTPClientError (HTTPError) no answer (599), or one whose status is none of 200 to 299
    ├── HTTPTimeoutError          also the built-in TimeoutError
    │   ├── QueueTimeout            `max_clients` were busy for too long
    │   ├── ConnectTimeout          there was no connection in time
    │   ├── RequestTimeout          the whole took longer than `request_timeout`
    │   └── IdleTimeout             the server fell silent in the middle
    ├── ConnectError              there is no connection; also the built-in ConnectionError
    │   ├── ResolveError            the name has no address
    │   ├── TLSHandshakeError       the server cannot be trusted, or speaks no TLS that we do
    │   └── ProxyError              the proxy refuses
    ├── HTTPStreamClosedError     the connection ended before the answer did; also a ConnectionError
    ├── BadResponse               what the server has sent is no HTTP
    │   └── ResponseTooLarge        it is more than is allowed
    └── TooManyRedirects          one redirect led to the next; the status and the answer are the last one's
        └── UnsafeRedirect          a redirect leads to what is neither http nor https
```

The exception of Twisted that stands behind one of them is its `__cause__`.
"""

from typing import TYPE_CHECKING, Final

from cyclone_core.errors import CycloneError
from cyclone_core.http1.status import reason_phrase

if TYPE_CHECKING:
    from cyclone_core.httpclient.response import HTTPResponse

__all__ = [
    "BadResponse",
    "ConnectError",
    "ConnectTimeout",
    "HTTPClientError",
    "HTTPError",
    "HTTPStreamClosedError",
    "HTTPTimeoutError",
    "IdleTimeout",
    "InvalidRequest",
    "ProxyError",
    "QueueTimeout",
    "RequestTimeout",
    "ResolveError",
    "ResponseTooLarge",
    "TLSHandshakeError",
    "TooManyRedirects",
    "UnsafeRedirect",
]

NO_ANSWER: Final = 599
"""The code of an error without an answer (Tornado: the same)."""


class InvalidRequest(CycloneError, ValueError):  # noqa: N818 -- an error by its base
    """The program asks for what cannot be asked: a URL that is none, a header that splits the message."""


class HTTPClientError(CycloneError):
    """A request has failed (Tornado: `httpclient.HTTPClientError`; cyclone: `httpclient.HTTPError`).

    Attributes:
        code: The status of the answer, 599 if there is none.
        message: What has happened; the reason phrase of the answer if there is one.
        response: The answer, if there is one.
    """

    def __init__(
        self, code: int, message: str | None = None, response: "HTTPResponse | None" = None
    ) -> None:
        """Describe what has happened.

        Args:
            code: The status, 599 for none.
            message: By default the phrase that belongs to the status.
            response: The answer.
        """
        message = message or reason_phrase(code)
        # All of them, so that the error can be pickled and copied. Not through `super()`: some are
        # OSErrors, too, which would take the code for their errno.
        Exception.__init__(self, code, message, response)
        self.code = code
        self.message = message
        self.response = response

    def __str__(self) -> str:
        """Show status and message."""
        return f"HTTP {self.code}: {self.message}"

    def __repr__(self) -> str:
        """Show the class, too: several share a code."""
        return f"{type(self).__name__}({self.code}, {self.message!r})"


HTTPError = HTTPClientError


class _NoAnswerError(HTTPClientError):
    """There is no answer; the message says why."""

    def __init__(
        self, message: str, code: int = NO_ANSWER, response: "HTTPResponse | None" = None
    ) -> None:
        """Describe what has happened.

        Args:
            message: What, where and, if anything can be done, what.
            code: The status, if there is one all the same.
            response: What there is of an answer.
        """
        super().__init__(code, message, response)
        self.args = (message, code, response)


class HTTPTimeoutError(_NoAnswerError, TimeoutError):
    """It took too long (Tornado: `simple_httpclient.HTTPTimeoutError`)."""


class QueueTimeout(HTTPTimeoutError):  # noqa: N818 -- an error by its base; the name says which
    """All connections that the client may have were in use for too long."""


class ConnectTimeout(HTTPTimeoutError):  # noqa: N818 -- as above
    """There was no connection within `connect_timeout`."""


class RequestTimeout(HTTPTimeoutError):  # noqa: N818 -- as above
    """The whole took longer than `request_timeout`."""


class IdleTimeout(HTTPTimeoutError):  # noqa: N818 -- as above
    """The server neither sent nor took anything for `idle_timeout`."""


class ConnectError(_NoAnswerError, ConnectionError):
    """There is no connection to the server."""


class ResolveError(ConnectError):
    """The name of the server has no address."""


class TLSHandshakeError(ConnectError):
    """The server's certificate is not trusted, or nothing could be agreed on."""


class ProxyError(ConnectError):
    """The proxy does not let us through; `code` is the status that it gave, 599 if none."""


class HTTPStreamClosedError(_NoAnswerError, ConnectionError):
    """The connection ended before the answer did (Tornado: `simple_httpclient.HTTPStreamClosedError`)."""


class BadResponse(_NoAnswerError):  # noqa: N818 -- as above
    """What the server has sent breaks the rules of HTTP."""


class ResponseTooLarge(BadResponse):
    """Head or body of the answer are larger than is allowed."""


class TooManyRedirects(HTTPClientError):  # noqa: N818 -- as above
    """One redirect led to the next, more often than `max_redirects`."""


class UnsafeRedirect(TooManyRedirects):
    """A redirect leads where none is followed: to another scheme than http and https."""
