"""A warning, in debug mode, of a request that nobody will finish.

A handler that has `asynchronous` stays open until it calls `finish`. If that call is forgotten, the
client waits and nothing tells why. What can be known for certain is that nobody is left who could make
it: the handler is garbage while its client waits. A limit in seconds was rejected, as a request may wait
for ever for good reasons.
"""

import inspect
import weakref
from typing import TYPE_CHECKING

from twisted.logger import Logger

from cyclone_core.log.text import printable

if TYPE_CHECKING:
    from cyclone_core.httpserver import Exchange
    from cyclone_core.web.base import HandlerBase

__all__ = ["watch_unfinished"]

_log = Logger(namespace="cyclone.web")


def watch_unfinished(handler: "HandlerBase") -> None:
    """Warn if this handler becomes garbage before its request is finished; without `debug` do nothing.

    Args:
        handler: A handler whose methods have returned and that has not finished.
    """
    application, request = handler.application, handler.request
    exchange = request.connection
    if application.settings.get("debug") and exchange is not None:
        mask = application._mask  # noqa: SLF001 -- one for the framework's use
        summary = printable(f"{request.method} {mask(request.uri)} ({request.remote_ip})")
        watch = weakref.finalize(
            handler, _forgotten, exchange, summary, type(handler), request.method
        )
        watch.atexit = False  # the end of the process explains itself


def _forgotten(exchange: "Exchange", summary: str, kind: type, method: str) -> None:
    outcome: list[str | None] = []
    # If the answer is complete or the client has gone, this fires at once.
    exchange.notifyFinish().addCallback(outcome.append)
    # And this, if the connection was handed to another protocol.
    room = exchange.drained()
    if not outcome and (room is None or not room.called):
        _log.warn(
            "{summary}: nobody will finish this request. {method} has returned, nothing refers to its"
            " handler any more, and the client waits. Let it call finish() in the end; or, if what it"
            " returns is to be waited for, take `asynchronous` away.",
            summary=summary,
            method=_method_of(kind, method),
        )


def _method_of(kind: type, name: str) -> str:
    method = getattr(kind, name.lower(), None)
    code = getattr(inspect.unwrap(method), "__code__", None) if callable(method) else None
    if code is None:
        return kind.__qualname__
    return f"{kind.__qualname__}.{name.lower()}() ({code.co_filename}:{code.co_firstlineno})"
