"""`execute`: any command by its name, but for what would break a connection."""

from enum import Enum
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from cyclone_storage.redis import (
    ConnectionPool,
    RedisError,
    ResponseError,
    connect,
)
from cyclone_storage.redis.commands import Commands

from ...running import Loop
from ...servers.redis import RedisServer


class Word(str, Enum):  # noqa: UP042 -- StrEnum has the `str()` that is sent
    """Words whose `str()` is another than what is sent."""

    HELLO = "Hello"
    REPLY = "Reply"


class Recorder(Commands):
    """Keeps what it is asked to run."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def _run(self, name: str, *args: object, **_: object) -> Deferred[Any]:
        self.asked.append((name, *args))
        return succeed(None)

    def _run_blocking(self, *words: object, **_: object) -> Deferred[Any]:
        self.asked.append(("blocking", *words))
        return succeed(None)


def failed(deferred: Deferred[Any]) -> str:
    """Return the message of a RedisError."""
    failures: list[Any] = []
    deferred.addErrback(failures.append)
    failures[0].trap(RedisError)
    return failures[0].getErrorMessage()


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["SUBSCRIBE", "news"], "pool.subscribe"),
        (["psubscribe", "news*"], "pool.subscribe"),
        (["SSUBSCRIBE", "news"], "pool.subscribe"),
        (["UNSUBSCRIBE"], "pool.subscribe"),
        (["MONITOR"], "MonitorProtocol"),
        (["HELLO", 3], "RESP2"),
        (["MULTI"], r"transaction\(\)"),
        (["exec"], r"transaction\(\)"),
        (["WATCH", "a"], r"transaction\(\)"),
        (["CLIENT", "REPLY", "OFF"], "waits for its reply"),
        (["client reply", "OFF"], "waits for its reply"),
        (["CLIENT", b"reply", "OFF"], "waits for its reply"),
        (["CLIENT", "TRACKING", "ON"], "nobody who would read"),
        (["SCRIPT DEBUG", "YES"], "no reply"),
        (["SELECT", 1], "dbid"),
        (["AUTH", "secret"], "password"),
        (["QUIT"], r"disconnect\(\)"),
        (["RESET"], r"disconnect\(\)"),
        (["SHUTDOWN"], r"shutdown\(\)"),
        (["PSYNC", "?", -1], "no replica"),
        (["  "], "needs the name"),
        ([""], "needs the name"),
        ([b""], "needs the name"),
        ([b"SUBSCRIBE", "news"], "pool.subscribe"),
        ([b"Monitor"], "MonitorProtocol"),
        ([b"client reply", "OFF"], "waits for its reply"),
        (["CLIENT", bytearray(b"reply"), "OFF"], "waits for its reply"),
        (["CLIENT", memoryview(b"Reply"), "OFF"], "waits for its reply"),
        (["CLIENT", Word.REPLY, "OFF"], "waits for its reply"),
        ([Word.HELLO, 3], "RESP2"),
    ],
)
def test_refuses_what_would_break_a_connection(words: list[Any], advice: str) -> None:
    """Nothing is sent, and the error says what to use instead, without the arguments."""
    recorder = Recorder()
    message = failed(recorder.execute(*words))
    assert advice.replace("\\", "") in message
    assert "secret" not in message
    assert recorder.asked == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["CLIENT", "INFO"], "execute_command"),
        (["client info"], "execute_command"),
        (["GET", "a"], "execute_command"),
        (["CLIENT"], "execute_command"),
        (["blpop", "l", 1], "blocking"),
        ([b"BLPOP", "l", 1], "blocking"),
        (["BLMPOP", 1, 1, "l", "LEFT"], "blocking"),
        (["WAITAOF", 0, 0, 1], "blocking"),
        (["XREAD", "BLOCK", 5, "STREAMS", "x", "$"], "blocking"),
        (["XREADGROUP", "GROUP", "g", "c", b"block", 5, "STREAMS", "x", ">"], "blocking"),
        (["XREAD", "STREAMS", "BLOCK", "$"], "execute_command"),
        (["XREAD", "COUNT", 1, "BLOCK", 2], "blocking"),
    ],
)
def test_what_blocks_has_a_connection_to_itself(words: list[Any], kind: str) -> None:
    """Others are not held up; what is only called like an option does not count."""
    recorder = Recorder()
    recorder.execute(*words)
    assert recorder.asked[0][0] == kind
    assert list(recorder.asked[0][1:]) == [*words[0].split(), *words[1:]]


def test_runs_what_no_method_has(loop: Loop, redis_server: RedisServer) -> None:
    """The reply is not converted but for text and numbers; errors are the server's."""

    async def main() -> None:
        pool = await ConnectionPool("127.0.0.1", redis_server.port, 12, 1)
        assert await pool.execute("ECHO", "12") == 12
        assert await pool.execute("command count") > 100
        with pytest.raises(ResponseError, match="unknown command"):
            await pool.execute("NO-SUCH")
        await pool.disconnect()

    loop.run(main)


