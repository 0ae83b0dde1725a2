"""From bytes to events: order, bodies, limits, and what comes after an error."""

import contextlib
import gc
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.http1 import EndOfBody, RequestHead, RequestReader
from cyclone_core.limits import Limits

TraceOf = Callable[..., list[object]]

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
GOT = ("GET", "/", "HTTP/1.1", {"Host": "a"}, True)
END: tuple[str, dict[str, str]] = ("end", {})


def post(body: bytes, *headers: bytes) -> bytes:
    """Write a POST."""
    return b"\r\n".join([b"POST / HTTP/1.1", b"Host: a", *headers, b"", b""]) + body


def head_of(reader: RequestReader) -> RequestHead:
    """Return the next event, which is a head."""
    event = reader.next_event()
    assert isinstance(event, RequestHead)
    return event


def test_pipelined_requests_come_out_in_order(trace_of: TraceOf) -> None:
    """Requests behind each other, with and without bodies, are told apart."""
    data = GET + post(b"hello", b"Content-Length: 5") + GET
    trace = trace_of(data)
    assert trace[0] == GOT
    assert trace[2:] == [b"hello", END, GOT]


def test_nothing_is_parsed_ahead() -> None:
    """The next head is read only when it is asked for: an answer to the first may end it all."""
    reader = RequestReader(Limits())
    reader.receive_data(GET + b"rubbish\r\n\r\n")
    assert head_of(reader).method == "GET"
    assert reader.buffered == len(b"rubbish\r\n\r\n")


def test_nothing_is_parsed_after_an_error() -> None:
    """An error repeats itself, whatever arrives."""
    reader = RequestReader(Limits())
    reader.receive_data(b"BAD\r\n\r\n" + GET)
    for _ in range(2):
        with pytest.raises(HTTPInputError, match="malformed request line"):
            reader.next_event()
        reader.receive_data(GET)


def test_an_error_in_a_body_is_final_too() -> None:
    """Behind a body that cannot be read nothing is a request."""
    reader = RequestReader(Limits())
    reader.receive_data(post(b"x\r\n", b"Transfer-Encoding: chunked") + GET)
    head_of(reader)
    for _ in range(2):
        with pytest.raises(HTTPInputError, match="chunk-size"):
            reader.next_event()


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (b"\r\n", [GOT]),
        (b"\r\n\r\n", [400]),
        (b"\n", [400]),
        (b"\r", [400]),
        (b" \r\n", [400]),
    ],
)
def test_one_empty_line_before_a_request(
    trace_of: TraceOf, before: bytes, expected: list[object]
) -> None:
    """One CRLF is left over from old clients (RFC 9112 section 2.2); more, or less, is an error."""
    assert trace_of(before + GET) == expected


@pytest.mark.parametrize("before", [b"", b"\r\n"])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"HEAD / HTTP/1.1\r\n\r\n", True),
        (b"HEAD / HTTP/1.1\r\nX", True),
        (b"HEAD / HTTP/1.1\n", True),
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (b"HEADER / HTTP/1.1\r\n\r\n", False),
        (b"\r\n\r\nHEAD / HTTP/1.1\r\n\r\n", False),
        (b"HEAD", False),
        (b"", False),
    ],
)
def test_a_refused_head_is_known(before: bytes, data: bytes, expected: bool) -> None:
    """Whether the answer to a mistake has a body can be asked, for whole and for unfinished heads."""
    data = before + data
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))]):
        reader = RequestReader(Limits())
        with contextlib.suppress(HTTPInputError):
            for piece in pieces:
                reader.receive_data(piece)
                reader.next_event()
        assert reader.asks_head is expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", False),
        (b"\r", False),
        (b"\r\n", False),
        (b"\r\nG", True),
        (b"\r\n\r", True),
        (b"G", True),
        (b"\n", True),
        (b" ", True),
    ],
)
def test_an_empty_line_begins_no_head(data: bytes, expected: bool) -> None:
    """Who sends one behind a request, as old clients do, has not asked again."""
    reader = RequestReader(Limits())
    reader.receive_data(data)
    assert reader.head_begun is expected


@pytest.mark.parametrize(
    ("header", "pieces"),
    [
        (b"Content-Length: 2", [b"a", b"b"]),
        (b"Transfer-Encoding: chunked", [b"1\r\na\r\n", b"0\r\n\r\n"]),
        (b"Transfer-Encoding: chunked", [b"", b"1\r\na\r\n0\r\n\r\n"]),
    ],
)
def test_an_end_that_is_due_is_known(header: bytes, pieces: list[bytes]) -> None:
    """A body that goes on needs bytes; behind its last one its end needs no further ones."""
    reader = RequestReader(Limits())
    reader.receive_data(post(b"", header))
    head_of(reader)
    for number, piece in enumerate(pieces, 1):
        reader.receive_data(piece)
        if piece != b"0\r\n\r\n":
            reader.next_event()
            assert reader.starved is (number < len(pieces))
    assert isinstance(reader.next_event(), EndOfBody)


