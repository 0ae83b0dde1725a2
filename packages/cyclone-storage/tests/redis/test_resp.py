"""The reader of replies: bytes in, replies out, and where it stops."""

import re
import time
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_storage.redis.connection.resp import PENDING, ReplyReader, make_error
from cyclone_storage.redis.errors import (
    AuthenticationError,
    InvalidResponse,
    ProtocolError,
    ReplyTooLarge,
    ResponseError,
)


def read_all(reader: ReplyReader) -> list[Any]:
    """Take the replies that are complete."""
    return list(iter(reader.next_reply, PENDING))


def read(data: bytes, **bounds: int) -> list[Any]:
    """Read bytes that end with a reply."""
    reader = ReplyReader(**bounds)
    reader.feed(data)
    replies = read_all(reader)
    assert reader.idle
    return replies


def failure_of(reader: ReplyReader, packets: Iterable[bytes]) -> InvalidResponse | None:
    """Feed packets; return what the reader raises, if it does."""
    try:
        for packet in packets:
            reader.feed(packet)
            read_all(reader)
    except InvalidResponse as error:
        return error
    return None


def cut(data: bytes, size: int) -> Iterable[bytes]:
    """Cut bytes into packets."""
    return (data[begin : begin + size] for begin in range(0, len(data), size))


def encode(reply: Any) -> bytes:  # noqa: ANN401
    """Write a reply, as a server does."""
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, str):
        return b"+%b\r\n" % reply.encode()
    if isinstance(reply, bytes):
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    if isinstance(reply, ResponseError):
        return b"-%b\r\n" % str(reply).encode()
    return b"*%d\r\n" % len(reply) + b"".join(map(encode, reply))


def shown(reply: Any) -> Any:  # noqa: ANN401
    """Make what can be compared: errors are equal if they say the same."""
    if isinstance(reply, list):
        return [shown(each) for each in reply]
    return (type(reply), str(reply)) if isinstance(reply, Exception) else reply


LINES = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=20)
SCALARS = (
    st.none()
    | LINES
    | st.binary(max_size=120)
    | st.integers(-(2**63), 2**63 - 1)
    | st.builds(ResponseError, st.from_regex(r"[A-Z]{4,9} [a-z ]{0,9}", fullmatch=True))
)
REPLIES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5), max_leaves=20)


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"+OK\r\n", "OK"),
        (b"+\r\n", ""),
        (b"+\xff\r\n", "\\xff"),
        (b":0\r\n", 0),
        (b":-9223372036854775808\r\n", -(2**63)),
        (b":+5\r\n", 5),
        (b"$0\r\n\r\n", b""),
        (b"$2\r\n\r\n\r\n", b"\r\n"),
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b"*0\r\n", []),
        (b"*2\r\n*-1\r\n*0\r\n", [None, []]),
        (b"*1\r\n*1\r\n*1\r\n$100\r\n" + b"x" * 100 + b"\r\n", [[[b"x" * 100]]]),
    ],
)
def test_each_type_is_read(data: bytes, reply: Any) -> None:  # noqa: ANN401
    """A status is text, a string is bytes, a number an int; what is absent is None."""
    assert read(data * 2) == [reply, reply]


def test_an_error_is_a_value_without_its_prefix() -> None:
    """An error is an exception that is not raised: it may stand in an array."""
    plain, other, inner = read(b"-ERR no\r\n-WRONGTYPE no\r\n*2\r\n:1\r\n-ERR in\r\n")
    assert shown([plain, other]) == [(ResponseError, "no"), (ResponseError, "WRONGTYPE no")]
    assert shown(inner) == [1, (ResponseError, "in")]


@pytest.mark.parametrize("text", ["NOAUTH Authentication required.", "WRONGPASS invalid"])
def test_an_error_of_passwords_has_its_own_type(text: str) -> None:
    """A missing or wrong password is told apart from other errors, by its code."""
    assert isinstance(make_error(text), AuthenticationError)
    assert str(make_error(text)) == text
    assert type(make_error("ERRATIC")) is ResponseError


