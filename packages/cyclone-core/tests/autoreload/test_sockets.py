"""Sockets that outlive a program."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError

from cyclone_core.autoreload.sockets import SETTLED, KeptSockets, Place, listening

Reactor = Any  # these are in conftest.py, which cannot be imported
Named = Any
Offer = Any
More = Any
ListenTo = Callable[[tuple[str, int] | str], bytes]

LOCAL = "127.0.0.1"


@pytest.fixture
def offer() -> Iterator[Callable[..., KeptSockets]]:
    """A function that offers sockets to every reactor; the test takes the offer back."""
    offered: list[KeptSockets] = []

    def make(*kept: tuple[int, str | None, int | str], **more: More) -> KeptSockets:
        sockets = KeptSockets((os.dup(number), *place) for number, *place in kept)  # type: ignore[misc]
        sockets.offer(**more)
        offered.append(sockets)
        return sockets

    yield make
    for sockets in offered:
        sockets.release()


def is_open(descriptor: int) -> bool:
    """Tell whether a descriptor is one."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def number(listener: socket.socket) -> int:
    """The port of a socket."""
    found: int = listener.getsockname()[1]
    return found


def test_listening(reactor: Reactor, named: Named, tmp_path: Path) -> None:
    """The ports of a reactor are found as they were asked for; connections are none."""
    assert listening(object()) == []
    tcp = reactor.listenTCP(0, named(b"tcp"), interface=LOCAL)
    path = str(tmp_path / "s")
    unix = reactor.listenUNIX(path, named(b"unix"))
    assert set(listening(reactor)) == {(Place(LOCAL, 0), tcp), (Place(None, path), unix)}
    tcp.stopReading()
    assert listening(reactor) == [(Place(None, path), unix)]
    tcp.startReading()


def test_adopted(
    reactor: Reactor, named: Named, listener: socket.socket, offer: Offer, listen_to: ListenTo
) -> None:
    """Who asks for the same address gets the socket, with the clients that wait there already."""
    with socket.create_connection(listener.getsockname()) as early:
        offer((listener.fileno(), LOCAL, number(listener)))
        port = reactor.listenTCP(number(listener), named(b"new"), interface=LOCAL)
        assert port.getHost().port == number(listener)
        assert listen_to(listener.getsockname()) == b"new"
        early.settimeout(5)
        assert early.recv(10) == b"new"


def test_any_port(reactor: Reactor, named: Named, listener: socket.socket, offer: Offer) -> None:
    """A program that takes any free port keeps the one that it had, and the next one does, too."""
    offer((listener.fileno(), LOCAL, 0))
    port = reactor.listenTCP(0, named(b""), interface=LOCAL)
    assert port.getHost().port == number(listener)
    assert listening(reactor) == [(Place(LOCAL, 0), port)]
    other = reactor.listenTCP(0, named(b""), interface=LOCAL)
    assert other.getHost().port != number(listener)


