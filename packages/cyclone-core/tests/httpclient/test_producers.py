"""Bodies that are made piece by piece, for a consumer that pauses, goes on and stops whenever it wants."""

import asyncio
import gc
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred, fail, inlineCallbacks, succeed
from twisted.internet.task import Clock, LoopingCall
from twisted.logger import LogEvent, globalLogPublisher
from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer
from zope.interface.verify import verifyObject

from cyclone_core.errors import HTTPOutputError, StreamClosedError
from cyclone_core.httpclient.producers import BodyProducer
from cyclone_core.httpclient.sendings import Sending
from cyclone_core.httpclient.sources import IterableSource, PathSource, as_source

from .consuming import Consumer, collect

Whatever = Any
Write = Callable[[bytes], Awaitable[None]]

name: ContextVar[str] = ContextVar("name", default="outside")


class Boom(Exception):  # noqa: N818
    """What the program raises here."""


@pytest.fixture(autouse=True)
def events() -> Iterator[list[LogEvent]]:
    """The failures that were logged; what the test leaves in the list fails it."""
    logged: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if "log_failure" in event:
            logged.append(event)

    globalLogPublisher.addObserver(observe)
    yield logged
    gc.collect()  # a Deferred reports an unhandled failure when it is collected
    globalLogPublisher.removeObserver(observe)
    assert not logged


def of_source(given: Whatever) -> BodyProducer:
    """Make a producer of what a source gives."""
    return BodyProducer.from_source(as_source(given, "a body"), copy_context())


def of_function(function: Whatever, length: int | None = None) -> BodyProducer:
    """Make a producer of what a function writes."""
    return BodyProducer.from_function(function, copy_context(), length)


def of_iterable(iterable: Whatever) -> BodyProducer:
    """Make a producer of what an asynchronous iterable gives."""
    return BodyProducer.from_async_iterable(iterable, copy_context())


class AsyncList:
    """An asynchronous iterable that can be iterated again."""

    def __init__(self, pieces: list[bytes], gate: Callable[[], Awaitable[Any]]) -> None:
        self._pieces = pieces
        self._gate = gate

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await self._gate()
            yield piece


