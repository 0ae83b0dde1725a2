"""From a route to a connected protocol: names, addresses, sockets, time, and what goes wrong."""

import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import error
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IResolutionReceiver, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs
from zope.interface.verify import verifyObject

from cyclone_core.httpclient.connecting import connect
from cyclone_core.httpclient.connecting.racing import NamedEndpoint, map_host
from cyclone_core.httpclient.errors import (
    ConnectError,
    ConnectTimeout,
    InvalidRequest,
    ResolveError,
    TLSHandshakeError,
)
from cyclone_core.httpclient.routes import Route, route_for
from cyclone_core.httpclient.urls import parse_url

from .dialling import Attempt, Dialler, Talk, Talks

FOUR = IPv4Address("TCP", "192.0.2.1", 80)
OTHER = IPv4Address("TCP", "192.0.2.2", 80)
SIX_TOO = IPv6Address("TCP", "2001:db8::2", 80)
SIX = IPv6Address("TCP", "2001:db8::1", 80)


class TestNames:
    """Looking up the server."""

    def test_name(self) -> None:
        """A name is looked up, and its address connected to; the protocol is the factory's."""
        dialler = Dialler(FOUR)
        attempt = dialler.connect("http://a.example:8080/")
        assert dialler.resolver.asked == [("a.example", 8080, (IPv4Address, IPv6Address))]
        assert dialler.asked == [("192.0.2.1", 8080, None)]
        assert not attempt.results
        server = Talk()
        dialler.accept(server)
        attempt.protocol.transport.write(b"hello")
        dialler.flush()
        assert server.received == b"hello"
        assert dialler.factory.made == [attempt.protocol]
        assert not dialler.reactor.getDelayedCalls()

    @pytest.mark.parametrize(
        ("url", "address"), [("http://192.0.2.9/", "192.0.2.9"), ("http://[::1]/", "::1")]
    )
    def test_addresses(self, url: str, address: str) -> None:
        """What is an address already needs no resolver."""
        dialler = Dialler()
        attempt = dialler.connect(url)
        assert dialler.asked == [(address, 80, None)]
        assert not dialler.resolver.asked
        dialler.accept(Talk())
        assert attempt.protocol.made == 1

    def test_underscores(self) -> None:
        """Names of containers have an underscore, which Twisted's endpoint refuses as no host name."""
        dialler = Dialler(FOUR)
        dialler.connect("http://my_service/")
        assert dialler.resolver.asked[0][0] == "my_service"
        assert dialler.asked

    def test_both_families(self) -> None:
        """A server that does not answer by one family is tried by the other, a quarter second later."""
        dialler = Dialler(SIX, FOUR)
        attempt = dialler.connect("http://a.example/")
        assert [each[0] for each in dialler.asked] == ["2001:db8::1"]
        dialler.reactor.advance(0.25)
        assert [each[0] for each in dialler.asked] == ["2001:db8::1", "192.0.2.1"]
        dialler.accept(Talk(), 1)
        assert attempt.protocol.made == 1
        assert dialler.reactor.connectors[0].stoppedConnecting
        assert not dialler.reactor.getDelayedCalls()

    def test_order(self) -> None:
        """Families take turns, so that one that leads nowhere costs one attempt (RFC 8305 section 4)."""
        dialler = Dialler(SIX, SIX_TOO, FOUR)
        attempt = dialler.connect("http://a.example/")
        for index in range(3):
            dialler.refuse(error.ConnectionRefusedError(), index)
        assert [each[0] for each in dialler.asked] == ["2001:db8::1", "192.0.2.1", "2001:db8::2"]
        assert isinstance(attempt.error, ConnectError)

    def test_next_at_once(self) -> None:
        """When an address has failed there is nothing to wait for: `localhost` often begins with ::1."""
        dialler = Dialler(SIX, FOUR)
        attempt = dialler.connect("http://localhost/")
        dialler.refuse(error.ConnectionRefusedError())
        assert [each[0] for each in dialler.asked] == ["2001:db8::1", "192.0.2.1"]
        assert not [call for call in dialler.reactor.getDelayedCalls() if call.getTime() < 1]
        dialler.accept(Talk(), 1)
        assert attempt.protocol.made == 1

    def test_too_many_addresses(self) -> None:
        """Who answers for a name cannot make us try for ever."""
        many = [IPv4Address("TCP", f"192.0.2.{number}", 80) for number in range(40)]
        dialler = Dialler(*many)
        attempt = dialler.connect("http://a.example/", None)
        dialler.reactor.pump([0.25] * 100)
        assert len(dialler.asked) == 32
        for index in range(32):
            dialler.refuse(error.ConnectionRefusedError(), index)
        assert isinstance(attempt.error, ConnectError)

    def test_late_failures(self) -> None:
        """Attempts that fail while others go on do not end the whole."""
        dialler = Dialler(SIX, FOUR)
        attempt = dialler.connect("http://a.example/")
        dialler.reactor.advance(0.25)
        dialler.refuse(error.NoRouteError(errno.ENETUNREACH, "x"), 0)
        assert not attempt.results
        dialler.accept(Talk(), 1)
        assert attempt.protocol.made == 1

    def test_one_family(self) -> None:
        """With allow_ipv6=False nothing else is asked for, and nothing else used that comes."""
        dialler = Dialler(SIX, FOUR)
        dialler.connect("http://a.example/", allow_ipv6=False)
        assert dialler.resolver.asked[0][2] == (IPv4Address,)
        assert [each[0] for each in dialler.asked] == ["192.0.2.1"]

    @pytest.mark.parametrize(("ours", "theirs"), [("192.0.2.7", FOUR), ("2001:db8::7", SIX)])
    def test_interface(self, ours: str, theirs: Any) -> None:  # noqa: ANN401 -- either
        """An address of ours decides over the family of the server's."""
        dialler = Dialler(SIX, FOUR)
        dialler.connect("http://a.example/", network_interface=ours)
        assert dialler.asked == [(theirs.host, 80, (ours, 0))]

    def test_unknown(self) -> None:
        """A name without address is a ResolveError, without delay."""
        dialler = Dialler()
        dialler.resolver.addresses = ()
        attempt = dialler.connect("http://a.example/")
        assert isinstance(attempt.error, ResolveError)
        assert attempt.message.startswith("a.example:80 has no address: check how it is spelled")
        assert attempt.error.code == 599
        dialler.check_clear()

    def test_failing_resolver(self) -> None:
        """A resolver that raises is why there is no address; nothing of the attempt is left."""
        dialler = Dialler(FOUR)
        reason = ValueError("no such zone")

        def resolve(*_: object) -> None:
            raise reason

        vars(dialler.resolver)["resolveHostName"] = resolve
        attempt = dialler.connect("http://a.example/")
        assert type(attempt.error) is ResolveError
        assert attempt.error.__cause__ is reason
        assert attempt.message == (
            "a.example could not be looked up: the reactor's resolver has raised ValueError: no such"
            " zone"
        )
        dialler.check_clear()

    @pytest.mark.parametrize("first", [SIX, FOUR])
    def test_resolver_that_fails_afterwards(self, first: Any) -> None:  # noqa: ANN401 -- either
        """What a resolver raises when it has answered is logged, and the answer is used."""
        dialler = Dialler(first)
        resolver = dialler.resolver
        resolve = resolver.resolveHostName

        def fail(*arguments: Any) -> None:  # noqa: ANN401 -- Twisted's
            resolve(*arguments)
            raise ValueError

        vars(resolver)["resolveHostName"] = fail
        with capturedLogs() as events:
            attempt = dialler.connect("http://a.example/")
        assert [event["log_failure"].type for event in events] == [ValueError]
        dialler.accept(Talk())
        assert attempt.protocol.made == 1

    @pytest.mark.parametrize("addresses", [(FOUR,), (SIX, FOUR), ()])
    def test_resolver_that_completes_twice(self, addresses: Any) -> None:  # noqa: ANN401 -- some
        """The first answer counts, and what comes behind it is not tried."""
        dialler = Dialler(waits=True)
        attempt = dialler.connect("http://a.example/")
        (receiver,) = dialler.resolver.receivers
        for each in addresses:
            receiver.addressResolved(each)
        for _ in range(2):
            receiver.resolutionComplete()
            receiver.addressResolved(OTHER)
        assert [each[0] for each in dialler.asked] == [each.host for each in addresses[:1]]
        if not addresses:
            assert isinstance(attempt.error, ResolveError)
            return
        for index in range(len(addresses)):
            assert not attempt.results
            dialler.refuse(error.ConnectionRefusedError(), index)
        assert isinstance(attempt.error, ConnectError)
        assert len(dialler.asked) == len(addresses)
        dialler.check_clear()

    def test_unknown_family(self) -> None:
        """The message says that only IPv4 was wanted."""
        dialler = Dialler(SIX)
        attempt = dialler.connect("http://a.example/", allow_ipv6=False)
        assert "a.example:80 has no address of IPv4" in attempt.message

    def test_forbidden_address(self) -> None:
        """An IPv6 address in the URL contradicts allow_ipv6=False."""
        attempt = Dialler().connect("http://[::1]/", allow_ipv6=False)
        assert isinstance(attempt.error, InvalidRequest)
        assert "allow_ipv6=False, but [::1]:80" in str(attempt.error)

    def test_proxy(self) -> None:
        """With a proxy its name is looked up, and the server's is not."""
        dialler = Dialler(FOUR)
        attempt = dialler.connect("http://a.example/", proxy="http://p.example:3128")
        assert [each[:2] for each in dialler.resolver.asked] == [("p.example", 3128)]
        dialler.accept(Talk())
        assert attempt.protocol.made == 1


