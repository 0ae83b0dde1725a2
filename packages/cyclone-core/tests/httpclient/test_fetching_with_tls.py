"""Fetching over TLS: who is shown our certificate, and which connections are shared."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    PrivateCertificate,
    trustRootFromCertificates,
)
from twisted.web.client import BrowserLikePolicyForHTTPS

from cyclone_core.httpclient import (
    AsyncHTTPClient,
    TLSHandshakeError,
    UnsafeRedirect,
)
from cyclone_core.httpclient.connecting import TLSContexts
from cyclone_core.testing import result_of

from .asking import Clients, Outcome, pool_of, read
from .connecting.authorities import Authority, Pair
from .network import Network
from .secure import SecurePeer

HOME = "https://127.0.0.1/"
ELSEWHERE = "https://127.0.0.2/"


class World:
    """An authority, a server that it has signed, and two users."""

    def __init__(self, directory: Path) -> None:
        authority = Authority(directory)
        self.ca_certs = authority.path
        self.server = authority.issue("server", "127.0.0.1", "127.0.0.2", "a.example")
        self.me, self.you = (
            authority.issue(name, usage=ExtendedKeyUsageOID.CLIENT_AUTH) for name in ("me", "you")
        )

    def options(self, pair: Pair | None = None) -> dict[str, Any]:
        """Give options of requests."""
        options: dict[str, Any] = {"ca_certs": self.ca_certs}
        if pair is not None:
            options |= {"client_cert": pair.certificate, "client_key": pair.key}
        return options


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Make the certificates once."""
    return World(tmp_path_factory.mktemp("certificates"))


def accept(network: Network, world: World) -> SecurePeer:
    """Accept a connection, and agree on TLS."""
    return SecurePeer(network, world.server)


def test_fetch(client: AsyncHTTPClient, network: Network, world: World) -> None:
    """A fetch over TLS is one like others, and its connection is kept."""
    waiting = client.fetch(HOME + "a", **world.options())
    peer = accept(network, world)
    assert read(peer.answer()).target == "/a"
    assert result_of(waiting).body == b"hello"
    waiting = client.fetch(HOME + "b", **world.options())
    assert read(peer.answer()).target == "/b"
    assert result_of(waiting).body == b"hello"
    assert peer.client_name is None


def test_stranger(client: AsyncHTTPClient, network: Network, world: World) -> None:
    """A server that nobody has signed whom we trust gets no request."""
    outcome = Outcome(client.fetch(HOME))
    peer = accept(network, world)
    assert isinstance(outcome.error, TLSHandshakeError)
    assert peer.take() == b""
    assert pool_of(client).lent == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"client_cert": "you"},
        {"validate_cert": False},
        {"server_name": "a.example"},
        {"ca_certs": "copy"},
    ],
)
def test_connections_are_not_shared(
    client: AsyncHTTPClient, network: Network, world: World, changed: dict[str, Any], tmp_path: Path
) -> None:
    """A connection on which we are one user, or trust one authority, serves no other request."""
    options = world.options(world.me)
    waiting = client.fetch(HOME, **options)
    peer = accept(network, world)
    peer.answer()
    result_of(waiting)
    assert peer.client_name == "me"
    changed = dict(changed)
    if "client_cert" in changed:
        changed = world.options(world.you)
    if "ca_certs" in changed:
        copy = tmp_path / "ca.crt"
        copy.write_bytes(Path(world.ca_certs).read_bytes())
        changed["ca_certs"] = str(copy)
    waiting = client.fetch(HOME, **options | changed)
    other = accept(network, world)
    other.answer()
    result_of(waiting)
    assert other.client_name == ("you" if "client_cert" in changed else "me")
    waiting = client.fetch(HOME, **options)
    peer.answer()
    result_of(waiting)
    assert len(network.peers) == 2


def ways(world: World, kind: str) -> dict[str, Any]:
    """Give options of requests with our certificate, said in one of several ways."""
    if kind == "paths":
        return world.options(world.me)
    return {"ssl_options": ssl_options(world, kind)}