class AsyncIteration:
    """An asynchronous iterator without `aclose`."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    def __aiter__(self) -> "AsyncIteration":
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


Gate = Callable[[], Deferred[None]]


def waiting(pieces: list[bytes], _: Gate) -> BodyProducer:
    """A coroutine that waits for room."""

    async def produce(write: Write) -> None:
        for piece in pieces:
            await write(piece)

    return of_function(produce)


def waiting_twice(pieces: list[bytes], gate: Gate) -> BodyProducer:
    """A coroutine that waits for something else as well."""

    async def produce(write: Write) -> None:
        for piece in pieces:
            await gate()
            await write(piece)
        await gate()

    return of_function(produce)


def hasty(pieces: list[bytes], gate: Gate) -> BodyProducer:
    """A coroutine that waits for no room."""

    async def produce(write: Write) -> None:
        for piece in pieces:
            write(piece)
        await gate()

    return of_function(produce)


def plain(pieces: list[bytes], _: Gate) -> BodyProducer:
    """A function that writes everything and returns."""

    def produce(write: Write) -> None:
        for piece in pieces:
            write(piece)

    return of_function(produce)


def classic(pieces: list[bytes], gate: Gate) -> BodyProducer:
    """A function with `inlineCallbacks`."""

    @inlineCallbacks
    def produce(write: Callable[[bytes], Deferred[None]]) -> Generator[Deferred[Any], Any, None]:
        for piece in pieces:
            yield write(piece)
            yield gate()

    return of_function(produce)


def listed(pieces: list[bytes], _: Gate) -> BodyProducer:
    """A list."""
    return of_source(pieces)


def generated(pieces: list[bytes], _: Gate) -> BodyProducer:
    """A generator."""
    return of_source(piece for piece in pieces)


def filed(pieces: list[bytes], _: Gate) -> BodyProducer:
    """A file."""
    return of_source(io.BytesIO(b"".join(pieces)))


def iterated(pieces: list[bytes], gate: Gate) -> BodyProducer:
    """An asynchronous generator that waits."""
    return of_iterable(AsyncList(pieces, gate))


def stepped(pieces: list[bytes], _: Gate) -> BodyProducer:
    """An asynchronous iterator that is no generator."""
    return of_iterable(AsyncIteration(pieces))


MAKERS = [
    waiting,
    waiting_twice,
    hasty,
    plain,
    classic,
    listed,
    generated,
    filed,
    iterated,
    stepped,
]

ACTIONS = [
    "",
    "pause",
    "pause resume",
    "resume",
    "pause resume pause",
    "pause pause",
    "resume pause",
]


class Gates:
    """What the makers wait for: some of it fires at once, some when it is told to."""

    def __init__(self, waits: list[bool]) -> None:
        self._waits = iter(waits)
        self.closed: list[Deferred[None]] = []

    def __call__(self) -> Deferred[None]:
        if not next(self._waits, False):
            return succeed(None)
        gate: Deferred[None] = Deferred()
        self.closed.append(gate)
        return gate

    def open(self) -> None:
        """Open the oldest."""
        self.closed.pop(0).callback(None)


@pytest.mark.parametrize("make", MAKERS)
@given(
    pieces=st.lists(st.binary(max_size=4), max_size=8),
    actions=st.lists(st.sampled_from(ACTIONS), max_size=12),
    waits=st.lists(st.booleans(), max_size=9),
    order=st.lists(st.booleans(), max_size=20),
)
def test_interleaving(
    make: Callable[[list[bytes], Gate], BodyProducer],
    pieces: list[bytes],
    actions: list[str],
    waits: list[bool],
    order: list[bool],
) -> None:
    """However the consumer pauses and goes on, inside of `write` or later, it gets the same bytes."""
    gates = Gates(waits)
    consumer = Consumer(make(pieces, gates), actions).start()
    turns = iter(order)
    while consumer.paused or gates.closed:
        if gates.closed and (not consumer.paused or next(turns, True)):
            gates.open()
        else:
            consumer.act("resume")
    assert consumer.ends == [None]
    assert consumer.body == b"".join(pieces)


@pytest.mark.parametrize("make", MAKERS)
@given(
    pieces=st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=6),
    actions=st.lists(st.sampled_from(ACTIONS), max_size=6),
    end=st.sampled_from(["stop", "pause stop", "stop resume", "stop pause resume", "stop stop"]),
    waits=st.lists(st.booleans(), max_size=7),
)
def test_stopping_anywhere(
    make: Callable[[list[bytes], Gate], BodyProducer],
    pieces: list[bytes],
    actions: list[str],
    end: str,
    waits: list[bool],
) -> None:
    """After a stop, inside of `write` or later, nothing is written, and the Deferred never fires."""
    gates = Gates(waits)
    consumer = Consumer(make(pieces, gates), [*actions, end]).start()
    while not consumer.stopped and not consumer.ends:
        if gates.closed:
            gates.open()
        elif consumer.paused:
            consumer.act("resume")
    gone_before = consumer.ends != []
    if not consumer.stopped:
        consumer.act(end)
    written = consumer.body
    for gate in gates.closed:
        if not gate.called:
            gate.callback(None)
    assert consumer.ends == ([None] if gone_before else [])
    assert consumer.body == written
    assert b"".join(pieces).startswith(written)


@pytest.mark.parametrize("make", MAKERS)
def test_cancelling(make: Callable[[list[bytes], Gate], BodyProducer]) -> None:
    """Cancelling the Deferred stops, and it fails as every cancelled Deferred does."""
    consumer = Consumer(make([b"a", b"b"], Gates([])), ["pause"])
    done = consumer.producer.startProducing(consumer)
    done.addErrback(consumer.ends.append)
    done.cancel()
    assert isinstance(consumer.error, CancelledError)
    consumer.stopped = True
    consumer.act("resume")
    assert consumer.body == (b"ab" if make is filed else b"a")


@pytest.mark.parametrize("make", MAKERS)
def test_paused_before_the_start(make: Callable[[list[bytes], Gate], BodyProducer]) -> None:
    """A transport without room pauses a producer before its first piece."""
    producer = make([b"a", b"b"], Gates([]))
    consumer = Consumer(producer)
    consumer.act("pause")
    consumer.start()
    assert consumer.body == b""
    consumer.act("resume")
    assert (consumer.body, consumer.ends) == (b"ab", [None])
    producer = make([b"a", b"b"], Gates([]))
    Consumer(producer).act("pause resume")
    assert collect(producer) == b"ab"


@pytest.mark.parametrize("make", MAKERS)
def test_interface(make: Callable[[list[bytes], Gate], BodyProducer]) -> None:
    """It is what Twisted takes for the producer of a body."""
    producer = make([b"abc"], Gates([]))
    assert verifyObject(IBodyProducer, producer)
    assert producer.length == (3 if make is filed else UNKNOWN_LENGTH)


@pytest.mark.parametrize(
    ("make", "expected"),
    [(each, each not in (generated, stepped)) for each in MAKERS],
)
def test_rewinding(make: Callable[[list[bytes], Gate], BodyProducer], expected: bool) -> None:
    """What can be made again is sent again from the beginning; what cannot says so, and is not started."""
    producer = make([b"a", b"b"], Gates([]))
    assert producer.rewind()
    assert collect(producer) == b"ab"
    with pytest.raises(RuntimeError, match=r"was sent or stopped before: ask rewind\(\)"):
        producer.startProducing(Consumer(producer))
    assert producer.rewind() is expected
    if not expected:
        with pytest.raises(RuntimeError):
            producer.startProducing(Consumer(producer))
        return
    assert producer.rewind()
    halfway = Consumer(producer, ["pause"]).start()
    assert producer.rewind()  # it forgets both the first half and the pause
    assert halfway.ends == []
    assert collect(producer) == b"ab"
    producer.stopProducing()
    with pytest.raises(RuntimeError):
        producer.startProducing(Consumer(producer))


def test_stopped_before_the_start() -> None:
    """What was stopped before it was started is not started: the connection was lost meanwhile."""
    producer = of_source([b"a"])
    producer.stopProducing()
    with pytest.raises(RuntimeError, match="was sent or stopped before"):
        producer.startProducing(Consumer(producer))
    assert producer.rewind()
    producer.resumeProducing()
    assert collect(producer) == b"a"


def test_length() -> None:
    """The length is what the source knows, else what the program says."""
    context = copy_context()
    assert BodyProducer.from_source(IterableSource([b"a"]), context, 1).length == 1
    assert BodyProducer.from_source(as_source(b"ab", ""), context).length == 2
    assert of_function(print, 0).length == 0
    assert BodyProducer.from_async_iterable(AsyncIteration([]), context, 5).length == 5


class TestPieces:
    """What comes from a generator, a list or a file."""

    def test_failure(self) -> None:
        """What a generator raises is what the Deferred fails with; what came before has been sent."""

        def make() -> Iterator[bytes]:
            yield b"a"
            raise Boom

        consumer = Consumer(of_source(make())).start()
        assert consumer.body == b"a"
        assert isinstance(consumer.error, Boom)

    def test_wrong_type(self) -> None:
        """A piece that is no bytes ends it."""
        consumer = Consumer(of_source([b"a", "b"])).start()
        assert isinstance(consumer.error, TypeError)
        assert "a piece of a body is bytes, not str" in str(consumer.error)

    def test_failure_of_the_consumer(self) -> None:
        """What the consumer raises, because there is too much for example, ends it, and the generator."""
        order: list[str] = []

        def make() -> Iterator[bytes]:
            try:
                yield b"a"
                yield b"b"
            finally:
                order.append("closed")

        consumer = Consumer(of_source(made := make()))
        consumer.write = refuse
        consumer.producer.startProducing(consumer).addErrback(lambda _: order.append("failed"))
        assert order == ["closed", "failed"]
        assert list(made) == []

    def test_close_fails(self, events: list[LogEvent]) -> None:
        """A generator that cannot be closed is reported: nobody else can be told."""

        def make() -> Iterator[bytes]:
            try:
                yield b"a"
                yield b"b"
            finally:
                raise Boom

        consumer = Consumer(of_source(make()), ["pause"]).start()
        consumer.act("stop")
        assert consumer.ends == []
        (event,) = events
        assert event["log_failure"].check(Boom)
        events.clear()

    def test_stop_closes(self) -> None:
        """A stop closes the generator at once."""
        closed: list[str] = []

        def make() -> Iterator[bytes]:
            try:
                yield b"a"
                yield b"b"
            finally:
                closed.append("closed")

        consumer = Consumer(of_source(make()), ["pause"]).start()
        assert closed == []
        consumer.act("stop")
        assert closed == ["closed"]

    @pytest.mark.parametrize("end", ["stop", "cancel"])
    def test_stopped_by_itself(self, end: str) -> None:
        """A generator may bring about its own end; it is closed when it has given what it was about to."""
        order: list[str] = []

        def make() -> Iterator[bytes]:
            try:
                yield b"a"
                if end == "stop":
                    consumer.act("stop")
                else:
                    holder[0].cancel()
                order.append("goes on")
                yield b"b"
            finally:
                order.append("closed")

        consumer = Consumer(of_source(make()), ["pause"])
        holder: list[Deferred[None]] = [consumer.producer.startProducing(consumer)]
        holder[0].addErrback(consumer.ends.append)
        consumer.act("resume")
        assert order == ["goes on", "closed"]
        assert consumer.body == b"a"
        assert len(consumer.ends) == (end == "cancel")

    def test_cancelled_while_it_fails(self) -> None:
        """A consumer that refuses a piece may be cancelled by the generator that is closed for it."""
        holder: list[Deferred[None]] = []

        def make() -> Iterator[bytes]:
            try:
                yield b"a"
                yield b"b"
            finally:
                holder[0].cancel()

        consumer = Consumer(of_source(make()), ["pause"])
        holder.append(consumer.producer.startProducing(consumer))
        holder[0].addErrback(consumer.ends.append)
        consumer.write = refuse
        consumer.act("resume")
        assert isinstance(consumer.error, CancelledError)

    def test_path(self, tmp_path: Path) -> None:
        """A file is opened for the sending, closed at its end, and missing is an error of the sending."""
        path = tmp_path / "file"
        path.write_bytes(b"x" * 100_000)
        producer = BodyProducer.from_source(PathSource(path), copy_context())
        assert collect(producer) == b"x" * 100_000
        assert producer.rewind()
        path.unlink()
        assert isinstance(Consumer(producer).start().error, FileNotFoundError)

    def test_context(self) -> None:
        """A generator runs in the context in which the body was given, whoever asks for its pieces."""
        seen: list[str] = []

        def make() -> Iterator[bytes]:
            try:
                for _ in range(3):
                    seen.append(name.get())
                    yield b"a"
            finally:
                seen.append(name.get())

        context = copy_context()
        context.run(name.set, "inside")
        producer = BodyProducer.from_source(IterableSource(make()), context)
        consumer = Consumer(producer, ["", "pause"]).start()
        consumer.act("stop")
        assert seen == ["inside", "inside", "inside"]
        assert name.get() == "outside"

    def test_deep(self) -> None:
        """A long body does not need a deep stack, however often the consumer pauses in between."""
        pieces = [b"x"] * 5000
        consumer = Consumer(of_source(pieces), ["pause resume"] * 5000).start()
        assert (consumer.ends, len(consumer.body)) == ([None], 5000)


def refuse(_: bytes) -> None:
    """Be a consumer that wants no more."""
    raise HTTPOutputError("too much")


class TestFunctions:
    """What a function of the program writes."""

    def test_room(self) -> None:
        """`write` waits while there is no room, also for the piece that has taken the last of it."""
        order: list[str] = []

        async def produce(write: Write) -> None:
            for piece in (b"a", b"b", b"c"):
                await write(piece)
                order.append(f"behind {piece.decode()}")

        consumer = Consumer(of_function(produce), ["", "pause"]).start()
        assert (consumer.body, order) == (b"ab", ["behind a"])
        consumer.act("resume")
        assert (consumer.body, order) == (b"abc", ["behind a", "behind b", "behind c"])
        assert consumer.ends == [None]

    def test_no_room(self) -> None:
        """What is written while there is no room is kept, and its Deferred waits for its turn."""
        fired: list[str] = []
        end: Deferred[None] = Deferred()

        def produce(write: Whatever) -> Deferred[None]:
            for text in ("a", "b", "c"):
                write(text.encode()).addCallback(lambda _, text=text: fired.append(text))
            write(b"").addCallback(lambda _: fired.append("nothing"))
            return end

        consumer = Consumer(of_function(produce), ["pause", "pause"]).start()
        assert (consumer.body, fired) == (b"a", [])
        consumer.act("resume")
        assert (consumer.body, fired) == (b"ab", ["a"])
        consumer.act("resume")
        assert (consumer.body, fired) == (b"abc", ["a", "b", "c", "nothing"])
        assert consumer.ends == []
        end.callback(None)
        assert consumer.ends == [None]

    def test_end_while_paused(self) -> None:
        """All is sent when the last piece is, although there is no room for another one."""
        rooms: list[Deferred[None]] = []

        def produce(write: Whatever) -> None:
            rooms.append(write(b"a"))

        consumer = Consumer(of_function(produce), ["pause"]).start()
        assert consumer.ends == [None]
        assert rooms[0].called

    def test_buffer_is_copied(self) -> None:
        """A buffer may be filled again at once, even while its piece waits."""

        def produce(write: Write) -> None:
            buffer = bytearray(b"a")
            for each in b"bcd":
                write(buffer)
                buffer[0] = each

        consumer = Consumer(of_function(produce), ["pause"]).start()
        consumer.resume()
        assert consumer.body == b"abc"

    @pytest.mark.parametrize("result", [None, 5, succeed(None), succeed("x")])
    def test_results(self, result: object) -> None:
        """What the function returns does not matter, if there is nothing to wait for."""

        def produce(write: Write) -> object:
            write(b"a")
            return result

        assert collect(of_function(produce)) == b"a"

    def test_failures(self) -> None:
        """However the function fails, early or late, that is what the Deferred fails with."""
        gate: Deferred[None] = Deferred()

        def raises(_: Write) -> None:
            raise Boom

        async def raises_early(write: Write) -> None:
            await write(b"a")
            raise Boom

        async def raises_late(write: Write) -> None:
            await write(b"a")
            await gate
            raise Boom

        def fails(_: Write) -> Deferred[None]:
            return fail(Boom())

        consumers = [
            Consumer(of_function(each)).start()
            for each in (raises, raises_early, raises_late, fails)
        ]
        gate.callback(None)
        assert [type(each.error) for each in consumers] == [Boom] * 4
        assert [each.body for each in consumers] == [b"", b"a", b"a", b""]

    def test_failure_with_a_queue(self) -> None:
        """What waits for room when the function fails is not sent, and nobody waits for ever."""
        rooms: list[Deferred[None]] = []

        def produce(write: Whatever) -> None:
            rooms.extend([write(b"a"), write(b"b")])
            raise Boom

        consumer = Consumer(of_function(produce), ["pause"]).start()
        assert isinstance(consumer.error, Boom)
        assert consumer.body == b"a"
        assert all(room.called for room in rooms)

    def test_wrong_type(self) -> None:
        """`write` refuses what is no bytes; the function may go on with what is."""

        async def produce(write: Whatever) -> None:
            with pytest.raises(TypeError, match="a piece of a body is bytes, not str"):
                write("text")
            await write(b"text")

        assert collect(of_function(produce)) == b"text"

    def test_no_function(self) -> None:
        """A function that yields is explained."""

        async def produce(_: Write) -> AsyncIterator[bytes]:
            yield b"a"

        consumer = Consumer(of_function(produce)).start()
        assert "an `async def` method awaits, it does not yield" in str(consumer.error)

    def test_too_late(self) -> None:
        """Who writes behind the end is told: else the piece would belong to the next request."""
        kept: list[Write] = []
        producer = of_function(kept.append)
        assert collect(producer) == b""
        with pytest.raises(HTTPOutputError, match="called after the end of the body_producer"):
            kept[0](b"a")

    def test_too_late_while_paused(self) -> None:
        """The end of the function counts, not that of the sending."""
        kept: list[Write] = []

        def produce(write: Write) -> None:
            kept.append(write)
            write(b"a")
            write(b"b")

        consumer = Consumer(of_function(produce), ["pause"]).start()
        assert consumer.ends == []
        with pytest.raises(HTTPOutputError, match="called after the end"):
            kept[0](b"c")
        consumer.resume()
        assert (consumer.body, consumer.ends) == (b"ab", [None])

    def test_failure_of_the_consumer(self) -> None:
        """What the consumer raises, because there is too much for example, comes out of `write`."""
        caught: list[BaseException] = []

        async def produce(write: Write) -> None:
            try:
                await write(b"too much")
            except HTTPOutputError as error:
                caught.append(error)
                raise

        consumer = Consumer(of_function(produce))
        consumer.write = refuse
        consumer.start()
        assert consumer.error is caught[0]

    def test_failure_of_the_consumer_later(self) -> None:
        """If the piece had to wait, the function is cancelled, and the Deferred fails all the same."""
        seen: list[str] = []

        async def produce(write: Write) -> None:
            await write(b"a")
            try:
                write(b"b")
                await write(b"c")
            except CancelledError:
                seen.append("cancelled")
                raise

        consumer = Consumer(of_function(produce), ["pause", "pause"]).start()
        consumer.act("resume")
        consumer.write = refuse
        consumer.act("resume")
        assert seen == ["cancelled"]
        assert isinstance(consumer.error, HTTPOutputError)

    def test_function_that_goes_on(self) -> None:
        """A function that hears nothing of the failure is cancelled where it waits."""
        gate: Deferred[None] = Deferred()
        seen: list[str] = []

        async def produce(write: Write) -> None:
            try:
                await write(b"a")
            except HTTPOutputError:
                seen.append("refused")
            try:
                await gate
            finally:
                seen.append("cancelled")

        consumer = Consumer(of_function(produce))
        consumer.write = refuse
        consumer.start()
        assert seen == ["refused", "cancelled"]
        assert isinstance(consumer.error, HTTPOutputError)

    @pytest.mark.parametrize("when", ["early", "late"])
    def test_stop_cancels(self, when: str) -> None:
        """A stop cancels the function, also one that has brought it about, and what waits for room."""
        seen: list[str] = []
        gate: Deferred[None] = Deferred()

        async def produce(write: Write) -> None:
            try:
                await write(b"a")
                await gate
            except CancelledError:
                seen.append("cancelled")
                raise

        consumer = Consumer(of_function(produce), ["stop" if when == "early" else ""]).start()
        if when == "late":
            assert seen == []
            consumer.act("stop")
        assert (seen, consumer.ends) == (["cancelled"], [])

    def test_stop_while_it_waits_for_room(self) -> None:
        """Who waits for room is cancelled; who has left it waiting is let go."""
        seen: list[str] = []
        left: list[Deferred[None]] = []

        async def produce(write: Whatever) -> None:
            left.append(write(b"a"))
            try:
                await write(b"b")
            except CancelledError:
                seen.append("cancelled")
                raise

        consumer = Consumer(of_function(produce), ["pause"]).start()
        consumer.act("stop")
        assert (seen, consumer.ends, consumer.body) == (["cancelled"], [], b"a")
        assert left[0].called

    def test_write_after_a_stop(self) -> None:
        """A function that nothing can cancel is told by the next `write`."""
        clock = Clock()
        call: list[LoopingCall] = []

        def produce(write: Write) -> Deferred[Any]:
            call.append(LoopingCall(write, b"a"))
            call[0].clock = clock
            return call[0].start(1)

        consumer = Consumer(of_function(produce)).start()
        clock.advance(1)
        assert consumer.body == b"aa"
        consumer.act("stop")
        clock.advance(1)
        assert (consumer.body, consumer.ends) == (b"aa", [])
        assert not call[0].running

    def test_stop_lets_go_of_waiters(self) -> None:
        """A function made of callbacks goes on when it is let go, and is told that it is over."""
        errors: list[Any] = []

        def produce(write: Whatever) -> Deferred[None]:
            end: Deferred[None] = Deferred()
            write(b"a").addCallback(lambda _: write(b"b")).addErrback(errors.append)
            return end

        consumer = Consumer(of_function(produce), ["pause"]).start()
        consumer.act("stop")
        assert [error.type for error in errors] == [StreamClosedError]
        assert consumer.body == b"a"

    def test_failure_after_a_stop(self, events: list[LogEvent]) -> None:
        """What goes wrong while a function is cancelled is reported: nobody else can be told."""
        gate: Deferred[None] = Deferred()

        async def produce(write: Write) -> None:
            await write(b"a")
            try:
                await gate
            finally:
                raise Boom

        consumer = Consumer(of_function(produce)).start()
        consumer.act("stop")
        assert consumer.ends == []
        (event,) = events
        assert event["log_failure"].check(Boom)
        events.clear()

    def test_cancelling_fails(self, events: list[LogEvent]) -> None:
        """A Deferred that cannot be cancelled is reported, too."""

        def cancel(_: object) -> None:
            raise Boom

        def produce(_: Write) -> Deferred[None]:
            return Deferred(cancel)

        consumer = Consumer(of_function(produce)).start()
        consumer.act("stop")
        (event,) = events
        assert event["log_failure"].check(Boom)
        events.clear()

    def test_end_after_a_stop(self) -> None:
        """A function that comes to its end nevertheless ends nothing."""

        async def produce(write: Write) -> None:
            await write(b"a")

        consumer = Consumer(of_function(produce), ["stop"]).start()
        assert (consumer.body, consumer.ends) == (b"a", [])

    def test_giving_up_a_wait(self) -> None:
        """Who gives up waiting for room takes nothing back."""

        def produce(write: Whatever) -> None:
            write(b"a")
            write(b"b").addErrback(lambda failure: failure.trap(CancelledError)).cancel()

        consumer = Consumer(of_function(produce), ["pause"]).start()
        consumer.resume()
        assert (consumer.body, consumer.ends) == (b"ab", [None])

    def test_context(self) -> None:
        """A function runs in the context in which the body was given, also behind an await."""
        seen: list[str] = []

        async def produce(write: Write) -> None:
            seen.append(name.get())
            await write(b"a")
            seen.append(name.get())
            name.set("changed")

        context = copy_context()
        context.run(name.set, "inside")
        producer = BodyProducer.from_function(produce, context)
        consumer = Consumer(producer, ["pause"]).start()
        consumer.resume()
        assert seen == ["inside", "inside"]
        assert name.get() == "outside"

    def test_deep(self) -> None:
        """A long body does not need a deep stack, whether there is room or not."""

        async def produce(write: Write) -> None:
            for _ in range(5000):
                await write(b"x")

        for action in ("", "pause resume"):
            consumer = Consumer(of_function(produce), [action] * 5000).start()
            assert (consumer.ends, len(consumer.body)) == ([None], 5000)


class TestAsyncIterables:
    """What an asynchronous iterable gives."""

    @pytest.mark.parametrize("end", ["stop", "cancel", "end", "boom", "wrong", "refused"])
    def test_generator_is_closed(self, end: str) -> None:
        """An asynchronous generator is closed, whatever the end is, and what it awaits then is waited for."""
        order: list[str] = []
        cleaning: Deferred[None] = Deferred()

        async def make() -> AsyncIterator[Any]:
            try:
                yield b"a"
                if end == "boom":
                    raise Boom
                yield "b" if end == "wrong" else b"b"
            finally:
                order.append("closing")
                await cleaning
                order.append("closed")

        made = make()
        producer = of_iterable(made)
        consumer = Consumer(producer, ["pause"])
        done = producer.startProducing(consumer)
        done.addBoth(consumer.ends.append)
        if end == "refused":
            consumer.write = refuse
        if end == "cancel":
            done.cancel()
        else:
            consumer.act("stop" if end == "stop" else "resume")
        assert order == ["closing"]
        cleaning.callback(None)
        assert order == ["closing", "closed"]
        errors = {"boom": Boom, "wrong": TypeError, "refused": HTTPOutputError}
        if end == "stop":
            assert consumer.ends == []
        elif end == "end":
            assert consumer.ends == [None]
        else:
            assert isinstance(consumer.error, errors.get(end, CancelledError))

    def test_cancelled_where_it_waits(self) -> None:
        """What the generator awaits is cancelled."""
        cancelled: list[object] = []

        async def make() -> AsyncIterator[bytes]:
            await Deferred(cancelled.append)
            yield b"a"

        consumer = Consumer(of_iterable(make())).start()
        consumer.act("stop")
        assert len(cancelled) == 1
        assert consumer.ends == []


class TestOnALoop:
    """On the asyncio reactor the functions run as Tasks and may await what belongs to asyncio."""

    def test_function(self) -> None:
        """A function awaits asyncio's things beside the room, and is cancelled as a Task is."""
        order: list[str] = []

        async def produce(write: Write) -> None:
            await asyncio.sleep(0)
            await write(b"a")
            order.append("room")
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                order.append("cancelled")
                raise

        async def main() -> Consumer:
            consumer = Consumer(of_function(produce), ["pause"]).start()
            await turns()
            assert (consumer.body, order) == (b"a", [])
            consumer.act("resume")
            await turns()
            assert order == ["room"]
            consumer.act("stop")
            await turns()
            return consumer

        consumer = asyncio.run(main())
        assert order == ["room", "cancelled"]
        assert consumer.ends == []

    def test_future(self) -> None:
        """A function may return a Future of asyncio."""

        def produce(write: Write) -> "asyncio.Future[None]":
            write(b"a")
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(future.set_result, None)
            return future

        async def main() -> Consumer:
            consumer = Consumer(of_function(produce)).start()
            assert consumer.ends == []
            await turns()
            return consumer

        consumer = asyncio.run(main())
        assert (consumer.body, consumer.ends) == (b"a", [None])

    @pytest.mark.parametrize("stop", [False, True])
    def test_iterable(self, stop: bool) -> None:
        """An asynchronous generator may await asyncio's things; it is closed when it is cancelled."""
        order: list[str] = []

        async def make() -> AsyncIterator[bytes]:
            try:
                for piece in (b"a", b"b"):
                    await asyncio.sleep(0)
                    yield piece
            finally:
                await asyncio.sleep(0)
                order.append("closed")

        async def main() -> Consumer:
            consumer = Consumer(of_iterable(make()), ["pause"]).start()
            await turns()
            consumer.act("stop" if stop else "resume")
            await turns()
            return consumer

        consumer = asyncio.run(main())
        assert order == ["closed"]
        assert consumer.body == (b"a" if stop else b"ab")
        assert consumer.ends == ([] if stop else [None])


async def turns() -> None:
    """Let the loop do what is due."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_sending_is_abstract() -> None:
    """What makes pieces in another way says how it begins, goes on and lets go."""
    with pytest.raises(TypeError, match="abstract"):
        Sending(Consumer(None), copy_context())
