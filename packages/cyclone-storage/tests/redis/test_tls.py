"""TLS to a real server: who is let in, who is not, and what is said of it."""

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto
from twisted.internet.defer import CancelledError
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface.verify import verifyObject

from cyclone_storage.redis import client_tls, connect, lazyConnection, lazyShardedConnection
from cyclone_storage.redis.errors import CertificateError, ConnectionError, TLSError  # noqa: A004
from cyclone_storage.redis.tls.context import _Check
from cyclone_storage.redis.tls.problems import describe_handshake, describe_verification

from ..running import Loop
from ..servers.processes import free_port, writable_directory
from ..servers.redis import RedisServer
from .dialling import Script, caught, dial, hang_up, serve


@dataclass
class Files:
    """PEM files: of the authority, and of a server or a client."""

    ca: str
    cert: str
    key: str


class TLSServer:
    """A redis-server that speaks TLS with a certificate of the test's."""

    def __init__(self, files: Files, **options: str) -> None:
        self.files = files
        self.port = free_port()
        self.server = RedisServer(
            tls_port=str(self.port),
            tls_cert_file=files.cert,
            tls_key_file=files.key,
            tls_ca_cert_file=files.ca,
            **{"tls_auth_clients": "no", **options},
        )

    def close(self) -> None:
        """End it."""
        self.server.close()


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """Give a directory that the server may read."""
    directory = writable_directory("tls")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Give an authority of our own."""
    return trustme.CA()


def store(directory: Path, name: str, authority: trustme.CA, leaf: trustme.LeafCert) -> Files:
    """Write a certificate and its key, where the server may read them."""
    paths = [directory / f"{name}-{part}.pem" for part in ("ca", "cert", "key")]
    chain = b"".join(each.bytes() for each in leaf.cert_chain_pems)
    contents = authority.cert_pem.bytes(), chain, leaf.private_key_pem.bytes()
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
        path.chmod(0o644)
    return Files(*map(str, paths))


@pytest.fixture(scope="module")
def server(directory: Path, authority: trustme.CA) -> Iterator[TLSServer]:
    """Give a server whose certificate is for 127.0.0.1 and redis.example."""
    leaf = authority.issue_cert("127.0.0.1", "redis.example")
    server = TLSServer(store(directory, "good", authority, leaf))
    yield server
    server.close()


async def use(loop: Loop, port: int, tls: Any) -> str:  # noqa: ANN401
    """Connect and ask."""
    client = await dial(loop, port, tls=tls)
    try:
        return str(await client.execute_command("PING"))
    finally:
        await hang_up(client)


@pytest.mark.parametrize(
    ("host", "options"),
    [
        ("127.0.0.1", {}),
        ("redis.example", {}),
        ("REDIS.example.", {}),
        ("10.1.2.3", {"server_name": "redis.example"}),
    ],
)
def test_a_server_that_proves_who_it_is(
    loop: Loop,
    server: TLSServer,
    host: str,
    options: Any,  # noqa: ANN401
) -> None:
    """Its address, its name, and a name that was said otherwise, are verified."""
    tls = client_tls(host, ca_certs=server.files.ca, **options)
    verifyObject(IOpenSSLClientConnectionCreator, tls)

    async def main() -> None:
        assert await use(loop, server.port, tls) == "PONG"
        assert await use(loop, server.port, tls) == "PONG"  # it is good for any number

    loop.run(main)


@pytest.mark.parametrize(
    ("host", "known", "said"),
    [
        ("other.example", True, "has to be 'other.example' has a certificate for 'redis.example'"),
        ("127.0.0.2", True, "connect to one of these, or say with server_name=NAME"),
        ("127.0.0.1", False, "give the certificate of its authority"),
    ],
)
def test_a_server_that_is_another(
    loop: Loop, server: TLSServer, host: str, known: bool, said: str
) -> None:
    """A wrong name or address, or an unknown authority, fails the commands that wait, by name."""
    tls = client_tls(host, ca_certs=server.files.ca if known else None)

    async def main() -> None:
        client = await dial(loop, server.port, tls=tls)
        ended = client.whenDisconnected()
        errors = [await caught(client.execute_command("PING")) for _ in range(2)]
        await ended
        assert [type(each) for each in errors] == [CertificateError, ConnectionError]
        assert all(said in str(each) for each in errors)
        assert type(client.problem) is CertificateError

    loop.run(main)


def test_an_authority_of_ones_own_with_the_classic_makers(loop: Loop, server: TLSServer) -> None:
    """`client_tls(host, ca_certs=...)`, or a function that makes it for each host of several."""
    ca = server.files.ca
    where = f"127.0.0.1:{server.port}"

    async def main() -> None:
        one = client_tls("127.0.0.1", ca_certs=ca)
        each = partial(client_tls, ca_certs=ca)
        pools: list[Any] = [
            lazyConnection("127.0.0.1", server.port, ssl_context_factory=one),
            lazyConnection("127.0.0.1", server.port, ssl_context_factory=each),
            lazyShardedConnection([where], ssl_context_factory=each),
        ]
        for pool in pools:
            assert await pool.set("tls:a", "b") == "OK"
            await pool.disconnect()
        pool = lazyConnection("127.0.0.1", server.port, ssl_context_factory=True)
        error = await caught(pool.ready(5))
        assert type(error) is CertificateError
        assert "ssl_context_factory=client_tls(host, ca_certs=PATH)" in str(error)
        await pool.disconnect()

    loop.run(main)


def test_a_cancelled_blpop_takes_nothing(loop: Loop, server: TLSServer) -> None:
    """The connection below TLS is closed at once, before what is written next."""

    async def main() -> None:
        where = f"rediss://127.0.0.1:{server.port}/9?ca_certs={server.files.ca}"
        async with connect(where, pool_size=1) as pool:
            waiting = pool.blpop("tls:q", 0)
            await loop.until("it blocks", lambda: pool.stats().in_flight == 1)
            await pool.ping()
            await loop.pause(0)
            waiting.cancel()
            assert type(await caught(waiting)) is CancelledError
            assert await pool.rpush("tls:q", "item") == 1
            assert await pool.lpop("tls:q") == "item"

    loop.run(main)


def test_a_function_that_makes_no_tls() -> None:
    """It is refused, with what would do."""
    with pytest.raises(TypeError, match=r"client_tls\('127.0.0.1', ca_certs=PATH\).* not '127"):
        lazyConnection("127.0.0.1", ssl_context_factory=str)


def test_without_verification_anybody_will_do(loop: Loop, server: TLSServer) -> None:
    """`verify=False` asks nobody who it is."""

    async def main() -> None:
        assert await use(loop, server.port, client_tls("other.example", verify=False)) == "PONG"

    loop.run(main)


def test_the_password_is_not_sent_before(loop: Loop, server: TLSServer) -> None:
    """A handshake that fails fails the connection's beginning: whenConnected has the reason."""

    async def main() -> None:
        tls = client_tls("other.example", ca_certs=server.files.ca)
        error = await caught(dial(loop, server.port, tls=tls, password="x", client_name="me"))  # noqa: S106
        assert type(error) is CertificateError

    loop.run(main)


