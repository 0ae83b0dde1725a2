"""Measure the Redis pool beside txredisapi's own: GET and SET over 50 connections to one server.

txredisapi is measured with its own parser, which is what it has by itself, and with hiredis, a parser
in C that it takes if it is installed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

import txredisapi  # type: ignore[import-untyped] # it has no types
from timing import surroundings
from turns import compare, missed, redis_server, run, table
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint

from cyclone_storage.redis import connect

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from twisted.internet.interfaces import IReactorTCP

CONNECTIONS = 50
OURS, TIMED = "cyclone-storage", "cyclone-storage with its reply_timeout"
THEIRS, HIREDIS = "txredisapi", "txredisapi with hiredis"
LEAST = 0.9
VALUE = "value " * 16


def their_pool(port: int, protocol: Any) -> Any:  # noqa: ANN401 -- txredisapi has no types
    """Make a pool of txredisapi with one of its parsers."""
    from twisted.internet import reactor

    made = type("Factory", (txredisapi.RedisFactory,), {"protocol": protocol})
    factory = made("benchmark", 0, CONNECTIONS, True, txredisapi.ConnectionHandler)
    factory.startConnecting(TCP4ClientEndpoint(cast("IReactorTCP", reactor), "127.0.0.1", port))
    return factory.handler


def check(answers: list[Any], expected: list[Any]) -> None:
    """See that the answers are right.

    Raises:
        ValueError: They are not.
    """
    if answers != expected:
        message = f"the answers are {answers[:4]}, not {expected[:4]}"
        raise ValueError(message)


async def at_the_same_time(worker: Callable[[int], Awaitable[int]]) -> int:
    """Run a worker for each connection and return how many operations they did together."""

    async def work(number: int) -> int:
        return await worker(number)

    workers = [Deferred.fromCoroutine(work(number)) for number in range(CONNECTIONS)]
    return sum(await gatherResults(workers))


async def single(pool: Any, times: int = 20) -> int:  # noqa: ANN401 -- a pool of either kind
    """Let 50 workers set and get, each waiting for its reply before it goes on."""

    async def worker(number: int) -> int:
        key, answers = f"single:{number}", []
        for _ in range(times):
            answers += [await pool.set(key, VALUE), await pool.get(key)]
        check(answers, ["OK", VALUE] * times)
        return len(answers)

    return await at_the_same_time(worker)


async def at_once(pool: Any, times: int = 1000) -> int:  # noqa: ANN401 -- as above
    """Set many keys without waiting for a reply, then get them."""
    keys = [f"once:{number % 100}" for number in range(times)]
    check(await gatherResults([pool.set(key, VALUE) for key in keys]), ["OK"] * times)
    check(await gatherResults([pool.get(key) for key in keys]), [VALUE] * times)
    return 2 * times


async def pipelined(pool: Any, times: int = 20) -> int:  # noqa: ANN401 -- as above
    """Let 50 workers send pipelines of 40 commands."""

    async def worker(number: int) -> int:
        key = f"pipeline:{number}"
        pipeline = await pool.pipeline()
        for _ in range(times):
            pipeline.set(key, VALUE)
            pipeline.get(key)
        check(await pipeline.execute_pipeline(), ["OK", VALUE] * times)
        return 2 * times

    return await at_the_same_time(worker)


SCENARIOS = {
    "single: 50 workers, each waits for its reply": single,
    "at once: 1,000 commands, then their replies": at_once,
    "pipelined: 50 workers, 40 commands each in one write": pipelined,
}


async def measure(options: argparse.Namespace) -> list[str]:
    """Measure all scenarios; return what is missed."""
    print(surroundings("cyclone-storage", "txredisapi", "hiredis", "Twisted"))
    with redis_server() as port:
        url = f"redis://127.0.0.1:{port}?pool_size={CONNECTIONS}"
        pools = {
            THEIRS: their_pool(port, txredisapi.BaseRedisProtocol),
            # Alike: nobody measures the time of a reply, unless asked to. Ours does as it comes.
            OURS: connect(url, reply_timeout=None),
            TIMED: connect(url),
        }
        if txredisapi.hiredis is not None:
            pools[HIREDIS] = their_pool(port, txredisapi.HiredisProtocol)
        wrong = []
        for title, scenario in SCENARIOS.items():
            results = await compare(
                {name: partial(scenario, pool) for name, pool in pools.items()}, options.rounds
            )
            print(f"\n{table(title, results, THEIRS)}", flush=True)
            wrong += missed(title, results, THEIRS, {OURS: LEAST})
        for pool in pools.values():
            await pool.disconnect()
    return wrong


if __name__ == "__main__":
    run("Measure the Redis pool.", measure)
