"""Listening sockets that outlive a program: whoever connects meanwhile waits, and is served.

The old program leaves its sockets open and listening; the kernel queues who connects. The new one gets
them when it asks the reactor for the same address. It asks in many ways (`listenTCP` and `listenSSL` of
its own, endpoints, services, `Application.listen`), and all of them lead to two methods of the reactor.
So these are replaced, in a program that was started again and until it listens. The alternative, a
function of ours that opens ports, would keep the sockets of those programs only that call it.
"""

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocolFactory

__all__ = ["Kept", "KeptSockets", "Open", "Place", "listening"]

SETTLED: Final = 1.0
"""Seconds after the first port of a program, in which others may still be opened."""

_MAX_PORT: Final = 65535

# How an adopted port was asked for; the reactor does not remember it.
_places: "Final[WeakKeyDictionary[Any, Place]]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Place:
    """What a program asks for when it listens.

    Attributes:
        interface: The address as it was given, empty for all; None for a unix socket.
        port: The number as it was given, 0 for any; or the path of a unix socket.
    """

    interface: str | None
    port: int | str


class Open(NamedTuple):
    """A port of a reactor.

    Attributes:
        place: How it was asked for.
        port: The port.
    """

    place: Place
    port: Any


@dataclass
class Kept:
    """A listening socket from the program before.

    Attributes:
        descriptor: Its number.
        place: How it was asked for.
        taken: Whether the new program has asked for it, too.
    """

    descriptor: int
    place: Place
    taken: bool = False


def listening(reactor: object) -> list["Open"]:
    """Find the stream ports of a reactor.

    Args:
        reactor: The reactor.

    Returns:
        Its ports (Twisted: `tcp.Port`, `unix.Port`), with how they were asked for.
    """
    from twisted.internet.tcp import Port

    get_readers = getattr(reactor, "getReaders", list)
    return [Open(_place_of(each), each) for each in get_readers() if isinstance(each, Port)]


def _place_of(port: Any) -> Place:  # noqa: ANN401 -- a port of Twisted's
    if port in _places:
        return _places[port]
    if _is_unix(port.socket):
        return Place(None, os.fsdecode(port.getHost().name))
    return Place(port.interface, port.port)


def _is_unix(listener: socket.socket) -> bool:
    return listener.family not in {socket.AF_INET, socket.AF_INET6}


class KeptSockets:
    """The sockets that the program before has left open.

    Args:
        kept: What it told about them: descriptor, interface and port of each.
    """

    def __init__(self, kept: Iterable[tuple[int, str | None, int | str]] = ()) -> None:
        self._kept: list[Kept] = []
        self._restore: Callable[[], None] | None = None
        self._settling = False
        self._listened: Callable[[Any], object] | None = None
        for descriptor, interface, port in kept:
            # Children of this program must not have it.
            os.set_inheritable(descriptor, False)
            self._kept.append(Kept(descriptor, Place(interface, port)))

    def __iter__(self) -> Iterator[Kept]:
        """Iterate over those that are still held, taken or not."""
        return iter(tuple(self._kept))

    def holds(self, path: str) -> bool:
        """Tell whether a unix socket waits for the program to listen on it again.

        Args:
            path: Its path.
        """
        return any(each.place == Place(None, path) and not each.taken for each in self._kept)

    def offer(self, listened: Callable[[Any], object] | None = None) -> None:
        """Let every reactor take these sockets in place of new ones, until the program has settled.

        Args:
            listened: Called with the reactor when the program first listens.
        """
        from twisted.internet.posixbase import PosixReactorBase

        base = cast("Any", PosixReactorBase)
        listen_tcp, listen_unix = base.listenTCP, base.listenUNIX

        def tcp(  # the names of the parameters are Twisted's
            reactor: Any,  # noqa: ANN401 -- mypy cannot read zope's interfaces
            port: int,
            factory: "IProtocolFactory",
            backlog: int = 50,
            interface: str = "",
        ) -> object:
            self._settle(reactor, listened)
            adopted = self._adopt(reactor, Place(interface, port), factory)
            if adopted is None:
                adopted = listen_tcp(reactor, port, factory, backlog, interface)
            return adopted

        def unix(
            reactor: Any,  # noqa: ANN401 -- as above
            address: str | bytes,
            factory: "IProtocolFactory",
            *more: Any,  # noqa: ANN401 -- what they are does not matter here
            **named: Any,  # noqa: ANN401 -- likewise
        ) -> object:
            self._settle(reactor, listened)
            adopted = self._adopt(reactor, Place(None, os.fsdecode(address)), factory)
            if adopted is None:
                adopted = listen_unix(reactor, address, factory, *more, **named)
            return adopted

        def restore() -> None:
            base.listenTCP, base.listenUNIX = listen_tcp, listen_unix

        base.listenTCP, base.listenUNIX = tcp, unix
        self._restore = restore
        self._listened = listened

    def take(self, place: Place) -> socket.socket | None:
        """Give a socket of the program before to who listens without `listenTCP`.

        Args:
            place: What is asked for.

        Returns:
            A copy of the socket, which is listening; None if there is none, and the place is free.
        """
        for each in self._kept:
            if each.place == place and not each.taken:
                each.taken = True
                return socket.socket(fileno=os.dup(each.descriptor))
        self._make_room(place)
        return None

    def adopted(self, reactor: Any, port: Any, place: Place) -> None:  # noqa: ANN401 -- as above
        """Take note of a port of a reactor that has adopted a socket.

        Args:
            reactor: The reactor.
            port: The port.
            place: What was asked for.
        """
        _places[port] = place
        if self._restore is not None:
            self._settle(reactor, self._listened)

    def release(self) -> None:
        """Close what is held here: the program has what it asked for, and nobody else wants the rest."""
        if self._restore is not None:
            self._restore()
            self._restore = None
        kept, self._kept = self._kept, []
        for each in kept:
            os.close(each.descriptor)

    def _settle(self, reactor: Any, listened: Callable[[Any], object] | None) -> None:  # noqa: ANN401
        if self._settling:
            return
        self._settling = True
        # The clock begins to run here, but the reactor must run, too: a program that fails before that
        # has not begun, and its sockets are wanted once more.
        reactor.callLater(SETTLED, self.release)
        if listened is not None:
            listened(reactor)

    def _adopt(self, reactor: Any, place: Place, factory: "IProtocolFactory") -> object:  # noqa: ANN401
        listener = self.take(place)
        if listener is None:
            return None
        with listener:
            adopted = reactor.adoptStreamPort(listener.fileno(), listener.family, factory)
        _places[adopted] = place
        return adopted

    def _make_room(self, place: Place) -> None:
        """Close what stands in the way of a port that is asked for otherwise than before."""
        for each in tuple(self._kept):
            if not each.taken and _number(each) == place.port != 0:
                self._kept.remove(each)
                os.close(each.descriptor)


def _number(kept: Kept) -> int | None:
    """Give the port number of a socket on the network."""
    with socket.socket(fileno=os.dup(kept.descriptor)) as listener:
        if _is_unix(listener):
            return None
        number: int = listener.getsockname()[1]
        return number