def test_an_expired_certificate(loop: Loop, directory: Path, authority: trustme.CA) -> None:
    """It is refused, with the date."""
    past = dt.datetime(2001, 2, 3, tzinfo=dt.UTC)
    leaf = authority.issue_cert("127.0.0.1", not_after=past)
    old = TLSServer(store(directory, "old", authority, leaf))

    async def main() -> None:
        error = await caught(use(loop, old.port, client_tls("127.0.0.1", ca_certs=old.files.ca)))
        assert type(error) is CertificateError
        assert "has expired (2001-02-03 00:00 UTC)" in str(error)

    try:
        loop.run(main)
    finally:
        old.close()


def make_certificate(**options: Any) -> tuple[bytes, bytes]:  # noqa: ANN401
    """Make a self-signed certificate for 127.0.0.1, or for nobody; return it and its key."""
    key = options.get("key") or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    begin = options.get("begin", now - dt.timedelta(days=1))
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    names = [x509.DNSName(each) for each in options.get("names", ())]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return certificate.public_bytes(pem), key.private_bytes(pem, pkcs8, plain)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "names no host: it has no subjectAltName"),
        (
            {"names": [f"a{number}.example" for number in range(10)]},
            "'a0.example', 'a1.example', .* and 2 others: connect",
        ),
        (
            {"begin": dt.datetime(2090, 1, 1, tzinfo=dt.UTC)},
            r"is not valid before 2090-01-01 00:00 UTC: is this machine's clock right\?",
        ),
    ],
)
def test_certificates_that_will_not_do(
    loop: Loop, directory: Path, options: dict[str, Any], said: str
) -> None:
    """One without names is good for no host, whatever its common name; and each problem is named."""
    cert, key = make_certificate(**options)
    files = Files(*(str(directory / f"own-{part}.pem") for part in ("cert", "cert", "key")))
    for path, content in ((files.cert, cert), (files.key, key)):
        Path(path).write_bytes(content)
        Path(path).chmod(0o644)
    own = TLSServer(files)

    async def main() -> None:
        tls = client_tls("127.0.0.1", ca_certs=files.ca)
        error = await caught(use(loop, own.port, tls))
        assert type(error) is CertificateError
        assert re.search(said, str(error))

    try:
        loop.run(main)
    finally:
        own.close()


