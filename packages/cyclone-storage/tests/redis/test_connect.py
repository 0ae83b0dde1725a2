"""`connect(url, ...)`: what it takes, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from cyclone_storage.errors import InvalidURL
from cyclone_storage.redis import (
    ConnectionPool,
    NotConnected,
    ReplyTooLarge,
    UnixConnectionHandler,
    connect,
)
from cyclone_storage.redis.errors import TLSError

from ..running import Loop
from ..servers.redis import RedisServer


def test_options_are_used(loop: Loop, redis_server: RedisServer) -> None:
    """By name and in the URL, which wins."""

    async def main() -> None:
        where = f"redis://127.0.0.1:{redis_server.port}/9?pool_size=2&convert_numbers=yes"
        async with connect(
            where, pool_size=7, client_name="tests", charset=None, max_reply_size=10_000
        ) as pool:
            await pool.ready()
            assert pool.stats().size == 2
            assert await pool.execute("ECHO", "12") == 12
            assert await pool.execute("ECHO", "twelve") == b"twelve"
            assert await pool.execute("CLIENT", "GETNAME") == b"tests"
            with pytest.raises(ReplyTooLarge):
                await pool.execute("ECHO", "x" * 20_000)

    loop.run(main)


@pytest.mark.parametrize("text", ["007", "+4930123", "1.50", "1_000", "9" * 30, " 1", ""])
def test_text_comes_back_as_it_was(loop: Loop, redis_server: RedisServer, text: str) -> None:
    """Nothing is lost of what looks like a number, unless numbers are asked for; the classic makers do."""

    async def main() -> None:
        where = f"redis://127.0.0.1:{redis_server.port}/9"
        async with connect(where, pool_size=1) as pool:
            await pool.set("connect:text", text)
            assert await pool.get("connect:text") == text
            await pool.hmset("connect:hash", {text: text})
            assert await pool.hgetall("connect:hash") == {text: text}
            async with pool.transaction() as t:
                t.get("connect:text")
                t.delete("connect:hash")
            assert t.results == [text, 1]
            assert await pool.incrbyfloat("connect:sum", 0.5) == 0.5
            await pool.delete("connect:sum")
        async with connect(where, pool_size=1, convert_numbers=True) as pool:
            await pool.set("connect:text", "007")
            assert await pool.get("connect:text") == 7
        classic = await ConnectionPool("127.0.0.1", redis_server.port, 9, 1)
        assert await classic.get("connect:text") == 7
        await classic.delete("connect:text")
        await classic.disconnect()

    loop.run(main)


def test_a_unix_socket(loop: Loop, redis_server: RedisServer) -> None:
    """Its pool says so; a path that is none is an error that names it."""

    async def main() -> None:
        async with connect(f"unix://{redis_server.path}?db=9", pool_size=1) as pool:
            assert isinstance(pool, UnixConnectionHandler)
            assert await pool.ping() == "PONG"
            assert repr(pool) == f"<Redis Unix Connection: {redis_server.path} - 1 connection(s)>"
            assert pool.stats().where == str(redis_server.path)
        async with connect("unix:///no/such.sock", reconnect=False) as pool:
            with pytest.raises(NotConnected, match=r"/no/such\.sock"):
                await pool.ready()

    loop.run(main)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_names_and_addresses(loop: Loop, redis_server: RedisServer, host: str) -> None:
    """Both find the server."""

    async def main() -> None:
        async with connect(f"redis://{host}:{redis_server.port}", pool_size=1) as pool:
            assert await pool.ping() == "PONG"

    loop.run(main)


def test_an_ipv6_address(loop: Loop) -> None:
    """It stands in brackets, in the URL and in what is said."""

    async def main() -> None:
        async with connect("redis://[::1]:1", reconnect=False) as pool:
            with pytest.raises(ValueError, match=r"\[::1\]:1"):
                await pool.ready()

    loop.run(main)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("poolsize=3", "there is no parameter 'poolsize' .* pool_size"),
        ("pool_size=x", "pool_size .* must be a whole number, not 'x'"),
        ("reconnect=maybe", "reconnect .* must be true or false, not 'maybe'"),
        ("wait_timeout=soon", "wait_timeout .* must be a number of seconds, not 'soon'"),
        ("pool_size=0", "URL .* pool_size must be at least 1, not 0"),
        ("max_blocking=0", "URL .* max_blocking must be at least 1, not 0"),
        ("reply_timeout=nan", "URL .* reply_timeout must be more than 0 .* finite, not nan"),
        ("connect_timeout=-1", "URL .* connect_timeout must be more than 0"),
        ("charset=nope", "URL .* no charset 'nope'"),
        ("verify=none", "verify is for TLS, .* rediss://"),
        ("client_key=k.pem", "client_key is for TLS, .* rediss://"),
    ],
)
def test_parameters_of_a_url_are_checked(query: str, problem: str) -> None:
    """The error names the parameter and what it may be."""
    with pytest.raises(InvalidURL, match=problem):
        connect(f"redis://h?{query}", reactor=Clock())


@pytest.mark.parametrize(
    ("query", "options", "kind"),
    [
        ("?client_key=k.pem", {}, InvalidURL),
        ("?server_name=a..b", {}, InvalidURL),
        ("", {"client_key": "k.pem"}, ValueError),
        ("", {"server_name": "a..b"}, ValueError),
    ],
)
def test_options_of_tls_are_checked(query: str, options: Any, kind: type[Exception]) -> None:  # noqa: ANN401
    """It is the URL that is wrong if the option stands there, and an argument if not."""
    with pytest.raises(kind, match=r"there is no client_cert|'a\.\.b' is no name") as found:
        connect(f"rediss://h{query}", **options, reactor=Clock())
    assert type(found.value) is kind


@pytest.mark.parametrize(
    ("options", "kind", "problem"),
    [
        ({"pool_size": 0}, ValueError, "pool_size must be at least 1, not 0"),
        ({"pool_size": 1.5}, TypeError, "pool_size must be an int, not 1.5"),
        ({"max_blocking": True}, TypeError, "max_blocking must be an int, not True"),
        ({"max_reply_size": "1"}, TypeError, "max_reply_size must be an int"),
        ({"wait_timeout": None}, TypeError, "wait_timeout must be a number of seconds"),
        ({"wait_timeout": 0}, ValueError, "wait_timeout must be more than 0"),
        ({"reply_timeout": -1}, ValueError, "reply_timeout must be more than 0"),
        ({"connect_timeout": float("inf")}, ValueError, "connect_timeout .* finite"),
        ({"connect_timeout": float("nan")}, ValueError, "connect_timeout .* finite"),
        ({"connect_timeout": True}, TypeError, "connect_timeout must be a number"),
        ({"charset": "klingon"}, ValueError, "no charset 'klingon'"),
        ({"charset": 5}, TypeError, "charset must be the name of a charset or None, not 5"),
        ({"ca_certs": "x.pem"}, ValueError, "ca_certs is for TLS, .* rediss://"),
        ({"verify": False}, ValueError, "verify is for TLS, .* rediss://"),
    ],
)
def test_options_are_checked(options: dict[str, Any], kind: type[Exception], problem: str) -> None:
    """A wrong one is refused before anything is connected."""
    with pytest.raises(kind, match=problem):
        connect("redis://h", **options, reactor=Clock())


@pytest.mark.parametrize(
    "query",
    ["reply_timeout=none", "reply_timeout=2.5", "reconnect=on", "charset=latin-1", "charset=none"],
)
def test_parameters_of_a_url_are_read(query: str) -> None:
    """Each in its own form."""
    pool = connect(f"redis://127.0.0.1?{query}", reconnect=False, reactor=Quiet())
    assert not pool.stats().closed


class Quiet(Clock):
    """A reactor that connects to nothing."""

    def connectTCP(self, *_: object, **__: object) -> None:  # noqa: N802 -- Twisted's
        """Do nothing."""


def test_files_for_tls_are_read_at_once(tmp_path: Path) -> None:
    """One that is missing is found when the pool is made."""
    with pytest.raises(TLSError, match=r"none\.pem"):
        connect(f"rediss://h?ca_certs={tmp_path}/none.pem", reactor=Clock())
