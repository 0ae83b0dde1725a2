"""One connection: what it sends, to whom replies go, and what becomes of those who wait."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from cyclone_storage.redis.connection.protocol import BaseRedisProtocol, RedisProtocol
from cyclone_storage.redis.errors import (
    AuthenticationError,
    ConnectionError,  # noqa: A004
    HandshakeError,
    InvalidData,
    ProtocolError,
    RedisError,
    ReplyTooLarge,
    ResponseError,
    TimeoutError,  # noqa: A004
)

PEER = IPv4Address("TCP", "10.0.0.1", 6379)


class Refusals:
    """A factory that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.connectionQueue = self
        self.put: Any = None

    def connectionError(self, why: object) -> None:  # noqa: N802
        """Note why."""
        self.told.append(why)


class Peer:
    """A protocol, and what a server sees of it."""

    def __init__(
        self,
        protocol_class: Any = RedisProtocol,  # noqa: ANN401
        peer: Any = PEER,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> None:
        self.clock = Clock()
        self.protocol: Any = protocol_class(clock=self.clock, **options)
        self.protocol.factory = self.factory = Refusals()
        self.transport = StringTransport(peerAddress=peer)
        self.protocol.makeConnection(self.transport)

    def send(self, *names: str, **options: Any) -> list[Any]:  # noqa: ANN401
        """Send commands; return where their results come."""
        found: list[Any] = []
        for name in names:
            sent: Deferred[Any] = self.protocol.execute_command(name, **options)
            sent.addErrback(lambda failure: failure.value).addCallback(found.append)
        return found

    def answer(self, data: bytes) -> None:
        """Send what a server says."""
        self.protocol.dataReceived(data)

    def lose(self, reason: Exception | None = None) -> None:
        """End the connection."""
        self.protocol.connectionLost(Failure(reason or ConnectionLost()))

    def sent(self) -> bytes:
        """Take what was sent."""
        data = self.transport.value()
        self.transport.clear()
        return data


def outcome(waiting: "Deferred[Any]") -> list[Any]:
    """Return where the result comes."""
    found: list[Any] = []
    waiting.addErrback(lambda failure: failure.value).addCallback(found.append)
    return found


def test_replies_go_to_commands_in_their_order() -> None:
    """Commands are sent at once, and each gets the reply that is its own, converted."""
    peer = Peer()
    found = peer.send("ONE", "TWO", "THREE")
    assert peer.sent() == b"*1\r\n$3\r\nONE\r\n*1\r\n$3\r\nTWO\r\n*1\r\n$5\r\nTHREE\r\n"
    assert peer.protocol.in_flight == 3
    peer.answer(b"+OK\r\n$2\r\n17\r\n*1\r\n")
    assert found == ["OK", 17]
    peer.answer(b"$1\r\na\r\n")
    assert found == ["OK", 17, ["a"]]
    assert peer.protocol.in_flight == 0


def test_an_error_fails_its_command_only() -> None:
    """An error of the server is raised where it belongs, and the connection goes on."""
    peer = Peer()
    found = peer.send("BAD", "GOOD")
    peer.answer(b"-ERR no\r\n:1\r\n")
    assert isinstance(found[0], ResponseError)
    assert str(found[0]) == "no"
    assert found[1] == 1
    assert peer.protocol.connected


def test_a_function_makes_the_result() -> None:
    """`post_proc` is given the reply, but in a transaction it is kept for that of EXEC."""
    peer = Peer()
    found = peer.send("NUMBER", post_proc=bool)
    peer.answer(b":1\r\n")
    assert found == [True]
    peer.protocol.inMulti = True
    found = peer.send("NUMBER", post_proc=bool)
    peer.answer(b"+QUEUED\r\n")
    assert found == ["QUEUED"]
    assert peer.protocol.post_proc == [bool]


def test_the_reply_of_a_cancelled_command_goes_nowhere() -> None:
    """Who cancels has no result, and the others keep theirs."""
    peer = Peer()
    sent = peer.protocol.execute_command("ONE")
    cancelled = outcome(sent)
    found = peer.send("TWO")
    sent.cancel()
    peer.answer(b"+one\r\n+two\r\n")
    assert isinstance(cancelled[0], CancelledError)
    assert len(cancelled) == 1
    assert found == ["two"]


def test_a_class_of_ones_own_converts() -> None:
    """`tryConvertData` of a subclass is used, as in txredisapi."""

    class Shouting(BaseRedisProtocol):
        def tryConvertData(self, data: bytes) -> str:  # noqa: N802
            return data.decode().upper()

    peer = Peer(Shouting)
    found = peer.send("ONE")
    peer.answer(b"*2\r\n$1\r\na\r\n$1\r\nb\r\n")
    assert found == [["A", "B"]]
    assert BaseRedisProtocol().tryConvertData(b"1") == 1


def test_the_names_of_txredisapi_work() -> None:
    """Subclasses call `_encode_value` and `_build_command`, `replyQueue.get` and `put`."""
    peer = Peer(BaseRedisProtocol)
    assert peer.protocol._encode_value("a") == b"a"
    assert peer.protocol._build_command("GET", 1) == b"*2\r\n$3\r\nGET\r\n$1\r\n1\r\n"
    found = outcome(peer.protocol.replyQueue.get())
    peer.protocol.replyQueue.put("reply")
    assert found == ["reply"]


def test_pausing_keeps_replies() -> None:
    """A paused connection delivers nothing, and all of it when it goes on."""
    peer = Peer()
    found = peer.send("ONE", "TWO")
    peer.protocol.pauseProducing()
    peer.answer(b"+one\r\n")
    peer.answer(b"+two\r\n")
    assert found == []
    peer.protocol.resumeProducing()
    assert found == ["one", "two"]


def test_what_cannot_be_encoded_is_refused_at_once() -> None:
    """Nothing is sent, and nobody waits."""
    peer = Peer(charset="ascii")
    with pytest.raises(InvalidData):
        peer.protocol.execute_command("SET", "a", "\xe9")
    assert peer.sent() == b""
    assert peer.protocol.in_flight == 0


@pytest.mark.parametrize("name", ["HELLO", "hello", b"HELLO", "Hello", b"hElLo"])
def test_hello_is_refused(name: Any) -> None:  # noqa: ANN401
    """RESP3 is not spoken; the message says what to do instead."""
    peer = Peer()
    with pytest.raises(RedisError, match="only RESP2 is spoken"):
        peer.protocol.execute_command(name, 3)
    assert peer.sent() == b""


@pytest.mark.parametrize("words", [[], [5], [None], [["GET"]], [bytearray(b"GET"), "a"]])
def test_a_command_has_a_name(words: list[Any]) -> None:
    """What is none is refused before anything is sent."""
    peer = Peer()
    with pytest.raises(TypeError, match="needs the name of a command as str or bytes first"):
        peer.protocol.execute_command(*words)
    assert peer.sent() == b""


@given(
    st.lists(
        st.sampled_from(["send", "send", "reply", "error", "half", "cancel", "advance"]),
        max_size=40,
    ),
    st.sampled_from(["lose", "garbage", "late"]),
)
def test_each_command_ends_once(actions: list[str], end: str) -> None:
    """Whatever happens, each command has one result: its own reply, or an error when all ends."""
    peer = Peer(replyTimeout=5)
    sent: list[Deferred[Any]] = []
    results: list[list[Any]] = []
    cancelled: set[int] = set()
    answered = 0
    for action in actions:
        if action == "send":
            sent.append(peer.protocol.execute_command("ECHO", len(sent)))
            results.append(outcome(sent[-1]))
        elif action == "advance":
            peer.clock.advance(0.1)
        elif action == "cancel" and answered < len(sent):
            cancelled.add(len(sent) - 1)
            sent[-1].cancel()
        elif action in {"reply", "error", "half"} and answered < len(sent):
            data = b"-ERR %d\r\n" % answered if action == "error" else b":%d\r\n" % answered
            peer.answer(data[:2])
            peer.answer(data[2:])
            answered += 1
    ends: dict[str, Any] = {
        "lose": peer.lose,
        "garbage": lambda: peer.answer(b"!"),
        "late": lambda: peer.clock.advance(6),
    }
    ends[end]()
    assert [len(each) for each in results] == [1] * len(sent)
    for number, (result,) in enumerate(results):
        kind = CancelledError if number in cancelled else RedisError
        assert (
            str(result) == str(number)
            if number < answered and number not in cancelled
            else (isinstance(result, kind))
        )
    assert peer.protocol.in_flight == 0


# The beginning of a connection


def test_a_connection_without_options_is_ready_at_once() -> None:
    """There is nothing to send, and nothing to wait for."""
    peer = Peer()
    assert peer.sent() == b""
    assert outcome(peer.protocol.whenConnected()) == [peer.protocol]


def test_the_handshake_is_one_round_trip() -> None:
    """Password, name and database are sent at once, and the connection is ready after all three."""
    peer = Peer(password="pw", username="me", dbid=3, client_name="web")  # noqa: S106
    ready = outcome(peer.protocol.whenConnected())
    assert peer.sent() == (
        b"*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$2\r\npw\r\n"
        b"*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$3\r\nweb\r\n"
        b"*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
    )
    peer.answer(b"+OK\r\n+OK\r\n")
    assert ready == []
    peer.answer(b"+OK\r\n")
    assert ready == [peer.protocol]
    peer.clock.advance(11)
    assert peer.protocol.connected
    assert peer.clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("options", "answer", "kind", "said"),
    [
        (
            {"password": "secret"},
            b"-WRONGPASS invalid username-password pair\r\n",
            AuthenticationError,
            "10.0.0.1:6379 does not accept the password that it was given: WRONGPASS",
        ),
        (
            {"password": "secret", "username": "me", "dbid": 1},
            b"-WRONGPASS invalid\r\n-NOAUTH no\r\n",
            AuthenticationError,
            "does not accept the password of the user 'me': WRONGPASS",
        ),
        (
            {"password": "secret"},
            b"-ERR AUTH <password> called without any password configured\r\n",
            AuthenticationError,
            "does not accept the password that it was given: AUTH <password> called without",
        ),
        (
            {"dbid": 1},
            b"-NOAUTH no\r\n",
            AuthenticationError,
            "wants a password, and was given none",
        ),
        (
            {"dbid": 99},
            b"-ERR DB index is out of range\r\n",
            HandshakeError,
            "could not set dbid=99: DB",
        ),
        (
            {"password": "secret", "dbid": 99},
            b"+OK\r\n-ERR DB index is out of range\r\n",
            HandshakeError,
            "could not set dbid=99",
        ),
        (
            {"client_name": "a b"},
            b"-ERR Client names cannot contain spaces\r\n",
            HandshakeError,
            "does not accept the client_name 'a b': Client names",
        ),
    ],
)
def test_a_refused_handshake(options: Any, answer: bytes, kind: Any, said: str) -> None:  # noqa: ANN401
    """The connection ends, and all who wait know why; the password is in no message."""
    peer = Peer(**options)
    ready = outcome(peer.protocol.whenConnected())
    found = peer.send("GET")
    peer.answer(answer)
    assert peer.transport.disconnecting
    (error,) = ready
    assert type(error) is kind
    assert said in str(error)
    assert "secret" not in str(error)
    assert peer.factory.told == [error]
    assert [type(each) for each in found] == [kind]
    assert outcome(peer.protocol.whenConnected()) == [error]
    peer.lose(ConnectionDone())
    assert peer.protocol.problem is error
    assert isinstance(error, (ValueError,))


