"""Refusing requests that another site has made a browser send.

The browser keeps a random token in a cookie, and a form or a script sends it back a second time: another
site can make the browser send the cookie, but cannot read it. In pages the token is masked, with a mask
of its own for each request, so that its bytes never repeat in what is compressed (BREACH).

Version 2, which Tornado writes too, is `2|<mask>|<masked token>|<seconds since 1970>`, with mask and
token in hexadecimal. Version 1 is the bare token in hexadecimal; cyclone 1.x wrote that.
"""

import binascii
import hmac
import os
import re
import time
from functools import cached_property
from typing import Final, NamedTuple

from cyclone_core.web.errors import HTTPError
from cyclone_core.web.origins import OriginMethods, cross_origin_error
from cyclone_core.web.plain_cookies import cookie_defaults
from cyclone_core.web.users import UnresolvedUserError, UserMethods
from cyclone_escape import xhtml_escape

__all__ = ["ForgeryMethods", "XSRFToken", "decode_xsrf_token", "encode_xsrf_token"]

_FORBIDDEN: Final = 403

_NEWEST: Final = 2
_TOKEN_SIZE: Final = 16
_MASK_SIZE: Final = 4
_USER_DAYS: Final = 30  # how long the cookie lasts for who is signed in, as a signed cookie does

# Browsers keep no larger cookie, and a form may bring megabytes.
_LONGEST: Final = 4096

_VERSIONED: Final = re.compile(r"[1-9][0-9]*\|")
_VERSION_2: Final = re.compile(
    r"2\|([0-9a-fA-F]{8})\|((?:[0-9a-fA-F]{2})+)\|([0-9]{1,18})", re.ASCII
)


class XSRFToken(NamedTuple):
    """What a token says, whatever its form.

    Attributes:
        secret: The bytes that are compared.
        timestamp: Seconds since 1970, when it was made; version 1 does not say.
    """

    secret: bytes
    timestamp: int | None


def encode_xsrf_token(token: XSRFToken, version: int, mask: bytes) -> bytes:
    """Write a token.

    Args:
        token: What it says.
        version: Its form, 1 or 2.
        mask: Four random bytes, never used again; version 1 does without.

    Returns:
        Letters, digits and, in version 2, `|`.

    Raises:
        ValueError: There is no such version.
    """
    if version == 1:
        return binascii.b2a_hex(token.secret)
    if version != _NEWEST:
        raise ValueError(f"setting 'xsrf_cookie_version' must be 1 or 2, not {version!r}")
    masked = binascii.b2a_hex(_mask(token.secret, mask))
    return b"2|%b|%b|%d" % (binascii.b2a_hex(mask), masked, token.timestamp or 0)


def decode_xsrf_token(text: str) -> XSRFToken | None:
    """Read a token.

    Args:
        text: What a client has sent.

    Returns:
        What it says; None if it is malformed or empty.
    """
    if not text or len(text) > _LONGEST:
        return None
    if _VERSIONED.match(text):
        match = _VERSION_2.fullmatch(text)
        if match is None:
            return None
        masked = binascii.a2b_hex(match[2])
        return XSRFToken(_mask(masked, binascii.a2b_hex(match[1])), int(match[3]))
    # A client may choose any token; it compares with itself.
    encoded = text.encode("utf-8", "surrogatepass")
    try:
        return XSRFToken(binascii.a2b_hex(encoded), None)
    except binascii.Error:
        return XSRFToken(encoded, None)


