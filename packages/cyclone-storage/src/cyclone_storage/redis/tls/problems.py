"""What is wrong with a server's certificate, or with its TLS, and what can be done about it.

All are predicates of a sentence about the server.
"""

from typing import TYPE_CHECKING, Final

from cyclone_storage.redis.tls.files import describe_openssl

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from OpenSSL.crypto import X509

__all__ = ["describe_handshake", "describe_names", "describe_verification"]

_MOST_NAMES: Final = 8
_MOST_CHARACTERS: Final = 80

# X509_V_ERR_... of OpenSSL's x509_vfy.h, where numbers do not change.
_NOT_YET, _EXPIRED = 9, 10
_UNKNOWN_SIGNERS: Final = {
    2: "is signed by somebody whose certificate is not there",
    18: "is signed by nobody but itself",
    19: "is signed by an authority that is not trusted here",
    20: "is signed by an authority that is not known here",
    21: "is signed by an authority that is not known here",
}
_OTHERS: Final = {
    7: "has a wrong signature",
    23: "has been revoked",
    24: "is signed by one that may not sign others",
    26: "is not meant for servers",
    66: "has a key that is too short to be safe",
    67: "is signed with a key that is too short to be safe",
    68: "is signed with a hash that is not safe any more",
}

# What stands in OpenSSL's reasons, of several releases; the first that fits.
_HANDSHAKES: Final = (
    (
        ("wrong version number", "packet length too long", "record layer failure"),
        "does not speak TLS on this port: redis:// is without TLS",
    ),
    (
        ("protocol version", "unsupported protocol"),
        "speaks no TLS 1.2 or newer, and nothing older is spoken here",
    ),
    (
        ("certificate required", "did not return a certificate"),
        "wants a certificate of ours: give client_cert and client_key",
    ),
    (
        ("alert unknown ca", "alert bad certificate", "alert certificate", "alert access denied"),
        "does not accept our certificate, client_cert",
    ),
    (
        ("alert handshake failure", "no cipher", "no shared cipher", "insufficient security"),
        "has no cipher suite in common with us (ECDHE, AES-GCM or ChaCha20), or wants client_cert",
    ),
)


def describe_verification(certificate: "X509", number: int, depth: int) -> str:
    """Say what OpenSSL has found wrong with a certificate.

    Args:
        certificate: The certificate.
        number: OpenSSL's number of the error.
        depth: How far it is from the server's own.

    Returns:
        The predicate.
    """
    what = "has a certificate that" if depth == 0 else "has a certificate of an authority that"
    known = certificate.to_cryptography()
    if number == _EXPIRED:
        return f"{what} has expired ({known.not_valid_after_utc:%Y-%m-%d %H:%M} UTC): it needs a new one"
    if number == _NOT_YET:
        since = f"{known.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        return f"{what} is not valid before {since}: is this machine's clock right?"
    if number in _UNKNOWN_SIGNERS:
        return (
            f"{what} {_UNKNOWN_SIGNERS[number]} (issuer {_show(known.issuer.rfc4514_string())}): if it is"
            " the right server, give the certificate of its authority, from a source that is safe, as"
            " ca_certs=PATH to connect(), or ssl_context_factory=client_tls(host, ca_certs=PATH) to a"
            " classic maker"
        )
    said = _OTHERS.get(number, f"is not valid: OpenSSL's verification error {number}")
    return f"{what} {said}: the server needs another one"


def describe_names(certificate: "X509") -> str:
    """Say which hosts a certificate is for.

    Args:
        certificate: The certificate; it is not for the one that was wanted.

    Returns:
        The predicate.
    """
    names = _names(certificate.to_cryptography())
    if not names:
        return (
            "has a certificate that names no host: it has no subjectAltName (RFC 9525 section 2), and the"
            " server needs another one"
        )
    more = f" and {len(names) - _MOST_NAMES} others" if len(names) > _MOST_NAMES else ""
    shown = ", ".join(_show(each) for each in names[:_MOST_NAMES])
    return (
        f"has a certificate for {shown}{more}: connect to one of these, or say with server_name=NAME which"
        " one it has to be"
    )


def describe_handshake(reason: BaseException) -> str:
    """Say why there is no TLS.

    Args:
        reason: OpenSSL's error.

    Returns:
        The predicate.
    """
    said = describe_openssl(reason)
    for parts, meaning in _HANDSHAKES:
        if any(part in said for part in parts):
            return f"{meaning} ({said})"
    return f"could not agree on TLS with us ({said})"


def _names(certificate: "Certificate") -> list[str]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    names = found.value.get_values_for_type(x509.DNSName)
    return [*names, *map(str, found.value.get_values_for_type(x509.IPAddress))]


def _show(name: str) -> str:
    return ascii(name[:_MOST_CHARACTERS])  # anybody may have written it
