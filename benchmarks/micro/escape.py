r"""Measure cyclone-escape beside Python's own functions, Tornado's, MarkupSafe's and orjson's.

Before anything is timed all candidates must give the same answer. Some differ by design and are
compared by what they mean: MarkupSafe writes `&#34;` and `&#39;` for `&quot;` and `&#x27;`; orjson
writes no blanks and no `\u` escapes, and it and `json.dumps` leave `</` as it stands, so JSON is
read again; `urllib.parse.parse_qs` gives text where bytes are wanted.
"""

from __future__ import annotations

import html
import json
import sys
import urllib.parse
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import tornado.escape
from timing import compare, parser, surroundings

import cyclone_escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from timing import Timing

    Functions = Mapping[str, Callable[[Any], object]]

OURS = "cyclone"
WITH_ORJSON = 'use_json("orjson")'
WITH_DUMPS = "use_json(orjson.dumps)"
PYTHON = "Python"
TORNADO = "Tornado"
DISTRIBUTIONS = ("cyclone-escape", "tornado", "MarkupSafe", "orjson")


class DifferentAnswerError(Exception):
    """A candidate answers something else than the others: its speed would mean nothing."""


class Subject(NamedTuple):
    """A table: a function under the names of its makers, and what it is called with.

    `baseline` is whom the others are compared with, `means` turns an answer into what has to be
    equal, and `targets` says which share of the baseline's speed ours has to have for which input.
    """

    title: str
    baseline: str
    functions: Functions
    inputs: Mapping[str, Sequence[Any]]
    means: Callable[[Any], object] = lambda answer: answer
    targets: Mapping[str, float] = {}


# -- Inputs -------------------------------------------------------------------------------------


def row(number: int) -> dict[str, object]:
    """Return what a row of a database looks like as JSON."""
    return {
        "id": number,
        "name": f"Member {number}",
        "email": f"member{number}@example.com",
        "active": number % 2 == 0,
        "score": number * 1.25,
        "tags": ["a", "b"],
        "parent": None,
    }


