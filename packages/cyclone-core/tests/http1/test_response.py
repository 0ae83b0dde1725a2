"""Answers, from bytes to events, as a client reads them: the rules of RFC 9112 and RFC 9110."""

import sys
from pathlib import Path

import pytest

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, ResponseHead, ResponseReader
from cyclone_core.http1.reader import EndOfBody as SameEndOfBody
from cyclone_core.limits import Limits

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from reading import EMPTY, OK, Trace, answers, only, read, refused

END: object = ("end", {})


def framing(head: ResponseHead) -> tuple[bool, int | None, bool, bool]:
    """Give what a head says of its body, and of what comes behind it."""
    return head.has_body, head.content_length, head.chunked, head.keep_alive


def test_whole() -> None:
    """An answer is its head with all that it says, the body, and the end."""
    head, body, end = answers(OK + b"Content-Length: 3\r\nX: a\r\nx:b \r\n\r\nabc")
    assert isinstance(head, ResponseHead)
    assert (head.version, head.status, head.reason) == ("HTTP/1.1", 200, "OK")
    assert list(head.headers.get_all()) == [("Content-Length", "3"), ("X", "a"), ("X", "b")]
    assert framing(head) == (True, 3, False, True)
    assert (body, end) == (b"abc", END)
    assert EndOfBody is SameEndOfBody


SEVERAL = (
    b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a\r\nx: b\r\n\r\nabc"
    b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\nDigest: g\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    b"HTTP/1.1 204 No Content\r\n\r\n"
    b"HTTP/1.0 404 Not Found\r\n\r\nuntil the end"
)
METHODS = ("GET", "GET", "HEAD", "DELETE", "GET")


def test_several() -> None:
    """Answers to pipelined requests come in their order, each with its own framing (9112 9.3.2)."""
    trace = answers(SEVERAL, *METHODS)
    shown = [event.status if isinstance(event, ResponseHead) else event for event in trace]
    assert shown == [
        *(103, 200, b"abc", END),
        *(200, b"def", ("end", {"Digest": "g"})),
        *(200, END),
        *(204, END),
        *(404, b"until the end", END),
    ]


# The status line: RFC 9112 section 4.


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"HTTP/1.1 200 OK", ("HTTP/1.1", 200, "OK")),
        (b"HTTP/1.0 404 Not Found", ("HTTP/1.0", 404, "Not Found")),
        (b"HTTP/1.1 200 ", ("HTTP/1.1", 200, "")),
        (b"HTTP/1.1 200", ("HTTP/1.1", 200, "")),
        (b"HTTP/1.1 200 It\twent <well>", ("HTTP/1.1", 200, "It\twent <well>")),
        (b"HTTP/1.1 200 \xe9\x80", ("HTTP/1.1", 200, "\xe9\x80")),
        (b"HTTP/1.1 200  OK ", ("HTTP/1.1", 200, " OK ")),
        (b"HTTP/1.1 299 OK", ("HTTP/1.1", 299, "OK")),
        # RFC 9110 section 15: no valid status, to be read as one of a server's error.
        (b"HTTP/1.1 600 x", ("HTTP/1.1", 600, "x")),
        (b"HTTP/1.1 999 Request denied", ("HTTP/1.1", 999, "Request denied")),
        # RFC 9110 section 6.2: a higher minor version is read as the highest that is known.
        (b"HTTP/1.2 200 OK", ("HTTP/1.1", 200, "OK")),
        (b"HTTP/1.9 200 OK", ("HTTP/1.1", 200, "OK")),
    ],
)
def test_status_lines(line: bytes, expected: tuple[str, int, str]) -> None:
    """Version, status and reason are understood; the reason may be missing, even its blank (9112 4)."""
    head = only(answers(line + b"\r\nContent-Length: 0\r\n\r\n"))
    assert (head.version, head.status, head.reason) == expected