class TestMapping:
    """Other addresses for hosts."""

    @pytest.mark.parametrize(
        ("mapping", "asked"),
        [
            ({"a.example": "192.0.2.5"}, ("192.0.2.5", 8080)),
            ({"a.example": ("192.0.2.5", 81)}, ("192.0.2.5", 81)),
            ({("a.example", 8080): "::1"}, ("::1", 8080)),
            ({("a.example", 8080): ("192.0.2.5", 81), "a.example": "::1"}, ("192.0.2.5", 81)),
            ({("a.example", 80): "192.0.2.5"}, ("192.0.2.1", 8080)),
            ({"b.example": "192.0.2.5"}, ("192.0.2.1", 8080)),
            ({}, ("192.0.2.1", 8080)),
            (None, ("192.0.2.1", 8080)),
        ],
    )
    def test_where(self, mapping: Any, asked: tuple[str, int]) -> None:  # noqa: ANN401 -- see above
        """An entry for host and port goes before one for the host, as in Tornado."""
        dialler = Dialler(FOUR)
        dialler.connect("http://a.example:8080/", hostname_mapping=mapping)
        assert dialler.asked[0][:2] == asked

    def test_proxies(self) -> None:
        """Proxies have other addresses, too; the server behind one is the proxy's business."""
        mapping = {"p.example": "::1", "a.example": "::2"}
        dialler = Dialler()
        dialler.connect("http://a.example/", proxy="http://p.example:1", hostname_mapping=mapping)
        assert dialler.asked[0][:2] == ("::1", 1)

    def test_messages(self) -> None:
        """An error says what was asked for, and where that was looked for."""
        dialler = Dialler()
        attempt = dialler.connect("http://a.example/", hostname_mapping={"a.example": ("::1", 81)})
        dialler.refuse(error.ConnectionRefusedError())
        assert "nothing listens on a.example:80 (as [::1]:81)" in attempt.message

    @pytest.mark.parametrize("target", ["bad..name", "a b", ("a/b", 5)])
    def test_no_names(self, target: Any) -> None:  # noqa: ANN401 -- see above
        """What is no name is refused: Twisted's resolver would never answer."""
        attempt = Dialler().connect("http://a.example/", hostname_mapping={"a.example": target})
        assert isinstance(attempt.error, InvalidRequest)
        assert "hostname_mapping gives" in str(attempt.error)

    def test_form(self) -> None:
        """Names get the form that resolvers know."""
        assert map_host("a", 1, {"a": "Bücher.example"}) == ("xn--bcher-kva.example", 1)


