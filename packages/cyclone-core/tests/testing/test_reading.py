"""The answers of a tested server: nothing bounds them, and what is none fails as the test's own error."""

import pytest

from cyclone_core.http1 import EndOfBody, ResponseHead
from cyclone_core.testing import BadAnswer
from cyclone_core.testing.reading import close, make_reader, next_event


def test_nothing_is_too_large() -> None:
    """A server may send as many and as large fields, trailers and interim answers as its test likes."""
    reader = make_reader()
    reader.expect("GET")
    many = b"".join([b"X: %d\r\n" % number for number in range(10_000)])
    reader.receive_data(b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" * 1000)
    reader.receive_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nY: " + b"y" * 100_000)
    for _ in range(1000):
        hints = next_event(reader)
        assert isinstance(hints, ResponseHead)
        assert hints.headers["Link"] == "a"
    assert next_event(reader) is None
    reader.receive_data(b"\r\n" + many + b"\r\n1\r\na\r\n0\r\n" + many + b"\r\n")
    head, piece, end = (next_event(reader) for _ in range(3))
    assert isinstance(head, ResponseHead)
    assert len(head.headers["Y"]) == 100_000
    assert len(head.headers.get_list("X")) == 10_000
    assert piece == b"a"
    assert isinstance(end, EndOfBody)
    assert len(end.trailers["X"]) == 10_000


def test_no_answer() -> None:
    """What is no HTTP answer is a `BadAnswer`, whose message says why, now and later."""
    reader = make_reader()
    reader.expect("GET")
    reader.receive_data(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n")
    for _ in range(2):
        with pytest.raises(
            BadAnswer, match="the answer breaks the rules of HTTP: header line without a colon"
        ):
            next_event(reader)
    assert close(reader) is None


def test_the_end_of_the_connection() -> None:
    """It ends an answer without a length; one that it cuts off has no end, and that is no `BadAnswer`."""
    reader = make_reader()
    reader.expect("GET")
    reader.receive_data(b"HTTP/1.1 200 OK\r\n\r\nabc")
    head, piece = next_event(reader), next_event(reader)
    assert isinstance(head, ResponseHead)
    assert piece == b"abc"
    assert isinstance(close(reader), EndOfBody)
    reader = make_reader()
    reader.expect("GET")
    reader.receive_data(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
    assert isinstance(next_event(reader), ResponseHead)
    assert next_event(reader) == b"ab"
    assert close(reader) is None
