"""The chunked coding, by RFC 9112 section 7.1."""

from collections.abc import Callable

import pytest

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1.buffer import ReceiveBuffer
from cyclone_core.http1.chunked import ChunkedDecoder
from cyclone_core.limits import Limits

TraceOf = Callable[..., list[object]]

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def body_of(trace_of: TraceOf) -> TraceOf:
    """Return what follows the head of a chunked request, whole and byte by byte."""

    def body_of(body: bytes, **limits: int) -> list[object]:
        return trace_of(HEAD + body + NEXT, Limits(**limits))[1:]  # type: ignore[arg-type]

    return body_of


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"0\r\n\r\n", []),
        (b"5\r\nhello\r\n0\r\n\r\n", [b"hello"]),
        (b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", [b"0123456789" * 2]),
        (b"0000000000000005\r\nhello\r\n00\r\n\r\n", [b"hello"]),
        (b"2\r\n\r\n\r\n0\r\n\r\n", [b"\r\n"]),
        (b'1;a\r\nx\r\n0;b=c;d="e\\"f\xff"\r\n\r\n', [b"x"]),
        (b"1 ; a = b\r\nx\r\n0\t;\tc\r\n\r\n", [b"x"]),
    ],
)
def test_bodies(body_of: TraceOf, body: bytes, data: list[bytes]) -> None:
    """Chunks are joined, extensions ignored, and the next request follows."""
    assert body_of(body)[:-1] == [*data, ("end", {})]


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5_0\r\nhello\r\n0\r\n\r\n",
        b"g\r\nhello\r\n0\r\n\r\n",
        b"\xef\xbc\x95\r\nhello\r\n0\r\n\r\n",
        b"00000000000000005\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhelloX\r\n0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"5\r\nhell\r\n0\r\n\r\n",
        b"5;\r\nhello\r\n0\r\n\r\n",
        b"5;a=\r\nhello\r\n0\r\n\r\n",
        b"5;a\nb\r\nhello\r\n0\r\n\r\n",
        b"5;a\rb\r\nhello\r\n0\r\n\r\n",
        b'5;a="b\r\nhello\r\n0\r\n\r\n',
        b"5;a=b c\r\nhello\r\n0\r\n\r\n",
        b"0\r\nX\r\n\r\n",
        b"0\r\nX : y\r\n\r\n",
        b"0\r\nX: a\x00b\r\n\r\n",
        b"0\r\nX: a\r\n folded\r\n\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n",
        b"0\r\nhost: b\r\n\r\n",
        b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0\r\nAuthorization: x\r\n\r\n",
    ],
)
def test_malformed_bodies(body_of: TraceOf, body: bytes) -> None:
    """Sizes are ASCII digits, lines end with CRLF, trailers obey the rules of headers."""
    assert body_of(body)[-1] == 400


def test_trailers_are_kept_apart(body_of: TraceOf) -> None:
    """Trailer fields come with the end of the body and never join the headers."""
    assert body_of(b"0\r\nx-a: 1\r\nX-A: 2\r\nX-B: 3\r\n\r\n")[0] == (
        "end",
        {"X-A": ["1", "2"], "X-B": "3"},
    )


@pytest.mark.parametrize(
    ("body", "limits", "status"),
    [
        (b"1;" + b"a" * 254 + b"\r\nx\r\n0\r\n\r\n", {}, None),
        (b"1;" + b"a" * 255 + b"\r\nx\r\n0\r\n\r\n", {}, 400),
        (b"1;" + b"a" * 9000, {}, 400),
        (b"1;aa\r\nx\r\n" * 3 + b"0\r\n\r\n", {"max_chunk_extensions": 9}, None),
        (b"1;aa\r\nx\r\n" * 3 + b"0\r\n\r\n", {"max_chunk_extensions": 8}, 400),
        (b"0\r\nX: " + b"a" * 97 + b"\r\n\r\n", {"max_header_line": 100}, None),
        (b"0\r\nX: " + b"a" * 98 + b"\r\n\r\n", {"max_header_line": 100}, 431),
        (b"0\r\n" + b"X: a\r\n" * 3 + b"\r\n", {"max_header_count": 3}, None),
        (b"0\r\n" + b"X: a\r\n" * 4 + b"\r\n", {"max_header_count": 3}, 431),
        (b"0\r\n" + b"X: %b\r\n" % (b"a" * 91) * 2 + b"\r\n", {"max_header_size": 192}, None),
        (b"0\r\n" + b"X: %b\r\n" % (b"a" * 91) * 2 + b"\r\n", {"max_header_size": 190}, None),
        (b"0\r\n" + b"X: %b\r\n" % (b"a" * 91) * 2 + b"\r\n", {"max_header_size": 189}, 431),
        (b"5\r\nhello\r\n0\r\n\r\n", {"max_body_size": 5}, None),
        (b"5\r\nhello\r\n0\r\n\r\n", {"max_body_size": 4}, 413),
        (b"ffffffffffffffff\r\nhello", {}, 413),
        (b"0\r\nX: " + b"a" * 40000, {}, 431),
    ],
)
def test_limits(body_of: TraceOf, body: bytes, limits: dict[str, int], status: int | None) -> None:
    """Size lines, extensions and trailers are bounded, at the limit and one beyond it."""
    last = body_of(body, **limits)[-1]
    assert last == status if status else isinstance(last, tuple)


def test_many_tiny_chunks_of_one_read_are_one_piece() -> None:
    """10,000 chunks of one byte cost the receiver of the body one call."""
    buffer = ReceiveBuffer()
    buffer.append(b"1\r\nx\r\n" * 10_000)
    decoder = ChunkedDecoder()
    assert decoder.decode(buffer, Limits(), 10_000) == b"x" * 10_000
    assert not decoder.done
    buffer.append(b"0\r\n\r\n")
    assert decoder.decode(buffer, Limits(), 10_000) == b""
    assert decoder.done
    assert decoder.decode(buffer, Limits(), 10_000) == b""


def test_a_chunk_too_many_is_refused_when_it_is_announced() -> None:
    """What follows the size, and may be malformed, is not looked at."""
    buffer = ReceiveBuffer()
    buffer.append(b"3\r\nabc\r\n2\r\nrubbish")
    with pytest.raises(HTTPInputError, match="longer than 4 bytes") as caught:
        ChunkedDecoder().decode(buffer, Limits(), 4)
    assert caught.value.status == 413


def test_a_bad_trailer_is_refused_when_its_line_is_complete() -> None:
    """A client that then waits for the answer gets it."""
    buffer = ReceiveBuffer()
    buffer.append(b"0\r\nX : y\r\n")
    with pytest.raises(HTTPInputError, match="must be a token"):
        ChunkedDecoder().decode(buffer, Limits(), 1)
