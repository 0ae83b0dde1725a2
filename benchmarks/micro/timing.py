"""Time functions beside each other within one process, and write the result as a table.

The rounds go A B C, A B C, so that what disturbs the machine for a while disturbs all alike; ratios
are made within a round and never across two. What is counted is the CPU time of this process.

This module asserts nothing: a benchmark compares the answers of its candidates before it times them.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib.metadata
import itertools
import math
import os
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ROUNDS = 7
SECONDS = 0.1
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


class Spread(NamedTuple):
    """The median of several values, and their extremes."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Return the spread of some values."""
        found = list(values)
        return cls(statistics.median(found), min(found), max(found))

    def __format__(self, form: str) -> str:
        """Write the median, with the extremes in brackets."""
        return f"{self.median:{form}} [{self.low:{form}}..{self.high:{form}}]"


class Timing(NamedTuple):
    """What one candidate took.

    `seconds` is for one call, `ratio` says how many of its calls fit into one of the baseline (so
    2.00 is twice as fast), and `runs` holds the seconds of each round, for other ratios.
    """

    seconds: Spread
    ratio: Spread
    runs: tuple[float, ...]


def compare(
    candidates: Mapping[str, Callable[[], object]],
    *,
    baseline: str,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
) -> dict[str, Timing]:
    """Time candidates in turn.

    A call should take a microsecond or more: the loop around it costs some tens of nanoseconds and
    is counted, which draws ratios towards 1. Bind arguments with `functools.partial`, or let a
    candidate work through a list.

    Args:
        candidates: What to call, by the name that its line in the table gets.
        baseline: The name of the candidate to which the others are compared.
        rounds: How often each candidate gets its turn.
        seconds: How long a turn takes, about.

    Returns:
        What each candidate took, in the order of the candidates.
    """
    loops = {name: calibrate(function, seconds) for name, function in candidates.items()}
    runs: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, function in candidates.items():
            runs[name].append(measure(function, loops[name]) / loops[name])
    return {
        name: Timing(Spread.of(mine), Spread.of(ratios(runs[baseline], mine)), tuple(mine))
        for name, mine in runs.items()
    }


def ratios(base: Iterable[float], mine: Iterable[float]) -> list[float]:
    """Return round by round how many calls fit into one of the base."""
    return [b / m for b, m in zip(base, mine, strict=True)]


def calibrate(function: Callable[[], object], seconds: float) -> int:
    """Return how many calls take that long, at least one; this warms the function up, too."""
    loops = 1
    while (used := measure(function, loops)) < seconds / 10:
        loops *= 2
    return max(1, math.ceil(loops * seconds / used))


def measure(function: Callable[[], object], loops: int) -> float:
    """Return the CPU seconds of some calls, without the garbage collector's."""
    turns = itertools.repeat(None, loops)
    with collector_off():
        start = time.process_time()
        for _ in turns:
            function()
        return time.process_time() - start


@contextlib.contextmanager
def collector_off() -> Iterator[None]:
    """Collect garbage now and not inside: one candidate must not clean up after another."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# -- The report ---------------------------------------------------------------------------------


def duration(seconds: Spread) -> str:
    """Write a duration in the unit that suits its median."""
    size, unit = next((u for u in UNITS if seconds.median >= u[0]), UNITS[-1])
    return f"{Spread(*(value / size for value in seconds)):.1f} {unit}"


def table(title: str, results: Mapping[str, Timing], *, baseline: str) -> str:
    """Write a comparison as a Markdown table."""
    lines = [f"### {title}", "", f"| | CPU time a call | times {baseline} |", "|---|---|---|"]
    for name, timing in results.items():
        lines.append(f"| {name} | {duration(timing.seconds)} | {timing.ratio:.2f} |")
    return "\n".join(lines)


def surroundings(*distributions: str) -> str:
    """Write what the figures are measured with: Python, what is installed, load, command line."""
    names = [f"CPython {platform.python_version()}"]
    for distribution in distributions:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            names.append(f"{distribution} {importlib.metadata.version(distribution)}")
    script = "/".join(Path(sys.argv[0]).resolve().parts[-3:])
    command = " ".join([script, *sys.argv[1:]])
    return f"{', '.join(names)}; load average {os.getloadavg()[0]:.1f}; `{command}`"


def positive(text: str) -> int:
    """Read a number of rounds from the command line."""
    if not text.isdecimal() or not int(text):
        message = f"{text!r} is no whole number above 0"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def parser(description: str) -> argparse.ArgumentParser:
    """Return the parser of a benchmark's command line, to which it may add."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument(
        "--rounds", type=positive, default=ROUNDS, metavar="N", help=f"default: {ROUNDS}"
    )
    return made