class TestFailures:
    """What a connection fails with, in words."""

    def fail(self, reason: Exception, *addresses: Any, **options: Any) -> Attempt:  # noqa: ANN401 -- a test's
        """Let the only attempt fail."""
        dialler = Dialler(*(addresses or (FOUR,)))
        attempt = dialler.connect("http://a.example/", **options)
        dialler.refuse(reason)
        dialler.check_clear()
        assert attempt.error.__cause__ is reason
        return attempt

    def test_refused(self) -> None:
        """Nobody listens: the message names the server and the addresses that were tried."""
        attempt = self.fail(error.ConnectionRefusedError())
        assert isinstance(attempt.error, ConnectError)
        assert attempt.message == (
            "nothing listens on a.example:80 (tried 192.0.2.1): the connection was refused. Is the"
            " server running, and on this address and port?"
        )

    def test_refused_by_proxy(self) -> None:
        """The same of a proxy, for which nobody has to know the server."""
        attempt = self.fail(error.ConnectionRefusedError(), proxy="http://me:topsecret@p:3128")
        assert "nothing listens on the proxy p:3128" in attempt.message
        assert "topsecret" not in attempt.message

    def test_several_addresses(self) -> None:
        """It fails when the last address has, names all, and says why the first one refuses."""
        dialler = Dialler(FOUR, OTHER)
        attempt = dialler.connect("http://a.example/")
        dialler.refuse(error.ConnectionRefusedError())
        assert not attempt.results
        dialler.refuse(error.ConnectError(5, "odd"), 1)
        assert "nothing listens on a.example:80 (tried 192.0.2.1, 192.0.2.2)" in attempt.message
        dialler.check_clear()

    def test_without_ipv6(self) -> None:
        """That this machine has no IPv6 says nothing about a server."""
        dialler = Dialler(SIX, FOUR)
        attempt = dialler.connect("http://a.example/")
        dialler.refuse(error.NoRouteError(errno.ENETUNREACH, "x"))
        dialler.refuse(error.ConnectionRefusedError(), 1)
        assert "nothing listens on a.example:80" in attempt.message

    def test_address(self) -> None:
        """There is nothing to be said about an address that was not looked up."""
        dialler = Dialler()
        attempt = dialler.connect("http://[::1]/")
        dialler.refuse(error.ConnectionRefusedError())
        assert "nothing listens on [::1]:80: the" in attempt.message

    @pytest.mark.parametrize(
        "reason", [error.TCPTimedOutError(errno.ETIMEDOUT, "x"), error.TimeoutError()]
    )
    def test_timeout_of_the_system(self, reason: Exception) -> None:
        """The system gives up before we do: that is a timeout all the same."""
        attempt = self.fail(reason)
        assert isinstance(attempt.error, ConnectTimeout)
        assert "a.example:80 does not answer (tried 192.0.2.1)" in attempt.message

    def test_interface(self) -> None:
        """An address that this machine does not have."""
        reason = error.ConnectBindError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        attempt = self.fail(reason, network_interface="192.0.2.7")
        assert "can come from network_interface='192.0.2.7'" in attempt.message
        assert "address of this machine" in attempt.message

    @pytest.mark.parametrize(
        "reason", [error.NoRouteError(errno.ENETUNREACH, "x"), OSError(errno.EHOSTUNREACH, "x")]
    )
    def test_no_way(self, reason: Exception) -> None:
        """There is no network, or none that leads there."""
        assert "there is no way to a.example:80" in self.fail(reason).message

    @pytest.mark.parametrize("reason", [error.ConnectError(5, "odd."), error.UserError()])
    def test_others(self, reason: Exception) -> None:
        """Any other reason stands in the message."""
        message = self.fail(reason).message
        assert message.startswith("there is no connection to a.example:80 (tried 192.0.2.1): ")
        assert not message.endswith(".")

    def test_no_protocol(self) -> None:
        """What has nothing to do with the network is left as it is."""
        dialler = Dialler(FOUR)
        dialler.factory = Refusing()
        attempt = dialler.connect("http://a.example/")
        with pytest.raises(ConnectionError):
            dialler.accept(Talk())
        assert isinstance(attempt.error, error.NoProtocol)
        assert not dialler.reactor.getDelayedCalls()