@pytest.mark.parametrize("name", [5, None, ["GET"], bytearray(b"GET")])
def test_a_name_is_text_or_bytes(name: Any) -> None:  # noqa: ANN401
    """Anything else is refused by the result, as all errors of a command are, and nothing is sent."""
    recorder = Recorder()
    failures: list[Any] = []
    recorder.execute(name).addErrback(failures.append)
    failures[0].trap(TypeError)
    kind = type(name).__name__
    assert f"execute() needs the name of a command as str or bytes, as 'PING', not {kind}" in str(
        failures[0].value
    )
    assert recorder.asked == []


@pytest.mark.parametrize(
    ("words", "error", "advice"),
    [
        (["SUBSCRIBE", "raw:news"], RedisError, "execute_command() does not send SUBSCRIBE"),
        ([b"Subscribe", "raw:news"], RedisError, "pool.subscribe"),
        (["MONITOR"], RedisError, "MonitorProtocol"),
        (["Hello", 3], RedisError, "RESP2"),
        ([b"hELLO", 3], RedisError, "RESP2"),
        (["CLIENT", "REPLY", "OFF"], RedisError, "waits for its reply"),
        ([], RedisError, "execute_command() needs the name"),
        ([5], TypeError, "not int"),
    ],
)
def test_a_pool_guards_execute_command_as_execute(
    loop: Loop, redis_server: RedisServer, words: list[Any], error: type[Exception], advice: str
) -> None:
    """What would break a shared connection is not sent, and the replies stay those of their commands."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}/12", pool_size=1) as pool:
            with pytest.raises(error) as caught:
                await pool.execute_command(*words)
            assert advice in str(caught.value)
            assert await pool.execute_command("ECHO", "mine") == "mine"
            assert await pool.execute_command("ECHO", "a", post_proc=len) == 1
            assert pool.stats().connected == 1

    loop.run(main)


def test_execute_command_of_a_pool_blocks_nobody(loop: Loop, redis_server: RedisServer) -> None:
    """What blocks has a connection of its own, by whatever type its name is."""

    async def main() -> None:
        async with connect(f"redis://127.0.0.1:{redis_server.port}/12", pool_size=1) as pool:
            await pool.delete("raw:queue", "raw:stream")
            waiting = [
                pool.execute_command(b"blpop", "raw:queue", 0, post_proc=tuple),
                pool.execute_command("XREAD", "BLOCK", 0, "STREAMS", "raw:stream", "0"),
            ]
            assert await pool.get("raw:nothing") is None
            await loop.until("both block", lambda: pool.stats().blocking == len(waiting))
            assert await pool.get("raw:nothing") is None
            await pool.rpush("raw:queue", "job")
            await pool.xadd("raw:stream", {"a": "b"})
            assert await waiting[0] == ("raw:queue", "job")
            assert (await waiting[1])[0][0] == "raw:stream"

    loop.run(main)


def test_a_pool_is_what_runs_commands() -> None:
    """The surface alone runs nothing."""
    with pytest.raises(NotImplementedError):
        Commands().ping()