@given(st.lists(REPLIES, max_size=5), st.data())
def test_any_cut_gives_the_same(replies: list[Any], data: st.DataObject) -> None:
    """However the bytes are cut into packets, the replies are the same."""
    written = b"".join(map(encode, replies))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=12)))
    reader = ReplyReader()
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(written)], strict=True):
        reader.feed(written[begin:end])
        found += read_all(reader)
    assert shown(found) == shown(replies)
    assert reader.idle


@given(REPLIES)
def test_byte_by_byte(reply: Any) -> None:  # noqa: ANN401
    """A reply that comes in single bytes is complete with the last one, not sooner."""
    written = encode(reply)
    reader = ReplyReader()
    for number in range(len(written) - 1):
        reader.feed(written[number : number + 1])
        assert reader.next_reply() is PENDING
        assert not reader.idle
    reader.feed(written[-1:])
    assert shown(reader.next_reply()) == shown(reply)
    assert reader.idle


@given(st.binary(max_size=200) | st.text("$*+:-0123456789\r\nab", max_size=60).map(str.encode))
def test_any_bytes_give_replies_or_an_error(data: bytes) -> None:
    """Nothing but an error of ours comes of any bytes, and it comes again each time."""
    reader = ReplyReader(max_reply_size=100, max_elements=9, max_depth=2, max_line=30)
    first = failure_of(reader, [data])
    if first is not None:
        assert failure_of(reader, [b"+OK\r\n"]) is first


@given(st.lists(REPLIES, min_size=1, max_size=4))
def test_replies_wait_until_they_are_asked_for(replies: list[Any]) -> None:
    """What is fed before earlier replies are taken is kept behind them."""
    reader = ReplyReader()
    for reply in replies:
        reader.feed(encode(reply))
    assert shown(read_all(reader)) == shown(replies)


@given(REPLIES)
def test_as_hiredis_reads(reply: Any) -> None:  # noqa: ANN401
    """The same bytes mean the same to hiredis, the reader that txredisapi uses where it is installed."""
    hiredis = pytest.importorskip("hiredis")
    theirs = hiredis.Reader(replyError=lambda text: make_error(str(text)))
    theirs.feed(encode(reply))

    def as_theirs(ours: Any) -> Any:  # noqa: ANN401
        if isinstance(ours, list):
            return [as_theirs(each) for each in ours]
        return ours.encode() if isinstance(ours, str) else shown(ours)

    assert as_theirs(read(encode(reply))[0]) == as_theirs(theirs.gets())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "a web server's answer"),
        (b"\x15\x03\x01\x00\x02", "it is TLS"),
        (b"SSH-2.0-x\r\n", "an SSH server"),
        (b"%1\r\n", "a type of RESP3.* HELLO 3"),
        (b"_\r\n", "a type of RESP3"),
        (b"J\x00\x00\x00\n8.0", "begins with b'J'"),
        (b"\r\n", r"begins with b'\\r'"),
        (b"$3\r\nabcde\r\n", "without its end: .* the 3 bytes"),
        (b"$120\r\n" + b"x" * 130, "without its end: .* the 120 bytes"),
        (b"$-2\r\n", "length of a string that is no number"),
        (b"$1_0\r\n", "length of a string that is no number"),
        (b"$\r\n", "length of a string that is no number"),
        (b"$+3\r\n", "length of a string that is no number"),
        (b"*-3\r\n", "length of an array that is no number"),
        (b"*1e3\r\n", "length of an array that is no number"),
        (b"*99999999999999999999\r\n", "length of an array that is no number"),
        (b":\r\n", "none of 64 bits"),
        (b": 1\r\n", "none of 64 bits"),
        (b":9223372036854775808\r\n", "none of 64 bits"),
        (b":--1\r\n", "none of 64 bits"),
        (b":1" + b"0" * 99999, "a number that does not end"),
        (b"*1\r\n$0000000000000000000000000001\r\n", "length of a string that is no number"),
        (b"*1\r\n$9" + b"9" * 99999 + b"\r\n", "length of a string that does not end"),
        (b"x" * 99999 + b"\r\n", "begins with b'x'"),
    ],
)
def test_garbage_is_an_error(data: bytes, said: str) -> None:
    """What is no RESP2 is refused, and the message names what it may be."""
    for size in (7, len(data)):
        error = failure_of(ReplyReader(), cut(data, size))
        assert type(error) is ProtocolError
        assert re.search(said, str(error))


