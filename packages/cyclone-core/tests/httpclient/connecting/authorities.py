"""Certificates for the tests of TLS: authorities, servers that are right or wrong, clients."""

import datetime as dt
import ipaddress
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


class Pair(NamedTuple):
    """The paths of a certificate, with its chain, and of its key."""

    certificate: str
    key: str


class Authority:
    """Signs certificates, and writes them where they are wanted.

    Args:
        directory: Where.
        name: Its own name.
        by: Who signs it; nobody else if it is None.
        until: Until when it is valid.
    """

    def __init__(
        self,
        directory: Path,
        name: str = "root",
        by: "Authority | None" = None,
        until: dt.datetime = NOW + DAY,
    ) -> None:
        self.directory = directory
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        signer = by or self
        builder = _begin(self.name, signer.name, self.key.public_key(), NOW - DAY, until)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        usage = [False] * 9
        usage[5] = usage[6] = True
        builder = builder.add_extension(x509.KeyUsage(*usage), True)  # type: ignore[arg-type]
        self.pem = _pem(builder.sign(signer.key, hashes.SHA256()))
        self.path = str(directory / f"{name}.crt")
        Path(self.path).write_bytes(self.pem)

    def issue(
        self,
        name: str,
        *hosts: str,
        since: dt.datetime = NOW - DAY,
        until: dt.datetime = NOW + DAY,
        key: Any = None,  # noqa: ANN401 -- of any kind
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
        chain: bytes = b"",
        extension: x509.ExtensionType | None = None,
    ) -> Pair:
        """Sign a certificate.

        Args:
            name: Its common name, and that of the files.
            hosts: The names and addresses in it; none makes one without subjectAltName.
            since: From when on it is valid.
            until: Until when.
            key: Its key.
            usage: What it is for.
            chain: What is sent behind it.
            extension: One more.
        """
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _begin(subject, self.name, key.public_key(), since, until)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
        if extension is not None:
            builder = builder.add_extension(extension, False)
        if hosts:
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, False)
        return self.write(name, builder.sign(self.key, hashes.SHA256()), key, chain)

    def issue_to_itself(self, name: str, *hosts: str) -> Pair:
        """Make a certificate that nobody but its own key has signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _begin(subject, subject, key.public_key(), NOW - DAY, NOW + DAY)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_host(host) for host in hosts]), False
        )
        return self.write(name, builder.sign(key, hashes.SHA256()), key)

    def write(self, name: str, certificate: x509.Certificate, key: Any, chain: bytes = b"") -> Pair:  # noqa: ANN401 -- as above
        """Write both files."""
        files = Pair(str(self.directory / f"{name}.crt"), str(self.directory / f"{name}.key"))
        Path(files.certificate).write_bytes(_pem(certificate) + chain)
        encoding = serialization.Encoding.PEM
        form = serialization.PrivateFormat.PKCS8
        pem = key.private_bytes(encoding, form, serialization.NoEncryption())
        Path(files.key).write_bytes(pem)
        return files


def weak_key() -> rsa.RSAPrivateKey:
    """Make a key that is too short."""
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 -- that is the point


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    key: Any,  # noqa: ANN401 -- as above
    since: dt.datetime,
    until: dt.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
