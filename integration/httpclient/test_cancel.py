"""A request that ends too early, in every phase: cancelled, out of time, or its client closed.

Whatever happens, nothing is left of it: no connection, no timer, no Deferred, no place in the queue.
"""

import asyncio
import gc
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest
from twisted.internet.abstract import FileDescriptor
from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.protocol import BaseProtocol

from cyclone.httpclient import HTTPClient, HTTPResponse, HTTPStreamClosedError, HTTPTimeoutError
from httpclient.nowhere import FILLING
from httpclient.running import Loop, sockets_to
from httpclient.servers.hostile import Exchange, for_ever, say, say_and_wait
from httpclient.world import Option, World

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it"
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
CHALLENGE = (
    b'HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm="a", nonce="b", qop="auth"\r\n'
    b"Content-Length: 0\r\n\r\n"
)
LONG = 30.0


class Case(NamedTuple):
    """What a phase has.

    Attributes:
        loop: The reactor.
        http: A client for one request at a time.
        world: The servers.
        deaf: A port on which nobody answers.
        resolve: Puts another resolver in the place of the system's.
        options: What each request gets besides.
    """

    loop: Loop
    http: HTTPClient
    world: World
    deaf: int
    resolve: Callable[[bool], None]
    options: dict[str, Option]

    def fetch(self, url: str, **options: Option) -> "Deferred[Any]":
        """Begin a request."""
        return self.http.fetch(url, **{**self.options, **options})

    async def asked(self, before: int, count: int = 1) -> None:
        """Wait until the hostile server has so many requests more than before."""
        await self.loop.until("request", lambda: len(self.world.hostile.heads) >= before + count)

    @property
    def attempts(self) -> int:
        """How many connections to `deaf` are under way."""
        # The system gives those up that fill the queue when the tests take longer than two minutes.
        return max(len(sockets_to(self.deaf)) - FILLING, 0)

    @property
    def heads(self) -> int:
        """How many requests the hostile server has got."""
        return len(self.world.hostile.heads)


Phase = Callable[[Case], Awaitable["Deferred[Any]"]]
PHASES: dict[str, Phase] = {}


def phase(function: Phase) -> Phase:
    """Add a phase: a coroutine function that begins a request and waits until it has come so far."""
    PHASES[function.__name__.replace("_", " ")] = function
    return function


@phase
async def resolving(case: Case) -> "Deferred[Any]":
    """The name of the server is being looked up."""
    case.resolve(False)
    return case.fetch("http://name.example/")


@phase
async def connecting(case: Case) -> "Deferred[Any]":
    """Nobody answers the first packet."""
    waiting = case.fetch(f"http://127.0.0.1:{case.deaf}/")
    await case.loop.until("attempt", lambda: case.attempts == 1)
    return waiting


@phase
async def handshake(case: Case) -> "Deferred[Any]":
    """The server does not shake hands."""
    port = case.world.port("hostile")
    waiting = case.fetch(f"https://localhost:{port}/")
    await case.loop.until("connection", lambda: sockets_to(port) == ["01"])
    return waiting


@phase
async def connecting_to_the_proxy(case: Case) -> "Deferred[Any]":
    """Nobody answers where the proxy should be."""
    waiting = case.fetch("https://a.example/", proxy=f"http://127.0.0.1:{case.deaf}")
    await case.loop.until("attempt", lambda: case.attempts == 1)
    return waiting


async def _proxy(case: Case, host: str) -> "Deferred[Any]":
    proxy = case.world.proxy
    before = len(proxy.heads)
    waiting = case.fetch(f"https://{host}/", proxy=f"http://127.0.0.1:{proxy.port}")
    await case.loop.until("CONNECT", lambda: len(proxy.heads) > before)
    return waiting


@phase
async def tunnel(case: Case) -> "Deferred[Any]":
    """The proxy does not answer."""
    return await _proxy(case, "silent.test")


@phase
async def handshake_in_the_tunnel(case: Case) -> "Deferred[Any]":
    """The server behind the tunnel does not shake hands."""
    waiting = await _proxy(case, "mute.test")
    await case.loop.pause(0.02)  # for the answer of the proxy, of which nobody outside hears
    return waiting


@phase
async def queue(case: Case) -> "Deferred[Any]":
    """Another request has the only place."""
    before = case.heads
    first = case.http.fetch(case.world.answers(say_and_wait()), request_timeout=9 * LONG)
    await case.asked(before)
    waiting = case.fetch(case.world.url())

    def end(result: object) -> object:
        # The first one is only in the way: it goes behind the other.
        first.addErrback(lambda _: None)
        first.cancel()
        return result

    return waiting.addBoth(end)


