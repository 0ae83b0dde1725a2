"""An asyncio loop in a thread: where the servers run while the tests run a reactor."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["Background"]

T = TypeVar("T")

# Waiting longer than this is a failure, also on a busy machine.
PATIENCE = 30.0


class Background:
    """A running loop.

    Attributes:
        errors: What went wrong in it and reached nobody.
    """

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(self._note)
        self._thread = threading.Thread(target=self._loop.run_forever, name="servers")
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for it.

        Args:
            work: The coroutine.

        Returns:
            What it returns.
        """
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def call(self, function: Callable[..., T], *args: object, **keywords: object) -> T:
        """Call a function there and wait for it.

        Args:
            function: The function.
            args: Its arguments.
            keywords: Those by name.

        Returns:
            What it returns.
        """

        async def work() -> T:
            return function(*args, **keywords)

        return self.run(work())

    def close(self) -> None:
        """End all that runs there, and the thread."""
        self.run(_end_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # Clients of these tests come and go as they like, and so do the tasks in the end.
        if not isinstance(context.get("exception"), (ConnectionError, asyncio.CancelledError)):
            self.errors.append(f"{context['message']}: {context.get('exception')!r}")


async def _end_others() -> None:
    """Cancel all tasks but this one."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
