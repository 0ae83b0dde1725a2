"""How the apps on Twisted are served: both on the same stock epoll reactor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import payload
from twisted.internet import epollreactor

if TYPE_CHECKING:
    from twisted.internet.protocol import ServerFactory

# Tornado's own default is 128, Twisted's is 50; a thousand clients at once want the same of each.
BACKLOG = 1024


def serve(factory: ServerFactory) -> None:
    """Listen on 127.0.0.1 and serve until the process is ended."""
    epollreactor.install()
    from twisted.internet import reactor

    reactor.listenTCP(payload.options().port, factory, backlog=BACKLOG, interface="127.0.0.1")
    reactor.run()
