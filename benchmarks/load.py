"""The load: wrk for as much as goes, and a generator of our own for a fixed rate."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from server import WrongAnswerError, pinned, prefer

FOLDER = Path(__file__).resolve().parent


class Report(NamedTuple):
    """What wrk reports: the number of requests, and requests a second."""

    requests: int
    rate: float


def _run(command: list[str], seconds: float, core: set[int]) -> str:
    with pinned(core):
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    prefer(child.pid)
    try:
        printed, complaints = child.communicate(timeout=seconds + 30)
    finally:
        child.kill()  # of no effect if it has ended
        child.wait()
    if child.returncode:
        message = f"{' '.join(command)} fails:\n{complaints}"
        raise WrongAnswerError(message)
    return printed


def wrk(url: str, script: str | None, seconds: float, connections: int, core: set[int]) -> Report:
    """Run wrk once.

    Args:
        url: What to ask for.
        script: A file of `lua/`, without suffix, or None.
        seconds: How long; wrk counts whole ones.
        connections: How many at once.
        core: Where it may run.

    Raises:
        WrongAnswerError: An answer was not 2xx, a connection failed, or nothing was answered.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "5s"]
    if script is not None:
        command += ["-s", str(FOLDER / "lua" / f"{script}.lua")]
    report = _run([*command, url], seconds, core)
    requests = re.search(r"(\d+) requests in", report)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    complaint = "Non-2xx" in report or "Socket errors" in report
    if complaint or requests is None or rate is None or not int(requests[1]):
        message = f"wrk on {url} reports:\n{report}"
        raise WrongAnswerError(message)
    return Report(int(requests[1]), float(rate[1]))


def steady(
    port: int, rate: int, seconds: float, connections: int, core: set[int]
) -> dict[str, float]:
    """Send requests at a fixed rate and return the latencies, by `steady.py` in a process of its own.

    Returns:
        `p50` and `p99` in milliseconds, and the number of `requests`.
    """
    numbers = [str(value) for value in (port, rate, seconds, connections)]
    command = [sys.executable, str(FOLDER / "steady.py"), *numbers]
    found: dict[str, float] = json.loads(_run(command, seconds, core))
    return found
