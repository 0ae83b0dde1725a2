"""A certificate for tests, made when it is needed and gone with the test."""

import datetime as dt
import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cyclone_core.tls import TLSUnavailable

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["write_certificate"]

_HOUR: Final = dt.timedelta(hours=1)


def write_certificate(directory: Path) -> dict[str, str]:
    """Make a key and a certificate for `localhost`, `127.0.0.1` and `::1` that signs itself.

    It is good for an hour before and a day from now, and nobody trusts it who is not told to.

    Args:
        directory: Where both files are written.

    Returns:
        The paths of the two, `certfile` and `keyfile`, as Tornado's `ssl_options` has them.

    Raises:
        TLSUnavailable: `cryptography`, which comes with the extra `tls`, is not installed.
    """
    try:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise TLSUnavailable(
            f'a test certificate needs cryptography ({error}): pip install "cyclone-core[tls]"'
        ) from None
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _describe().public_key(key.public_key()).sign(key, hashes.SHA256())
    certfile, keyfile = directory / "test.crt", directory / "test.key"
    certfile.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    keyfile.touch(mode=0o600)
    keyfile.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return {"certfile": str(certfile), "keyfile": str(keyfile)}


def _describe() -> "x509.CertificateBuilder":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    hosts: list[x509.GeneralName] = [x509.DNSName("localhost")]
    hosts += [x509.IPAddress(ipaddress.ip_address(each)) for each in ("127.0.0.1", "::1")]
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _HOUR)
        .not_valid_after(now + 24 * _HOUR)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
