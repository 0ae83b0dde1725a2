"""Servers that say no to a client's certificate behind the handshake, as TLS 1.3 has it."""

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost

from cyclone_core.httpclient import HTTPStreamClosedError, TLSHandshakeError
from cyclone_core.httpclient.connection import ClientConnection
from cyclone_core.httpclient.exchange import Exchange
from cyclone_core.httpclient.pool import ConnectionPool
from cyclone_core.httpclient.routes import Route
from cyclone_core.httpclient.settings import response_limits
from cyclone_core.httpclient.tls_options import DEFAULT_TLS
from cyclone_core.testing import result_of

from .network import Network

SSL = pytest.importorskip("OpenSSL.SSL")


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize("begun", [True, False])
def test_late_refusal(network: Network, secure: bool, refused: bool, begun: bool) -> None:
    """A connection that is lost for TLS before the answer is an error of TLS, and no other is."""
    connection = ClientConnection(network.reactor, response_limits(None), lambda _: None)
    pool = ConnectionPool(
        network.reactor, lambda *_: Deferred(), max_clients=1, max_idle=1, idle_timeout=1
    )
    assert pool.turn(None) is None
    exchange = Exchange(
        cast("Any", None),
        connection,
        pool,
        Route("https", "a", 443, DEFAULT_TLS) if secure else Route("http", "a", 80),
        streams=False,
        decode=False,
        max_body_size=1,
        seconds=network.reactor.seconds,
        call_soon=lambda _: None,
    )
    lost = HTTPStreamClosedError("lost")
    alert = SSL.Error([("SSL routines", "", "tlsv13 alert certificate required")])
    lost.__cause__ = alert if refused else ConnectionLost()
    done = exchange.done
    if begun:
        exchange.head = cast("Any", object())
    exchange.response_failed(lost)
    with pytest.raises(
        TLSHandshakeError if secure and refused and not begun else HTTPStreamClosedError
    ):
        result_of(done)
    assert pool.lent == 0
