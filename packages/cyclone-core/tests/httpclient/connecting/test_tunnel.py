"""CONNECT: what a proxy is asked, what it may answer, and what then goes through."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import error
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IProtocolFactory
from twisted.internet.testing import StringTransport
from zope.interface.verify import verifyObject

from cyclone_core.httpclient.connecting.tunnel import TunnelFactory, encode_connect
from cyclone_core.httpclient.errors import (
    ConnectTimeout,
    InvalidRequest,
    ProxyError,
    TLSHandshakeError,
)
from cyclone_core.httpclient.proxies import Proxy, parse_proxy
from cyclone_core.httpclient.routes import DEFAULT_TLS, Route
from cyclone_core.tls import server_context_factory

from .authorities import Authority
from .dialling import Attempt, Dialler, Talk, over_tls

URL = "https://a.example/secret?path"
PROXY = "http://p.example:3128"
OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Gate(Talk):
    """A proxy that a test speaks for, until something else speaks behind it.

    Attributes:
        behind: The server's end, once there is one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.behind: Any = None

    def dataReceived(self, data: bytes) -> None:
        if self.behind is None:
            super().dataReceived(data)
        else:
            self.behind.dataReceived(data)

    def connectionLost(self, reason: Any = None) -> None:  # noqa: ANN401 -- a Failure
        super().connectionLost(reason)
        if self.behind is not None:
            self.behind.connectionLost(reason)

    def open(self, server: Any) -> None:  # noqa: ANN401 -- a protocol
        """Let the server speak, as if it were connected directly."""
        self.behind = server
        server.makeConnection(self.transport)
        server.dataReceived(self.received.partition(b"\r\n\r\n")[2])


def begin(proxy: str = PROXY, url: str = URL, **options: Any) -> tuple[Dialler, Attempt, Gate]:  # noqa: ANN401 -- of a request
    """Connect as far as to the proxy, which has not answered."""
    dialler = Dialler()
    attempt = dialler.connect(url, proxy=proxy, **options)
    gate = Gate()
    dialler.accept(gate)
    return dialler, attempt, gate


def answer(words: bytes, proxy: str = PROXY) -> Attempt:
    """Let the proxy answer with something that ends the attempt, and make sure that nothing is left."""
    dialler, attempt, gate = begin(proxy)
    gate.transport.write(words)
    dialler.flush()
    assert isinstance(attempt.error, ProxyError)
    assert not dialler.factory.made
    assert gate.lost is not None
    dialler.check_clear()
    return attempt


