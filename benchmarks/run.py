"""Measure the servers of `apps/` in turn with wrk and print a table; README.md says how to read it.

The figure is the server's CPU time for one request: the kernel's own count for the process, so
what other programs steal does not count. Each round starts every server anew, A B C, A B C.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

APPS = Path(__file__).resolve().parent / "apps"
SERVERS = ("cyclone", "tornado", "twisted")
BASELINES = ("tornado", "twisted")
SCENARIOS = ("hello", "json")
# Written here once more on purpose: an app that answers something else must not pass.
HELLO = b"hello, world"
JSON = {"message": "hello, world", "id": 42, "ok": True, "items": [1, 2, 3], "name": "M\u00fcller"}
START_SECONDS = 20
WARM_UP_SECONDS = 1


class Measured(NamedTuple):
    """One run of wrk against one server: CPU microseconds a request, and requests a second."""

    cpu: float
    rate: float


Results = dict[tuple[str, str], list[Measured]]


class WrongAnswerError(Exception):
    """A server answers something else than it must: its speed would mean nothing."""


# -- Processes ----------------------------------------------------------------------------------


def cores() -> tuple[set[int], set[int]]:
    """Return the cores for the server and for wrk: one each where there are two."""
    usable = sorted(os.sched_getaffinity(0))
    return (set(usable), set(usable)) if len(usable) == 1 else ({usable[0]}, {usable[1]})


@contextlib.contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """Pin what is started inside: a child inherits the cores of its parent."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until_open(child: subprocess.Popen[bytes], port: int) -> None:
    """Return as soon as the server accepts a connection."""
    deadline = time.monotonic() + START_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.01)
    message = f"it does not listen (exit status {child.poll()})"
    raise WrongAnswerError(message)


@contextlib.contextmanager
def running(server: str, core: set[int]) -> Iterator[tuple[int, int]]:
    """Run one server and give its pid and port; show what it printed if anything fails."""
    port = free_port()
    command = [sys.executable, str(APPS / f"{server}_app.py"), str(port)]
    with tempfile.TemporaryFile() as output:
        with pinned(core):
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            wait_until_open(child, port)
            yield child.pid, port
        except WrongAnswerError as error:
            output.seek(0)
            printed = output.read().decode(errors="replace")
            message = f"{server}: {error}\n{printed}"
            raise WrongAnswerError(message) from None
        finally:
            child.terminate()
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def cpu_nanoseconds(pid: int) -> int:
    """Return the CPU time that all threads of a process have used, in nanoseconds."""
    used = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(FileNotFoundError):  # a thread may end meanwhile
            used += int(path.read_text().split()[0])
    return used


# -- One measurement ----------------------------------------------------------------------------