@phase
async def sending(case: Case) -> "Deferred[Any]":
    """The server does not read the body."""
    before = case.heads
    endless = itertools.repeat(b"x" * 65536)
    waiting = case.fetch(case.world.answers(_deaf_act), method="POST", body=endless)
    await case.asked(before)
    return waiting


@phase
async def producing(case: Case) -> "Deferred[Any]":
    """A `body_producer` waits for room."""
    before, ended = case.heads, []

    async def producer(write: Callable[[bytes], Awaitable[None]]) -> None:
        try:
            while True:
                await write(b"x" * 65536)
        finally:
            ended.append(True)

    url = case.world.answers(_deaf_act)
    waiting = case.fetch(url, method="POST", body_producer=producer)
    await case.asked(before)

    def end(result: object) -> object:
        assert ended == [True]
        return result

    return waiting.addBoth(end)


async def _deaf_act(_: Exchange) -> None:
    """Read nothing."""
    await asyncio.Event().wait()


@phase
async def permission(case: Case) -> "Deferred[Any]":
    """The body waits for 100."""
    before = case.heads
    url = case.world.answers(say_and_wait())
    waiting = case.fetch(url, method="POST", body="x", expect_100_continue=True)
    await case.asked(before)
    return waiting


@phase
async def answer(case: Case) -> "Deferred[Any]":
    """The server says nothing."""
    before = case.heads
    waiting = case.fetch(case.world.answers(say_and_wait()))
    await case.asked(before)
    return waiting


@phase
async def head(case: Case) -> "Deferred[Any]":
    """The server stops in the head."""
    before = case.heads
    waiting = case.fetch(case.world.answers(say_and_wait(HALF[:30])))
    await case.asked(before)
    return waiting


@phase
async def body(case: Case) -> "Deferred[Any]":
    """The server stops in the body."""
    lines: list[str] = []
    waiting = case.fetch(case.world.answers(say_and_wait(HALF)), header_callback=lines.append)
    await case.loop.until("head", lambda: "\r\n" in lines)
    return waiting


@phase
async def flood(case: Case) -> "Deferred[Any]":
    """The server sends for ever."""
    lines: list[str] = []
    act = for_ever(b"HTTP/1.1 200 OK\r\n\r\n", b"x", pause=0.001)
    waiting = case.fetch(case.world.answers(act), header_callback=lines.append)
    await case.loop.until("head", lambda: "\r\n" in lines)
    return waiting


@phase
async def callback(case: Case) -> "Deferred[Any]":
    """The program's callback thinks; it is cancelled, too."""
    states: list[str] = []

    async def think(_: bytes) -> None:
        states.append("thinking")
        try:
            await Deferred()
        except CancelledError:
            states.append("cancelled")
            raise

    waiting = case.fetch(case.world.answers(OK), streaming_callback=think)
    await case.loop.until("callback", lambda: states)

    def end(result: object) -> object:
        assert states == ["thinking", "cancelled"]
        return result

    return waiting.addBoth(end)


@phase
async def redirect(case: Case) -> "Deferred[Any]":
    """The server to which the first one leads says nothing."""
    before = case.heads
    there = case.world.answers(say_and_wait()).encode()
    waiting = case.fetch(case.world.answers(say(REDIRECT % there)))
    await case.asked(before, 2)
    return waiting


@phase
async def redirect_to_nowhere(case: Case) -> "Deferred[Any]":
    """Where the first one leads nobody answers."""
    there = REDIRECT % f"http://127.0.0.1:{case.deaf}/".encode()
    waiting = case.fetch(case.world.answers(say(there)))
    await case.loop.until("attempt", lambda: case.attempts == 1)
    return waiting


@phase
async def proof(case: Case) -> "Deferred[Any]":
    """The server says nothing more once it has been given the proof."""
    before = case.heads

    async def act(exchange: Exchange) -> None:
        known = b"Authorization: Digest" in exchange.head
        await (say_and_wait() if known else say(CHALLENGE))(exchange)

    credentials = {"auth_username": "a", "auth_password": "b", "auth_mode": "digest"}
    waiting = case.fetch(case.world.answers(act), **credentials)
    await case.asked(before, 2)
    return waiting


@phase
async def opening_a_stream(case: Case) -> "Deferred[Any]":
    """`stream` waits for the head."""
    before = case.heads
    url = case.world.answers(say_and_wait())

    async def main() -> None:
        async with case.http.stream("GET", url, **case.options):
            pytest.fail("there is no answer")

    waiting = ensureDeferred(main())
    await case.asked(before)
    return waiting


@phase
async def reading_a_stream(case: Case) -> "Deferred[Any]":
    """Somebody iterates over a body that does not come."""
    got: list[bytes] = []

    async def main() -> None:
        url = case.world.answers(say_and_wait(HALF))
        async with case.http.stream("GET", url, **case.options) as response:
            async for chunk in response:
                got.append(chunk)  # noqa: PERF401 -- what has come is looked at meanwhile

    waiting = ensureDeferred(main())
    await case.loop.until("chunk", lambda: got)
    return waiting