def test_one_empty_line_between_requests(trace_of: TraceOf) -> None:
    """It may stand before each request."""
    data = post(b"x", b"Content-Length: 1") + b"\r\n" + GET + b"\r\n" + GET
    assert trace_of(data)[2:] == [END, GOT, GOT]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    ],
)
def test_bare_line_ends_are_refused(trace_of: TraceOf, data: bytes) -> None:
    """A line ends with CRLF and with nothing else."""
    assert trace_of(data) == [400]


def test_a_bare_lf_is_refused_before_the_head_is_complete() -> None:
    """A client that speaks no HTTP learns it at once and need not time out."""
    reader = RequestReader(Limits())
    reader.receive_data(b"hello\n")
    with pytest.raises(HTTPInputError, match="bare LF"):
        reader.next_event()


def test_a_body_of_known_length_may_come_in_pieces() -> None:
    """Each read gives what is there; the end is an event of its own."""
    reader = RequestReader(Limits())
    reader.receive_data(post(b"ab", b"Content-Length: 4"))
    head_of(reader)
    assert reader.next_event() == b"ab"
    assert reader.next_event() is None
    reader.receive_data(b"cdGET")
    assert reader.next_event() == b"cd"
    assert isinstance(reader.next_event(), EndOfBody)
    assert reader.take_rest() == b"GET"
    assert reader.next_event() is None


def test_the_limit_of_a_body_may_be_set_when_its_head_is_known() -> None:
    """At the limit a body passes, one byte beyond it is 413 before a byte of it is read."""
    for size, refused in [(5, False), (4, True)]:
        reader = RequestReader(Limits())
        reader.receive_data(post(b"hello", b"Content-Length: 5"))
        head_of(reader)
        reader.max_body_size = size
        if refused:
            with pytest.raises(HTTPInputError, match="longer than 4 bytes") as caught:
                reader.next_event()
            assert caught.value.status == 413
        else:
            assert reader.next_event() == b"hello"


def test_the_limit_holds_for_one_body_only() -> None:
    """The next request starts with the limit of the connection again."""
    reader = RequestReader(Limits(max_body_size=3))
    reader.receive_data(post(b"hello", b"Content-Length: 5") + post(b"abcd", b"Content-Length: 4"))
    head_of(reader)
    reader.max_body_size = 10
    assert reader.next_event() == b"hello"
    assert isinstance(reader.next_event(), EndOfBody)
    head_of(reader)
    with pytest.raises(HTTPInputError, match="longer than 3 bytes"):
        reader.next_event()


@pytest.mark.parametrize(("size", "status"), [(5, None), (4, 413)])
def test_chunks_are_counted(trace_of: TraceOf, size: int, status: int | None) -> None:
    """The sum of the chunks is bounded, not their sizes."""
    body = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    trace = trace_of(post(body, b"Transfer-Encoding: chunked"), Limits(max_body_size=size))
    assert trace[-1] == (END if status is None else status)


LINE = 40


@pytest.mark.parametrize(
    ("data", "limits", "status"),
    [
        (
            b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * LINE),
            {"max_request_line": LINE + 14},
            None,
        ),
        (
            b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * LINE),
            {"max_request_line": LINE + 13},
            414,
        ),
        (
            b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % (b"a" * LINE),
            {"max_header_line": LINE + 6},
            None,
        ),
        (b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % (b"a" * LINE), {"max_header_line": LINE + 5}, 431),
        (GET, {"max_header_size": len(GET) - 4}, None),
        (GET, {"max_header_size": len(GET) - 5}, 431),
        (GET, {"max_header_count": 1}, None),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", {"max_header_count": 1}, 431),
    ],
)
def test_limits_of_a_head(
    trace_of: TraceOf, data: bytes, limits: dict[str, int], status: int | None
) -> None:
    """Each bound holds at the limit and one byte beyond it, with an empty line before or without."""
    for before in (b"", b"\r\n"):
        (result,) = trace_of(before + data, Limits(**limits))  # type: ignore[arg-type]
        assert result == status if status else isinstance(result, tuple)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"x" * 9000, 501),
        (b"\r\n" + b"x" * 9000, 501),
        (b"GET /" + b"x" * 9000, 414),
        (b"\r\nGET /" + b"x" * 9000, 414),
        (b"{" * 9000, 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000, 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 102, 431),
        (b"GET / HTTP/1.1\r\n" + (b"X: %b\r\n" % (b"y" * 900)) * 50, 431),
    ],
)
def test_a_head_that_never_ends_is_refused(trace_of: TraceOf, data: bytes, status: int) -> None:
    """A client that never sends the empty line meets the limits nevertheless."""
    assert trace_of(data) == [status]


