"""From answers to bytes, by RFC 9112 sections 4, 6 and 7."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPOutputError
from cyclone_core.http1 import ResponseWriter
from cyclone_core.httputil import HTTPHeaders

X = HTTPHeaders({"X": "y"})
NONE = HTTPHeaders()


def writer(version: str = "1.1", method: str = "GET", keep_alive: bool = True) -> ResponseWriter:
    """Make a writer."""
    return ResponseWriter(f"HTTP/{version}", method, keep_alive)


def test_a_whole_answer_is_one_piece() -> None:
    """Status line, headers, length and body, ready for one write."""
    w = writer()
    assert w.send_response(200, "OK", X, b"hi") == (
        b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 2\r\n\r\nhi"
    )
    assert (w.started, w.done, w.keep_alive) == (True, True, True)


def test_an_empty_body_has_a_length() -> None:
    """Without it the client would wait for more."""
    assert b"Content-Length: 0\r\n" in writer().send_response(404, "Not Found", NONE, b"")


def test_repeated_headers_stay_apart() -> None:
    """Each value has a line of its own, which Set-Cookie needs."""
    headers = HTTPHeaders([("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")])
    assert b"Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n" in writer().send_response(
        200, "OK", headers, b""
    )


def test_head_counts_the_body_and_sends_none() -> None:
    """The answer to HEAD has the headers of GET (RFC 9110 section 9.3.2)."""
    w = writer(method="HEAD")
    assert (
        w.send_response(200, "OK", NONE, b"hello")
        == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    )


def test_head_may_promise_a_length_without_a_body() -> None:
    """A handler's own `head` method knows the length and writes nothing."""
    headers = HTTPHeaders({"Content-Length": "9"})
    assert writer(method="HEAD").send_response(200, "OK", headers, b"").endswith(b": 9\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_content(status: int) -> None:
    """204 and 304 end behind their head and have no length of ours."""
    answer = writer().send_response(status, "X", NONE, b"")
    assert answer == b"HTTP/1.1 %d X\r\n\r\n" % status


def test_304_may_say_the_length_of_200() -> None:
    """RFC 9110 section 8.6 allows it there, and forbids it for 204."""
    headers = HTTPHeaders({"Content-Length": "9"})
    assert b": 9\r\n" in writer().send_response(304, "Not Modified", headers, b"")


@pytest.mark.parametrize(
    ("status", "reason", "headers", "body"),
    [
        (204, "X", {}, b"x"),
        (304, "X", {}, b"x"),
        (204, "X", {"Content-Length": "0"}, b""),
        (200, "OK", {"Content-Length": "3"}, b"four"),
        (200, "OK", {"Content-Length": "5"}, b"four"),
        (200, "OK", {"Content-Length": "x"}, b""),
        (200, "OK", {"Transfer-Encoding": "chunked"}, b""),
        (199, "X", {}, b""),
        (600, "X", {}, b""),
        (200, "a\r\nX: y", {}, b""),
        (200, "<b>", {}, b""),
    ],
)
def test_broken_rules_raise_and_send_nothing(
    status: int, reason: str, headers: dict[str, str], body: bytes
) -> None:
    """The program learns of its mistake, and an error page can still be sent."""
    w = writer()
    with pytest.raises(HTTPOutputError):
        w.send_response(status, reason, HTTPHeaders(headers), body)
    assert not w.started
    assert w.send_response(500, "Internal Server Error", NONE, b"sorry")


@pytest.mark.parametrize(
    ("version", "keep_alive", "headers", "expected", "alive"),
    [
        ("1.1", True, {}, None, True),
        ("1.1", False, {}, "close", False),
        ("1.0", True, {}, "keep-alive", True),
        ("1.0", False, {}, "close", False),
        ("1.1", True, {"Connection": "close"}, "close", False),
        ("1.1", True, {"Connection": "X-Y, Close"}, "X-Y, Close", False),
        ("1.1", True, {"Connection": "keep-alive"}, None, True),
        ("1.1", False, {"Connection": "Keep-Alive"}, "close", False),
        ("1.1", True, {"Connection": "x-y, keep-alive"}, "x-y", True),
        ("1.1", False, {"Connection": "x-y"}, "x-y, close", False),
    ],
)
def test_connection(
    version: str, keep_alive: bool, headers: dict[str, str], expected: str | None, alive: bool
) -> None:
    """The program may close the connection, but not keep what the client wants closed."""
    given = HTTPHeaders(headers)
    w = writer(version, keep_alive=keep_alive)
    answer = w.send_response(200, "OK", given, b"").decode()
    lines = [line.partition(": ")[2] for line in answer.split("\r\n") if line.startswith("Conn")]
    assert lines == ([] if expected is None else [expected])
    assert w.keep_alive is alive
    assert given == headers


def test_interim_answers() -> None:
    """They precede the answer, have no body, and an HTTP/1.0 client gets none."""
    w = writer()
    assert w.send_interim(103, X) == b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"
    assert w.send_interim(100, NONE) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert not w.started
    assert writer("1.0").send_interim(100, NONE) == b""
    for status in (99, 200):
        with pytest.raises(HTTPOutputError, match="100 to 199"):
            w.send_interim(status, NONE)


def test_a_stream_is_chunked() -> None:
    """Without a length HTTP/1.1 has chunks; an empty piece sends nothing, as it would be the end."""
    w = writer()
    assert w.send_head(200, "OK", NONE, b"hello") == (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    )
    assert w.send_data(b"0123456789abcdef") == b"10\r\n0123456789abcdef\r\n"
    assert w.send_data(b"") == b""
    assert w.end() == b"0\r\n\r\n"
    assert w.done


def test_a_stream_may_begin_with_its_head_alone() -> None:
    """No chunk of size zero follows a head without data."""
    assert writer().send_head(200, "OK", NONE, b"").endswith(b"chunked\r\n\r\n")


def test_a_stream_of_known_length() -> None:
    """Exactly the promised bytes are sent as they are."""
    w = writer()
    headers = HTTPHeaders({"Content-Length": "4"})
    assert (
        w.send_head(200, "OK", headers, b"ab") == b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"
    )
    with pytest.raises(HTTPOutputError, match="exceeded by 1 bytes"):
        w.send_data(b"cde")
    assert w.send_data(b"c") == b"c"
    with pytest.raises(HTTPOutputError, match="1 bytes of Content-Length were never written"):
        w.end()
    assert w.send_data(b"d") == b"d"
    assert w.end() == b""


def test_a_stream_to_http_1_0_ends_with_the_connection() -> None:
    """There are no chunks in HTTP/1.0 (RFC 9112 section 6.1)."""
    w = writer("1.0", keep_alive=True)
    assert w.send_head(200, "OK", NONE, b"hi") == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi"
    assert w.send_data(b"!") == b"!"
    assert w.end() == b""
    assert not w.keep_alive


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304)])
def test_a_stream_without_content(method: str, status: int) -> None:
    """What is written behind the head of such an answer is discarded."""
    w = writer(method=method)
    assert w.send_head(status, "X", NONE, b"") == b"HTTP/1.1 %d X\r\n\r\n" % status
    assert w.send_data(b"lost") == b""
    assert w.end() == b""


