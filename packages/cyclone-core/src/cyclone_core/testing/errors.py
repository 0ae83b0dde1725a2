"""What goes wrong between a test and the server that it asks.

```
CycloneError
└── ClientError         the root of what the clients of this package raise
    ├── AnswerLost        the connection ended before the answer did
    ├── BadAnswer         what the server has sent is no HTTP answer
    └── TooManyRedirects  one redirect led to the next
AssertionError
├── LogMissing          `ExpectLog` has not seen what it was told to expect
└── NotFired            `result_of` was asked for what has not come yet
```
"""

from cyclone_core.errors import CycloneError
from cyclone_core.httputil import HTTPHeaders

__all__ = [
    "AnswerLost",
    "BadAnswer",
    "ClientError",
    "LogMissing",
    "NotFired",
    "TooManyRedirects",
]


class ClientError(CycloneError):
    """The root of what the clients of this package raise."""


class AnswerLost(ClientError):  # noqa: N818 -- it says what has happened to the answer
    """The connection ended before the answer did.

    Attributes:
        status: The status code, if the head of the answer had come.
        headers: Its header fields, if they had.
        content: What had come of the body.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        headers: HTTPHeaders | None = None,
        content: bytes = b"",
    ) -> None:
        """Describe an answer that is not complete."""
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.content = content


class BadAnswer(ClientError):  # noqa: N818 -- as above
    """What the server has sent is no HTTP answer."""


class TooManyRedirects(ClientError):  # noqa: N818 -- as above
    """One redirect led to the next, more often than was allowed."""


class LogMissing(AssertionError):  # noqa: N818 -- as above
    """`ExpectLog` has not seen what it was told to expect."""


class NotFired(AssertionError):  # noqa: N818 -- as above
    """`result_of` was asked for what has not come yet."""
