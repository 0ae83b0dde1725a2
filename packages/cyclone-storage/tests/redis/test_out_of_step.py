"""Replies that are none of their commands: typed errors, and the end of the connection."""

from typing import Any

import pytest

from cyclone_storage.redis.commands import replies
from cyclone_storage.redis.errors import (
    ConnectionError,  # noqa: A004
    InvalidResponse,
    WatchError,
)

from .test_protocol import Peer


def outcome(deferred: Any) -> list[Any]:  # noqa: ANN401 -- a Deferred of anything
    """Return where a result or an error comes."""
    found: list[Any] = []
    deferred.addErrback(lambda failure: failure.value).addCallback(found.append)
    return found


@pytest.mark.parametrize(
    ("ask", "reply", "message"),
    [
        (
            lambda p: p.hgetall("h"),
            b"*3\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n",
            "HGETALL cannot be used: a list of names and values in turn should come, not this list of 3",
        ),
        (lambda p: p.hgetall("h"), b"+OK\r\n", "HGETALL .* not this str"),
        (lambda p: p.smembers("s"), b"*1\r\n*1\r\n$1\r\na\r\n", "SMEMBERS .* not this list"),
        (lambda p: p.zscore("z", "m"), b"$3\r\nabc\r\n", "ZSCORE .*a number should come"),
        (lambda p: p.xread({"s": 0}), b"+OK\r\n", "XREAD .*a list of streams"),
        (lambda p: p.xrange("s"), b"*1\r\n$1\r\na\r\n", "XRANGE .*a list of entries"),
        (lambda p: p.hexists("h", "a"), b"$3\r\nfoo\r\n", "HEXISTS .*0 or 1 should come"),
    ],
)
def test_a_reply_of_a_wrong_shape(ask: Any, reply: bytes, message: str) -> None:  # noqa: ANN401
    """The command fails with its name, and those behind it with the end of the connection."""
    peer = Peer()
    found, behind = outcome(ask(peer.protocol)), outcome(peer.protocol.get("a"))
    peer.answer(reply + b"$6\r\nsecret\r\n")
    assert type(found[0]) is InvalidResponse
    with pytest.raises(InvalidResponse, match=message):
        raise found[0]
    assert type(behind[0]) is ConnectionError
    assert "was given up (what came as the reply to" in str(behind[0])
    assert "whether it was executed is not known" in str(behind[0])
    assert "abc" not in str(found[0])
    assert not peer.protocol.connected
    assert peer.transport.disconnected


def test_a_command_named_by_bytes() -> None:
    """Its error names it in the same way."""
    peer = Peer()
    found = outcome(peer.protocol.execute_command(b"hgetall", "h", post_proc=replies.mapping))
    peer.answer(b":1\r\n")
    with pytest.raises(
        InvalidResponse, match=r"the reply to hgetall cannot be used: .* not this int"
    ):
        raise found[0]


def test_errors_of_the_program_stay_what_they_are() -> None:
    """What a program's own `post_proc` raises is no proof against the server."""
    peer = Peer()
    found = outcome(peer.protocol.execute_command("GET", "a", post_proc=int))
    peer.answer(b"+OK\r\n")
    assert type(found[0]) is ValueError
    assert peer.protocol.connected


class Holder(Peer):
    """A peer whose factory takes connections back.

    Attributes:
        released: Those that it was given.
    """

    def __init__(self) -> None:
        super().__init__()
        self.released: list[Any] = []
        self.factory.put = self.released.append


def begun(*, watch: str | None = None) -> Holder:
    """Return a connection with an open transaction of two commands."""
    peer = Holder()
    beginning = outcome(peer.protocol.multi(watch))
    peer.answer(b"+OK\r\n" * (1 if watch is None else 2))
    assert beginning == [peer.protocol]
    for asked in (peer.protocol.get("a"), peer.protocol.hgetall("h")):
        queued = outcome(asked)
        peer.answer(b"+QUEUED\r\n")
        assert queued == ["QUEUED"]
    return peer


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"*1\r\n$1\r\na\r\n", "2 results should come, and 1 came"),
        (b"*3\r\n:1\r\n:2\r\n:3\r\n", "2 results should come, and 3 came"),
        (b"+OK\r\n", "2 results should come, and no list came"),
        (b"*-1\r\n", "2 results should come, and no list came"),
        (b"*2\r\n:1\r\n+OK\r\n", "command 2 of 2 of a transaction cannot be used"),
    ],
)
def test_results_that_are_not_those_of_the_transaction(reply: bytes, message: str) -> None:
    """Nobody knows whose they are; nothing without a watched key is no WatchError."""
    peer = begun()
    done = outcome(peer.protocol.commit())
    peer.answer(reply)
    assert type(done[0]) is InvalidResponse
    with pytest.raises(InvalidResponse, match=message):
        raise done[0]
    assert not peer.protocol.connected
    assert not peer.protocol.inTransaction


def test_nothing_after_watching_is_a_watch_error() -> None:
    """The connection is as good as before, and the next transaction watches nothing."""
    peer = begun(watch="key")
    done = outcome(peer.protocol.commit())
    peer.answer(b"*-1\r\n")
    assert type(done[0]) is WatchError
    assert peer.protocol.connected
    assert peer.released == [peer.protocol]
    together = outcome(peer.protocol.run_together([(("GET", "a"), None)], transaction=True))
    peer.answer(b"+OK\r\n+QUEUED\r\n*-1\r\n")
    assert type(together[0]) is InvalidResponse
    assert not peer.protocol.connected


def test_commands_together_after_watching() -> None:
    """The modern transaction tells a changed key in the same way."""
    peer = Holder()
    outcome(peer.protocol.watch("key"))
    together = outcome(peer.protocol.run_together([(("GET", "a"), None)], transaction=True))
    peer.answer(b"+OK\r\n+OK\r\n+QUEUED\r\n*-1\r\n")
    assert type(together[0]) is WatchError
    assert peer.protocol.connected
