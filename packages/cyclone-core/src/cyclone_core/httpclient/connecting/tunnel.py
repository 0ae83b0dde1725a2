"""The stage of a proxy: ask it for a tunnel to the server, with CONNECT (RFC 9110 section 9.3.6)."""

import re
from typing import TYPE_CHECKING, Final, cast

from twisted.internet.error import NoProtocol
from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory, ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from zope.interface import implementer

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.response import ResponseHead, ResponseReader
from cyclone_core.http1.status import FIRST_FINAL
from cyclone_core.httpclient.connecting.stages import Attempt
from cyclone_core.httpclient.errors import NO_ANSWER, InvalidRequest, ProxyError
from cyclone_core.httpclient.proxies import Proxy
from cyclone_core.httpclient.routes import Route
from cyclone_core.limits import Limits

if TYPE_CHECKING:
    from twisted.python.failure import Failure

__all__ = ["TunnelFactory", "encode_connect"]

_LIMITS: Final = Limits()
_AUTHORITY: Final = re.compile(r"[!-~]+")
_MOST_CHARACTERS: Final = 100
_UNKNOWN_USER: Final = 407

_SWITCHING_PROTOCOLS: Final = 101
_NOT_SUCCESSFUL: Final = 300

_ADVICE: Final = {
    400: "does it speak HTTP, and is it a proxy?",
    403: "its rules forbid this host or port",
    404: "is it a proxy?",
    405: "is it a proxy, and may CONNECT be used there?",
    501: "is it a proxy, and can it CONNECT?",
    502: "it cannot reach the server",
    503: "it cannot reach the server",
    504: "the server does not answer it",
}


def encode_connect(route: Route, proxy: Proxy) -> bytes:
    """Write the request for a tunnel. Nothing of the requests that go through it is in it.

    Args:
        route: Where it leads.
        proxy: Who is asked.

    Returns:
        The bytes.

    Raises:
        InvalidRequest: The host cannot stand there.
    """
    authority = route.authority
    if _AUTHORITY.fullmatch(authority) is None:
        raise InvalidRequest(f"{authority!r} is no host and port that a proxy can be asked for")
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


@implementer(IProtocolFactory)
class TunnelFactory:
    """Makes the tunnel of one connection."""

    def __init__(
        self, attempt: Attempt, route: Route, proxy: Proxy, factory: IProtocolFactory
    ) -> None:
        """Prepare.

        Args:
            attempt: What it is part of.
            route: Where it leads.
            proxy: Who is asked.
            factory: Makes what speaks through the tunnel.

        Raises:
            InvalidRequest: The host cannot be asked for.
        """
        self.attempt = attempt
        self.route = route
        self.proxy = proxy
        self.factory = factory
        self.request = encode_connect(route, proxy)

    def doStart(self) -> None:
        """Begin (Twisted: `IProtocolFactory`)."""
        self.factory.doStart()

    def doStop(self) -> None:
        """End (Twisted: `IProtocolFactory`)."""
        self.factory.doStop()

    def buildProtocol(self, addr: IAddress) -> "_Tunnel":
        """Make the tunnel of a connection (Twisted: `IProtocolFactory`)."""
        return _Tunnel(self, addr)


class _Tunnel(Protocol):
    """Asks the proxy, then passes on what comes from the server."""

    transport: ITCPTransport

    def __init__(self, settings: TunnelFactory, address: IAddress) -> None:
        self._settings = settings
        self._address = address
        self._inner: IProtocol | None = None
        self._reader = ResponseReader(_LIMITS)

    def connectionMade(self) -> None:
        settings = self._settings
        settings.attempt.enter(
            f"the proxy {settings.proxy.authority} did not say whether it connects to"
            f" {settings.route.authority}",
            self.transport,
        )
        self._reader.expect("CONNECT")
        self.transport.write(settings.request)

    def dataReceived(self, data: bytes) -> None:
        if self._inner is not None:
            self._inner.dataReceived(data)
            return
        self._reader.receive_data(data)
        try:
            head = self._read_final()
        except HTTPInputError as error:
            self._fail(f"has answered CONNECT with what is no HTTP: {error}", cause=error)
            return
        if head is None:
            return
        if FIRST_FINAL <= head.status < _NOT_SUCCESSFUL:
            self._open()
        else:
            self._fail(
                f"does not connect to {self._settings.route.authority}:"
                f" {head.status} {head.reason[:_MOST_CHARACTERS]!a}{self._advise(head)}",
                head.status,
            )

    def connectionLost(self, reason: "Failure" = connectionDone) -> None:
        if self._inner is not None:
            self._inner.connectionLost(reason)
        else:
            cause = cast("BaseException", reason.value)
            self._fail("has closed the connection instead of answering CONNECT", cause=cause)

    def _read_final(self) -> ResponseHead | None:
        """Read the head of the final answer; nothing behind it is asked for."""
        while True:
            head = cast("ResponseHead | None", self._reader.next_event())
            if head is None or head.status >= FIRST_FINAL or head.status == _SWITCHING_PROTOCOLS:
                return head

    def _open(self) -> None:
        settings = self._settings
        try:
            inner = settings.factory.buildProtocol(self._address)
            if inner is None:
                raise NoProtocol  # noqa: TRY301 -- as Twisted's endpoints do
            self._inner = inner
            inner.makeConnection(self.transport)
        except Exception as error:  # noqa: BLE001 -- the program's own
            settings.attempt.fail(error)
            return
        rest = self._reader.take_rest()
        if rest:
            inner.dataReceived(rest)

    def _advise(self, head: ResponseHead) -> str:
        if head.status != _UNKNOWN_USER:
            return f" ({_ADVICE[head.status]})" if head.status in _ADVICE else ""
        asked = ", ".join(head.headers.get_list("Proxy-Authenticate"))
        if asked and "basic" not in asked.lower():
            return f" (it asks for {asked[:_MOST_CHARACTERS]!a}, only Basic is known here)"
        if self._settings.proxy.username is not None:
            return " (it does not accept the name and the password that it was given)"
        return (
            " (it asks who we are: proxy_username=NAME, proxy_password=PASSWORD, or"
            ' proxy="http://NAME:PASSWORD@HOST:PORT")'
        )

    def _fail(
        self, predicate: str, code: int = NO_ANSWER, cause: BaseException | None = None
    ) -> None:
        settings = self._settings
        error = ProxyError(f"the proxy {settings.proxy.authority} {predicate}", code)
        error.__cause__ = cause
        settings.attempt.fail(error)