def test_head_discards_the_first_piece_too() -> None:
    """The first piece of a streamed answer to HEAD is not sent."""
    assert writer(method="HEAD").send_head(200, "OK", NONE, b"hi") == b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("status", "headers", "chunk"),
    [
        (204, {}, b"x"),
        (200, {"Content-Length": "1"}, b"xx"),
        (200, {"Content-Length": "1, 1"}, b"x"),
        (200, {"Content-Length": "-1"}, b""),
        (200, {"Content-Length": "\xb2"}, b""),
        (200, {"Transfer-Encoding": "gzip"}, b""),
        (99, {}, b""),
    ],
)
def test_a_stream_that_breaks_a_rule_is_not_begun(
    status: int, headers: dict[str, str], chunk: bytes
) -> None:
    """The head is not out, so an error page can be."""
    w = writer()
    with pytest.raises(HTTPOutputError):
        w.send_head(status, "X", HTTPHeaders(headers), chunk)
    assert not w.started
    assert w.keep_alive


def test_a_length_is_one_number() -> None:
    """Two Content-Length headers are no length."""
    headers = HTTPHeaders([("Content-Length", "1"), ("Content-Length", "1")])
    for send in (writer().send_head, writer().send_response):
        with pytest.raises(HTTPOutputError, match="Content-Length"):
            send(200, "OK", headers, b"x")