def test_unix(
    reactor: Reactor, named: Named, offer: Offer, tmp_path: Path, listen_to: ListenTo
) -> None:
    """A unix socket is kept, too, and known by its path."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        server.setblocking(False)
        sockets = offer((server.fileno(), None, path))
        assert sockets.holds(path)
        assert not sockets.holds("other")
        port = reactor.listenUNIX(path.encode(), named(b"unix"), mode=0o600)
        assert not sockets.holds(path)
        assert listening(reactor) == [(Place(None, path), port)]
        assert listen_to(path) == b"unix"
        other = str(tmp_path / "other")
        assert reactor.listenUNIX(other, named(b""), mode=0o600).getHost().name == other.encode()


def test_endpoint(
    reactor: Reactor, named: Named, listener: socket.socket, offer: Offer, listen_to: ListenTo
) -> None:
    """An endpoint asks the reactor as everybody does."""
    offer((listener.fileno(), LOCAL, number(listener)))
    endpoint = serverFromString(reactor, f"tcp:{number(listener)}:interface={LOCAL}")
    opened: list[Any] = []
    endpoint.listen(named(b"endpoint")).addCallback(opened.append)
    assert listen_to(listener.getsockname()) == b"endpoint"
    assert listening(reactor) == [(Place(LOCAL, number(listener)), opened[0])]


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Twisted 24.11 leaves one open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_taken_once(reactor: Reactor, named: Named, listener: socket.socket, offer: Offer) -> None:
    """Who asks a second time is told that the port is in use, as always."""
    offer((listener.fileno(), LOCAL, number(listener)))
    reactor.listenTCP(number(listener), named(b""), interface=LOCAL)
    with pytest.raises(CannotListenError):
        reactor.listenTCP(number(listener), named(b""), interface=LOCAL)


def test_other_interface(
    reactor: Reactor, named: Named, offer: Offer, tmp_path: Path, listen_to: ListenTo
) -> None:
    """A program that listens otherwise than before is not kept from it by its own old socket."""
    server = socket.create_server((LOCAL, 0))
    port = number(server)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "s"))
        offer((server.fileno(), LOCAL, port), (unix.fileno(), None, str(tmp_path / "s")))
        server.close()
        reactor.listenTCP(port, named(b"all"), interface="")
        assert listen_to((LOCAL, port)) == b"all"


def test_settled(reactor: Reactor, named: Named, listener: socket.socket, offer: Offer) -> None:
    """A second after the first port nothing is held any more, and the reactor is as it was."""
    original = type(reactor).listenTCP
    with socket.create_server((LOCAL, 0)) as second:
        sockets = offer((listener.fileno(), LOCAL, 0), (second.fileno(), LOCAL, 1))
        held = [each.descriptor for each in sockets]
        assert not any(os.get_inheritable(descriptor) for descriptor in held)
        reactor.listenTCP(0, named(b""), interface=LOCAL)
        reactor.listenTCP(0, named(b""), interface=LOCAL)
        reactor.start()
        assert all(is_open(descriptor) for descriptor in held)
        assert type(reactor).listenTCP is not original
        reactor.advance(SETTLED)
        assert not any(is_open(descriptor) for descriptor in held)
        assert type(reactor).listenTCP is original
        assert list(sockets) == []


def test_listened(reactor: Reactor, named: Named, offer: Offer) -> None:
    """Who offers sockets learns of the first port, once."""
    told: list[object] = []
    offer(listened=told.append)
    reactor.listenTCP(0, named(b""), interface=LOCAL)
    reactor.listenTCP(0, named(b""), interface=LOCAL)
    assert told == [reactor]


def test_taken_without_the_reactor(
    reactor: Reactor, named: Named, listener: socket.socket, offer: Offer, listen_to: ListenTo
) -> None:
    """Who binds sockets himself gets them as well, and the next program after that."""
    told: list[object] = []
    sockets = offer((listener.fileno(), LOCAL, number(listener)), listened=told.append)
    place = Place(LOCAL, number(listener))
    assert sockets.take(Place(LOCAL, 0)) is None
    with sockets.take(place) as taken:
        port = reactor.adoptStreamPort(taken.fileno(), taken.family, named(b"taken"))
    assert sockets.take(place) is None
    sockets.adopted(reactor, port, place)
    assert listen_to(listener.getsockname()) == b"taken"
    assert listening(reactor) == [(place, port)]
    assert told == [reactor]


def test_adopted_in_the_first_program(reactor: Reactor, named: Named) -> None:
    """How a port was asked for is known without an offer, too."""
    with socket.create_server((LOCAL, 0)) as server:
        server.setblocking(False)
        port = reactor.adoptStreamPort(server.fileno(), server.family, named(b""))
        KeptSockets().adopted(reactor, port, Place(LOCAL, 0))
    assert listening(reactor) == [(Place(LOCAL, 0), port)]
