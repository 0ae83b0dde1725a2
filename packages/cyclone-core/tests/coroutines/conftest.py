"""What the tests of coroutines share: a watch on the log and on what asyncio complains of."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from twisted.logger import LogEvent, globalLogPublisher

OnLoop = Callable[[Callable[[], Awaitable[Any]]], Any]


@pytest.fixture(autouse=True, scope="package")
def _short_collections() -> Iterator[None]:
    """Keep what exists already out of the collections that follow: two for each test."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


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


@pytest.fixture
def on_loop() -> OnLoop:
    """A function that runs a coroutine function with `asyncio.run`; a complaint of asyncio's fails it."""

    def run(function: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 -- what it returns
        complaints: list[dict[str, Any]] = []

        async def main() -> Any:  # noqa: ANN401 -- as above
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: complaints.append(context))
            result = await function()
            await asyncio.sleep(0)  # Tasks that had nothing left to do
            gc.collect()
            return result

        result = asyncio.run(main())
        assert not complaints
        return result

    return run
