"""What of a client's text may stand in a line of the log.

A client chooses most of it. So all but printable ASCII is escaped: nothing can look like another line, or
speak to the terminal of who reads it. What in a query is named like a secret is masked: tokens and
passwords get into URLs although they should not, and logs are kept longer and read by more people than
anything else.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import unquote_plus

__all__ = ["masking", "printable"]

_MASK: Final = "***"

_ARGUMENT: Final = re.compile(r"[?&;][^&;#]*")
_NAME: Final = re.compile(r"[?&;]([^?=]*)=")
_ENCODED_NAME: Final = re.compile(r"%[^?&;#=%]*=")
_PARTS: Final = re.compile(r"[^.\[\]]+")


def printable(text: str) -> str:
    r"""Escape what is not printable ASCII as Python's string literals do.

    Args:
        text: Any text.

    Returns:
        Printable ASCII. A backslash is doubled, so it cannot be taken for the beginning of an escape;
        everything else that is printable ASCII is as it was.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return text.encode("unicode_escape").decode("ascii")


def masking(names: Iterable[str]) -> Callable[[str], str]:
    """Make a function that hides the values of some arguments.

    An argument is one of them if its name is, percent-encoded or not and in any case, or a part of its
    name: `token[]`, `user.password`, `user[password]`.

    Args:
        names: The names of arguments whose values are hidden.

    Returns:
        A function of a URI that puts three stars in the place of such values.
    """
    hidden = frozenset(name.lower() for name in names)
    if not hidden:
        return str
    hint = re.compile(rf"[?&;.\[](?:{_alternatives(hidden)})[=.\[\]]")

    def is_hidden(name: str) -> bool:
        decoded = unquote_plus(name).lower()
        return decoded in hidden or not hidden.isdisjoint(_PARTS.findall(decoded))

    def hide(argument: re.Match[str]) -> str:
        text = argument[0]
        # There is more than one name if a URL is the value: `?next=/a?token=b`.
        for name in _NAME.finditer(text):
            if is_hidden(name[1]):
                return text[: name.end()] + _MASK
        return text

    def mask(uri: str) -> str:
        # Most have no secret, and to take all names apart takes many times as long.
        if hint.search(uri.lower()) or ("%" in uri and _ENCODED_NAME.search(uri)):
            return _ARGUMENT.sub(hide, uri)
        return uri

    return mask


def _alternatives(names: Iterable[str]) -> str:
    """Write a pattern of words; by their first letters, for most of a URI differs there already."""
    ends: dict[str, list[str]] = {}
    for name in sorted(names):
        word = name.replace(" ", "+")
        ends.setdefault(re.escape(word[:1]), []).append(re.escape(word[1:]))
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in ends.items())
