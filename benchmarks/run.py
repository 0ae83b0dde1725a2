"""Measure the servers of `apps/` in turn and print a table each; README.md says how to read it.

The figure is the server's CPU time for one request: the kernel's own count for the process, so
what other programs steal does not count. Each round starts every server anew, A B C, A B C.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from idle import FILES
from report import missed, surroundings, table
from scenarios import SCENARIOS
from server import SERVERS, WrongAnswerError, allow_files, cores, running

if TYPE_CHECKING:
    from collections.abc import Iterable

    from report import Results

NEEDED_TO_CHECK = ("cyclone", "tornado")


def run(options: argparse.Namespace) -> Results:
    """Run all rounds.

    Raises:
        WrongAnswerError: A server is wrong, or two do not send the same headers.
    """
    results: Results = defaultdict(list)
    headers: dict[str, frozenset[str]] = {}
    for number in range(options.rounds):
        for scenario in options.scenarios:
            for name in options.servers:
                # A start for each scenario: memory is measured, and one must not heat another.
                with running(name, cores()[0], options.everything) as server:
                    found = SCENARIOS[scenario].check(server.port)
                    if differing := found ^ headers.setdefault(scenario, found):
                        message = f"{scenario}: not all servers send {sorted(differing)}"
                        raise WrongAnswerError(message)
                    measured = SCENARIOS[scenario].measure(server, options)
                results[scenario, name].append(measured)
                figures = " ".join(f"{key} {value:,.2f}" for key, value in measured.items())
                line = f"round {number + 1} {scenario:9} {name:8} {figures}"
                print(line, file=sys.stderr, flush=True)
    return results


def parse() -> argparse.Namespace:
    """Read the command line."""

    def one_of(known: Iterable[str], text: str) -> list[str]:
        names = text.split(",")
        if unknown := sorted(set(names).difference(known)):
            message = f"unknown: {', '.join(unknown)}; there are {', '.join(known)}"
            raise argparse.ArgumentTypeError(message)
        return names

    parser = argparse.ArgumentParser(description="Measure web servers beside each other.")
    for option, known in (("--servers", list(SERVERS)), ("--scenarios", list(SCENARIOS))):
        parser.add_argument(option, type=partial(one_of, known), default=known, metavar="A,B")
    for option, value in (("--rounds", 3), ("--connections", 64)):
        parser.add_argument(option, type=int, default=value, metavar="N", help=f"default: {value}")
    parser.add_argument(
        "--seconds", type=float, default=2, metavar="S", help="of each run; default: 2"
    )
    parser.add_argument(
        "--everything", action="store_true", help="50 routes, a log, compression, XSRF tokens"
    )
    parser.add_argument(
        "--check", action="store_true", help="fail if cyclone is below the least that it must reach"
    )
    options = parser.parse_args()
    if options.rounds < 1 or options.seconds <= 0 or options.connections < 1:
        parser.error("--rounds, --seconds and --connections are numbers above 0")
    if options.check and (absent := set(NEEDED_TO_CHECK).difference(options.servers)):
        parser.error(f"--check needs the servers {', '.join(NEEDED_TO_CHECK)}; add {absent}")
    return options


def stop(_signal: int, _frame: object) -> NoReturn:
    """Leave through the `finally` of the running server when we are asked to end."""
    raise SystemExit("ended by a signal")


def main() -> None:
    """Measure and print."""
    if sys.platform != "linux":
        sys.exit("benchmarks/run.py reads CPU time from /proc and pins cores: it needs Linux.")
    if shutil.which("wrk") is None:
        sys.exit("wrk, the load generator, is not found. Type:  sudo apt-get install wrk")
    signal.signal(signal.SIGTERM, stop)
    options = parse()
    around = surroundings()
    try:
        if "idle" in options.scenarios:
            allow_files(FILES)
        results = run(options)
    except (WrongAnswerError, OSError) as error:
        sys.exit(str(error))
    print(around)
    for scenario in options.scenarios:
        print(f"\n{table(results, scenario, options.servers)}")
    if options.check and (below := missed(results, options.scenarios)):
        sys.exit("\n" + "\n".join(below))


if __name__ == "__main__":
    main()
