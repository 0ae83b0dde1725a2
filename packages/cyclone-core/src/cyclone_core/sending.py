"""What goes on below a Twisted transport: sending at once, and how much was not sent.

`FileDescriptor.write` only queues; the bytes leave in the next turn of the reactor, after two changes of
what it polls for. Where nothing is queued they can as well be given to the socket now, through the same
`writeSomeData` that the reactor would call; only what the socket does not take is queued. That saves a
tenth of the processor time of a small request.

Twisted says whether something is queued only in attributes that it keeps to itself. They have been the
same since 2011; a transport without them, or one that encrypts what it is given, is left alone.

A kernel takes megabytes off our hands for a client that takes nothing, and keeps them when we have
closed the connection and forgotten it. So where an answer is no single small one it is asked to take no
more than `LARGEST_UNSENT` that it cannot send, and before the end whether all was sent.
"""

import select
import socket
import struct
from typing import Any, Final, cast

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import ISSLTransport, ITransport

__all__ = [
    "LARGEST_UNSENT",
    "LARGEST_UNSENT_OF_FILE",
    "bound_unsent",
    "count_unsent",
    "has_queued",
    "has_socket",
    "has_unsent",
    "is_gone",
    "send_at_once",
    "sends_at_once",
]

LARGEST_UNSENT: Final = 128 * 1024
"""Bytes of which the kernel may have no more that are not on their way to the client."""

LARGEST_UNSENT_OF_FILE: Final = 1024 * 1024
"""The same while a file is sent: it is in memory once, whoever gets it, and so costs none.

With fewer the reactor is told of room for 64 KiB at a time, which doubles the price of a file.
"""

# Linux: bytes that were never sent, unlike TIOCOUTQ, which counts those that were not acknowledged.
_SIOCOUTQNSD: Final = 0x894B

_UNIX: Final = getattr(socket, "AF_UNIX", None)


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


def has_socket(transport: ITransport) -> bool:
    """Tell whether what goes to the socket of a transport past it arrives like what it sends itself.

    Args:
        transport: A connected Twisted transport.

    Returns:
        True for the transports that `sends_at_once` knows, unless there is TLS or no socket below.
    """
    return (
        sends_at_once(transport)
        and _socket(transport) is not None
        and not getattr(transport, "TLS", False)
    )


def has_queued(transport: ITransport) -> bool:
    """Tell whether a transport has bytes that must be sent before others.

    Args:
        transport: One that `sends_at_once`.

    Returns:
        True if it has.
    """
    descriptor = cast("Any", transport)
    return bool(descriptor._tempDataBuffer or descriptor.dataBuffer)  # noqa: SLF001 -- see above


def bound_unsent(transport: ITransport, most: int = LARGEST_UNSENT) -> None:
    """Have the kernel take no more than a number of bytes that it cannot send.

    Unlike a smaller send buffer this slows nobody down: what is on its way does not count.

    Args:
        transport: A connected transport. Nothing happens if it has no TCP socket below it, or the
            system does not know the option.
        most: The number.
    """
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    connected = _socket(transport)
    if option is not None and connected is not None and connected.family != _UNIX:
        connected.setsockopt(socket.IPPROTO_TCP, option, most)


def has_unsent(transport: ITransport) -> bool:
    """Tell whether the kernel still has bytes that it cannot send, because the client takes none.

    Args:
        transport: A connected transport.

    Returns:
        False also where the system does not tell.
    """
    return (count_unsent(transport) or 0) > 0


def count_unsent(transport: ITransport) -> int | None:
    """Tell how many bytes the kernel has that it cannot send yet.

    Args:
        transport: A connected transport.

    Returns:
        Their number; None where the system does not tell, as on Linux it does for TCP.
    """
    connected = _socket(transport)
    if connected is None:
        return None
    try:
        return _count(connected, _SIOCOUTQNSD)
    except (ImportError, OSError):
        return None


def is_gone(transport: ITransport, awaited: int | None) -> bool:
    """Tell whether the client of a connection that is not read has gone.

    Args:
        transport: A connected transport.
        awaited: How many bytes the client still owes, None if that is not known. A client that has
            sent the end of its side before so many has gone; with fewer it may only have finished.

    Returns:
        False also where the system does not tell.
    """
    connected = _socket(transport)
    if connected is None or not hasattr(select, "poll"):
        return False
    poll = select.poll()
    ended = getattr(select, "POLLRDHUP", 0)
    poll.register(connected.fileno(), ended)  # POLLHUP and POLLERR are told always
    for _, event in poll.poll(0):
        if event & (select.POLLHUP | select.POLLERR):
            return True
        if event & ended and awaited is not None:
            from termios import FIONREAD

            return _count(connected, FIONREAD) < awaited
    return False


def _count(connected: socket.socket, request: int) -> int:
    """Ask the kernel for a number of bytes."""
    from fcntl import ioctl

    (count,) = struct.unpack("i", ioctl(connected.fileno(), request, bytes(4)))
    return int(count)


def _socket(transport: ITransport) -> socket.socket | None:
    # A TLS transport passes attributes on that are those of the transport below it.
    found = getattr(transport, "socket", None)
    return found if isinstance(found, socket.socket) else None
