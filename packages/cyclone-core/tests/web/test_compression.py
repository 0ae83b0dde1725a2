"""Compressed answers: which are, for whom, and what their heads say then."""

import gzip
import random
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web import GZipContentEncoding, RequestHandler
from cyclone_core.web.compression import compression

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported

TEXT = "All work and no play makes Jack a dull boy.\n" * 100
TAG = '"v1"'


class Page(RequestHandler):
    """A page of any length, type and status."""

    def get(self) -> None:
        self.set_header("Content-Type", self.get_argument("type", "text/html; charset=UTF-8"))
        self.set_status(int(self.get_argument("status", "200")))
        for header in self.get_arguments("header"):
            name, _, value = header.partition(":")
            self.add_header(name, value)
        self.write(TEXT[: int(self.get_argument("length", "4000"))])


class Pieces(RequestHandler):
    """An answer in pieces."""

    def get(self) -> None:
        for header in self.get_arguments("header"):
            name, _, value = header.partition(":")
            self.set_header(name, value)
        pieces = int(self.get_argument("pieces", "3"))
        for _ in range(pieces):
            self.write(TEXT[:100])
            self.flush()


def accepts(field: str, **settings: Any) -> bool:  # noqa: ANN401 -- settings
    """Tell whether a page of 4000 bytes is compressed for a client with this `Accept-Encoding`."""
    kind = compression({"compress_response": True, **settings})
    assert kind is not None
    request = HTTPServerRequest("GET", "/", headers=HTTPHeaders({"Accept-Encoding": field}))
    headers = HTTPHeaders({"Content-Type": "text/plain"})
    _, headers, _ = kind(request).transform_first_chunk(200, headers, TEXT[:4000].encode(), True)
    return "Content-Encoding" in headers


def test_a_page_is_compressed(serve: Serve) -> None:
    """It comes shorter, says what it is and how long, and is the page."""
    server = serve(Page, compress_response=True)
    answer = server.ask("/", Accept_Encoding="gzip, deflate, br")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(answer.body) < 500
    assert gzip.decompress(answer.body).decode() == TEXT[:4000]


def test_the_older_name_of_the_setting(serve: Serve) -> None:
    """`gzip=True` is what cyclone and Tornado before 4 call it."""
    answer = serve(Page, gzip=True).ask("/", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"


def test_off_by_default(serve: Serve) -> None:
    """Without the setting nothing is compressed, and nothing varies."""
    answer = serve(Page).ask("/", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] is None
    assert answer.headers["Vary"] is None


def test_the_same_page_gives_the_same_bytes(serve: Serve) -> None:
    """There is no time in it, so that caches and tests can compare."""
    server = serve(Page, compress_response=True)
    assert (
        server.ask("/", Accept_Encoding="gzip").body == server.ask("/", Accept_Encoding="gzip").body
    )


@pytest.mark.parametrize(("length", "coded"), [(0, False), (1023, False), (1024, True)])
def test_short_answers_are_left_alone(serve: Serve, length: int, coded: bool) -> None:
    """Below 1024 bytes compression costs more than it saves; the answer varies all the same."""
    server = serve(Page, compress_response=True)
    answer = server.ask(f"/?length={length}", Accept_Encoding="gzip")
    assert (answer.headers["Content-Encoding"] == "gzip") is coded
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("kind", "coded"),
    [
        ("text/plain", True),
        ("TEXT/CSS ; charset=x", True),
        ("application/json; charset=UTF-8", True),
        ("application/javascript", True),
        ("application/problem+json", True),
        ("image/svg+xml", True),
        ("application/wasm", True),
        ("image/png", False),
        ("application/octet-stream", False),
        ("text/event-stream", False),
    ],
)
def test_types(serve: Serve, kind: str, coded: bool) -> None:
    """Text is compressed under all its types, and nothing that is compressed already."""
    server = serve(Page, compress_response=True)
    answer = server.ask("/?type=" + quote(kind), Accept_Encoding="gzip")
    assert (answer.headers["Content-Encoding"] == "gzip") is coded