@pytest.mark.parametrize(
    ("number", "depth", "said"),
    [
        (
            66,
            0,
            "certificate that has a key that is too short to be safe: the server needs another one",
        ),
        (23, 1, "certificate of an authority that has been revoked"),
        (
            18,
            0,
            "that is signed by nobody but itself (issuer 'CN=127.0.0.1'): if it is the right server",
        ),
        (10, 1, "of an authority that has expired (20"),
        (99, 0, "that is not valid: OpenSSL's verification error 99"),
    ],
)
def test_what_openssl_finds_is_said_in_words(number: int, depth: int, said: str) -> None:
    """Each of its numbers is a sentence, those too of which nobody has heard."""
    pem, _ = make_certificate()
    certificate = crypto.load_certificate(crypto.FILETYPE_PEM, pem)
    assert said in describe_verification(certificate, number, depth)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SSL.Error([("SSL routines", "", "unsupported protocol")]), "speaks no TLS 1.2 or newer"),
        (SSL.Error([("SSL routines", "", "odd")]), "could not agree on TLS with us (odd)"),
        (SSL.Error([]), "could not agree on TLS with us (OpenSSL gives no reason)"),
        (SSL.Error(), "could not agree on TLS with us (OpenSSL gives no reason)"),
        (SSL.Error("text"), "could not agree on TLS with us (text)"),
    ],
)
def test_what_a_handshake_ends_with_is_said_in_words(error: SSL.Error, said: str) -> None:
    """The reasons of OpenSSL are shown, with what they mean where that is known."""
    assert said in describe_handshake(error)


def test_a_certificate_that_cannot_be_read_is_refused() -> None:
    """What fails in a callback of OpenSSL is a no, with its reason."""
    reasons: list[Any] = []
    watcher: Any = SimpleNamespace(failVerification=reasons.append)
    check = _Check(watcher, "127.0.0.1")
    assert not check(cast("Any", None), cast("Any", None), 0, 0, 1)
    assert "cannot be read: AttributeError" in str(reasons[0].value)
    assert isinstance(reasons[0].value, CertificateError)


def test_a_server_that_wants_a_certificate(
    loop: Loop, directory: Path, authority: trustme.CA, server: TLSServer
) -> None:
    """With one of its authority it lets us in; without one, or with another's, it says what it wants."""
    strict = TLSServer(server.files, tls_auth_clients="yes")
    mine = store(directory, "client", authority, authority.issue_cert("client.example"))
    stranger = trustme.CA()
    theirs = store(directory, "stranger", stranger, stranger.issue_cert("client.example"))
    both = directory / "both.pem"
    both.write_bytes(Path(mine.cert).read_bytes() + Path(mine.key).read_bytes())

    async def main() -> None:
        ca = server.files.ca
        for cert, key in ((mine.cert, mine.key), (str(both), None)):
            tls = client_tls("127.0.0.1", ca, cert, key)
            assert await use(loop, strict.port, tls) == "PONG"
        error = await caught(use(loop, strict.port, client_tls("127.0.0.1", ca)))
        assert type(error) is TLSError
        assert "give client_cert and client_key" in str(error)
        assert f"127.0.0.1:{strict.port}" in str(error)
        tls = client_tls("127.0.0.1", ca, theirs.cert, theirs.key)
        error = await caught(use(loop, strict.port, tls))
        assert type(error) is TLSError
        assert "does not accept our certificate" in str(error)

    try:
        loop.run(main)
    finally:
        strict.close()