def test_one_answer_for_one_request() -> None:
    """A second answer, data outside of one and an end without a beginning are mistakes."""
    w = writer()
    with pytest.raises(HTTPOutputError, match="send_head first"):
        w.send_data(b"x")
    with pytest.raises(HTTPOutputError, match="no answer has begun"):
        w.end()
    w.send_response(200, "OK", NONE, b"")
    for again in (w.send_response, w.send_head):
        with pytest.raises(HTTPOutputError, match="has begun already"):
            again(200, "OK", NONE, b"")
    with pytest.raises(HTTPOutputError, match="has begun already"):
        w.send_interim(100, NONE)
    with pytest.raises(HTTPOutputError, match="end last"):
        w.send_data(b"x")
    with pytest.raises(HTTPOutputError, match="no answer has begun"):
        w.end()


@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding"])
def test_an_interim_answer_has_no_framing(name: str) -> None:
    """RFC 9110 section 8.6 and RFC 9112 section 6.1 forbid both fields there."""
    w = writer()
    with pytest.raises(HTTPOutputError, match=name):
        w.send_interim(103, HTTPHeaders({name: "0"}))
    assert w.send_interim(103, NONE) == b"HTTP/1.1 103 Early Hints\r\n\r\n"


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("method", "status", "lengths"),
    [
        ("GET", 204, ["0"]),
        ("HEAD", 204, ["0"]),
        ("GET", 304, ["x"]),
        ("GET", 304, ["-1"]),
        ("GET", 304, ["1", "1"]),
        ("HEAD", 200, ["x"]),
        ("HEAD", 200, ["1", "1"]),
        ("HEAD", 304, ["+1"]),
    ],
)
def test_a_length_without_a_body_must_be_right_too(
    streamed: bool, method: str, status: int, lengths: list[str]
) -> None:
    """A promise is checked where its body is not sent, and 204 makes none (RFC 9110 section 8.6)."""
    w = writer(method=method)
    headers = HTTPHeaders([("Content-Length", length) for length in lengths])
    with pytest.raises(HTTPOutputError, match="Content-Length"):
        (w.send_head if streamed else w.send_response)(status, "X", headers, b"")
    assert not w.started


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("HEAD", 304), ("GET", 304)])
def test_a_stream_without_content_may_say_its_length(method: str, status: int) -> None:
    """The length is the one that GET would have, and no byte of it is owed."""
    w = writer(method=method)
    head = w.send_head(status, "X", HTTPHeaders({"Content-Length": "9"}), b"")
    assert head == b"HTTP/1.1 %d X\r\nContent-Length: 9\r\n\r\n" % status
    assert w.end() == b""
    assert w.done


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize(
    ("status", "reason", "headers"),
    [
        (200, "a\nb", {"Connection": "close"}),
        (200, "OK", {"Connection": "close", "Transfer-Encoding": "chunked"}),
        (99, "X", {"Connection": "close"}),
    ],
)
def test_what_raises_changes_nothing(
    version: str, status: int, reason: str, headers: dict[str, str]
) -> None:
    """The connection still lives as long as the client wants, so the error page can go out on it."""
    w = writer(version)
    for send in (w.send_head, w.send_response):
        with pytest.raises(HTTPOutputError):
            send(status, reason, HTTPHeaders(headers), b"")
        assert (w.started, w.done, w.keep_alive) == (False, False, True)


def test_a_body_of_the_wrong_type_changes_nothing() -> None:
    """Text instead of bytes is a TypeError before the answer has begun."""
    w = writer()
    for send in (w.send_head, w.send_response):
        with pytest.raises(TypeError):
            send(200, "OK", NONE, "text")  # type: ignore[arg-type]
        assert not w.started