@pytest.mark.parametrize(
    ("field", "coded"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("*", True),
        ("br, *;q=0.1, identity;q=0", True),
        ("gzip;q=1.0", True),
        ("gzip ; Q=0.5", True),
        ("gzip;q=0.001", True),
        ("gzip;q=0.5, identity;q=0.5", True),
        ("deflate, gzip;q=0.4, identity;q=0.1", True),
        ("", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=0.5, *", False),
        ("notgzip", False),
        ("gzip;q=2", False),
        ("gzip;q=x", False),
        ("gzip;level=9", False),
        ("identity;q=0", False),
    ],
)
def test_accept_encoding(field: str, coded: bool) -> None:
    """Weights count, a wildcard stands for what is not named, what is malformed is not there."""
    assert accepts(field) is coded
    assert accepts(field) is coded  # the same from what is remembered
    assert accepts(field + "," + " " * 300) is coded  # too long to be remembered


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_no_accept_encoding_is_too_odd(field: str) -> None:
    """Whatever a client sends is a yes or a no."""
    assert accepts(field) in (True, False)


def test_several_lines_of_accept_encoding(serve: Serve) -> None:
    """Lines of one name are one list."""
    server = serve(Page, compress_response=True)
    connection = server.connect()
    connection.send(
        b"GET /?length=10 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: identity;q=0\r\n"
        b"Accept-Encoding: gzip\r\n\r\n"
    )
    (answer,) = connection.read("GET")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body).decode() == TEXT[:10]


def test_who_refuses_identity_gets_everything_coded(serve: Serve) -> None:
    """`identity;q=0` asks for a coding of small answers and of every type."""
    server = serve(Page, compress_response=True)
    more = {"Accept_Encoding": "gzip, identity;q=0"}
    answer = server.ask("/?length=5&type=image/png", **more)
    assert gzip.decompress(answer.body) == b"All w"
    # Without a body there is nothing to code.
    assert server.ask("/?length=0", **more).headers["Content-Encoding"] is None
    # And a client may refuse one coding only.
    answer = server.ask("/?length=5", Accept_Encoding="gzip, br;q=0")
    assert answer.text == "All w"


@pytest.mark.parametrize(
    ("set_by_handler", "sent"),
    [
        ("Cookie", "Cookie, Accept-Encoding"),
        ("Cookie,Origin", "Cookie,Origin, Accept-Encoding"),
        ("accept-encoding", "accept-encoding"),
        ("Cookie, Accept-Encoding", "Cookie, Accept-Encoding"),
        ("*", "*"),
    ],
)
def test_vary_is_added_to(serve: Serve, set_by_handler: str, sent: str) -> None:
    """What the handler has said stays, and nothing is said twice."""
    server = serve(Page, compress_response=True)
    for length in (10, 4000):
        answer = server.ask(
            f"/?length={length}&header=Vary:{quote(set_by_handler)}", Accept_Encoding="gzip"
        )
        assert answer.headers.get_all("Vary") == [sent]


def test_several_values_of_vary(serve: Serve) -> None:
    """Values that were added one by one are one list."""
    server = serve(Page, compress_response=True)
    answer = server.ask("/?header=Vary:Cookie&header=Vary:Origin", Accept_Encoding="gzip")
    assert answer.headers.get_all("Vary") == ["Cookie,Origin, Accept-Encoding"]


def test_a_coding_of_the_handler_stays(serve: Serve) -> None:
    """What is coded already is sent as it is; `identity` is a way to say no."""
    server = serve(Page, compress_response=True)
    for coding in ("br", "identity"):
        answer = server.ask(f"/?header=Content-Encoding:{coding}", Accept_Encoding="gzip")
        assert answer.headers.get_all("Content-Encoding") == [coding]
        assert answer.text == TEXT[:4000]


@pytest.mark.parametrize(
    "header",
    [
        "Cache-Control:public, No-Transform",
        "Content-Digest:sha-256=:AA==:",
        "Repr-Digest:sha-256=:AA==:",
        "Digest:md5=x",
        "Content-MD5:x",
        "Content-Range:bytes 0-3999/8000",
    ],
)
def test_what_must_not_be_changed_is_not(serve: Serve, header: str) -> None:
    """A digest or a range would be one of something else."""
    server = serve(Page, compress_response=True)
    answer = server.ask(f"/?header={quote(header)}", Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] is None
    assert answer.text == TEXT[:4000]


def test_a_partial_answer_is_never_coded(serve: Serve) -> None:
    """The bytes of a 206 are bytes of the file, which a client puts together."""
    server = serve(Page, compress_response=True)
    answer = server.ask("/?status=206", Accept_Encoding="gzip, identity;q=0")
    assert answer.text == TEXT[:4000]
    assert answer.headers["Content-Encoding"] is None


