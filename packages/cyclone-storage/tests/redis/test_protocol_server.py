"""One connection to a real server."""

from collections.abc import Iterator

import pytest
from twisted.internet.defer import DeferredList

from cyclone_storage.redis.errors import (
    AuthenticationError,
    ConnectionError,  # noqa: A004
    HandshakeError,
    ReplyTooLarge,
    ResponseError,
    TimeoutError,  # noqa: A004
)

from ..running import Loop
from ..servers.redis import RedisServer
from .dialling import caught, dial, dial_unix, hang_up


@pytest.fixture(scope="module")
def guarded() -> Iterator[RedisServer]:
    """Give a server that wants a password."""
    server = RedisServer(requirepass="right")
    yield server
    server.close()


def test_values_come_back_as_they_went(loop: Loop, redis_server: RedisServer) -> None:
    """Text, bytes, numbers and empty strings, and arrays of them, over TCP."""

    async def main() -> None:
        client = await dial(loop, redis_server.port)
        assert client.host == f"127.0.0.1:{redis_server.port}"
        values = {
            "text": "é\r\n$5",
            "bytes": b"\xff\x00",
            "number": 12,
            "float": 0.1234567891,
            "empty": "",
        }
        for name, value in values.items():
            assert await client.execute_command("SET", f"r1:{name}", value) == "OK"
        found = await client.execute_command("MGET", *(f"r1:{name}" for name in values), "r1:none")
        assert found == [*values.values(), None]
        await hang_up(client)

    loop.run(main)


def test_a_unix_socket(loop: Loop, redis_server: RedisServer) -> None:
    """The same over a socket of the file system, which the messages name."""

    async def main() -> None:
        client = await dial_unix(loop, str(redis_server.path))
        assert await client.execute_command("PING") == "PONG"
        assert client.host == str(redis_server.path)
        await hang_up(client)

    loop.run(main)


def test_thousands_of_commands_at_once(loop: Loop, redis_server: RedisServer) -> None:
    """Replies that come in any packets belong to their commands."""

    async def main() -> None:
        client = await dial(loop, redis_server.port)
        sent = [client.execute_command("ECHO", f"word-{number}") for number in range(5000)]
        assert client.in_flight == 5000
        found = await DeferredList(sent)
        assert [value for _, value in found] == [f"word-{number}" for number in range(5000)]
        await hang_up(client)

    loop.run(main)


def test_password_database_and_name(loop: Loop, guarded: RedisServer) -> None:
    """A connection is ready after the server has accepted all of them."""

    async def main() -> None:
        client = await dial(loop, guarded.port, password="right", dbid=5, client_name="me")  # noqa: S106
        said = await client.execute_command("CLIENT", "INFO")
        assert " name=me " in said
        assert " db=5 " in said
        await client.execute_command("ACL", "SETUSER", "ann", "on", ">hers", "~*", "+@all")
        hers = await dial(loop, guarded.port, username="ann", password="hers")  # noqa: S106
        assert await hers.execute_command("ACL", "WHOAMI") == "ann"
        await hang_up(client)
        await hang_up(hers)

    loop.run(main)


def test_what_the_server_refuses(loop: Loop, guarded: RedisServer) -> None:
    """A wrong password, no password, a wrong database or name: typed, and none of them shows a password."""

    async def main() -> None:
        refused = [
            (AuthenticationError, {"password": "wrong"}),
            (AuthenticationError, {"password": "wrong", "username": "nobody", "dbid": 3}),
            (AuthenticationError, {"dbid": 3}),
            (HandshakeError, {"password": "right", "dbid": 9999}),
            (HandshakeError, {"password": "right", "client_name": "a b"}),
        ]
        for kind, options in refused:
            error = await caught(dial(loop, guarded.port, **options))
            assert type(error) is kind
            assert "'right'" not in str(error)
            assert "'wrong'" not in str(error)

    loop.run(main)


def test_a_command_without_a_password(loop: Loop, guarded: RedisServer) -> None:
    """The server's NOAUTH is an AuthenticationError of the command."""

    async def main() -> None:
        client = await dial(loop, guarded.port)
        error = await caught(client.execute_command("GET", "a"))
        assert isinstance(error, AuthenticationError)
        assert isinstance(error, ResponseError)
        await hang_up(client)

    loop.run(main)


def test_a_reply_above_the_bound(loop: Loop, redis_server: RedisServer) -> None:
    """A value that is too large fails its command before it has come, and ends the connection."""

    async def main() -> None:
        client = await dial(loop, redis_server.port)
        await client.execute_command("SETRANGE", "r1:large", 30_000_000, "x")
        bounded = await dial(loop, redis_server.port, max_reply_size=10_000_000)
        sent = bounded.execute_command("GET", "r1:large"), bounded.execute_command("PING")
        error, other = [await caught(each) for each in sent]
        assert isinstance(error, ReplyTooLarge)
        assert "max_reply_size is 10000000" in str(error)
        assert type(other) is ConnectionError
        assert not bounded.connected
        assert len(await client.execute_command("GET", "r1:large")) == 30_000_001
        await client.execute_command("DEL", "r1:large")
        await hang_up(client)

    loop.run(main)


def test_the_server_is_killed(loop: Loop) -> None:
    """Commands in flight fail once, with where and how many; the sums add up."""
    server = RedisServer()

    async def main() -> None:
        client = await dial(loop, server.port)
        await client.execute_command("SET", "n", 0)
        blocked = [client.execute_command("BLPOP", "never", 0)]
        blocked += [client.execute_command("INCR", "n") for _ in range(99)]
        await loop.pause(0.01)
        server.kill()
        found = await DeferredList(blocked, consumeErrors=True)
        assert [ok for ok, _ in found] == [False] * 100
        assert {type(failure.value) for _, failure in found} == {ConnectionError}
        assert f"127.0.0.1:{server.port}" in str(found[0][1].value)
        assert "100 commands waited" in str(found[0][1].value)

    try:
        loop.run(main)
    finally:
        server.close()


def test_a_server_that_hangs(loop: Loop, redis_server: RedisServer) -> None:
    """`replyTimeout` ends the waiting and the connection."""

    async def main() -> None:
        client = await dial(loop, redis_server.port, replyTimeout=0.1)
        error = await caught(client.execute_command("BLPOP", "r1:never", 0))
        assert type(error) is TimeoutError
        assert not client.connected
        await loop.until("end", lambda: not client.transport.connected)

    loop.run(main)


def test_quit(loop: Loop, redis_server: RedisServer) -> None:
    """The server's end of a connection is an ordinary end: what waits still fails."""

    async def main() -> None:
        client = await dial(loop, redis_server.port)
        ended = client.whenDisconnected()
        assert await client.execute_command("QUIT") == "OK"
        await ended
        assert "was closed" in str(client.problem)

    loop.run(main)
