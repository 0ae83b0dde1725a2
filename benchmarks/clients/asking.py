"""What every client of the comparison does: ask for a page, so often, so many at a time."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HELLO = b"hello, world"
OK = 200
# So many requests go before: modules are imported, connections open, memory is there.
WARM_UP = 500


class Options(argparse.Namespace):
    """The arguments of a client: what it asks for, how often, how many at a time.

    With `close` each request has a connection of its own.
    """

    url: str
    requests: int
    concurrency: int
    close: bool


def options() -> Options:
    """Read the command line of a client."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("requests", type=int)
    parser.add_argument("concurrency", type=int)
    parser.add_argument("--close", action="store_true")
    return parser.parse_args(namespace=Options())


async def measure(
    ask: Callable[[], Awaitable[tuple[int, bytes]]],
    together: Callable[[list[Awaitable[None]]], Awaitable[object]],
    given: Options,
) -> None:
    """Ask, check each answer, and print what it took.

    Args:
        ask: Asks once; returns status and body.
        together: Waits for several at a time.
        given: The options.

    Raises:
        ValueError: An answer is wrong.
    """

    async def work(count: int) -> None:
        for _ in range(count):
            status, body = await ask()
            if status != OK or body != HELLO:
                message = f"the answer is {status} {body!r}"
                raise ValueError(message)

    def all_of(count: int) -> Awaitable[object]:
        each, more = divmod(count, given.concurrency)
        shares = [each + (number < more) for number in range(given.concurrency)]
        return together([work(share) for share in shares])

    await all_of(min(WARM_UP, given.requests))
    begun, cpu = time.perf_counter(), time.process_time()
    await all_of(given.requests)
    used, took = time.process_time() - cpu, time.perf_counter() - begun
    print(json.dumps({"cpu": used / given.requests * 1e6, "rate": given.requests / took}))
