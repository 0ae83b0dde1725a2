"""TLS: who is trusted, under which name, with which certificate, and what is never mixed up."""

import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import ssl as twisted_ssl

from cyclone.httpclient import (
    AsyncHTTPClient,
    ConnectError,
    ConnectTimeout,
    HTTPClient,
    HTTPClientError,
    HTTPStreamClosedError,
    InvalidRequest,
    RequestTimeout,
    TLSHandshakeError,
)
from cyclone_core.tls import TLSError
from httpclient.conftest import Makes
from httpclient.running import Loop, sockets_to
from httpclient.servers.hostile import say
from httpclient.world import World

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def paths(certificate: Path) -> dict[str, Any]:
    """Make the options of who has a certificate."""
    return {"client_cert": str(certificate), "client_key": str(certificate.with_suffix(".key"))}


class TestServers:
    """What a server has to prove."""

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
    async def test_trusted(self, trusting: AsyncHTTPClient, world: World, host: str) -> None:
        """A name or an address that the certificate has; TLS is new, and HTTP/1.1 was agreed on."""
        told = (await trusting.fetch(world.url("/tls", "tls", host))).json()
        assert told["version"] in {"TLSv1.2", "TLSv1.3"}
        assert told["alpn"] == "http/1.1"
        # An address is never asked for as a name (RFC 6066, 3).
        assert told["server_name"] == (host if host == "localhost" else None)

    async def test_kept(self, trusting: AsyncHTTPClient, world: World) -> None:
        """The second request needs no handshake."""
        for _ in range(3):
            await trusting.fetch(world.url("/get", "tls"))
        assert len(sockets_to(world.port("tls"))) == 1

    @pytest.mark.parametrize(
        ("port", "says"),
        [
            ("wrong", "name|match"),
            ("expired", "expired"),
            ("strange", "trust|issuer|verify|signed"),
        ],
    )
    async def test_refused(
        self, loop: Loop, trusting: AsyncHTTPClient, world: World, port: str, says: str
    ) -> None:
        """Another name, an old certificate, a stranger's: nothing is sent, and the message says why."""
        with pytest.raises(TLSHandshakeError, match=f"(?i){says}") as caught:
            await trusting.fetch(world.url("/get", port), headers={"Authorization": "secret"})
        assert isinstance(caught.value, ConnectError)
        assert caught.value.code == 599
        await loop.until("end", lambda: not sockets_to(world.port(port)))

    async def test_address_that_is_not_there(self, trusting: AsyncHTTPClient, world: World) -> None:
        """An address has to stand in the certificate."""
        with pytest.raises(TLSHandshakeError):
            await trusting.fetch(world.url("/get", "wrong", "127.0.0.1"))

    async def test_own_authority_only(self, make_client: Makes, world: World) -> None:
        """By default nobody is trusted whom the system does not trust."""
        with pytest.raises(TLSHandshakeError):
            await make_client().fetch(world.url("/get", "tls"))

    @pytest.mark.parametrize("port", ["wrong", "expired", "strange"])
    async def test_not_verified(self, client: AsyncHTTPClient, world: World, port: str) -> None:
        """Who does not want it verified gets any; such a connection serves nobody else."""
        url = world.url("/get", port)
        assert (await client.fetch(url, validate_cert=False)).code == 200
        with pytest.raises(TLSHandshakeError):
            await client.fetch(url)
        assert (await client.fetch(url, validate_cert=False)).code == 200

    async def test_server_name(self, trusting: AsyncHTTPClient, world: World) -> None:
        """Another name can be asked for and must be proved."""
        url = world.url("/tls", "wrong")
        told = (await trusting.fetch(url, server_name="other.example")).json()
        assert told["server_name"] == "other.example"
        with pytest.raises(TLSHandshakeError):
            await trusting.fetch(world.url("/tls", "tls"), server_name="other.example")

    async def test_mapped_host(self, make_client: Makes, world: World) -> None:
        """The name of the URL is asked for, wherever its host is."""
        client = make_client(
            hostname_mapping={"other.example": "127.0.0.1"},
            defaults={"ca_certs": str(world.authority.path)},
        )
        told = (await client.fetch(world.url("/tls", "wrong", "other.example"))).json()
        assert told["server_name"] == "other.example"

    async def test_old_protocol(self, trusting: AsyncHTTPClient, world: World) -> None:
        """TLS 1.1 is not spoken, verified or not."""
        for options in ({}, {"validate_cert": False}):
            with pytest.raises(TLSHandshakeError):
                await trusting.fetch(world.url("/get", "old"), **options)  # type: ignore[arg-type]

    async def test_no_tls_there(self, trusting: AsyncHTTPClient, world: World) -> None:
        """A server that speaks something else is no server with TLS; nor is one with TLS without."""
        with pytest.raises(TLSHandshakeError):
            await trusting.fetch(f"https://localhost:{world.port('greeting')}/")
        with pytest.raises(HTTPClientError) as caught:
            await trusting.fetch(world.url("/get", "tls").replace("https:", "http:"))
        assert caught.value.code in {400, 599}

    @pytest.mark.parametrize("option", ["connect_timeout", "request_timeout"])
    async def test_silence(
        self, loop: Loop, trusting: AsyncHTTPClient, world: World, option: str
    ) -> None:
        """A server that never shakes hands is not waited for."""
        kind = ConnectTimeout if option == "connect_timeout" else RequestTimeout
        options: dict[str, Any] = {option: 0.2}
        url = f"https://localhost:{world.port('hostile')}/"
        with pytest.raises(kind):
            await trusting.fetch(url, **options)
        await loop.until("end", lambda: not sockets_to(world.port("hostile")))


