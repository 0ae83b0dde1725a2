"""The classic makers: their signatures, and what they return."""

import inspect
import shutil
from collections.abc import Callable
from typing import Any

import pytest
import trustme
import txredisapi
from twisted.internet.defer import Deferred
from twisted.internet.ssl import (
    Certificate,
    ClientContextFactory,
    optionsForClientTLS,
    trustRootFromCertificates,
)

from cyclone_storage import redis
from cyclone_storage.redis import CertificateError, ConnectionHandler, WaitTimeout
from cyclone_storage.redis.making import Options, listed, split_host

from ..running import Loop
from ..servers.processes import free_port, writable_directory
from ..servers.redis import RedisServer

SINGLE = ["Connection", "ConnectionPool", "UnixConnection", "UnixConnectionPool"]
SHARDED = [f"Sharded{name}" for name in SINGLE]
MAKERS = [prefix + name for name in [*SINGLE, *SHARDED] for prefix in ("", "lazy")]
# cyclone 1.x had no more, in this order; txredisapi has put `ssl_context_factory` among them since.
NEWER = {"ssl_context_factory", "username"}


@pytest.mark.parametrize("name", MAKERS)
def test_the_signatures_are_the_classic_ones(name: str) -> None:
    """All parameters of txredisapi with its defaults; those of cyclone 1.x first, in its order."""
    ours = inspect.signature(getattr(redis, name)).parameters
    theirs = inspect.signature(getattr(txredisapi, name)).parameters
    assert {each: ours[each].default for each in ours} == {
        each: theirs[each].default for each in theirs
    }
    classic = [each for each in theirs if each not in NEWER]
    assert list(ours)[: len(classic)] == classic


def servers(name: str, server: RedisServer) -> dict[str, Any]:
    """Return the arguments of a maker that say where the servers are."""
    where: Any = str(server.path) if "Unix" in name else f"127.0.0.1:{server.port}"
    if "Sharded" in name:
        return {"paths" if "Unix" in name else "hosts": [where]}
    return {"path": where} if "Unix" in name else {"host": "127.0.0.1", "port": server.port}


@pytest.mark.parametrize("name", MAKERS)
def test_a_maker_makes_what_works(loop: Loop, redis_server: RedisServer, name: str) -> None:
    """At once if it is lazy, and otherwise complete."""
    make: Callable[..., Any] = getattr(redis, name)

    async def main() -> None:
        made = make(**servers(name, redis_server), dbid=9)
        lazy = name.startswith("lazy")
        assert isinstance(made, Deferred) is not lazy
        handler = made if lazy else await made
        assert type(handler).__name__.startswith("Sharded") is ("Sharded" in name)
        if isinstance(handler, ConnectionHandler) and not lazy:
            assert handler.stats().connected == (10 if name.endswith("Pool") else 1)
        await handler.set("makers:a", 5)
        assert await handler.get("makers:a") == 5
        await handler.disconnect()

    loop.run(main)


@pytest.mark.parametrize("name", [each for each in MAKERS if "lazy" not in each])
def test_a_maker_does_not_wait_for_ever(loop: Loop, name: str) -> None:
    """It fails with what the attempts have met, and closes what it has."""
    where: dict[str, Any] = (
        {"hosts": ["127.0.0.1:1"]} if "Sharded" in name else {"host": "127.0.0.1", "port": 1}
    )
    if "Unix" in name:
        where = {"paths": ["/no/a", "/no/b"]} if "Sharded" in name else {"path": "/no/a"}

    async def main() -> None:
        with pytest.raises(WaitTimeout, match=r"0 of \d+ connections to .* within 0\.2 s; .*Error"):
            await getattr(redis, name)(**where, replyTimeout=0.2)

    loop.run(main)


def test_one_server_of_several_is_away(loop: Loop, redis_server: RedisServer) -> None:
    """A sharded maker fails with its error, and closes the connections to the others."""

    async def main() -> None:
        hosts = [f"127.0.0.1:{redis_server.port}", "127.0.0.1:1"]
        with pytest.raises(ValueError, match=r"127\.0\.0\.1:1.*refused"):
            await redis.ShardedConnection(hosts, reconnect=False)

    loop.run(main)