class TestTime:
    """The bound of the whole."""

    def test_resolver(self) -> None:
        """A name that is never found: the attempt ends in time, and what comes later is nothing."""
        dialler = Dialler(FOUR, waits=True)
        attempt = dialler.connect("http://a.example/", 2.5)
        dialler.reactor.advance(2.4)
        assert not attempt.results
        dialler.reactor.advance(0.1)
        assert isinstance(attempt.error, ConnectTimeout)
        assert attempt.message == (
            "there was no connection within 2.5 s: a.example:80 was still being looked up"
        )
        dialler.resolver.answer()
        assert not dialler.asked
        dialler.check_clear()

    def test_silence(self) -> None:
        """An address that does not answer: the attempts end together."""
        dialler = Dialler(SIX, FOUR)
        attempt = dialler.connect("http://a.example/", 2)
        dialler.reactor.advance(0.25)
        dialler.reactor.advance(2)
        assert attempt.message.endswith(
            "a.example:80 did not answer (tried 2001:db8::1, 192.0.2.1)"
        )
        dialler.check_clear()

    def test_address(self) -> None:
        """The same of an address."""
        dialler = Dialler()
        attempt = dialler.connect("http://[::1]:81/", 1)
        dialler.reactor.advance(1)
        assert attempt.message.endswith("within 1 s: [::1]:81 did not answer")
        dialler.check_clear()

    def test_no_bound(self) -> None:
        """Without a bound it is the system that gives up."""
        dialler = Dialler(FOUR)
        attempt = dialler.connect("http://a.example/", None)
        assert dialler.reactor.tcpClients[0][3] is None
        dialler.reactor.advance(1e6)
        assert not attempt.results
        dialler.accept(Talk())
        assert attempt.protocol.made == 1


