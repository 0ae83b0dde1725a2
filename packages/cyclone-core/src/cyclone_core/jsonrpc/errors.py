"""What goes wrong between two ends of JSON-RPC.

```
CycloneError
├── JsonRpcError               the other end says that a call has failed, or we say so; it has a code
│   ├── ParseError               -32700: what was sent is no JSON
│   ├── InvalidRequestError      -32600: it is JSON, but no call
│   ├── MethodNotFoundError      -32601: there is no such method
│   ├── InvalidParamsError       -32602: the method does not take these parameters
│   └── InternalError            -32603: something else went wrong
└── InvalidResponseError       what a server has answered is no answer to what it was asked
```

What goes wrong below JSON-RPC, in HTTP or in the network, is an `HTTPClientError`.
"""

from typing import Any, ClassVar

from cyclone_core.errors import CycloneError

__all__ = [
    "InternalError",
    "InvalidParamsError",
    "InvalidRequestError",
    "InvalidResponseError",
    "JsonRpcError",
    "MethodNotFoundError",
    "ParseError",
    "make_error",
]


class JsonRpcError(CycloneError):
    """A call has failed (JSON-RPC 2.0 section 5.1).

    Attributes:
        code: What kind of failure it is. -32768 to -32000 are the specification's; 0 if the other end,
            which speaks 1.0, has given none.
        message: What has happened, in a sentence. It is the text of the exception, too.
        data: More about it, of any form that JSON has; None for nothing.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:  # noqa: ANN401 -- any JSON
        """Describe a failure.

        Args:
            code: What kind it is: an integer outside of -32768 to -32000, or one of -32099 to -32000 for
                what is wrong with the server.
            message: What has happened. The other end gets it.
            data: More about it.
        """
        super().__init__(code, message, data)
        self.code = code
        self.message = message
        self.data = data

    def __str__(self) -> str:
        """Give the message, as clients of cyclone 1.x expect it."""
        return self.message

    def __repr__(self) -> str:
        """Show the code, too; not the data, which may be long or secret."""
        return f"{type(self).__name__}({self.code}, {self.message!r})"

    def to_object(self) -> dict[str, Any]:
        """Make the error object that stands in a response.

        Returns:
            Its members; `data` only if there is some.
        """
        members: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            members["data"] = self.data
        return members


class _StandardError(JsonRpcError):
    """An error whose code and message the specification has."""

    CODE: ClassVar[int]
    MESSAGE: ClassVar[str]

    def __init__(self, message: str | None = None, data: Any = None) -> None:  # noqa: ANN401 -- as above
        """Describe a failure.

        Args:
            message: What has happened; by default the words of the specification.
            data: More about it.
        """
        super().__init__(self.CODE, self.MESSAGE if message is None else message, data)
        # What the class is called with, so that the error can be pickled and copied.
        self.args = (self.message, data)


class ParseError(_StandardError):
    """What was sent is no JSON, or more of it than is read."""

    CODE = -32700
    MESSAGE = "Parse error"


class InvalidRequestError(_StandardError):
    """What was sent is JSON, but neither a call nor a batch of them."""

    CODE = -32600
    MESSAGE = "Invalid Request"


class MethodNotFoundError(_StandardError):
    """There is no such method."""

    CODE = -32601
    MESSAGE = "Method not found"


class InvalidParamsError(_StandardError):
    """The method does not take these parameters."""

    CODE = -32602
    MESSAGE = "Invalid params"


class InternalError(_StandardError):
    """Something went wrong that is not the caller's business."""

    CODE = -32603
    MESSAGE = "Internal error"


class InvalidResponseError(CycloneError, ValueError):
    """What a server has answered is no JSON-RPC, or no answer to what it was asked."""


_STANDARD = {
    kind.CODE: kind
    for kind in (
        ParseError,
        InvalidRequestError,
        MethodNotFoundError,
        InvalidParamsError,
        InternalError,
    )
}


def make_error(code: int, message: str, data: Any = None) -> JsonRpcError:  # noqa: ANN401 -- as above
    """Make the exception that belongs to a code.

    Args:
        code: The code.
        message: The message.
        data: More about it.

    Returns:
        An instance of the class for the code, of `JsonRpcError` if there is none.
    """
    kind = _STANDARD.get(code)
    return JsonRpcError(code, message, data) if kind is None else kind(message, data)
