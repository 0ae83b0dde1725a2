"""TLS of the client: whom it trusts, what it shows, and what it says when something is wrong."""

import datetime as dt
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL
from twisted.internet import error
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IProtocolFactory
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    optionsForClientTLS,
    trustRootFromCertificates,
)
from twisted.python.failure import Failure
from twisted.web.client import BrowserLikePolicyForHTTPS
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer
from zope.interface.verify import verifyObject

from cyclone_core.httpclient.connecting.handshaking import HandshakeFactory
from cyclone_core.httpclient.connecting.tls import ServerCheck, TLSContexts
from cyclone_core.httpclient.connecting.tls_problems import (
    describe_handshake,
    describe_verification,
    explain_tls,
)
from cyclone_core.httpclient.errors import ConnectTimeout, TLSHandshakeError
from cyclone_core.httpclient.routes import Route, TLSOptions, route_for
from cyclone_core.httpclient.urls import parse_url
from cyclone_core.tls import (
    CertificateError,
    PrivateKeyError,
    TLSUnavailable,
    server_context_factory,
)

from .authorities import NOW, Authority, Pair, weak_key
from .dialling import Attempt, Dialler, Given, Talk, over_tls

URL = "https://a.example/"
HOUR = dt.timedelta(hours=1)


class World(NamedTuple):
    """Authorities: one that the client is told to trust, one below it, and one that nobody knows."""

    root: Authority
    middle: Authority
    other: Authority
    good: Pair


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Make them, and a certificate without fault."""
    directory = tmp_path_factory.mktemp("tls")
    root = Authority(directory)
    middle = Authority(directory, "middle", by=root)
    good = root.issue("good", "a.example", "*.wild.example", "127.0.0.1", "::1")
    return World(root, middle, Authority(directory, "other"), good)


class Server:
    """A server in memory that has accepted.

    Attributes:
        inner: Its protocol above TLS.
        tls: Its end of TLS.
    """

    def __init__(self, dialler: Dialler, context: SSL.Context, inner: Any = None) -> None:  # noqa: ANN401 -- a Talk
        self.inner = inner or Talk()
        self.tls = over_tls(context, self.inner, dialler.reactor)
        self.seen: list[Any] = []
        context.set_info_callback(
            lambda connection, *_: self.seen.append(connection.get_servername())
        )
        dialler.accept(self.tls)

    @property
    def connection(self) -> SSL.Connection:
        """OpenSSL's view of it."""
        return self.tls.getHandle()  # type: ignore[no-any-return]

    @property
    def asked(self) -> bytes | None:
        """The name that it was asked for."""
        return self.seen[-1]  # type: ignore[no-any-return]


def serve(pair: Pair, **options: Any) -> SSL.Context:  # noqa: ANN401 -- of server_context_factory
    """Make the context of a server."""
    return server_context_factory(pair.key, pair.certificate, **options).getContext()


