"""Sending at once what a Twisted transport would queue.

`FileDescriptor.write` only queues; the bytes leave in the next turn of the reactor, after two changes of
what it polls for. Where nothing is queued they can as well be given to the socket now, through the same
`writeSomeData` that the reactor would call; only what the socket does not take is queued. That is a fifth
of the processor time of a small request.

Twisted says whether something is queued only in attributes that it keeps to itself. They have been the
same since 2011; a transport without them, or one that encrypts what it is given, is left alone.
"""

from typing import Any, cast

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import ISSLTransport, ITransport

__all__ = ["send_at_once", "sends_at_once"]


def sends_at_once(transport: ITransport) -> bool:
    """Tell whether `send_at_once` understands a transport.

    Args:
        transport: A connected Twisted transport.

    Returns:
        True for the TCP and unix sockets of Twisted's reactors, without TLS.
    """
    known = isinstance(transport, FileDescriptor) and not ISSLTransport.providedBy(transport)
    return known and hasattr(transport, "_tempDataBuffer")


def send_at_once(transport: ITransport, data: bytes) -> bytes:
    """Send bytes if none are queued before them.

    Args:
        transport: One that `sends_at_once`.
        data: The bytes.

    Returns:
        Those that were not sent and have to be written.
    """
    descriptor = cast("Any", transport)
    if (
        descriptor._tempDataBuffer  # noqa: SLF001 -- see above
        or descriptor.dataBuffer
        or not descriptor.connected
        or getattr(descriptor, "TLS", False)
    ):
        return data
    count = descriptor.writeSomeData(data)
    if count == len(data):
        return b""
    # An error is seen once more, and handled, by whoever sends what is queued.
    return data[count:] if isinstance(count, int) and count > 0 else data
