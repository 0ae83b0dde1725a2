"""URLs of requests: parsed strictly, joined as RFC 3986 says, written as servers want them.

What has two readings is refused, because the program that has checked a URL before us may have read it
the other way: backslashes and several `@` in the authority, blanks and control characters anywhere. What
has one reading is written as browsers write it: letters beyond ASCII as UTF-8 with `%XX`, hosts with
IDNA, dot segments resolved.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, cast
from urllib.parse import quote

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.hosts import DEFAULT_PORTS, Authority, format_host, split_authority
from cyclone_core.httputil import url_concat

__all__ = [
    "URL",
    "UnsupportedScheme",
    "join_query",
    "parse_location",
    "parse_url",
    "show_url",
]

_BLANKS: Final = " \t"
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f]")

# RFC 3986 section 3.3 and 3.4: what stands for itself in paths, and in queries with `?` besides.
_PATH: Final = r"A-Za-z0-9\-._~!$&'()*+,;=:@/"
_ESCAPED: Final = "%[0-9A-Fa-f]{2}"

# Nearly all URLs: nothing to encode, to decode or to refuse. What it does not take has the other way.
_CLEAN: Final = re.compile(
    rf"""
    (https?)://
    ([a-z0-9_-]{{1,63}}+(?:\.[a-z0-9_-]{{1,63}}+)*+)
    (?::([1-9][0-9]{{0,4}}+))?+
    ((?:/(?:[{_PATH}]++|{_ESCAPED})*+)?+(?:\?(?:[{_PATH}?]++|{_ESCAPED})*+)?+)
    (?:\#[\x21-\x7e]*+)?+
    """,
    re.VERBOSE,
)
_MAX_CLEAN_HOST: Final = 253
_MAX_PORT: Final = 65535

# RFC 3986 appendix B; the fragment is gone before.
_PARTS: Final = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.\-]*+):)?+(?://([^/?]*+))?+([^?]*+)(?:\?(.*+))?+", re.DOTALL
)

_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE_IN_PATH: Final = "!$&'()*+,;=:@/%"
_SAFE_IN_QUERY: Final = f"{_SAFE_IN_PATH}?"
_VISIBLE: Final = "".join(map(chr, range(0x21, 0x7F)))

_Value = str | int | float
_Pairs = Sequence[tuple[str, _Value | Sequence[_Value]]]
_Params = Mapping[str, _Value | Sequence[_Value]] | _Pairs


class UnsupportedScheme(InvalidRequest):
    """A URL has another scheme than http and https; so redirects to others can be told apart."""


class URL(NamedTuple):
    """Where a request goes; made by `parse_url`. It has no fragment, which is nothing to servers.

    Attributes:
        scheme: `http` or `https`.
        host: The name in lower case, encoded by IDNA, or the address; an IPv6 address has no brackets.
            A dot at the end stays.
        port: The number, 1 to 65535.
        authority: The value of the header `Host`: an IPv6 address has brackets, the port stands there
            only if it is not the scheme's.
        target: Path and query, of ASCII alone; it begins with `/`.
        username: The decoded name of a user; None if there is none.
        password: The decoded password; None if there is none.
    """

    scheme: str
    host: str
    port: int
    authority: str
    target: str
    username: str | None = None
    password: str | None = None

    @property
    def url(self) -> str:
        """The whole, without credentials: what a proxy is asked for. To be logged there is `shown`."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def shown(self) -> str:
        """What messages and representations show: no credentials, and of a query that there is one.

        They are logged, and queries hold tokens and signatures.
        """
        path, mark, _ = self.target.partition("?")
        return f"{self.scheme}://{self.authority}{path}{mark and '?...'}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: who is trusted with credentials and cookies (RFC 6454)."""
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        """Give `url`: no credentials."""
        return self.url

    def __repr__(self) -> str:
        """Show the URL without credentials and query: representations are logged."""
        return f"{type(self).__name__}({self.shown!r})"


def parse_url(url: str, base: URL | None = None) -> URL:
    """Parse a URL, or a reference that is relative to one (RFC 3986 section 5.2).

    Blanks around it are stripped, as browsers do. Characters that no URL has, and a `%` that no two
    hexadecimal digits follow, are escaped in path and query, escapes stay as they are; the segments
    `.` and `..` are resolved. A backslash is escaped, too: browsers make a slash of it. A reference
    without host, such as `http:x`, is relative if it has the scheme of the base, as browsers have it.

    Args:
        url: The URL; with a base any reference: `//host/x`, `/x`, `x`, `?q`, or nothing.
        base: What a reference is relative to. Its credentials hold for references without a host.

    Returns:
        The parts.

    Raises:
        InvalidRequest: It is no URL that can be asked for; a `ValueError`. The message says why, and
            shows nothing of a URL with credentials.
        UnsupportedScheme: It is one of another scheme than http and https; an `InvalidRequest`.
        TypeError: It is no text.
    """
    try:
        match = _CLEAN.fullmatch(url)
    except TypeError:
        raise TypeError(f"a URL is a str, not {type(url).__name__}") from None
    if match is not None:
        scheme, host, port, target = match.groups()
        number = DEFAULT_PORTS[scheme]
        authority = host
        if port is not None and int(port) != number:
            number = int(port)
            authority = f"{host}:{port}"
        if "/." not in target and len(host) <= _MAX_CLEAN_HOST and number <= _MAX_PORT:
            return URL(
                scheme, host, number, authority, target if target[:1] == "/" else f"/{target}"
            )
    return _parse(url.strip(_BLANKS), base)


def show_url(url: str) -> str:
    """Give what can be shown of something that should be a URL; see `URL.shown`.

    Args:
        url: What a program has given.

    Returns:
        The URL without credentials and query; empty if it is none, so that nobody knows what is secret.
    """
    try:
        return parse_url(url).shown
    except (InvalidRequest, TypeError):
        return ""


def parse_location(value: str, base: URL) -> URL:
    """Parse the header `Location`, which servers write with less care than programs write URLs.

    Blanks inside become `%20`, as browsers have it. Bytes beyond ASCII are UTF-8, or else escaped as
    they are.

    Args:
        value: The value of the header, which is read as latin-1.
        base: The URL that was asked for.

    Returns:
        Where it leads.

    Raises:
        InvalidRequest: As `parse_url`.
        UnsupportedScheme: As `parse_url`.
    """
    value = value.strip(_BLANKS)
    if not value.isascii():
        raw = value.encode("latin-1")
        try:
            value = raw.decode()
        except UnicodeDecodeError:
            value = quote(raw, safe=_VISIBLE + _BLANKS)
    return parse_url(value.replace(" ", "%20"), base)


def join_query(url: str, params: _Params | None) -> str:
    """Add parameters to the query of a URL; what stands there already is left as it is.

    Args:
        url: A URL or a reference, with or without query and fragment.
        params: Names and values: text, numbers, or a list of them for a name that is repeated; or
            pairs. None adds nothing.

    Returns:
        The URL.

    Raises:
        TypeError: The parameters are something else. None and booleans are no values: some leave them
            out, others write `None`, `true` or `1`.
    """
    if not params:
        return url
    if not isinstance(params, (Mapping, list, tuple)):
        raise TypeError(
            f"the parameters of a query are a dict or a list of pairs, not {type(params).__name__}"
        )
    items = params.items() if isinstance(params, Mapping) else params
    pairs = [(name, text) for name, value in items for text in _texts(name, value)]
    # The query alone: url_concat() writes the arguments anew that a URL has, `?a` for one as `?a=`.
    added = url_concat("", pairs)[1:]
    url, mark, fragment = url.partition("#")
    if not added:
        return f"{url}{mark}{fragment}"
    separator = "?" if "?" not in url else "" if url[-1] in "?&" else "&"
    return f"{url}{separator}{added}{mark}{fragment}"


def _texts(name: str, value: _Value | Sequence[_Value]) -> list[str]:
    values = value if isinstance(value, (list, tuple)) else [value]
    for single in values:
        if not isinstance(single, (str, int, float)) or isinstance(single, bool):
            raise TypeError(
                f"the query parameter {name!r} is a str, a number or a list of them, not"
                f" {type(single).__name__}: leave it out, or say how it is to be written"
            )
    return [str(single) for single in values]


def _parse(text: str, base: URL | None) -> URL:
    if bad := _FORBIDDEN.search(text):
        what = "blank" if bad[0] in _BLANKS else "control character"
        raise InvalidRequest(
            f"the URL has the {what} {bad[0]!r} at index {bad.start()}: escape it as"
            f" %{ord(bad[0]):02X} if it is meant"
        )
    # What stands before an @ may be a password, wherever that is: behind `/` or `#`, too.
    secret = "@" in text
    text = text.partition("#")[0]
    scheme, authority, path, query = cast("re.Match[str]", _PARTS.fullmatch(text)).groups()
    scheme = _check_scheme(scheme, base, "" if secret else f": {text.partition('?')[0][:80]!r}")
    if authority is not None:
        server = split_authority(authority, scheme, secret=secret)
        return _make(scheme, server, path or "/", query)
    if base is None or scheme != base.scheme:
        raise InvalidRequest(f"the URL has no host: after {scheme}: comes // and the host")
    if path.startswith(("\\", "/\\")):
        raise InvalidRequest(
            "the reference begins with a backslash where browsers read another host: write slashes, or"
            " %5C if it is meant"
        )
    base_path, mark, base_query = base.target.partition("?")
    if not path:
        path = base_path
        query = base_query if query is None and mark else query
    elif path[0] != "/":
        path = base_path[: base_path.rindex("/") + 1] + path
    server = Authority(base.host, base.port, base.username, base.password)
    return _make(scheme, server, path, query)


def _check_scheme(scheme: str | None, base: URL | None, shown: str) -> str:
    if scheme is None:
        if base is None:
            raise InvalidRequest(
                f"the URL has no scheme: it begins with http:// or https://{shown}"
            )
        return base.scheme
    lower = scheme.lower()
    if lower not in DEFAULT_PORTS:
        raise UnsupportedScheme(
            f"the URL begins with another scheme than http:// and https://{shown}"
        )
    return lower


def _make(scheme: str, server: Authority, path: str, query: str | None) -> URL:
    try:
        target = _escape(_remove_dot_segments(path), _SAFE_IN_PATH)
        if query is not None:
            target = f"{target}?{_escape(query, _SAFE_IN_QUERY)}"
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"the URL has a lone surrogate (U+{ord(error.object[error.start]):04X}) behind its host,"
            " which no encoding has: decode what it was made of without surrogateescape"
        ) from None
    host = format_host(server.host)
    authority = host if server.port == DEFAULT_PORTS[scheme] else f"{host}:{server.port}"
    return URL(
        scheme, server.host, server.port, authority, target, server.username, server.password
    )


def _escape(text: str, safe: str) -> str:
    return quote(_BROKEN_ESCAPE.sub("%25", text), safe=safe)


def _remove_dot_segments(path: str) -> str:
    # RFC 3986 section 5.2.4 with a stack, which is linear; its own description moves strings around.
    if "/." not in path:
        return path
    segments = path.split("/")
    kept: list[str] = []
    for segment in segments[1:]:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return f"/{'/'.join(kept)}"
