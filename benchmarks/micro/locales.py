"""Measure cyclone-locale beside Tornado and the standard library's gettext.

All candidates read the same catalogues: the CSV files of the package's tests, and its .po files
compiled by Babel. Before anything is timed, all must give the same answers.
"""

from __future__ import annotations

import gettext
import logging
import sys
import tempfile
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import tornado.locale
import tornado.web
from babel.messages import mofile, pofile
from timing import compare, parser, surroundings, table

import cyclone_locale

if TYPE_CHECKING:
    from collections.abc import Callable

    Candidates = dict[str, Callable[[], object]]

CYCLONE, TORNADO, STDLIB = "cyclone-locale", "tornado", "stdlib gettext"
SOURCES = Path(__file__).resolve().parents[2] / "packages" / "cyclone-locale" / "tests" / "catalogs"
DOMAIN = "cyclone"
LOCALE = "pl"
MESSAGES = ("school", "Sign out", "yesterday", "Sunday", "nobody translated this") * 4
COUNTS = (0, 1, 2, 5, 11, 12, 22, 100) * 2
FILES = ("%(count)d file", "%(count)d files")
HEADERS = (
    "pt-BR,pt;q=0.9,en-US;q=0.8,en;q=0.7",
    "zh-CN,zh;q=0.9",
    "es-ES,es;q=0.5",
    "fr-FR,fr;q=0.9,pl;q=0.2,*;q=0.1",
    "en-US",
)
# More than cyclone-locale keeps, so that each comes when it has been forgotten.
UNSEEN = tuple(
    f"{header},da;q=0.{number}" for header in HEADERS[::2] for number in range(1000, 1400)
)
DATES = tuple(1_600_000_000 - age for age in (10, 4_000, 90_000, 300_000, 9_000_000, 90_000_000))


def compile_catalogues(root: Path) -> None:
    """Compile every .po file of the tests below this directory."""
    for source in SOURCES.glob("*.po"):
        target = root / source.stem / "LC_MESSAGES" / f"{DOMAIN}.mo"
        target.parent.mkdir(parents=True)
        with source.open("rb") as po, target.open("wb") as mo:
            mofile.write_mo(mo, pofile.read_po(po, locale=source.stem))


def translate(function: Callable[[str], str]) -> list[str]:
    """Translate each message."""
    return [function(message) for message in MESSAGES]


def translate_plural(function: Callable[[str, str, int], str]) -> list[str]:
    """Translate a plural for each number."""
    return [function(*FILES, count) for count in COUNTS]


def translate_context(function: Callable[[str, str], str]) -> list[str]:
    """Translate a word in two contexts."""
    return [function(context, "right") for context in ("law", "direction", "law", "direction")]


def format_dates(locale: cyclone_locale.Locale | tornado.locale.Locale) -> list[str]:
    """Write each date in full."""
    return [locale.format_date(date, full_format=True) for date in DATES]


def negotiate(headers: tuple[str, ...]) -> list[str]:
    """Choose a locale for each header, with our functions."""
    parse, get = cyclone_locale.parse_accept_language, cyclone_locale.get
    return [get(*[language for language, _ in parse(header)]).code for header in headers]


def as_handlers(headers: tuple[str, ...]) -> list[Any]:
    """Return what Tornado's method needs of a request handler, for each header."""
    requests = [SimpleNamespace(headers={"Accept-Language": header}) for header in headers]
    return [SimpleNamespace(request=request) for request in requests]


def negotiate_tornado(handlers: list[Any]) -> list[str]:
    """Choose a locale for each header, with the method of Tornado's handlers."""
    choose = tornado.web.RequestHandler.get_browser_locale
    return [choose(handler).code for handler in handlers]


def csv_cases() -> dict[str, Candidates]:
    """Load the CSV catalogues and return what works on them."""
    cyclone_locale.load_translations(SOURCES)
    # Rows for CLDR's plural categories are an error to Tornado, which leaves them out.
    logging.getLogger("tornado.general").setLevel(logging.CRITICAL)
    tornado.locale.load_translations(str(SOURCES))
    ours, theirs = cyclone_locale.get(LOCALE), tornado.locale.get(LOCALE)
    return {
        f"`translate`, CSV ({len(MESSAGES)} messages)": {
            TORNADO: partial(translate, theirs.translate),
            CYCLONE: partial(translate, ours.translate),
        },
        f"`format_date` ({len(DATES)} dates)": {
            TORNADO: partial(format_dates, theirs),
            CYCLONE: partial(format_dates, ours),
        },
        f"`Accept-Language` to locale ({len(HEADERS)} headers, again and again)": {
            TORNADO: partial(negotiate_tornado, as_handlers(HEADERS)),
            CYCLONE: partial(negotiate, HEADERS),
        },
        f"`Accept-Language` to locale ({len(UNSEEN)} headers that no cache holds)": {
            TORNADO: partial(negotiate_tornado, as_handlers(UNSEEN)),
            CYCLONE: partial(negotiate, UNSEEN),
        },
    }


def gettext_cases(root: Path) -> dict[str, Candidates]:
    """Load the compiled catalogues and return what works on them."""
    cyclone_locale.load_gettext_translations(root, DOMAIN)
    tornado.locale.load_gettext_translations(str(root), DOMAIN)
    tornado.locale.Locale._cache.clear()  # noqa: SLF001 - it keeps the CSV locales for ever
    ours, theirs = cyclone_locale.get(LOCALE), tornado.locale.get(LOCALE)
    plain = gettext.translation(DOMAIN, root, [LOCALE])
    return {
        f"`translate`, gettext ({len(MESSAGES)} messages)": {
            TORNADO: partial(translate, theirs.translate),
            CYCLONE: partial(translate, ours.translate),
            STDLIB: partial(translate, plain.gettext),
        },
        f"`translate` with plural, gettext ({len(COUNTS)} numbers)": {
            TORNADO: partial(translate_plural, theirs.translate),
            CYCLONE: partial(translate_plural, ours.translate),
            STDLIB: partial(translate_plural, plain.ngettext),
        },
        "`pgettext` (4 words)": {
            TORNADO: partial(translate_context, theirs.pgettext),
            CYCLONE: partial(translate_context, ours.pgettext),
            STDLIB: partial(translate_context, plain.pgettext),
        },
    }


def check(title: str, candidates: Candidates) -> None:
    """End the program unless all candidates give the same answer."""
    answers = {name: cast("list[str]", function()) for name, function in candidates.items()}
    expected = answers[TORNADO]
    for name, answer in answers.items():
        if answer != expected:
            sys.exit(f"{title}: {name} answers {answer}, {TORNADO} {expected}")


def main() -> None:
    """Measure and print."""
    options = parser("Measure translations, dates and negotiation.").parse_args()
    print(surroundings("cyclone-locale", "tornado"))
    with tempfile.TemporaryDirectory(prefix="cyclone-locale-") as temporary:
        compile_catalogues(Path(temporary))
        for make in (csv_cases, partial(gettext_cases, Path(temporary))):
            for title, candidates in make().items():
                check(title, candidates)
                results = compare(candidates, baseline=TORNADO, rounds=options.rounds)
                print(f"\n{table(title, results, baseline=TORNADO)}", flush=True)


if __name__ == "__main__":
    main()
