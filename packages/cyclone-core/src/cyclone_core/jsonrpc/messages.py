"""What the two ends of JSON-RPC say to each other, as Python has it."""

from typing import Any, Literal, NamedTuple

from cyclone_core.jsonrpc.errors import JsonRpcError

__all__ = [
    "Call",
    "Notification",
    "Params",
    "Request",
    "Response",
    "Version",
    "make_params",
]

Version = Literal["1.0", "2.0"]
"""Messages of 2.0 have a member `jsonrpc`, those of 1.0 have not."""

Params = list[Any] | dict[str, Any]
"""The parameters of a call, by position or by name; by name in 2.0 alone."""


class Request(NamedTuple):
    """A call that wants an answer.

    Attributes:
        method: The name of the method.
        params: Its parameters.
        id: By what caller and answer are matched: text, a number or None; in 1.0 anything but None.
        version: The version of the protocol.
    """

    method: str
    params: Params
    id: Any
    version: Version = "2.0"


class Notification(NamedTuple):
    """A call that gets no answer.

    Attributes:
        method: The name of the method.
        params: Its parameters.
        version: The version of the protocol.
    """

    method: str
    params: Params
    version: Version = "2.0"


class Response(NamedTuple):
    """The answer to a call: its result, or why there is none.

    Attributes:
        id: That of the request; None if it could not be read.
        result: What the method has given.
        error: What went wrong; then there is no result.
        version: The version of the protocol.
    """

    id: Any
    result: Any = None
    error: JsonRpcError | None = None
    version: Version = "2.0"

    def get(self) -> Any:  # noqa: ANN401 -- whatever the method has given
        """Give the result.

        Returns:
            What the method has given.

        Raises:
            JsonRpcError: There is none.
        """
        if self.error is not None:
            raise self.error
        return self.result


Call = Request | Notification
"""What a client sends."""


def make_params(method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Params:
    """Make the parameters of a call as Python has them.

    Args:
        method: The name of the method.
        args: Parameters by position.
        kwargs: Parameters by name.

    Returns:
        Those of which there are some.

    Raises:
        TypeError: There are some of both.
    """
    if args and kwargs:
        raise TypeError(
            f"{method}() is called with parameters by position and by name: JSON-RPC has one or the other"
        )
    return kwargs or list(args)
