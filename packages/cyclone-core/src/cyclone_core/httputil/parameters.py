r"""Parameters of header values: `form-data; name="a"; filename="b"`, `text/html; charset=utf-8`.

One pass, no step back: the time is linear in the length of the value, whatever stands in it
(CVE-2025-67726 was a quadratic one). What has two readings is refused rather than guessed, because a
filter in front of us may have guessed differently.
"""

import re
from typing import Final, cast
from urllib.parse import unquote_to_bytes

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.names import is_token

__all__ = ["parse_parameters"]

# The C0 range without HTAB, DEL and the C1 range. HTAB may stand in a quoted string (RFC 9110 section
# 5.6.4), and browsers send it.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")

_BLANKS: Final = " \t"

# Every part is optional and possessive: it matches at once and anywhere, what is missing is an error.
_PARAMETER: Final = re.compile(
    r"""
    [; \t]*+
    (?P<name>[^=;"]*+)
    (?P<value>=[ \t]*+
        (?: "(?P<quoted>(?:[^"\\]++|\\.)*+)(?P<closed>"?+)[ \t]*+
        |   (?P<plain>[^;"]*+)
        )
    )?+
    (?P<end>;|\Z)?+
    """,
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r'\\(["\\])')

# RFC 8187 section 3.2.1; the language says nothing that we could use.
_EXTENDED: Final = re.compile(
    r"([A-Za-z0-9-]++)'[A-Za-z0-9-]*+'((?:[A-Za-z0-9!#$&+.^_`|~-]++|%[0-9A-Fa-f]{2})*+)"
)
_CHARSETS: Final = ("utf-8", "iso-8859-1")


def parse_parameters(text: str, *, form: bool = False) -> tuple[str, dict[str, str]]:
    r"""Split a header value into what it says and its parameters (RFC 9110 section 5.6.6).

    A backslash escapes a quote or a backslash and stands for itself before anything else, as old
    browsers mean it in `C:\x`. An unquoted value goes up to the next semicolon, which is more than a
    token: boundaries with `=` and `/` are common. Empty parameters (`;;`) are skipped.

    Args:
        text: The value of the header.
        form: Read values as forms send them. `%22` is a quote, which the form encoding of the HTML
            standard (WHATWG, section 4.10.21.8) makes of it, unless backslashes do that; its `%0D`
            and `%0A` stay what they are, so that no name gets a line end. And `name*` is an extended
            value (RFC 8187), which wins over the plain one of that name (RFC 6266 section 4.3).

    Returns:
        The part before the first semicolon in lower case, and the values by name in lower case.

    Raises:
        HTTPInputError: There is a control character, a parameter without `=`, a name that is no
            token, a name that comes twice, a quote that is not closed or stands inside of a value;
            or, in a form, an extended value that is malformed or continued. RFC 8187 section 3.1
            leaves continuations (`filename*0`) out of HTTP and nobody sends them; were they
            ignored, a file would turn into a field.
    """
    _refuse_control(text)
    main, semicolon, _ = text.partition(";")
    plain: dict[str, str] = {}
    extended: dict[str, str] = {}
    position = len(main) + len(semicolon)
    while position < len(text):
        match = cast("re.Match[str]", _PARAMETER.match(text, position))
        position = match.end()
        name = match["name"].strip(_BLANKS).lower()
        if not name and match["value"] is None and match["end"] is not None:
            continue
        if not is_token(name):
            raise HTTPInputError(f"a parameter has the name {name[:40]!r}")
        value = _value(match, form)
        values = plain
        if form and "*" in name:
            name, value = _extended(name, value)
            values = extended
        if name in values:
            raise HTTPInputError(f"the parameter {name[:40]!r} comes twice")
        values[name] = value
    return main.strip(_BLANKS).lower(), plain | extended


def _refuse_control(text: str) -> None:
    if bad := _CONTROL.search(text):
        raise HTTPInputError(f"a header value holds the control character {bad[0]!r}")


def _value(match: re.Match[str], form: bool) -> str:
    name, quoted = match["name"][:40], match["quoted"]
    if match["value"] is None:
        raise HTTPInputError(f"the parameter {name!r} has no value")
    if match["end"] is None:
        raise HTTPInputError(f"the parameter {name!r} goes on behind its value")
    if quoted is None:
        plain: str = match["plain"]
        return plain.rstrip(_BLANKS)
    if not match["closed"]:
        # A browser does not escape: its name may well end in a backslash, where nothing follows.
        if not (form and quoted.endswith('\\"')):
            raise HTTPInputError(f"the quoted parameter {name!r} does not end")
        quoted = quoted[:-1]
    plain = _ESCAPE.sub(r"\1", quoted) if "\\" in quoted else quoted
    return plain.replace("%22", '"') if form and plain == quoted else plain


def _extended(name: str, value: str) -> tuple[str, str]:
    if name.index("*") != len(name) - 1:
        raise HTTPInputError(f"the parameter {name[:40]!r} is continued, which HTTP has not")
    match = _EXTENDED.fullmatch(value)
    if match is None or match[1].lower() not in _CHARSETS:
        raise HTTPInputError(f"the extended parameter {name[:40]!r} is malformed")
    try:
        text = unquote_to_bytes(match[2]).decode(match[1])
    except UnicodeDecodeError:
        raise HTTPInputError(f"the extended parameter {name[:40]!r} is no {match[1]}") from None
    _refuse_control(text)
    return name[:-1], text
