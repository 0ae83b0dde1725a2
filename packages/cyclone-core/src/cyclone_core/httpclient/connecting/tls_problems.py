"""What is wrong with a server's certificate, or with its TLS: why, and what can be done about it."""

from typing import TYPE_CHECKING, Final

from twisted.internet import error

from cyclone_core.httpclient.errors import TLSHandshakeError
from cyclone_core.httpclient.routes import Route
from cyclone_core.tls.files import describe_error

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from OpenSSL.crypto import X509

__all__ = ["describe_handshake", "describe_names", "describe_verification", "explain_tls"]

_MOST_NAMES: Final = 8
_MOST_CHARACTERS: Final = 80

_ANYBODY: Final = (
    ". If it is the right server, give the certificate of its authority, from a source that is safe, as"
    " ca_certs=PATH; this system's own list is that of SSL_CERT_FILE, or of the package ca-certificates"
)

# X509_V_ERR_... of OpenSSL's x509_vfy.h; its numbers never change.
_SIGNERS: Final = {
    2: "is signed by somebody of whom there is no certificate",
    18: "is signed by nobody but itself",
    19: "is signed by an authority that is not trusted here",
    20: "is signed by an authority that is not known here, or the one between is not sent",
    21: "is signed by an authority that is not known here, or the one between is not sent",
}
_OTHERS: Final = {
    7: "is broken: its signature is wrong",
    23: "has been revoked: the server needs another one",
    24: "is signed by one that may not sign others",
    26: "is not meant for servers: the server needs another one",
    66: "has a key that is too short to be safe: the server needs another one",
    67: "is signed by an authority whose key is too short to be safe: the server needs another one",
    68: "is signed with a hash that is not safe any more: the server needs another one",
}
_NOT_YET, _EXPIRED = 9, 10

# What stands in OpenSSL's reasons, of several releases.
_HANDSHAKES: Final = (
    (
        ("wrong version number", "http request", "packet length too long", "record layer failure"),
        "does not speak TLS there. Is it http:// on this port?",
    ),
    (
        ("protocol version", "unsupported protocol", "wrong ssl version"),
        "speaks no TLS 1.2 or newer; nothing older is spoken here",
    ),
    (
        ("alert certificate required", "peer did not return a certificate"),
        "wants a certificate of ours: client_cert=PATH, client_key=PATH",
    ),
    (
        ("alert handshake failure", "no cipher", "no shared cipher", "insufficient security"),
        "has no cipher suite in common with us (ECDHE, AES-GCM or ChaCha20), or wants client_cert=PATH",
    ),
    (
        ("alert unknown ca", "alert bad certificate", "alert certificate", "alert access denied"),
        "does not accept the certificate that we have shown (client_cert), or wants one",
    ),
    (
        ("unrecognized name",),
        "knows no host of this name; server_name=NAME asks for another one",
    ),
    (("no application protocol",), "speaks no HTTP/1.1 there"),
    # Of contexts that are not ours.
    (("Mismatch",), "has a certificate for other names"),
    (("certificate verify failed",), "has a certificate that is not trusted here"),
)


def describe_verification(certificate: "X509", number: int, depth: int) -> str:
    """Say what OpenSSL has found wrong.

    Args:
        certificate: The certificate that is meant.
        number: OpenSSL's number of the error.
        depth: How far it is from the server's own.

    Returns:
        The predicate of a sentence about the server.
    """
    what = "has a certificate that" if depth == 0 else "has a certificate of an authority that"
    if number == _EXPIRED:
        return f"{what} has expired ({_date(certificate.get_notAfter())}): the server needs another one"
    if number == _NOT_YET:
        return (
            f"{what} is not valid before {_date(certificate.get_notBefore())}: is this machine's clock"
            " right?"
        )
    if number in _SIGNERS:
        issuer = certificate.to_cryptography().issuer.rfc4514_string()
        return f"has a certificate that {_SIGNERS[number]} (issuer {_show(issuer)}){_ANYBODY}"
    said = _OTHERS.get(number, f"is not valid: OpenSSL's verification error {number}")
    return f"{what} {said}"


def describe_names(certificate: "X509", name: str) -> str:
    """Say which hosts a certificate is for.

    Args:
        certificate: The certificate.
        name: The name or address that it is not for.

    Returns:
        The predicate of a sentence about the server.
    """
    names = _names(certificate.to_cryptography())
    if not names:
        return (
            f"has a certificate that names no host, not {name!r} either: it has no subjectAltName (RFC"
            " 9525 section 2), and the server needs another one"
        )
    more = f" and {len(names) - _MOST_NAMES} others" if len(names) > _MOST_NAMES else ""
    shown = ", ".join(_show(each) for each in names[:_MOST_NAMES])
    return (
        f"has a certificate for {shown}{more}, not for {name!r}: ask for one of these, or say with"
        " server_name=NAME which one it has to be"
    )


def describe_handshake(reason: BaseException) -> str:
    """Say why there is no TLS.

    Args:
        reason: What the connection was lost with.

    Returns:
        The predicate of a sentence about the server.
    """
    if isinstance(reason, (error.ConnectionLost, error.ConnectionDone)):
        return (
            "has closed the connection in the middle of the TLS handshake. Does it speak TLS there?"
        )
    said = describe_error(reason)
    for parts, meaning in _HANDSHAKES:
        if any(part in said for part in parts):
            return f"{meaning} ({said})"
    return f"could not agree on TLS with us ({said})"


def explain_tls(reason: BaseException, route: Route) -> TLSHandshakeError | None:
    """Say why a connection was lost, if it was for TLS.

    With TLS 1.3 a server looks at our certificate when the handshake is done for us, so that its verdict
    comes instead of the first answer.

    Args:
        reason: What the connection was lost with.
        route: Where it led.

    Returns:
        The error, with `reason` as its cause; None if it was lost for another reason.
    """
    if route.tls is None:
        return None
    from OpenSSL import SSL

    if not isinstance(reason, SSL.Error):
        return None
    made = TLSHandshakeError(f"{route.authority} {describe_handshake(reason)}")
    made.__cause__ = reason
    return made


def _names(certificate: "Certificate") -> list[str]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    names = found.value.get_values_for_type(x509.DNSName)
    return [*names, *map(str, found.value.get_values_for_type(x509.IPAddress))]


def _date(time: bytes | None) -> str:
    text = (time or b"").decode("ascii", "replace")  # YYYYMMDDhhmmssZ
    return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]} UTC"


def _show(name: str) -> str:
    # Anybody may have written it.
    return ascii(name[:_MOST_CHARACTERS])
