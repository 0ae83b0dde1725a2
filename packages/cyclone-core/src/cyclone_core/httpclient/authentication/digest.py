"""What HTTP Digest computes (RFC 7616), as pure functions for clients and servers.

The names follow the RFC: a *secret* is its `H(A1)`, the hash of name, realm and password, which is all
that a server has to keep. Text goes into the hashes as bytes: names and passwords as UTF-8 in normal
form C (section 4), what comes from headers as latin-1, which is how they are read, so that the bytes are
those that the peer has sent.
"""

import hashlib
import unicodedata
from typing import Final, NamedTuple

from cyclone_core.httpclient.authentication.challenges import Challenge

__all__ = [
    "ALGORITHMS",
    "DigestChallenge",
    "compute_response",
    "has_sessions",
    "hash_body",
    "hash_secret",
    "hash_session",
    "hash_username",
    "is_supported",
    "read_digest_challenge",
]

ALGORITHMS: Final = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}
"""The algorithms in lower case, from the weakest to the strongest, and what hashlib calls them."""

_SESSION: Final = "-sess"
_STRENGTHS: Final = {name: strength for strength, name in enumerate(ALGORITHMS)}


class DigestChallenge(NamedTuple):
    """What a server asks for, of what this client can do.

    Attributes:
        realm: What the name and the password are for; shown to users.
        nonce: What the answer is made with.
        opaque: What has to be sent back as it is; None if there is none.
        algorithm: As the server spells it; None if it names none, which means MD5.
        qop: What is protected: `auth`, or `auth-int` if the server takes nothing else; None for the
            older scheme (RFC 2069).
        stale: The server has refused the nonce, not the password.
        userhash: The server wants the name hashed.
        utf8: The server says that it reads UTF-8.
    """

    realm: str
    nonce: str
    opaque: str | None
    algorithm: str | None
    qop: str | None
    stale: bool
    userhash: bool
    utf8: bool

    @property
    def strength(self) -> int:
        """How strong the algorithm is among those of `ALGORITHMS`."""
        return _STRENGTHS[_base(self.algorithm)]


def read_digest_challenge(challenge: Challenge) -> DigestChallenge | None:
    """Read a challenge.

    Args:
        challenge: One of any scheme.

    Returns:
        What it asks for; None if that is another scheme, an algorithm or a protection that is not
        supported, or if realm or nonce are missing.
    """
    parameters = challenge.parameters
    realm, nonce = parameters.get("realm"), parameters.get("nonce")
    algorithm = parameters.get("algorithm")
    offered = parameters.get("qop")
    if challenge.scheme != "digest" or realm is None or nonce is None:
        return None
    qop = None if offered is None else _choose_qop(offered)
    if not is_supported(algorithm) or (offered is not None and qop is None):
        return None
    return DigestChallenge(
        realm,
        nonce,
        parameters.get("opaque"),
        algorithm,
        qop,
        stale=parameters.get("stale", "").lower() == "true",
        userhash=parameters.get("userhash", "").lower() == "true",
        utf8=parameters.get("charset", "").lower() == "utf-8",
    )


def _choose_qop(offered: str) -> str | None:
    options = [option.strip(" \t").lower() for option in offered.split(",")]
    # `auth` first: the other one needs the whole body before the first byte of it is sent.
    return next((option for option in ("auth", "auth-int") if option in options), None)


def is_supported(algorithm: str | None) -> bool:
    """Tell whether an algorithm is known, and this machine's hashlib has it.

    Args:
        algorithm: In any case, with or without `-sess`; None means MD5.

    Returns:
        False for an unknown one, and for one that OpenSSL lacks or does not allow.
    """
    try:
        hash_body(algorithm, b"")
    except ValueError:
        return False
    return True


def has_sessions(algorithm: str | None) -> bool:
    """Tell whether an algorithm binds the secret to a session: whether its name ends in `-sess`."""
    return algorithm is not None and algorithm.lower().endswith(_SESSION)


