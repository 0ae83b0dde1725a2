"""`Application.listen`."""

import socket

import pytest
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.httpserver import HTTPServer
from cyclone_core.web import Application


def test_server() -> None:
    """It gives the server, which has its own options and the application's connections."""
    reactor = MemoryReactorClock()
    application = Application(reactor=reactor, max_body_size=7)  # type: ignore[arg-type]
    server = application.listen(0, "127.0.0.1", no_keep_alive=True)
    try:
        assert isinstance(server, HTTPServer)
        assert reactor.adoptedPorts[0][1:] == (socket.AF_INET, server)
        assert server.request_callback is application
        assert server.connections is application.connections
        assert (server.limits.max_body_size, server.options.no_keep_alive) == (7, True)
        assert server.logPrefix() == "cyclone.web.Application"
    finally:
        server.stop()
    assert server.ports == ()


def test_place() -> None:
    """All that says where is passed on."""
    reactor = MemoryReactorClock()
    application = Application(reactor=reactor)  # type: ignore[arg-type]
    server = application.listen(
        "0", family=socket.AF_INET6, backlog=5, flags=socket.AI_PASSIVE, reuse_port=True
    )
    assert [family for _, family, _ in reactor.adoptedPorts] == [socket.AF_INET6]
    server.stop()


def test_mistakes() -> None:
    """Wrong options and ports are refused before anything is opened."""
    reactor = MemoryReactorClock()
    application = Application(reactor=reactor)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="HTTPServer has no option 'max_bodysize'"):
        application.listen(0, max_bodysize=5)
    with pytest.raises(ValueError, match="a port is a number"):
        application.listen(70000)
    assert reactor.adoptedPorts == []
