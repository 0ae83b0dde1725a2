"""Servers that mean no good: every bound, and time and memory in proportion to what has come."""

import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import ResponseHead, ResponseReader
from cyclone_core.limits import Limits

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from grammar import answers as right_answers
from grammar import slipped
from reading import EMPTY, OK, answers, comparable, cut, only, read, refused

CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@settings(max_examples=300, deadline=None)
@given(right_answers(), st.integers(1, 40))
def test_cuts(case: tuple[bytes, list[str]], size: int) -> None:
    """What is right is read to its end, however it is cut."""
    data, methods = case
    whole = comparable(read([data], methods))
    assert not isinstance(whole[-1], int)
    finals = [
        each for each in whole if isinstance(each, tuple) and len(each) == 5 and each[1] >= 200
    ]
    assert len(finals) == len(methods)
    assert comparable(read(cut(data, size), methods)) == whole


@settings(max_examples=500, deadline=None)
@given(right_answers(), st.data(), st.integers(2, 20))
def test_slips(case: tuple[bytes, list[str]], more: st.DataObject, size: int) -> None:
    """Whatever is wrong, there is no other exception, and the cuts do not matter, even for the status."""
    data = more.draw(slipped(st.just(case[0])))
    whole = comparable(read([data], case[1]))
    assert comparable(read(cut(data, 1), case[1])) == whole
    assert comparable(read(cut(data, size), case[1])) == whole


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([b"", b"HTTP/1.1 ", OK, CHUNKED, CHUNKED + b"0\r\n"])
)
def test_anything(rest: bytes, start: bytes) -> None:
    """Any bytes are read or refused, byte by byte as in one piece."""
    data = start + rest
    assert comparable(read(cut(data, 1), ["GET"])) == comparable(read([data], ["GET"]))


# The limits: each is taken at its bound and refused one behind it, whole and in pieces.


def test_status_line_length() -> None:
    """The status line is bounded like a header line."""
    limits = Limits(max_header_line=40)
    line = b"HTTP/1.1 200 " + b"a" * 27
    only(answers(line + b"\r\nContent-Length: 0\r\n\r\n", limits=limits))
    error = refused(line + b"a\r\nContent-Length: 0\r\n\r\n", limits=limits)
    assert error.status == 431
    assert "the status line is too long: 'HTTP/1.1 200 aaa" in str(error)


def test_header_line_length() -> None:
    """So is each header line, and folded ones one by one."""
    limits = Limits(max_header_line=40)
    line = b"X: " + b"a" * 37
    folded = line + b"\r\n " + b"b" * 39
    only(answers(OK + folded + b"\r\nContent-Length: 0\r\n\r\n", limits=limits))
    for lines in (line + b"a", folded + b"b", b"Content-Length: 0\r\n" + line + b"a"):
        error = refused(OK + lines + b"\r\n\r\n", limits=limits)
        assert (error.status, str(error)) == (431, "header line too long")


def test_header_size() -> None:
    """Status line and header lines together are bounded."""
    data = OK + b"Content-Length: 0\r\nX: a\r\n\r\n"
    size = len(data) - 4
    only(answers(data, limits=Limits(max_header_size=size)))
    error = refused(data, limits=Limits(max_header_size=size - 1))
    assert (error.status, str(error)) == (431, "header fields too large")


def test_header_count() -> None:
    """So is the number of header lines; a folded one counts."""
    limits = Limits(max_header_count=3)
    three = OK + b"Content-Length: 0\r\nX: a\r\nX: b\r\n"
    only(answers(three + b"\r\n", limits=limits))
    only(answers(OK + b"Content-Length: 0\r\nX: a\r\n b\r\n\r\n", limits=limits))
    for more in (b"X: c\r\n", b" c\r\n"):
        error = refused(three + more + b"\r\n", limits=limits)
        assert (error.status, str(error)) == (431, "too many header fields")


def test_ten_thousand_header_lines() -> None:
    """Of a flood of header lines not more than the bound is ever kept."""
    lines = b"".join([b"X-%d: y\r\n" % number for number in range(10_000)])
    error = refused(OK + lines + b"\r\n")
    assert error.status == 431


