"""Why there is no connection: Twisted's errors in words that say what to do."""

import errno
from collections.abc import Sequence

from twisted.internet import error

from cyclone_core.httpclient.errors import ConnectError, ConnectTimeout, ResolveError
from cyclone_core.httpclient.routes import Route

__all__ = ["explain", "leads_nowhere", "name_of"]

_NO_SOCKET = (errno.ENOENT, errno.ENOTDIR)
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)


def name_of(route: Route) -> str:
    """Name what a route connects to first.

    Args:
        route: The route.

    Returns:
        The server, the proxy or the socket, for a sentence about it.
    """
    if route.unix_socket is not None:
        return f"the Unix socket {route.unix_socket}"
    return route.authority if route.proxy is None else f"the proxy {route.proxy.authority}"


def explain(
    reason: BaseException, route: Route, target: str, addresses: Sequence[str]
) -> BaseException:
    """Turn what an endpoint fails with into an error of the client.

    Args:
        reason: What it fails with.
        route: What was to be connected.
        target: Host and port that it was tried with, which differ from the route's if they are mapped.
        addresses: The addresses that the host has.

    Returns:
        An error of ours, with `reason` as its cause; or `reason`, if it is not about the network.
    """
    made = _explain(reason, route, target, addresses)
    if isinstance(made, (ConnectError, ConnectTimeout)):
        made.__cause__ = reason
        made.errno = _number(reason)
    return made


def leads_nowhere(reason: BaseException | None) -> bool:
    """Tell whether it is this machine that cannot reach an address, of whichever server.

    Args:
        reason: What an endpoint fails with.

    Returns:
        Whether it is.
    """
    return _number(reason) in _UNREACHABLE


def _explain(
    reason: BaseException, route: Route, target: str, addresses: Sequence[str]
) -> BaseException:
    name = name_of(route)
    if not isinstance(reason, (error.ConnectError, error.DNSLookupError, OSError)):
        return reason
    if route.unix_socket is not None:
        return _explain_socket(reason, name)
    if target != _first(route):
        name = f"{name} (as {target})"
    tried = f" (tried {', '.join(addresses)})" if addresses else ""
    if isinstance(reason, error.DNSLookupError):
        which = "" if route.ipv6 else " of IPv4"
        return ResolveError(
            f"{name} has no address{which}: check how it is spelled, and whether this machine reaches its"
            " name servers"
        )
    if isinstance(reason, (error.TCPTimedOutError, error.TimeoutError)):
        return ConnectTimeout(f"{name} does not answer{tried}: {_text(reason)}")
    return ConnectError(_say(reason, route, f"{name}{tried}"))


def _say(reason: BaseException, route: Route, name: str) -> str:
    if isinstance(reason, error.ConnectionRefusedError):
        return (
            f"nothing listens on {name}: the connection was refused. Is the server running, and on this"
            " address and port?"
        )
    if isinstance(reason, error.ConnectBindError):
        return (
            f"no connection to {name} can come from network_interface={route.interface!r}:"
            f" {_text(reason)}. It has to be an address of this machine"
        )
    if leads_nowhere(reason):
        return f"there is no way to {name}: {_text(reason)}. Check this machine's network"
    return f"there is no connection to {name}: {_text(reason)}"


def _explain_socket(reason: BaseException, name: str) -> ConnectError:
    number = _number(reason)
    if isinstance(reason, error.ConnectionRefusedError):
        said = "nothing listens on it; the file may be left over from a server that has ended"
    elif number in _NO_SOCKET:
        said = "it does not exist. Check the path, and that the server has been started"
    elif number in {errno.EACCES, errno.EPERM}:
        said = "this process may not write to it. Check its rights, and those of its directories"
    else:
        said = _text(reason)
    return ConnectError(f"no connection to {name}: {said}")


def _first(route: Route) -> str:
    return route.authority if route.proxy is None else route.proxy.authority


def _number(reason: BaseException | None) -> int | None:
    number = getattr(reason, "osError", None) or getattr(reason, "errno", None)
    return number if isinstance(number, int) else None


def _text(reason: BaseException) -> str:
    return str(reason).rstrip(".")
