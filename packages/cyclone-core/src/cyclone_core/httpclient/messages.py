"""From what a program asks for to the bytes of a request."""

import dataclasses
from typing import Any, Final, cast

from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer

from cyclone_core.http1.head import is_host
from cyclone_core.httpclient.bodies import Body
from cyclone_core.httpclient.connection import Message
from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.urls import URL
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.httputil.names import is_token

__all__ = ["Hop", "check_method", "make_message", "read_length"]

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_WITH_BODY: Final = frozenset({"PATCH", "POST", "PUT"})

_FORM: Final = "application/x-www-form-urlencoded"

# A thousand petabytes; Python reads thousands of digits slowly, and more not at all.
_MOST_DIGITS: Final = 18

Store = dict[str, str | list[str]]


@dataclasses.dataclass(slots=True)
class Hop:
    """What is asked of one server: the first request, and each that a redirect makes of it.

    Attributes:
        url: What is asked for.
        method: The request method.
        headers: The header fields that were given.
        body: The body.
        trusted: Whether the server gets credentials: it is the one that was asked first.
    """

    url: URL
    method: str
    headers: HTTPHeaders = dataclasses.field(repr=False)
    body: Body = dataclasses.field(repr=False)
    trusted: bool = True


def check_method(method: str, has_body: bool, any_method: bool) -> None:
    """Check that a method can be asked with, and that there is a body where one belongs.

    Args:
        method: The request method.
        has_body: Whether there is a body.
        any_method: Whether the program may do as it likes.

    Raises:
        InvalidRequest: It is no method, or Tornado's rules of bodies are broken.
    """
    if method in _METHODS:
        if any_method or has_body == (method in _WITH_BODY):
            return
        must = "must not" if has_body else "must"
        raise InvalidRequest(
            f"a {method} request {must} have a body, unless allow_nonstandard_methods is true"
        )
    if not is_token(method) or method.upper() == "CONNECT":
        raise InvalidRequest(f"{method!r} is no method that a client can ask with")
    if not any_method:
        raise InvalidRequest(f"{method!r} needs allow_nonstandard_methods=True")


def read_length(given: str | list[str] | None) -> int | None:
    """Read a `Content-Length` that the program gives.

    Args:
        given: What it gives.

    Returns:
        The number of bytes; None if it is no number, or one that no body has.
    """
    if (
        isinstance(given, str)
        and given.isascii()
        and given.isdigit()
        and len(given) <= _MOST_DIGITS
    ):
        return int(given)
    return None


def make_message(hop: Hop, extra: Store, *, forwards: bool, expects_continue: bool) -> Message:
    """Write the head of a request, and decide how its body is framed (RFC 9112 sections 3 and 6).

    Args:
        hop: What is asked for.
        extra: Header fields that it is given unless it has them.
        forwards: Whether a proxy reads it.
        expects_continue: Whether the server is asked before it gets the body.

    Returns:
        The message.

    Raises:
        InvalidRequest: The header fields say something else of the body than the body does, or name a
            host that is none.
    """
    store: Store = {"Host": hop.url.authority}
    store.update(hop.headers.store)
    for name, value in extra.items():
        if name not in store:
            store[name] = value
    content, length = hop.body.content, None
    if "Host" in hop.headers.store:
        _check_host(store["Host"])
    if content is None:
        _frame_nothing(store, hop.method)
    else:
        length = _frame(store, hop, content)
    expects_continue = _expect(store, content, wanted=expects_continue)
    connection = store.get("Connection")
    keep_alive = connection is None or "close" not in str(connection).lower()
    target = hop.url.url if forwards else hop.url.target
    fields = HTTPHeaders.from_store(store).to_wire()
    head = f"{hop.method} {target} HTTP/1.1\r\n{fields}\r\n".encode("latin-1")
    return Message(hop.method, head, content, length, keep_alive, expects_continue)


def _check_host(given: str | list[str]) -> None:
    """Check the name that a program asks for: who reads it on the way must not read another one."""
    if isinstance(given, list):
        raise InvalidRequest("a request has one Host header")
    if not is_host(given):
        raise InvalidRequest(
            "the Host header that was given is no name or address, with or without a port: it has"
            " neither scheme nor credentials nor path, for example example.com:8080"
        )


def _frame_nothing(store: Store, method: str) -> None:
    """Say that there is no body, where servers want to know."""
    if store.get("Content-Length", "0") != "0" or "Transfer-Encoding" in store:
        raise InvalidRequest(
            "Content-Length or Transfer-Encoding announce a body, and there is none"
        )
    if method in _WITH_BODY:
        store["Content-Length"] = "0"


def _frame(store: Store, hop: Hop, content: bytes | IBodyProducer) -> int | None:
    """Add what tells the server where the body ends; returns its length, None for chunks."""
    if "Content-Type" not in store:
        if hop.body.content_type is not None:
            store["Content-Type"] = hop.body.content_type
        elif hop.method == "POST" and isinstance(content, bytes):
            store["Content-Type"] = _FORM
    known = len(content) if isinstance(content, bytes) else cast("Any", content).length
    given = store.get("Content-Length")
    if "Transfer-Encoding" in store:
        coding = str(store["Transfer-Encoding"]).lower()
        if coding != "chunked" or given is not None or isinstance(content, bytes):
            raise InvalidRequest(
                "Transfer-Encoding may be `chunked`, without Content-Length, for a body that is made"
                " piece by piece"
            )
        return None
    if given is not None:
        return _check_length(given, known)
    if known is UNKNOWN_LENGTH:
        store["Transfer-Encoding"] = "chunked"
        return None
    store["Content-Length"] = str(known)
    return cast("int", known)


def _check_length(given: str | list[str], known: object) -> int:
    length = read_length(given)
    if length is None:
        raise InvalidRequest(f"this is no Content-Length: {str(given)[:100]!r}")
    if known is not UNKNOWN_LENGTH and length != known:
        raise InvalidRequest(f"Content-Length is {given}, but the body has {known} bytes")
    return length


def _expect(store: Store, content: bytes | IBodyProducer | None, *, wanted: bool) -> bool:
    """Find out whether the server is asked before it gets the body (RFC 9110 section 10.1.1)."""
    given = store.get("Expect")
    wants = isinstance(given, str) and given.lower() == "100-continue"
    if content is None or content == b"":
        if wants:
            raise InvalidRequest("Expect: 100-continue announces a body, and there is none")
        return False
    if wanted or wants:
        store["Expect"] = "100-continue"
    return wanted or wants