def test_input_byte_by_byte_is_linear() -> None:
    """100 kB in single bytes cost time in proportion: four times the input, not sixteen times."""

    def seconds(lines: int) -> float:
        limits = Limits(max_header_size=10**6, max_header_count=10**6)
        data = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: %b\r\n" % (b"y" * 95) * lines + b"\r\n"
        reader = RequestReader(limits)
        start = time.thread_time()
        for index in range(len(data)):
            reader.receive_data(data[index : index + 1])
            event = reader.next_event()
        assert isinstance(event, RequestHead)
        return time.thread_time() - start

    seconds(100)
    assert seconds(1000) < 10 * max(seconds(250), 0.005)


@given(st.data())
def test_the_cuts_between_reads_do_not_matter(data: st.DataObject) -> None:
    """However the network cuts the bytes, the same events come out."""
    chunked = b"4;a=b\r\nwiki\r\n5\r\npedia\r\n0\r\nX: y\r\n\r\n"
    stream = GET + post(chunked, b"Transfer-Encoding: chunked") + post(b"abc", b"Content-Length: 3")
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1))))
    reader = RequestReader(Limits())
    seen: list[object] = []
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        reader.receive_data(stream[start:stop])
        while (event := reader.next_event()) is not None:
            seen.append(event)
    heads = [event.method for event in seen if isinstance(event, RequestHead)]
    bodies = b"".join(event for event in seen if isinstance(event, bytes))
    ends = [event.trailers for event in seen if isinstance(event, EndOfBody)]
    assert (heads, bodies, ends) == (["GET", "POST", "POST"], b"wikipediaabc", [{"X": "y"}, {}])


