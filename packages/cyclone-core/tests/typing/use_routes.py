"""How programs find routes, proxies and connections; read by type checkers only, never run."""

from pathlib import Path
from typing import assert_type

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IReactorTCP

from cyclone_core.httpclient.connecting import connect
from cyclone_core.httpclient.connecting.tls import TLSContexts
from cyclone_core.httpclient.connecting.tls_problems import explain_tls
from cyclone_core.httpclient.environment import proxy_from_environment
from cyclone_core.httpclient.errors import TLSHandshakeError
from cyclone_core.httpclient.proxies import Proxy, make_proxy, parse_proxy
from cyclone_core.httpclient.routes import Route, TLSOptions, route_for
from cyclone_core.httpclient.urls import parse_url


def find(path: Path) -> Route:
    """Ask for a route with everything."""
    url = parse_url("https://example.org/")
    assert_type(proxy_from_environment(url), Proxy | None)
    assert_type(make_proxy("proxy.example", 3128).authorization, str | None)
    route = route_for(
        url,
        proxy=parse_proxy("http://me:secret@proxy.example:3128"),
        ca_certs=path,
        client_cert="me.pem",
        client_key=None,
        ssl_options={"certfile": "me.pem"},
        server_name="other.example",
        network_interface="192.0.2.7",
        allow_ipv6=False,
        validate_cert=True,
    )
    assert_type(route.tls, TLSOptions | None)
    assert_type(route.forwards, bool)
    return route


def join(reactor: IReactorTCP, factory: IProtocolFactory, route: Route) -> None:
    """Connect, and ask why a connection was lost."""
    waiting = connect(
        route,
        factory,
        reactor,
        20.0,
        contexts=TLSContexts(),
        hostname_mapping={"a.example": "127.0.0.1", ("b.example", 443): ("127.0.0.1", 8443)},
    )
    assert_type(waiting, Deferred[IProtocol])
    assert_type(explain_tls(OSError(), route), TLSHandshakeError | None)