@pytest.mark.parametrize(
    ("make", "kind", "problem"),
    [
        (lambda: redis.Connection(port="6379"), ValueError, "from 1 to 65535, not '6379'"),
        (lambda: redis.Connection(port=True), ValueError, "from 1 to 65535, not True"),
        (lambda: redis.Connection(port=0), ValueError, "from 1 to 65535, not 0"),
        (lambda: redis.lazyConnection(port=65536), ValueError, "not 65536"),
        (lambda: redis.lazyConnectionPool(poolsize=0), ValueError, "poolsize"),
        (lambda: redis.lazyConnection(dbid="a"), ValueError, "dbid"),
        (lambda: redis.lazyConnection(connectTimeout=True), TypeError, "connectTimeout must be"),
        (lambda: redis.lazyConnection(replyTimeout="1"), TypeError, "replyTimeout must be"),
        (
            lambda: redis.lazyConnection(ssl_context_factory=5),
            TypeError,
            "ssl_context_factory must",
        ),
        (lambda: redis.ShardedConnection("h:1"), ValueError, "list or tuple"),
        (lambda: redis.lazyShardedConnection([]), ValueError, "list or tuple"),
        (lambda: redis.lazyShardedConnection({"h:1"}), ValueError, "list or tuple"),
        (lambda: redis.lazyShardedConnection(["h"]), ValueError, "'host:port', not 'h'"),
        (lambda: redis.lazyShardedConnection(["h:x"]), ValueError, "'host:port', not 'h:x'"),
        (lambda: redis.lazyShardedConnection([":1"]), ValueError, "'host:port', not ':1'"),
        (lambda: redis.ShardedUnixConnection("/a"), ValueError, "list or tuple"),
    ],
)
def test_wrong_arguments_are_explained(
    make: Callable[[], object], kind: type[Exception], problem: str
) -> None:
    """Before anything is connected."""
    with pytest.raises(kind, match=problem):
        make()


def test_servers_of_ipv6_stand_in_brackets() -> None:
    """Of `host:port` the last colon counts."""
    assert split_host("[::1]:7000") == ("::1", 7000)
    assert split_host("h:1") == ("h", 1)
    assert listed(("h:1",)) == ("h:1",)


def test_options_show_no_password() -> None:
    """A log of them is harmless."""
    assert "pw" not in repr(Options(None, 1, True, None, "pw", None, None, True, None))


def test_tls_verifies_or_is_what_was_given(loop: Loop) -> None:
    """True trusts whom the system trusts; a context of one's own is used as it is, of either kind."""
    directory = writable_directory("tls")
    ca = trustme.CA()
    cert = ca.issue_cert("localhost", "127.0.0.1")
    cert.private_key_pem.write_to_path(directory / "key.pem")
    cert.cert_chain_pems[0].write_to_path(directory / "cert.pem")
    (directory / "key.pem").chmod(0o644)
    tls_port = free_port()
    server = RedisServer(
        tls_port=str(tls_port),
        tls_cert_file=str(directory / "cert.pem"),
        tls_key_file=str(directory / "key.pem"),
        tls_auth_clients="no",
    )

    async def main() -> None:
        with pytest.raises(CertificateError):
            await redis.Connection("localhost", tls_port, ssl_context_factory=True)
        trust = trustRootFromCertificates([Certificate.loadPEM(ca.cert_pem.bytes())])
        for given in (optionsForClientTLS("localhost", trustRoot=trust), ClientContextFactory()):
            pool = await redis.Connection("localhost", tls_port, ssl_context_factory=given)
            assert await pool.ping() == "PONG"
            await pool.disconnect()
        (directory / "ca.pem").write_bytes(ca.cert_pem.bytes())
        where = f"rediss://localhost:{tls_port}?pool_size=1"
        for query in (f"ca_certs={directory}/ca.pem", "verify=none"):
            async with redis.connect(f"{where}&{query}") as pool:
                assert await pool.ping() == "PONG"
        async with redis.connect(where, wait_timeout=20) as pool:
            with pytest.raises(CertificateError):
                await pool.ping()

    try:
        loop.run(main)
    finally:
        server.close()
        shutil.rmtree(directory)
