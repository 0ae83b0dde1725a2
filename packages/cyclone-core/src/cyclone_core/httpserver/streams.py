"""What every exchange and the framework share about a client that has gone."""

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.errors import StreamClosedError

__all__ = ["close_stream"]


def close_stream(waiter: Deferred[None], why: str) -> Deferred[None]:
    """Fail a Deferred in a way that nobody has to handle.

    Args:
        waiter: A Deferred that has not fired.
        why: Why nothing can be sent any more.

    Returns:
        The same Deferred, failed with `StreamClosedError`: awaiting it raises, dropping it is
        silent, because a client that goes away is no error of the program.
    """
    waiter.errback(StreamClosedError(why))
    # Adding an errback would consume the failure for those who await it later; this only keeps the
    # collector from reporting it as unhandled. What a callback has made of it is not ours.
    failure = getattr(waiter, "result", None)
    debug_info = waiter._debugInfo  # noqa: SLF001 -- Twisted offers no public way
    if debug_info is not None and isinstance(failure, Failure) and failure.check(StreamClosedError):
        debug_info.failResult = None
    return waiter
