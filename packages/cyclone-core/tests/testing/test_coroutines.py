"""`gen_test` and plain tests in threads."""

import threading
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, inlineCallbacks, succeed
from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.trial import unittest

from cyclone_core.testing import gen_test, get_async_test_timeout, result_of
from cyclone_core.testing.coroutines import in_thread, returns_at_once


def test_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment says how long a test may take, else it is five seconds."""
    monkeypatch.delenv("ASYNC_TEST_TIMEOUT", raising=False)
    assert get_async_test_timeout() == 5
    monkeypatch.setenv("ASYNC_TEST_TIMEOUT", "2.5")
    assert get_async_test_timeout() == 2.5
    monkeypatch.setenv("ASYNC_TEST_TIMEOUT", "long")
    with pytest.raises(ValueError, match="must be seconds, not 'long'"):
        get_async_test_timeout()


def test_gen_test_decorates_functions() -> None:
    """What is no function is refused, with a hint at the usual slip."""
    with pytest.raises(TypeError, match=r"not 10; @gen_test\(timeout=2\)\?"):
        gen_test(10)  # type: ignore[call-overload]


def test_gen_test() -> None:
    """Generators, coroutines, plain functions and arguments: all give a Deferred of the result."""

    @gen_test
    def generator(first: int, *, second: int) -> Generator[Deferred[int], int, int]:
        got = yield succeed(first)
        return got + second

    @gen_test(timeout=10)
    async def coroutine(number: int) -> int:
        return await succeed(number)

    @gen_test()
    def plain() -> int:
        return 3

    assert result_of(generator(1, second=2)) == 3
    assert result_of(coroutine(4)) == 4
    assert result_of(plain()) == 3
    assert generator.__name__ == "generator"


class Waiting(unittest.TestCase):
    """Tests that wait on the real reactor; they run under trial and pytest."""

    def test_times_out(self) -> Deferred[Any]:
        """Behind the time what the test waits for is cancelled, and the test fails."""
        waiting: Deferred[None] = Deferred()
        cancelled: list[type[BaseException]] = []

        @gen_test(timeout=0.01)
        async def never() -> None:
            try:
                await waiting
            except CancelledError as error:
                cancelled.append(type(error))
                raise

        def check(_: object) -> None:
            assert cancelled == [CancelledError]

        return self.assertFailure(never(), TookTooLong).addCallback(check)

    @inlineCallbacks
    def test_in_thread(self) -> Generator[Deferred[Any], Any, None]:
        """A function in a thread may block the thread, and nothing is left of it."""
        threads = threading.active_count()
        where: list[str] = []
        yield in_thread(lambda: where.append(threading.current_thread().name), "beside")
        assert where == ["beside"]
        assert threading.active_count() == threads

        def fail() -> None:
            raise ZeroDivisionError

        yield self.assertFailure(in_thread(fail, "beside"), ZeroDivisionError)

    @inlineCallbacks
    def test_nobody_waits(self) -> Generator[Deferred[Any], Any, None]:
        """A plain test that gives something to wait for is a mistake, which the message explains."""

        async def coroutine() -> None:
            """Do nothing."""

        def generator() -> Generator[None, None, None]:
            yield

        unawaited = coroutine()
        for result in (succeed(None), unawaited, generator()):
            failure = in_thread(lambda result=result: result, "beside")  # type: ignore[misc]
            error = yield self.assertFailure(failure, TypeError)
            assert "for which nobody waits: make it `async def`" in str(error)
        unawaited.close()

    @inlineCallbacks
    def test_cancelled(self) -> Generator[Deferred[Any], Any, None]:
        """A test whose time is over does not wait for its thread, which may still come to its end."""
        go_on = threading.Event()
        blocked = in_thread(go_on.wait, "beside")  # type: ignore[arg-type]
        thread = next(each for each in threading.enumerate() if each.name == "beside")
        blocked.cancel()
        yield self.assertFailure(blocked, CancelledError)
        go_on.set()
        yield in_thread(thread.join, "waiting")


def test_returns_at_once() -> None:
    """Plain functions are told from those that wait, decorated or not."""

    def generator() -> Generator[None, None, None]:
        yield

    async def coroutine() -> None:
        """Do nothing."""

    async def both() -> AsyncGenerator[None, None]:
        yield

    waiting = [generator, coroutine, both, gen_test(coroutine), inlineCallbacks(generator)]
    assert [returns_at_once(each) for each in waiting] == [False] * 5
    assert returns_at_once(lambda: None)