@pytest.mark.parametrize(
    "line",
    [
        *(b"HTTP/2 200 OK", b"HTTP/2.0 200 OK", b"HTTP/0.9 200 OK", b"HTTP/3.0 200 OK"),
        *(b"HTTP/1.10 200 OK", b"HTTP/1. 200 OK", b"HTTP/11 200 OK", b"HTTP/1 200 OK"),
        *(b"http/1.1 200 OK", b"Http/1.1 200 OK", b"HTTP/1.\xb2 200 OK", b"HTTP 1.1 200 OK"),
        *(b"HTTP/1.1  200 OK", b"HTTP/1.1\t200 OK", b"HTTP/1.1 200\tOK", b" HTTP/1.1 200 OK"),
        *(b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 099 OK", b"HTTP/1.1 000 OK"),
        *(b"HTTP/1.1 +20 OK", b"HTTP/1.1 2x0 OK", b"HTTP/1.1 20\xb2 OK", b"HTTP/1.1 OK"),
        *(b"HTTP/1.1 200OK", b"HTTP/1.1", b"HTTP/1.1 ", b"GET / HTTP/1.1", b"ICY 200 OK"),
        *(b"SSH-2.0-OpenSSH", b"220 smtp.example", b"<html>", b"hello", b":", b"X: y", b"H"),
    ],
)
def test_no_status_line(line: bytes) -> None:
    """What is no status line of HTTP/1 is refused, and shown, so that one sees what it is (9112 4, 2.3)."""
    error = refused(line + b"\r\nContent-Length: 0\r\n\r\n")
    assert "this is no status line of HTTP/1: " in str(error)
    assert line.decode("latin-1")[:50] in str(error) or repr(line)[2:-1] in str(error)


@pytest.mark.parametrize(
    "data", [b"220 smtp.example\r\n", b"\x15\x03\x03\x00\x02\x02P", b"\0", b"HTTQ"]
)
def test_another_protocol_is_known_at_once(data: bytes) -> None:
    """A server that greets in its own protocol, and then waits, is refused without an empty line."""
    reader = ResponseReader(Limits())
    reader.expect("GET")
    reader.receive_data(data)
    with pytest.raises(HTTPInputError, match="this is no status line of HTTP/1: b"):
        reader.next_event()


def test_a_long_line_is_not_shown_whole() -> None:
    """A message shows the beginning of what is wrong only."""
    assert len(str(refused(b"HTTP/1.1 2" + b"x" * 5000 + b"\r\n\r\n"))) < 200
    assert len(str(refused(b"x" * 5000 + b"\r\n\r\n"))) < 500


def test_empty_lines() -> None:
    """One empty line before a status line is passed over, two are not (as 9112 2.2 has it for requests)."""
    trace = answers(b"\r\n" + EMPTY + b"\r\n" + EMPTY, "GET", "GET")
    assert [each.status for each in trace if isinstance(each, ResponseHead)] == [200, 200]
    assert "no status line" in str(refused(b"\r\n\r\n" + EMPTY))
    assert "no status line" in str(refused(b"\r\n\r\n\r\n\r\n" + EMPTY))
    refused(b"\n" + EMPTY)
    refused(b"\r" + EMPTY)
    assert read([b"\r\n"], ["GET"]) == read([b"\r"], ["GET"]) == []


# The fields: RFC 9112 section 5, RFC 9110 section 5.


@pytest.mark.parametrize(
    ("lines", "name", "values"),
    [
        (b"X: a", "X", ["a"]),
        (b"X:a", "X", ["a"]),
        (b"X: \t a b \t ", "X", ["a b"]),
        (b"X:", "X", [""]),
        (b"X: a:b", "X", ["a:b"]),
        (b"X: \xe9\x80", "X", ["\xe9\x80"]),
        (b"x-y_z: a", "X-Y_z", ["a"]),
        (b"ETAG: a", "Etag", ["a"]),
        (b"Set-Cookie: a=b, c\r\nset-cookie: d", "Set-Cookie", ["a=b, c", "d"]),
        # Section 5.2: a client has to read what is folded, each fold as a blank.
        (b"X: a\r\n b", "X", ["a b"]),
        (b"X: a \t\r\n\t \tb ", "X", ["a b"]),
        (b"X:\r\n a", "X", ["a"]),
        (b"X: a\r\n b\r\n\tc\r\nY: d", "X", ["a b c"]),
        (b"X: a\r\n \r\n b", "X", ["a  b"]),
        (b"X: a\r\n ", "X", ["a"]),
        (b"X: a\r\n b: c", "X", ["a b: c"]),
        (b"X: a\r\n b\r\nX: c\r\n d", "X", ["a b", "c d"]),
    ],
)
def test_fields(lines: bytes, name: str, values: list[str]) -> None:
    """Names are put in one spelling, values stripped and kept apart, folded ones unfolded (9112 5)."""
    head = only(answers(OK + lines + b"\r\nContent-Length: 0\r\n\r\n"))
    assert head.headers.get_list(name) == values


@pytest.mark.parametrize("size", [b"1\r\n ", b"\r\n 1", b" \r\n\t\r\n 1"])
def test_folded_framing(size: bytes) -> None:
    """A length or coding that is folded is unfolded before it is used."""
    trace = answers(OK + b"Content-Length:" + size + b"\r\n\r\na")
    assert trace[1:] == [b"a", END]
    trace = answers(OK + b"Transfer-Encoding:\r\n chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
    assert trace[1:] == [b"a", END]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (b"no colon", "without a colon"),
        (b": a", "must be a token"),
        (b"X : a", "must be a token"),
        (b"X\t: a", "must be a token"),
        (b"X Y: a", "must be a token"),
        (b"X(: a", "must be a token"),
        (b"\xe9: a", "must be a token"),
        (b"X\r\n : a", "must be a token"),
        # RFC 9112 section 2.2: otherwise each recipient sees another message.
        (b" X: a", "in front of the first header field"),
        (b"\tX: a", "in front of the first header field"),
        (b" ", "in front of the first header field"),
    ],
)
def test_bad_fields(lines: bytes, said: str) -> None:
    """What is no field is refused and not guessed (9112 5.1, 2.2)."""
    assert said in str(refused(OK + lines + b"\r\nContent-Length: 0\r\n\r\n"))


