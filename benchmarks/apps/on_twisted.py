# Copyright 2026 The cyclone developers; see LICENSE.
"""How the apps on Twisted are served: both on the same stock epoll reactor."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import payload
from twisted.internet import epollreactor

if TYPE_CHECKING:
    from twisted.internet.protocol import Factory


def serve(factory: Factory[Any]) -> None:
    """Listen on 127.0.0.1 and serve until the process is ended."""
    install: Any = epollreactor.install
    install()
    # `Any`: to a type checker the methods of a zope interface lack their `self`.
    reactor: Any = import_module("twisted.internet.reactor")
    reactor.listenTCP(payload.port(), factory, interface="127.0.0.1")
    reactor.run()
