"""The Babel extractor: the messages of templates, for ``pybabel extract``.

Babel finds it as the extraction method ``cyclone``; it does not need Babel itself. Messages are
found where a template holds Python: in ``{{ }}`` and in the directives that take expressions or
statements. Text that merely looks like a call, in HTML or in a comment, is none.

What differs from Babel's extractor for Python: the line of a message is the line of the function's
name, a comma at the end adds no argument, a keyword in the arguments of another one does not end
it, and a computed argument such as ``"%s" % name`` is None: a catalogue is never asked for it.
"""

from __future__ import annotations

import ast
import io
import logging
import re
import tokenize as python_tokenize
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias, cast

from cyclone_template.errors import ParseError
from cyclone_template.lexer import Token, TokenKind, tokenize
from cyclone_template.lines import Source, decode
from cyclone_template.parser import parse
from cyclone_template.snippets import (
    parse_condition,
    parse_expression,
    parse_handler,
    parse_loop,
    parse_statements,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from cyclone_template.snippets import Snippet

__all__ = ["Extracted", "ReadableFile", "extract"]

Extracted: TypeAlias = tuple[int, str, str | tuple[str | None, ...] | None, list[str]]
"""The line, the name of the function, its arguments, and the translator comments.

The arguments are a tuple, with None for what is no string literal. One argument stands alone.
"""

# The functions of a locale that take a plural: how many arguments they have then, and the function
# that takes the same ones in the same order and that Babel knows.
_PLURALS: Final = {
    "_": (3, "ngettext"),
    "translate": (3, "ngettext"),
    "pgettext": (4, "npgettext"),
}
_FLAGS: Final = {
    **dict.fromkeys(("1", "on", "true", "yes"), True),
    **dict.fromkeys(("0", "off", "false", "no"), False),
}
_WORD = re.compile(r"(\w*)\s*")
# Behind every column: a comment of Python is the last thing on its line.
_END_OF_LINE: Final = 2**31

_log = logging.getLogger("cyclone.template")


class ReadableFile(Protocol):
    """What ``extract`` reads: a file that is open for reading, in binary or text mode."""

    def read(self) -> str | bytes:
        """Return the rest of the file."""


def extract(
    fileobj: ReadableFile,
    keywords: Collection[str],
    comment_tags: Iterable[str],
    options: Mapping[str, Any],
) -> Iterator[Extracted]:
    """Find the messages of a template.

    A translator comment starts with one of the tags and ends on the line of its message or on the
    line before: ``{# NOTE: … #}``, ``{% comment NOTE: … %}``, or ``# NOTE: …`` inside a tag. A
    comment on the line below it goes on with it.

    The options:

    * ``encoding``: the encoding of the file; ``utf-8`` by default.
    * ``infer_plurals``: whether calls that take a plural as a locale of cyclone does,
      ``_("…", "…", n)``, ``translate("…", "…", n)`` and ``pgettext("context", "…", "…", n)``, are
      yielded as calls of ``ngettext`` and ``npgettext``, of which Babel knows that they do. They
      are if these names are keywords and the plural is a string literal. ``true`` by default.
    * ``silent``: whether a template that cannot be parsed is a warning of the logger
      ``cyclone.template`` instead of an error, and what stands before the first mistake is
      yielded. ``false`` by default.

    Source: "Writing Extraction Methods" in the documentation of Babel.

    Args:
        fileobj: The template. Its attribute ``name`` is used in errors.
        keywords: The names of functions, called alone or as an attribute of anything.
        comment_tags: What translator comments start with.
        options: The options, as text or as they come out of TOML.

    Yields:
        The messages, in the order of the template.

    Raises:
        ParseError: The template cannot be decoded or parsed; says the file and the line.
        ValueError: An option is wrong.
    """
    silent = _flag(options, "silent", default=False)
    infer_plurals = _flag(options, "infer_plurals", default=True)
    name = str(getattr(fileobj, "name", "<template>"))
    try:
        source = Source(name, _read(fileobj, name, str(options.get("encoding", "utf-8"))), 1)
    except ParseError as error:
        _report(error, silent)
        return
    try:
        # The whole of it, with blocks and the words of directives: what the engine would refuse to
        # render is refused here, in the same words.
        parse(source, "all", None)
    except ParseError as error:
        _report(error, silent)
    with suppress(ParseError):  # it has been reported
        for call, comments in _calls_with_comments(source, keywords, _Notes(comment_tags)):
            function = _plural_function(call, keywords) if infer_plurals else call.name
            messages = call.arguments
            yield call.line, function, messages if len(messages) > 1 else messages[0], comments


def _flag(options: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """Return an option that is true or false; in mapping files that are not TOML it is text."""
    value = options.get(name, default)
    try:
        return _FLAGS[str(value).lower()] if not isinstance(value, bool) else value
    except KeyError:
        raise ValueError(
            f"the option {name!r} of the extractor is {value!r}: write 'true' or 'false'"
        ) from None


def _read(fileobj: ReadableFile, name: str, encoding: str) -> str:
    """Return the text of a file, without byte order mark and with newlines as Python has them."""
    advice = "; give the mapping the option 'encoding'"
    try:
        text = decode(fileobj.read(), name, encoding, advice)
    except (LookupError, UnicodeError) as error:
        raise ValueError(
            f"the option 'encoding' of the extractor is {encoding!r}, which decodes no text: {error}"
        ) from error
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _report(error: ParseError, silent: bool) -> None:
    """Raise an error, or log it."""
    if not silent:
        raise error
    _log.warning("Messages are missing: %s", error)


class _Call(NamedTuple):
    """A call of a keyword."""

    line: int
    column: int
    name: str
    arguments: tuple[str | None, ...]


class _Comment(NamedTuple):
    """A comment of Python."""

    line: int
    column: int
    text: str


class _Notes:
    """The translator comment that waits for its message.

    Args:
        tags: What translator comments start with.
    """

    def __init__(self, tags: Iterable[str]) -> None:
        self.tags = tuple(tags)
        self._lines: list[str] = []
        self._end = 0

    def add(self, text: str, first: int, last: int) -> None:
        """Look at the comment that stands on these lines."""
        tagged = text.startswith(self.tags)
        if first > self._end + 1:
            self._lines = []
        # Of untagged comments, only one on a line of its own goes on with the one before.
        if tagged or (self._lines and first > self._end):
            self._lines += [line.strip() for line in text.split("\n") if line.strip()]
            self._end = last

    def take(self, line: int) -> list[str]:
        """Return the comment of a message on this line. The next message has none."""
        lines, self._lines = self._lines, []
        return lines if line <= self._end + 1 else []


def _calls_with_comments(
    source: Source, keywords: Collection[str], notes: _Notes
) -> Iterator[tuple[_Call, list[str]]]:
    """Yield the calls of a template with their translator comments."""
    comment: tuple[str, int] | None = None
    for token in tokenize(source.text, source.name):
        if comment is not None:
            # Where this token starts, the comment has ended.
            notes.add(*comment, token.tag_line)
        comment = _comment(token)
        snippet = _snippet(source, token)
        if snippet is None:
            continue
        found: list[_Call | _Comment] = [*_calls(snippet, keywords)]
        if notes.tags and "#" in token.text:
            found += _python_comments(token)
        for item in sorted(found, key=lambda item: (item.line, item.column)):
            if isinstance(item, _Comment):
                notes.add(item.text, item.line, item.line)
            else:
                # A call behind "{{" and a newline still belongs to what stands above the tag.
                line = token.tag_line if item.line <= token.line else item.line
                yield item, notes.take(line)


def _comment(token: Token) -> tuple[str, int] | None:
    """Return the text of a template's comment and its line, or None."""
    if token.kind is TokenKind.COMMENT:
        return token.text, token.tag_line
    if token.kind is TokenKind.DIRECTIVE:
        operator, skip = _operator(token)
        if operator == "comment":
            return token.text[skip:], token.tag_line
    return None


def _operator(token: Token) -> tuple[str, int]:
    """Return the first word of a directive, and how many characters stand before the rest."""
    match = cast("re.Match[str]", _WORD.match(token.text))  # which matches everything
    return match[1], match.end()


# The directives that hold Python in which a call may stand, and how it is read.
_READERS: Final[dict[str, Callable[[Source, Token, int], Snippet[Any]]]] = {
    **dict.fromkeys(("if", "elif", "while"), parse_condition),
    **dict.fromkeys(("apply", "autoescape", "raw"), parse_expression),
    "except": lambda source, token, _skip: parse_handler(source, token),
    "for": lambda source, token, _skip: parse_loop(source, token),
    "module": lambda source, token, skip: parse_expression(source, token, skip, "_tt_modules."),
    "set": parse_statements,
}


def _snippet(source: Source, token: Token) -> Snippet[Any] | None:
    """Return the Python in a tag in which a call may stand, or None."""
    if token.kind is TokenKind.EXPRESSION:
        return parse_expression(source, token)
    if token.kind is TokenKind.DIRECTIVE:
        operator, skip = _operator(token)
        if operator in _READERS:
            return _READERS[operator](source, token, skip)
    return None


def _calls(snippet: Snippet[Any], keywords: Collection[str]) -> Iterator[_Call]:
    """Yield the calls of keywords in some code."""
    trees = snippet.tree if isinstance(snippet.tree, list) else [snippet.tree]
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name) as function) if name in keywords:
                    line, column = function.lineno, function.col_offset
                case ast.Call(func=ast.Attribute(attr=name) as function) if name in keywords:
                    # The last word: before it there may be lines of other things.
                    line, column = function.end_lineno or 0, function.end_col_offset or 0
                case _:
                    continue
            yield _Call(line, column, name, _arguments(node))


