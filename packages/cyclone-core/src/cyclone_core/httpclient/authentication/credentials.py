"""Who asks: the schemes Basic, Bearer and Digest from the client's side."""

import re
import secrets
from base64 import b64encode
from collections.abc import Callable
from typing import Final
from unicodedata import normalize
from urllib.parse import quote

from cyclone_core.errors import HTTPInputError
from cyclone_core.httpclient.authentication.challenges import (
    format_challenge,
    is_token68,
    parse_auth_parameters,
    parse_challenges,
)
from cyclone_core.httpclient.authentication.digest import (
    DigestChallenge,
    compute_response,
    has_sessions,
    hash_body,
    hash_secret,
    hash_session,
    hash_username,
    read_digest_challenge,
)
from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httputil import HTTPHeaders, encode_username_password

__all__ = ["DigestAuth", "basic", "bearer"]

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")

# What stands without quotes (RFC 7616 section 3.4); old servers read it no other way.
_PLAIN: Final = frozenset({"algorithm", "nc", "qop", "userhash", "username*"})

_NONCE_BYTES: Final = 16  # nobody guesses 128 bits, nor meets them twice


def basic(username: str | bytes, password: str | bytes) -> str:
    """Write credentials of the scheme Basic (RFC 7617).

    Args:
        username: The name; text is encoded as UTF-8, in normal form C.
        password: The password, likewise.

    Returns:
        The value of `Authorization` or `Proxy-Authorization`. It hides nothing: send it over TLS.

    Raises:
        InvalidRequest: The name has a colon, or one of them a control character; they are not shown.

    Example:
        >>> basic("Aladdin", "open sesame")
        'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='
    """
    try:
        pair = encode_username_password(username, password)
    except UnicodeEncodeError:  # its text shows what it could not encode
        raise InvalidRequest(
            "a user's name or password has a lone surrogate, which no encoding has"
        ) from None
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    _refuse_control(pair)
    return f"Basic {b64encode(pair).decode()}"


def bearer(token: str) -> str:
    """Write a token of the scheme Bearer (RFC 6750 section 2.1).

    Args:
        token: What the server has given out: letters, digits, `-._~+/`, and `=` at its end.

    Returns:
        The value of `Authorization`. Who reads it can use it: send it over TLS.

    Raises:
        InvalidRequest: It has other characters; it is not shown.
    """
    if not is_token68(token):
        raise InvalidRequest(
            "a bearer token has letters, digits and -._~+/ alone, and = at its end: is there a blank or"
            " a line end around it?"
        )
    return f"Bearer {token}"


class _Session:
    """What a challenge makes of a name and a password, and how often it was used.

    `cnonce` is that of all answers for the algorithms with `-sess`, and empty for the others.
    """

    __slots__ = ("challenge", "cnonce", "count", "nonce", "secret")

    def __init__(self, challenge: DigestChallenge, secret: str, cnonce: str) -> None:
        self.challenge = challenge
        self.nonce = challenge.nonce
        self.secret = secret
        self.cnonce = cnonce
        self.count = 0


