"""From a pattern and its groups' values back to a path."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, cast

from cyclone_core.errors import CycloneError
from cyclone_escape import url_escape

__all__ = ["PathTemplate", "URLReverseError"]

# One element of a pattern: an escaped character, one of these, or a character that stands for itself.
_ELEMENT: Final = re.compile(
    r"\\(?P<escaped>.)|(?P<special>[\[\](){}.|^$])|(?P<plain>.)", re.DOTALL
)
_QUANTIFIER: Final = re.compile(r"[*+?]\??")


class URLReverseError(CycloneError, ValueError):
    """No path can be made of a route and these values (cyclone: `web.URLReverseError`)."""


class PathTemplate(NamedTuple):
    """A path with holes, made of a regular expression.

    Attributes:
        texts: The literal text before each group, and behind the last one.
    """

    texts: tuple[str, ...]

    @classmethod
    def of(cls, pattern: re.Pattern[str]) -> "PathTemplate | None":
        """Find the paths that a pattern matches.

        Optional characters are left out: `/a/?` is `/a`.

        Args:
            pattern: A regular expression.

        Returns:
            The template, or None if the pattern is more than text with groups in it, which are not
            nested.
        """
        try:
            texts = tuple(_texts(pattern.pattern))
        except ValueError:
            return None
        return cls(texts) if len(texts) == pattern.groups + 1 else None

    def fill(self, values: tuple[object, ...]) -> str:
        """Make a path.

        Args:
            values: One for each group: str, bytes, or anything else, of which the text is taken.

        Returns:
            The path, the values in it percent-encoded but for slashes.

        Raises:
            URLReverseError: There are more or fewer groups than values.
        """
        if len(values) != len(self.texts) - 1:
            raise URLReverseError(
                f"the route needs {len(self.texts) - 1} values in its path, not {len(values)}"
            )
        parts = [self.texts[0]]
        for value, text in zip(values, self.texts[1:], strict=True):
            parts += (_escaped(value), text)
        return "".join(parts)


def _escaped(value: object) -> str:
    return url_escape(value if isinstance(value, (str, bytes)) else str(value), plus=False)


def _texts(pattern: str) -> Iterator[str]:
    """Yield the texts between the groups; a ValueError says that there is something else."""
    position = 1 if pattern.startswith("^") else 0
    end = len(pattern)
    text = ""
    while position < end:
        element = _element(pattern, position)
        position = element.end()
        if element["special"] == "(":
            yield text
            text = ""
            position = _skip_group(pattern, position)
            character = ""
        elif element["special"] == ".":
            character = "."  # which it matches, and which is what nearly everybody means
        elif element["special"] == "$" and position == end:
            break
        elif element["special"] or (element["escaped"] or "").isalnum():
            raise ValueError("what may be several texts")
        else:
            character = element["escaped"] or element["plain"]
        quantifier = _QUANTIFIER.match(pattern, position)
        if quantifier is not None:
            position = quantifier.end()
            if quantifier[0][0] != "+":
                character = ""
        text += character
    yield text


def _element(pattern: str, position: int) -> re.Match[str]:
    # There always is one: what ends in a backslash or within a group would not have compiled.
    return cast("re.Match[str]", _ELEMENT.match(pattern, position))


def _skip_group(pattern: str, position: int) -> int:
    """Find the end of a group that begins before `position` and has none in it."""
    if pattern.startswith("?", position) and not pattern.startswith("?P<", position):
        raise ValueError("a group that captures nothing")
    in_set = False
    while True:
        element = _element(pattern, position)
        position = element.end()
        special = element["special"]
        if in_set:
            in_set = special != "]"
        elif special == "[":
            in_set = True
            # A bracket that comes first in a set stands for itself.
            position += 1 if pattern.startswith("^", position) else 0
            position += 1 if pattern.startswith("]", position) else 0
        elif special == "(":
            raise ValueError("a group in a group")
        elif special == ")":
            return position
