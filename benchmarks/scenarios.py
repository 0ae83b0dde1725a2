"""The scenarios: what is checked, how it is measured, and what cyclone must reach."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from answers import check_browser, check_close, check_file, check_page, check_pipeline, check_upload
from idle import idle
from load import steady, wrk
from server import Server, cores

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

RATE = 2_000
WARM_UP_SECONDS = 1

Measured = dict[str, float]


class Must(NamedTuple):
    """A bound that `--check` looks at: of a figure, or of its ratio to Tornado's if `times`.

    `times` counts how often ours fits into Tornado's, so it has to be at least the limit; the figure
    itself may be at most the limit.
    """

    figure: str
    limit: float
    times: bool


class Scenario(NamedTuple):
    """One table.

    Attributes:
        title: What it is.
        check: Asks a server by hand, raises if an answer is wrong, and returns header names.
        measure: Loads a server that was checked.
        columns: Figures by their name, with title and format; a leading `/` is for a ratio to the
            servers of `report.BASELINES`.
        musts: The least that cyclone has to reach.
    """

    title: str
    check: Callable[[int], frozenset[str]]
    measure: Callable[[Server, Namespace], Measured]
    columns: dict[str, tuple[str, str]]
    musts: tuple[Must, ...]


def throughput(
    path: str, script: str | None, connections: int | None, server: Server, options: Namespace
) -> Measured:
    """Warm a server up, load it with wrk, and return what a request cost."""
    core = cores()[1]
    count = options.connections if connections is None else connections
    url = f"http://127.0.0.1:{server.port}{path}"
    wrk(url, script, min(WARM_UP_SECONDS, options.seconds), count, core)
    before = server.cpu_nanoseconds()
    report = wrk(url, script, options.seconds, count, core)
    used = server.cpu_nanoseconds() - before
    return {"cpu": used / 1000 / report.requests, "rate": report.rate}


def latency(server: Server, options: Namespace) -> Measured:
    """Ask a server at a fixed rate that leaves it time, and return how long answers take."""
    before = server.cpu_nanoseconds()
    found = steady(server.port, RATE, options.seconds, options.connections, cores()[1])
    used = server.cpu_nanoseconds() - before
    return found | {"cpu": used / 1000 / found["requests"]}


COST = {
    "cpu": ("CPU µs/request", ".1f"),
    "/cpu": ("times", ".2f"),
    "rate": ("requests/s", ",.0f"),
}
LATENCY = {
    "p50": ("p50 ms", ".2f"),
    "p99": ("p99 ms", ".2f"),
    "/p99": ("p99 times", ".2f"),
    "cpu": ("CPU µs/request", ".1f"),
}
MEMORY = {
    "start": ("RSS MB at start", ".1f"),
    "warm": ("after 2,000 requests", ".1f"),
    "1000": ("1,000 idle", ".1f"),
    "10000": ("10,000 idle", ".1f"),
    "per_connection": ("KB each", ".2f"),
    "/per_connection": ("times", ".2f"),
    "cpu": ("CPU ms/s", ".2f"),
}


def _loaded(
    title: str,
    path: str,
    least: float,
    check: Callable[[int], frozenset[str]],
    script: str | None = None,
    connections: int | None = None,
) -> Scenario:
    measure = partial(throughput, path, script, connections)
    return Scenario(title, check, measure, COST, (Must("cpu", least, times=True),))


SMALL, LARGE = "/static/small.css", "/static/large.bin"
check_hello = partial(check_page, path="/hello")
SCENARIOS = {
    "hello": _loaded("a short text", "/hello", 5, check_hello),
    "json": _loaded("a small object", "/json", 5, partial(check_page, path="/json")),
    "headers20": _loaded("20 browser headers", "/hello", 6, check_browser, "headers20"),
    "pipeline": _loaded("16 requests in one write", "/hello", 10, check_pipeline, "pipeline"),
    "post1m": _loaded("POST of 1 MiB", "/upload", 3, check_upload, "post1m", 16),
    "static1k": _loaded("a file of 1 KiB", SMALL, 5, partial(check_file, path=SMALL)),
    "static1m": _loaded(
        "a file of 1 MiB", LARGE, 2, partial(check_file, path=LARGE), connections=16
    ),
    "template": _loaded("a page of 100 rows", "/page", 3, partial(check_page, path="/page")),
    "close": _loaded("a new connection each", "/hello", 3, check_close, "close"),
    "p99": Scenario(
        f"latency at {RATE:,} requests/s",
        check_hello,
        latency,
        LATENCY,
        (Must("p99", 1, times=True),),
    ),
    "idle": Scenario(
        "idle keep-alive connections",
        check_hello,
        idle,
        MEMORY,
        (Must("per_connection", 3, times=False), Must("10000", 80, times=False)),
    ),
}
