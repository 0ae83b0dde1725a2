"""Compressed bodies: who waits for whom, and what they may cost."""

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.testing import MemoryReactorClock

from cyclone_core.bodies import DecompressedBody
from cyclone_core.errors import HTTPInputError
from cyclone_core.httpserver import BodyReceiver
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.httputil.inflate import Inflater

from .conftest import Connect, Receiver, Script, respond, turn_once

STEP = 64 * 1024
TURN = 16  # steps

CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def decompressed(
    request: HTTPServerRequest,
    coding: str,
    receiver: BodyReceiver,
    refuse: Callable[[HTTPInputError], object],
    clock: CoarseClock,
) -> DecompressedBody:
    """Make a decoder, as the server does."""

    def limit() -> int:
        exchange = request.connection
        return request.limits.max_body_size if exchange is None else exchange.max_body_size

    return DecompressedBody(Inflater(coding), receiver, refuse, limit, clock.call_soon)


class Decoder:
    """A decoder in front of a receiver, without a connection.

    Attributes:
        refused: What was refused.
    """

    def __init__(self, receiver: Receiver, coding: str = "gzip") -> None:
        self.reactor = MemoryReactorClock()
        self.refused: list[HTTPInputError] = []
        request = HTTPServerRequest("POST", "/")
        clock = CoarseClock(self.reactor)
        self.body = decompressed(request, coding, receiver, self.refused.append, clock)

    def send(self, data: bytes) -> Deferred[object] | None:
        """Pass a piece."""
        return self.body.data_received(data)

    def turn(self) -> None:
        """Let the reactor turn once."""
        turn_once(self.reactor)


def sizes(receiver: Receiver) -> list[int]:
    """Give the sizes of the pieces that a receiver has got."""
    return [len(each) for each in receiver.seen if isinstance(each, bytes)]


class TestSteps:
    """Pieces of a bounded size, a bounded number of them in one turn of the reactor."""

    def test_yields(self) -> None:
        """After sixteen pieces others get their turn, then it goes on."""
        receiver = Receiver()
        decoder = Decoder(receiver)
        waiting = decoder.send(gzip.compress(bytes(40 * STEP)))
        assert waiting is not None
        for pieces in (TURN, 2 * TURN):
            assert sizes(receiver) == [STEP] * pieces
            assert not waiting.called
            decoder.turn()
        assert sizes(receiver) == [STEP] * 40
        assert waiting.called
        decoder.body.body_finished()
        assert receiver.seen[-1] == "end"

    def test_one_turn(self) -> None:
        """What fits into one turn needs no other."""
        receiver = Receiver()
        decoder = Decoder(receiver)
        assert decoder.send(gzip.compress(bytes((TURN - 1) * STEP))) is None
        assert sizes(receiver) == [STEP] * (TURN - 1)

    def test_small_pieces(self) -> None:
        """Many small pieces, which come one after the other, need no turn between them."""
        receiver = Receiver()
        decoder = Decoder(receiver)
        data = gzip.compress(bytes(range(200)))
        assert [decoder.send(data[at : at + 1]) for at in range(len(data))] == [None] * len(data)
        assert b"".join(receiver.seen) == bytes(range(200))  # type: ignore[arg-type]

    def test_members_count(self) -> None:
        """Many empty members, which give no pieces, do not hold up the reactor."""
        receiver = Receiver()
        decoder = Decoder(receiver)
        waiting = decoder.send(gzip.compress(b"") * 100 + gzip.compress(b"end"))
        assert waiting is not None
        for _ in range(6):
            assert receiver.seen == []
            decoder.turn()
        assert receiver.seen == [b"end"]
        assert waiting.called

    @settings(max_examples=50)
    @given(
        st.binary(max_size=50),
        st.integers(0, TURN + 2),
        st.lists(st.integers(1, 400), max_size=30),
        st.sampled_from(["gzip", "deflate"]),
        st.booleans(),
    )
    def test_cuts(self, body: bytes, steps: int, cuts: list[int], coding: str, waits: bool) -> None:
        """However a stream is cut and whether its receiver waits, the same comes out."""
        wanted = body + bytes(steps * STEP) + body
        data = gzip.compress(wanted) if coding == "gzip" else zlib.compress(wanted)
        receiver = Receiver()
        decoder = Decoder(receiver, coding)
        slow: list[Deferred[object]] = []

        def wait() -> None:
            slow.append(Deferred())
            receiver.answers.append(slow[-1])

        if waits:
            receiver.on_data = wait
        while data:
            size = cuts.pop() if cuts else len(data)
            piece, data = data[:size], data[size:]
            waiting = decoder.send(piece)
            while waiting is not None and not waiting.called:
                if slow:
                    slow.pop().callback(None)
                decoder.turn()
        decoder.body.body_finished()
        assert receiver.seen.pop() == "end"
        assert b"".join(each for each in receiver.seen if isinstance(each, bytes)) == wanted
        assert decoder.refused == []


