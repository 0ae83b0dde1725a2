"""Servers that are none, or that have gone mad: one clear error for each command, and an end."""

import random
from typing import Any

import pytest
from twisted.internet.defer import DeferredList

from cyclone_storage.redis.errors import (
    ConnectionError,  # noqa: A004
    HandshakeError,
    ProtocolError,
    RedisError,
    ReplyTooLarge,
)

from ..running import Loop
from .dialling import Script, caught, dial, hang_up, serve


@pytest.mark.parametrize(
    ("says", "kind", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", ProtocolError, "a web server's answer"),
        (b"\x15\x03\x01\x00\x02\x02\x46", ProtocolError, "it is TLS"),
        (b"\x00\x01\x02\xff\xfe", ProtocolError, "begins with b'\\x00'"),
        (b"%1\r\n+server\r\n+redis\r\n", ProtocolError, "RESP3"),
        (b"$abc\r\n", ProtocolError, "no number"),
        (b"$3\r\nabcd\r\n", ProtocolError, "without its end"),
        (b"$-7\r\n", ProtocolError, "no number"),
        (b"*1\r\n" * 1000, ReplyTooLarge, "max_depth is 32"),
        (b"*99999999\r\n", ReplyTooLarge, "max_elements is 2097152"),
        (b"$999999999999\r\n", ReplyTooLarge, "max_reply_size is 67108864"),
        (b"+" + b"a" * 70_000, ReplyTooLarge, "max_line is 65536"),
    ],
)
@pytest.mark.parametrize("ends", [False, True])
def test_garbage(loop: Loop, says: bytes, kind: Any, said: str, ends: bool) -> None:  # noqa: ANN401
    """The first command has the error, the others know of it, and the connection is gone."""

    async def main() -> None:
        port, stop = await serve(loop, lambda: Script(says, ends=ends))
        client = await dial(loop, port)
        ended = client.whenDisconnected()
        first, second = [client.execute_command("GET", "a") for _ in range(2)]
        error = await caught(first)
        assert type(error) is kind
        assert said in str(error)
        assert type(await caught(second)) is ConnectionError
        await ended
        await stop()

    loop.run(main)


def test_half_a_reply(loop: Loop) -> None:
    """A server that ends in the middle of a reply has lost the connection, and nothing else."""

    async def main() -> None:
        port, stop = await serve(loop, lambda: Script(b"*2\r\n$5\r\nhel", ends=True))
        client = await dial(loop, port)
        error = await caught(client.execute_command("GET", "a"))
        assert type(error) is ConnectionError
        assert "1 command waited" in str(error)
        await stop()

    loop.run(main)


@pytest.mark.parametrize("password", [None, "x"])
def test_a_server_that_is_full(loop: Loop, password: str | None) -> None:
    """What a server says before it is asked is the reason of the end, if it comes first."""

    async def main() -> None:
        says = b"-ERR max number of clients reached\r\n"
        port, stop = await serve(loop, lambda: Script(says, at_once=True, ends=True))
        error = await caught(_use(loop, port, password))
        assert isinstance(error, (ConnectionError, ProtocolError))
        assert not isinstance(error, HandshakeError)
        assert "max number of clients reached" in str(error)
        await stop()

    loop.run(main)


async def _use(loop: Loop, port: int, password: str | None) -> None:
    client = await dial(loop, port, password=password)
    await client.whenDisconnected()
    raise client.problem


def test_one_reply_too_many(loop: Loop) -> None:
    """A second reply to one command would go to the next one: the connection ends instead."""

    async def main() -> None:
        port, stop = await serve(loop, lambda: Script(b"+OK\r\n+OK\r\n"))
        client = await dial(loop, port)
        ended = client.whenDisconnected()
        assert await client.execute_command("SET", "a", "b") == "OK"
        await ended
        assert isinstance(client.problem, ProtocolError)
        assert isinstance(await caught(client.execute_command("PING")), ConnectionError)
        await stop()

    loop.run(main)


def test_random_bytes(loop: Loop) -> None:
    """Of any bytes each command gets a reply or an error, and none waits for ever."""

    async def main() -> None:
        choice = random.Random(7)  # noqa: S311 -- the same each time
        alphabet = b"$+:*-0123456789\r\n\r\nab\xff"
        for _ in range(60):
            says = bytes(choice.choices(alphabet, k=choice.randint(1, 60)))
            port, stop = await serve(loop, lambda says=says: Script(says, ends=True))  # type: ignore[misc]
            client = await dial(loop, port)
            sent = [client.execute_command("GET", "a") for _ in range(5)]
            found = await DeferredList(sent, consumeErrors=True)
            errors = [result.value for ok, result in found if not ok]
            assert all(isinstance(each, RedisError) for each in errors)
            await hang_up(client)
            await stop()

    loop.run(main)