def flood(reader: ResponseReader, piece: bytes) -> tuple[int, int]:
    """Send a piece again and again; returns the status of the refusal, and how much was sent before."""
    for sent in range(0, 10**6, len(piece)):
        reader.receive_data(piece)
        try:
            assert reader.next_event() is None
        except HTTPInputError as error:
            return error.status, sent
    raise AssertionError("a million bytes were not refused")


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 ", OK + b"X: ", OK + b"X", OK + b"X: a\r\n "])
def test_endless_line(start: bytes) -> None:
    """A line that never ends is refused at its bound, and not kept for ever."""
    reader = ResponseReader(Limits())
    reader.expect("GET")
    reader.receive_data(start)
    assert reader.next_event() is None
    status, sent = flood(reader, b"a" * 100)
    assert status == 431
    assert sent <= 9000


@pytest.mark.parametrize("line", [b"X: y\r\n", b" y\r\n", b"X: " + b"y" * 1000 + b"\r\n"])
def test_endless_head(line: bytes) -> None:
    """A head that never ends is refused at its bounds."""
    reader = ResponseReader(Limits())
    reader.expect("GET")
    reader.receive_data(OK + b"X: y\r\n")
    status, sent = flood(reader, line)
    assert status == 431
    assert sent <= 34_000


@pytest.mark.parametrize("most", [0, 1, 10])
def test_interim_count(most: int) -> None:
    """As many interim answers as are allowed come, and not one more; each request has its own."""
    interim = b"HTTP/1.1 103 a\r\nLink: b\r\n\r\n"
    reader = ResponseReader(Limits(), max_interim=most)
    for _ in range(3):
        reader.expect("GET")
        reader.receive_data(interim * most + EMPTY)
        for status in [103] * most + [200]:
            head = reader.next_event()
            assert isinstance(head, ResponseHead)
            assert head.status == status
        assert reader.next_event() is not None
    reader.expect("GET")
    reader.receive_data(interim * (most + 1))
    for _ in range(most):
        assert isinstance(reader.next_event(), ResponseHead)
    with pytest.raises(HTTPInputError, match=f"more than {most} interim answers"):
        reader.next_event()


def test_ten_thousand_interim_answers() -> None:
    """By default ten interim answers are enough."""
    trace = answers(b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000 + EMPTY)
    assert len(trace) == 11
    assert str(trace[-1]) == "more than 10 interim answers"


def test_body_size_by_length() -> None:
    """A body that is announced as too large is refused before any of it is passed on."""
    limits = Limits(max_body_size=3)
    assert answers(OK + b"Content-Length: 3\r\n\r\nabc", limits=limits)[1] == b"abc"
    trace = answers(OK + b"Content-Length: 4\r\n\r\nabcd", limits=limits)
    head, error = trace
    assert isinstance(head, ResponseHead)
    assert isinstance(error, HTTPInputError)
    assert (error.status, str(error)) == (413, "the body is longer than 3 bytes")
    for method, start in (("HEAD", OK), ("GET", b"HTTP/1.1 304 a\r\n")):
        assert len(answers(start + b"Content-Length: 4\r\n\r\n", method, limits=limits)) == 2


@pytest.mark.parametrize(
    "chunks", [b"3\r\nabc\r\n%b0\r\n\r\n", b"1\r\na\r\n2\r\nbc\r\n%b0\r\n\r\n"]
)
def test_body_size_in_chunks(chunks: bytes) -> None:
    """So is the chunk that would make a body too large."""
    limits = Limits(max_body_size=3)
    assert answers(CHUNKED + chunks % b"", limits=limits)[1] == b"abc"
    error = answers(CHUNKED + chunks % b"1\r\nd\r\n", limits=limits)[-1]
    assert isinstance(error, HTTPInputError)
    assert error.status == 413


def test_body_size_until_close() -> None:
    """A body without a length is refused when it has become too large."""
    limits = Limits(max_body_size=3)
    assert answers(OK + b"\r\nabc", limits=limits)[1] == b"abc"
    error = answers(OK + b"\r\nabcd", limits=limits)[-1]
    assert isinstance(error, HTTPInputError)
    assert (error.status, str(error)) == (413, "the body is longer than 3 bytes")


