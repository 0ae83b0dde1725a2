"""Negotiation: from the languages that a browser asks for to the one that is there.

Pure functions, without state and without a request: the web framework calls them, and so may any
other program that reads HTTP.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cyclone_locale.tags import MAX_TAG_LENGTH, fallbacks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["MAX_LANGUAGES", "closest_locale", "parse_accept_language"]

# People know a few languages, and browsers send ten at most; what follows the first 50 is ignored.
MAX_LANGUAGES = 50

_RANGE = re.compile(r"\*|[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*")
# RFC 9110 allows three decimals. Clients send more, and some leave out the zero before the point.
_WEIGHT = re.compile(r"0(?:\.\d{0,15})?|\.\d{1,15}|1(?:\.0{0,15})?", re.ASCII)
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
    entries = header.split(",", MAX_LANGUAGES)[:MAX_LANGUAGES]
    found = [entry for entry in map(_parse_entry, entries) if entry is not None]
    found.sort(key=lambda entry: -entry[1])
    return found


def _parse_entry(entry: str) -> tuple[str, float] | None:
    """Read one entry, such as ``pt-BR;q=0.8``; parameters other than the weight mean nothing."""
    if ";" not in entry:
        language, weight = entry.strip(_BLANKS), 1.0
    else:
        language, parameters = entry.split(";", 1)
        language = language.strip(_BLANKS)
        read = _parse_weight(parameters)
        if not read:
            return None
        weight = read
    if len(language) > MAX_TAG_LENGTH or _RANGE.fullmatch(language) is None:
        return None
    return language, weight


def _parse_weight(parameters: str) -> float:
    """Return the weight, 1 if there is none, and 0 if it cannot be read."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip(_BLANKS) in {"q", "Q"}:
            value = value.strip(_BLANKS)
            return float(value) if _WEIGHT.fullmatch(value) else 0.0
    return 1.0


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
