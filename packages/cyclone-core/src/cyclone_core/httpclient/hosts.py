"""The authority of a URL: who is asked, on which port, in whose name."""

import re
from ipaddress import IPv6Address
from typing import Final, NamedTuple
from urllib.parse import unquote

from cyclone_core.httpclient.errors import InvalidRequest

__all__ = ["DEFAULT_PORTS", "Authority", "format_host", "normalize_host", "split_authority"]

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
"""The schemes that the client speaks, and the ports that their URLs leave out."""

_MAX_HOST: Final = 253  # the longest name that DNS can ask for (RFC 1035 section 3.1), in text
_MAX_IPV6: Final = 45  # "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"

# Letters, digits and hyphens are what DNS hands out; the underscore stands in names of containers and
# services, and browsers take it. RFC 3986 section 3.2.2 lets more pass, which no resolver knows. A dot
# at the end makes a name absolute.
_HOST: Final = re.compile(r"[a-z0-9_-]{1,63}+(?:\.[a-z0-9_-]{1,63}+)*+\.?+")

_PORT: Final = re.compile(r"0*+([0-9]{1,5})", re.ASCII)

_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Authority(NamedTuple):
    """What stands between `//` and the path of a URL (RFC 3986 section 3.2).

    Attributes:
        host: In lower case, an A-label of IDNA if it was none of ASCII, without brackets.
        port: The number that stands there, or the default of the scheme.
        username: Decoded; None if there is none.
        password: Decoded; None if there is none.
    """

    host: str
    port: int
    username: str | None
    password: str | None


def split_authority(text: str, scheme: str, *, secret: bool = False) -> Authority:
    """Take an authority apart, and refuse what has two readings.

    Args:
        text: For example `user:secret@example.com:8080`; without blanks and control characters.
        scheme: `http` or `https`: it gives the port if the authority has none.
        secret: The text may have credentials although it has no `@`, because the URL has one behind.

    Returns:
        The parts.

    Raises:
        InvalidRequest: A part is missing or malformed. The message never shows credentials, and
            nothing at all of an authority that has some.
    """
    if "\\" in text:
        raise InvalidRequest(
            "the URL has a backslash between // and the path: browsers end the host there, others do"
            " not; write a slash, or %5C in credentials"
        )
    userinfo, at, server = text.rpartition("@")
    if "@" in userinfo:
        raise InvalidRequest(
            "the URL has more than one @ before its path, so that its host is not clear: write @ in"
            " credentials as %40"
        )
    username, password = _split_userinfo(userinfo) if userinfo else (None, None)
    host, port = _split_port(server)
    if not host:
        raise InvalidRequest("the URL has no host: after // comes for example example.com")
    shown = "" if secret or at else f": {text[:80]!r}"
    return Authority(
        normalize_host(host, shown),
        DEFAULT_PORTS[scheme] if not port else _parse_port(port, shown),
        username,
        password,
    )


def _split_port(server: str) -> tuple[str, str]:
    if not server.startswith("["):
        host, _, port = server.partition(":")
        return host, port
    host, bracket, rest = server.partition("]")
    if bracket and not rest:
        return host + bracket, ""
    if not rest.startswith(":"):
        raise InvalidRequest(
            "the URL has an IPv6 address that is not closed with ], or is followed by something else"
            " than a port: write it as in http://[::1]:8080/"
        )
    return host + bracket, rest[1:]


def _parse_port(port: str, shown: str) -> int:
    match = _PORT.fullmatch(port)
    number = int(match[1]) if match else 0
    if not 0 < number < 65536:  # noqa: PLR2004 -- 16 bits, and 0 is no port to connect to
        raise InvalidRequest(f"the port of the URL is no number from 1 to 65535{shown}")
    return number


def _split_userinfo(userinfo: str) -> tuple[str, str | None]:
    if bad := _BROKEN_ESCAPE.search(userinfo):
        raise InvalidRequest(
            f"the credentials of the URL have a % at index {bad.start()} that no two hexadecimal"
            " digits follow: write % itself as %25"
        )
    name, colon, password = userinfo.partition(":")
    try:
        return unquote(name, errors="strict"), unquote(password, errors="strict") if colon else None
    except UnicodeDecodeError:
        # Its text shows the bytes.
        raise InvalidRequest(
            "the credentials of the URL are no UTF-8 when they are decoded: escape their UTF-8 form"
        ) from None


def normalize_host(host: str, shown: str = "") -> str:
    """Give a host the one form in which it is compared, looked up and sent.

    A name of ASCII gets lower case. Any other is mapped and encoded as browsers do (UTS 46, IDNA 2008)
    if the package `idna` is installed, which Twisted brings along, and else by Python's codec
    (IDNA 2003). An IPv6 address gets the form of RFC 5952. A host of digits stays what it is: what
    `127.1` or `0x7f000001` mean is for the resolver to say.

    Args:
        host: A name or an address, an IPv6 address in brackets.
        shown: What the message of an error ends with.

    Returns:
        The host, without brackets.

    Raises:
        InvalidRequest: It is none: empty or too long, with characters that no name has, with an empty
            label, or an IPv6 address that is malformed or has a zone.
    """
    if host.startswith("["):
        return _normalize_ipv6(host[1:-1], shown)
    if len(host) > _MAX_HOST + 1:
        raise InvalidRequest(f"the host of the URL has more than {_MAX_HOST} characters")
    name = host.lower() if host.isascii() else _encode_idna(host, shown).lower()
    if _HOST.fullmatch(name) is None or len(name.removesuffix(".")) > _MAX_HOST:
        raise InvalidRequest(
            "the host of the URL is no name: it has parts of 1 to 63 letters, digits, hyphens and"
            f" underscores with dots between them, {_MAX_HOST} characters in all{shown}"
        )
    return name


def _normalize_ipv6(address: str, shown: str) -> str:
    if "%" in address:
        raise InvalidRequest(
            "the URL has an IPv6 address with a zone, which has a meaning on one machine only: leave"
            f" out what begins with %, and name the interface otherwise{shown}"
        )
    try:
        # Bounded, because its message repeats the whole.
        parsed = IPv6Address(address[: _MAX_IPV6 + 1])
    except ValueError as error:
        reason = "" if not shown else f" ({error})"
        raise InvalidRequest(
            f"the URL has brackets with no IPv6 address in them{reason}{shown}"
        ) from None
    # Python 3.13 changed how it writes these.
    return f"::ffff:{parsed.ipv4_mapped}" if parsed.ipv4_mapped else str(parsed)


def _encode_idna(host: str, shown: str) -> str:
    try:
        try:
            import idna
        except ImportError:
            return host.encode("idna").decode("ascii")
        return idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError as error:  # idna's own errors are among them
        reason = "" if not shown else f" ({error})"
        raise InvalidRequest(
            f"the host of the URL cannot be encoded as an international name{reason}{shown}"
        ) from None


def format_host(host: str) -> str:
    """Write a host as it stands in URLs and in the header `Host`.

    Args:
        host: The host without brackets.

    Returns:
        The host, an IPv6 address in brackets.
    """
    return f"[{host}]" if ":" in host else host