@given(data=st.data())
def test_the_cuts_between_reads_do_not_matter_for_mistakes(
    feed: Callable[..., list[object]], data: st.DataObject
) -> None:
    """A spoilt stream is refused at the same request, with one of two mistakes if it has two."""
    chunked = b"4;a=b\r\nwiki\r\n0\r\nX: y\r\n\r\n"
    stream = GET + post(chunked, b"Transfer-Encoding: chunked") + post(b"abc", b"Content-Length: 3")
    noise = st.sampled_from([b"", b"\r", b"\n", b"\r\n", b" ", b"\x00", b"5", b":", b"x" * 70])
    for _ in range(data.draw(st.integers(1, 2))):
        start = data.draw(st.integers(0, len(stream)))
        stop = data.draw(st.integers(start, min(start + 2, len(stream))))
        stream = stream[:start] + data.draw(noise) + stream[stop:]
    limits = Limits(max_request_line=60, max_header_line=60, max_chunk_line=60)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1))))
    pieces = [stream[i:j] for i, j in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, cut = (
        [event for event in feed(each, limits) if not isinstance(event, bytes)]
        for each in ([stream], pieces)
    )
    statuses = [trace.pop() for trace in (whole, cut) if trace and isinstance(trace[-1], int)]
    assert whole == cut
    assert len(statuses) in {0, 2}


HEADS = st.lists(
    st.sampled_from(
        b"\r\n|\r\n\r\n|\r|\n|HEAD|HEAD | |GET |/| HTTP/1.1\r\n|Host: a\r\n|X: y\r\n|\x01|xxxxxxxxxxxx"
        b"|HEAD / HTTP/1.1\r\nHost: a\r\n\r\n".split(b"|")
    ),
    min_size=1,
    max_size=8,
).map(b"".join)
# Room for the name of a method and a blank, without which nothing at all is let through.
NARROW = st.builds(
    Limits,
    max_request_line=st.integers(5, 40),
    max_header_line=st.integers(1, 40),
    max_header_size=st.integers(1, 60),
    max_header_count=st.integers(1, 3),
)


@settings(max_examples=300)
@given(HEADS, NARROW | st.just(Limits()), st.data())
def test_the_cuts_do_not_matter_for_who_asks_head(
    stream: bytes, limits: Limits, data: st.DataObject
) -> None:
    """Whichever mistake or limit ends it, what is taken for a HEAD in one read is in several, too."""
    cuts = sorted(data.draw(st.sets(st.integers(1, max(len(stream) - 1, 1)))))
    pieces = [stream[i:j] for i, j in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = []
    for each in ([stream], pieces, [bytes([byte]) for byte in stream]):
        reader = RequestReader(limits)
        heads = refused = 0
        for piece in each:
            reader.receive_data(piece)
            try:
                while reader.next_event() is not None:
                    heads += 1
            except HTTPInputError:
                refused = True
                break
        found.append((heads, refused, reader.asks_head))
    assert found[1:] == found[:1] * 2


@given(st.binary(max_size=200), st.integers(0, 60))
def test_any_bytes_give_events_or_one_error(noise: bytes, place: int) -> None:
    """No input leads to another exception than HTTPInputError with a 4xx or 5xx status."""
    reader = RequestReader(Limits(max_header_size=500))
    base = post(b"3\r\nabc\r\n0\r\n\r\n", b"Transfer-Encoding: chunked")
    reader.receive_data(base[:place] + noise + base[place:])
    status = 400
    try:
        while reader.next_event() is not None:
            pass
    except HTTPInputError as error:
        status = error.status
    assert 400 <= status <= 505


def test_an_error_leaves_no_cycle() -> None:
    """A malformed request is freed by counting references; the collector finds nothing."""
    gc.collect()
    for _ in range(10):
        reader = RequestReader(Limits())
        reader.receive_data(b"BAD\r\n\r\n")
        with contextlib.suppress(HTTPInputError):
            reader.next_event()
    del reader
    assert gc.collect() == 0


def test_many_lines_of_one_header_are_linear() -> None:
    """3000 lines of one name, at raised limits, cost what 3000 names cost (CVE-2025-67725)."""
    limits = Limits(max_header_size=10**7, max_header_count=10**5)

    def seconds(lines: int) -> float:
        reader = RequestReader(limits)
        start = time.thread_time()
        reader.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * lines + b"\r\n")
        assert len(head_of(reader).headers["X"]) == lines
        return time.thread_time() - start

    assert seconds(3000) < 1
    assert seconds(40_000) < 10 * max(seconds(10_000), 0.01)


@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_pipelined_requests_of_one_read_are_linear(method: bytes) -> None:
    """A read full of requests is not copied for each of them."""

    def seconds(count: int) -> float:
        one = method + b" / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (method == b"POST")
        reader = RequestReader(Limits())
        start = time.thread_time()
        reader.receive_data((one + b"x" * (method == b"POST")) * count)
        heads = 0
        while (event := reader.next_event()) is not None:
            heads += isinstance(event, RequestHead)
        assert heads == count
        return time.thread_time() - start

    seconds(100)
    assert seconds(8000) < 10 * max(seconds(2000), 0.01)


def test_a_body_byte_by_byte_is_linear() -> None:
    """100 kB of body, plain or in chunks of one byte, cost time in proportion."""

    def seconds(size: int, *, chunked: bool) -> float:
        if chunked:
            data = post(b"1\r\nx\r\n" * (size // 6) + b"0\r\n\r\n", b"Transfer-Encoding: chunked")
        else:
            data = post(b"x" * size, b"Content-Length: %d" % size)
        reader = RequestReader(Limits())
        event: object = None
        start = time.thread_time()
        for index in range(len(data)):
            reader.receive_data(data[index : index + 1])
            while (next_event := reader.next_event()) is not None:
                event = next_event
        assert isinstance(event, EndOfBody)
        return time.thread_time() - start

    for chunked in (False, True):
        seconds(1000, chunked=chunked)
        assert seconds(100_000, chunked=chunked) < 10 * max(seconds(25_000, chunked=chunked), 0.005)


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize(
    "data",
    [
        post(b"x" * 5000, b"Content-Length: 5000"),
        post(b"1388\r\n%b\r\n0\r\n\r\n" % (b"x" * 5000), b"Transfer-Encoding: chunked"),
    ],
    ids=["length", "chunked"],
)
def test_an_idle_reader_holds_no_body(data: bytes, pieces: int) -> None:
    """When a body has been taken its bytes are freed, not kept until the next request."""
    reader = RequestReader(Limits())
    half = len(data) // pieces
    for start in range(0, len(data), half):
        reader.receive_data(data[start : start + half])
        while reader.next_event() is not None:
            pass
    assert reader.buffered == 0
    held = gc.get_referents(reader, *gc.get_referents(reader))
    assert max(sys.getsizeof(thing) for thing in held if isinstance(thing, bytes | bytearray)) < 100


def test_an_idle_reader_holds_no_head_that_came_in_pieces() -> None:
    """A long head that was collected is freed when it is parsed."""
    data = b"GET / HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n" % (b"x" * 5000)
    reader = RequestReader(Limits())
    for piece in (data[:50], data[50:]):
        reader.receive_data(piece)
        event = reader.next_event()
    assert isinstance(event, RequestHead)
    held = gc.get_referents(reader, *gc.get_referents(reader))
    assert max(sys.getsizeof(thing) for thing in held if isinstance(thing, bytes | bytearray)) < 100
