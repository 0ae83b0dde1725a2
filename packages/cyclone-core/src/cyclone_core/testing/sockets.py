"""Ports that nobody uses."""

import socket

__all__ = ["bind_unused_port"]

_BACKLOG = 128


def bind_unused_port(
    reuse_port: bool = False, address: str = "127.0.0.1"
) -> tuple[socket.socket, int]:
    """Listen on a port that nobody uses (Tornado has the same name).

    The system chooses it, so that nobody can take it in between. Give the socket to a reactor with
    `reactor.adoptStreamPort(sock.fileno(), socket.AF_INET, factory)`, which makes a copy, and close it.

    Args:
        reuse_port: Let other sockets listen there, too (`SO_REUSEPORT`), where the system can.
        address: The address of an interface, IPv4 or IPv6.

    Returns:
        The listening socket, which does not block, and its port.

    Raises:
        OSError: The address is not this machine's, or `reuse_port` is unknown here.

    Example:
        >>> sock, port = bind_unused_port()
        >>> sock.getsockname() == ("127.0.0.1", port)
        True
        >>> sock.close()
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if reuse_port:
            listening.setsockopt(socket.SOL_SOCKET, _reuse_port(), 1)
        listening.setblocking(False)
        listening.bind((address, 0))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening, listening.getsockname()[1]


def _reuse_port() -> int:
    option: int | None = getattr(socket, "SO_REUSEPORT", None)
    if option is None:
        raise OSError("this system has no SO_REUSEPORT")
    return option
