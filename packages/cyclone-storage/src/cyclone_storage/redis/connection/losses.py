"""What is said of a connection that is gone."""

from twisted.internet import error
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from cyclone_storage.redis.errors import (
    ConnectionError,  # noqa: A004 -- txredisapi's name
    HandshakeError,
    RedisError,
    TimeoutError,  # noqa: A004 -- txredisapi's name
    TLSError,
)

__all__ = ["describe_loss", "describe_peer", "fail_command"]


def describe_peer(address: IAddress) -> str:
    """Say where a connection leads.

    Args:
        address: What its transport's `getPeer()` has returned.

    Returns:
        `host:port`, with brackets for IPv6, or the path of a socket.
    """
    if isinstance(address, IPv4Address):
        return f"{address.host}:{address.port}"
    if isinstance(address, IPv6Address):
        return f"[{address.host}]:{address.port}"
    if isinstance(address, UNIXAddress) and address.name:
        return address.name.decode("utf-8", "backslashreplace")
    return str(address)


def describe_loss(reason: BaseException, host: str) -> RedisError:
    """Say why a connection is gone.

    Args:
        reason: What Twisted says.
        host: Where it led.

    Returns:
        The error.
    """
    if isinstance(reason, RedisError):
        return reason
    from OpenSSL import SSL

    if isinstance(reason, SSL.Error):
        from cyclone_storage.redis.tls.problems import describe_handshake

        made: RedisError = TLSError(f"The Redis server at {host} {describe_handshake(reason)}")
    elif isinstance(reason, error.ConnectionDone):
        made = ConnectionError(f"Connection to Redis at {host} was closed")
    else:
        made = ConnectionError(f"Connection to Redis at {host} was lost ({reason})")
    made.__cause__ = reason
    return made


def fail_command(problem: Exception, position: int, count: int) -> Exception:
    """Make the exception of a command that waited for a reply when the connection went.

    Args:
        problem: What the connection has ended with.
        position: How many commands waited before this one.
        count: How many waited in all.

    Returns:
        The exception. What a server has refused from the beginning was not run; of all else nobody knows.
    """
    if isinstance(problem, (TLSError, HandshakeError)):
        made: Exception = type(problem)(str(problem))
    else:
        waited = "1 command" if count == 1 else f"{count} commands"
        them, it = ("it was", "it is") if count == 1 else ("they were", "they are")
        text = (
            f"{problem} while {waited} waited; whether {them} executed is not known, and {it} not sent"
            " again"
        )
        about_this = isinstance(problem, TimeoutError) or (
            position == 0 and not isinstance(problem, ConnectionError)
        )
        made = type(problem)(text) if about_this else ConnectionError(text)
    made.__cause__ = problem
    return made