def _arguments(call: ast.Call) -> tuple[str | None, ...]:
    """Return the arguments that are strings, and None for the others, as they are written."""
    named = [keyword.value for keyword in call.keywords]
    found = sorted([*call.args, *named], key=lambda node: (node.lineno, node.col_offset))
    return tuple(_literal(node) for node in found) or (None,)


def _literal(node: ast.expr) -> str | None:
    """Return what a string literal says, or None if it is none."""
    parts: list[str] = []
    # Not by recursion: the sum of a thousand strings is a thousand deep.
    stack = [node]
    while stack:
        match stack.pop():
            case ast.Constant(value=str(text)):
                parts.append(text)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                stack += [right, left]
            case ast.JoinedStr(values=values):
                stack += values[::-1]
            case _:
                return None
    return "".join(parts)


def _python_comments(token: Token) -> Iterator[_Comment]:
    """Yield the comments in the Python of a tag, which has been parsed."""
    # In parentheses, where newlines and indentation mean nothing.
    lines = io.StringIO(f"({token.text}\n)").readline
    for kind, text, (row, _), _, _ in python_tokenize.generate_tokens(lines):
        if kind == python_tokenize.COMMENT:
            yield _Comment(token.line + row - 1, _END_OF_LINE, text[1:].strip())


def _plural_function(call: _Call, keywords: Collection[str]) -> str:
    """Return the name of the function that Babel knows to take the arguments of this call."""
    count, function = _PLURALS.get(call.name, (0, call.name))
    if len(call.arguments) == count and call.arguments[-2] is not None and function in keywords:
        return function
    return call.name