@pytest.mark.parametrize(
    "data",
    [OK + b"Content-Length: 4\r\n\r\nabcd", CHUNKED + b"4\r\nabcd\r\n0\r\n\r\n", OK + b"\r\nabcd"],
)
@pytest.mark.parametrize("when", ["before", "between"])
def test_max_body_size(data: bytes, when: str) -> None:
    """The bound can be set before the answer comes, and between its head and its body."""
    for size, fits in ((4, True), (3, False)):
        reader = ResponseReader(Limits(max_body_size=1))
        reader.expect("GET")
        if when == "before":
            reader.max_body_size = size
        reader.receive_data(data)
        assert isinstance(reader.next_event(), ResponseHead)
        reader.max_body_size = size
        if fits:
            assert reader.next_event() == b"abcd"
        else:
            with pytest.raises(HTTPInputError, match="longer than 3 bytes"):
                reader.next_event()


def test_max_body_size_stays() -> None:
    """The bound holds for all that follow, and counts each body for itself."""
    reader = ResponseReader(Limits(max_body_size=1))
    reader.max_body_size = 4
    for data in (OK + b"Content-Length: 4\r\n\r\nabcd", CHUNKED + b"4\r\nabcd\r\n0\r\n\r\n") * 2:
        reader.expect("GET")
        reader.receive_data(data)
        assert isinstance(reader.next_event(), ResponseHead)
        assert reader.next_event() == b"abcd"
        assert reader.next_event() is not None
        assert reader.next_event() is None


@pytest.mark.parametrize(
    ("right", "wrong", "status"),
    [
        (b"1;" + b"a" * 18 + b"\r\na\r\n0\r\n\r\n", b"1;" + b"a" * 19, 400),
        (b"1;a\r\na\r\n" * 15 + b"0\r\n\r\n", b"1;a\r\na\r\n" * 16 + b"0\r\n\r\n", 400),
        (b"0\r\nX: " + b"a" * 27 + b"\r\n\r\n", b"0\r\nX: " + b"a" * 28 + b"\r\n\r\n", 431),
        (b"0\r\n" + b"X: a\r\n" * 3 + b"\r\n", b"0\r\n" + b"X: a\r\n" * 4 + b"\r\n", 431),
        (b"0\r\nX: a\r\n b\r\n c\r\n\r\n", b"0\r\nX: a\r\n b\r\n c\r\n d\r\n\r\n", 431),
    ],
)
def test_chunk_limits(right: bytes, wrong: bytes, status: int) -> None:
    """Chunk lines, extensions and trailers have their bounds, folded or not."""
    limits = Limits(
        max_chunk_line=20, max_chunk_extensions=30, max_header_line=30, max_header_count=3
    )
    assert answers(CHUNKED + right, limits=limits)[-1][0] == "end"  # type: ignore[index]
    error = answers(CHUNKED + wrong, limits=limits)[-1]
    assert isinstance(error, HTTPInputError)
    assert error.status == status


# Time and memory.


def seconds(action: Callable[[], object]) -> float:
    """Measure the processor's time of an action, the best of three."""
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        action()
        best = min(best, time.process_time() - start)
    return best


SIZE = 64 * 1024
WIDE = Limits(
    max_header_line=10**6,
    max_header_size=10**7,
    max_header_count=10**6,
    max_chunk_line=10**6,
    max_chunk_extensions=10**7,
)