def test_a_coded_answer_promises_no_ranges(serve: Serve) -> None:
    """Ranges of the file are no ranges of what was sent."""
    server = serve(Page, compress_response=True)
    path = "/?header=Accept-Ranges:bytes"
    assert server.ask(path, Accept_Encoding="gzip").headers["Accept-Ranges"] is None
    assert server.ask(path).headers["Accept-Ranges"] == "bytes"


def test_a_strong_entity_tag_becomes_weak(serve: Serve) -> None:
    """The bytes differ from those of the other coding, the content does not."""
    server = serve(Page, compress_response=True)
    plain = server.ask("/")
    coded = server.ask("/", Accept_Encoding="gzip")
    assert coded.headers["Etag"] == "W/" + plain.headers["Etag"]
    answer = server.ask('/?header=Etag:W/"x"', Accept_Encoding="gzip")
    assert answer.headers["Etag"] == 'W/"x"'
    answer = server.ask("/?status=201", Accept_Encoding="gzip")
    assert answer.headers["Etag"] is None


def test_a_304_names_what_the_client_has(serve: Serve) -> None:
    """It keeps `Vary`, and the tag in the form that came with the answer it confirms."""
    server = serve(Page, compress_response=True)
    for more in ({}, {"Accept_Encoding": "gzip"}):
        tag = server.ask("/", **more).headers["Etag"]
        answer = server.ask("/", If_None_Match=tag, **more)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["Etag"] == tag
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Encoding"] is None


def test_a_304_is_never_coded(serve: Serve) -> None:
    """Not even for a client that wants everything coded, nor where every length is compressed."""
    server = serve(Page, compress_response=True, compress_min_length=0)
    more = {"Accept_Encoding": "gzip, identity;q=0"}
    tag = server.ask("/", **more).headers["Etag"]
    answer = server.ask("/", If_None_Match=tag, **more)
    assert (answer.status, answer.headers["Etag"]) == (304, tag)
    assert answer.headers["Content-Encoding"] is None


@pytest.mark.parametrize("status", [204, 205, 304])
def test_answers_without_a_body(serve: Serve, status: int) -> None:
    """There is nothing to compress, however the handler sends it."""

    class Empty(RequestHandler):
        def get(self) -> None:
            self.set_status(status)
            self.set_header("Content-Type", "text/plain")
            if self.get_argument("flush", ""):
                self.flush()

    server = serve(Empty, compress_response=True, compress_min_length=0)
    for path in ("/", "/?flush=1"):
        answer = server.ask(path, Accept_Encoding="gzip, identity;q=0")
        assert (answer.status, answer.body) == (status, b"")
        assert answer.headers["Content-Encoding"] is None


def test_head_says_what_get_says(serve: Serve) -> None:
    """Same headers, the length of the compressed body included, and no body."""
    server = serve(Page, compress_response=True)
    get = server.ask("/", Accept_Encoding="gzip")
    head = server.ask("/", "HEAD", Accept_Encoding="gzip")
    assert head.body == b""
    assert head.headers.items() == get.headers.items()


def test_head_of_an_answer_in_pieces(serve: Serve) -> None:
    """The head alone is made; what was promised and not written is no mistake then."""
    server = serve(Pieces, compress_response=True)
    for path in ("/", "/?header=Content-Length:300"):
        answer = server.ask(path, "HEAD", Accept_Encoding="gzip")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Length"] is None
        assert answer.body == b""


def test_what_passes_on() -> None:
    """Who sends files can ask whether they must go through the compression."""
    for kind, passes in (("image/png", True), ("text/plain", False)):
        request = HTTPServerRequest("GET", "/", headers=HTTPHeaders({"Accept-Encoding": "gzip"}))
        transform = GZipContentEncoding(request)
        transform.transform_first_chunk(200, HTTPHeaders({"Content-Type": kind}), b"", False)
        assert transform.passes_on is passes


def test_each_flush_arrives(serve: Serve) -> None:
    """What is flushed can be decompressed by the client at once, before there is more."""
    steps: list[RequestHandler] = []

    class Slow(RequestHandler):
        _auto_finish = False

        def get(self) -> None:
            steps.append(self)
            self.flush()

    server = serve(Slow, compress_response=True)
    connection = server.connect()
    connection.request("/", Accept_Encoding="gzip")
    (handler,) = steps
    head, _, rest = connection.sent.partition(b"\r\n\r\n")
    assert b"\r\nContent-Encoding: gzip\r\n" in head
    assert rest == b""  # nothing was written yet
    client = zlib.decompressobj(31)
    for word in (b"one", b"two"):
        connection.transport.clear()
        handler.write(word)
        handler.flush()
        size, _, chunk = connection.sent.partition(b"\r\n")
        assert client.decompress(chunk[: int(size, 16)]) == word
        connection.transport.clear()
        handler.flush()  # nothing new
        assert connection.sent == b""
    handler.finish(b"three")
    size, _, chunk = connection.sent.partition(b"\r\n")
    assert client.decompress(chunk[: int(size, 16)]) == b"three"
    assert client.eof
    assert chunk.endswith(b"\r\n0\r\n\r\n")


