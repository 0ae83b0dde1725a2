"""Measure HTTP clients beside each other and print a table each; README.md says how to read it.

The figure is the client's CPU time for one request. All ask the same bare server, which is started anew
for each of them on another core. The rounds go A B C, A B C.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from report import ratios, spread
from server import WrongAnswerError, cores, pinned, prefer, running

CLIENTS = ("cyclone", "tornado", "treq")
FOLDER = Path(__file__).resolve().parent / "clients"
SECONDS = 120

Results = dict[tuple[str, str], list[dict[str, float]]]


class Scenario(NamedTuple):
    """One table.

    Attributes:
        title: What it is.
        options: What the clients are told.
        musts: How often cyclone's CPU time must fit into that of others, at least.
    """

    title: str
    options: tuple[str, ...]
    musts: dict[str, float]


SCENARIOS = {
    "small": Scenario("small answers, each client as it is", (), {"tornado": 2, "treq": 1}),
    "close": Scenario("a new connection for each", ("--close",), {"tornado": 1, "treq": 2}),
}


def ask(
    name: str, url: str, options: argparse.Namespace, more: tuple[str, ...]
) -> dict[str, float]:
    """Run one client and return what it tells: CPU microseconds for a request, and requests a second.

    Raises:
        WrongAnswerError: It has ended with an error, or takes too long.
    """
    script = str(FOLDER / f"{name}_client.py")
    numbers = [str(options.requests), str(options.concurrency)]
    with pinned(cores()[0]):
        child = subprocess.Popen(
            [sys.executable, script, url, *numbers, *more],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    prefer(child.pid)
    try:
        printed, complaints = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        message = f"{name}: it takes more than {SECONDS} seconds"
        raise WrongAnswerError(message) from None
    finally:
        child.kill()  # of no effect if it has ended
        child.wait()
    if child.returncode:
        message = f"{name}: {complaints}"
        raise WrongAnswerError(message)
    found: dict[str, float] = json.loads(printed)
    return found


def run(options: argparse.Namespace) -> Results:
    """Run all rounds."""
    results: Results = defaultdict(list)
    for number in range(options.rounds):
        for scenario in options.scenarios:
            for name in CLIENTS:
                with running("twisted", cores()[1]) as server:
                    url = f"http://127.0.0.1:{server.port}/hello"
                    measured = ask(name, url, options, SCENARIOS[scenario].options)
                results[scenario, name].append(measured)
                figures = " ".join(f"{key} {value:,.1f}" for key, value in measured.items())
                line = f"round {number + 1} {scenario:6} {name:8} {figures}"
                print(line, file=sys.stderr, flush=True)
    return results


def table(results: Results, scenario: str) -> str:
    """Write one scenario as a Markdown table."""
    lines = [
        f"### {scenario}: {SCENARIOS[scenario].title}",
        "",
        "| client | CPU µs/request | times Tornado | times treq | requests/s |",
        "|---|---|---|---|---|",
    ]
    for name in CLIENTS:
        mine = results[scenario, name]
        cells = [name, spread([each["cpu"] for each in mine], ".1f")]
        others = [results[scenario, base] for base in ("tornado", "treq")]
        cells += [spread(ratios(other, mine, "cpu"), ".2f") for other in others]
        cells.append(spread([each["rate"] for each in mine], ",.0f"))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def missed(results: Results, scenarios: list[str]) -> list[str]:
    """Return what cyclone should reach and does not, by the medians; one line each."""
    found = []
    for scenario in scenarios:
        for base, limit in SCENARIOS[scenario].musts.items():
            mine = results[scenario, "cyclone"]
            value = statistics.median(ratios(results[scenario, base], mine, "cpu"))
            if value < limit:
                wanted = f"must be at least {limit:g} times {base}"
                found.append(f"{scenario}: the CPU time is {value:.2f}, and {wanted}")
    return found


def surroundings() -> str:
    """Write what the figures were measured with."""
    names = [f"CPython {platform.python_version()}"]
    for distribution in ("cyclone-core", "Twisted", "tornado", "treq"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            names.append(f"{distribution} {importlib.metadata.version(distribution)}")
    client, server = cores()
    where = f"client on core {min(client)}, server on core {min(server)}"
    command = " ".join(["benchmarks/compare_clients.py", *sys.argv[1:]])
    load = f"load average {os.getloadavg()[0]:.1f} at the start"
    return f"{', '.join(names)}; {where}; {load}; `{command}`"


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure HTTP clients beside each other.")
    numbers = (("--rounds", 5), ("--requests", 10_000), ("--concurrency", 50))
    for option, value in numbers:
        parser.add_argument(option, type=int, default=value, metavar="N", help=f"default: {value}")
    parser.add_argument(
        "--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), metavar="NAME"
    )
    parser.add_argument(
        "--check", action="store_true", help="fail if cyclone is below the least that it must reach"
    )
    options = parser.parse_args()
    if min(options.rounds, options.requests, options.concurrency) < 1:
        parser.error("--rounds, --requests and --concurrency are numbers above 0")
    return options


def main() -> None:
    """Measure and print."""
    if sys.platform != "linux":
        sys.exit("benchmarks/compare_clients.py pins cores: it needs Linux.")
    options = parse()
    around = surroundings()
    try:
        results = run(options)
    except (WrongAnswerError, OSError) as error:
        sys.exit(str(error))
    print(around)
    for scenario in options.scenarios:
        print(f"\n{table(results, scenario)}")
    if options.check and (below := missed(results, options.scenarios)):
        sys.exit("\n" + "\n".join(below))


if __name__ == "__main__":
    main()
