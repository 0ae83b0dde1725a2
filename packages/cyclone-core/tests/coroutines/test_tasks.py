"""Coroutines on an asyncio loop."""

import asyncio
import gc
import io
import weakref
from collections.abc import Awaitable, Callable
from contextvars import ContextVar, copy_context
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import LogEvent
from twisted.python.failure import Failure

from cyclone_core.coroutines import CoroutineCancelled, drive

from .test_driver import Boom, Weak, Yielding

name: ContextVar[str] = ContextVar("name")

OnLoop = Callable[[Callable[[], Awaitable[Any]]], Any]
More = Any


def started(coroutine: More) -> "Deferred[Any]":
    """Drive a coroutine that waits."""
    end = drive(coroutine, copy_context())
    assert end is not None
    return end


async def ended(end: "Deferred[Any]") -> object:
    """Wait for the end of a coroutine; a failure is returned."""
    over = asyncio.get_running_loop().create_future()
    end.addBoth(over.set_result)
    return await over


async def turns(count: int = 5) -> None:
    """Let the loop do what is due."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_first_steps_are_taken_at_once(on_loop: OnLoop) -> None:
    """A coroutine runs up to its first suspension in the call, as a Task of its own."""
    tasks: list[object] = []

    async def here() -> None:
        tasks.append(asyncio.current_task())
        await succeed(None)

    async def main() -> None:
        outer = asyncio.current_task()
        assert drive(here(), copy_context()) is None
        assert isinstance(tasks[0], asyncio.Task)
        assert tasks[0] is not outer
        assert asyncio.current_task() is outer

    on_loop(main)


def test_called_by_the_loop(on_loop: OnLoop) -> None:
    """It works as well where no Task runs, as when the reactor calls."""
    seen: list[object] = []

    async def here() -> None:
        seen.append(asyncio.current_task())

    def call(over: "asyncio.Future[None]") -> None:
        drive(here(), copy_context())
        seen.append(asyncio.current_task())
        over.set_result(None)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        loop.call_soon(call, over)
        await over

    on_loop(main)
    assert isinstance(seen[0], asyncio.Task)
    assert seen[1] is None


def test_same_task_throughout(on_loop: OnLoop) -> None:
    """Before and behind every await it is the same Task, which stands among all Tasks."""
    seen: list[object] = []

    async def coroutine() -> None:
        seen.append(asyncio.current_task())
        await asyncio.sleep(0)
        seen.append(asyncio.current_task())
        assert asyncio.current_task() in asyncio.all_tasks()
        await asyncio.sleep(0.001)
        seen.append(asyncio.current_task())

    async def main() -> None:
        assert await ended(started(coroutine())) is None

    on_loop(main)
    assert len(set(seen)) == 1


def test_both_kinds(on_loop: OnLoop) -> None:
    """Futures, Tasks and Deferreds can be awaited in one coroutine."""
    gate: Deferred[str] = Deferred()

    async def later(value: str) -> str:
        await asyncio.sleep(0.001)
        return value

    got: list[object] = []

    async def coroutine() -> None:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, "a future")
        got.append(await future)
        loop.call_soon(gate.callback, "a Deferred")
        got.append(await gate)
        got.append(await asyncio.gather(later("b"), later("c")))
        got.append(await asyncio.wait_for(later("d"), 5))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(later("e"))
        got.append(task.result())
        got.append(await asyncio.to_thread(str, 5))
        got.append(await succeed("there already"))

    async def main() -> None:
        assert await ended(started(coroutine())) is None

    on_loop(main)
    assert got == ["a future", "a Deferred", ["b", "c"], "d", "e", "5", "there already"]


def test_deferred_first(on_loop: OnLoop) -> None:
    """The first thing that is awaited may be a Deferred."""
    gate: Deferred[str] = Deferred()
    got: list[str] = []

    async def coroutine() -> None:
        got.append(await gate)

    async def main() -> None:
        end = started(coroutine())
        gate.callback("x")
        assert await ended(end) is None

    on_loop(main)
    assert got == ["x"]


@pytest.mark.parametrize("awaited", ["deferred", "future", "group"])
def test_timeout_from_the_first_line(on_loop: OnLoop, awaited: str) -> None:
    """`asyncio.timeout` works although the Task has not taken a step of its own yet."""
    order: list[object] = []
    gate: Deferred[None] = Deferred(lambda _: order.append("canceller"))

    async def coroutine() -> None:
        try:
            async with asyncio.timeout(0):
                if awaited == "deferred":
                    await gate
                elif awaited == "future":
                    await asyncio.get_running_loop().create_future()
                else:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(asyncio.sleep(60))
        except TimeoutError:
            order.append("timeout")
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    async def main() -> None:
        assert await ended(started(coroutine())) is None

    on_loop(main)
    assert order == (["canceller", "timeout"] if awaited == "deferred" else ["timeout"])


def test_failures(on_loop: OnLoop) -> None:
    """A Deferred that fails raises at the await, with the traceback of where it came from."""
    caught: list[BaseException] = []

    def boom() -> None:
        raise Boom

    async def coroutine() -> None:
        gate: Deferred[None] = Deferred()
        asyncio.get_running_loop().call_soon(gate.callback, None)
        try:
            await gate.addCallback(lambda _: boom())
        except Boom as error:
            caught.append(error)
        await asyncio.sleep(0)
        await fail(Boom())

    async def main() -> None:
        failure = await ended(started(coroutine()))
        assert isinstance(failure, Failure)
        assert failure.check(Boom)
        assert "coroutine" in failure.getTraceback()

    on_loop(main)
    frames = Failure(caught[0], Boom, caught[0].__traceback__).getTraceback()
    assert "boom" in frames


def test_raises_at_once(on_loop: OnLoop) -> None:
    """What it raises before it waits comes out of the call, and nobody complains of a Task."""

    async def boom() -> None:
        raise Boom

    async def main() -> None:
        outer = asyncio.current_task()
        with pytest.raises(Boom):
            drive(boom(), copy_context())
        assert asyncio.current_task() is outer
        await turns()

    on_loop(main)


def test_context(on_loop: OnLoop) -> None:
    """All of it runs in the context it was given, as does what waits for its end."""
    seen: list[str] = []
    gate: Deferred[None] = Deferred()

    async def coroutine() -> None:
        name.set("first")
        await asyncio.sleep(0)
        seen.append(name.get())
        name.set("second")
        await gate
        seen.append(name.get())
        name.set("third")

    async def main() -> None:
        context = copy_context()
        end = context.run(drive, coroutine(), context)
        assert end is not None
        end.addCallback(lambda _: seen.append(name.get()))
        assert context[name] == "first"
        await turns()
        gate.callback(None)
        await ended(end)
        assert name.get("unset") == "unset"

    on_loop(main)
    assert seen == ["first", "second", "third"]


def test_eager_task_factory(on_loop: OnLoop) -> None:
    """A loop that starts its Tasks eagerly, as Python 3.12 can, changes nothing."""
    seen: list[int] = []

    async def coroutine() -> None:
        seen.append(1)
        await asyncio.sleep(0)
        seen.append(2)

    async def main() -> None:
        factory = getattr(asyncio, "eager_task_factory", None)  # None is the usual one
        asyncio.get_running_loop().set_task_factory(factory)
        assert await ended(started(coroutine())) is None

    on_loop(main)
    assert seen == [1, 2]


def test_value_is_sent_back(on_loop: OnLoop) -> None:
    """Awaitables of other libraries get the Deferred's value, also if it has fired already."""
    gate: Deferred[str] = Deferred()
    got: list[str] = []

    async def coroutine() -> None:
        got.append(await Yielding(succeed("a")))
        got.append(await Yielding(gate))

    async def main() -> None:
        end = started(coroutine())
        await turns()
        gate.callback("b")
        assert await ended(end) is None

    on_loop(main)
    assert got == ["a", "b"]