def check_answer(port: int, scenario: str) -> frozenset[str]:
    """Fetch the page once, and return the names of its headers.

    Raises:
        WrongAnswerError: Status, content type or body is not what the scenario wants.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", f"/{scenario}")
        response = connection.getresponse()
        body = response.read()
    wanted = "text/plain" if scenario == "hello" else "application/json"
    found = response.headers.get_content_type()
    try:
        is_right = body == HELLO if scenario == "hello" else json.loads(body) == JSON
    except ValueError:
        is_right = False
    if response.status != http.HTTPStatus.OK or found != wanted or not is_right:
        message = f"/{scenario} answers {response.status} {found} {body[:200]!r}, not 200 {wanted}"
        raise WrongAnswerError(message)
    return frozenset(name.lower() for name in response.headers)


def load(port: int, scenario: str, seconds: int, connections: int, core: set[int]) -> str:
    """Run wrk once and return its report.

    Raises:
        WrongAnswerError: An answer was not 2xx, or a connection failed.
    """
    url = f"http://127.0.0.1:{port}/{scenario}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", url]
    with pinned(core):
        ran = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=seconds + 30
        )
    for complaint in ("Non-2xx", "Socket errors"):
        if complaint in ran.stdout:
            message = f"wrk on /{scenario} reports:\n{ran.stdout}"
            raise WrongAnswerError(message)
    return ran.stdout


def measure(pid: int, port: int, scenario: str, options: argparse.Namespace) -> Measured:
    """Warm the server up, load it, and return what a request cost."""
    core = cores()[1]
    load(port, scenario, WARM_UP_SECONDS, options.connections, core)
    before = cpu_nanoseconds(pid)
    report = load(port, scenario, options.seconds, options.connections, core)
    used = cpu_nanoseconds(pid) - before
    requests = re.search(r"(\d+) requests in", report)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    if requests is None or rate is None or not int(requests[1]):
        message = f"wrk on /{scenario} counted no requests:\n{report}"
        raise WrongAnswerError(message)
    return Measured(used / 1000 / int(requests[1]), float(rate[1]))


def run(options: argparse.Namespace) -> Results:
    """Run all rounds.

    Raises:
        WrongAnswerError: A server is wrong, or two do not send the same headers.
    """
    results: Results = defaultdict(list)
    headers: dict[str, frozenset[str]] = {}
    for number in range(options.rounds):
        for server in options.servers:
            with running(server, cores()[0]) as (pid, port):
                for scenario in options.scenarios:
                    found = check_answer(port, scenario)
                    if differing := found ^ headers.setdefault(scenario, found):
                        message = f"/{scenario}: not all servers send {sorted(differing)}"
                        raise WrongAnswerError(message)
                    measured = measure(pid, port, scenario, options)
                    results[scenario, server].append(measured)
                    line = f"round {number + 1} {server:8} {scenario:6} {measured.cpu:7.1f} us"
                    print(line, file=sys.stderr, flush=True)
    return results


# -- The report ---------------------------------------------------------------------------------


def spread(values: list[float], form: str) -> str:
    """Write a median with its smallest and largest value."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:{form}} [{low:{form}}..{high:{form}}]"


def ratio(base: list[Measured] | None, mine: list[Measured]) -> str:
    """Write how many times the requests of the base fit into the same CPU time.

    Only runs of one round are divided by each other: they stood next to each other in time.
    """
    if base is None:
        return "-"
    return spread([b.cpu / m.cpu for b, m in zip(base, mine, strict=True)], ".2f")


def table(results: Results, scenario: str, servers: list[str]) -> str:
    """Write one scenario as a Markdown table."""
    lines = [
        f"### {scenario}",
        "",
        "| server | CPU µs/request | times Tornado | times bare Twisted | requests/s |",
        "|---|---|---|---|---|",
    ]
    for server in servers:
        mine = results[scenario, server]
        cells = [server, spread([m.cpu for m in mine], ".1f")]
        cells += [ratio(results.get((scenario, base)), mine) for base in BASELINES]
        cells.append(spread([m.rate for m in mine], ",.0f"))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def surroundings() -> str:
    """Write what the figures were measured with."""
    names = [f"CPython {platform.python_version()}"]
    for distribution in ("cyclone-core", "Twisted", "tornado"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            names.append(f"{distribution} {importlib.metadata.version(distribution)}")
    server, client = cores()
    where = f"server on core {min(server)}, wrk on core {min(client)}"
    return f"{', '.join(names)}; {where}; load average {os.getloadavg()[0]:.1f}"


def parse() -> argparse.Namespace:
    """Read the command line."""

    def one_of(known: tuple[str, ...], text: str) -> list[str]:
        names = text.split(",")
        if unknown := sorted(set(names).difference(known)):
            message = f"unknown: {', '.join(unknown)}; there are {', '.join(known)}"
            raise argparse.ArgumentTypeError(message)
        return names

    parser = argparse.ArgumentParser(description="Measure web servers beside each other.")
    for option, known in (("--servers", SERVERS), ("--scenarios", SCENARIOS)):
        parser.add_argument(option, type=partial(one_of, known), default=list(known), metavar="A,B")
    for option, value in (("--rounds", 3), ("--seconds", 2), ("--connections", 64)):
        parser.add_argument(option, type=int, default=value, metavar="N", help=f"default: {value}")
    return parser.parse_args()


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
    try:
        results = run(options)
    except WrongAnswerError as error:
        sys.exit(str(error))
    print(surroundings())
    for scenario in options.scenarios:
        print(f"\n{table(results, scenario, options.servers)}")


if __name__ == "__main__":
    main()
