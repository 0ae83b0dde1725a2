"""Negotiation: from the languages that a browser asks for to the one that is there.

Pure functions, without state and without a request: the web framework calls them, and so may any
other program that reads HTTP.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

from cyclone_locale.tags import MAX_TAG_LENGTH, fallbacks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = [
    "MAX_ENTRY_LENGTH",
    "MAX_LANGUAGES",
    "MAX_PARAMETERS",
    "closest_locale",
    "parse_accept_language",
]

# People know a few languages, and browsers send ten at most; what follows the first 50 is ignored.
MAX_LANGUAGES = 50
# The weight is the first parameter of a language, and there is no other one in use.
MAX_PARAMETERS = 8
# A longer entry is no language with a weight.
MAX_ENTRY_LENGTH = 300
# A site sees few different headers, and each of them again and again; longer ones are not kept.
_KEPT_LENGTH = 300

_LANGUAGE = r"\*|[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*"
# RFC 9110 allows three decimals. Clients send more, and some leave out the zero before the point.
_WEIGHT = r"0(?:\.[0-9]{0,15})?|\.[0-9]{1,15}|1(?:\.0{0,15})?"
# What an entry looks like nearly always; others, with more parameters, are taken apart by hand.
_USUAL = re.compile(rf"[ \t]*({_LANGUAGE})[ \t]*(?:;[ \t]*[qQ][ \t]*=[ \t]*({_WEIGHT})[ \t]*)?")
_BLANKS = " \t"


def parse_accept_language(header: str) -> list[tuple[str, float]]:
    """Read an ``Accept-Language`` header.

    Entries with weight 0 and entries that cannot be read are left out, and the others are kept.
    The work is linear in the length of the header.

    Source: RFC 9110, sections 12.4.2 and 12.5.4. Tornado takes any number as a weight (``5``,
    ``inf``) and anything at all as a language; here such an entry is left out.

    Args:
        header: The value of the header, of any length; the first `MAX_LANGUAGES` entries count.

    Returns:
        Language and weight (above 0, at most 1), the highest weight first, and in the order of the
        header where weights are equal. The language is spelt as it came. It may be ``*``, which
        stands for any language.
    """
    return list(_parse(header) if len(header) <= _KEPT_LENGTH else _parse.__wrapped__(header))


@lru_cache(maxsize=256)
def _parse(header: str) -> tuple[tuple[str, float], ...]:
    entries = header.split(",", MAX_LANGUAGES)[:MAX_LANGUAGES]
    found = [entry for entry in map(_parse_entry, entries) if entry is not None]
    # Also in reverse, the sort keeps the order of equal ones.
    found.sort(key=itemgetter(1), reverse=True)
    return tuple(found)


def _parse_entry(entry: str) -> tuple[str, float] | None:
    """Read one entry, such as ``pt-BR;q=0.8``."""
    if len(entry) > MAX_ENTRY_LENGTH:
        return None
    match = _USUAL.fullmatch(entry) or _USUAL.fullmatch(_without_parameters(entry))
    if match is None:
        return None
    language, weight = match.groups()
    if weight is None:
        weight = 1.0
    elif not (weight := float(weight)):
        return None
    return (language, weight) if len(language) <= MAX_TAG_LENGTH else None


def _without_parameters(entry: str) -> str:
    """Drop the parameters that are no weight: they mean nothing here."""
    language, *parameters = entry.split(";", MAX_PARAMETERS)[:MAX_PARAMETERS]
    weights = [text for text in parameters if text.partition("=")[0].strip(_BLANKS) in {"q", "Q"}]
    return ";".join([language, *weights[:1]])


def closest_locale(codes: Iterable[str | None], supported: Collection[str]) -> str | None:
    """Choose the first code that is supported, exactly or by what may stand for it.

    Each code is tried to its end before the next one: for ``pt-BR, en`` and a program that speaks
    ``pt`` and ``en``, it is ``pt``. A language alone does not stand for its regions: ``pt`` is not
    answered with ``pt_BR``.

    Source: RFC 4647, section 3.4 (lookup); ``Locale.get_closest`` of Tornado.

    Args:
        codes: Codes in any spelling, the most wanted first. ``None``, empty codes, ``*`` and what
            is no locale code are skipped.
        supported: The codes that there are, normalized; a set is fastest.

    Returns:
        One of the supported codes, or ``None``.
    """
    for code in codes:
        if not code:
            continue
        if code in supported:
            return code
        for candidate in fallbacks(code):
            if candidate in supported:
                return candidate
    return None
