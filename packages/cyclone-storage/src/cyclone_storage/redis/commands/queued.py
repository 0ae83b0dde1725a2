"""The result of a command that is not sent yet."""

from collections.abc import Generator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_storage.redis.errors import RedisError

__all__ = ["QueuedReply"]

_NOTHING = object()


class QueuedReply(Deferred[Any]):
    """A Deferred that fires when its transaction or batch was sent.

    An error in it that nobody asks for is not logged as unhandled, as the results of the whole have it,
    too: therefore it fires with one only when somebody adds a callback or awaits it.
    """

    def __init__(self) -> None:
        """Wait."""
        super().__init__()
        self._failure: Failure | None = None
        self._settled = False

    def settle(self, result: object) -> None:
        """Give it its result.

        Args:
            result: The result; an exception is an error.
        """
        self._settled = True
        if self.called:
            # Cancelled: there is nobody any more who would want it.
            return
        if isinstance(result, Exception):
            self._failure = Failure(result)
            if self._callbacks:
                self._fire()
        else:
            self.callback(result)

    def _fire(self) -> None:
        if self._failure is not None and not self.called:
            self.errback(self._failure)

    def addCallbacks(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, N802 -- Twisted's
        """Add a callback and an errback, see `Deferred`."""
        super().addCallbacks(*args, **kwargs)
        self._fire()
        return self

    def addCallback(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, N802 -- Twisted's
        """Add a callback, see `Deferred`."""
        super().addCallback(*args, **kwargs)
        self._fire()
        return self

    def addErrback(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, N802 -- Twisted's
        """Add an errback, see `Deferred`."""
        super().addErrback(*args, **kwargs)
        self._fire()
        return self

    def addBoth(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, N802 -- Twisted's
        """Add a callback for either case, see `Deferred`."""
        super().addBoth(*args, **kwargs)
        self._fire()
        return self

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the result, once it can come.

        Raises:
            RedisError: The command is not sent yet: waiting would never end.
        """
        if not self._settled:
            raise RedisError(
                "this command is sent at the end of its transaction or batch: await its result "
                "after the `async with` block, not within it"
            )
        return super().__await__()
