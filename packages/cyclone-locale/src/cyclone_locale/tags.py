"""Locale codes: reading them in any spelling, what to try when one is not there, their direction.

A code is written here as gettext writes it, ``language[_Script][_REGION][_more]``: ``pt_BR``,
``sr_Latn_RS``. Others write ``pt-br`` (HTTP), ``pt_BR.UTF-8`` or ``sr@latin`` (POSIX). Whatever a
stranger sends as text, these functions return in linear time and raise nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "MAX_TAG_LENGTH",
    "Tag",
    "fallbacks",
    "is_rtl",
    "normalize_code",
    "parents",
    "parse_code",
]

# RFC 5646, section 4.4.1 asks for 35 at least; what is longer is no attempt to name a language.
MAX_TAG_LENGTH = 100

_SUBTAGS = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*")
_SCRIPT = re.compile(r"[A-Za-z]{4}")
# Three letters are no region of RFC 5646, but Tornado lets files be called `en_USA`.
_REGION = re.compile(r"[A-Za-z]{2,3}|[0-9]{3}")

_SCRIPT_OF_MODIFIER = {"latin": "Latn", "cyrillic": "Cyrl", "arabic": "Arab", "devanagari": "Deva"}

# Codes that changed: browsers, Java and old catalogues still use the former one.
_RENAMED = [("he", "iw"), ("id", "in"), ("yi", "ji"), ("nb", "no"), ("fil", "tl")]
_OTHER_NAME = dict(_RENAMED) | {old: new for new, old in _RENAMED}

# Chinese is written in two ways, and either is named by a script or by a place. The first place of
# each is the one that catalogues are made for.
_CHINESE_PLACES = {"Hans": ("CN", "SG", "MY"), "Hant": ("TW", "HK", "MO")}
_CHINESE_SCRIPT = {place: script for script, them in _CHINESE_PLACES.items() for place in them}

# fmt: off
_RTL_LANGUAGES = frozenset({
    "ar", "aeb", "ajp", "apc", "arc", "arq", "ary", "arz", "acm", "acq", "acw", "afb", "ayl", "azb",
    "bal", "bcc", "bgn", "bqi", "brh", "ckb", "dv", "fa", "glk", "hbo", "haz", "he", "iw", "ji", "khw",
    "ks", "lki", "lrc", "luz", "mzn", "nqo", "pbu", "pes", "pnb", "prs", "ps", "rhg", "sd", "sdh",
    "skr", "syc", "syr", "ug", "ur", "yi",
})
_RTL_SCRIPTS = frozenset({
    "Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi",
})
# fmt: on
# Languages of two scripts, where the place decides.
_RTL_PLACES = frozenset({("az", "IR"), ("kk", "CN"), ("ku", "IQ"), ("pa", "PK"), ("uz", "AF")})


class Tag(NamedTuple):
    """A locale code taken apart.

    Attributes:
        language: Language in small letters, such as ``pt``.
        script: Script with a capital, such as ``Latn``; empty if the code names none.
        region: Region in capitals, such as ``BR`` or ``419``; empty if the code names none.
        rest: Variants, extensions and private subtags, in small letters.
    """

    language: str
    script: str = ""
    region: str = ""
    rest: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write the code as gettext does: ``sr_Latn_RS``."""
        return "_".join(filter(None, (self.language, self.script, self.region, *self.rest)))


def _need_text(code: object) -> None:
    """Tell a mistake of the program from what a stranger sent, which is text in any case."""
    if not isinstance(code, str):
        raise TypeError(f"a locale code is text, such as 'pt_BR', not {type(code).__name__}")


def parse_code(code: str) -> Tag | None:
    """Take a locale code apart, in the spelling of gettext, HTTP or POSIX.

    Source: RFC 5646, section 2.1 (subtags) and 2.1.1 (letter case has no meaning).

    Args:
        code: The code, such as ``pt-br``, ``zh_Hans_CN``, ``pt_BR.UTF-8`` or ``sr@latin``.

    Returns:
        The parts, or ``None`` if this is no locale code.

    Raises:
        TypeError: `code` is no text.
    """
    _need_text(code)
    if len(code) > MAX_TAG_LENGTH:
        return None
    name, _, modifier = code.partition("@")
    name = name.partition(".")[0]  # an encoding tells nothing about the language
    if _SUBTAGS.fullmatch(name) is None or (modifier and _SUBTAGS.fullmatch(modifier) is None):
        return None
    language, *parts = name.replace("-", "_").split("_")
    script = parts.pop(0).capitalize() if parts and _SCRIPT.fullmatch(parts[0]) else ""
    region = parts.pop(0).upper() if parts and _REGION.fullmatch(parts[0]) else ""
    if modifier:
        named = _SCRIPT_OF_MODIFIER.get(modifier.lower())
        if named is None:
            parts.append(modifier)
        else:
            script = script or named
    return Tag(language.lower(), script, region, tuple(part.lower() for part in parts))


