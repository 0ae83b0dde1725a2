"""What `run` does: the log, the port, and the reactor."""

import sys
from collections.abc import Callable
from typing import Any, Final, cast

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.logger import (
    ILogObserver,
    Logger,
    globalLogBeginner,
    globalLogPublisher,
    textFileLogObserver,
)

from cyclone_core import autoreload
from cyclone_core.log.bridge import has_begun
from cyclone_core.web import Application

__all__ = ["STDOUT", "begin_log", "serve"]

STDOUT: Final = object()
"""Stands for stdout, as it is when `run` is called."""

_LAST_PORT: Final = 65535

_log = Logger(namespace="cyclone.bottle")


def begin_log(file: Any) -> None:  # noqa: ANN401 -- any file
    """Begin Twisted's log.

    If somebody has begun it already, stdout is not added: most probably it is there. A file is.

    Args:
        file: Where to write, `STDOUT`, or None for nothing.
    """
    if file is None or (file is STDOUT and has_begun()):
        return
    observer = cast("ILogObserver", textFileLogObserver(sys.stdout if file is STDOUT else file))
    if has_begun():
        globalLogPublisher.addObserver(observer)
    else:
        globalLogBeginner.beginLoggingTo([observer])


def serve(
    make: Callable[[], Application],
    host: str,
    port: int,
    log: Any,  # noqa: ANN401 -- any file
    reactor: Any,  # noqa: ANN401 -- mypy cannot read zope's interfaces
) -> None:
    """Serve an application until the reactor stops.

    Args:
        make: Makes the application, when the log has begun.
        host: The address to listen on.
        port: The port.
        log: As for `begin_log`.
        reactor: The reactor; the global one if None.

    Raises:
        TypeError: The port is no int.
        ValueError: It is out of range.
        CannotListenError: It cannot be listened on.
    """
    if isinstance(port, bool) or not isinstance(port, int):
        raise TypeError(f"port is an int, not {port!r}: of a text, int(text) makes one")
    if not 0 <= port <= _LAST_PORT:
        raise ValueError(f"port is a number from 0 to {_LAST_PORT}, not {port}")
    begin_log(log)
    application = make()
    if reactor is None:
        from twisted.internet import reactor
    ports: list[Any] = []

    def stop_listening() -> Deferred[Any]:
        return DeferredList([maybeDeferred(each.stopListening) for each in ports])

    # Ahead of the application's own: when it drains, nobody new may come.
    reactor.addSystemEventTrigger("before", "shutdown", stop_listening)
    ports.append(reactor.listenTCP(port, application, interface=host))
    address = ports[0].getHost()
    shown = f"[{address.host}]" if ":" in address.host else address.host
    others = "; host='0.0.0.0' opens it to others" if host in ("127.0.0.1", "localhost") else ""
    _log.info("http://{host}:{port}/{others}", host=shown, port=address.port, others=others)
    autoreload.start_for(application, reactor)
    reactor.run()