class TestWaiting:
    """A receiver that takes its time, and what happens meanwhile."""

    def test_waits(self) -> None:
        """The next piece comes when the Deferred of the last one has fired."""
        slow: list[Deferred[object]] = [Deferred(), Deferred()]
        receiver = Receiver(*slow)
        decoder = Decoder(receiver)
        waiting = decoder.send(gzip.compress(bytes(3 * STEP)))
        assert waiting is not None
        for number, each in enumerate(slow, 1):
            assert sizes(receiver) == [STEP] * number
            each.callback("whatever")
        assert sizes(receiver) == [STEP] * 3
        assert waiting.called

    def test_fired_already(self) -> None:
        """Deferreds that have fired do not make it forget the turns."""
        receiver = Receiver(*[succeed(None) for _ in range(40)])
        decoder = Decoder(receiver)
        waiting = decoder.send(gzip.compress(bytes(20 * STEP)))
        assert waiting is not None
        assert sizes(receiver) == [STEP] * TURN
        decoder.turn()
        assert sizes(receiver) == [STEP] * 20
        assert waiting.called

    @pytest.mark.parametrize("late", [False, True])
    def test_fails(self, late: bool) -> None:
        """A receiver's failure is passed on to the connection."""
        slow: Deferred[object] = Deferred() if late else fail(ValueError())
        decoder = Decoder(Receiver(slow))
        waiting = decoder.send(gzip.compress(b"x"))
        assert waiting is not None
        if late:
            slow.errback(ValueError())
        caught: list[object] = []
        waiting.addErrback(lambda failure: caught.append(failure.type))
        assert caught == [ValueError]

    def test_raises_later(self) -> None:
        """What a receiver raises in a later turn reaches the connection, too."""
        receiver = Receiver()
        decoder = Decoder(receiver)
        waiting = decoder.send(gzip.compress(bytes(20 * STEP)))
        assert waiting is not None
        receiver.on_data = lambda: 1 / 0
        decoder.turn()
        caught: list[object] = []
        waiting.addErrback(lambda failure: caught.append(failure.type))
        assert caught == [ZeroDivisionError]

    @pytest.mark.parametrize("fails", [False, True])
    def test_body_fails_meanwhile(self, fails: bool) -> None:
        """Nothing comes behind the end of the connection, whatever the receiver waited for."""
        slow: Deferred[object] = Deferred()
        receiver = Receiver(slow)
        decoder = Decoder(receiver)
        waiting = decoder.send(gzip.compress(bytes(3 * STEP)))
        assert waiting is not None
        decoder.body.body_failed()
        if fails:
            slow.errback(ValueError())
        else:
            slow.callback(None)
        assert sizes(receiver) == [STEP]
        assert receiver.seen[-1] == "failed"
        assert not waiting.called

    @pytest.mark.parametrize("piece", [1, TURN + 1])
    def test_body_fails_within(self, piece: int) -> None:
        """A receiver that ends its exchange gets nothing more, in this turn or a later one."""
        receiver = Receiver()
        decoder = Decoder(receiver)

        def end() -> None:
            if len(receiver.seen) == piece:
                decoder.body.body_failed()

        receiver.on_data = end
        decoder.send(gzip.compress(bytes(40 * STEP)))
        for _ in range(3):
            decoder.turn()
        assert sizes(receiver) == [STEP] * piece
        assert receiver.seen[-1] == "failed"
        assert decoder.refused == []

    def test_malformed_in_a_later_turn(self) -> None:
        """A mistake that is found later is refused then, and the connection goes on reading."""
        receiver = Receiver()
        decoder = Decoder(receiver)
        waiting = decoder.send(gzip.compress(bytes(20 * STEP)) + b"garbage")
        assert waiting is not None
        assert decoder.refused == []
        decoder.turn()
        assert [error.status for error in decoder.refused] == [400]
        assert waiting.called


