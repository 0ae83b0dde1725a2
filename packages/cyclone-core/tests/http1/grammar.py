"""Hypothesis strategies for requests and answers: right ones by the grammar, and such with a slip or two."""

from hypothesis import strategies as st

__all__ = ["PIECES", "answers", "requests", "slipped"]

METHODS = st.sampled_from([b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH"])
TARGETS = st.sampled_from(
    [
        b"/",
        b"/a?b=c",
        b"//x",
        b"/%41?",
        b"http://b",
        b"http://b:80/x?y",
        b"HTTP://[::1]/",
        b"/a;b@c",
    ]
)
HOSTS = st.sampled_from([b"a", b"a.example:80", b"[::1]", b"[::1]:8080", b"127.0.0.1", b"a:"])
BLANKS = st.sampled_from([b"", b" ", b"\t", b" \t "])
LINES = st.lists(
    st.sampled_from(
        [
            b"X: y",
            b"X-Y:",
            b"Accept: */*",
            b"Cookie: a=b; c=d",
            b"X: \xe9\x80",
            b"Connection: keep-alive",
            b"connection: x, Y",
            b"Connection:close",
            b"Expect: 100-continue",
            b"Content-Type: text/plain",
            b'If-None-Match: "a", W/"b"',
        ]
    ),
    max_size=3,
    unique=True,
)
BODIES = st.sampled_from(
    [b"", b"a", b"hello", b"\r\n", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256))]
)
EXTENSIONS = st.sampled_from([b"", b"", b"", b";a", b";a=b", b';a="b\\"c"', b" ; a = b"])
TRAILERS = st.sampled_from([b"", b"", b"X: y\r\n", b"X: y\r\nZ:\r\n"])

# What is likely to matter where it does not belong.
PIECES = st.sampled_from(
    (
        b"\r|\n|\r\n|\r\n\r\n|\r\n | |\t|\x0b|\x85|\xa0|\xe9|\x00|\x7f|:|;|,|/|?|#|*|@|%|[|]|+|-|_|0|5|x"
        b"|chunked|identity|X: y\r\n|Host: a\r\n|Content-Length: 5\r\n|Transfer-Encoding: chunked\r\n"
        b'|HTTP/1.0|HTTP/1.2|POST |0\r\n\r\n|ffffffffff|"|\\|=|gzip, |close|100-continue'
    ).split(b"|")
)


@st.composite
def _chunked(draw: st.DrawFn, body: bytes) -> bytes:
    """Spell a body in chunks."""
    coded = b""
    while body:
        size = draw(st.integers(1, len(body)))
        digits = draw(st.sampled_from([b"%x", b"%X", b"%04x"])) % size
        coded += digits + draw(EXTENSIONS) + b"\r\n" + body[:size] + b"\r\n"
        body = body[size:]
    last = draw(st.sampled_from([b"0", b"00", b"0" * 16]))
    return coded + last + draw(EXTENSIONS) + b"\r\n" + draw(TRAILERS) + b"\r\n"


@st.composite
def _one(draw: st.DrawFn) -> bytes:
    version = draw(st.sampled_from([b"HTTP/1.1"] * 4 + [b"HTTP/1.0"]))
    host = b"Host:" + draw(BLANKS) + draw(HOSTS) + draw(BLANKS)
    lines = [host, *draw(LINES)]
    body = draw(BODIES)
    kind = draw(st.sampled_from(["none", "length", "chunks"]))
    if kind == "none" or (kind == "chunks" and version == b"HTTP/1.0"):
        body = b""
    elif kind == "length":
        lines.append(b"Content-Length:" + draw(BLANKS) + b"%d" % len(body))
    else:
        lines.append(b"Transfer-Encoding: " + draw(st.sampled_from([b"chunked", b"CHUNKED"])))
        body = draw(_chunked(body))
    order = draw(st.permutations(lines))
    first = b" ".join([draw(METHODS), draw(TARGETS), version])
    return b"\r\n".join([first, *order, b"", b""]) + body


def requests() -> st.SearchStrategy[bytes]:
    """Make one to three requests behind each other."""
    return st.lists(_one(), min_size=1, max_size=3).map(b"".join)


@st.composite
def slipped(draw: st.DrawFn, whole: st.SearchStrategy[bytes] | None = None) -> bytes:
    """Make requests and change one or two places: a byte, a piece twice, not at all, or too much."""
    data = draw(requests() if whole is None else whole)
    for _ in range(draw(st.integers(1, 2))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(start + 4, len(data))))
        kind = draw(st.sampled_from(["change", "repeat", "delete", "insert"]))
        piece = data[start:stop]
        if kind == "change":
            piece = draw(st.binary(min_size=1, max_size=1))
            stop = min(start + 1, len(data))
        elif kind == "repeat":
            piece *= 2
        elif kind == "delete":
            piece = b""
        else:
            piece += draw(PIECES | st.binary(min_size=1, max_size=2))
        data = data[:start] + piece + data[stop:]
    return data


STATUS_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 ",
        b"HTTP/1.1 206 Partial Content",
        b"HTTP/1.1 302 Found",
        b"HTTP/1.1 404 Not\tFound",
        b"HTTP/1.1 503 \xe9",
        b"HTTP/1.1 299 (a) <b>",
        b"HTTP/1.0 200 OK",
    ]
)
ANSWER_LINES = st.lists(
    st.sampled_from(
        [
            b"X: y",
            b"X-Y:",
            b"Server: a/1.0 (b)",
            b"Set-Cookie: a=b; Path=/",
            b"set-cookie:c=d",
            b"X: \xe9\x80",
            b"Connection: keep-alive",
            b"Connection:close",
            b'ETag: W/"a"',
            b"Date: Sat, 21 Nov 2026 23:14:40 GMT",
            b"Content-Type: text/html; charset=utf-8",
        ]
    ),
    max_size=4,
    unique=True,
)
INTERIM = st.sampled_from(
    [
        b"",
        b"",
        b"",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n",
    ]
)


@st.composite
def _answer(draw: st.DrawFn, last: bool) -> tuple[bytes, str]:
    """Make an answer and the method that it belongs to."""
    line = draw(STATUS_LINES)
    lines = draw(ANSWER_LINES)
    body = draw(BODIES)
    method = "GET"
    kinds = ["length", "length", "none", "head"]
    kinds += ["chunks", "chunks"] if line.startswith(b"HTTP/1.1") else []
    kind = draw(st.sampled_from(kinds + ["rest"] * last))
    if kind == "length":
        lines.append(b"Content-Length:" + draw(BLANKS) + b"%d" % len(body))
    elif kind == "chunks":
        lines.append(b"Transfer-Encoding: " + draw(st.sampled_from([b"chunked", b"CHUNKED"])))
        body = draw(_chunked(body))
    elif kind == "none":
        line = draw(st.sampled_from([b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified"]))
        body = b""
    elif kind == "head":
        method = "HEAD"
        lines += draw(st.sampled_from([[], [b"Content-Length: 5"]]))
        body = b""
    head = b"\r\n".join([line, *draw(st.permutations(lines)), b"", b""])
    return draw(INTERIM) + head + body, method


@st.composite
def answers(draw: st.DrawFn, most: int = 3) -> tuple[bytes, list[str]]:
    """Make some answers behind each other, and the methods that they belong to."""
    count = draw(st.integers(1, most))
    made = [draw(_answer(last=number == count - 1)) for number in range(count)]
    return b"".join([data for data, _ in made]), [method for _, method in made]
