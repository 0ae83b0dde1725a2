"""The report: tables in Markdown, and what is below what it must be."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from scenarios import SCENARIOS
from server import cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios import Measured

BASELINES = {"tornado": "Tornado", "twisted": "bare Twisted"}
Results = dict[tuple[str, str], list["Measured"]]


def spread(values: Sequence[float], form: str) -> str:
    """Write a median with its smallest and largest value."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:{form}} [{low:{form}}..{high:{form}}]"


def ratios(base: list[Measured], mine: list[Measured], figure: str) -> list[float]:
    """Return round by round how many times ours fits into the base's.

    Only runs of one round are divided by each other: they stood next to each other in time.
    """
    return [b[figure] / m[figure] for b, m in zip(base, mine, strict=True)]


def table(results: Results, name: str, servers: list[str]) -> str:
    """Write one scenario as a Markdown table."""
    scenario = SCENARIOS[name]
    header = ["server"]
    for figure, (title, _) in scenario.columns.items():
        bases = BASELINES.values() if figure.startswith("/") else [""]
        header += [f"{title} {base}".rstrip() for base in bases]
    lines = [f"### {name}: {scenario.title}", "", _row(header), "|---" * len(header) + "|"]
    for server in servers:
        mine = results[name, server]
        cells = [server]
        for figure, (_, form) in scenario.columns.items():
            if not figure.startswith("/"):
                cells.append(spread([measured[figure] for measured in mine], form))
                continue
            for base in BASELINES:
                theirs = results.get((name, base))
                found = None if theirs is None else ratios(theirs, mine, figure[1:])
                cells.append("-" if found is None else spread(found, form))
        lines.append(_row(cells))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def missed(results: Results, names: list[str]) -> list[str]:
    """Return what cyclone should reach and does not, by the medians; one line each."""
    found = []
    for name in names:
        for figure, limit, times in SCENARIOS[name].musts:
            mine = results[name, "cyclone"]
            if times:
                value = statistics.median(ratios(results[name, "tornado"], mine, figure))
                wrong, wanted = value < limit, f"at least {limit:g} times Tornado"
            else:
                value = statistics.median([measured[figure] for measured in mine])
                wrong, wanted = value > limit, f"at most {limit:g}"
            if wrong:
                found.append(f"{name}: {figure} is {value:.2f}, and must be {wanted}")
    return found


def _wrk_version() -> str:
    # wrk prints its version with its help, and calls that a failure.
    ran = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)
    return " ".join(ran.stdout.split()[:2])


def surroundings() -> str:
    """Write what the figures were measured with: versions, cores, load and command line."""
    names = [f"CPython {platform.python_version()}"]
    for distribution in ("cyclone-core", "Twisted", "tornado"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            names.append(f"{distribution} {importlib.metadata.version(distribution)}")
    server, client = cores()
    where = f"server on core {min(server)}, load on core {min(client)}"
    command = " ".join(["benchmarks/run.py", *sys.argv[1:]])
    load = f"load average {os.getloadavg()[0]:.1f} at the start"
    return f"{', '.join([*names, _wrk_version()])}; {where}; {load}; `{command}`"