@pytest.mark.parametrize(
    "said", ["ERR max number of clients reached", "LOADING dataset", "BUSY script"]
)
def test_a_server_that_cannot_be_used_at_present(said: str) -> None:
    """It has refused nobody: the error is not that of a wrong password, and the factory may try again."""
    peer = Peer(password="x")  # noqa: S106
    ready = outcome(peer.protocol.whenConnected())
    peer.answer(b"-%b\r\n" % said.encode())
    assert type(ready[0]) is ConnectionError
    assert said.removeprefix("ERR ") in str(ready[0])
    assert peer.factory.told == []
    assert peer.transport.disconnecting


def test_nobody_has_to_wait_for_the_connection() -> None:
    """A refusal that nobody handles is not logged as an error: the factory was told."""
    peer = Peer(password="x")  # noqa: S106
    peer.protocol.whenConnected().addCallback(lambda _: None)
    peer.answer(b"-WRONGPASS no\r\n")


def test_a_protocol_without_a_factory_can_be_refused() -> None:
    """A factory that wants to know nothing is asked for nothing."""
    protocol = RedisProtocol(password="x")  # noqa: S106
    protocol.makeConnection(StringTransport())
    ready = outcome(protocol.whenConnected())
    protocol.dataReceived(b"-WRONGPASS no\r\n")
    assert isinstance(ready[0], AuthenticationError)


