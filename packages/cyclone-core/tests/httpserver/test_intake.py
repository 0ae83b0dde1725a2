"""Bodies that are wanted whole, and bodies in pieces: who gets what."""

import zlib

import pytest
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.bodies import DecompressedBody
from cyclone_core.errors import HTTPInputError
from cyclone_core.httpserver import BufferedBody, HTTPServer, ServerOptions
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.decompress import UnsupportedCoding
from cyclone_core.httpserver.intake import DiscardedBody, receive_body, receive_stream
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.limits import Limits

from .conftest import Client, Log, Receiver, respond

DECODE = ServerOptions(decompress_request=True)
PLAIN = ServerOptions()
PACKED = zlib.compress(b"hello")


def post(coding: str | None = "deflate") -> HTTPServerRequest:
    """Make a request with a coding."""
    headers = HTTPHeaders() if coding is None else HTTPHeaders({"Content-Encoding": coding})
    return HTTPServerRequest("POST", "/", headers=headers)


def names(request: HTTPServerRequest) -> tuple[str | None, str | None]:
    """Give the coding that is left, and the one that was taken off."""
    headers = request.headers
    return headers.get("Content-Encoding"), headers.get("X-Consumed-Content-Encoding")


class Stream(Receiver):
    """A receiver of pieces that notes the mistakes of the client."""

    def refuse(self, error: HTTPInputError) -> None:
        """Note a mistake."""
        self.seen.append(error.status)


@pytest.fixture
def clock(reactor: MemoryReactorClock) -> CoarseClock:
    """The clock of all connections."""
    return CoarseClock(reactor)