def hash_username(algorithm: str | None, username: str, realm: str) -> str:
    """Hash a user's name, for servers that want it (RFC 7616 section 3.4.4).

    Args:
        algorithm: As of `is_supported`.
        username: The name.
        realm: The realm.

    Returns:
        Hexadecimal digits.

    Raises:
        ValueError: There is no such algorithm, or the realm is not latin-1.
    """
    return hash_body(algorithm, b"%s:%s" % (_normalized(username), realm.encode("latin-1")))


def hash_secret(algorithm: str | None, username: str, realm: str, password: str) -> str:
    """Hash name, realm and password: `H(A1)` (RFC 7616 section 3.4.2), what a server keeps.

    Args:
        algorithm: As of `is_supported`; `-sess` makes no difference here, see `hash_session`.
        username: The name.
        realm: The realm.
        password: The password.

    Returns:
        Hexadecimal digits. Whoever has them can answer challenges of this realm.

    Raises:
        ValueError: There is no such algorithm, or the realm is not latin-1.
    """
    parts = _normalized(username), realm.encode("latin-1"), _normalized(password)
    return hash_body(algorithm, b":".join(parts))


def hash_session(algorithm: str | None, secret: str, nonce: str, cnonce: str) -> str:
    """Bind a secret to a session if the algorithm has them: `H(A1)` of `-sess` (section 3.4.2).

    Args:
        algorithm: As of `is_supported`.
        secret: What `hash_secret` gives.
        nonce: The server's nonce of the challenge that began the session.
        cnonce: The client's nonce of its first answer.

    Returns:
        Hexadecimal digits; the secret itself without `-sess`.

    Raises:
        ValueError: There is no such algorithm, or a nonce is not latin-1.
    """
    if not has_sessions(algorithm):
        return secret
    return hash_body(algorithm, f"{secret}:{nonce}:{cnonce}".encode("latin-1"))


def compute_response(
    algorithm: str | None,
    secret: str,
    method: str,
    target: str,
    nonce: str,
    *,
    qop: str | None = None,
    count: str = "",
    cnonce: str = "",
    body_hash: str = "",
) -> str:
    """Compute the answer to a challenge: `response` (RFC 7616 section 3.4.1; RFC 2069 without qop).

    Args:
        algorithm: As of `is_supported`.
        secret: What `hash_session` gives.
        method: The method; empty for the `rspauth` with which a server answers (section 3.5).
        target: The target of the request line, in the parameter `uri`.
        nonce: The server's nonce.
        qop: `auth`, `auth-int` or None.
        count: The parameter `nc`: how often the nonce was used, eight hexadecimal digits.
        cnonce: The client's nonce.
        body_hash: What `hash_body` gives for the body, for `auth-int`.

    Returns:
        Hexadecimal digits. A server compares them with `hmac.compare_digest`.

    Raises:
        ValueError: There is no such algorithm, or a text from a header is not latin-1.
    """
    request = f"{method}:{target}"
    if qop == "auth-int":
        request = f"{request}:{body_hash}"
    request_hash = hash_body(algorithm, request.encode("latin-1"))
    if qop is None:
        parts = f"{secret}:{nonce}:{request_hash}"
    else:
        parts = f"{secret}:{nonce}:{count}:{cnonce}:{qop}:{request_hash}"
    return hash_body(algorithm, parts.encode("latin-1"))


def hash_body(algorithm: str | None, body: bytes) -> str:
    """Hash bytes: the RFC's `H`, of a body for `auth-int`.

    Args:
        algorithm: As of `is_supported`.
        body: What is hashed.

    Returns:
        Hexadecimal digits.

    Raises:
        ValueError: There is no such algorithm.
    """
    name = ALGORITHMS.get(_base(algorithm))
    if name is None:
        known = ", ".join(ALGORITHMS)
        raise ValueError(
            f"Digest has no algorithm {str(algorithm)[:40]!r}, but, with or without {_SESSION}: {known}"
        )
    return hashlib.new(name, body).hexdigest()


def _base(algorithm: str | None) -> str:
    return "md5" if algorithm is None else algorithm.lower().removesuffix(_SESSION)


def _normalized(text: str) -> bytes:
    return unicodedata.normalize("NFC", text).encode()