def test_a_server_that_says_nothing_is_given_up() -> None:
    """The handshake has a bound, also where replies have none."""
    peer = Peer(password="x")  # noqa: S106
    ready = outcome(peer.protocol.whenConnected())
    peer.clock.advance(9.9)
    assert ready == []
    peer.clock.advance(0.2)
    assert isinstance(ready[0], TimeoutError)
    assert peer.transport.disconnecting


def test_a_connection_lost_in_the_handshake() -> None:
    """Who waits for the connection learns that it was lost."""
    peer = Peer(password="x")  # noqa: S106
    ready = outcome(peer.protocol.whenConnected())
    peer.lose(ConnectionDone())
    assert isinstance(ready[0], ConnectionError)
    assert "was closed" in str(ready[0])
    assert peer.factory.told == []


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (PEER, "10.0.0.1:6379"),
        (IPv6Address("TCP", "::1", 6379), "[::1]:6379"),
        (UNIXAddress("/tmp/redis.sock"), "/tmp/redis.sock"),  # noqa: S108 -- a name
        (UNIXAddress(None), "UNIXAddress(None)"),
    ],
)
def test_the_host_is_named(address: Any, host: str) -> None:  # noqa: ANN401
    """Messages say where a connection leads."""
    assert Peer(peer=address).protocol.host == host