def test_a_port_without_tls(loop: Loop, server: TLSServer) -> None:
    """A server that speaks something else is told apart from one that is away."""

    async def main() -> None:
        tls = client_tls("127.0.0.1", ca_certs=server.files.ca)
        port, stop = await serve(loop, lambda: Script(b"-ERR Protocol error\r\n", ends=True))
        error = await caught(use(loop, port, tls))
        assert type(error) is TLSError
        assert "does not speak TLS on this port" in str(error)
        await stop()

    loop.run(main)


def test_old_ciphers_are_refused(loop: Loop, server: TLSServer) -> None:
    """Suites without authenticated encryption are not spoken."""
    old = TLSServer(server.files, tls_protocols="TLSv1.2", tls_ciphers="ECDHE-RSA-AES128-SHA256")

    async def main() -> None:
        tls = client_tls("127.0.0.1", ca_certs=server.files.ca)
        error = await caught(use(loop, old.port, tls))
        assert type(error) is TLSError
        assert "no cipher suite in common" in str(error)

    try:
        loop.run(main)
    finally:
        old.close()


# Files and names


@pytest.mark.parametrize(
    ("option", "content", "said"),
    [
        ("ca_certs", None, "ca_certs, .* cannot be read: No such file"),
        ("ca_certs", b"nothing", "holds no PEM certificate that can be used"),
        ("client_cert", None, "client_cert, .* cannot be read"),
        ("client_cert", b"nothing", "holds no PEM certificate that can be used"),
        ("client_key", None, "client_key, .* cannot be read"),
        ("client_key", b"nothing", "client_key, .* does not work with client_cert"),
        ("client_key", b"-----BEGIN ENCRYPTED PRIVATE KEY-----", "is protected by a passphrase"),
        ("ca_certs", bytes(1024 * 1024 + 1), "is no PEM file"),
    ],
)
def test_files(
    tmp_path: Path, server: TLSServer, option: str, content: bytes | None, said: str
) -> None:
    """A file that cannot be used is named, with what belongs into it."""
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_bytes(content)
    options = {
        "ca_certs": server.files.ca,
        "client_cert": server.files.cert,
        "client_key": server.files.key,
    }
    with pytest.raises(TLSError, match=said):
        client_tls("redis.example", **{**options, option: str(path)})


def test_a_key_of_another_certificate(
    tmp_path: Path, server: TLSServer, authority: trustme.CA
) -> None:
    """A key has to belong to its certificate."""
    other = store(tmp_path, "other", authority, authority.issue_cert("a.example"))
    with pytest.raises(TLSError, match="give the PEM key that this certificate was made for"):
        client_tls("redis.example", client_cert=server.files.cert, client_key=other.key)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    """What is no regular file is not read: a pipe could keep the program waiting."""
    with pytest.raises(TLSError, match="is no PEM file"):
        client_tls("redis.example", ca_certs=str(tmp_path))


def test_a_key_needs_its_certificate() -> None:
    """A key alone proves nothing."""
    with pytest.raises(ValueError, match="there is no client_cert"):
        client_tls("redis.example", client_key="key.pem")


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".example"])
def test_names_that_are_none(name: str) -> None:
    """What cannot be a host's name cannot be proved."""
    with pytest.raises(ValueError, match="name"):
        client_tls(name)


def test_a_name_of_other_letters(loop: Loop, directory: Path, authority: trustme.CA) -> None:
    """An internationalized name is verified as certificates have it, in ASCII."""
    leaf = authority.issue_cert("xn--bcher-kva.example")
    shop = TLSServer(store(directory, "shop", authority, leaf))

    async def main() -> None:
        tls = client_tls("b\xfccher.example", ca_certs=shop.files.ca)
        assert await use(loop, shop.port, tls) == "PONG"

    try:
        loop.run(main)
    finally:
        shop.close()
