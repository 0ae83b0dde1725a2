"""`execute`: any command by its name, but for what would break a connection."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from cyclone_storage.redis import ConnectionPool, RedisError, ResponseError
from cyclone_storage.redis.commands import Commands

from ...running import Loop
from ...servers.redis import RedisServer


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


def test_a_pool_is_what_runs_commands() -> None:
    """The surface alone runs nothing."""
    with pytest.raises(NotImplementedError):
        Commands().ping()
