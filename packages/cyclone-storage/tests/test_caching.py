"""Cached functions: one computation for many callers, results for a while, failures never."""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.internet.defer import CancelledError, Deferred, fail, inlineCallbacks, succeed
from twisted.internet.task import Clock

from cyclone_storage.caching import Cached, CacheStats, CircularWait, cached
from cyclone_storage.errors import StorageError


class Source:
    """A function whose results come when the test wants it."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.running: list[Deferred[Any]] = []
        self.cancelled = 0

    def __call__(self, *args: object) -> Deferred[Any]:
        self.asked.append(args)
        running: Deferred[Any] = Deferred(self._cancel)
        self.running.append(running)
        return running

    def _cancel(self, _: Deferred[Any]) -> None:
        self.cancelled += 1


def got(waiting: Deferred[Any]) -> list[Any]:
    """Return a list into which a Deferred puts its result, an exception too."""
    results: list[Any] = []
    waiting.addCallbacks(results.append, lambda failure: results.append(failure.value))
    return results


def recorded() -> tuple[list[object], Callable[..., Any]]:
    """Return a list, and a function that returns its argument and adds it to the list."""
    calls: list[object] = []

    def function(argument: object, **_: object) -> object:
        calls.append(argument)
        return argument

    return calls, function


def test_kept_for_its_time() -> None:
    """A result is computed once in `ttl` seconds, for each of the arguments."""
    clock = Clock()
    calls: list[int] = []

    @cached(10, clock=clock)
    def double(number: int, *, more: int = 0) -> int:
        calls.append(number)
        return 2 * number + more

    assert got(double(1)) == got(double(1)) == [2]
    assert got(double(2)) == [4]
    assert got(double(1, more=3)) == [5]
    assert calls == [1, 2, 1]
    clock.advance(9.9)
    assert got(double(1)) == [2]
    assert len(calls) == 3
    clock.advance(0.1)
    assert got(double(1)) == [2]
    assert len(calls) == 4
    assert double.stats() == CacheStats(hits=2, misses=4, entries=3)
    assert double.__wrapped__.__name__ == "double"


def test_monotonic_by_default() -> None:
    """Without a clock a result is kept as well, for ever if that is asked for."""
    source = Source()
    keep = cached(math.inf)(source)
    keep(1)
    source.running[0].callback("one")
    assert got(keep(1)) == ["one"]


def test_kinds_of_functions() -> None:
    """Values, Deferreds, coroutines and other awaitables are waited for; the result is kept."""

    class Later:
        def __await__(self) -> Generator[Any, Any, str]:
            return (yield from succeed("later").__await__())

    async def coroutine() -> str:
        return await succeed("coroutine")

    functions: dict[str, Callable[[], object]] = {
        "value": lambda: "value",
        "deferred": lambda: succeed("deferred"),
        "coroutine": coroutine,
        "later": Later,
    }
    for result, function in functions.items():
        keep = cached(1)(function)
        assert got(keep()) == got(keep()) == [result]
        assert keep.stats().misses == 1


def test_future() -> None:
    """A function may return a future of asyncio."""
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    keep = cached(1)(lambda: future)
    results = got(keep())
    future.set_result("future")
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    assert results == got(keep()) == ["future"]


def test_single_flight() -> None:
    """Who asks while a result is computed waits for it; all get the same, in order."""
    source = Source()
    keep = cached(10)(source)
    order: list[int] = []

    def numbered(result: object, number: int) -> object:
        order.append(number)
        return result

    waiting = [got(keep("a").addBoth(numbered, n)) for n in range(3)]
    other = got(keep("b"))
    assert source.asked == [("a",), ("b",)]
    result = object()
    source.running[0].callback(result)
    assert waiting == [[result]] * 3
    assert order == [0, 1, 2]
    assert other == []
    assert keep.stats() == CacheStats(shared=2, misses=2, entries=1, running=1)


def test_failures_are_not_kept() -> None:
    """All who wait get the failure; the next one begins anew."""
    source = Source()
    keep = cached(10)(source)
    first, second = got(keep()), got(keep())
    error = ValueError("no")
    source.running[0].errback(error)
    assert first == second == [error]
    third = got(keep())
    source.running[1].callback("yes")
    assert third == ["yes"]
    assert keep.stats() == CacheStats(misses=2, shared=1, failures=1, entries=1)


@pytest.mark.parametrize("how", ["raised", "deferred"])
def test_failures_at_once(how: str) -> None:
    """An exception that is raised reaches the caller through the Deferred, too."""

    def function() -> Deferred[str]:
        if how == "raised":
            raise KeyError("no")
        return fail(KeyError("no"))

    keep = cached(10)(function)
    (error,) = got(keep())
    assert isinstance(error, KeyError)
    assert keep.stats() == CacheStats(misses=1, failures=1)


def test_one_waiter_gives_up() -> None:
    """Cancelling one waiter takes nothing from the others, whoever began the computation."""
    source = Source()
    keep = cached(10)(source)
    first, second = keep(), keep()
    gone, result = got(first), got(second)
    first.cancel()
    assert isinstance(gone[0], CancelledError)
    assert source.cancelled == 0
    source.running[0].callback("result")
    assert result == ["result"]


def test_all_waiters_give_up() -> None:
    """When nobody waits any more the computation is cancelled, and the next call begins anew."""
    source = Source()
    keep = cached(10)(source)
    waiting = [keep(), keep()]
    results = [got(each) for each in waiting]
    for each in waiting:
        each.cancel()
    assert source.cancelled == 1
    assert all(isinstance(result[0], CancelledError) for result in results)
    assert keep.stats() == CacheStats(misses=1, shared=1, failures=1)
    again = got(keep())
    source.running[1].callback("result")
    assert again == ["result"]


def test_asked_while_it_is_cancelled() -> None:
    """Who asks while the function is being cancelled gets a computation of its own."""
    asked: list[Deferred[str]] = []
    again: list[list[Any]] = []

    def function() -> Deferred[str]:
        asked.append(Deferred(lambda _: again.append(got(keep()))))
        return asked[-1]

    keep = cached(10)(function)
    waiting = keep()
    got(waiting)
    waiting.cancel()
    asked[1].callback("result")
    assert again == [["result"]]


def test_cancelled_but_done() -> None:
    """A function that finishes although it was cancelled disturbs nobody, and is not kept."""

    def function() -> Deferred[str]:
        return Deferred(lambda running: running.callback("too late"))

    keep = cached(10)(function)
    waiting = keep()
    results = got(waiting)
    waiting.cancel()
    assert isinstance(results[0], CancelledError)
    assert keep.stats() == CacheStats(misses=1)


def test_waiter_cancels_another() -> None:
    """Whoever gets the result first may cancel those behind: they get nothing, and nothing breaks."""
    source = Source()
    keep = cached(10)(source)
    first, second, third = keep(), keep(), keep()
    first.addCallback(lambda _: second.cancel())
    results = got(second), got(third)
    source.running[0].callback("result")
    assert isinstance(results[0][0], CancelledError)
    assert results[1] == ["result"]
    last, behind = keep("b"), keep("b")
    last.addCallback(lambda _: behind.cancel())
    results = got(behind), []
    source.running[1].callback("result")
    assert isinstance(results[0][0], CancelledError)


def test_invalidate() -> None:
    """A result that was invalidated is computed again; those of other arguments stay."""
    calls, function = recorded()
    keep = cached(10)(function)
    for number in (1, 2):
        keep(number)
    keep.invalidate(1)
    keep.invalidate(7)
    for number in (1, 2):
        keep(number)
    assert calls == [1, 2, 1]
    keep.clear()
    keep(2)
    assert calls == [1, 2, 1, 2]


@pytest.mark.parametrize("how", ["invalidate", "clear"])
def test_invalidate_while_it_is_computed(how: str) -> None:
    """What was begun before is given to those who waited, and not kept: it may be old."""
    source = Source()
    keep = cached(10)(source)
    old = got(keep())
    getattr(keep, how)()
    new = got(keep())
    source.running[0].callback("old")
    assert (old, new) == (["old"], [])
    assert got(keep()) == []
    source.running[1].callback("new")
    assert new == ["new"]
    assert got(keep()) == ["new"]


def test_bound() -> None:
    """Beyond `max_entries` the result goes that was not used longest."""
    calls, function = recorded()
    keep = cached(10, max_entries=2)(function)
    for number in (1, 2, 1, 3, 1, 2):
        keep(number)
    assert calls == [1, 2, 3, 2]
    assert keep.stats() == CacheStats(hits=2, misses=4, evicted=2, entries=2)


def test_key() -> None:
    """`key` says which arguments give the same result."""
    _, function = recorded()
    keep = cached(10, key=lambda name, **_: name.lower())(function)
    assert got(keep("Ann", trace=[])) == got(keep("ANN", trace=[1])) == ["Ann"]
    keep.invalidate("aNN")
    assert got(keep("ann")) == ["ann"]


def test_unhashable() -> None:
    """Arguments that cannot be told apart are refused with what to do."""
    keep = cached(10)(len)
    for method in (keep, keep.invalidate):
        with pytest.raises(
            TypeError, match=r"cannot be told apart \(.*list.*give cached\(\) a key="
        ):
            method([1, 2])


def test_method() -> None:
    """A method works too: with `key` for all objects, without it for each."""

    class Shop:
        def __init__(self, name: str) -> None:
            self.name = name

        @cached(10)
        def own(self, article: str) -> str:
            return f"{self.name} {article}"

        @cached(10, key=lambda _, article: article)
        async def shared(self, article: str) -> str:
            return f"{self.name} {article}"

    one, two = Shop("one"), Shop("two")
    assert got(one.own("tea")) == ["one tea"]
    assert got(two.own("tea")) == ["two tea"]
    assert got(one.shared("tea")) == got(two.shared("tea")) == ["one tea"]
    one.shared.invalidate("tea")
    assert got(two.shared("tea")) == ["two tea"]
    assert isinstance(Shop.own, Cached)
    assert one.own.stats() == Shop.own.stats() == CacheStats(misses=2, entries=2)
    assert one.own.__wrapped__.__name__ == "own"
    one.own.clear()
    assert two.own.stats() == CacheStats(misses=2)


def test_class_and_static_methods() -> None:
    """It stands below `classmethod` and `staticmethod`, and above `inlineCallbacks`."""

    class Shop:
        @classmethod
        @cached(10)
        def name(cls, article: str) -> str:
            return f"{cls.__name__} {article}"

        @staticmethod
        @cached(10)
        @inlineCallbacks
        def price(article: str) -> Generator[Deferred[int], int, int]:
            return (yield succeed(len(article)))

    for shop in (Shop, Shop()):
        assert got(shop.name("tea")) == ["Shop tea"]
        assert got(shop.price("tea")) == [3]
    assert Shop.price.stats() == CacheStats(hits=1, misses=1, entries=1)


def test_waits_for_itself() -> None:
    """A function that asks for its own result fails, instead of waiting for ever; so do all who wait."""
    waiting: Deferred[None] = Deferred()

    @cached(10)
    async def endless(number: int) -> Any:  # noqa: ANN401 -- nothing
        await waiting
        return await endless(number)

    results = [got(endless(1)), got(endless(1))]
    waiting.callback(None)
    for (error,) in results:
        assert isinstance(error, CircularWait)
        assert isinstance(error, StorageError)
        assert re.search(r"endless at 0x\w+> waits for its own result$", str(error))
    assert endless.stats() == CacheStats(misses=1, shared=1, failures=1)


def test_wait_in_a_circle() -> None:
    """Functions that wait for each other are found out, also if the circle closes late."""
    begin: list[Deferred[None]] = [Deferred() for _ in range(3)]

    @cached(10)
    async def link(number: int) -> Any:  # noqa: ANN401 -- nothing
        await begin[number]
        return await link((number + 1) % 3)

    results = [got(link(number)) for number in range(3)]
    for each in begin:
        each.callback(None)
    assert [type(error) for (error,) in results] == [CircularWait] * 3


def test_recursion() -> None:
    """Waiting for other results, and twice for the same one, is no circle."""

    @cached(10)
    async def fibonacci(number: int) -> int:
        await tick
        return number if number < 2 else await fibonacci(number - 1) + await fibonacci(number - 2)

    tick: Deferred[None] = Deferred()
    result = got(fibonacci(30))
    tick.callback(None)
    assert result == [832040]

    @cached(10)
    async def diamond(name: str) -> str:
        below = {"top": ["left", "right"], "left": ["end"], "right": ["end"]}.get(name, [])
        asked = [diamond(each) for each in below]
        if name == "end":
            await last
            # Whoever waits for it is found by two ways.
            return await diamond("other")
        return name + "".join([await each for each in asked])

    last: Deferred[None] = Deferred()
    result = got(diamond("top"))
    again = got(diamond("right"))
    last.callback(None)
    assert result == ["topleftotherrightother"]
    assert again == ["rightother"]


def test_what_a_computation_leaves_behind() -> None:
    """What was started in a computation may ask for its result when that has landed."""
    later: Deferred[None] = Deferred()
    results: list[Any] = []

    async def behind() -> None:
        await later
        results.append(await keep(1))
        keep.clear()
        results.append(await keep(1))

    @cached(10)
    async def keep(number: int) -> int:
        if not results:
            Deferred.fromCoroutine(behind())
        return number

    assert got(keep(1)) == [1]
    later.callback(None)
    assert results == [1, 1]


@pytest.mark.parametrize(
    ("error", "says", "options"),
    [
        (ValueError, "the ttl of cached.. is 0", {"ttl": 0}),
        (ValueError, "the ttl of cached.. is nan", {"ttl": math.nan}),
        (ValueError, "max_entries of cached.. is 0", {"max_entries": 0}),
        (TypeError, "max_entries of cached.. is 1.5", {"max_entries": 1.5}),
        (TypeError, "max_entries of cached.. is True", {"max_entries": True}),
        (TypeError, "the ttl of cached.. is '60'; it must be seconds, a number", {"ttl": "60"}),
        (TypeError, "the ttl of cached.. is None; it must be seconds", {"ttl": None}),
        (TypeError, "the ttl of cached.. is True; it must be seconds", {"ttl": True}),
        (TypeError, r"cached.. is .*give its total_seconds\(\)", {"ttl": timedelta(1)}),
        (TypeError, "is <built-in function len>; .* as in @cached.60.", {"ttl": len}),
        (TypeError, "key= of cached.. is 'x'; it must be a function", {"key": "x"}),
        (TypeError, r"clock= of cached.. is .*, which has no seconds\(\)", {"clock": time.time}),
    ],
)
def test_wrong_options(error: type[Exception], says: str, options: dict[str, Any]) -> None:
    """What makes no cache is refused with its name and value."""
    with pytest.raises(error, match=says):
        cached(**{"ttl": 1, **options})


def generator() -> Generator[int, None, None]:
    """Yield."""
    yield 1


async def iterated() -> AsyncIterator[int]:
    """Yield, too."""
    yield 1


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (3, "cached.. stands before a function, not before 3"),
        (classmethod(len), "@cached stands below @classmethod, not above it"),
        (generator, "generator yields, so that its result .*put inlineCallbacks between"),
        (iterated, "iterated yields, so that its result could be read once only"),
    ],
)
def test_wrong_functions(function: Any, says: str) -> None:  # noqa: ANN401 -- that is the mistake
    """What has no result that can be kept is refused where the decorator stands."""
    with pytest.raises(TypeError, match=says):
        cached(1)(function)


class CacheMachine(RuleBasedStateMachine):
    """Any order of calls, answers, failures, cancellations and passing time."""

    keys = st.sampled_from("abc")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.source = Source()
        self.keep = cached(10, max_entries=2, clock=self.clock)(self.source)
        self.waiting: dict[str, list[tuple[Deferred[Any], list[Any]]]] = {}
        self.flights: dict[str, Deferred[Any]] = {}
        self.results: dict[str, tuple[float, int]] = {}
        self.number = 0

    @rule(key=keys)
    def call(self, key: str) -> None:
        """Ask; what is kept comes at once, and nothing runs twice."""
        begun = len(self.source.asked)
        waiting = self.keep(key)
        results = got(waiting)
        end, kept = self.results.get(key, (-1.0, 0))
        if end > self.clock.seconds():
            assert results == [kept]
            self.results[key] = self.results.pop(key)
            return
        self.results.pop(key, None)
        assert results == []
        if key not in self.flights:
            assert len(self.source.asked) == begun + 1
            self.flights[key] = self.source.running[-1]
        self.waiting.setdefault(key, []).append((waiting, results))

    @rule(key=keys, works=st.booleans())
    def land(self, key: str, works: bool) -> None:
        """Finish a computation: all who wait get the same."""
        if (running := self.flights.pop(key, None)) is None:
            return
        self.number += 1
        error = ValueError(self.number)
        if works:
            running.callback(self.number)
            self.results[key] = (self.clock.seconds() + 10, self.number)
            if len(self.results) > 2:
                del self.results[next(iter(self.results))]
        else:
            running.errback(error)
        for _, results in self.waiting.pop(key):
            assert results == [self.number if works else error]

    @rule(key=keys, which=st.integers(0, 3))
    def cancel(self, key: str, which: int) -> None:
        """Give up waiting: the last one ends the computation."""
        if not (waiting := self.waiting.get(key)):
            return
        cancelled = self.source.cancelled
        deferred, results = waiting.pop(which % len(waiting))
        deferred.cancel()
        assert isinstance(results[0], CancelledError)
        assert self.source.cancelled == cancelled + (not waiting)
        if not waiting:
            del self.flights[key], self.waiting[key]

    @rule(seconds=st.sampled_from([1, 4, 11]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    @rule(key=keys)
    def invalidate(self, key: str) -> None:
        """Forget a result that is not being computed (that is tested above)."""
        if key not in self.flights:
            self.keep.invalidate(key)
            self.results.pop(key, None)

    @invariant()
    def counts(self) -> None:
        """What it says of itself is true."""
        stats = self.keep.stats()
        assert stats.running == len(self.flights)
        assert stats.entries == len(self.results)


CacheMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
test_machine = CacheMachine.TestCase


def test_awaited() -> None:
    """The result can be awaited."""

    async def main(keep: Callable[[], Awaitable[str]]) -> str:
        return await keep() + await keep()

    keep = cached(10)(lambda: "a")
    assert got(Deferred.fromCoroutine(main(keep))) == ["aa"]
