"""Listening sockets, bound before somebody serves on them."""

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

__all__ = ["BACKLOG", "asked_for", "bind_sockets", "bind_unix_socket"]

BACKLOG: Final = 128
"""How many clients may wait to be accepted; Tornado's number."""

_LAST_PORT: Final = 65535
_FIRST_UNPRIVILEGED_PORT: Final = 1024

# The address and the number that a socket was bound to, 0 for any.
_asked: "Final[WeakKeyDictionary[socket.socket, tuple[str, int]]]" = WeakKeyDictionary()


def bind_sockets(
    port: int | str,
    address: str | None = None,
    family: int = socket.AF_UNSPEC,
    backlog: int = BACKLOG,
    flags: int | None = None,
    reuse_port: bool = False,
) -> list[socket.socket]:
    """Bind sockets to a port and listen on them (Tornado: `netutil.bind_sockets`).

    A socket that the program before has left there for this one (see `cyclone_core.autoreload`) is
    taken in place of a new one.

    Args:
        port: The port number, also as text; 0 for any that is free, the same for all sockets.
        address: An IP address; a host name, for all of its addresses; None or empty for every address
            of this machine, IPv4 and IPv6.
        family: `socket.AF_INET` or `AF_INET6` for one of the two only.
        backlog: How many clients may wait to be accepted.
        flags: Bits of `socket.AI_*` for `getaddrinfo`; None is `AI_PASSIVE`.
        reuse_port: Let other processes listen there, too (`SO_REUSEPORT`): the kernel shares the
            clients out among them.

    Returns:
        The sockets, which do not block; several if there are several addresses.

    Raises:
        ValueError: The port is no port number, or the system has no `SO_REUSEPORT`.
        OSError: The port cannot be had; its `errno` tells why, the message what to do.
    """
    number = _port_number(port)
    if reuse_port and not hasattr(socket, "SO_REUSEPORT"):
        raise ValueError("reuse_port: this system has no SO_REUSEPORT")
    sockets: list[socket.socket] = []
    try:
        for found, protocol, place in _addresses(number, address, family, flags):
            bound = sockets[0].getsockname()[1] if sockets else number
            listener = _bind(found, protocol, (place[0], bound, *place[2:]), backlog, reuse_port)
            if listener is not None:
                _asked[listener] = place[0], bound
                sockets.append(listener)
    except OSError as error:
        for each in sockets:
            each.close()
        raise _explained(error, number, address) from None
    if not sockets:
        raise _explained(OSError(errno.EADDRNOTAVAIL, ""), number, address)
    return sockets


def bind_unix_socket(file: str, mode: int = 0o600, backlog: int = BACKLOG) -> socket.socket:
    r"""Bind a unix socket and listen on it (Tornado: `netutil.bind_unix_socket`).

    A socket that stands there already is removed, even if somebody listens on it.

    Args:
        file: Its path; one that begins with `"\0"` is an abstract name (Linux).
        mode: Who may connect, as in `chmod`; it does not matter for abstract names.
        backlog: How many clients may wait to be accepted.

    Returns:
        The socket, which does not block.

    Raises:
        ValueError: Something else than a socket stands there.
        OSError: It cannot be bound.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)
        if file.startswith("\0"):
            listener.bind(file)
        else:
            _remove_socket(Path(file))
            # Nobody may connect before the mode is set: the socket does not listen yet.
            listener.bind(file)
            Path(file).chmod(mode)
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    return listener


def _remove_socket(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ValueError(f"{path} is there and no socket, so it is left alone: choose another path")
    path.unlink()


def asked_for(listener: socket.socket) -> tuple[str, int]:
    """Tell what a socket was bound to.

    Args:
        listener: A listening TCP socket.

    Returns:
        Its address, and its port as it was asked for: 0 for any.
    """
    asked = _asked.get(listener)
    if asked is None:
        address, number, *_ = listener.getsockname()
        asked = address, number
    return asked


def _port_number(port: object) -> int:
    # Text of digits is what environment variables have.
    number = int(port) if isinstance(port, str) and port.isascii() and port.isdigit() else port
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= _LAST_PORT:
        raise ValueError(f"a port is a number from 0 to {_LAST_PORT}, not {port!r}")
    return number


def _addresses(
    port: int, address: str | None, family: int, flags: int | None
) -> list[tuple[int, int, tuple[Any, ...]]]:
    """Find family, protocol and socket address of each address, IPv4 first and each once."""
    if family == socket.AF_UNSPEC and not socket.has_ipv6:
        family = socket.AF_INET
    found = socket.getaddrinfo(
        address or None,
        port,
        family,
        socket.SOCK_STREAM,
        0,
        socket.AI_PASSIVE if flags is None else flags,
    )
    each = {(kind, protocol, place) for kind, _, protocol, _, place in found}
    return sorted(each, key=lambda item: (item[0] != socket.AF_INET, item))


def _bind(
    family: int,
    protocol: int,
    place: tuple[Any, ...],
    backlog: int,
    reuse_port: bool,
) -> socket.socket | None:
    """Listen on one address; None if this machine has none of that kind."""
    from cyclone_core import autoreload

    kept = autoreload.inherit(place[0], place[1])
    if kept is not None:
        kept.setblocking(False)
        return kept
    listener = None
    try:
        listener = socket.socket(family, socket.SOCK_STREAM, protocol)
        listener.setblocking(False)
        if os.name != "nt":  # there it lets anybody take the port over
            # Connections that linger from the last run do not keep a port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            # IPv4 has a socket of its own, or is not wanted.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(place)
        listener.listen(backlog)
    except OSError as error:
        if listener is not None:
            listener.close()
        # IPv6 may be known to the resolver and switched off in the kernel.
        if family == socket.AF_INET6 and error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            return None
        raise
    return listener


def _explained(error: OSError, port: int, address: str | None) -> OSError:
    """Say what could not be had, and what to do."""
    if isinstance(error, socket.gaierror):
        return socket.gaierror(
            error.errno, f"no address of this kind is known for {address}: {error.strerror}"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return OSError(
            error.errno,
            f"this machine has no address {address}: listen on one of its own, on 127.0.0.1 for this"
            " machine only, or leave it out for all",
        )
    place = f"port {port} on {address or 'all addresses'}"
    if error.errno == errno.EADDRINUSE:
        return OSError(
            error.errno,
            f"{place} is already in use: stop the process that listens there, choose another port, or"
            " let both have it with reuse_port=True",
        )
    if error.errno == errno.EACCES and port < _FIRST_UNPRIVILEGED_PORT:
        return PermissionError(
            error.errno,
            f"{place} may not be opened by this user: start as root, or choose a port from"
            f" {_FIRST_UNPRIVILEGED_PORT} on",
        )
    return OSError(error.errno, f"{place} cannot be opened: {error.strerror}")