def test_the_length_is_dropped_from_an_answer_in_pieces(serve: Serve) -> None:
    """Nobody knows the compressed length before the end, so it goes in chunks."""
    answer = serve(Pieces, compress_response=True).ask(
        "/?header=Content-Length:300", Accept_Encoding="gzip"
    )
    assert answer.headers["Content-Length"] is None
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert gzip.decompress(answer.body).decode() == TEXT[:100] * 3


def test_short_pieces_are_compressed(serve: Serve) -> None:
    """How long an answer in pieces gets is not known, so its first piece may be short."""
    answer = serve(Pieces, compress_response=True).ask("/?pieces=1", Accept_Encoding="gzip")
    assert gzip.decompress(answer.body).decode() == TEXT[:100]


def test_http_1_0_gets_it_until_the_end(serve: Serve) -> None:
    """A client without chunks reads the compressed answer up to the end of the connection."""
    server = serve(Pieces, compress_response=True)
    connection = server.connect()
    connection.request("/", Accept_Encoding="gzip", version="HTTP/1.0")
    (answer,) = connection.read("GET")
    assert not connection.open
    assert gzip.decompress(answer.body).decode() == TEXT[:100] * 3


@pytest.mark.parametrize(
    ("promised", "message"),
    [
        (299, "Content-Length is exceeded by 1 bytes"),
        (301, "1 bytes of Content-Length were never written"),
        (99, "Content-Length is exceeded by 1 bytes"),
    ],
)
def test_a_broken_promise_is_noticed(serve: Serve, log: Log, promised: int, message: str) -> None:
    """A length that the client does not see still must be right: the answer is not ended well."""
    server = serve(Pieces, compress_response=True)
    connection = server.connect()
    connection.request(f"/?header=Content-Length:{promised}", Accept_Encoding="gzip")
    assert b"\r\n0\r\n\r\n" not in connection.sent
    assert [str(error) for error in log.failures()] == [message]


@pytest.mark.parametrize("promised", ["10", "4001", "many"])
def test_a_wrong_length_of_a_whole_answer(serve: Serve, log: Log, promised: str) -> None:
    """It is refused in the words of the connection, as without compression."""
    server = serve(Page, compress_response=True)
    answer = server.ask(f"/?header=Content-Length:{promised}", Accept_Encoding="gzip")
    assert answer.status == 500
    (error,) = log.failures()
    assert str(error) == f"Content-Length is {promised}, but the body has 4000 bytes"


def test_a_right_length_of_a_whole_answer(serve: Serve) -> None:
    """The handler's own length is replaced by the right one."""
    server = serve(Page, compress_response=True)
    answer = server.ask("/?header=Content-Length:4000", Accept_Encoding="gzip")
    assert int(answer.headers["Content-Length"]) == len(answer.body) < 500


def test_error_pages_are_answers_too(serve: Serve) -> None:
    """A long page of a handler's own with an error's status is compressed."""
    answer = serve(Page, compress_response=True).ask("/?status=404", Accept_Encoding="gzip")
    assert (answer.status, answer.headers["Content-Encoding"]) == (404, "gzip")


@pytest.mark.parametrize("size", [1, 100, 1024, 5000, 16_384, 40_000, 200_000])
def test_every_length_comes_back(serve: Serve, size: int) -> None:
    """The window depends on the length: any client must be able to read each."""
    numbers = random.Random(size)  # noqa: S311 -- data for a test
    body = b"".join(numbers.choice([b"abc", b"%d" % numbers.random()]) for _ in range(size))[:size]

    class Data(RequestHandler):
        def get(self) -> None:
            self.set_header("Content-Type", "text/plain")
            self.write(body)

    for level in (1, 6, 9):
        server = serve(Data, compress_response=True, compress_level=level)
        answer = server.ask("/", Accept_Encoding="gzip, identity;q=0")
        assert gzip.decompress(answer.body) == body