# The end of a connection


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (
            1,
            "while 1 command waited; whether it was executed is not known, and it is not sent again",
        ),
        (
            3,
            "while 3 commands waited; whether they were executed is not known, and they are not sent",
        ),
    ],
)
def test_commands_in_flight_fail_once(count: int, said: str) -> None:
    """A lost connection fails what waits, says that nobody knows more, and sends nothing again."""
    peer = Peer()
    found = peer.send(*["INCR"] * count)
    peer.sent()
    peer.lose()
    assert [type(each) for each in found] == [ConnectionError] * count
    assert all("10.0.0.1:6379 was lost" in str(each) and said in str(each) for each in found)
    assert len({id(each) for each in found}) == count
    assert peer.sent() == b""
    assert isinstance(found[0].__cause__.__cause__, ConnectionLost)


def test_a_lost_connection_takes_no_commands() -> None:
    """A command for it fails, and says why there is none."""
    peer = Peer()
    assert "Not connected" in str(outcome(BaseRedisProtocol().execute_command("PING"))[0])
    peer.lose()
    (error,) = peer.send("PING")
    assert isinstance(error, ConnectionError)
    assert str(error).startswith("Not connected: Connection to Redis at 10.0.0.1:6379 was lost")


def test_the_pool_knows_first() -> None:
    """Who keeps connections is told before commands fail, so that trying again takes another one."""
    peer = Peer()
    order: list[str] = []
    peer.protocol.whenDisconnected().addCallback(lambda _: order.append("pool"))
    peer.protocol.execute_command("GET").addErrback(lambda _: order.append("command"))
    peer.protocol.script_hashes.add("x")
    peer.lose()
    assert order == ["pool", "command"]
    assert peer.protocol.script_hashes == set()


def test_commands_sent_by_an_errback_fail_too() -> None:
    """Who sends a command again on the same connection gets an error, and no endless loop."""
    peer = Peer()
    again: list[Any] = []

    def resend(_: Failure) -> None:
        again.append(outcome(peer.protocol.execute_command("GET"))[0])

    peer.protocol.execute_command("GET").addErrback(resend)
    peer.lose()
    assert [type(each) for each in again] == [ConnectionError]


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"+OK\r\nHTTP/1.1 400\r\n", ProtocolError), (b"+OK\r\n$1001\r\n", ReplyTooLarge)],
)
def test_garbage_ends_the_connection(data: bytes, kind: type[Exception]) -> None:
    """The command whose reply it should be has the error; the others know why they have none."""
    peer = Peer(max_reply_size=1000)
    found = peer.send("ONE", "TWO", "THREE", "FOUR")
    peer.answer(data)
    assert peer.transport.disconnecting
    assert found[0] == "OK"
    assert [type(each) for each in found[1:]] == [kind, ConnectionError, ConnectionError]
    assert "3 commands waited" in str(found[3])
    peer.answer(b"+late\r\n")
    assert len(found) == 4
    (error,) = peer.send("FIVE")
    assert isinstance(error, ConnectionError)
    peer.lose(ConnectionDone())
    assert type(peer.protocol.problem) is kind


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"-ERR max number of clients reached\r\n", "the error 'max number of clients reached'"),
        (b"$6\r\nsecret\r\n", "has sent a reply that belongs to no command"),
    ],
)
def test_a_reply_that_nobody_waits_for_ends_the_connection(data: bytes, said: str) -> None:
    """From then on replies would go to the wrong commands."""
    peer = Peer()
    peer.answer(data)
    assert peer.transport.disconnecting
    assert said in str(peer.protocol.problem)
    assert "secret" not in str(peer.protocol.problem)


