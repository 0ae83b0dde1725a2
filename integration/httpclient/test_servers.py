"""The servers themselves, asked by curl: what the other tests rest on."""

import json
import subprocess
from typing import Any

import pytest
from startup_processes import environment

from httpclient.servers.transfers import pattern
from httpclient.world import CREDENTIALS, World

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
QOPS = ["auth", "auth-int", "auth,auth-int"]


def curl(*words: str, status: int = 0) -> bytes:
    """Run curl and return what it prints.

    Args:
        words: Its arguments.
        status: How it must end.
    """
    command = ["curl", "--silent", "--show-error", "--http1.1", "--max-time", "30", *words]
    ran = subprocess.run(command, env=environment(), capture_output=True, check=False)
    assert ran.returncode == status, ran.stderr
    return ran.stdout


def told(*words: str) -> dict[str, Any]:
    """Run curl and read what it prints as JSON."""
    found: dict[str, Any] = json.loads(curl(*words))
    return found


def test_echo(world: World) -> None:
    """What was sent is told: arguments, headers, forms, files."""
    assert told(world.url("/get?a=1&a=2"))["args"] == {"a": ["1", "2"]}
    form = told("-F", "a=b", "-F", f"f=@{world.authority.path};type=x/y", world.url("/post"))
    assert form["form"] == {"a": ["b"]}
    (file,) = form["files"]["f"]
    assert (file["filename"], file["content_type"]) == ("authority.crt", "x/y")
    assert curl(world.url("/status/418?reason=x&X-A=b"), "-i").startswith(b"HTTP/1.1 418 x\r\n")


@pytest.mark.parametrize("coding", ["gzip", "gzip-members", "deflate", "raw-deflate"])
def test_codings(world: World, coding: str) -> None:
    """A decoder that is not ours reads each coding."""
    if coding == "gzip-members":
        ran = subprocess.run(
            ["gzip", "-dc"], input=curl(world.url(f"/{coding}")), capture_output=True, check=True
        )
        assert json.loads(ran.stdout)["coding"] == coding
    else:
        assert told("--compressed", world.url(f"/{coding}"))["coding"] == coding


def test_pieces(world: World) -> None:
    """Pieces and bytes are all there."""
    assert curl(world.url("/stream/2")) == b'{"id": 0}\n{"id": 1}\n'
    assert curl(world.url("/drip?bytes=3&pause=0.01")) == b"***"
    assert curl(world.url("/bytes/300")) == pattern(300)
    assert curl(world.url("/stream-bytes/150000?length=1")) == pattern(150000)


def test_uploads(world: World) -> None:
    """Chunked and with a length, an upload is counted; it can be refused before it comes."""
    file = f"@{world.authority.path}"
    found = told("--data-binary", file, "-H", "Transfer-Encoding: chunked", world.url("/upload"))
    assert found["transfer_encoding"] == "chunked"
    assert found["size"] == world.authority.path.stat().st_size
    words = ["--data-binary", file, "-H", "Expect: 100-continue", "-w", "%{size_upload}"]
    assert curl(*words, world.url("/upload?refuse=413")) == b"refused0"


@pytest.mark.parametrize("qop", QOPS)
@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"])
def test_digest(world: World, qop: str, algorithm: str) -> None:
    """Digest by another hand is let in, with the right password only."""
    url = world.url(f"/digest-auth/{qop}/Mufasa/of%20life/{algorithm}")
    assert told("--digest", "-u", "Mufasa:of life", url)["user"] == "Mufasa"
    assert b"who? response" in curl("--digest", "-u", "Mufasa:wrong", url)


def test_digest_of_old(world: World) -> None:
    """So is Digest without quality of protection, and one whose nonce is stale at first."""
    words = ["--digest", "-u", "M:C"]
    assert told(*words, world.url("/digest-auth/none/M/C/MD5"))["qop"] is None
    assert told(*words, world.url("/digest-auth/auth/M/C/SHA-256?stale=1"))["nc"] == "00000001"


def test_tls(world: World) -> None:
    """Each port with TLS is what its name says."""
    trust = ["--cacert", str(world.authority.path)]
    assert told(*trust, world.url("/tls", "tls"))["server_name"] == "localhost"
    for port in ("wrong", "expired", "strange"):
        curl(*trust, world.url("/tls", port), status=60)
    for port in ("mutual", "old"):
        with pytest.raises(AssertionError):
            curl(*trust, "--tlsv1.2", world.url("/tls", port))
    cert = world.client_cert
    known = ["--cert", str(cert), "--key", str(cert.with_suffix(".key"))]
    assert told(*trust, *known, world.url("/tls", "mutual"))["client"] == {"commonName": "client"}


def test_proxies(world: World) -> None:
    """Both proxies forward and make tunnels, one of them for those that it knows."""
    open_one, strict = [f"http://127.0.0.1:{port}" for port in world.proxies]
    assert ["Via", "1.1 here"] in told("-x", open_one, world.url("/get"))["headers"]
    trust = ["--cacert", str(world.authority.path)]
    assert told("-x", open_one, *trust, world.url("/get", "tls"))["method"] == "GET"
    assert curl("-x", strict, world.url("/get")) == b"who?"
    assert told("-x", strict, "-U", CREDENTIALS, world.url("/get"))["method"] == "GET"
    curl("-x", open_one, "https://refuse.test/", status=56)


def test_unix_socket(world: World) -> None:
    """The honest server listens on a Unix socket, too."""
    words = ["--unix-socket", world.honest.unix_socket]
    assert curl(*words, "http://a/hello") == "hello, wörld".encode()


def test_any_bytes(world: World) -> None:
    """The hostile server says what it is told to say, with TLS and without."""
    assert curl(world.answers(OK)) == b"hi"
    assert curl("-k", world.answers([b"HTTP/1.1 200 OK\r\n", b"\r\nho"], tls=True)) == b"ho"
