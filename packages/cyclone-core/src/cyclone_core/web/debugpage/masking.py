"""What of a request may be shown: no secret, nothing invisible, and not too much."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.cookies import parse_cookie
from cyclone_core.web.access import MASKED

if TYPE_CHECKING:
    from cyclone_core.web.base import HandlerBase

__all__ = ["MASK", "Masking", "arguments_of", "is_secret"]

MASK: Final = "***"

# Words of which one in a name is enough: `new_password`, `X-Api-Key`, `csrfToken`.
_WORDS: Final = (
    MASKED
    | {
        "authorization",
        "bearer",
        "cookie",
        "credential",
        "credentials",
        "csrf",
        "cvc",
        "cvv",
        "pass",
    }
    | {"passphrase", "private", "sessid", "ssn", "tan", "totp", "verifier", "xsrf"}
) - {"code"}  # alone it is one of OAuth's; `country_code` is none
_INSIDE: Final = re.compile(
    "passw|secret|token|apikey|credential|session|sessid|xsrf|csrf|signature", re.IGNORECASE
)
_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W_]+")

_ARGUMENT: Final = re.compile(r"([?&;#])([^?&;#=]*)=[^&;#]*")
_USER_INFO: Final = re.compile(r"//[^/?#@\s]*@")

# Shorter values are words of the language, and appear everywhere.
_SHORTEST: Final = 6
_SHORTEST_COOKIE: Final = 8

_DEPTH: Final = 4


def is_secret(name: str) -> bool:
    """Tell whether something of this name is nobody else's business.

    Args:
        name: The name of an argument, a header, a cookie or a setting.
    """
    if name.lower() in MASKED or _INSIDE.search(name):
        return True
    return any(word.lower() in _WORDS for word in _WORD.findall(_CAPITAL.sub(" ", name)))


class Masking:
    """Makes text fit to be shown, to whom has sent a request.

    Names decide what a secret is. Its value is hidden wherever it appears, in the message of an
    exception for instance, if it is long enough to be told from a word.

    Args:
        handler: The handler of the request.
    """

    def __init__(self, handler: "HandlerBase") -> None:
        self._mask_uri = handler.application._mask  # noqa: SLF001 -- one for the framework's use
        found = {value for value in _values(handler) if value.strip()}
        found |= {repr(value)[1:-1] for value in found}
        # The longest first: one may begin with another one.
        words = sorted(found, key=lambda each: (-len(each), each))
        self._secrets = re.compile("|".join(map(_spellings, words))) if words else None

    def shown(self, text: str, length: int = 500) -> str:
        """Make text fit to be shown.

        Args:
            text: The text.
            length: How many characters of it are shown.

        Returns:
            The text without secrets, with escapes in the place of what is invisible, cut.
        """
        # What is cut off first need not be searched; a secret may lie across the cut, though.
        text = text[: 2 * length + 1000]
        if self._secrets is not None:
            text = self._secrets.sub(MASK, text)
        cut = text if len(text) <= length else f"{text[:length]}…"
        return "".join([each if _is_visible(each) else _escaped(each) for each in cut])

    def uri(self, text: str) -> str:
        """Make a URI fit to be shown: without its secret arguments and what stands before a host.

        Args:
            text: The URI.
        """
        text = _USER_INFO.sub(f"//{MASK}@", self._mask_uri(text))
        return self.shown(_ARGUMENT.sub(_hide, text), 2000)

    def value(self, name: str, text: str, length: int = 500) -> str:
        """Make the value of something that has a name fit to be shown.

        Args:
            name: Its name.
            text: The value.
            length: As for `shown`.
        """
        return MASK if is_secret(name) else self.shown(text, length)


def _spellings(secret: str) -> str:
    """Write a pattern of a text as it is, and as it is percent-encoded."""
    return "".join([each if each.isalnum() and each.isascii() else _forms(each) for each in secret])


def _forms(character: str) -> str:
    encoded = "".join([f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass")])
    plus = r"|\+" if character == " " else ""
    return f"(?:{re.escape(character)}|(?i:{encoded}){plus})"


def _hide(match: re.Match[str]) -> str:
    mark, name = match[1], match[2]
    return f"{mark}{name}={MASK}" if is_secret(unquote_plus(name)) else match[0]


def _is_visible(character: str) -> bool:
    return character.isprintable() or character in "\n\t"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _values(handler: "HandlerBase") -> Iterator[str]:
    """Yield the values of all secrets that the framework knows and that are long enough."""
    request = handler.request
    cookies = parse_cookie(request.headers.get("Cookie", "")).values()
    yield from (value for value in cookies if len(value) >= _SHORTEST_COOKIE)
    named: list[str] = []
    for name, value in request.headers.get_all():
        if is_secret(name):
            named += _parts(value)
    for name, values in [
        *arguments_of(handler, "query").items(),
        *arguments_of(handler, "body").items(),
    ]:
        if is_secret(name):
            named += values
    for name, given in getattr(handler, "path_kwargs", {}).items():
        if is_secret(name) and given is not None:
            named.append(given)
    named += _settings(handler.application.settings)
    yield from (value for value in named if len(value) >= _SHORTEST)


def arguments_of(handler: "HandlerBase", source: str) -> dict[str, list[str]]:
    """Give the arguments of a request as text, and none if they are malformed.

    Args:
        handler: The handler of the request.
        source: `query` or `body`.
    """
    try:
        found = getattr(handler.request, f"{source}_arguments")
    except HTTPInputError:
        return {}
    return {
        name: [value.decode("utf-8", "backslashreplace") for value in values]
        for name, values in found.items()
    }


def _parts(value: str) -> Iterator[str]:
    """Yield the value of a header and what is in it: `Basic` has a password, `Bearer` a token."""
    yield value
    scheme, _, rest = value.partition(" ")
    yield rest.strip()
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(rest, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            return
        yield text
        yield text.partition(":")[2]


def _settings(value: object, name: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the texts of all settings with the name of a secret, and of all that is in those."""
    if isinstance(value, str | bytes):
        if is_secret(name):
            yield value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")
    elif isinstance(value, Mapping) and depth < _DEPTH:
        for key, each in value.items():
            # The keys of `cookie_secret` are numbers, and the name of its secrets is that of all.
            inner = f"{name} {key}" if is_secret(name) else str(key)
            yield from _settings(each, inner, depth + 1)
