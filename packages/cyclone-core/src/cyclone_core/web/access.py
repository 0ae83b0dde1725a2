"""The line of the access log."""

from typing import TYPE_CHECKING, Final

from twisted.logger import Logger, LogLevel

if TYPE_CHECKING:
    from cyclone_core.web.handler import RequestHandler

__all__ = ["log_access"]

_log = Logger(namespace="cyclone.access")

_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500


def log_access(handler: "RequestHandler") -> None:
    """Log one answered request: status, method, URI, client and time.

    Args:
        handler: The handler that has answered.
    """
    request = handler.request
    status = handler.get_status()
    level = LogLevel.info
    if status >= _SERVER_ERROR:
        level = LogLevel.error
    elif status >= _CLIENT_ERROR:
        level = LogLevel.warn
    _log.emit(
        level,
        "{status} {method} {uri} ({ip}) {milliseconds:.2f}ms",
        status=status,
        method=request.method,
        uri=request.uri,
        ip=request.remote_ip,
        milliseconds=request.request_time() * 1000,
    )
