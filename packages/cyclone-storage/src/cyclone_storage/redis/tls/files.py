"""PEM files: read before OpenSSL does, which says less when they are wrong."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from cyclone_storage.redis.errors import TLSError

if TYPE_CHECKING:
    from OpenSSL import SSL, crypto

__all__ = ["describe_openssl", "load_client_certificate", "trust"]

# Four times what a system's list of all authorities has.
_LARGEST_FILE: Final = 1024 * 1024


def trust(context: "SSL.Context", path: str | None) -> None:
    """Say whose signatures are good.

    Args:
        context: The context that shall know it.
        path: Path of a PEM file of authorities; None: those of the system, which OpenSSL finds in its
            own directory or by SSL_CERT_FILE and SSL_CERT_DIR.

    Raises:
        TLSError: The file cannot be used.
    """
    from OpenSSL import SSL, crypto

    if path is None:
        context.set_default_verify_paths()
        return
    _read(path, "ca_certs")
    try:
        context.load_verify_locations(path)
    except SSL.Error as error:
        raise TLSError(
            f"ca_certs, {path}, holds no PEM certificate that can be used ({describe_openssl(error)}): it"
            " lists the certificates of those who have signed the server's."
        ) from None
    # What is named here is trusted, even an authority that another one has signed.
    store = cast("crypto.X509Store", context.get_cert_store())
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)


def load_client_certificate(context: "SSL.Context", certificate: str, key: str) -> None:
    """Use a certificate of our own.

    Args:
        context: The context that shows it.
        certificate: Path of the PEM file of it and its chain.
        key: Path of the PEM file of its private key.

    Raises:
        TLSError: A file cannot be used, or they do not belong together.
    """
    from OpenSSL import SSL

    _read(certificate, "client_cert")
    try:
        context.use_certificate_chain_file(certificate)
    except SSL.Error as error:
        raise TLSError(
            f"client_cert, {certificate}, holds no PEM certificate that can be used"
            f" ({describe_openssl(error)}): our own certificate stands first in it."
        ) from None
    if b"ENCRYPTED" in _read(key, "client_key"):
        # OpenSSL would ask for the passphrase on the terminal, which a server does not have.
        raise TLSError(
            f"client_key, {key}, is protected by a passphrase: write it without one, readable for this"
            f" program only, with `openssl pkey -in {key} -out client.key`."
        )
    try:
        context.use_privatekey_file(key)
        context.check_privatekey()
    except SSL.Error as error:
        raise TLSError(
            f"client_key, {key}, does not work with client_cert, {certificate}"
            f" ({describe_openssl(error)}): give the PEM key that this certificate was made for."
        ) from None


def describe_openssl(error: BaseException) -> str:
    """Take the reasons out of an error of OpenSSL.

    Args:
        error: It; its argument is a list of (library, function, reason).

    Returns:
        The reasons.
    """
    entries = error.args[0] if error.args else ()
    if not isinstance(entries, list):
        return str(error) or "OpenSSL gives no reason"
    return ", ".join(str(entry[-1]) for entry in entries if entry[-1]) or "OpenSSL gives no reason"


def _read(path: str, option: str) -> bytes:
    """Read a file; what is none could keep us waiting for ever, or fill the memory."""
    try:
        status = Path(path).stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST_FILE:
            return Path(path).read_bytes()
    except OSError as error:
        raise TLSError(
            f"{option}, {path}, cannot be read: {error.strerror}. Check the path, and who may read it."
        ) from None
    raise TLSError(
        f"{option}, {path}, is no PEM file: it is not a regular file, or has more than {_LARGEST_FILE} bytes."
    )