@pytest.mark.parametrize("bad", [b"\0", b"\x01", b"\x0b", b"\x0c", b"\x1f", b"\x7f", b"\r", b"\n"])
@pytest.mark.parametrize("place", ["line", "name", "value", "end of value", "fold"])
def test_controls(bad: bytes, place: str) -> None:
    """No control character, bare CR or bare LF stands anywhere in a head (9112 2.2, 9110 5.5)."""
    heads = {
        "line": b"HTTP/1.1 200 O%bK\r\nX: a\r\n\r\n",
        "name": b"HTTP/1.1 200 OK\r\nX%bY: a\r\n\r\n",
        "value": b"HTTP/1.1 200 OK\r\nX: a%bb\r\n\r\n",
        "end of value": b"HTTP/1.1 200 OK\r\nX: a%b\r\n\r\n",
        "fold": b"HTTP/1.1 200 OK\r\nX: a\r\n %b\r\n\r\n",
    }
    message = str(refused(heads[place] % bad))
    assert "control character, bare CR or bare LF" in message


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n",
        b"HTTP/1.1 200 OK\rContent-Length: 0\r\r",
    ],
)
def test_bare_line_ends(data: bytes) -> None:
    """A lone LF or CR ends no line, not even where the head would have no other end (9112 2.2)."""
    error = refused(data)
    assert "bare LF" in str(error) or "in the middle of the head" in str(error)


# Framing: RFC 9112 section 6.3.


@pytest.mark.parametrize("value", [b"0", b"3", b"003", b" 3 ", b"0000000000000000003"])
def test_content_length(value: bytes) -> None:
    """Content-Length is the number of bytes of the body; one of 0 has none (9112 6.3, rule 6)."""
    size = int(value)
    trace = answers(OK + b"Content-Length:" + value + b"\r\n\r\n" + b"abc"[:size])
    assert framing(only(trace)) == (size > 0, size, False, True)
    assert trace[1:] == ([b"abc", END] if size else [END])


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"+1",
        b"-1",
        b"1.0",
        b"0x1",
        b"1 1",
        b"1_0",
        b"1,1",
        b"\xb2",
        b"a",
        b"1" * 20,
        b"1;",
        b'"1"',
    ],
)
def test_bad_content_length(value: bytes) -> None:
    """What is not one number of at most 19 digits is refused, whoever asked (9112 6.3, rule 5)."""
    for method in ("GET", "HEAD"):
        error = refused(OK + b"Content-Length: " + value + b"\r\n\r\n", method)
        assert "invalid Content-Length" in str(error)


