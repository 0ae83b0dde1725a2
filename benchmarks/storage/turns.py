"""Measure asynchronous candidates in turns on one reactor, and write the result as a table.

The rounds go A B, B A, A B, so that none of them always comes first; ratios are made within a round and
never across two. Both the CPU time of this process, with its threads, and the time that passes are
taken. Before a turn is timed garbage is collected, and none is during it.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from timing import Spread, collector_off, duration, positive, ratios
from twisted.internet.task import react

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping

    # Does some operations, checks the answers, and returns how many operations they were.
    Turn = Callable[[], Awaitable[int]]

ROUNDS = 9
PATIENCE = 20


class Runs(NamedTuple):
    """What a candidate took for one operation, in seconds, round by round."""

    cpu: list[float]
    wall: list[float]


async def compare(candidates: Mapping[str, Turn], rounds: int) -> dict[str, Runs]:
    """Let candidates take turns.

    Args:
        candidates: What to do, by the name that its line in the table gets.
        rounds: How often each gets its turn.

    Returns:
        What each took.
    """
    for turn in candidates.values():
        await turn()
    found = {name: Runs([], []) for name in candidates}
    for number in range(rounds):
        order = list(candidates) if number % 2 else list(candidates)[::-1]
        for name in order:
            with collector_off():
                wall, cpu = time.perf_counter(), time.process_time()
                operations = await candidates[name]()
                found[name].cpu.append((time.process_time() - cpu) / operations)
                found[name].wall.append((time.perf_counter() - wall) / operations)
    return found


def table(title: str, results: Mapping[str, Runs], baseline: str) -> str:
    """Write a comparison as a Markdown table.

    Args:
        title: What is measured.
        results: What each candidate took.
        baseline: The candidate to which the others are compared.
    """
    lines = [
        f"### {title}",
        "",
        f"| | CPU time of one | times {baseline}: CPU | times {baseline}: time |",
        "|---|---|---|---|",
    ]
    base = results[baseline]
    for name, runs in results.items():
        cpu, wall = (Spread.of(ratios(base[n], runs[n])) for n in (0, 1))
        lines.append(f"| {name} | {duration(Spread.of(runs.cpu))} | {cpu:.2f} | {wall:.2f} |")
    return "\n".join(lines)


def missed(
    title: str, results: Mapping[str, Runs], baseline: str, least: Mapping[str, float]
) -> list[str]:
    """Return who does not reach what it must, in CPU time or in time; by the medians, a line each.

    Args:
        title: What is measured.
        results: What each candidate took.
        baseline: The candidate to which the others are compared.
        least: Which ratio a candidate must reach.
    """
    found = []
    for name, least_ratio in least.items():
        both = zip(results[baseline], results[name], strict=True)
        worse = min(Spread.of(ratios(base, mine)).median for base, mine in both)
        if worse < least_ratio:
            found.append(f"{title}: {name} is {worse:.2f} times {baseline}, not {least_ratio:g}")
    return found


@contextmanager
def redis_server() -> Iterator[int]:
    """Run a `redis-server` of our own, without files.

    Yields:
        Its port on 127.0.0.1.
    """
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("there is no redis-server here; on Debian: sudo apt-get install redis-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory]
        with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as process:
            try:
                _wait_for(port, process)
                yield port
            finally:
                process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    sys.exit("redis-server does not start")


def run(
    description: str, main: Callable[[argparse.Namespace], Coroutine[Any, Any, list[str]]]
) -> None:
    """Read the command line, run a benchmark, and fail with what it has missed if `--check` is given.

    Args:
        description: What the benchmark measures.
        main: Measures, prints, and returns what is missed.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--rounds", type=positive, default=ROUNDS, metavar="N", help=f"default: {ROUNDS}"
    )
    parser.add_argument("--check", action="store_true", help="fail if a target is missed")
    options = parser.parse_args()

    async def measure() -> None:
        wrong = await main(options)
        if wrong and options.check:
            print("\n".join(wrong), file=sys.stderr)
            raise SystemExit(1)

    from twisted.internet.defer import ensureDeferred

    react(lambda _: ensureDeferred(measure()))
