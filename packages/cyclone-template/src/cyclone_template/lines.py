"""Lines: from a line number of compiled code back to a line of a template.

The code of one page comes from several files: its own, its parents', the included ones. A code
object knows one file name only. So every file that is read gets a range of line numbers of its own,
and a number in a traceback says both the file and the line. No table per line is needed.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from cyclone_template.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LineMap", "Source", "decode", "new_source"]

# Line numbers of code objects are C integers. Starting again at zero is harmless unless one page
# puts together files that were read two thousand million lines apart.
_LAST_LINE = 2**31 - 2**24
_lock = Lock()
_next_first = 1


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The text of one template, and the line numbers that stand for its lines."""

    name: str
    """The template's name, as a loader or the programmer gave it."""
    text: str
    """The template's text."""
    first: int
    """The number that stands for line 1."""
    path: str | None = None
    """The file that the text came from, or None."""


def new_source(name: str, text: str, path: str | None = None) -> Source:
    """Give a template's text its range of line numbers.

    Args:
        name: The template's name.
        text: The template's text.
        path: The file that the text came from, if it came from one.

    Returns:
        The source; no other one alive shares its numbers.
    """
    global _next_first  # noqa: PLW0603  one counter for the process: templates of loaders may mix
    # A lone carriage return ends a line for Python and not for us.
    size = text.count("\n") + text.count("\r") + 2
    with _lock:
        if _next_first + size > _LAST_LINE:
            _next_first = 1
        first = _next_first
        _next_first += size
    return Source(name, text, first, path)


def decode(text: str | bytes, name: str, encoding: str = "UTF-8", advice: str = "") -> str:
    """Return the text of a template, which must be text that can be sent.

    Args:
        text: The text, or bytes.
        name: The template's name, for errors.
        encoding: The encoding of bytes.
        advice: What to do about bytes that are something else, for the end of the error.

    Returns:
        The text.

    Raises:
        ParseError: The bytes are something else, or the text holds lone surrogates; says the line.
        LookupError: There is no such encoding.
        UnicodeError: The encoding is none of text, or refuses the bytes as a whole.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode(encoding)
        decoded.encode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ParseError(
            f"The template is not {encoding}: {error.reason}{advice}", name, line
        ) from error
    except UnicodeEncodeError as error:
        line = error.object.count("\n", 0, error.start) + 1
        raise ParseError(f"The template cannot be encoded: {error.reason}", name, line) from error
    return decoded


class LineMap:
    """Finds the source and the line that a line number stands for.

    Args:
        sources: The files that one page is made of.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = sorted(sources, key=lambda source: source.first)
        self._firsts = [source.first for source in self._sources]

    def locate(self, number: int) -> tuple[Source, int]:
        """Translate a line number of compiled code.

        Args:
            number: The number, from a traceback or a ``SyntaxError``.

        Returns:
            The source, and the line in it, counted from 1.
        """
        source = self._sources[max(bisect_right(self._firsts, number) - 1, 0)]
        return source, number - source.first + 1