def ssl_options(world: World, kind: str) -> object:
    """Make what there is for TLS beside paths."""
    private = PrivateCertificate.loadPEM(
        Path(world.me.certificate).read_bytes() + Path(world.me.key).read_bytes()
    )
    root = trustRootFromCertificates([Certificate.loadPEM(Path(world.ca_certs).read_bytes())])
    if kind == "policy":
        return BrowserLikePolicyForHTTPS(root)
    if kind == "options":
        return CertificateOptions(
            privateKey=private.privateKey.original, certificate=private.original, trustRoot=root
        )
    if kind == "trust":
        return CertificateOptions(trustRoot=root)
    mapping = {"certfile": world.me.certificate, "keyfile": world.me.key}
    return {**mapping, "ca_certs": world.ca_certs}


@pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")  # Twisted does
@pytest.mark.parametrize("kind", ["paths", "mapping", "options", "policy", "trust"])
@pytest.mark.parametrize("location", ["/there", ELSEWHERE, "https://127.0.0.1:444/"])
def test_certificate_and_redirects(
    client: AsyncHTTPClient, network: Network, world: World, kind: str, location: str
) -> None:
    """Our certificate is shown to the origin for which it was given, and to no other."""
    outcome = Outcome(client.fetch(HOME, **ways(world, kind)))
    peer = accept(network, world)
    shown = peer.client_name
    assert shown == (None if kind in {"policy", "trust"} else "me")
    peer.answer(b"", "302 Found", Location=location)
    if location == "/there":
        assert not network.attempts
        peer.answer()
        assert outcome.results[0].body == b"hello"
        return
    other = accept(network, world)
    assert other.client_name is None
    if kind == "options":
        # Nobody can take the certificate out of these, and leave the trust.
        assert isinstance(outcome.error, TLSHandshakeError)
    else:
        other.answer()
        assert outcome.results[0].body == b"hello"


@pytest.mark.parametrize("kind", ["paths", "mapping"])
def test_certificate_of_a_client(
    clients: Clients, network: Network, world: World, kind: str
) -> None:
    """That of a client is for the origin of its `base_url`."""
    http = clients.new(base_url=HOME, **ways(world, kind))
    for url, shown in (("a", "me"), (ELSEWHERE, None)):
        waiting = http.get(url)
        peer = accept(network, world)
        peer.answer()
        result_of(waiting)
        assert peer.client_name == shown


def test_name_of_the_server(clients: Clients, network: Network, world: World) -> None:
    """So is the name that it has to prove; to a redirect's server it means nothing."""
    http = clients.new(base_url=HOME, server_name="a.example", **world.options())
    waiting = http.get("a")
    peer = accept(network, world)
    assert peer.asked_for == "a.example"
    peer.answer(b"", "302 Found", Location=ELSEWHERE)
    other = accept(network, world)
    assert other.asked_for is None
    other.answer()
    result_of(waiting)
    waiting = http.get("https://127.0.0.1:444/")
    third = accept(network, world)
    assert third.asked_for is None
    third.answer()
    result_of(waiting)


def test_body_leaves_https(client: AsyncHTTPClient, network: Network, world: World) -> None:
    """A body that was sent over TLS does not follow a redirect that has none."""
    outcome = Outcome(client.fetch(HOME, method="POST", body=b"secret", **world.options()))
    peer = accept(network, world)
    peer.answer(b"", "307 X", Location="http://127.0.0.1/")
    assert type(outcome.error) is UnsafeRedirect
    assert network.attempts == 0


def test_secrets_leave_https(client: AsyncHTTPClient, network: Network, world: World) -> None:
    """Nor do header fields that say who we are."""
    headers = {"Authorization": "x", "Cookie": "y", "X-Mine": "z"}
    waiting = client.fetch(HOME, headers=headers, **world.options())
    accept(network, world).answer(b"", "302 X", Location="http://127.0.0.1/")
    plain = network.accept()
    assert set(read(plain.answer()).headers) == {"Host", "X-Mine", "User-Agent", "Accept-Encoding"}
    result_of(waiting)


def test_contexts_are_made_once(
    clients: Clients, network: Network, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contexts of TLS, which take long to make, belong to the client."""
    made: list[TLSContexts] = []
    creator = TLSContexts.creator

    def note(self: TLSContexts, route: Any) -> Any:  # noqa: ANN401 -- as it is
        made.append(self)
        return creator(self, route)

    monkeypatch.setattr(TLSContexts, "creator", note)
    for client in (clients.tornado(), clients.tornado()):
        waiting = [client.fetch(HOME, **world.options()) for _ in range(2)]
        for each in waiting:
            accept(network, world).answer()
            result_of(each)
    assert made[0] is made[1]
    assert made[2] is made[3]
    assert made[0] is not made[2]