class TestWhole:
    """`receive_body`."""

    def test_decoded(self, clock: CoarseClock) -> None:
        """With the option the request comes with its decoded body, and says what was taken off."""
        got: list[HTTPServerRequest] = []
        request = post()
        receiver = receive_body(request, DECODE, clock, got.append)
        assert receiver is not None
        assert receiver.data_received(PACKED) is None
        assert got == []
        receiver.body_finished()
        assert got == [request]
        assert (request.body, request.body_error) == (b"hello", None)
        assert names(request) == (None, "deflate")

    @pytest.mark.parametrize(
        ("options", "coding"),
        [(PLAIN, "deflate"), (PLAIN, "br"), (DECODE, None), (DECODE, ""), (DECODE, "Identity, ")],
    )
    def test_left_alone(
        self, clock: CoarseClock, options: ServerOptions, coding: str | None
    ) -> None:
        """Without the option, and where nothing is encoded, body and headers stay what they are."""
        request = post(coding)
        receiver = receive_body(request, options, clock, lambda _: None)
        assert isinstance(receiver, BufferedBody)
        receiver.data_received(PACKED)
        receiver.body_finished()
        assert request.body == PACKED
        assert names(request) == (coding, None)

    @pytest.mark.parametrize("coding", ["gzip", "x-gzip", "DEFLATE", " gzip ", "identity,gzip"])
    def test_known(self, clock: CoarseClock, coding: str) -> None:
        """Names of codings have no case (RFC 9110 section 8.4.1)."""
        request = post(coding)
        receiver = receive_body(request, DECODE, clock, lambda _: None)
        assert isinstance(receiver, DecompressedBody)
        assert names(request) == (None, coding)

    def test_forged(self, clock: CoarseClock) -> None:
        """What the client itself says was taken off does not stay."""
        request = post()
        request.headers["X-Consumed-Content-Encoding"] = "br"
        receive_body(request, DECODE, clock, lambda _: None)
        assert names(request) == (None, "deflate")

    @pytest.mark.parametrize("coding", ["br", "gzip, gzip", "deflate,gzip", "zstd", "compress"])
    def test_unsupported(self, clock: CoarseClock, coding: str) -> None:
        """A coding that is unknown, and more than one, are refused before the body is read."""
        got: list[HTTPServerRequest] = []
        request = post(coding)
        assert receive_body(request, DECODE, clock, got.append) is None
        assert got == [request]
        error = request.body_error
        assert isinstance(error, UnsupportedCoding)
        assert error.status == error.http_status == 415
        assert error.http_headers == {"Accept-Encoding": "gzip, deflate"}
        assert str(error).startswith(f"a body with Content-Encoding {coding!r} came;")
        assert names(request) == (coding, None)

    def test_malformed(self, clock: CoarseClock) -> None:
        """A request whose body is malformed comes once, at once, without a body."""
        got: list[HTTPServerRequest] = []
        request = post()
        receiver = receive_body(request, DECODE, clock, got.append)
        assert receiver is not None
        assert receiver.data_received(b"g") is None
        assert got == []
        assert receiver.data_received(b"arbage") is None
        assert got == [request]
        assert request.body_error is not None
        assert request.body_error.status == 400
        assert request.body_error.__traceback__ is None
        assert request.body == b""
        assert receiver.data_received(b"more") is None
        receiver.body_finished()
        receiver.body_failed()
        assert got == [request]

    def test_cut_off(self, clock: CoarseClock) -> None:
        """A compressed body that ends too early is malformed."""
        request = post()
        receiver = receive_body(request, DECODE, clock, lambda _: None)
        assert receiver is not None
        receiver.data_received(PACKED[:-1])
        assert request.body_error is None
        receiver.body_finished()
        assert str(request.body_error) == "the compressed body is cut off in the middle"

    def test_malformed_is_forgotten(
        self, clock: CoarseClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was collected of a body before the mistake is given up before the request is passed on."""
        seen: list[str] = []

        class Noting(BufferedBody):
            """Notes that it is told."""

            def body_failed(self) -> None:
                """Note it."""
                seen.append("failed")
                super().body_failed()

        monkeypatch.setattr("cyclone_core.httpserver.intake.BufferedBody", Noting)
        receiver = receive_body(post(), DECODE, clock, lambda _: seen.append("passed on"))
        assert receiver is not None
        receiver.data_received(PACKED + b"garbage")
        assert seen == ["failed", "passed on"]

    def test_malformed_twice(self, clock: CoarseClock) -> None:
        """A request that was passed on for another mistake in its body is not passed on again."""
        got: list[HTTPServerRequest] = []
        request = post()
        receiver = receive_body(request, DECODE, clock, got.append)
        assert receiver is not None
        first = request.body_error = HTTPInputError("the form is malformed")
        receiver.data_received(b"garbage")
        assert got == []
        assert request.body_error is first

    def test_empty(self, clock: CoarseClock) -> None:
        """A body without a byte is an empty one."""
        got: list[HTTPServerRequest] = []
        request = post()
        receiver = receive_body(request, DECODE, clock, got.append)
        assert receiver is not None
        receiver.body_finished()
        assert got == [request]
        assert (request.body, request.body_error) == (b"", None)


class TestStream:
    """`receive_stream`."""

    def test_decoded(self, clock: CoarseClock) -> None:
        """With the option decoded pieces come; the headers are ready before anybody sees them."""
        stream = Stream()
        seen = []

        def begin(request: HTTPServerRequest) -> Stream:
            seen.append(names(request))
            return stream

        receiver = receive_stream(post(), DECODE, clock, begin)
        assert receiver is not None
        assert seen == [(None, "deflate")]
        receiver.data_received(PACKED)
        receiver.body_finished()
        assert stream.seen == [b"hello", "end"]

    def test_plain(self, clock: CoarseClock) -> None:
        """Without the option nothing stands between the connection and the receiver."""
        stream = Stream()
        assert receive_stream(post(), PLAIN, clock, lambda _: stream) is stream

    def test_answered(self, clock: CoarseClock) -> None:
        """A request that was answered at once needs no decoder."""
        assert receive_stream(post(), DECODE, clock, lambda _: None) is None

    def test_unsupported(self, clock: CoarseClock) -> None:
        """Who begins finds the mistake in the request."""
        request = post("br")
        assert receive_stream(request, DECODE, clock, lambda _: None) is None
        assert isinstance(request.body_error, UnsupportedCoding)

    def test_malformed(self, clock: CoarseClock) -> None:
        """The receiver is told of the mistake, and nothing else from then on."""
        stream = Stream()
        receiver = receive_stream(post(), DECODE, clock, lambda _: stream)
        assert receiver is not None
        receiver.data_received(PACKED + b"garbage")
        receiver.data_received(b"more")
        receiver.body_finished()
        receiver.body_failed()
        assert stream.seen == [b"hello", 400]

    def test_body_fails(self, clock: CoarseClock) -> None:
        """The receiver learns that the rest will not come."""
        stream = Stream()
        receiver = receive_stream(post(), DECODE, clock, lambda _: stream)
        assert receiver is not None
        receiver.data_received(PACKED[:2])
        receiver.body_failed()
        assert stream.seen == ["failed"]


class TestServer:
    """A function behind a server with `decompress_request`."""

    @staticmethod
    def connect(reactor: MemoryReactorClock, requests: list[HTTPServerRequest]) -> Client:
        """Connect to a server that answers with the body it was sent."""

        def answer(request: HTTPServerRequest) -> None:
            requests.append(request)
            respond(request, request.body)

        server = HTTPServer(answer, reactor=reactor, decompress_request=True, max_body_size=100)
        return Client(server, reactor)

    @staticmethod
    def post(coding: bytes, body: bytes) -> bytes:
        """Make the bytes of a request."""
        return (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s"
            % (
                coding,
                len(body),
                body,
            )
        )

    def test_decoded(self, reactor: MemoryReactorClock) -> None:
        """It gets the decoded body."""
        client = self.connect(reactor, [])
        client.send(self.post(b"deflate", PACKED))
        assert client.received() == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    @pytest.mark.parametrize(
        ("coding", "body", "line"),
        [
            (b"deflate", b"garbage", b"HTTP/1.1 400 Bad Request"),
            (b"deflate", PACKED[:-1], b"HTTP/1.1 400 Bad Request"),
            (b"deflate", zlib.compress(bytes(101)), b"HTTP/1.1 413 Content Too Large"),
            (b"br", PACKED, b"HTTP/1.1 415 Unsupported Media Type"),
        ],
    )
    def test_refused(
        self, reactor: MemoryReactorClock, log: Log, coding: bytes, body: bytes, line: bytes
    ) -> None:
        """It is not called for a body that cannot be decoded; the log gets one line."""
        requests: list[HTTPServerRequest] = []
        client = self.connect(reactor, requests)
        client.send(self.post(coding, body))
        head, _, page = client.received().partition(b"\r\n\r\n")
        assert head.startswith(line + b"\r\nServer: cyclone\r\n")
        assert (b"\r\nAccept-Encoding: gzip, deflate\r\n" in head) == (coding == b"br")
        assert page.startswith(b"<html>")
        assert requests == []
        told = [event for event in log.events if event["log_namespace"] == "cyclone.httpserver"]
        assert len(told) == 1

    def test_spoilt_body_keeps_a_connection_that_is_in_order(
        self, reactor: MemoryReactorClock
    ) -> None:
        """Behind a cut off stream in a whole body the next request is answered."""
        client = self.connect(reactor, [])
        client.send(self.post(b"deflate", PACKED[:-1]) + self.post(b"deflate", PACKED))
        assert client.received().endswith(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    def test_options_of_the_port_reach_the_application(self, reactor: MemoryReactorClock) -> None:
        """An application decodes if the port says so, whatever its own setting is."""
        seen: list[ServerOptions | None] = []

        class App:
            """An application that takes no body."""

            options = ServerOptions()

            def __call__(self, request: HTTPServerRequest) -> None:
                """Answer."""
                respond(request)

            def start_request(self, request: HTTPServerRequest) -> None:
                """Note the options."""
                seen.append(request.options)
                respond(request)

        client = Client(HTTPServer(App(), reactor=reactor, decompress_request=True), reactor)
        client.send(self.post(b"deflate", PACKED))
        assert [each.decompress_request for each in seen if each] == [True]


def test_discarded() -> None:
    """A body that nobody wants is read to its end, and kept nowhere."""
    got: list[HTTPServerRequest] = []
    request = post()
    receiver = DiscardedBody(request, got.append)
    receiver.data_received(b"abc")
    receiver.body_failed()
    assert got == []
    receiver.body_finished()
    assert got == [request]
    assert request.body == b""


def test_hand_made_request_is_bounded(clock: CoarseClock) -> None:
    """A request without a connection has bounds as well: its own."""
    for size, status in ((1000, None), (1001, 413)):
        request = post()
        request._limits = Limits(max_body_size=1000)
        receiver = receive_body(request, DECODE, clock, lambda _: None)
        assert receiver is not None
        receiver.data_received(zlib.compress(bytes(size)))
        assert (request.body_error and request.body_error.status) == status