class TestClients:
    """What a client has to prove."""

    async def test_known(self, trusting: AsyncHTTPClient, world: World) -> None:
        """A certificate that the server knows lets us in; it is chosen for each request."""
        url = world.url("/tls", "mutual")
        for certificate, name in (
            (world.client_cert, "client"),
            (world.other_client_cert, "another client"),
            (world.client_cert, "client"),
        ):
            told = (await trusting.fetch(url, **paths(certificate))).json()
            assert told["client"] == {"commonName": name}

    async def test_unknown(self, trusting: AsyncHTTPClient, world: World) -> None:
        """None at all, or a stranger's, does not; and no connection of who is known is used."""
        url = world.url("/tls", "mutual")
        assert (await trusting.fetch(url, **paths(world.client_cert))).code == 200
        for options in ({}, paths(world.strange_client_cert)):
            # With TLS 1.3 the server refuses only when the client believes the handshake is done.
            with pytest.raises((TLSHandshakeError, HTTPStreamClosedError)):
                await trusting.fetch(url, **options)

    async def test_in_one_file(
        self, trusting: AsyncHTTPClient, world: World, tmp_path: Path
    ) -> None:
        """Key and certificate may stand in one file."""
        both = tmp_path / "both.pem"
        parts = [world.client_cert, world.client_cert.with_suffix(".key")]
        both.write_bytes(b"".join(part.read_bytes() for part in parts))
        told = (await trusting.fetch(world.url("/tls", "mutual"), client_cert=str(both))).json()
        assert told["client"] == {"commonName": "client"}

    async def test_not_for_others(self, trusting: AsyncHTTPClient, world: World) -> None:
        """A redirect to another origin does not show the certificate there."""
        there = world.url("/tls", "tls").replace(":", "%3A").replace("/", "%2F")
        url = world.url(f"/redirect-to?url={there}", "mutual")
        response = await trusting.fetch(url, **paths(world.client_cert))
        assert response.json()["client"] == {}

    @pytest.mark.parametrize("what", ["cert", "key", "ca", "pair"])
    async def test_files(
        self, trusting: AsyncHTTPClient, world: World, tmp_path: Path, what: str
    ) -> None:
        """A file that is not there, or holds something else, is named."""
        nonsense = tmp_path / "nonsense.pem"
        nonsense.write_text("nonsense")
        key = str(world.other_client_cert.with_suffix(".key"))
        cert = str(world.client_cert)
        options: list[dict[str, Any]] = {
            "cert": [{"client_cert": str(nonsense)}, {"client_cert": str(tmp_path / "none")}],
            "key": [{"client_cert": cert, "client_key": str(nonsense)}, {"client_key": key}],
            "ca": [{"ca_certs": str(nonsense)}, {"ca_certs": str(tmp_path / "none")}],
            "pair": [{"client_cert": cert, "client_key": key}],
        }[what]
        for each in options:
            with pytest.raises((TLSError, InvalidRequest, OSError)) as caught:
                await trusting.fetch(world.url("/get", "tls"), **each)
            named = [*each.values(), "client_cert"]
            assert any(name in str(caught.value) for name in named), str(caught.value)


