"""Safe TLS for a server: what `listenSSL` needs, from PEM files, renewable without a restart.

TLS 1.2 and newer, forward secrecy and AEAD suites only (RFC 9325, sections 3.1 and 4.2), HTTP/1.1
agreed on by ALPN (RFC 7301). pyOpenSSL comes with the extra `tls` and is imported when first needed.

```
TLSError               a CycloneError
├── TLSUnavailable       pyOpenSSL is not installed
├── CertificateError     a certificate file is missing, unreadable or no PEM certificate
└── PrivateKeyError      the same of a key file, or the key is not the certificate's
```
"""

from cyclone_core.tls.errors import CertificateError, PrivateKeyError, TLSError, TLSUnavailable
from cyclone_core.tls.factory import ServerContextFactory, server_context_factory
from cyclone_core.tls.weakness import weakness

__all__ = [
    "CertificateError",
    "PrivateKeyError",
    "ServerContextFactory",
    "TLSError",
    "TLSUnavailable",
    "server_context_factory",
    "weakness",
]