class DigestAuth:
    """A name and a password for one server, which it never sees (RFC 7616; RFC 2069 and 2617).

    One object serves any number of requests at a time to one server, or to one proxy; another server gets
    another object, or it could ask for answers that open the first. Once there was a challenge, each
    further request carries its answer at once, with a count that the server can check:

        value = auth.authorization(method, url.target)  # None before the first challenge
        ...  # 401
        if auth.challenged(response.headers, attempts=0):
            value = auth.authorization(method, url.target)
            ...  # 401 again
            if auth.challenged(response.headers, attempts=1): ...  # only if the nonce was too old

    The algorithms are MD5, SHA-256 and SHA-512-256, of several the strongest, with `-sess` and without.
    """

    __slots__ = ("_make_cnonce", "_password", "_session", "_username")

    def __init__(
        self, username: str, password: str, *, make_cnonce: Callable[[], str] | None = None
    ) -> None:
        """Keep a name and a password.

        Args:
            username: The name.
            password: The password.
            make_cnonce: Makes the client's nonces, for tests that compare answers with known ones; by
                default they are random.

        Raises:
            InvalidRequest: The name has a control character, or one of them a lone surrogate; they are
                not shown.
            TypeError: They are no text.
        """
        for text in (username, password):
            if not isinstance(text, str):
                raise TypeError(f"name and password are str, not {type(text).__name__}")
        try:
            _refuse_control(username.encode())
            password.encode()
        except UnicodeEncodeError:
            raise InvalidRequest(
                "a user's name or password has a lone surrogate, which no encoding has"
            ) from None
        self._username = username
        self._password = password
        self._make_cnonce = _make_cnonce if make_cnonce is None else make_cnonce
        self._session: _Session | None = None

    def __repr__(self) -> str:
        """Show no credentials."""
        state = "not challenged" if self._session is None else "challenged"
        return f"<{type(self).__name__} {state}>"

    def challenged(
        self, headers: HTTPHeaders, header: str = "WWW-Authenticate", *, attempts: int
    ) -> bool:
        """Take the challenge of a 401 or 407, and tell whether it is worth another try.

        A request that has answered a challenge already, and is refused again, has the wrong password;
        unless the server says that the nonce alone was too old, and says so no more than once.

        Args:
            headers: The headers of the answer.
            header: Which one has the challenges; `Proxy-Authenticate` for a 407.
            attempts: How many challenges this very request has answered before: 0 if it was sent
                without an answer, or with the one that `authorization` gives in advance.

        Returns:
            Whether to send the request again with what `authorization` gives now. If not, the challenge
            is forgotten: the next request goes out without an answer.
        """
        best: DigestChallenge | None = None
        for value in headers.get_list(header):
            for challenge in _read(value):
                if best is None or challenge.strength > best.strength:
                    best = challenge
        if best is None or attempts > 1 or (attempts == 1 and not best.stale):
            self._session = None
            return False
        secret = hash_secret(best.algorithm, self._username, best.realm, self._password)
        cnonce = self._make_cnonce() if has_sessions(best.algorithm) else ""
        if cnonce:
            secret = hash_session(best.algorithm, secret, best.nonce, cnonce)
        self._session = _Session(best, secret, cnonce)
        return True

    def authorization(self, method: str, target: str, body: bytes | None = b"") -> str | None:
        """Answer the challenge for one request; each call counts as a use of the nonce.

        Args:
            method: The method.
            target: The target exactly as the request line has it.
            body: The body as it is sent, for servers that want it protected (`auth-int` without
                `auth`); None if it is not known beforehand.

        Returns:
            The value of `Authorization` or `Proxy-Authorization`; None if there was no challenge, or
            the body is needed and not known.
        """
        session = self._session
        if session is None or (session.challenge.qop == "auth-int" and body is None):
            return None
        return self._answer(session, method, target, body or b"")

    def accepted(self, headers: HTTPHeaders, header: str = "Authentication-Info") -> None:
        """Take what a server says behind an answer that it has accepted: the nonce to use next.

        Args:
            headers: The headers of the answer.
            header: Which one has it; `Proxy-Authentication-Info` for a proxy.
        """
        session = self._session
        value = headers.get(header)
        if session is None or value is None:
            return
        try:
            nonce = parse_auth_parameters(value).get("nextnonce")
        except HTTPInputError:
            return  # at worst the next request is challenged
        if nonce and nonce != session.nonce:
            # The secret stays, of `-sess` too: a session lasts until the next challenge (section 3.6).
            session.nonce = nonce
            session.count = 0

    def _answer(self, session: _Session, method: str, target: str, body: bytes) -> str:
        challenge = session.challenge
        algorithm, qop = challenge.algorithm, challenge.qop
        session.count += 1
        count = f"{session.count:08x}"
        # That of `-sess` is part of the secret: servers that keep nothing want to see it again.
        cnonce = session.cnonce or self._make_cnonce()
        response = compute_response(
            algorithm,
            session.secret,
            method,
            target,
            session.nonce,
            qop=qop,
            count=count,
            cnonce=cnonce,
            body_hash=hash_body(algorithm, body) if qop == "auth-int" else "",
        )
        parameters = [
            self._name(challenge),
            ("realm", challenge.realm),
            ("nonce", session.nonce),
            ("uri", target),
            ("response", response),
        ]
        if challenge.opaque is not None:
            parameters.append(("opaque", challenge.opaque))
        if algorithm is not None:
            parameters.append(("algorithm", algorithm))
        if qop is not None:
            parameters += [("qop", qop), ("nc", count)]
        if qop is not None or session.cnonce:
            parameters.append(("cnonce", cnonce))
        if challenge.userhash:
            parameters.append(("userhash", "true"))
        return format_challenge("Digest", parameters, _PLAIN)

    def _name(self, challenge: DigestChallenge) -> tuple[str, str]:
        if challenge.userhash:
            return "username", hash_username(challenge.algorithm, self._username, challenge.realm)
        name = normalize("NFC", self._username)
        if challenge.utf8 and not name.isascii():
            return "username*", f"UTF-8''{quote(name, safe='')}"
        # A server that says nothing of UTF-8 may not know `username*`: it gets the bytes as they are.
        return "username", name.encode().decode("latin-1")


def _read(value: str) -> list[DigestChallenge]:
    try:
        challenges = parse_challenges(value)
    except HTTPInputError:
        return []  # what another line says may be better
    return [read for one in challenges if (read := read_digest_challenge(one)) is not None]


def _make_cnonce() -> str:
    return secrets.token_urlsafe(_NONCE_BYTES)


def _refuse_control(text: bytes) -> None:
    if _CONTROL.search(text):
        raise InvalidRequest("a user's name and password have no control characters")
