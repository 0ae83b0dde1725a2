r"""The lexer: the text of a template to a stream of tokens.

Theory of operation. A tag starts with ``{{``, ``{%`` or ``{#``. Of more than two braces in a row
the last two count, so that LaTeX and CSS can be templates: ``\name{{{x}}}`` is the text
``\name{``, the expression ``x``, and the text ``}``. A tag whose first character is ``!`` is the
brace itself: ``{{!`` stands for ``{{``.

A tag ends at the first ``}}``, ``%}`` or ``#}``. Where Python stands in it, in ``{{ }}`` and in
most directives, a closing brace inside a string or inside a dict does not count. (To Tornado it
does; what that reads without an error is read here alike, since Python never has a bracket or a
quote left open. The exception are f-strings that hold a line end or their own quotation mark, which
Python allows since 3.12.) Each character is looked at a bounded number of times.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from cyclone_template.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Token", "TokenKind", "tokenize"]


class TokenKind(Enum):
    """What a token is."""

    TEXT = "text"
    """Text that goes to the output."""
    EXPRESSION = "{{"
    """What stands between ``{{`` and ``}}``."""
    DIRECTIVE = "{%"
    """What stands between ``{%`` and ``%}``."""
    COMMENT = "{#"
    """What stands between ``{#`` and ``#}``."""


class Token(NamedTuple):
    """One piece of a template.

    The content of a tag comes without the whitespace around it, and the three positions are where
    it then starts: Python's own error messages and tracebacks count from there.
    """

    kind: TokenKind
    text: str
    line: int
    """The line, counted from 1, where the text starts."""
    column: int
    """How many bytes of UTF-8 stand before the text on its line, as the ``ast`` module counts."""
    tag_line: int
    """The line, counted from 1, where the tag itself starts."""


_TAG = re.compile(r"\{(?:\{(?!\{)|[%#])")
_CLOSE = {"{{": "}}", "{%": "%}", "{#": "#}"}
_NAME = {"{{": "expression", "{%": "directive", "{#": "comment"}
# Directives that hold prose or a name, where an apostrophe opens no string.
_PROSE = re.compile(r"\s*(?:block|comment|end|extends|include)\b")
# Content without a brace, a comment or an unfinished string: it ends where it seems to end.
_PLAIN = re.compile(r"""(?:[^"'{}#]|"(?!"")[^"\\\n]*+"|'(?!'')[^'\\\n]*+')*+""")
# What decides where Python code ends.
_PYTHON = re.compile(
    r'''
    (?P<string> """ (?: [^\\"] | \\. | "(?!"") )*+ """
      | \'{3} (?: [^\\'] | \\. | '(?!'') )*+ \'{3}
      | "(?!"") (?: [^\\"\n] | \\. )*+ "
      | '(?!'') (?: [^\\'\n] | \\. )*+ '
    )
    | (?P<comment> \#(?: (?!%\}|\}\})[^\n] )*+ )
    | """ | \'{3} | %\} | \}\} | [{}"']
    ''',
    re.VERBOSE | re.DOTALL,
)


class _Position:
    """Where the lexer stands: counts lines, and the bytes before the place on its line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ascii = text.isascii()
        self._at = 0
        self.line = 1
        self.column = 0

    def advance(self, to: int) -> None:
        """Move on to this index of the text."""
        start = self._at
        newlines = self._text.count("\n", start, to)
        if newlines:
            self.line += newlines
            start = self._text.rindex("\n", start, to) + 1
            self.column = 0
        self.column += to - start if self._ascii else len(self._text[start:to].encode())
        self._at = to


def tokenize(text: str, name: str) -> Iterator[Token]:
    """Divide the text of a template into tokens; linear in its length.

    Args:
        text: The template. It must be encodable in UTF-8.
        name: The template's name, for error messages.

    Yields:
        The tokens, in order. No text is empty; two texts may follow each other.

    Raises:
        ParseError: A tag is not closed.
    """
    position = _Position(text)
    done = 0
    while (match := _TAG.search(text, done)) is not None:
        start, inside = match.span()
        if start > done:
            yield Token(
                TokenKind.TEXT, text[done:start], position.line, position.column, position.line
            )
        position.advance(start)
        brace = match[0]
        if text.startswith("!", inside):
            yield Token(TokenKind.TEXT, brace, position.line, position.column, position.line)
            done = inside + 1
        else:
            try:
                end = _find_end(text, inside, brace)
            except _NoEndError as error:
                raise ParseError(str(error), name, position.line) from None
            content = text[inside:end].lstrip()
            tag_line = position.line
            position.advance(end - len(content))
            yield Token(
                TokenKind(brace), content.rstrip(), position.line, position.column, tag_line
            )
            done = end + 2
        position.advance(done)
    if done < len(text):
        yield Token(TokenKind.TEXT, text[done:], position.line, position.column, position.line)


class _NoEndError(Exception):
    """A tag does not end; says why."""


def _find_end(text: str, start: int, brace: str) -> int:
    """Return the index of the brace that closes the tag whose content starts here."""
    close = _CLOSE[brace]
    missing = _NoEndError(f"Missing end of {_NAME[brace]}: a {brace} needs a {close}")
    end = text.find(close, start)
    if end < 0:
        raise missing
    if brace == "{#" or _PLAIN.fullmatch(text, start, end):
        return end
    if brace == "{%" and _PROSE.match(text, start):
        return end
    depth = 0
    place = start
    while (match := _PYTHON.search(text, place)) is not None:
        found = match[0]
        place = match.end()
        if match.lastgroup is not None:
            continue
        if found == close and depth == 0:
            return match.start()
        if found[0] in "\"'":
            # An error here and not only from Python: to go on would be to search again and again.
            raise _NoEndError(f"A string is not closed: one starts with {found} and never ends")
        if found == "{":
            depth += 1
            continue
        # Of "}}" and "%}" that end nothing here, only one brace is taken.
        place -= found == "}}"
        depth = max(depth - 1, 0)
    raise missing
