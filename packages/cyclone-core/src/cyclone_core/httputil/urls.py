"""URLs, and what stands before their path."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import AnyStr
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from cyclone_escape import utf8

__all__ = ["encode_username_password", "qs_to_qsl", "split_host_and_port", "url_concat"]

_Pairs = list[tuple[str, str]] | tuple[tuple[str, str], ...]


def url_concat(url: str, args: Mapping[str, str] | _Pairs | None) -> str:
    """Add arguments to a URL that may have some already (Tornado and cyclone: the same name).

    Args:
        url: A URL or a path, with or without query and fragment.
        args: A mapping, or a list or tuple of pairs in which a name may come up again. None leaves
            the URL as it is.

    Returns:
        The URL, its old arguments first.

    Raises:
        TypeError: The arguments are something else.

    Example:
        >>> url_concat("/search?q=cat#top", {"page": "2"})
        '/search?q=cat&page=2#top'
        >>> url_concat("/search", [("tag", "a b"), ("tag", "c&d")])
        '/search?tag=a+b&tag=c%26d'
    """
    if args is None:
        return url
    if not isinstance(args, (Mapping, list, tuple)):
        raise TypeError(
            f"the arguments of url_concat() are a dict or a list of pairs, not {type(args).__name__}"
        )
    parts = urlsplit(url)
    # What is no UTF-8 in it comes out as it went in.
    old = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    pieces = [
        urlencode(old, errors="surrogateescape"),
        urlencode(list(args.items()) if isinstance(args, Mapping) else args),
    ]
    return urlunsplit(parts._replace(query="&".join([piece for piece in pieces if piece])))


def qs_to_qsl(qs: Mapping[str, list[AnyStr]]) -> Iterator[tuple[str, AnyStr]]:
    """Make pairs of what `parse_qs` gives (Tornado: the same name).

    Args:
        qs: Lists of values by name, such as `request.arguments`.

    Yields:
        Each name with each of its values.

    Example:
        >>> list(qs_to_qsl({"a": ["1", "2"], "b": ["3"]}))
        [('a', '1'), ('a', '2'), ('b', '3')]
    """
    for name, values in qs.items():
        for value in values:
            yield name, value


def split_host_and_port(netloc: str) -> tuple[str, int | None]:
    """Split `host:port` (Tornado: the same name).

    Args:
        netloc: A host, with or without a port.

    Returns:
        The host, an IPv6 address in its brackets; and the port, None if there is none. An IPv6
        address without brackets is a host as a whole.

    Example:
        >>> split_host_and_port("example.com:8888")
        ('example.com', 8888)
        >>> split_host_and_port("[::1]")
        ('[::1]', None)
    """
    host, _, port = netloc.rpartition(":")
    bare = ":" in host and not host.endswith("]")
    if not host or bare or not (port.isascii() and port.isdigit()):
        return netloc, None
    return host, int(port)


def encode_username_password(username: str | bytes, password: str | bytes) -> bytes:
    """Join a user's name and password as HTTP's Basic scheme does (RFC 7617 section 2).

    Args:
        username: The name. Text is normalized (NFC) and encoded as UTF-8, bytes are taken as they are.
        password: The password, likewise.

    Returns:
        `username:password`, before it is encoded with base64.

    Raises:
        ValueError: The name has a colon: what follows it would be taken for the password.

    Example:
        >>> encode_username_password("Ada", "secret")
        b'Ada:secret'
    """
    name = _normalized(username)
    if b":" in name:
        raise ValueError("a user name with a colon cannot be sent with HTTP's Basic scheme")
    return name + b":" + _normalized(password)


def _normalized(text: str | bytes) -> bytes:
    return utf8(unicodedata.normalize("NFC", text)) if isinstance(text, str) else text
