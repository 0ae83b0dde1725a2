"""How programs use `cyclone_core.tls`; read by type checkers only, never run."""

from typing import assert_type

from twisted.internet.interfaces import IReactorSSL, ITransport

from cyclone_core.httpserver import HTTPServer
from cyclone_core.tls import (
    CertificateError,
    PrivateKeyError,
    ServerContextFactory,
    TLSError,
    TLSUnavailable,
    server_context_factory,
    weakness,
)


def serve(reactor: IReactorSSL, server: HTTPServer, transport: ITransport) -> None:
    """Listen, renew, ask."""
    context = server_context_factory(
        "server.key",
        "server.crt",
        hosts={"example.org": ("example.key", "example.crt")},
        client_ca_path="clients.crt",
        require_client_certificate=True,
    )
    assert_type(context, ServerContextFactory)
    reactor.listenSSL(8443, server, context)
    try:
        context.reload()
    except (CertificateError, PrivateKeyError, TLSUnavailable) as error:
        known: TLSError = error
        del known
    assert_type(weakness(transport), str | None)
