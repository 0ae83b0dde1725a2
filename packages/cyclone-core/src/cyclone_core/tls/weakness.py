"""Looks for what no server should offer any more, in a context that somebody else has made."""

import contextlib
from typing import TYPE_CHECKING, Final

from twisted.internet.interfaces import ISSLTransport, ITransport

if TYPE_CHECKING:
    from OpenSSL import SSL

__all__ = ["weakness"]

# TLS 1.3; or an ephemeral key exchange with an AEAD cipher.
_EPHEMERAL: Final = ("ECDHE-", "DHE-")
_AEAD: Final = ("GCM", "CCM", "CHACHA20")


def weakness(transport: ITransport) -> str | None:
    """Say what is weak in the TLS of a connection's port.

    It takes a millisecond: once for each port is enough.

    Args:
        transport: The transport of a connection after its handshake.

    Returns:
        One sentence that names the weakness and the remedy, or None: also without TLS.
    """
    if not ISSLTransport.providedBy(transport):
        return None
    connection: SSL.Connection = transport.getHandle()  # type: ignore[attr-defined]
    found = []
    if _speaks_old_versions(connection.get_context()):
        found.append("versions older than TLS 1.2")
    weak = [name for name in connection.get_cipher_list() if not _is_strong(name)]
    if weak:
        found.append(f"{len(weak)} cipher suites without forward secrecy or AEAD, like {weak[0]}")
    if not found:
        return None
    return (
        f"The TLS context of this port offers {' and '.join(found)}: "
        "cyclone_core.tls.server_context_factory makes one that does not."
    )


def _is_strong(suite: str) -> bool:
    if suite.startswith("TLS_"):
        return True
    return suite.startswith(_EPHEMERAL) and any(mode in suite for mode in _AEAD)


def _speaks_old_versions(context: "SSL.Context") -> bool:
    """Begin a handshake in memory: pyOpenSSL tells no settings of a context that is in use."""
    from OpenSSL import SSL

    try:
        old = SSL.Context(SSL.TLS_METHOD)
        old.set_max_proto_version(SSL.TLS1_1_VERSION)
        old.set_cipher_list(b"ALL:@SECLEVEL=0")
        client, server = SSL.Connection(old), SSL.Connection(context)
        client.set_connect_state()
        server.set_accept_state()
        with contextlib.suppress(SSL.WantReadError):
            client.do_handshake()
        server.bio_write(client.bio_read(65536))
        server.do_handshake()
    except SSL.WantReadError:
        return True  # it waits for the client's next words
    except SSL.Error:
        pass
    return False