# What stands before, what is repeated, what ends it.
PARTS = {
    "reason": (b"HTTP/1.1 200 ", b"a ", b"\r\n\r\n"),
    "status": (b"HTTP/1.1 ", b"2", b" OK\r\n\r\n"),
    "status line of blanks": (b"HTTP/1.1 200", b" ", b"\r\n\r\n"),
    "name": (OK, b"a-", b": b\r\n\r\n"),
    "no colon": (OK, b"a", b"\r\n\r\n"),
    "blanks in a value": (OK + b"X: a", b" \t", b"a\r\n\r\n"),
    "blanks behind a value": (OK + b"X: a", b" \t", b"\r\n b\r\n\r\n"),
    "lines": (OK, b"X: y\r\n", b"\r\n"),
    "lines of many names": (OK, b"X%d: y\r\n", b"\r\n"),
    "folds": (OK + b"X: y\r\n", b" y\r\n", b"\r\n"),
    "empty folds": (OK + b"X: y\r\n", b" \r\n", b"\r\n"),
    "fold of blanks": (OK + b"X: y\r\n", b" \t", b"\r\nY: z\r\n\r\n"),
    "folded lines": (OK, b"X: y\r\n z\r\n", b"\r\n"),
    "connection": (OK + b"Connection: ", b"a,", b"close\r\n\r\n"),
    "lengths": (OK + b"Content-Length: ", b"5,", b"5\r\n\r\n"),
    "length": (OK + b"Content-Length: ", b"0", b"\r\n\r\n"),
    "codings": (OK + b"Transfer-Encoding: ", b"chunked,", b"x\r\n\r\n"),
    "tiny chunks": (CHUNKED, b"1\r\nx\r\n", b"0\r\n\r\n"),
    "chunk extensions": (CHUNKED + b"5", b";a", b"@\r\n"),
    "trailers": (CHUNKED + b"0\r\n", b"X: y\r\n", b"\r\n"),
    "folded trailers": (CHUNKED + b"0\r\nX: y\r\n", b" y\r\n", b"\r\n"),
    "body until the end": (OK + b"\r\n", b"x", b""),
    "body with a length": (OK + b"Content-Length: 100000\r\n\r\n", b"x", b""),
    "interim answers": (b"", b"HTTP/1.1 100 a\r\n\r\n", EMPTY),
    "empty lines": (b"", b"\r\n", b""),
}


@pytest.mark.parametrize("step", [SIZE * 2, 16], ids=["whole", "pieces"])
@pytest.mark.parametrize("what", PARTS)
def test_reading_is_linear(what: str, step: int) -> None:
    """Long text in any place of an answer costs time in proportion, whole and in pieces of 16 bytes."""
    front, unit, end = PARTS[what]

    def use(size: int) -> Callable[[], None]:
        count = size // len(unit)
        many = b"%d" in unit
        data = front + (b"".join([unit % n for n in range(count)]) if many else unit * count) + end
        pieces = cut(data, step)

        def action() -> None:
            reader = ResponseReader(WIDE, max_interim=10**6)
            reader.expect("GET")
            try:
                for piece in pieces:
                    reader.receive_data(piece)
                    while reader.next_event() is not None:
                        pass
                reader.close()
            except HTTPInputError:
                return

        return action

    # Four times the text: 4 is right, and 16 wrong. Others may disturb one comparison, but not all.
    assert any(seconds(use(SIZE)) < 8 * seconds(use(SIZE // 4)) for _ in range(12))


@pytest.mark.parametrize(
    ("start", "unit"),
    [
        (CHUNKED, b"1\r\nx\r\n"),
        (CHUNKED, b"400\r\n" + b"x" * 1024 + b"\r\n"),
        (OK + b"Content-Length: 100000000\r\n\r\n", b"x" * 100),
        (OK + b"\r\n", b"x" * 100),
        (b"HTTP/1.1 101 a\r\n\r\n", b"x" * 100),
    ],
    ids=["tiny chunks", "chunks", "length", "until close", "other protocol"],
)
def test_memory(start: bytes, unit: bytes) -> None:
    """Of a body that goes on and on, with chunks however tiny, nothing is kept that was passed on."""
    reader = ResponseReader(Limits())
    reader.expect("GET")
    reader.receive_data(start)
    assert isinstance(reader.next_event(), ResponseHead)
    piece = unit * (SIZE // len(unit))
    tracemalloc.start()
    try:
        for _ in range(4):
            # Not at the same place each time, so that some bytes always wait.
            for part in (piece[:-3], piece[-3:]):
                reader.receive_data(part)
                while reader.next_event() is not None:
                    pass
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10_000


def test_memory_of_an_idle_reader() -> None:
    """Between answers nothing is kept of the last one."""
    reader = ResponseReader(Limits())
    data = OK + b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000
    tracemalloc.start()
    try:
        for size in (1, 1000, 200_000):
            reader.expect("GET")
            for start in range(0, len(data), size):
                reader.receive_data(data[start : start + size])
                while reader.next_event() is not None:
                    pass
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10_000
