"""Requests that come through a proxy."""

import pytest
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.httpserver import HTTPServer
from cyclone_core.web import Application

from .conftest import Client, Script, respond

FORWARDED = (
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7, 10.0.0.1\r\n"
    b"X-Forwarded-Proto: https\r\n\r\n"
)


@pytest.mark.parametrize(
    ("options", "client"),
    [
        ({}, ("127.0.0.2", "http")),
        ({"xheaders": True}, ("10.0.0.1", "https")),
        ({"xheaders": True, "trusted_downstream": ["10.0.0.0/8"]}, ("192.0.2.7", "https")),
        ({"protocol": "https"}, ("127.0.0.2", "https")),
    ],
)
def test_client(reactor: MemoryReactorClock, options: dict[str, object], client: object) -> None:
    """Only with `xheaders` counts what the headers say, each proxy as far as it is trusted."""
    script = Script(respond)
    server = HTTPServer(script, reactor=reactor, **options)
    Client(server, reactor).send(FORWARDED)
    (request,) = script.requests
    assert (request.remote_ip, request.protocol) == client


def test_setting(reactor: MemoryReactorClock) -> None:
    """`xheaders` is a setting of the application, and the access log shows the client."""
    seen = []
    application = Application(
        reactor=reactor,
        xheaders=True,
        log_function=lambda handler: seen.append(handler.request.full_url()),
    )
    Client(application, reactor).send(FORWARDED)
    assert seen == ["https://a/"]