class TestOptions:
    """Other ways to say it."""

    async def test_mapping(self, client: AsyncHTTPClient, world: World) -> None:
        """Tornado's mapping."""
        options: Any = {
            "ca_certs": str(world.authority.path),
            "certfile": str(world.client_cert),
            "keyfile": str(world.client_cert.with_suffix(".key")),
        }
        told = (await client.fetch(world.url("/tls", "mutual"), ssl_options=options)).json()
        assert told["client"] == {"commonName": "client"}
        with pytest.raises(TLSHandshakeError):
            await client.fetch(
                world.url("/tls", "mutual"), ssl_options={"cert_reqs": ssl.CERT_REQUIRED}
            )
        unverified = {"cert_reqs": ssl.CERT_NONE}
        assert (await client.fetch(world.url("/get", "tls"), ssl_options=unverified)).code == 200

    async def test_twisted(self, client: AsyncHTTPClient, world: World) -> None:
        """What Twisted has for it."""
        authority = twisted_ssl.Certificate.loadPEM(world.authority.path.read_bytes())
        trust = twisted_ssl.trustRootFromCertificates([authority])
        creator = twisted_ssl.optionsForClientTLS("localhost", trust)
        for options in (creator, twisted_ssl.CertificateOptions(trustRoot=trust)):
            response = await client.fetch(world.url("/get", "tls"), ssl_options=options)
            assert response.code == 200
        with pytest.raises(TLSHandshakeError):
            await client.fetch(world.url("/get", "strange"), ssl_options=creator)

    async def test_python(self, client: AsyncHTTPClient, world: World) -> None:
        """Python's own context is refused, with what to give instead."""
        with pytest.raises(TypeError, match="ca_certs"):
            await client.fetch(world.url("/get", "tls"), ssl_options=ssl.create_default_context())

    async def test_of_the_client(self, loop: Loop, world: World) -> None:
        """A client may have them for all requests."""
        options = {"ca_certs": str(world.authority.path), **paths(world.client_cert)}
        async with HTTPClient(reactor=loop.reactor, **options) as http:
            assert (await http.get(world.url("/tls", "mutual"))).json()["client"]

    async def test_renewed(
        self, loop: Loop, world: World, tmp_path: Path, make_client: Makes
    ) -> None:
        """A new client reads the files anew."""
        trusted = tmp_path / "trusted.crt"
        shutil.copy(world.authority.path, trusted)
        defaults = {"ca_certs": str(trusted)}
        assert (await make_client(defaults=defaults).fetch(world.url("/get", "tls"))).code == 200
        shutil.copy(world.authority.path.with_name("stranger.crt"), trusted)
        client = make_client(defaults=defaults)
        with pytest.raises(TLSHandshakeError):
            await client.fetch(world.url("/get", "tls"))
        assert (await client.fetch(world.url("/get", "strange"))).code == 200
        await loop.pause(0)


class TestEnds:
    """Ends of connections with TLS."""

    @pytest.mark.parametrize(
        "data", [OK[:-1], b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
    )
    async def test_cut_off(self, trusting: AsyncHTTPClient, world: World, data: bytes) -> None:
        """An answer that is cut off is no answer."""
        with pytest.raises(HTTPStreamClosedError):
            await trusting.fetch(world.answers(data, tls=True))

    async def test_read(self, trusting: AsyncHTTPClient, world: World) -> None:
        """Answers with a length, and such as end with the connection."""
        for data in (OK, b"HTTP/1.1 200 OK\r\n\r\nhi", b"HTTP/1.0 200 OK\r\n\r\nhi"):
            assert (await trusting.fetch(world.answers(data, tls=True))).body == b"hi"

    async def test_large(self, trusting: AsyncHTTPClient, world: World) -> None:
        """Megabytes go both ways."""
        told = (
            await trusting.fetch(world.url("/upload", "tls"), method="POST", body=bytes(5_000_000))
        ).json()
        assert told["size"] == 5_000_000
        assert len((await trusting.fetch(world.url("/bytes/3000000", "tls"))).body) == 3_000_000

    async def test_bytes_behind_the_answer(self, trusting: AsyncHTTPClient, world: World) -> None:
        """What comes behind an answer is dropped with the connection."""
        evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        url = world.answers(say(OK + evil, then_close=False), tls=True)
        for _ in range(2):
            assert (await trusting.fetch(url)).body == b"hi"
