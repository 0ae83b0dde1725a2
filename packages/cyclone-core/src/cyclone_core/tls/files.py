"""PEM files of certificates and keys: read before OpenSSL does, which says less when they are wrong."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cyclone_core.tls.errors import CertificateError, PrivateKeyError, TLSError

if TYPE_CHECKING:
    from OpenSSL import SSL

__all__ = ["check_readable", "describe_error", "load_certificate", "load_key"]

# Four times what a system's list of all authorities has.
_LARGEST_FILE: Final = 1024 * 1024


def load_certificate(context: "SSL.Context", path: str, owner: str) -> None:
    """Use a certificate and its chain.

    Args:
        context: The context that shows it.
        path: Path of the file.
        owner: Whose it is, `server` or `client`.

    Raises:
        CertificateError: The file is missing, unreadable or broken.
    """
    from OpenSSL import SSL

    check_readable(path, "certificate file", CertificateError)
    try:
        # OpenSSL loads the files itself: pyOpenSSL's own certificate objects are deprecated.
        context.use_certificate_chain_file(path)
    except SSL.Error as error:
        raise CertificateError(
            f"The certificate file {path} holds no usable PEM certificate "
            f'({describe_error(error)}): it begins with "-----BEGIN CERTIFICATE-----", the {owner}\'s own '
            "certificate first."
        ) from None


def load_key(context: "SSL.Context", path: str, certificate_path: str, owner: str) -> None:
    """Use a private key, for the certificate that the context has.

    Args:
        context: The context.
        path: Path of the key's file.
        certificate_path: Path of the certificate's.
        owner: Whose they are, `server` or `client`.

    Raises:
        PrivateKeyError: The file is missing, unreadable or broken, or is of another certificate.
    """
    from OpenSSL import SSL

    if b"ENCRYPTED" in check_readable(path, "key file", PrivateKeyError):
        # Otherwise OpenSSL asks for the passphrase on the terminal, and a daemon has none.
        raise PrivateKeyError(
            f"The key in {path} is protected by a passphrase: write one without it with "
            f"`openssl pkey -in {path} -out {owner}.key`."
        )
    try:
        context.use_privatekey_file(path)
        context.check_privatekey()
    except SSL.Error as error:
        raise PrivateKeyError(
            f"The key in {path} does not work with the certificate in {certificate_path} "
            f"({describe_error(error)}): give the PEM key that this certificate was made for."
        ) from None


def check_readable(path: str, kind: str, error_class: type[TLSError]) -> bytes:
    """Read a file before OpenSSL does, which tells less and waits for ever where a pipe has no writer.

    Args:
        path: Path of the file.
        kind: What it is, for messages.
        error_class: What is raised.

    Returns:
        What the file holds.

    Raises:
        TLSError: It is missing, unreadable, no regular file or too large.
    """
    try:
        status = Path(path).stat()
        regular = stat.S_ISREG(status.st_mode)
        if regular and status.st_size <= _LARGEST_FILE:
            with Path(path).open("rb") as file:
                return file.read(_LARGEST_FILE)
    except OSError as error:
        raise error_class(
            f"The {kind} {path} cannot be read: {error.strerror}. Check the path and who may read "
            "the file."
        ) from None
    if not regular:
        raise error_class(
            f"The {kind} {path} is no regular file but a {_kind(status.st_mode)}, which could keep the "
            "process waiting: give the path of a PEM file."
        )
    raise error_class(
        f"The {kind} {path} has {status.st_size} bytes, more than {_LARGEST_FILE}: it is no PEM file "
        "of a key or of certificates. Check the path."
    )


def describe_error(error: BaseException) -> str:
    """Take the reasons out of an OpenSSL error.

    Args:
        error: The error; its argument is a list of (library, function, reason), or it says what it is.

    Returns:
        The reasons in a row.
    """
    entries = error.args[0] if error.args else []
    if not isinstance(entries, list) or not all(isinstance(entry, tuple) for entry in entries):
        return str(error)
    reasons = [entry[-1] for entry in entries]
    return ", ".join(reason for reason in reasons if reason) or "OpenSSL gives no reason"


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "directory"
    return "pipe" if stat.S_ISFIFO(mode) else "device or socket"