def test_an_error_page_follows_a_failed_beginning() -> None:
    """After a refused stream a whole answer is sent as if nothing had been."""
    w = writer("1.0")
    with pytest.raises(HTTPOutputError):
        w.send_head(200, "<b>", NONE, b"")
    assert w.send_response(500, "Internal Server Error", NONE, b"sorry") == (
        b"HTTP/1.1 500 Internal Server Error\r\n"
        b"Content-Length: 5\r\nConnection: keep-alive\r\n\r\nsorry"
    )


def test_empty_connection_options_are_dropped() -> None:
    """A list of nothing is no header."""
    for value in (",", "keep-alive, ,", ""):
        answer = writer().send_response(200, "OK", HTTPHeaders({"Connection": value}), b"")
        assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def read_by_h11(method: str, data: bytes) -> tuple[int, bytes, list[tuple[bytes, bytes]], bytes]:
    """Read one answer as a client does: status, reason, headers and body."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(data)
    client.receive_data(b"")
    response = client.next_event()
    assert isinstance(response, h11.Response)
    body = b""
    while isinstance(event := client.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    return response.status_code, bytes(response.reason), list(response.headers), body


@given(
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    version=st.sampled_from(["1.0", "1.1"]),
    status=st.sampled_from([200, 201, 204, 304, 404, 500, 599]),
    keep_alive=st.booleans(),
    promised=st.booleans(),
    values=st.lists(st.text("ab \t\xe9;=", max_size=5), max_size=3),
    chunks=st.lists(st.binary(max_size=20), max_size=5),
)
def test_an_independent_client_reads_every_answer(
    method: str,
    version: str,
    status: int,
    keep_alive: bool,
    promised: bool,
    values: list[str],
    chunks: list[bytes],
) -> None:
    """Whatever is sent in one piece or in several, h11 reads the same status, headers and body."""
    bodyless = status in {204, 304}
    if bodyless:
        chunks = []
    body = b"".join(chunks)
    headers = HTTPHeaders([("X-Y", value) for value in values])
    if promised and status != 204:
        headers["Content-Length"] = str(len(body))
    w, s = (writer(version, method, keep_alive) for _ in range(2))
    whole = w.send_response(status, "Why not", headers, body)
    streamed = s.send_head(status, "Why not", headers, b"".join(chunks[:1]))
    streamed += b"".join([s.send_data(chunk) for chunk in chunks[1:]]) + s.end()
    for data, sender in ((whole, w), (streamed, s)):
        got = read_by_h11(method, data)
        assert got[:2] == (status, b"Why not")
        assert got[3] == (b"" if method == "HEAD" else body)
        assert [value for name, value in got[2] if name == b"x-y"] == [
            value.strip(" \t").encode("latin-1") for value in values
        ]
        assert ((b"connection", b"close") in got[2]) is not sender.keep_alive
        assert sender.done
    assert w.keep_alive is keep_alive


def test_bytes_past_the_writer_are_counted() -> None:
    """What is sent by other means counts as if it were written: no more, and no less, is allowed."""
    w = writer()
    assert w.room == 0
    w.send_head(200, "OK", HTTPHeaders({"Content-Length": "10"}), b"ab")
    assert w.room == 8
    w.count_data(5)
    assert w.room == 3
    with pytest.raises(HTTPOutputError, match="3 bytes"):
        w.end()
    w.count_data(3)
    assert w.end() == b""


def test_there_is_room_up_to_the_end_of_the_connection() -> None:
    """Without a length, for HTTP/1.0, any number of bytes may be sent past the writer."""
    w = writer("1.0")
    w.send_head(200, "OK", NONE, b"")
    w.count_data(10**12)
    assert w.room > 10**12
    assert w.end() == b""


@pytest.mark.parametrize(("status", "method"), [(200, "GET"), (200, "HEAD"), (304, "GET")])
def test_there_is_no_room_where_bytes_are_not_sent_as_they_are(status: int, method: str) -> None:
    """Chunks are framed, and an answer without a body has none."""
    w = writer(method=method)
    w.send_head(status, "OK", NONE, b"")
    assert w.room == 0