def plain_context(pair: Pair) -> SSL.Context:
    """Make a context that does everything that OpenSSL can."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate_chain_file(pair.certificate)
    context.use_privatekey_file(pair.key)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    return context


def meet(pair: Pair, url: str = URL, **options: Any) -> tuple[Attempt, Server]:  # noqa: ANN401 -- of a request
    """Let a client and a server meet."""
    dialler = Dialler()
    attempt = dialler.connect(url, **options)
    return attempt, Server(dialler, serve(pair))


def fail(pair: Pair, url: str = URL, **options: Any) -> str:  # noqa: ANN401 -- of a request
    """Let the client refuse a server, make sure that nothing is left, and give its reasons."""
    dialler = Dialler()
    attempt = dialler.connect(url, **options)
    server = Server(dialler, serve(pair))
    assert isinstance(attempt.error, TLSHandshakeError)
    assert attempt.error.code == 599
    assert attempt.error.__cause__ is not None
    assert not dialler.factory.made
    assert server.inner.lost is not None
    dialler.check_clear()
    return attempt.message


class TestRightServers:
    """Servers that are what they should be."""

    @pytest.mark.parametrize(
        ("url", "asked"),
        [
            ("https://a.example/", b"a.example"),
            ("https://a.example.:8443/", b"a.example"),
            ("https://x.wild.example/", b"x.wild.example"),
            ("https://127.0.0.1/", None),
            ("https://[::1]/", None),
        ],
    )
    def test_names(self, world: World, url: str, asked: bytes | None) -> None:
        """Names and addresses have to stand in the certificate; names are asked for (SNI)."""
        attempt, server = meet(world.good, url, ca_certs=world.root.path)
        assert attempt.protocol.made == 1
        assert server.asked == asked

    def test_what_is_agreed_on(self, world: World) -> None:
        """The newest TLS, and HTTP/1.1."""
        attempt, server = meet(world.good, ca_certs=world.root.path)
        assert server.connection.get_protocol_version_name() == "TLSv1.3"
        assert attempt.protocol.transport.negotiatedProtocol == b"http/1.1"

    def test_talk(self, world: World) -> None:
        """What is written arrives, in both directions, and so does the end."""
        dialler = Dialler()
        attempt = dialler.connect(URL, ca_certs=world.root.path)
        server = Server(dialler, serve(world.good))
        attempt.protocol.transport.write(b"question")
        server.inner.transport.write(b"answer")
        dialler.flush()
        assert (server.inner.received, attempt.protocol.received) == (b"question", b"answer")
        server.inner.transport.loseConnection()
        dialler.flush()
        assert isinstance(attempt.protocol.lost, error.ConnectionDone)

    def test_words_behind_the_handshake(self, world: World) -> None:
        """A server that speaks at once is heard by the protocol."""

        class Greeting(Talk):
            def connectionMade(self) -> None:
                self.transport.write(b"hello")

        dialler = Dialler()
        attempt = dialler.connect(URL, ca_certs=world.root.path)
        Server(dialler, serve(world.good), Greeting())
        assert attempt.protocol.received == b"hello"

    def test_tls_1_2(self, world: World) -> None:
        """TLS 1.2 is spoken, with suites that are safe."""
        dialler = Dialler()
        attempt = dialler.connect(URL, ca_certs=world.root.path)
        context = serve(world.good)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        server = Server(dialler, context)
        assert attempt.protocol.made == 1
        assert server.connection.get_cipher_name().startswith("ECDHE-ECDSA-AES")

    def test_other_name(self, world: World) -> None:
        """`server_name` is what is asked for and has to be proved."""
        attempt, server = meet(
            world.good, "https://b.example/", ca_certs=world.root.path, server_name="a.example"
        )
        assert attempt.protocol.made == 1
        assert server.asked == b"a.example"

    def test_unix_socket(self, world: World) -> None:
        """TLS is spoken over whatever leads there."""
        dialler = Dialler()
        attempt = dialler.connect(URL, ca_certs=world.root.path, unix_socket="/run/x")
        dialler.accept_unix(over_tls(serve(world.good), Talk(), dialler.reactor))
        assert attempt.protocol.made == 1

    def test_mapped(self, world: World) -> None:
        """Another address does not change who has to be proved."""
        attempt, _ = meet(
            world.good, ca_certs=world.root.path, hostname_mapping={"a.example": "b.example"}
        )
        assert attempt.protocol.made == 1


class TestTrust:
    """Who may sign."""

    def test_chain(self, world: World) -> None:
        """A server sends the authority between."""
        pair = world.middle.issue("chained", "a.example", chain=world.middle.pem)
        attempt, _ = meet(pair, ca_certs=world.root.path)
        assert attempt.protocol.made == 1

    def test_authority_between(self, world: World) -> None:
        """What is given is trusted: an authority that is not a root, too."""
        pair = world.middle.issue("unchained", "a.example")
        attempt, _ = meet(pair, ca_certs=world.middle.path)
        assert attempt.protocol.made == 1

    def test_only_one(self, world: World) -> None:
        """A server's own certificate may be what is trusted; its names count all the same."""
        pair = world.root.issue_to_itself("pinned", "a.example")
        attempt, _ = meet(pair, ca_certs=pair.certificate)
        assert attempt.protocol.made == 1
        assert "not for 'b.example'" in fail(pair, "https://b.example/", ca_certs=pair.certificate)

    def test_system(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a word the system's list decides, which SSL_CERT_FILE replaces."""
        assert "not known here" in fail(world.good)
        monkeypatch.setenv("SSL_CERT_FILE", world.root.path)
        attempt, _ = meet(world.good)
        assert attempt.protocol.made == 1

    def test_instead_of_the_system(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """With `ca_certs` the system's list means nothing."""
        monkeypatch.setenv("SSL_CERT_FILE", world.root.path)
        assert "not known here" in fail(world.good, ca_certs=world.other.path)

    def test_no_validation(self, world: World) -> None:
        """Without validation anybody will do; it is encrypted and the name is sent all the same."""
        attempt, server = meet(world.root.issue_to_itself("anybody", "x"), validate_cert=False)
        assert attempt.protocol.made == 1
        assert server.asked == b"a.example"
        assert server.connection.get_cipher_name() == "TLS_AES_256_GCM_SHA384"


class TestWrongServers:
    """Certificates that are refused, and why."""

    def test_expired(self, world: World) -> None:
        """The message says since when."""
        pair = world.root.issue("expired", "a.example", until=NOW - HOUR)
        message = fail(pair, ca_certs=world.root.path)
        assert (
            f"a.example:443 has a certificate that has expired ({NOW - HOUR:%Y-%m-%d %H:%M} UTC)"
            in (message)
        )

    def test_future(self, world: World) -> None:
        """A clock may be wrong."""
        pair = world.root.issue("future", "a.example", since=NOW + HOUR)
        message = fail(pair, ca_certs=world.root.path)
        assert (
            f"not valid before {NOW + HOUR:%Y-%m-%d %H:%M} UTC: is this machine's clock" in message
        )

    def test_other_names(self, world: World) -> None:
        """The message says for whom it is."""
        pair = world.root.issue("wrong", "b.example", "c.example", "192.0.2.1")
        message = fail(pair, ca_certs=world.root.path)
        assert "for 'b.example', 'c.example', '192.0.2.1', not for 'a.example': ask" in message
        assert "server_name=" in message

    def test_many_names(self, world: World) -> None:
        """Not more of them than anybody reads."""
        pair = world.root.issue("many", *[f"h{number}.example" for number in range(100)])
        message = fail(pair, ca_certs=world.root.path)
        assert "'h7.example' and 92 others, not" in message

    def test_evil_names(self, world: World) -> None:
        """What a server writes into its certificate cannot write lines into a log."""
        pair = world.root.issue("evil", "a\nb" + 200 * "x")
        message = fail(pair, ca_certs=world.root.path)
        assert message.isprintable()
        assert len(message) < 300

    @pytest.mark.parametrize(
        "url", ["https://127.0.0.2/", "https://[::2]/", "https://1.wild.example./"]
    )
    def test_wrong_addresses(self, world: World, url: str) -> None:
        """Addresses have to be there as such; a star stands for one label, and not for a number."""
        pair = world.root.issue("no-address", "a.example", "127.0.0.1", "::1", "*.other.example")
        assert "has a certificate for 'a.example'" in fail(pair, url, ca_certs=world.root.path)

    def test_stars(self, world: World) -> None:
        """A star stands for one label."""
        message = fail(world.good, "https://x.y.wild.example/", ca_certs=world.root.path)
        assert "not for 'x.y.wild.example'" in message

    def test_no_names(self, world: World) -> None:
        """A common name is no name of a host any more: Twisted's own check lets it pass for any."""
        message = fail(world.root.issue("a.example"), ca_certs=world.root.path)
        assert "names no host, not 'a.example' either: it has no subjectAltName" in message

    def test_self_signed(self, world: World) -> None:
        """The message says what can be done."""
        message = fail(world.root.issue_to_itself("self", "a.example"), ca_certs=world.root.path)
        assert "signed by nobody but itself (issuer 'CN=self')" in message
        assert "as ca_certs=PATH" in message
        assert "ca-certificates" in message

    def test_unknown_authorities(self, world: World) -> None:
        """Somebody else's authority, whether it shows itself or not, and a missing one between."""
        unknown = world.other.issue("unknown", "a.example")
        shown = world.other.issue("shown", "a.example", chain=world.other.pem)
        missing = world.middle.issue("missing", "a.example")
        trust = {"ca_certs": world.root.path}
        assert "not known here, or the one between is not sent (issuer 'CN=o" in fail(
            unknown, **trust
        )
        assert "by an authority that is not trusted here" in fail(shown, **trust)
        assert "or the one between is not sent (issuer 'CN=middle')" in fail(missing, **trust)

    def test_expired_authority(self, world: World) -> None:
        """The message says that it is not the server's own."""
        old = Authority(world.root.directory, "old", by=world.root, until=NOW - HOUR)
        pair = old.issue("of-old", "a.example", chain=old.pem)
        message = fail(pair, ca_certs=world.root.path)
        assert "a certificate of an authority that has expired" in message

    def test_other_purposes(self, world: World) -> None:
        """A certificate of a client is none of a server."""
        pair = world.root.issue("purpose", "a.example", usage=ExtendedKeyUsageOID.CLIENT_AUTH)
        assert "not meant for servers" in fail(pair, ca_certs=world.root.path)

    def test_weak(self, world: World) -> None:
        """A key that is too short."""
        dialler = Dialler()
        attempt = dialler.connect(URL, ca_certs=world.root.path)
        pair = world.root.issue("weak", "a.example", key=weak_key())
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        context.use_certificate_chain_file(pair.certificate)
        context.use_privatekey_file(pair.key)
        Server(dialler, context)
        assert "too short to be safe" in attempt.message

    def test_unreadable(self, world: World) -> None:
        """Names that are no names: what cannot be read is not trusted."""
        names = x509.UnrecognizedExtension(
            x509.ObjectIdentifier("2.5.29.17"), b"\x30\x03\x82\x01\xff"
        )
        pair = world.root.issue("unreadable", extension=names)
        assert "a certificate that cannot be read: " in fail(pair, ca_certs=world.root.path)


class TestOtherFailures:
    """Servers that do not get so far."""

    def answer(self, words: bytes) -> str:
        """Let a server answer in another language."""

        class Answering(Talk):
            def dataReceived(self, data: bytes) -> None:  # noqa: ARG002 -- whatever it is
                self.transport.write(words)

        dialler = Dialler()
        attempt = dialler.connect(URL)
        dialler.accept(Answering())
        dialler.check_clear()
        return attempt.message

    def test_http(self) -> None:
        """A port of http."""
        message = self.answer(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        assert "a.example:443 does not speak TLS there. Is it http:// on this port? (" in message

    def test_end(self) -> None:
        """A server that goes away."""
        dialler = Dialler()
        attempt = dialler.connect(URL)
        server = Talk()
        dialler.accept(server)
        server.transport.loseConnection()
        dialler.check_clear()
        assert isinstance(attempt.error, TLSHandshakeError)
        assert "closed the connection in the middle of the TLS handshake" in attempt.message

    def test_old_version(self, world: World) -> None:
        """A server that speaks TLS 1.1 at most."""
        dialler = Dialler()
        attempt = dialler.connect(URL, validate_cert=False)
        context = plain_context(world.good)
        context.set_max_proto_version(SSL.TLS1_1_VERSION)
        Server(dialler, context)
        assert "a.example:443 speaks no TLS 1.2 or newer" in attempt.message

    def test_weak_suites(self, world: World) -> None:
        """A server that knows none of the suites that are safe."""
        dialler = Dialler()
        attempt = dialler.connect(URL, validate_cert=False)
        context = plain_context(world.good)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        context.set_cipher_list(b"ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
        Server(dialler, context)
        assert "no cipher suite in common with us" in attempt.message

    def test_time(self) -> None:
        """A server that never ends the handshake."""
        dialler = Dialler()
        attempt = dialler.connect(URL, 5)
        server = Talk()
        dialler.accept(server)
        assert server.received
        assert not attempt.results
        dialler.reactor.advance(5)
        assert isinstance(attempt.error, ConnectTimeout)
        assert attempt.message.endswith("within 5 s: a.example:443 did not end the TLS handshake")
        assert not dialler.factory.made
        dialler.check_clear()

    def test_cancelling(self) -> None:
        """Nobody waits any more."""
        dialler = Dialler()
        attempt = dialler.connect(URL)
        dialler.accept(Talk())
        attempt.deferred.cancel()
        assert isinstance(attempt.error, CancelledError)
        dialler.check_clear()

    def test_without_pyopenssl(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The message is the command that installs what is missing; nothing is connected."""
        monkeypatch.setitem(sys.modules, "OpenSSL", None)
        dialler = Dialler()
        attempt = dialler.connect(URL)
        assert isinstance(attempt.error, TLSUnavailable)
        assert not dialler.asked
        dialler.check_clear()

    @pytest.mark.parametrize(
        ("reason", "said"),
        [
            ("wrong version number", "does not speak TLS there"),
            ("record layer failure", "does not speak TLS there"),
            ("tlsv1 alert protocol version", "speaks no TLS 1.2 or newer"),
            ("unsupported protocol", "speaks no TLS 1.2 or newer"),
            ("tlsv13 alert certificate required", "wants a certificate of ours"),
            ("sslv3 alert handshake failure", "no cipher suite in common"),
            ("ssl/tls alert handshake failure", "no cipher suite in common"),
            ("tlsv1 alert unknown ca", "does not accept the certificate that we have shown"),
            ("sslv3 alert bad certificate", "does not accept the certificate"),
            ("tlsv1 unrecognized name", "knows no host of this name"),
            ("tlsv1 alert no application protocol", "speaks no HTTP/1.1 there"),
            ("odd", "could not agree on TLS with us (odd)"),
        ],
    )
    def test_reasons(self, reason: str, said: str) -> None:
        """OpenSSL's words have a meaning."""
        assert said in describe_handshake(SSL.Error([("SSL routines", "", reason)]))

    @pytest.mark.parametrize(
        ("number", "depth", "said"),
        [
            (7, 0, "has a certificate that is broken: its signature is wrong"),
            (68, 1, "certificate of an authority that is signed with a hash"),
            (99, 0, "is not valid: OpenSSL's verification error 99"),
        ],
    )
    def test_numbers(self, number: int, depth: int, said: str) -> None:
        """OpenSSL's numbers, too; one that is not known is told."""
        assert said in describe_verification(None, number, depth)  # type: ignore[arg-type]


class TestClientCertificates:
    """Who we are."""

    @pytest.fixture
    def mine(self, world: World) -> Pair:
        """A certificate of a client."""
        return world.root.issue("mine", usage=ExtendedKeyUsageOID.CLIENT_AUTH)

    def strict(self, world: World) -> SSL.Context:
        """Make a server that wants one."""
        return serve(world.good, client_ca_path=world.root.path, require_client_certificate=True)

    def test_shown(self, world: World, mine: Pair) -> None:
        """The server sees it."""
        dialler = Dialler()
        options = {"client_cert": mine.certificate, "client_key": mine.key}
        attempt = dialler.connect(URL, ca_certs=world.root.path, **options)
        server = Server(dialler, self.strict(world))
        assert attempt.protocol.made == 1
        subject = server.tls.getPeerCertificate().to_cryptography().subject
        assert subject.rfc4514_string() == "CN=mine"

    def test_one_file(self, world: World, mine: Pair, tmp_path: Path) -> None:
        """The certificate's file may hold the key as well."""
        both = tmp_path / "both.pem"
        both.write_bytes(b"".join(Path(path).read_bytes() for path in mine))
        dialler = Dialler()
        attempt = dialler.connect(URL, ca_certs=world.root.path, client_cert=both)
        Server(dialler, self.strict(world))
        assert attempt.protocol.made == 1

    def test_missing(self, world: World) -> None:
        """TLS 1.2 says in the handshake that one is missing."""
        dialler = Dialler()
        attempt = dialler.connect(URL, ca_certs=world.root.path)
        context = self.strict(world)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        Server(dialler, context)
        assert isinstance(attempt.error, TLSHandshakeError)
        assert "wants client_cert=PATH" in attempt.message

    def test_missing_in_tls_1_3(self, world: World) -> None:
        """TLS 1.3 says so when the handshake is done: it is why the connection is lost."""
        dialler = Dialler()
        attempt = dialler.connect(URL, ca_certs=world.root.path)
        Server(dialler, self.strict(world))
        explained = explain_tls(attempt.protocol.lost, route_for(parse_url(URL)))
        assert isinstance(explained, TLSHandshakeError)
        assert explained.message.startswith(
            "a.example:443 wants a certificate of ours: client_cert="
        )
        assert explained.__cause__ is attempt.protocol.lost

    def test_other_ends(self) -> None:
        """What has nothing to do with TLS is not explained by it."""
        assert explain_tls(error.ConnectionLost(), route_for(parse_url(URL))) is None
        assert explain_tls(SSL.Error(), route_for(parse_url("http://a/"))) is None

    def test_files(self, world: World, mine: Pair) -> None:
        """Files that cannot be used fail before anything is connected, and say why."""
        dialler = Dialler()
        missing = dialler.connect(URL, ca_certs="/no/root.pem").error
        assert isinstance(missing, CertificateError)
        assert "file of authorities /no/root.pem cannot be read: No such file" in str(missing)
        broken = dialler.connect(URL, ca_certs=mine.key).error
        assert "ca_certs, holds no usable PEM certificate" in str(broken)
        broken = dialler.connect(URL, client_cert=mine.key).error
        assert "the client's own certificate first" in str(broken)
        other = dialler.connect(URL, client_cert=mine.certificate, client_key=world.good.key).error
        assert isinstance(other, PrivateKeyError)
        assert "does not work with the certificate" in str(other)
        assert not dialler.asked
        dialler.check_clear()


class TestContexts:
    """Contexts are made once, for one client."""

    def find(self, contexts: TLSContexts, **options: Any) -> SSL.Context:  # noqa: ANN401 -- of a request
        """Give the context of a request."""
        creator = contexts.creator(route_for(parse_url(URL), **options))
        connection = creator.clientConnectionForTLS(None)  # type: ignore[arg-type]
        return connection.get_context()

    def test_once(self, world: World) -> None:
        """Requests that say the same share one, also for other servers; others do not."""
        contexts = TLSContexts()
        first = self.find(contexts, ca_certs=world.root.path)
        assert self.find(contexts, ca_certs=world.root.path) is first
        assert self.find(contexts, ca_certs=world.root.path, server_name="b.example") is first
        others = [
            self.find(contexts),
            self.find(contexts, ca_certs=world.other.path),
            self.find(contexts, ca_certs=world.root.path, validate_cert=False),
            self.find(contexts, ca_certs=world.root.path, client_cert=self.both(world)),
            self.find(TLSContexts(), ca_certs=world.root.path),
        ]
        assert first not in others
        assert len(set(others)) == len(others)

    def both(self, world: World) -> str:
        """Write a certificate and its key into one file."""
        path = world.root.directory / "both.pem"
        path.write_bytes(b"".join(Path(each).read_bytes() for each in world.good))
        return str(path)

    def test_renewed_files(self, world: World, tmp_path: Path) -> None:
        """A file that has changed is read again, for connections to come."""
        path = tmp_path / "root.pem"
        shutil.copy(world.root.path, path)
        contexts = TLSContexts()
        first = self.find(contexts, ca_certs=path)
        shutil.copy(world.other.path, path)
        os.utime(path, ns=(1, 1))
        second = self.find(contexts, ca_certs=path)
        assert second is not first
        assert self.find(contexts, ca_certs=path) is second
        path.unlink()
        with pytest.raises(CertificateError, match="cannot be read"):
            self.find(contexts, ca_certs=path)

    def test_bound(self, world: World, tmp_path: Path) -> None:
        """A program with ever new files has 32 contexts; the oldest goes first."""
        contexts = TLSContexts()
        paths = [tmp_path / str(number) for number in range(33)]
        for path in paths:
            shutil.copy(world.root.path, path)
        found = [self.find(contexts, ca_certs=path) for path in paths]
        assert all(
            self.find(contexts, ca_certs=path) is context
            for path, context in list(zip(paths, found, strict=True))[1:]
        )
        assert self.find(contexts, ca_certs=paths[0]) is not found[0]

    def test_given(self, world: World) -> None:
        """The contexts of a client are used by `connect`, which has none of its own otherwise."""
        contexts = TLSContexts()
        first = self.find(contexts, ca_certs=world.root.path)
        attempt, _ = meet(world.good, ca_certs=world.root.path, contexts=contexts)
        assert attempt.protocol.transport.getHandle().get_context() is first

    def test_route_without_options(self) -> None:
        """A route by hand has the defaults."""
        contexts = TLSContexts()
        creator = contexts.creator(Route("https", "a.example", 443))
        assert isinstance(creator, ServerCheck)
        assert creator.wanted
        assert verifyObject(IOpenSSLClientConnectionCreator, creator)


@implementer(IPolicyForHTTPS)
class Policy:
    """Decides by host and port."""

    def __init__(self, made: Any) -> None:  # noqa: ANN401 -- a creator of connections
        self.made = made
        self.asked: list[tuple[bytes, int]] = []

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: ANN401, N802 -- Twisted's
        self.asked.append((hostname, port))
        return self.made(hostname, port)


@implementer(IOpenSSLClientConnectionCreator)
class Failing:
    """Fails when TLS begins."""

    def clientConnectionForTLS(self, tlsProtocol: object) -> Any:  # noqa: ANN401, ARG002, N802, N803 -- Twisted's
        raise LookupError


@implementer(IOpenSSLClientConnectionCreator)
class Refusing:
    """Refuses any server at the end of the handshake."""

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: ANN401, N802, N803 -- Twisted's
        def called(_: SSL.Connection, where: int, __: int) -> None:
            if where & SSL.SSL_CB_HANDSHAKE_DONE:
                tlsProtocol.failVerification(Failure(LookupError("no")))

        context = SSL.Context(SSL.TLS_METHOD)
        context.set_info_callback(called)
        return SSL.Connection(context)


class TestTwisted:
    """`ssl_options` as Twisted has them."""

    def trust(self, world: World) -> Any:  # noqa: ANN401 -- Twisted's
        """Trust the root."""
        return trustRootFromCertificates([Certificate.loadPEM(world.root.pem)])

    def test_certificate_options(self, world: World) -> None:
        """They say who signs; which name it has to be is known here."""
        options = CertificateOptions(trustRoot=self.trust(world))
        attempt, server = meet(world.good, ssl_options=options)
        assert attempt.protocol.made == 1
        assert server.asked == b"a.example"
        assert "not for 'b.example'" in fail(world.good, "https://b.example/", ssl_options=options)

    def test_without_trust(self, world: World) -> None:
        """Options that trust nobody are no reason to trust everybody, but with `validate_cert=False`."""
        options = CertificateOptions()
        assert "not known here" in fail(world.good, ssl_options=options)
        attempt, _ = meet(world.good, ssl_options=options, validate_cert=False)
        assert attempt.protocol.made == 1

    def test_old_factories(self, world: World) -> None:
        """What has `getContext` and no interface."""

        class Old:
            def getContext(self) -> SSL.Context:  # noqa: N802 -- Twisted's name
                context = SSL.Context(SSL.TLS_METHOD)
                context.load_verify_locations(world.root.path)
                return context

        attempt, _ = meet(world.good, ssl_options=Old())
        assert attempt.protocol.made == 1

    def test_creator(self, world: World) -> None:
        """What `optionsForClientTLS` makes is for one host, and used as it is."""
        creator = optionsForClientTLS("a.example", self.trust(world))
        attempt, _ = meet(world.good, "https://b.example/", ssl_options=creator)
        assert attempt.protocol.made == 1
        creator = optionsForClientTLS("b.example", self.trust(world))
        assert "has a certificate for other names" in fail(world.good, ssl_options=creator)
        creator = optionsForClientTLS("a.example", self.trust(world))
        pair = world.other.issue("foreign", "a.example")
        assert "that is not trusted here" in fail(pair, ssl_options=creator)

    def test_policies(self, world: World) -> None:
        """They are asked for every host."""
        policy = BrowserLikePolicyForHTTPS(self.trust(world))
        attempt, _ = meet(world.good, ssl_options=policy)
        assert attempt.protocol.made == 1
        own = Policy(lambda *_: CertificateOptions(trustRoot=self.trust(world)))
        attempt, _ = meet(world.good, "https://a.example:8443/", ssl_options=own)
        assert own.asked == [(b"a.example", 8443)]
        assert attempt.protocol.made == 1
        assert "not for 'b.example'" in fail(world.good, "https://b.example/", ssl_options=own)

    def test_late_refusals(self, world: World) -> None:
        """A creator may refuse the server when the handshake is done, as those of older Twisted do."""
        dialler = Dialler()
        attempt = dialler.connect(URL, ssl_options=Refusing())
        Server(dialler, serve(world.good))
        assert isinstance(attempt.error, TLSHandshakeError)
        assert "could not agree on TLS with us (no)" in attempt.message
        assert not dialler.factory.made
        dialler.check_clear()

    def test_policies_that_raise(self) -> None:
        """What they raise is what the attempt fails with, before anything is connected."""
        dialler = Dialler()
        attempt = dialler.connect(URL, ssl_options=Policy(lambda *_: 1 / 0))
        assert isinstance(attempt.error, ZeroDivisionError)
        assert not dialler.asked
        dialler.check_clear()

    def test_creators_that_raise(self) -> None:
        """The same of what begins TLS, when TCP is connected."""
        dialler = Dialler()
        attempt = dialler.connect(URL, ssl_options=Failing())
        with pytest.raises(ConnectionError):
            dialler.accept(Talk())
        assert isinstance(attempt.error, LookupError)
        assert not dialler.reactor.getDelayedCalls()

    def test_old_versions(self, world: World) -> None:
        """A context that allows TLS 1.1 does not bring it about."""
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        context.set_max_proto_version(SSL.TLS1_1_VERSION)
        dialler = Dialler()
        attempt = dialler.connect(URL, ssl_options=Given(context), validate_cert=False)
        Server(dialler, plain_context(world.good))
        assert "a.example:443 speaks TLSv1.1, which is not safe any more" in attempt.message
        assert not dialler.factory.made
        dialler.check_clear()

    def test_nobody(self, world: World) -> None:
        """Suites without certificates are no way around the verification."""
        contexts = [SSL.Context(SSL.TLS_METHOD), plain_context(world.good)]
        for context in contexts:
            context.set_cipher_list(b"AECDH-AES256-SHA:@SECLEVEL=0")
            context.set_max_proto_version(SSL.TLS1_2_VERSION)
        dialler = Dialler()
        attempt = dialler.connect(URL, ssl_options=Given(contexts[0]))
        Server(dialler, contexts[1])
        assert "a.example:443 has shown no certificate" in attempt.message
        dialler.check_clear()


class TestProtocols:
    """What is above TLS."""

    def connect(self, world: World, build: Callable[..., Any]) -> tuple[Dialler, Attempt]:
        """Connect with another way to make protocols."""
        dialler = Dialler()
        dialler.factory.buildProtocol = build  # type: ignore[method-assign]
        attempt = dialler.connect(URL, ca_certs=world.root.path)
        self.attempt = attempt
        Server(dialler, serve(world.good))
        dialler.check_clear()
        return dialler, attempt

    def test_none(self, world: World) -> None:
        """A factory that makes none."""
        _, attempt = self.connect(world, lambda _: None)
        assert isinstance(attempt.error, error.NoProtocol)

    def test_raising(self, world: World) -> None:
        """A factory that fails."""
        _, attempt = self.connect(world, lambda _: 1 / 0)
        assert isinstance(attempt.error, ZeroDivisionError)

    def test_connections_that_are_not_wanted(self, world: World) -> None:
        """A protocol that fails when it is connected, and one that finds out that nobody waits for it."""

        class Raising(Talk):
            def connectionMade(self) -> None:
                raise LookupError

        _, attempt = self.connect(world, lambda _: Raising())
        assert isinstance(attempt.error, LookupError)

        class Hasty(Talk):
            def connectionMade(myself) -> None:  # noqa: N805 -- two of them
                self.attempt.deferred.cancel()

        _, attempt = self.connect(world, lambda _: Hasty())
        assert isinstance(attempt.error, CancelledError)

    def test_factory(self, world: World) -> None:
        """The factory is told that it is used, and when it is no longer; addresses are the server's."""
        dialler = Dialler()
        addresses: list[Any] = []
        build = dialler.factory.buildProtocol
        dialler.factory.buildProtocol = lambda addr: (addresses.append(addr), build(addr))[1]  # type: ignore[func-returns-value, method-assign]
        dialler.connect(URL, ca_certs=world.root.path)
        outer = dialler.reactor.tcpClients[0][2]
        outer.doStart()
        assert dialler.factory.numPorts == 1
        outer.doStop()
        assert dialler.factory.numPorts == 0
        Server(dialler, serve(world.good))
        assert [each.host for each in addresses] == ["192.0.2.1"]

    def test_interfaces(self) -> None:
        """It is what Twisted asks for."""
        route = Route("https", "a", 443, TLSOptions(validate=False))
        creator = TLSContexts().creator(route)
        made = HandshakeFactory(None, route, creator, None, None)  # type: ignore[arg-type]
        assert verifyObject(IProtocolFactory, made)
        assert verifyObject(IOpenSSLClientConnectionCreator, made)