class TestCancelling:
    """Nobody wants the connection any more."""

    def test_resolver(self) -> None:
        """While the name is looked up."""
        dialler = Dialler(FOUR, waits=True)
        attempt = dialler.connect("http://a.example/")
        attempt.deferred.cancel()
        assert isinstance(attempt.error, CancelledError)
        dialler.resolver.answer()
        assert not dialler.asked
        dialler.check_clear()

    def test_connection(self) -> None:
        """While two addresses are tried."""
        dialler = Dialler(SIX, FOUR)
        attempt = dialler.connect("http://a.example/")
        dialler.reactor.advance(0.25)
        attempt.deferred.cancel()
        assert isinstance(attempt.error, CancelledError)
        dialler.check_clear()

    def test_address(self) -> None:
        """While an address is connected to."""
        dialler = Dialler()
        attempt = dialler.connect("http://[::1]/")
        attempt.deferred.cancel()
        assert isinstance(attempt.error, CancelledError)
        dialler.check_clear()

    def test_too_late(self) -> None:
        """A connection that has been handed over is its owner's."""
        dialler = Dialler()
        attempt = dialler.connect("http://[::1]/")
        dialler.accept(Talk())
        attempt.deferred.cancel()
        assert attempt.protocol.lost is None


class TestSockets:
    """Unix sockets."""

    def test_path(self) -> None:
        """The path is connected to, whatever host and port are."""
        dialler = Dialler()
        attempt = dialler.connect("http://a.example:81/", unix_socket="/run/x")
        assert dialler.reactor.unixClients[0][0] == "/run/x"
        assert not dialler.resolver.asked
        dialler.accept_unix(Talk())
        assert attempt.protocol.made == 1

    @pytest.mark.parametrize(
        ("reason", "message"),
        [
            (error.ConnectionRefusedError(), "nothing listens on it; the file may be left over"),
            (error.ConnectError(errno.ENOENT, "x"), "it does not exist. Check the path"),
            (error.ConnectError(errno.EACCES, "x"), "this process may not write to it"),
            (error.ConnectError(errno.EAGAIN, "x"), "11: x"),
        ],
    )
    def test_failures(self, reason: Exception, message: str) -> None:
        """A path that cannot be connected to says why."""
        dialler = Dialler()
        attempt = dialler.connect("http://a/", unix_socket="/run/x")
        dialler.reactor.unixClients[0][1].clientConnectionFailed(None, reason_of(reason))
        assert attempt.message.startswith("no connection to the Unix socket /run/x: ")
        assert message in attempt.message

    def test_timeout(self) -> None:
        """A server that does not accept."""
        dialler = Dialler()
        attempt = dialler.connect("http://a/", 1, unix_socket="/run/x")
        dialler.reactor.advance(1)
        assert attempt.message.endswith("the Unix socket /run/x did not answer")

    def test_long_path(self) -> None:
        """A path that no socket has is refused: Twisted's reactor would not say so."""
        dialler = Dialler()
        attempt = dialler.connect("http://a/", unix_socket="/" + 107 * "x")
        assert isinstance(attempt.error, InvalidRequest)
        assert "more than 10" in str(attempt.error)

    def test_without_sockets(self) -> None:
        """A reactor that has none, as on Windows."""
        route = route_for(parse_url("http://a/"), unix_socket="/x")
        attempt = Attempt(connect(route, Talks(), Clock(), 1))
        assert isinstance(attempt.error, InvalidRequest)
        assert "Clock has no Unix sockets" in str(attempt.error)