class TestRequest:
    """What the proxy is asked."""

    def test_words(self) -> None:
        """Host and port of the server, and nothing of the requests that will be made."""
        dialler, attempt, gate = begin()
        assert gate.received == (b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")
        assert dialler.resolver.asked[0][:2] == ("p.example", 3128)
        assert not attempt.results

    def test_addresses(self) -> None:
        """An IPv6 address has brackets."""
        _, _, gate = begin(url="https://[::1]:8443/")
        assert gate.received.startswith(b"CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n")

    def test_credentials(self) -> None:
        """Name and password are sent with the first request, once."""
        _, _, gate = begin("http://Aladdin:open%20sesame@p.example:3128")
        assert gate.received.endswith(
            b"\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
        )

    @pytest.mark.parametrize("host", ["a b", "a\r\nX: 1", "a\x00", "bücher", "\x7f"])
    def test_injection(self, host: str) -> None:
        """A host that splits the request is refused, wherever it comes from."""
        with pytest.raises(InvalidRequest, match="no host and port that a proxy can be asked for"):
            encode_connect(Route("https", host, 443), parse_proxy(PROXY))

    @given(st.text(), st.integers())
    def test_any_host(self, host: str, port: int) -> None:
        """Whatever is asked for, the request has two lines and an end, or is refused."""
        try:
            made = encode_connect(Route("https", host, port), Proxy("http", "p", 1))
        except InvalidRequest:
            return
        assert re.fullmatch(rb"CONNECT [!-~]+ HTTP/1\.1\r\nHost: [!-~]+\r\n\r\n", made)

    def test_refused_before_connecting(self) -> None:
        """Nothing is connected for a host that cannot be asked for."""
        dialler = Dialler()
        route = Route("https", "a b", 443, DEFAULT_TLS, Proxy("http", "p", 1))
        assert isinstance(dialler.follow(route).error, InvalidRequest)
        assert not dialler.asked
        dialler.check_clear()

    def test_interfaces(self) -> None:
        """It is one of Twisted's factories."""
        factory = Dialler().factory
        made = TunnelFactory(None, Route("https", "a", 1), Proxy("http", "p", 1), factory)  # type: ignore[arg-type]
        assert verifyObject(IProtocolFactory, made)
        made.doStart()
        assert factory.numPorts == 1
        made.doStop()
        assert factory.numPorts == 0


class TestOpen:
    """The proxy connects."""

    @pytest.fixture
    def root(self, tmp_path: Any) -> Authority:  # noqa: ANN401 -- a Path
        """Who has signed for a.example."""
        return Authority(tmp_path)

    def server(
        self, root: Authority, dialler: Dialler, inner: Talk, name: str = "a.example"
    ) -> Any:  # noqa: ANN401 -- a protocol
        """Make a server behind the proxy."""
        pair = root.issue("server", name)
        context = server_context_factory(pair.key, pair.certificate).getContext()
        return over_tls(context, inner, dialler.reactor)

    @pytest.mark.parametrize(
        "words",
        [
            OPEN,
            b"HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\n",
            b"HTTP/1.1 204 No\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n" + OPEN,
        ],
    )
    def test_talk(self, root: Authority, words: bytes) -> None:
        """Behind any 2xx comes TLS, whatever length it claims to have (RFC 9110 section 9.3.6)."""
        dialler, attempt, gate = begin(ca_certs=root.path)
        for index in range(len(words)):
            gate.transport.write(words[index : index + 1])
            dialler.flush()
        assert not attempt.results
        inner = Talk()
        gate.open(self.server(root, dialler, inner))
        dialler.flush()
        attempt.protocol.transport.write(b"question")
        inner.transport.write(b"answer")
        dialler.flush()
        assert (inner.received, attempt.protocol.received) == (b"question", b"answer")
        assert not dialler.reactor.getDelayedCalls()
        inner.transport.loseConnection()
        dialler.flush()
        assert isinstance(attempt.protocol.lost, error.ConnectionDone)

    def test_wrong_server(self, root: Authority) -> None:
        """A proxy cannot stand in for the server: it has no certificate of it."""
        dialler, attempt, gate = begin(ca_certs=root.path)
        gate.transport.write(OPEN)
        dialler.flush()
        gate.open(self.server(root, dialler, Talk(), "p.example"))
        dialler.flush()
        assert isinstance(attempt.error, TLSHandshakeError)
        assert (
            "a.example:443 has a certificate for 'p.example', not for 'a.example'"
            in attempt.message
        )
        dialler.check_clear()

    def test_words_behind_the_answer(self) -> None:
        """What comes with the answer is the server's first word: here it is no TLS."""
        dialler, attempt, gate = begin()
        gate.transport.write(OPEN + b"220 mail.example ESMTP\r\n")
        dialler.flush()
        assert isinstance(attempt.error, TLSHandshakeError)
        assert "a.example:443 does not speak TLS there" in attempt.message
        dialler.check_clear()

    def test_end(self) -> None:
        """The tunnel collapses in the handshake: it is no longer the proxy that is asked about."""
        dialler, attempt, gate = begin()
        gate.transport.write(OPEN)
        dialler.flush()
        gate.transport.loseConnection()
        dialler.flush()
        assert isinstance(attempt.error, TLSHandshakeError)
        dialler.check_clear()

    def test_creators_that_raise(self) -> None:
        """What fails before TLS can begin ends the attempt."""

        class Failing:
            def getContext(self) -> object:  # noqa: N802 -- Twisted's name
                return None

        dialler, attempt, gate = begin(ssl_options=Failing())
        gate.transport.write(OPEN)
        dialler.flush()
        assert isinstance(attempt.error, TypeError)
        dialler.check_clear()

    def test_no_protocol(self) -> None:
        """The same of what makes none."""

        class Empty:
            def buildProtocol(self, addr: object) -> None:  # noqa: ARG002 -- Twisted's
                return None

        failed: list[Any] = []

        class Noting:
            def enter(self, stage: str, transport: object) -> None:
                pass

            def fail(self, error: BaseException) -> None:
                failed.append(error)

        route = Route("https", "a", 443)
        factory = TunnelFactory(Noting(), route, Proxy("http", "p", 1), Empty())  # type: ignore[arg-type]
        tunnel = factory.buildProtocol(None)  # type: ignore[arg-type]
        tunnel.makeConnection(StringTransport())
        tunnel.dataReceived(OPEN)
        assert [type(each) for each in failed] == [error.NoProtocol]


class TestRefusals:
    """The proxy does not connect."""

    @pytest.mark.parametrize(
        ("status", "advice"),
        [
            ("400 Bad Request", "does it speak HTTP, and is it a proxy?"),
            ("403 Forbidden", "its rules forbid this host or port"),
            ("404 Not Found", "is it a proxy?"),
            ("405 Method Not Allowed", "may CONNECT be used there?"),
            ("501 Not Implemented", "can it CONNECT?"),
            ("502 Bad Gateway", "it cannot reach the server"),
            ("504 Gateway Timeout", "the server does not answer it"),
        ],
    )
    def test_statuses(self, status: str, advice: str) -> None:
        """The error has the status, and the message what it often means."""
        attempt = answer(f"HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nsorry".encode())
        code, _, reason = status.partition(" ")
        assert attempt.error.code == int(code)
        assert attempt.message.startswith(
            f"the proxy p.example:3128 does not connect to a.example:443: {code} '{reason}' ("
        )
        assert attempt.message.endswith(f"{advice})")

    @pytest.mark.parametrize("status", ["302 Found", "101 Switching Protocols", "599 Odd", "418"])
    def test_others(self, status: str) -> None:
        """Any other is refused without advice; a redirect of CONNECT is not followed."""
        attempt = answer(f"HTTP/1.1 {status}\r\nLocation: http://evil/\r\n\r\n".encode())
        assert attempt.error.code == int(status[:3])
        assert attempt.message.endswith("'")

    def test_evil_reasons(self) -> None:
        """A reason cannot write lines or colours into a log."""
        attempt = answer(b"HTTP/1.1 500 \x9b31m" + 1000 * b"x" + b"\r\n\r\n")
        assert attempt.message.isprintable()
        assert len(attempt.message) < 250

    def test_who(self) -> None:
        """Without a name the message says how to give one."""
        attempt = answer(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n\r\n")
        assert attempt.error.code == 407
        assert (
            "(it asks who we are: proxy_username=NAME, proxy_password=PASSWORD, or"
            in attempt.message
        )
        assert "who we are" in answer(b"HTTP/1.1 407 Who\r\n\r\n").message

    def test_wrong_password(self) -> None:
        """With a name it is not accepted; neither name nor password are in the message."""
        attempt = answer(
            b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\n\r\n",
            "http://someone:topsecret@p.example:3128",
        )
        assert attempt.message.endswith(
            "(it does not accept the name and the password that it was given)"
        )
        assert "someone" not in attempt.message
        assert "topsecret" not in attempt.message

    def test_other_schemes(self) -> None:
        """A proxy that wants something else than Basic."""
        attempt = answer(
            b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n"
        )
        assert "(it asks for 'Negotiate, NTLM', only Basic is known here)" in attempt.message

    @pytest.mark.parametrize(
        "words",
        [
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"HTTP/1.1 200 OK\nX: 1\n\n",
            b"HTTP/1.1 2000 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX : 1\r\n\r\n",
            b"\x15\x03\x01\x00\x02\x02\x46",
            b"HTTP/1.1 200 OK\r\nX: " + 100_000 * b"x",
            11 * b"HTTP/1.1 100 Continue\r\n\r\n",
        ],
    )
    def test_no_http(self, words: bytes) -> None:
        """What breaks the rules of HTTP, or its bounds, is refused, with the reason."""
        attempt = answer(words)
        assert "p.example:3128 has answered CONNECT with what is no HTTP: " in attempt.message
        assert attempt.error.code == 599
        assert attempt.error.__cause__ is not None

    def test_end(self) -> None:
        """A proxy that goes away without an answer."""
        dialler, attempt, gate = begin()
        gate.transport.write(b"HTTP/1.1 20")
        gate.transport.loseConnection()
        dialler.flush()
        assert isinstance(attempt.error, ProxyError)
        assert "has closed the connection instead of answering CONNECT" in attempt.message
        dialler.check_clear()


class TestEnds:
    """Nobody waits any more."""

    def test_time(self) -> None:
        """A proxy that does not answer; the time for connecting is the time for all of it."""
        dialler, attempt, gate = begin()
        dialler.reactor.advance(15)
        gate.transport.write(b"HTTP/1.1 200 OK\r\n")
        dialler.flush()
        dialler.reactor.advance(5)
        assert isinstance(attempt.error, ConnectTimeout)
        assert attempt.message == (
            "there was no connection within 20 s: the proxy p.example:3128 did not say whether it"
            " connects to a.example:443"
        )
        dialler.check_clear()

    def test_time_of_the_server(self) -> None:
        """The same bound holds for what is behind it, and the message is about that."""
        dialler, attempt, gate = begin()
        dialler.reactor.advance(15)
        gate.transport.write(OPEN)
        dialler.flush()
        dialler.reactor.advance(5)
        assert attempt.message.endswith("a.example:443 did not end the TLS handshake")
        dialler.check_clear()

    @pytest.mark.parametrize("words", [b"", b"HTTP/1.1 200 OK\r\n", OPEN])
    def test_cancelling(self, words: bytes) -> None:
        """Before the answer, in the middle of it, and behind it."""
        dialler, attempt, gate = begin()
        gate.transport.write(words)
        dialler.flush()
        attempt.deferred.cancel()
        assert isinstance(attempt.error, CancelledError)
        dialler.check_clear()
        assert gate.lost is not None