def normalize_code(code: str) -> str | None:
    """Write a locale code as this package does: ``pt-br`` becomes ``pt_BR``.

    Args:
        code: The code in any spelling.

    Returns:
        The code, or ``None`` if this is no locale code.

    Raises:
        TypeError: `code` is no text.
    """
    tag = parse_code(code)
    return None if tag is None else str(tag)


def fallbacks(code: str) -> tuple[str, ...]:
    """Say what may stand for a locale, the best first.

    Parts are taken off at the right, so ``zh_Hans_CN`` may be ``zh_Hans``, and ``en_US_x_foo`` may
    be ``en_US``. Beyond the RFC, a script gives way to the region (``sr_Latn_RS``: ``sr_RS``),
    a renamed language has its other name (``iw``: ``he``), and Chinese by script and by place stand
    for each other.

    Source: RFC 4647, section 3.4 (lookup). Tornado tries the code and the language alone, and
    ignores codes of three parts.

    Args:
        code: The code in any spelling.

    Returns:
        Normalized codes without repetition; empty if this is no locale code.
    """
    _need_text(code)
    # Only what is bounded in length may become a key of the cache.
    return _fallbacks(code) if len(code) <= MAX_TAG_LENGTH else ()


@lru_cache(maxsize=1024)
def _fallbacks(code: str) -> tuple[str, ...]:
    tag = parse_code(code)
    if tag is None:
        return ()
    found = list(_truncated(tag))
    if (other := _OTHER_NAME.get(tag.language)) is not None:
        found += _truncated(tag._replace(language=other))
    return tuple(dict.fromkeys(found))


def _truncated(tag: Tag) -> list[str]:
    """Take parts off at the right, as RFC 4647 does: never leave a single letter at the end."""
    found = []
    rest = list(tag.rest)
    while rest:
        if len(rest[-1]) > 1:
            found.append(str(tag._replace(rest=tuple(rest))))
        rest.pop()
    language, script, region, _ = tag
    if language == "zh":
        return [*found, *_chinese(script, region), "zh"]
    found += [str(Tag(language, script, region)), str(Tag(language, script))]
    if script:
        found.append(str(Tag(language, "", region)))
    return [*found, language]


def _chinese(script: str, region: str) -> list[str]:
    """List the codes of one way to write Chinese; Hong Kong rather reads Taiwan's than China's."""
    named = script or _CHINESE_SCRIPT.get(region, "")
    codes = [Tag("zh", script, region), Tag("zh", named, region), Tag("zh", named)]
    places = _CHINESE_PLACES.get(named, ())
    if not places or region in places:
        codes.append(Tag("zh", "", region))
    codes += [Tag("zh", "", place) for place in places[:1]]
    return [str(found) for found in codes]


def parents(code: str) -> list[str]:
    """Say whose messages may fill the gaps of a locale's catalogue, the closest first.

    ``pt_BR`` borrows from ``pt``. A message in another script would be worse than one that is not
    translated, so ``sr_Latn`` does not borrow from ``sr``, nor ``zh_TW`` from ``zh``.

    Args:
        code: The code in any spelling.

    Returns:
        Normalized codes, without the locale's own; empty if this is no locale code.
    """
    tag = parse_code(code)
    if tag is None:
        return []
    language, script, region, rest = tag
    found = [Tag(language, script, region, rest[:end]) for end in range(len(rest) - 1, -1, -1)]
    if region:
        found.append(Tag(language, script))
    traditional = language == "zh" and _CHINESE_SCRIPT.get(region) == "Hant"
    return [str(parent) for parent in found if not (traditional and parent == Tag("zh"))]


def is_rtl(code: str) -> bool:
    """Tell whether a locale is written from right to left.

    The script decides if the code names one (``az_Arab``: yes, ``ar_Latn``: no), else the
    language subtag. Tornado compares prefixes, so Faroese as ``fao`` counted as Persian.

    Args:
        code: The code in any spelling.

    Returns:
        Whether text runs from right to left; ``False`` if this is no locale code.

    Raises:
        TypeError: `code` is no text.
    """
    tag = parse_code(code)
    if tag is None:
        return False
    if tag.script:
        return tag.script in _RTL_SCRIPTS
    return tag.language in _RTL_LANGUAGES or (tag.language, tag.region) in _RTL_PLACES
