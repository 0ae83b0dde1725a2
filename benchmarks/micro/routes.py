"""Measure what routes cost: a whole request through a connection in memory, among few and among many.

Before anything is timed, every application must give the same answer to the same bytes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from timing import compare, parser, surroundings, table
from twisted.internet.testing import MemoryReactorClock, StringTransport

from cyclone_core.web import Application, RequestHandler

if TYPE_CHECKING:
    from collections.abc import Callable

    from twisted.internet.interfaces import IReactorTime

FEW, MANY = "5 routes", "500 routes"
LEAST = 1 / 1.2
BATCH = 20


class Hello(RequestHandler):
    """Answers a short text."""

    def get(self, *args: str) -> None:
        """Answer."""
        del args
        self.write("hello, world")


class Asked:
    """An application behind a connection, and the bytes that ask it."""

    def __init__(self, patterns: list[str], path: str) -> None:
        routes = [(pattern, Hello) for pattern in patterns]
        clock = cast("IReactorTime", MemoryReactorClock())
        application = Application(routes, reactor=clock, access_log=None)
        protocol = application.buildProtocol(None)
        if protocol is None:
            sys.exit("the application takes no connection")
        self.transport = StringTransport()
        protocol.makeConnection(self.transport)
        self.receive = protocol.dataReceived
        self.data = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

    def ask(self) -> None:
        """Ask some times in turn."""
        for _ in range(BATCH):
            self.transport.clear()
            self.receive(self.data)

    def answer(self) -> bytes:
        """Ask, and return the last answer without its date."""
        self.ask()
        lines = self.transport.value().split(b"\r\n")
        return b"\r\n".join([line for line in lines if not line.startswith(b"Date: ")])


def literal(count: int) -> list[str]:
    """Return patterns of which each is one path."""
    return [f"/page/{number}" for number in range(count)]


def expressions(count: int) -> list[str]:
    """Return patterns with a group."""
    return [f"/page/{number}/([0-9]+)" for number in range(count)]


def cases() -> dict[str, dict[str, Asked]]:
    """Return the tables and their candidates."""
    return {
        "a path that is written out": {
            FEW: Asked(literal(5), "/page/4"),
            MANY: Asked(literal(500), "/page/499"),
            "500 routes, the first one": Asked(literal(500), "/page/0"),
            "50 with a group and 450": Asked(expressions(50) + literal(450), "/page/449"),
        },
        "a pattern with a group, the last one": {
            FEW: Asked(expressions(5), "/page/4/7"),
            "50 routes": Asked(expressions(50), "/page/49/7"),
            MANY: Asked(expressions(500), "/page/499/7"),
        },
    }


def check(title: str, candidates: dict[str, Asked]) -> None:
    """End the program unless all candidates give the same answer."""
    answers = {candidate.answer() for candidate in candidates.values()}
    if len(answers) != 1 or not next(iter(answers)).endswith(b"\r\nhello, world"):
        sys.exit(f"{title}: the answers are {answers}")


def main() -> None:
    """Measure and print; with `--check`, fail if many routes cost too much."""
    arguments = parser("Measure what routes cost.")
    arguments.add_argument(
        "--check", action="store_true", help="fail if many routes cost 1.2 times"
    )
    options = arguments.parse_args()
    print(surroundings("cyclone-core", "Twisted"))
    too_slow = []
    for title, candidates in cases().items():
        check(title, candidates)
        calls: dict[str, Callable[[], object]] = {
            name: candidate.ask for name, candidate in candidates.items()
        }
        results = compare(calls, baseline=FEW, rounds=options.rounds)
        print(f"\n{table(f'{title} ({BATCH} requests)', results, baseline=FEW)}", flush=True)
        if results[MANY].ratio.median < LEAST and title.startswith("a path"):
            too_slow.append(f"{title}: {MANY} are {results[MANY].ratio:.2f} times as fast")
    if options.check and too_slow:
        sys.exit("\n".join(too_slow))


if __name__ == "__main__":
    main()
