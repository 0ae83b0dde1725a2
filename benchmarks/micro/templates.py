"""Measure cyclone-template beside Tornado, Jinja2 and Mako; ../README.md says how to read it.

Before anything is timed, all engines must give the same page: cyclone-template and Tornado the same
bytes; Jinja2 and Mako too, once the two spellings of an escaped quote are made one.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import engines
from engines import CYCLONE, ENGINES, JINJA, MAKO, TORNADO
from timing import Spread, Timing, compare, parser, ratios, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Results = Mapping[str, Timing]

BY_HAND = "by hand"
BASES = (TORNADO.name, JINJA.name, MAKO.name)
# How many times as fast as these the page with rows has to be, with the standard library's escape.
TARGETS = {TORNADO.name: 2.5, JINJA.name: 2.2, MAKO.name: 1.8}
COMPILE_TARGETS = {TORNADO.name: 0.5}
VALUES = {
    "heading": "Members & more",
    "user": "me",
    "email": "me@example.com",
    "count": 7,
    "note": 'it\'s 5 > 4, "so"',
}


class WrongPageError(Exception):
    """An engine gives another page than the others: its speed would mean nothing."""


def rows(count: int) -> list[dict[str, Any]]:
    """Return rows of a number, two texts to escape, and one that needs no escaping."""
    return [
        {
            "id": number,
            "name": f"Member <{number}> & co",
            "email": f"member{number}@example.com",
            "note": f'say "hi" to row {number}',
        }
        for number in range(count)
    ]


class Case(NamedTuple):
    """A table: what is rendered, how often between two looks at the clock, and what it must reach."""

    title: str
    page: str
    values: Mapping[str, Any]
    times: int
    targets: Mapping[str, float] = {}
    compiles: bool = False


CASES = (
    Case(
        "Page with inheritance, 100 rows of 4 escaped cells",
        "page.html",
        {**VALUES, "rows": rows(100)},
        20,
        TARGETS,
    ),
    Case(
        "The same page, 1,000 rows",
        "page.html",
        {**VALUES, "rows": rows(1000)},
        2,
        TARGETS,
    ),
    Case("Plain page of 6 values, no loop", "plain.html", VALUES, 200),
    Case("Page of 20 includes", "includes.html", VALUES, 50),
    Case(
        "Compile the page with inheritance from its files, render it once without rows",
        "page.html",
        {**VALUES, "rows": []},
        2,
        COMPILE_TARGETS,
        compiles=True,
    ),
)


# -- What is timed ------------------------------------------------------------------------------


def batch(engine: engines.Engine, case: Case) -> Callable[[], bytes]:
    """Return a function that renders a page a few times and gives the last one.

    A few times, so that choosing the escape function beforehand costs next to nothing.
    """
    prepare, times, values = engine.prepare, case.times, case.values
    load = engine.fresh()
    page = load(case.page)

    def render() -> bytes:
        prepare()
        for _ in range(times - 1):
            page(**values)
        return page(**values)

    def compile_and_render() -> bytes:
        prepare()
        for _ in range(times - 1):
            engine.fresh()(case.page)(**values)
        return engine.fresh()(case.page)(**values)

    return compile_and_render if case.compiles else render


def batch_by_hand(case: Case) -> Callable[[], bytes]:
    """Return the same for the page that a person wrote."""
    wanted = {name: case.values[name] for name in ("rows", "heading", "user")}

    def render() -> bytes:
        for _ in range(case.times - 1):
            engines.by_hand(**wanted)
        return engines.by_hand(**wanted)

    return render


def runs(case: Case) -> dict[str, Callable[[], bytes]]:
    """Return what is timed for a case, by the name of its line in the table."""
    found = {engine.name: batch(engine, case) for engine in ENGINES}
    if case.page == "page.html" and not case.compiles:
        found[BY_HAND] = batch_by_hand(case)
    return found


def check_pages(case: Case, timed: Mapping[str, Callable[[], bytes]]) -> None:
    """Compare the pages of all engines.

    Raises:
        WrongPageError: One is different.
    """
    wanted = timed[TORNADO.name]()
    for name, render in timed.items():
        page = render()
        if name in {JINJA.name, MAKO.name}:
            page = page.replace(b"&#34;", b"&quot;").replace(b"&#39;", b"&#x27;")
        if page != wanted:
            message = f"{case.page}: {name} gives\n{page!r}\nbut {TORNADO.name} gives\n{wanted!r}"
            raise WrongPageError(message)


# -- The report ---------------------------------------------------------------------------------


def speed(results: Results, name: str, base: str) -> Spread:
    """Return how many times as fast as the base one was."""
    return Spread.of(ratios(results[base].runs, results[name].runs))


def table(case: Case, results: Results) -> str:
    """Write a case as a Markdown table."""
    lines = [f"### {case.title}", ""]
    lines += [f"| | {' | '.join(f'times {base}' for base in BASES)} |"]
    lines += ["|---" * (len(BASES) + 1) + "|"]
    for name in results:
        cells = [f"{speed(results, name, base):.2f}" for base in BASES]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def missed(case: Case, results: Results) -> list[str]:
    """Say which targets the median of cyclone-template does not reach."""
    found = []
    for base, target in case.targets.items():
        reached = speed(results, CYCLONE.name, base).median
        if reached < target:
            found.append(f"{case.title}: {reached:.2f} times {base}, the target is {target}")
    return found


def main() -> None:
    """Measure and print."""
    command_line = parser("Measure template engines beside each other.")
    command_line.add_argument("--check", action="store_true", help="fail if a target is missed")
    options = command_line.parse_args()
    problems: list[str] = []
    print(surroundings("cyclone-template", "tornado", "Jinja2", "Mako", "MarkupSafe"))
    for case in CASES:
        timed = runs(case)
        try:
            check_pages(case, timed)
        except WrongPageError as error:
            sys.exit(str(error))
        results = compare(timed, baseline=TORNADO.name, rounds=options.rounds)
        print(f"\n{table(case, results)}", flush=True)
        problems += missed(case, results)
    if options.check and problems:
        sys.exit("\n".join(["", "Targets that were missed:", *problems]))


if __name__ == "__main__":
    main()