def nested(depth: int) -> object:
    """Return lists in dictionaries in lists."""
    value: object = 1
    for _ in range(depth // 2):
        value = {"inner": [value]}
    return value


CLEAN = "The quick brown fox jumps over the lazy dog. "
MIXED = """The "quick" <i>brown</i> fox & its friends jump over the lazy dog's tail. """
SMALL = {"message": "hello, world", "id": 42, "ok": True, "items": [1, 2, 3], "name": "M\xfcller"}
LINKS = "Read http://www.example.com/a_(b)?c=d&e=f, then www.example.org/x <or> nothing. "
TEXTS = {
    "100 clean cells": [f"Member {number:010}" for number in range(100)],
    "100 cells, `&` or quotes": ["Smith & Sons, Ltd.", 'say "hello" there', "it's a fine day"] * 33,
    "100 cells, 3 of the 5 characters": [f"Member <{number}> & co" for number in range(100)],
    "100 cells, all 5 characters": ["""<a title="x">Tom & Jerry's</a>"""] * 100,
    "1 KB clean": [CLEAN * 23],
    "1 KB mixed": [MIXED * 14],
    "100 KB clean": [CLEAN * 2300],
    "100 KB mixed": [MIXED * 1400],
}
DOCUMENTS: dict[str, list[object]] = {
    "small": [SMALL] * 500,
    "100 rows": [[row(number) for number in range(100)]],
    "10,000 rows": [[row(number) for number in range(10_000)]],
    "200 levels": [nested(200)],
    "20 KB beyond ASCII": [["\u4e2d\u6587 M\xfcller \U0001f600 " * 10] * 100],
    "20 KB of HTML": [[f"<p>{CLEAN}<b>{CLEAN}</b>{CLEAN}</p>"] * 130],
    "20 KB of `<b>a</b>`": [["<b>a</b>"] * 1700],
}
WITH_BYTES: dict[str, list[object]] = {
    "100 rows, bytes for text": [[{b"id": number, b"name": b"Member"} for number in range(100)]],
}


# -- What is timed ------------------------------------------------------------------------------


def library(name: str) -> str | Callable[[Any], str | bytes]:
    """Return what `use_json` has to be called with for a candidate."""
    if name == WITH_DUMPS:
        import orjson

        return orjson.dumps
    return "orjson" if name == WITH_ORJSON else "stdlib"


def subjects() -> list[Subject]:
    """Return the tables, with what is installed."""
    escapes: dict[str, Callable[[Any], object]] = {
        PYTHON: html.escape,
        OURS: cyclone_escape.xhtml_escape,
        TORNADO: tornado.escape.xhtml_escape,
    }
    encoders: dict[str, Callable[[Any], object]] = {
        PYTHON: json.dumps,
        OURS: cyclone_escape.json_encode,
        TORNADO: tornado.escape.json_encode,
        "dumps, replace": lambda value: json.dumps(value).replace("</", "<\\/"),
    }
    if find_spec("markupsafe"):
        import markupsafe

        escapes["MarkupSafe"] = markupsafe.escape
    if find_spec("orjson"):
        import orjson

        # `runs` makes the switch around many calls, and not around each.
        encoders[WITH_ORJSON] = encoders[WITH_DUMPS] = cyclone_escape.json_encode
        encoders["orjson.dumps"] = orjson.dumps
    ours_only = {
        name: encoders[name] for name in (OURS, WITH_ORJSON, WITH_DUMPS) if name in encoders
    }
    return [
        Subject(
            "xhtml_escape",
            PYTHON,
            escapes,
            TEXTS,
            lambda answer: str(answer).replace("&#34;", "&quot;").replace("&#39;", "&#x27;"),
            {name: 0.9 for name in TEXTS if "all 5" not in name},
        ),
        Subject(
            "xhtml_unescape",
            PYTHON,
            {
                PYTHON: html.unescape,
                OURS: cyclone_escape.xhtml_unescape,
                TORNADO: tornado.escape.xhtml_unescape,
            },
            {name: [html.escape(text) for text in texts] for name, texts in TEXTS.items()},
        ),
        Subject(
            "json_encode",
            PYTHON,
            encoders,
            DOCUMENTS,
            json.loads,
            {name: 0.9 for name in DOCUMENTS if "<" not in name and "HTML" not in name},
        ),
        Subject("json_encode of bytes", OURS, ours_only, WITH_BYTES, json.loads),
        Subject(
            "json_decode",
            PYTHON,
            {
                PYTHON: json.loads,
                OURS: cyclone_escape.json_decode,
                TORNADO: tornado.escape.json_decode,
            },
            {name: [json.dumps(value) for value in values] for name, values in DOCUMENTS.items()},
        ),
        *text_subjects(),
        *url_subjects(),
    ]


def text_subjects() -> list[Subject]:
    """Return the tables of what only Tornado has."""
    return [
        Subject(
            "linkify",
            TORNADO,
            {OURS: cyclone_escape.linkify, TORNADO: tornado.escape.linkify},
            {
                "a sentence, no link": [MIXED],
                "a sentence, two links": [LINKS],
                "100 KB, no link": [MIXED * 1400],
                "100 KB, links": [LINKS * 1250],
            },
        ),
        Subject(
            "squeeze",
            TORNADO,
            {OURS: cyclone_escape.squeeze, TORNADO: tornado.escape.squeeze},
            {"a sentence": [f"  {MIXED}\n "] * 10, "100 KB": [MIXED * 1400]},
        ),
    ]


def url_subjects() -> list[Subject]:
    """Return the tables about URLs."""
    words = {"100 words": ["caf\xe9", "a b", "x/y?z", "plain"] * 25, "100 KB": [MIXED * 1400]}
    fields = "q=caf%C3%A9+au+lait&tag=a&tag=b&page=2&empty=&token=0123456789abcdef"
    return [
        Subject(
            "url_escape",
            PYTHON,
            {
                PYTHON: urllib.parse.quote_plus,
                OURS: cyclone_escape.url_escape,
                TORNADO: tornado.escape.url_escape,
            },
            words,
        ),
        Subject(
            "url_unescape",
            PYTHON,
            {
                PYTHON: urllib.parse.unquote_plus,
                OURS: cyclone_escape.url_unescape,
                TORNADO: tornado.escape.url_unescape,
            },
            {name: [urllib.parse.quote_plus(v) for v in values] for name, values in words.items()},
        ),
        Subject(
            "parse_qs_bytes",
            PYTHON,
            {
                PYTHON: lambda query: urllib.parse.parse_qs(query, encoding="latin-1"),
                OURS: cyclone_escape.parse_qs_bytes,
                TORNADO: tornado.escape.parse_qs_bytes,
            },
            {"7 fields": [fields] * 10, "10,000 fields": ["&".join([fields] * 1430)]},
            as_byte_fields,
        ),
    ]


def as_byte_fields(fields: dict[str, list[Any]]) -> dict[str, list[bytes]]:
    """Return fields with their values as bytes, which they may be already."""
    return {
        name: [value if isinstance(value, bytes) else value.encode("latin-1") for value in values]
        for name, values in fields.items()
    }


def runs(name: str, function: Callable[[Any], object], inputs: Sequence[Any]) -> Callable[[], None]:
    """Return what is timed: a call for each input."""

    def run() -> None:
        for value in inputs:
            function(value)

    def run_switched() -> None:
        previous = cyclone_escape.use_json(library(name))
        run()
        cyclone_escape.use_json(previous)

    return run_switched if name in {WITH_ORJSON, WITH_DUMPS} else run


def check_answers(subject: Subject, case: str) -> None:
    """Compare the answers of all candidates.

    Raises:
        DifferentAnswerError: One is different.
    """
    for value in subject.inputs[case]:
        wanted: object = None
        for name, function in subject.functions.items():
            previous = cyclone_escape.use_json(library(name))
            found = subject.means(function(value))
            cyclone_escape.use_json(previous)
            if name == next(iter(subject.functions)):
                wanted = found
            elif found != wanted:
                message = (
                    f"{subject.title}, {case}: {name} gives {found!r:.500}, not {wanted!r:.500}"
                )
                raise DifferentAnswerError(message)


def measure(subject: Subject, rounds: int) -> dict[str, dict[str, Timing]]:
    """Time all inputs of a subject."""
    results = {}
    for case, inputs in subject.inputs.items():
        check_answers(subject, case)
        timed = {name: runs(name, f, inputs) for name, f in subject.functions.items()}
        results[case] = compare(timed, baseline=subject.baseline, rounds=rounds)
    return results


# -- The report ---------------------------------------------------------------------------------


def table(subject: Subject, results: Mapping[str, Mapping[str, Timing]]) -> str:
    """Write a subject as a Markdown table: how many times as fast as the baseline each one is."""
    names = [name for name in subject.functions if name != subject.baseline]
    lines = [f"### {subject.title}: times {subject.baseline}", ""]
    lines += [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for case, timings in results.items():
        cells = [f"{timings[name].ratio:.2f}" for name in names]
        lines.append(f"| {case} | {' | '.join(cells)} |")
    return "\n".join(lines)


def missed(subject: Subject, results: Mapping[str, Mapping[str, Timing]]) -> list[str]:
    """Say which targets our median does not reach."""
    found = []
    for case, target in subject.targets.items():
        reached = results[case][OURS].ratio.median
        if reached < target:
            found.append(f"{subject.title}, {case}: {reached:.2f}, the target is {target}")
    return found


def main() -> None:
    """Measure and print."""
    arguments = parser("Measure escaping beside what Python and others offer.")
    arguments.add_argument("--only", metavar="NAME", help="one function, for example json_encode")
    arguments.add_argument("--check", action="store_true", help="fail if a target is missed")
    options = arguments.parse_args()
    chosen = [s for s in subjects() if options.only in {None, s.title.partition(" ")[0]}]
    if not chosen:
        arguments.error(f"there is no function {options.only}")
    problems: list[str] = []
    print(surroundings(*DISTRIBUTIONS))
    for subject in chosen:
        try:
            results = measure(subject, options.rounds)
        except DifferentAnswerError as error:
            sys.exit(str(error))
        print(f"\n{table(subject, results)}", flush=True)
        problems += missed(subject, results)
    if options.check and problems:
        sys.exit("\n".join(["", "Targets that were missed:", *problems]))


if __name__ == "__main__":
    main()