@pytest.fixture(scope="module", autouse=True)
def frozen() -> Iterator[None]:
    """Let the collector look at what is new only: it runs often here."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def remains(loop: Loop) -> Counter[str]:
    """Count what must not be left; the Deferred that this waits for is always among it."""
    await loop.pause(0)
    gc.collect()
    kinds = (Deferred, BaseProtocol, FileDescriptor)
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, kinds))


@pytest.fixture
def make_case(
    loop: Loop, world: World, deaf: int, resolve: Callable[[bool], None]
) -> Iterator[Callable[..., Case]]:
    """A maker of cases."""
    http = HTTPClient(max_clients=1, ca_certs=str(world.authority.path), reactor=loop.reactor)
    yield partial(Case, loop, http, world, deaf, resolve)
    http.close()


async def _nothing_is_left(case: Case, before: Counter[str]) -> None:
    ports = case.world.ports
    await case.loop.until(
        "end of the connections", lambda: not (sockets_to(*ports) or case.attempts)
    )
    await case.loop.until("end of the timers", lambda: not case.loop.left())
    assert not await remains(case.loop) - before


@pytest.mark.parametrize("name", PHASES)
async def test_cancel(make_case: Callable[..., Case], name: str) -> None:
    """Cancelled, it ends with `CancelledError`; the only place is free for the next."""
    case = make_case({"connect_timeout": LONG, "request_timeout": LONG})
    before = await remains(case.loop)
    waiting = await PHASES[name](case)
    assert not waiting.called
    waiting.cancel()
    with pytest.raises(CancelledError):
        await waiting
    del waiting
    await _nothing_is_left(case, before)
    assert (await case.http.get(case.world.url())).code == 200


@pytest.mark.parametrize("name", PHASES)
async def test_out_of_time(make_case: Callable[..., Case], name: str) -> None:
    """Out of time, it ends with `HTTPTimeoutError`; the only place is free for the next."""
    case = make_case({"connect_timeout": 2 * LONG, "request_timeout": LONG})
    before = await remains(case.loop)
    waiting = await PHASES[name](case)
    assert not waiting.called
    case.loop.skip(LONG)
    with pytest.raises(HTTPTimeoutError, match=f"{LONG:g} s"):
        await waiting
    del waiting
    await _nothing_is_left(case, before)
    assert (await case.http.get(case.world.url())).code == 200


@pytest.mark.parametrize("name", PHASES)
async def test_closed(make_case: Callable[..., Case], name: str) -> None:
    """Its client closed, it ends with `HTTPStreamClosedError`."""
    case = make_case({"connect_timeout": LONG, "request_timeout": LONG})
    before = await remains(case.loop)
    waiting = await PHASES[name](case)
    case.http.close()
    with pytest.raises(HTTPStreamClosedError):
        await waiting
    del waiting
    await _nothing_is_left(case, before)


async def test_cancel_what_is_done(make_case: Callable[..., Case]) -> None:
    """Behind the answer it changes nothing, also from within a callback."""
    case = make_case({})
    fetch = case.fetch(case.world.url())

    def cancel(response: HTTPResponse) -> HTTPResponse:
        fetch.cancel()
        return response

    fetch.addCallback(cancel)
    assert (await fetch).code == 200
    fetch.cancel()
    assert (await case.fetch(case.world.url())).code == 200


async def test_cancel_at_once(make_case: Callable[..., Case]) -> None:
    """A request that is cancelled in the line behind leaves nothing either."""
    case = make_case({})
    before = await remains(case.loop)
    for _ in range(3):
        fetch = case.fetch(case.world.url())
        fetch.cancel()
        with pytest.raises(CancelledError):
            await fetch
    del fetch
    await _nothing_is_left(case, before)


async def test_cancel_all_of_a_queue(make_case: Callable[..., Case]) -> None:
    """A hundred that wait can be cancelled in any order, while some of them have their turn."""
    case = make_case({})
    before = await remains(case.loop)
    fetches = [case.fetch(case.world.url("/delay/0.001")) for _ in range(100)]
    for number in itertools.chain(range(99, 0, -3), range(1, 100, 3), range(2, 100, 3)):
        fetches[number].cancel()
    outcomes: Counter[str] = Counter()
    for fetch in fetches:
        try:
            outcomes[str((await fetch).code)] += 1
        except CancelledError:
            outcomes["cancelled"] += 1
    assert outcomes == {"200": 1, "cancelled": 99}
    assert (await case.fetch(case.world.url())).code == 200
    case.http.close()
    del fetches, fetch
    await _nothing_is_left(case, before)
