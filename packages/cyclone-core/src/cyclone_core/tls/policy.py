"""What both ends of a connection do alike: versions, cipher suites, no compression."""

from typing import TYPE_CHECKING, Final

from cyclone_core.tls.errors import TLSUnavailable

if TYPE_CHECKING:
    from OpenSSL import SSL

__all__ = ["CIPHERS", "OLDEST_VERSION", "begin_context"]

CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"
"""The suites of TLS 1.2, for OpenSSL.

TLS 1.3 has AEAD suites only and OpenSSL keeps them in a list of their own. Level 2, the default of newer
OpenSSL, refuses RSA keys below 2048 bits and SHA-1 signatures.
"""

OLDEST_VERSION: Final = 0x0303
"""TLS 1.2, as the protocol numbers it (RFC 5246 section 6.2.1)."""


def begin_context() -> "SSL.Context":
    """Begin a context of either end.

    Its suites, `CIPHERS`, are for the caller to set when everything else is done: some releases of
    pyOpenSSL make a connection there, after which a context is closed to changes.

    Returns:
        The context.

    Raises:
        TLSUnavailable: If pyOpenSSL is not installed.
    """
    try:
        from OpenSSL import SSL
    except ImportError as error:
        raise TLSUnavailable(
            f'HTTPS needs pyOpenSSL ({error}): pip install "cyclone-core[tls]"'
        ) from None
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    # Renegotiation: each would cost a server a handshake, the client almost nothing; and what is asked
    # for in the middle of a connection, a client must not answer with its certificate.
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # 34 KiB less for each idle connection
    return context
