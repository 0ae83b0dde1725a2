"""How the apps on Twisted are served: both on the same stock epoll reactor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import payload
from twisted.internet import epollreactor

if TYPE_CHECKING:
    from twisted.internet.protocol import ServerFactory


def serve(factory: ServerFactory) -> None:
    """Listen on 127.0.0.1 and serve until the process is ended."""
    epollreactor.install()
    from twisted.internet import reactor

    reactor.listenTCP(payload.port(), factory, interface="127.0.0.1")
    reactor.run()