def test_garbage_is_not_shown() -> None:
    """What stands where a reply should begin may be a part of somebody's data: one byte is shown."""
    reader = ReplyReader()
    reader.feed(b"topsecret\r\n")
    with pytest.raises(ProtocolError) as caught:
        reader.next_reply()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("fits", "too_large", "bounds"),
    [
        (b"$5\r\nabcde\r\n", b"$6\r\nabcdef\r\n", {"max_reply_size": 11}),
        (b"*2\r\n:1\r\n:2\r\n", b"*2\r\n:1\r\n:21\r\n", {"max_reply_size": 12}),
        (b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", b"*2\r\n$1\r\na\r\n$2\r\nbb\r\n", {"max_reply_size": 18}),
        (b"+" + b"a" * 9 + b"\r\n", b"+" + b"a" * 10 + b"\r\n", {"max_reply_size": 12}),
        (b"*2\r\n*1\r\n:1\r\n:1\r\n", b"*2\r\n*2\r\n:1\r\n:1\r\n:1\r\n", {"max_elements": 3}),
        (b"*1\r\n*1\r\n*0\r\n", b"*1\r\n*1\r\n*1\r\n:1\r\n", {"max_depth": 2}),
        (b"+" + b"a" * 9 + b"\r\n", b"+" + b"a" * 10 + b"\r\n", {"max_line": 10}),
        (b"-" + b"a" * 9 + b"\r\n", b"-" + b"a" * 10 + b"\r\n", {"max_line": 10}),
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_bounds(fits: bytes, too_large: bytes, bounds: dict[str, int], step: int) -> None:
    """A reply at a bound is read, again and again; one beyond it is an error that names the bound."""
    assert len(read(fits * 3, **bounds)) == 3
    error = failure_of(ReplyReader(**bounds), cut(too_large, step))
    assert type(error) is ReplyTooLarge
    assert next(iter(bounds)) in str(error)


@pytest.mark.parametrize(
    "data", [b"$67108865\r\n", b"*2097153\r\n", b"*1\r\n$67108856\r\n", b"*2\r\n*2097152\r\n"]
)
def test_what_is_too_large_is_refused_when_it_is_announced(data: bytes) -> None:
    """A length beyond a bound is refused before anything of it has come."""
    reader = ReplyReader()
    reader.feed(data)
    with pytest.raises(ReplyTooLarge):
        read_all(reader)


def test_an_array_is_not_allocated_when_it_is_announced() -> None:
    """A length alone costs no memory."""
    reader = ReplyReader(max_elements=10**12)
    reader.feed(b"*999999999999\r\n:1\r\n")
    assert reader.next_reply() is PENDING


@pytest.mark.parametrize("name", ["max_reply_size", "max_elements", "max_depth", "max_line"])
def test_bounds_are_checked(name: str) -> None:
    """A bound with which no reply would fit is refused."""
    with pytest.raises(ValueError, match=f"{name} is 0"):
        ReplyReader(**{name: 0})


def test_deep_arrays_need_no_deep_stack() -> None:
    """Depth is bounded by the option, not by Python's stack."""
    depth = 100_000
    (reply,) = read(b"*1\r\n" * depth + b":7\r\n", max_depth=depth)
    for _ in range(depth):
        (reply,) = reply
    assert reply == 7


@pytest.mark.parametrize(
    "make",
    [lambda size: b"$%d\r\n%b\r\n" % (size, bytes(size)), lambda size: b"+%b" % (b"x" * size)],
)
def test_reading_is_linear(make: Any) -> None:  # noqa: ANN401
    """Twice the bytes in small packets cost about twice the time, not four times."""

    def measure(size: int) -> float:
        data = make(size)
        best = float("inf")
        for _ in range(5):
            reader = ReplyReader(max_line=10**9)
            begun = time.thread_time()  # others may work on this machine
            for begin in range(0, len(data), 16):
                reader.feed(data[begin : begin + 16])
                reader.next_reply()
            best = min(best, time.thread_time() - begun)
        return best

    assert measure(800_000) < 8 * measure(200_000)  # 16 times if it were quadratic