class TestConnection:
    """Compressed bodies on a connection."""

    @staticmethod
    def script(coding: str = "gzip") -> tuple[Script, list[HTTPServerRequest]]:
        """Make an application that takes decoded bodies with a bound of its own."""
        requests: list[HTTPServerRequest] = []

        def start(request: HTTPServerRequest) -> BodyReceiver:
            requests.append(request)
            receiver = Receiver()
            receiver.request = request
            receiver.on_end = lambda: respond(request, str(sum(sizes(receiver))).encode())

            def refuse(error: HTTPInputError) -> None:
                respond(request, str(error.status).encode())

            return decompressed(request, coding, receiver, refuse, script.server.clock)

        script = Script(start=start)
        return script, requests

    @pytest.mark.parametrize("size", [1000, STEP, STEP + 1, 3 * STEP])
    @pytest.mark.parametrize("chunked", [False, True])
    def test_limit(self, connect: Connect, size: int, chunked: bool) -> None:
        """A body that inflates to the limit is taken, one byte more is not."""
        for more, wanted in ((0, str(size).encode()), (1, b"413")):
            script, _ = self.script()
            client = connect(script, max_body_size=size)
            script.server = client.server
            data = gzip.compress(bytes(size + more))
            head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(data)
            if chunked:
                head, data = CHUNKED, b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
            client.send(head + data)
            client.turn()
            assert client.received().endswith(b"\r\n\r\n" + wanted)

    def test_limit_set_late(self, connect: Connect) -> None:
        """The bound that counts is the one that holds when the bytes come out."""
        script, requests = self.script()
        client = connect(script, max_body_size=10)
        script.server = client.server
        data = gzip.compress(bytes(100))
        client.send(CHUNKED)
        requests[0].connection.set_max_body_size(100)
        client.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))
        assert client.received().endswith(b"\r\n\r\n100")

    def test_compressed_size_counts_as_well(self, connect: Connect) -> None:
        """A body that is too large before it is decoded is refused unread."""
        script, _ = self.script()
        client = connect(script, max_body_size=20)
        script.server = client.server
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\n")
        assert client.received().endswith(b"\r\nConnection: close\r\n\r\n413")

    def test_back_pressure(self, connect: Connect) -> None:
        """While the decoder waits for its receiver nothing is read from the client."""
        slow: Deferred[object] = Deferred()
        receiver = Receiver(slow)

        def start(request: HTTPServerRequest) -> BodyReceiver:
            clock = client.server.clock
            return decompressed(request, "gzip", receiver, lambda _: None, clock)

        client = connect(Script(start=start))
        client.send(CHUNKED)
        client.send(b"%x\r\n" % len(gzip.compress(b"x")) + gzip.compress(b"x"))
        assert not client.reading
        slow.callback(None)
        assert client.reading


def test_bomb() -> None:
    """A bomb of a thousand to one costs little memory, and no turn of the reactor lasts long."""
    packer = zlib.compressobj(9, wbits=31)
    data = b"".join([packer.compress(bytes(1 << 20)) for _ in range(24)]) + packer.flush()
    assert len(data) * 1000 < 24 << 20
    pieces: list[int] = []
    receiver = Receiver()
    receiver.data_received = lambda chunk: pieces.append(len(chunk))  # type: ignore[method-assign]
    decoder = Decoder(receiver)
    turns = 1
    longest = 0.0
    tracemalloc.start()
    waiting = decoder.send(data)
    assert waiting is not None
    while not waiting.called:
        turns += 1
        before = time.thread_time()
        decoder.turn()
        longest = max(longest, time.thread_time() - before)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    decoder.body.body_finished()
    assert sum(pieces) == 24 << 20
    assert turns in {24, 25}
    assert peak < 512 * 1024
    assert longest < 0.05
    assert receiver.seen == ["end"]