@pytest.mark.parametrize("other", [b"1", b"2", b" 1"])
def test_more_than_one_content_length(other: bytes) -> None:
    """Two Content-Length are refused even if they are equal (9112 6.3, rule 5; 9110 8.6)."""
    lines = b"Content-Length: 1\r\nX: y\r\ncontent-length:" + other
    assert "more than one Content-Length" in str(refused(OK + lines + b"\r\n\r\na"))


CHUNKS = b"2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n"


@pytest.mark.parametrize("coding", [b"chunked", b"CHUNKED", b" Chunked\t"])
def test_chunked(coding: bytes) -> None:
    """A chunked body comes without its chunks (9112 7.1)."""
    trace = answers(OK + b"Transfer-Encoding:" + coding + b"\r\n\r\n" + CHUNKS)
    assert framing(only(trace)) == (True, None, True, True)
    assert trace[1:] == [b"abc", END]


@pytest.mark.parametrize(
    ("trailers", "expected"),
    [
        (b"", {}),
        (b"Digest: a\r\nx: b\r\nX: c\r\n", {"Digest": "a", "X": ["b", "c"]}),
        (b"X: a\r\n b\r\n\t c\r\nY: d\r\n", {"X": "a b c", "Y": "d"}),
    ],
)
def test_trailers(trailers: bytes, expected: object) -> None:
    """Trailers, folded or not, come with the end and never join the headers (9112 7.1.2, 5.2; 9110 6.5)."""
    data = OK + b"Transfer-Encoding: chunked\r\nX: z\r\n\r\n1\r\na\r\n0\r\n" + trailers + b"\r\n"
    trace = answers(data)
    assert trace[1:] == [b"a", ("end", expected)]
    assert only(trace).headers["X"] == "z"


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        (b"x\r\n", "malformed chunk-size"),
        (b"\r\n", "malformed chunk-size"),
        (b"-1\r\n", "malformed chunk-size"),
        (b"0x1\r\n", "malformed chunk-size"),
        (b" 1\r\na\r\n", "malformed chunk-size"),
        (b"1 \r\na\r\n", "malformed chunk-size"),
        (b"1\na\r\n", "malformed chunk-size|middle of a chunked body"),
        (b"1;\r\na\r\n", "malformed chunk-size"),
        (b"1" * 17 + b"\r\n", "malformed chunk-size"),
        (b"1\r\nab\r\n", "not followed by CRLF"),
        (b"1\r\na\n0\r\n", "not followed by CRLF"),
        (b"0\r\n a\r\n\r\n", "in front of the first header field"),
        (b"0\r\nno colon\r\n\r\n", "without a colon"),
        (b"0\r\nX: \0\r\n\r\n", "control character"),
        (b"0\r\nContent-Length: 1\r\n\r\n", "forbidden in a trailer: Content-Length"),
        (b"0\r\nTransfer-Encoding:\r\n a\r\n\r\n", "forbidden in a trailer: Transfer-Encoding"),
    ],
)
def test_bad_chunks(chunks: bytes, said: str) -> None:
    """A chunked body that is malformed is refused (9112 7.1), so is a trailer that reframes (9110 6.5.1)."""
    trace = answers(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert isinstance(trace[-1], HTTPInputError)
    assert any(each in str(trace[-1]) for each in said.split("|")), trace[-1]


@pytest.mark.parametrize(
    "coding",
    [
        b"gzip, chunked",
        b"gzip",
        b"identity",
        b"chunked, chunked",
        b"chunked, gzip",
        b"",
        b"xchunked",
        b"chunked;q=1",
        b", chunked",
        b'"chunked"',
        b"chunked\r\nTransfer-Encoding: chunked",
        b"\x0b",
    ],
)
def test_other_transfer_codings(coding: bytes) -> None:
    """Another transfer coding than chunked was not asked for with TE and is refused (9112 6.1, 7.4)."""
    for method in ("GET", "HEAD"):
        lines = b"Transfer-Encoding: " + coding + b"\r\n\r\n"
        error = refused(OK + lines, method)
        words = ("unsupported Transfer-Encoding", "more than one Transfer-Encoding", "control char")
        assert any(each in str(error) for each in words)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_both(method: str) -> None:
    """Content-Length beside Transfer-Encoding is how answers are smuggled (9112 6.3, rule 3)."""
    for status in (b"200 OK", b"304 Not Modified"):
        lines = b"\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        error = refused(b"HTTP/1.1 " + status + lines, method)
        assert str(error) == "both Content-Length and Transfer-Encoding"


def test_http_1_0_has_no_transfer_coding() -> None:
    """Transfer-Encoding in HTTP/1.0 is faulty framing, whatever comes in between (9112 6.1)."""
    error = refused(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert str(error) == "Transfer-Encoding in an HTTP/1.0 message"


@pytest.mark.parametrize("body", [b"", b"a", b"HTTP/1.1 200 OK\r\n\r\n" * 2])
@pytest.mark.parametrize(
    "start", [OK, b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", b"HTTP/1.1 205 a\r\n"]
)
def test_until_close(start: bytes, body: bytes) -> None:
    """Without a length the end of the connection is that of the body (9112 6.3, rule 8)."""
    trace = answers(start + b"\r\n" + body)
    assert framing(only(trace)) == (True, None, False, False)
    assert trace[1:] == ([body, END] if body else [END])


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_statuses_without_body(status: bytes, method: str) -> None:
    """A 204 and a 304 end with their heads (9112 6.3, rule 1)."""
    trace = answers(b"HTTP/1.1 " + status + b"\r\n\r\n" + EMPTY, method, "GET")
    assert isinstance(trace[0], ResponseHead)
    assert framing(trace[0]) == (False, None, False, True)
    assert trace[1] == trace[3] == END


@pytest.mark.parametrize(
    ("status", "line", "length", "keep_alive"),
    [
        (b"304 Not Modified", b"Content-Length: 5", 5, True),
        (b"304 Not Modified", b"Transfer-Encoding: chunked", None, True),
        (b"204 No Content", b"Content-Length: 0", 0, True),
        # RFC 9110 section 8.6, RFC 9112 section 6.1: what does such a server send next?
        (b"204 No Content", b"Content-Length: 5", 5, False),
        (b"204 No Content", b"Transfer-Encoding: chunked", None, False),
    ],
)
def test_announced_and_not_sent(
    status: bytes, line: bytes, length: int | None, keep_alive: bool
) -> None:
    """What the fields of a 204 or 304 say makes no body; after a wrong 204 the connection is used up."""
    trace = answers(b"HTTP/1.1 " + status + b"\r\n" + line + b"\r\n\r\n")
    assert framing(only(trace)) == (False, length, False, keep_alive)
    assert trace[1:] == [END]


@pytest.mark.parametrize("line", [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b""])
@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found", b"500 a", b"301 a"])
def test_head(status: bytes, line: bytes) -> None:
    """The answer to HEAD has the fields of that to GET, and no body (9110 9.3.2; 9112 6.3, rule 1)."""
    trace = answers(b"HTTP/1.1 " + status + b"\r\n" + line + b"\r\n" + EMPTY, "HEAD", "GET")
    assert isinstance(trace[0], ResponseHead)
    assert framing(trace[0]) == (False, 5 if b"5" in line else None, False, True)
    assert trace[1] == trace[3] == END


def test_methods_are_case_sensitive() -> None:
    """Only HEAD is HEAD (9110 9.1)."""
    assert answers(OK + b"Content-Length: 1\r\n\r\na", "head")[1:] == [b"a", END]


# Interim answers and other protocols: RFC 9110 sections 15.2 and 9.3.6.


@pytest.mark.parametrize("status", [100, 102, 103, 199])
@pytest.mark.parametrize("count", [1, 10])
def test_interim(status: int, count: int) -> None:
    """Any number of interim answers, up to a bound, comes before the final one (9110 15.2)."""
    interim = b"HTTP/1.1 %d a\r\nLink: b\r\n\r\n" % status
    trace = answers((interim * count + EMPTY) * 2, "GET", "GET")
    heads = [each for each in trace if isinstance(each, ResponseHead)]
    assert [each.status for each in heads] == ([status] * count + [200]) * 2
    assert framing(heads[0])[:3] == (False, None, False)
    assert heads[0].headers["Link"] == "b"
    assert len(trace) == len(heads) + 2


def test_interim_to_head() -> None:
    """An interim answer does not use up what is known of its request."""
    data = b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 5\r\n\r\n"
    assert answers(data, "HEAD")[2:] == [END]


@pytest.mark.parametrize("line", [b"Transfer-Encoding: chunked", b"Content-Length: 1"])
@pytest.mark.parametrize("status", [100, 101, 103])
def test_interim_with_body(status: int, line: bytes) -> None:
    """An interim answer that announces a body is refused, not one of 0 bytes (9112 6.1, 9110 8.6)."""
    start = b"HTTP/1.1 %d a\r\n" % status
    assert "an interim answer that announces a body" in str(refused(start + line + b"\r\n\r\n"))
    assert len(answers(b"HTTP/1.1 100 a\r\nContent-Length: 0\r\n\r\n" + EMPTY)) == 3


@pytest.mark.parametrize(
    ("method", "start"),
    [
        (
            "GET",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n",
        ),
        ("CONNECT", b"HTTP/1.1 200 Connection established\r\n\r\n"),
        ("CONNECT", b"HTTP/1.0 200 Connection established\r\n\r\n"),
        ("CONNECT", b"HTTP/1.1 299 OK\r\nContent-Length: 5\r\n\r\n"),
        ("CONNECT", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n"),
    ],
)
def test_another_protocol(method: str, start: bytes) -> None:
    """Behind a 101, and a 2xx to CONNECT, all bytes are the other protocol's (9110 15.2.2, 9.3.6)."""
    trace = answers(start + b"HTTP/1.1 nothing", method)
    assert framing(only(trace)) == (False, None, False, False)
    assert trace[1:] == [b"HTTP/1.1 nothing"]


def test_take_rest() -> None:
    """Who takes over gets what has come, and what comes; the end of it is no mistake."""
    reader = ResponseReader(Limits(max_body_size=1))
    reader.expect("CONNECT")
    reader.receive_data(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03")
    assert isinstance(reader.next_event(), ResponseHead)
    assert reader.take_rest() == b"\x16\x03"
    assert reader.take_rest() == b""
    assert reader.next_event() is None
    reader.receive_data(b"\x01\x02")
    assert reader.next_event() == b"\x01\x02"
    assert reader.close() is None


@pytest.mark.parametrize("status", [b"403 Forbidden", b"407 a", b"301 a", b"502 a"])
def test_refused_tunnel(status: bytes) -> None:
    """An answer to CONNECT that is none of 200 to 299 is an answer like others (9110 9.3.6)."""
    data = b"HTTP/1.1 " + status + b"\r\nContent-Length: 1\r\n\r\na"
    trace = answers(data, "CONNECT")
    assert framing(only(trace)) == (True, 1, False, True)
    assert trace[1:] == [b"a", END]


# The connection: RFC 9112 section 9.


@pytest.mark.parametrize(
    ("version", "line", "expected"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: keep-alive\r\n", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: Close\r\n", False),
        (b"1.1", b"Connection: x, close\r\n", False),
        (b"1.1", b"Connection: keep-alive, close\r\n", False),
        (b"1.1", b"Connection: x\r\nConnection: close\r\n", False),
        (b"1.1", b"Connection: upgrade\r\n", True),
        (b"1.1", b"Connection: closed\r\n", True),
        (b"1.2", b"", True),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
        (b"1.0", b"Connection: keep-alive, close\r\n", False),
        (b"1.0", b"Connection: upgrade\r\n", False),
    ],
)
def test_keep_alive(version: bytes, line: bytes, expected: bool) -> None:
    """Version and Connection tell whether the connection can be used again (9112 9.3)."""
    head = only(answers(b"HTTP/" + version + b" 200 OK\r\nContent-Length: 0\r\n" + line + b"\r\n"))
    assert head.keep_alive is expected


@pytest.mark.parametrize(
    "more", [EMPTY, b"x", b"\r\n\r\n", b"\r\nx", b"\n", b"\r\r", b"\0", b"0\r\n\r\n"]
)
def test_unsolicited(more: bytes) -> None:
    """What nobody has asked for is no answer, however it begins (9112 9.2)."""
    for first in (EMPTY, OK + b"Content-Length: 1\r\n\r\na", b"HTTP/1.1 204 a\r\n\r\n"):
        trace = answers(first + more)
        assert "nobody has asked for: b" in str(trace[-1])
        assert trace[-2] == END
    data = OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert "nobody has asked for: b" in str(answers(data + more)[-1])


def test_unsolicited_at_first() -> None:
    """A server that speaks before it is asked is refused at its first byte."""
    reader = ResponseReader(Limits())
    assert reader.next_event() is None
    reader.receive_data(b"H")
    with pytest.raises(HTTPInputError, match="the server sends what nobody has asked for: b'H'"):
        reader.next_event()


@pytest.mark.parametrize("early", [EMPTY, b"H", b"\r\nH", b"\r\n\r\n"])
def test_an_answer_before_its_request(early: bytes) -> None:
    """What came before a request is not taken for its answer, even if nobody had looked at it yet."""
    reader = ResponseReader(Limits())
    reader.expect("GET")
    reader.receive_data(EMPTY + early)
    assert isinstance(reader.next_event(), ResponseHead)
    assert isinstance(reader.next_event(), EndOfBody)
    reader.expect("GET")
    for action in (reader.next_event, reader.close):
        with pytest.raises(HTTPInputError, match="nobody has asked for"):
            action()


@pytest.mark.parametrize("left", [b"", b"\r", b"\r\n"])
def test_an_empty_line_behind_an_answer(left: bytes) -> None:
    """One empty line that a server leaves behind a body spoils nothing, however late its end comes."""
    reader = ResponseReader(Limits())
    for begin in (b"", b"\r\n"[len(left) :], b"\r\n"[len(left) :]):
        reader.expect("GET")
        reader.receive_data(begin + EMPTY + left)
        assert isinstance(reader.next_event(), ResponseHead)
        assert isinstance(reader.next_event(), EndOfBody)
        assert reader.next_event() is None
    assert reader.close() is None


# The end of the connection, in each state: RFC 9112 section 8.

CUT_OFF = [
    (size, data)
    for data in (
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 103 a\r\nX: y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
    )
    for size in range(1, len(data))
]


@pytest.mark.parametrize(("size", "data"), CUT_OFF)
def test_cut_off(size: int, data: bytes) -> None:
    """An answer that has begun and not ended is cut off wherever the connection ends (9112 8)."""
    trace = read([data[:size]], ["GET"])
    assert isinstance(trace[-1], HTTPInputError)
    assert str(trace[-1]).startswith("the connection ended in the middle of ")
    assert trace[-1].status == 400


def test_what_is_cut_off_is_named() -> None:
    """The message says what is missing."""
    reader = ResponseReader(Limits())
    reader.expect("GET")
    reader.receive_data(OK + b"Content-Length: 3\r\n\r\na")
    assert isinstance(reader.next_event(), ResponseHead)
    assert reader.next_event() == b"a"
    with pytest.raises(HTTPInputError, match="of a body of which 2 bytes are missing"):
        reader.close()


@pytest.mark.parametrize(
    "data", [b"", b"\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", EMPTY, EMPTY + b"\r\n"]
)
@pytest.mark.parametrize("methods", [["GET"], ["GET", "GET"]])
def test_nothing_is_cut_off(data: bytes, methods: list[str]) -> None:
    """Where no answer has begun the end is none of the reader's business, though one may be owed."""
    trace: Trace = read([data], methods)
    assert not any(isinstance(each, HTTPInputError) for each in trace)


def test_close_before_anything() -> None:
    """The end of a connection that was never used is no event; nor is a second end."""
    reader = ResponseReader(Limits())
    assert reader.close() is None
    assert reader.close() is None


def test_close_ends_a_body_once() -> None:
    """An answer that goes on until the end has one end."""
    reader = ResponseReader(Limits())
    reader.expect("GET")
    reader.receive_data(OK + b"\r\nabc")
    assert isinstance(reader.next_event(), ResponseHead)
    assert reader.next_event() == b"abc"
    assert reader.next_event() is None
    assert isinstance(reader.close(), EndOfBody)
    assert reader.close() is None
    assert reader.next_event() is None
