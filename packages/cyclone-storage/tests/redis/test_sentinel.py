"""Sentinel: pools that follow the master, with real sentinels and real failovers."""

# ruff: noqa: ANN401, ARG002, S106 -- pools of any class, passwords of tests

import time
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.protocol import Factory, Protocol

from cyclone_storage.redis.errors import (
    ConnectionError,  # noqa: A004 -- txredisapi's name
    MasterNotFoundError,
    ResponseError,
    WaitTimeout,
)
from cyclone_storage.redis.sentinel.discovery import read_state
from cyclone_storage.redis.sentinel.manager import Sentinel

from ..running import Loop
from ..servers.processes import free_port
from ..servers.redis import RedisServer
from ..servers.sentinel import Watched, client


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Give a master, a replica and three sentinels of one test."""
    services = Watched()
    yield services
    services.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Watched]:
    """Give a master, two replicas and three sentinels that no test disturbs."""
    services = Watched(replicas=2, password="of-servers", sentinel_password="of-sentinels")
    yield services
    services.close()


def test_master_killed(loop: Loop, watched: Watched) -> None:
    """After kill -9 of the master: what was in flight fails once, what follows goes to the new one."""

    async def main() -> None:
        async with Sentinel(watched.addresses) as sentinel:
            pool = sentinel.master_for(watched.service, poolsize=3)
            assert await pool.set("sentinel:a", "kept") == "OK"
            assert await pool.wait(1, 5000) == 1
            old = watched.servers[0]
            waiting = pool.blpop("sentinel:nothing", 30)
            await loop.pause(0.05)
            old.kill()
            with pytest.raises(ConnectionError):
                await waiting
            # The pool is empty until the sentinels agree; this waits for that.
            begun = time.monotonic()
            while True:
                try:
                    assert await pool.get("sentinel:a") == "kept"
                    break
                except ConnectionError:
                    assert time.monotonic() < begun + 15
            assert watched.master() is not old
            assert await pool.set("sentinel:b", "new") == "OK"
            await loop.until("all connections", lambda: pool.stats().connected == 3)
            with client(watched.servers[1].port) as asked:
                assert asked.get("sentinel:b") == "new"
            # What comes back is a replica, and nobody writes to it.
            old.start()
            assert await pool.set("sentinel:c", "new") == "OK"

    loop.run(main)


def test_failover_by_hand(loop: Loop, watched: Watched) -> None:
    """A master that becomes a replica while it runs: commands go to the other one."""

    async def main() -> None:
        async with Sentinel(watched.addresses, 1) as sentinel:
            pool = sentinel.master_for(watched.service, poolsize=2)
            assert await pool.set("sentinel:a", "1") == "OK"
            assert await pool.wait(1, 5000) == 1
            watched.fail_over()
            await loop.until("failover", lambda: watched.master() is watched.servers[1])
            failed = 0
            begun = time.monotonic()
            with client(watched.servers[1].port) as asked:
                # Until the sentinels tell the old one, it takes what it will lose.
                while asked.get("sentinel:a") != "2":
                    try:
                        await pool.set("sentinel:a", "2")
                    except (ConnectionError, ResponseError):
                        failed += 1
                    await loop.pause(0.01)
                    assert time.monotonic() < begun + 10
            assert failed <= 4
            await loop.until("both connections", lambda: pool.stats().connected == 2)

    loop.run(main)


def test_readonly(loop: Loop, watched: Watched) -> None:
    """A server that says READONLY is asked no more; the one that the sentinels name is."""

    async def main() -> None:
        async with Sentinel(watched.addresses) as sentinel:
            pool: Any = sentinel.master_for(watched.service)
            await pool.ready()
            (first,) = pool._factory.pool
            with client(watched.servers[0].port) as asked:
                # Without min-replicas of its own, this is how a server can be the master and refuse.
                asked.execute_command("ACL", "SETUSER", "default", "-role")
                asked.replicaof("127.0.0.1", watched.servers[1].port)
                with pytest.raises(ResponseError, match="READONLY"):
                    await pool.set("sentinel:a", "x")
                await loop.until("another connection", lambda: first not in pool._factory.pool)

    loop.run(main)


def test_replicas(loop: Loop, shared: Watched) -> None:
    """`slave_for` spreads its connections over the replicas, which read and do not write."""

    async def main() -> None:
        async with Sentinel(shared.addresses, password="of-sentinels") as sentinel:
            master = sentinel.master_for(shared.service, password="of-servers")
            replicas: Any = sentinel.slave_for(
                shared.service, poolsize=2, password="of-servers", dbid=1
            )
            await master.set("sentinel:a", "x")
            await replicas.ready()
            await loop.until("connections", lambda: replicas.stats().connected == 2)
            ports = {conn.transport.getPeer().port for conn in replicas._factory.pool}
            assert ports == {server.port for server in shared.servers[1:]}
            assert (await replicas.execute("ROLE"))[0] == "slave"
            with pytest.raises(ResponseError, match="READONLY"):
                await replicas.set("sentinel:b", "x")
            assert replicas.stats().connected == 2
            assert sorted(await sentinel.discover_slaves(shared.service)) == sorted(
                ("127.0.0.1", port) for port in ports
            )
            assert await sentinel.discover_master(shared.service) == (
                "127.0.0.1",
                shared.servers[0].port,
            )

    loop.run(main)


def test_subscribe(loop: Loop, shared: Watched) -> None:
    """A subscription of such a pool goes to the master, too."""

    async def main() -> None:
        async with Sentinel(shared.addresses, password="of-sentinels") as sentinel:
            pool = sentinel.master_for(shared.service, password="of-servers")
            async with pool.subscribe("sentinel:news") as messages:
                await pool.publish("sentinel:news", "x")
                assert (await messages.get(5)).data == "x"

    loop.run(main)


def test_no_replica(loop: Loop) -> None:
    """Without a replica `slave_for` goes to the master."""
    services = Watched(replicas=0, sentinels=1)

    async def main() -> None:
        async with Sentinel(services.addresses) as sentinel:
            assert await sentinel.discover_slaves(services.service) == []
            assert (await sentinel.slave_for(services.service).execute("ROLE"))[0] == "master"

    try:
        loop.run(main)
    finally:
        services.close()


def test_wrong_service(loop: Loop, shared: Watched) -> None:
    """A service that no sentinel knows: each is named, and a command fails in time with that."""

    async def main() -> None:
        async with Sentinel(shared.addresses, password="of-sentinels") as sentinel:
            with pytest.raises(MasterNotFoundError) as found:
                await sentinel.discover_master("cooks")
            for _, port in shared.addresses:
                assert f"127.0.0.1:{port}: No such master with that name" in str(found.value)
            assert await sentinel.discover_slaves("cooks") == []
            for pool in (
                sentinel.master_for("cooks", wait_timeout=0.2),
                sentinel.slave_for("cooks", wait_timeout=0.2),
            ):
                with pytest.raises(WaitTimeout, match="No master found for cooks"):
                    await pool.get("sentinel:a")

    loop.run(main)


def test_wrong_password(loop: Loop, shared: Watched) -> None:
    """Sentinels that want another password: the error says so, and not which one was tried."""

    async def main() -> None:
        sentinel = Sentinel(shared.addresses, password="guessed")
        with pytest.raises(MasterNotFoundError, match="does not accept the password") as found:
            await sentinel.discover_master(shared.service)
        assert "guessed" not in str(found.value)

    loop.run(main)


def test_too_few_others(loop: Loop, shared: Watched) -> None:
    """A sentinel that knows too few others is not believed."""

    async def main() -> None:
        sentinel = Sentinel(shared.addresses, 3, password="of-sentinels")
        with pytest.raises(MasterNotFoundError, match=r"knows no master that is up"):
            await sentinel.discover_master(shared.service)

    loop.run(main)


def test_sentinels_down(loop: Loop) -> None:
    """When all sentinels are down, one typed error comes at once, and a command ends in time."""
    addresses = [("127.0.0.1", free_port()) for _ in range(3)]

    async def main() -> None:
        async with Sentinel(addresses) as sentinel:
            begun = time.monotonic()
            with pytest.raises(MasterNotFoundError, match=r"No master found for books: .*refused"):
                await sentinel.discover_master("books")
            assert await sentinel.discover_slaves("books") == []
            with pytest.raises(WaitTimeout, match="No master found for books"):
                await sentinel.master_for("books", wait_timeout=0.3).get("sentinel:a")
            assert time.monotonic() < begun + 5

    loop.run(main)


def test_silent_sentinel(loop: Loop, shared: Watched) -> None:
    """One that takes connections and says nothing is not waited for if others answer, else not for long."""
    accepted: list[Any] = []

    class Silent(Protocol):
        def connectionMade(self) -> None:
            accepted.append(self.transport)

    async def main() -> None:
        factory = Factory.forProtocol(Silent)
        ports = [loop.reactor.listenTCP(0, factory, interface="127.0.0.1") for _ in range(2)]
        silent, other = (("127.0.0.1", port.getHost().port) for port in ports)
        addresses = [silent, silent, other, shared.addresses[0]]
        sentinel = Sentinel(addresses, password="of-sentinels")
        begun = time.monotonic()
        assert await sentinel.discover_master(shared.service) == (
            "127.0.0.1",
            shared.servers[0].port,
        )
        assert time.monotonic() < begun + 1.5
        alone = Sentinel([silent])
        alone.discovery_timeout = 0.1
        with pytest.raises(MasterNotFoundError, match=r"no answer within 0\.1 s"):
            await alone.discover_master(shared.service)
        patient = Sentinel([silent], connectTimeout=0.05)
        with pytest.raises(MasterNotFoundError, match=r"has not answered within 0\.05 s"):
            await patient.discover_master(shared.service)
        for port in ports:
            await port.stopListening()

    loop.run(main)


def test_asked_once(loop: Loop, shared: Watched) -> None:
    """Who asks at the same time shares the question; who is cancelled does not take it from others."""

    async def main() -> None:
        sentinel = Sentinel(shared.addresses, password="of-sentinels")
        asking = [sentinel.discover_master(shared.service) for _ in range(10)]
        assert len(sentinel._inquiries) == 1
        asking[0].cancel()
        with pytest.raises(CancelledError):
            await asking[0]
        found = await gatherResults(asking[1:])
        assert set(found) == {("127.0.0.1", shared.servers[0].port)}
        alone = sentinel.discover_master(shared.service)
        alone.cancel()
        with pytest.raises(CancelledError):
            await alone
        assert not sentinel._inquiries

    loop.run(main)


class Pointed(Sentinel):
    """Names what a test says."""

    named: tuple[str, int]

    def discover_master(self, service_name: str) -> Deferred[tuple[str, int]]:
        return succeed(self.named)


def test_wrong_role(loop: Loop, shared: Watched) -> None:
    """A replica that a sentinel names as the master, as it may know late, is not taken for it."""

    async def main() -> None:
        async with Pointed(shared.addresses, reactor=loop.reactor) as sentinel:
            sentinel.named = ("127.0.0.1", shared.servers[1].port)
            pool = sentinel.master_for(
                shared.service, password="of-servers", wait_timeout=5, reconnect=True
            )
            asking = pool.set("sentinel:a", "x")
            await loop.until("refusal", lambda: pool.stats().last_error)
            assert "says that it is a slave" in str(pool.stats().last_error)
            sentinel.named = ("127.0.0.1", shared.servers[0].port)
            assert await asking == "OK"

    loop.run(main)


def test_moved(loop: Loop) -> None:
    """When one connection learns that the master is elsewhere the others are given up, too."""
    servers = [RedisServer(), RedisServer()]

    async def main() -> None:
        async with Pointed([("127.0.0.1", 1)]) as sentinel:
            sentinel.named = ("127.0.0.1", servers[0].port)
            pool: Any = sentinel.master_for("books", poolsize=3)
            await loop.until("connections", lambda: pool.stats().connected == 3)
            sentinel.named = ("127.0.0.1", servers[1].port)
            pool._factory.pool[0].transport.abortConnection()
            await loop.until("all moved", lambda: _ports(pool) == [servers[1].port] * 3)

    try:
        loop.run(main)
    finally:
        for server in servers:
            server.close()


def _ports(pool: Any) -> list[int]:
    return [conn.transport.getPeer().port for conn in pool._factory.pool]


def test_states() -> None:
    """What a sentinel says of a server is read with its flags; replicas that are down are left out."""
    up = read_state(["ip", "10.0.0.1", "port", "1", "flags", "slave", "master-link-status", "ok"])
    old = read_state(["ip", "10.0.0.2", "port", "2", "flags", "slave", "master-link-status", "err"])
    down = [
        read_state(["ip", "10.0.0.3", "port", "3", "flags", f"slave,{flag}"])
        for flag in ("s_down", "o_down", "disconnected")
    ]
    assert up["is_slave"]
    assert not up["is_master"]
    assert Sentinel.filter_slaves([*down, old, up]) == [("10.0.0.1", 1)]
    assert Sentinel.filter_slaves([*down, old]) == [("10.0.0.2", 2)]
    assert Sentinel.filter_slaves(down) == []


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        ["127.0.0.1:26379"],
        [("127.0.0.1",)],
        [("", 1)],
        [("h", 0)],
        [("h", 65536)],
        [("h", "1")],
        [7],
    ],
)
def test_addresses(addresses: Any) -> None:
    """What is no address of a sentinel is refused with an example of one."""
    with pytest.raises(ValueError, match=r"\('127.0.0.1', 26379\)"):
        Sentinel(addresses)


def test_options_of_txredisapi(loop: Loop, shared: Watched) -> None:
    """Those of its connections are taken; a database is the servers' and not the sentinels'."""

    async def main() -> None:
        options: dict[str, Any] = {"charset": None, "convertNumbers": False, "reconnect": False}
        sentinel = Sentinel(
            shared.addresses,
            password="of-sentinels",
            connectTimeout=None,
            replyTimeout=5,
            dbid=None,
            **options,
        )
        host, port = await sentinel.discover_master(shared.service)
        assert (host, port) == ("127.0.0.1", shared.servers[0].port)

    loop.run(main)
    with pytest.raises(ValueError, match=r"dbid=3 .* give it to master_for\(\)"):
        Sentinel(shared.addresses, dbid=3)
