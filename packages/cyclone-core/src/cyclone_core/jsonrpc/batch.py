"""Calls that are sent together, as JSON-RPC 2.0 has them."""

from collections.abc import Callable, Iterator
from typing import Any, Self

from twisted.internet.defer import Deferred

from cyclone_core.jsonrpc.messages import Call, Notification, Request, Response, make_params

__all__ = ["Batch"]


class Batch:
    """Calls that are sent together; made by `JsonRpcClient.batch`."""

    def __init__(
        self, ids: Iterator[int], send: Callable[[list[Call]], Deferred[list[Response]]]
    ) -> None:
        """Make a batch without calls.

        Args:
            ids: Where the ids of calls come from.
            send: What sends the calls.
        """
        self._ids = ids
        self._send = send
        self._calls: list[Call] | None = []

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 -- any JSON
        """Add a call; see `JsonRpcClient.call`.

        Args:
            method: The name of the method.
            args: Its parameters by position.
            kwargs: Its parameters by name; not both.

        Returns:
            The batch.

        Raises:
            RuntimeError: The batch was sent.
            TypeError: There are parameters of both kinds.
        """
        self._collected().append(
            Request(method, make_params(method, args, kwargs), next(self._ids))
        )
        return self

    def notify(self, method: str, /, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 -- any JSON
        """Add a call whose result is not wanted; see `call`."""
        self._collected().append(Notification(method, make_params(method, args, kwargs)))
        return self

    def send(self) -> Deferred[list[Response]]:
        """Send the calls.

        Returns:
            A Deferred that fires with the responses to those of `call`, in the same order: `get` of each
            gives the result or raises the `JsonRpcError`. It fails, as that of `JsonRpcClient.call`, if
            there is not exactly one response to each, or the server refuses the whole.

        Raises:
            RuntimeError: The batch was sent before.
            TypeError: Parameters cannot be said in JSON.
            ValueError: Parameters hold NaN, an infinity or themselves.
        """
        calls, self._calls = self._collected(), None
        return self._send(calls)

    def _collected(self) -> list[Call]:
        if self._calls is None:
            raise RuntimeError("this batch was sent: make another one")
        return self._calls