def test_nonsense_is_refused(on_loop: OnLoop) -> None:
    """What is neither a Deferred nor a Future is asyncio's to refuse."""

    class Nonsense:
        def __await__(self) -> More:
            yield 5

    async def coroutine() -> None:
        await Nonsense()

    async def main() -> None:
        failure = await ended(started(coroutine()))
        assert isinstance(failure, Failure)
        assert failure.check(RuntimeError)

    on_loop(main)


def test_task_shows_its_coroutine(on_loop: OnLoop) -> None:
    """Who looks at the Task sees the coroutine, its place included."""

    async def a_telling_name() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(60)

    async def main() -> None:
        end = started(a_telling_name())
        await turns()
        (task,) = asyncio.all_tasks() - {asyncio.current_task()}
        assert "a_telling_name" in repr(task)
        text = io.StringIO()
        task.print_stack(file=text)
        assert "asyncio.sleep(60)" in text.getvalue()
        end.cancel()
        await ended(end)
        assert "cancelled" in repr(task)

    on_loop(main)


class TestCancelling:
    """What `cancel` does, and what a cancelled Task means."""

    def test_while_a_deferred_is_awaited(self, on_loop: OnLoop) -> None:
        """The Deferred is cancelled, then asyncio's exception is raised at the await."""
        order: list[object] = []
        gate: Deferred[None] = Deferred(lambda _: order.append("canceller"))
        cleaning: Deferred[None] = Deferred()

        async def coroutine() -> None:
            try:
                await gate
            except asyncio.CancelledError:
                order.append("cancelled")
                raise
            finally:
                await cleaning
                order.append("cleaned")

        async def main() -> None:
            end = started(coroutine())
            await turns()
            end.cancel()
            await turns()
            assert order == ["canceller", "cancelled"]
            assert not end.called
            cleaning.callback(None)
            failure = await ended(end)
            assert isinstance(failure, Failure)
            assert failure.check(asyncio.CancelledError)
            end.cancel()  # there is nothing left

        on_loop(main)
        assert order == ["canceller", "cancelled", "cleaned"]

    @pytest.mark.parametrize("awaited", ["deferred", "future", "done", "turn"])
    def test_before_its_own_first_step(self, on_loop: OnLoop, awaited: str) -> None:
        """A Task that is cancelled in the turn in which it began gets the exception as well."""
        seen: list[str] = []

        async def main() -> None:
            future = asyncio.get_running_loop().create_future()

            async def coroutine() -> None:
                try:
                    if awaited == "deferred":
                        await Deferred()
                    elif awaited == "turn":
                        await asyncio.sleep(0)
                    else:
                        await future
                except asyncio.CancelledError:
                    seen.append("cancelled")
                    await asyncio.sleep(0)
                    raise

            end = started(coroutine())
            if awaited == "done":
                future.set_result(None)
            end.cancel()
            failure = await ended(end)
            assert isinstance(failure, Failure)
            assert failure.check(asyncio.CancelledError)
            assert future.cancelled() == (awaited == "future")

        on_loop(main)
        assert seen == ["cancelled"]

    def test_itself_without_awaiting(self, on_loop: OnLoop) -> None:
        """A coroutine that cancels its Task and awaits nothing has come to its end all the same."""

        async def coroutine() -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

        async def main() -> None:
            assert drive(coroutine(), copy_context()) is None
            await turns()

        on_loop(main)

    def test_too_late(self, on_loop: OnLoop) -> None:
        """If the Deferred has fired in the same turn, its failure is nobody's unhandled error."""
        gate: Deferred[None] = Deferred()

        async def coroutine() -> None:
            await gate

        async def main() -> None:
            end = started(coroutine())
            await turns()
            end.cancel()
            gate.errback(Boom())
            failure = await ended(end)
            assert isinstance(failure, Failure)
            assert failure.check(asyncio.CancelledError)

        on_loop(main)

    def test_late_result_of_what_was_cancelled(self, on_loop: OnLoop) -> None:
        """A Deferred that fires long after it was cancelled wakes nobody."""
        inner: Deferred[str] = Deferred(lambda _: None)
        gates: list[Deferred[str]] = [succeed("").addCallback(lambda _: inner), Deferred()]
        gates[0].pause()
        got: list[str] = []

        async def coroutine() -> None:
            try:
                await gates[0]
            except asyncio.CancelledError:
                got.append(await gates[1])

        async def main() -> None:
            end = started(coroutine())
            await turns()
            end.cancel()
            await turns()
            gates[0].unpause()
            await turns()
            assert got == []
            gates[1].callback("x")
            await ended(end)
            gates[0].addErrback(lambda _: None)

        on_loop(main)
        assert got == ["x"]

    def test_canceller_that_fails(self, on_loop: OnLoop, events: list[LogEvent]) -> None:
        """A canceller's mistake is logged, and the coroutine is cancelled."""

        def canceller(_: object) -> None:
            raise Boom

        async def coroutine() -> None:
            await Deferred(canceller)

        async def main() -> None:
            end = started(coroutine())
            await turns()
            end.cancel()
            failure = await ended(end)
            assert isinstance(failure, Failure)
            assert failure.check(asyncio.CancelledError)

        on_loop(main)
        assert [event["log_failure"].type for event in events] == [Boom]
        events.clear()

    def test_by_others(self, on_loop: OnLoop) -> None:
        """If asyncio cancels the Task, as at its end, the failure is a 503 and says so."""

        async def coroutine() -> None:
            await asyncio.sleep(60)

        async def main() -> None:
            end = started(coroutine())
            await turns()
            (task,) = asyncio.all_tasks() - {asyncio.current_task()}
            task.cancel()
            failure = await ended(end)
            assert isinstance(failure, Failure)
            assert failure.check(CoroutineCancelled)
            assert failure.value.http_status == 503

        on_loop(main)

    def test_what_it_awaited(self, on_loop: OnLoop) -> None:
        """A coroutine that awaits what it has cancelled itself fails with asyncio's exception."""

        async def coroutine() -> None:
            child = asyncio.ensure_future(asyncio.sleep(60))
            await asyncio.sleep(0)
            child.cancel()
            await child

        async def main() -> None:
            failure = await ended(started(coroutine()))
            assert isinstance(failure, Failure)
            assert failure.check(asyncio.CancelledError)

        on_loop(main)


@pytest.mark.parametrize("how", ["result", "failure", "raised", "cancel"])
def test_nothing_is_left(on_loop: OnLoop, how: str) -> None:
    """When a coroutine has ended it is freed, without the garbage collector."""
    gate: list[Deferred[None]] = [Deferred()]
    refs: list[weakref.ref[Weak]] = []

    async def coroutine() -> None:
        held = Weak()
        refs.append(weakref.ref(held))
        await gate[0]
        if how == "raised":
            raise Boom

    async def main() -> None:
        end = started(coroutine())
        end.addErrback(lambda failure: failure.cleanFailure())
        await turns()
        if how == "cancel":
            end.cancel()
        elif how == "failure":
            gate[0].errback(Boom())
        else:
            gate[0].callback(None)
        await turns()
        assert end.called
        del end
        gate.clear()
        await turns()
        assert refs[0]() is None

    gc.disable()
    try:
        on_loop(main)
    finally:
        gc.enable()