def reason_of(reason: Exception) -> Any:  # noqa: ANN401 -- a Failure
    """Wrap a reason, as reactors do."""
    from twisted.python.failure import Failure

    return Failure(reason)


def test_interfaces() -> None:
    """The endpoint of a name is one of Twisted's."""
    made = NamedEndpoint(MemoryReactorClock(), "a", 80, (IPv4Address,), None)
    assert verifyObject(IStreamClientEndpoint, made)
    assert verifyObject(IResolutionReceiver, made)


class Reactor(SelectReactor):
    """A reactor of the test's own, which turns when it is told to."""

    def until(self, attempt: Attempt) -> None:
        """Turn until there is a result."""
        for _ in range(1000):
            if attempt.results:
                return
            self.runUntilCurrent()
            self.doIteration(0.01)
        raise TimeoutError


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    """A real reactor."""
    made = Reactor()
    made.startRunning(installSignalHandlers=False)
    yield made
    made.disconnectAll()
    made.fireSystemEvent("shutdown")
    made.runUntilCurrent()
    for reader in {*made.getReaders(), *made._internalReaders}:
        made.removeReader(reader)
        reader.connectionLost(None)
    assert not made.getDelayedCalls()


class TestReal:
    """The same with real sockets, on loopback."""

    def follow(self, reactor: Reactor, route: Route) -> Attempt:
        """Connect for real."""
        factory = Factory.forProtocol(Talk)
        factory.noisy = False
        attempt = Attempt(connect(route, factory, reactor, 10))
        reactor.until(attempt)
        return attempt

    def test_tcp(self, reactor: Reactor) -> None:
        """A name, or an address, that somebody listens on."""
        factory = Factory.forProtocol(Talk)
        factory.noisy = False
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        for host in ("localhost", "127.0.0.1"):
            route = Route("http", host, port.getHost().port, ipv6=False)
            attempt = self.follow(reactor, route)
            assert attempt.protocol.transport.getPeer().host == "127.0.0.1"

    def test_refused(self, reactor: Reactor) -> None:
        """A port on which nobody listens."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            attempt = self.follow(reactor, Route("http", "127.0.0.1", taken.getsockname()[1]))
        assert attempt.message.startswith("nothing listens on 127.0.0.1:")

    def test_socket(self, reactor: Reactor, tmp_path: Path) -> None:
        """A Unix socket, with and without somebody who listens."""
        path = str(tmp_path / "x")
        assert (
            "does not exist"
            in self.follow(reactor, Route("http", "a", 1, unix_socket=path)).message
        )
        factory = Factory.forProtocol(Talk)
        factory.noisy = False
        reactor.listenUNIX(path, factory)
        assert self.follow(reactor, Route("http", "a", 1, unix_socket=path)).protocol.made == 1

    def test_no_tls(self, reactor: Reactor) -> None:
        """A server that closes when it is spoken to."""
        factory = Factory.forProtocol(Closing)
        factory.noisy = False
        port = reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port
        route = route_for(parse_url(f"https://127.0.0.1:{port}/"))
        attempt = self.follow(reactor, route)
        assert isinstance(attempt.error, TLSHandshakeError)
        assert "has closed the connection in the middle" in attempt.message


class Refusing(Talks):
    """Makes no protocol."""

    def buildProtocol(self, addr: object) -> None:  # noqa: ARG002 -- Twisted's
        return None


class Closing(Talk):
    """Closes when it is spoken to."""

    def dataReceived(self, data: bytes) -> None:  # noqa: ARG002 -- whatever it is
        self.transport.loseConnection()