def _mask(data: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(data) // _MASK_SIZE + 1))[: len(data)]
    number = int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")
    return number.to_bytes(len(data), "big")


class ForgeryMethods(UserMethods, OriginMethods):
    """The methods of `RequestHandler` against cross-site request forgery.

    Attributes:
        no_xsrf: Take requests without a token in spite of the setting `xsrf_cookies`, from clients that
            are no browsers. It may be set in `initialize`.
    """

    no_xsrf: bool = False

    _xsrf_token: bytes | None = None
    _xsrf_kept: tuple[XSRFToken, bool] | None = None

    @cached_property
    def xsrf_cookie_name(self) -> str:
        """The name of the cookie: the setting `xsrf_cookie_name`, `_xsrf` without it.

        A class may have a name of its own, as in cyclone 1.x. Of the argument it is always `_xsrf`.
        """
        name: str = self.settings.get("xsrf_cookie_name") or "_xsrf"
        return name

    @property
    def xsrf_token(self) -> bytes:
        """The token that forms and scripts must send back; the cookie with it is set if need be.

        It is of the version that the setting `xsrf_cookie_version` asks for, 2 by default; that has
        another mask in each request. The cookie's attributes come from the setting
        `xsrf_cookie_kwargs`; scripts can read it unless that says otherwise.

        Raises:
            ValueError: There is no such version, or `set_cookie` refuses an attribute.
        """
        if self._xsrf_token is None:
            token, sent = self._keep_xsrf_token()
            version = self.settings.get("xsrf_cookie_version", _NEWEST)
            encoded = encode_xsrf_token(token, version, os.urandom(_MASK_SIZE))
            if not sent:
                self._set_xsrf_cookie(encoded)
            self._xsrf_token = encoded
        return self._xsrf_token

    def _set_xsrf_cookie(self, token: bytes) -> None:
        setting = self.settings.get("xsrf_cookie_kwargs") or {}
        attributes = {keyword.lower(): value for keyword, value in setting.items()}
        if cookie_defaults(self.settings).get("httponly"):
            attributes.setdefault("httponly", False)  # the documented script reads it
        if "expires_days" not in attributes and self._is_signed_in():
            attributes["expires_days"] = _USER_DAYS
        self.set_cookie(self.xsrf_cookie_name, token, **attributes)

    def _is_signed_in(self) -> bool:
        try:
            return bool(self.current_user)
        except UnresolvedUserError:
            return False  # a page for everybody; the cookie lasts as long as the browser runs

    def _keep_xsrf_token(self) -> tuple[XSRFToken, bool]:
        """Give the token of the cookie, or else a new one; and whether the cookie had it."""
        if self._xsrf_kept is None:
            sent = decode_xsrf_token(self.get_cookie(self.xsrf_cookie_name) or "")
            now = int(time.time())
            if sent is None:
                self._xsrf_kept = XSRFToken(os.urandom(_TOKEN_SIZE), now), False
            elif sent.timestamp is None:
                self._xsrf_kept = sent._replace(timestamp=now), True
            else:
                self._xsrf_kept = sent, True
        return self._xsrf_kept

    def check_xsrf_cookie(self) -> None:
        """Refuse a request that does not send back the token of its cookie; override it to decide.

        The token comes in the argument `_xsrf` of query string or form, or in one of the headers
        `X-XSRFToken` and `X-CSRFToken`; of both versions, whatever that of the cookie. A class with
        `stream_request_body` has no form yet.

        Raises:
            HTTPError: The token is missing, malformed or another one: status 403.
        """
        sent = self._sent_xsrf_token()
        if not sent:
            raise HTTPError(_FORBIDDEN, "'_xsrf' argument missing from %s", self.request.method)
        token = decode_xsrf_token(sent)
        if token is None:
            raise HTTPError(_FORBIDDEN, "'_xsrf' argument is malformed")
        kept, _ = self._keep_xsrf_token()
        if not hmac.compare_digest(token.secret, kept.secret):
            raise HTTPError(
                _FORBIDDEN, "'_xsrf' argument does not match the cookie %r", self.xsrf_cookie_name
            )

    def _sent_xsrf_token(self) -> str | None:
        if self._stream_request_body:
            argument = self.get_query_argument("_xsrf", None)
        else:
            argument = self.get_argument("_xsrf", None)
        headers = self.request.headers
        return argument or headers.get("X-Xsrftoken") or headers.get("X-Csrftoken")

    def xsrf_form_html(self) -> str:
        """Write the hidden field with the token, for every form that changes something.

        Returns:
            An `<input>` element; in a template `{% module xsrf_form_html() %}` gives it.
        """
        return f'<input type="hidden" name="_xsrf" value="{xhtml_escape(self.xsrf_token)}"/>'

    def _check_forgery(self) -> None:
        """Refuse a request that another site has made a browser send.

        It is called before `prepare`, for every method but GET, HEAD and OPTIONS. With the setting
        `xsrf_cookies` it must bring the token, with `cross_origin_protection` it must come from here or
        from a trusted origin, and with both, both.

        Raises:
            HTTPError: The request is refused: status 403.
        """
        settings = self.application.settings
        if settings.get("xsrf_cookies") and not self.no_xsrf:
            self.check_xsrf_cookie()
        if settings.get("cross_origin_protection"):
            error = cross_origin_error(self.request, self.check_trusted_origin)
            if error is not None:
                raise HTTPError(_FORBIDDEN, error)