# Time


def test_a_reply_that_does_not_come_ends_the_connection() -> None:
    """`replyTimeout` fails all that wait, as later replies could not be told apart."""
    peer = Peer(replyTimeout=5)
    found = peer.send("ONE", "TWO")
    peer.clock.advance(4.9)
    assert found == []
    peer.clock.advance(0.2)
    assert [type(each) for each in found] == [TimeoutError, TimeoutError]
    assert "has not answered within 5 s (replyTimeout) while 2 commands waited" in str(found[0])
    assert peer.transport.disconnecting
    assert peer.clock.getDelayedCalls() == []


def test_the_time_of_each_command_is_its_own() -> None:
    """One timer watches over all: it is late for the second when that one is, not sooner."""
    peer = Peer(replyTimeout=5)
    found = peer.send("ONE")
    peer.clock.advance(3)
    late = peer.send("TWO")
    peer.answer(b"+one\r\n")
    peer.clock.advance(4.9)
    assert (found, late) == (["one"], [])
    assert len(peer.clock.getDelayedCalls()) == 1
    peer.clock.advance(0.2)
    assert isinstance(late[0], TimeoutError)


def test_a_timer_ends_when_nobody_waits() -> None:
    """An idle connection has no timer, and an ended one neither."""
    peer = Peer(replyTimeout=5)
    peer.send("ONE")
    peer.answer(b"+one\r\n")
    peer.clock.advance(5)
    assert peer.clock.getDelayedCalls() == []
    peer.send("TWO")
    peer.lose()
    assert peer.clock.getDelayedCalls() == []


def test_a_command_has_another_bound_or_none() -> None:
    """What waits in the server has no bound, or one of its own, sooner or later than the others."""
    peer = Peer(replyTimeout=5)
    found = peer.send("BLPOP", apply_timeout=False)
    peer.clock.advance(1000)
    assert found == []
    peer.send("GET")
    found += peer.send("QUICK", reply_timeout=1)
    peer.clock.advance(1.1)
    assert isinstance(found[0], TimeoutError)
    assert "within 1 s" in str(found[0])


def test_a_pipeline_is_timed_from_when_it_is_sent() -> None:
    """Commands that are collected do not wait for replies yet."""
    peer = Peer(replyTimeout=5)
    given_back: list[object] = []
    peer.factory.put = given_back.append
    peer.protocol.pipeline()
    collected = peer.send("ONE", "TWO")
    peer.clock.advance(1000)
    assert peer.sent() == b""
    results = outcome(peer.protocol.execute_pipeline())
    assert peer.sent() == b"*1\r\n$3\r\nONE\r\n*1\r\n$3\r\nTWO\r\n"
    peer.answer(b"+one\r\n")
    peer.clock.advance(5.1)
    assert collected[0] == "one"
    assert isinstance(collected[1], TimeoutError)
    assert len(results) == 1
    assert given_back == [peer.protocol]


def test_a_pipeline_without_bound_or_connection() -> None:
    """Without `replyTimeout` it waits; without a connection it fails and gives the connection back."""
    peer = Peer()
    given_back: list[object] = []
    peer.factory.put = given_back.append
    peer.protocol.pipeline()
    peer.protocol.execute_command("ONE")
    results = outcome(peer.protocol.execute_pipeline())
    peer.answer(b"+one\r\n")
    assert results == [["one"]]
    timed = Peer(replyTimeout=5)
    timed.factory.put = given_back.append
    timed.protocol.pipeline()
    timed.lose()
    timed.send("ONE")
    results = outcome(timed.protocol.execute_pipeline())
    assert len(results) == 1
    assert timed.clock.getDelayedCalls() == []
    assert given_back == [peer.protocol, timed.protocol]


def test_a_connection_is_given_up_once() -> None:
    """The first reason is the one that stays."""
    peer = Peer()
    first = ProtocolError("first")
    peer.protocol.drop(first)
    peer.protocol.drop(ProtocolError("second"))
    peer.lose()
    assert peer.protocol.problem is first


def test_the_time_is_the_reactors_unless_it_is_given() -> None:
    """Without a clock the installed reactor measures."""
    protocol = RedisProtocol(replyTimeout=5)
    protocol.makeConnection(StringTransport())
    found = outcome(protocol.execute_command("PING"))
    protocol.dataReceived(b"+PONG\r\n")
    protocol.connectionLost(Failure(ConnectionDone()))
    assert found == ["PONG"]