def test_the_level_is_settable(serve: Serve) -> None:
    """Level 1 makes a longer answer than level 9, in pieces too."""
    for path, handler in (("/?length=4400", Page), ("/?pieces=30", Pieces)):
        sizes = [
            len(
                serve(handler, compress_response=True, compress_level=level)
                .ask(path, Accept_Encoding="gzip")
                .body
            )
            for level in (1, 9)
        ]
        assert sizes[0] > sizes[1]


def test_the_least_length_is_settable(serve: Serve) -> None:
    """`compress_min_length` replaces the 1024 bytes."""
    server = serve(Page, compress_response=True, compress_min_length=10)
    assert server.ask("/?length=9", Accept_Encoding="gzip").text == TEXT[:9]
    answer = server.ask("/?length=10", Accept_Encoding="gzip")
    assert gzip.decompress(answer.body).decode() == TEXT[:10]


def test_the_types_are_settable(serve: Serve) -> None:
    """`compress_types` are all that are compressed; a star stands for a whole family."""
    server = serve(Page, compress_response=True, compress_types=["font/*", "Application/X-Own"])
    coded = [
        kind
        for kind in ("text/html", "application/json", "font/ttf", "application/x-own", "fonts/x")
        if server.ask(f"/?type={kind}", Accept_Encoding="gzip").headers["Content-Encoding"]
    ]
    assert coded == ["font/ttf", "application/x-own"]


def test_a_subclass_chooses(serve: Serve) -> None:
    """Tornado's attributes and its method of the types work in a class of one's own."""

    class Own(GZipContentEncoding):
        CONTENT_TYPES = frozenset({"application/x-own"})
        MIN_LENGTH = 20
        GZIP_LEVEL = 9

        def _compressible_type(self, ctype: str) -> bool:
            return ctype == "text/event-stream" or super()._compressible_type(ctype)

    server = serve(Page, transforms=[Own])
    for kind in ("application/x-own", "text/event-stream", "text/plain"):
        answer = server.ask(f"/?type={kind}&length=20", Accept_Encoding="gzip")
        assert gzip.decompress(answer.body).decode() == TEXT[:20]
    assert server.ask("/?type=application/json", Accept_Encoding="gzip").text == TEXT[:4000]
    assert server.ask("/?length=19", Accept_Encoding="gzip").text == TEXT[:19]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"compress_level": 0}, "'compress_level' must be a whole number from 1 to 9, not 0"),
        ({"compress_level": 10}, "'compress_level' must be at most 9, not 10"),
        ({"compress_level": True}, "'compress_level' must be a whole number from 1 to 9, not True"),
        ({"compress_level": "6"}, "'compress_level' must be a whole number from 1 to 9, not '6'"),
        ({"compress_min_length": -1}, "'compress_min_length' must be a whole number from 0, not"),
        ({"compress_min_length": 1.5}, "'compress_min_length' must be a whole number from 0, not"),
        ({"compress_types": "text/html"}, "'compress_types' must be a list of media types, not"),
        ({"compress_types": b"text/*"}, "'compress_types' must be a list of media types, not"),
        ({"compress_types": 5}, "'compress_types' must be a list of media types, not 5"),
        ({"compress_types": ["text"]}, "'compress_types' has 'text', which is no media type"),
        ({"compress_types": ["*/*"]}, r"'compress_types' has '\*/\*', which is no media type"),
        ({"compress_types": [None]}, "'compress_types' has None, which is no media type"),
    ],
)
def test_wrong_settings(settings: dict[str, object], message: str, serve: Serve) -> None:
    """The application is not made, whether compression is on or off."""
    for switch in (True, False):
        with pytest.raises(ValueError, match=f"^setting {message}"):
            serve(Page, compress_response=switch, **settings)


def test_the_bounds_of_the_settings() -> None:
    """Both ends of a range are in it; without a change the class is Tornado's own."""
    assert compression({"compress_response": True}) is GZipContentEncoding
    assert compression({"compress_response": True, "compress_level": None}) is GZipContentEncoding
    for level in (1, 9):
        kind = compression({"gzip": True, "compress_level": level, "compress_min_length": 0})
        assert kind is not None
        assert issubclass(kind, GZipContentEncoding)
        assert (level, 0) == (kind.GZIP_LEVEL, kind.MIN_LENGTH)
        assert GZipContentEncoding.GZIP_LEVEL == 6
