"""Snippets: the Python code in a template, parsed, with its place and the names that it uses.

Snippets are parsed when the template is read, so every mistake has its line, and are never changed
afterwards: the code of one file is compiled into each page that inherits from it or includes it.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from cyclone_template.errors import ParseError
from cyclone_template.names import UnusableCodeError, examine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cyclone_template.lexer import Token
    from cyclone_template.lines import Source

__all__ = [
    "Snippet",
    "parse_condition",
    "parse_expression",
    "parse_handler",
    "parse_loop",
    "parse_statements",
]

_Tree = TypeVar("_Tree")

# Statements that make sense between two pieces of text. `return` and `global` would take the
# compiled function apart.
_SIMPLE_STATEMENTS = (
    ast.AnnAssign,
    ast.Assert,
    ast.Assign,
    ast.AugAssign,
    ast.Delete,
    ast.Expr,
    ast.Import,
    ast.ImportFrom,
    ast.Pass,
    ast.Raise,
)
_SHOWN = 60
# What ends a line for Python.
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True, eq=False)
class Snippet(Generic[_Tree]):
    """A piece of Python code out of a template."""

    tree: _Tree
    """The parsed code. Its line numbers are those of the source's range."""
    reads: tuple[str, ...]
    """Names that the code reads and has not bound before, in order."""
    binds: tuple[str, ...]
    """Names that the code binds in the function that it is compiled into."""
    awaits: bool
    """Whether the code has to stand in a coroutine function."""


def parse_expression(
    source: Source, token: Token, skip: int = 0, before: str = ""
) -> Snippet[ast.expr]:
    """Parse an expression. One of several lines needs no parentheses.

    Args:
        source: The template.
        token: The tag in which the expression stands, at the end of its text.
        skip: How many characters of that text stand before the expression.
        before: Code to put in front of it.

    Returns:
        The snippet.

    Raises:
        ParseError: It is no expression.
    """
    place = _Place(source, token, skip)
    before, after = (f"({before}", "\n)") if "\n" in place.text else (before, "")
    tree = cast("ast.Expression", place.parse(before, after, "eval"))
    return place.snippet(tree.body, [tree.body], before)


def parse_statements(source: Source, token: Token, skip: int = 0) -> Snippet[list[ast.stmt]]:
    """Parse simple statements: assignments, imports.

    Args:
        source: The template.
        token: The tag in which the statements stand, at the end of its text.
        skip: How many characters of that text stand before them.

    Returns:
        The snippet.

    Raises:
        ParseError: It is no statement, or one that may not stand in a template.
    """
    place = _Place(source, token, skip)
    body = cast("ast.Module", place.parse("", "", "exec")).body
    for statement in body:
        if not isinstance(statement, _SIMPLE_STATEMENTS):
            kind = type(statement).__name__
            raise place.error(f"a statement of the kind {kind} may not stand here")
        if isinstance(statement, ast.ImportFrom) and statement.level:
            raise place.error("a template is in no package: import by the whole name")
    return place.snippet(body, body, "")


def parse_condition(source: Source, token: Token, skip: int) -> Snippet[ast.expr]:
    """Parse the condition of ``if``, ``elif`` or ``while``.

    Args:
        source: The template.
        token: The tag in which the condition stands, at the end of its text.
        skip: How many characters of that text stand before the condition.

    Returns:
        The snippet.

    Raises:
        ParseError: It is no condition.
    """
    place = _Place(source, token, skip)
    # Not as an expression: `if name := value` needs no parentheses.
    before, after = ("if (", "\n)") if "\n" in place.text else ("if ", "")
    tree = place.parse_header(ast.If, before, after)
    return place.snippet(tree.test, [tree.test], before)


def parse_loop(source: Source, token: Token) -> Snippet[ast.For]:
    """Parse the head of a ``for`` loop.

    Args:
        source: The template.
        token: The tag whose text is the head, without a colon.

    Returns:
        The snippet; the body of its tree means nothing.

    Raises:
        ParseError: It is no such head.
    """
    place = _Place(source, token, 0)
    tree = place.parse_header(ast.For, "", "")
    return place.snippet(tree, [tree], "")


def parse_handler(source: Source, token: Token) -> Snippet[ast.ExceptHandler]:
    """Parse the head of an ``except`` clause.

    Args:
        source: The template.
        token: The tag whose text is the head, without a colon.

    Returns:
        The snippet; the body of its tree means nothing.

    Raises:
        ParseError: It is no such head.
    """
    place = _Place(source, token, 0)
    before = "try:pass\n"
    tree = place.parse_header(ast.Try, before, "").handlers[0]
    return place.snippet(tree, [tree], before)


_Statement = TypeVar("_Statement", ast.If, ast.For, ast.Try)


class _Place:
    """A piece of code and where in the template it stands."""

    def __init__(self, source: Source, token: Token, skip: int) -> None:
        self.source = source
        self.token = token
        self.text = token.text[skip:]
        skipped = token.text[:skip]
        self.line = token.line + skipped.count("\n")
        self.column = len(skipped.rpartition("\n")[2].encode())
        if "\n" not in skipped:
            self.column += token.column

    def error(self, message: str, line: int | None = None) -> ParseError:
        """Make the error that says what is wrong with this tag."""
        text = self.token.text
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 4] + " ..."
        left = self.token.kind.value
        right = "}}" if left == "{{" else "%}"
        return ParseError(
            f"{message}, in {left} {shown} {right}", self.source.name, line or self.token.tag_line
        )

    def parse(self, before: str, after: str, mode: str) -> ast.AST:
        """Parse the code between these two; every way in which that can fail is a ParseError."""
        if "\0" in self.text:  # for some versions of Python a SyntaxError, for others none
            raise self.error("Python code may hold no NUL character")
        try:
            return ast.parse(f"{before}{self.text}{after}", self.source.name, mode)
        except SyntaxError as error:
            line = self.line + (error.lineno or 1) - 1 - before.count("\n")
            # Python before 3.12 counts the lines in an f-string from 1, wherever that stands.
            line = min(max(line, self.line), self.last_line)
            raise self.error(str(error.msg), line) from error
        except (RecursionError, MemoryError) as error:
            raise self.error("the Python code is nested too deeply") from error

    @property
    def last_line(self) -> int:
        """The template's line where the code ends."""
        return self.line + self.text.count("\n")

    def parse_header(self, kind: type[_Statement], before: str, after: str) -> _Statement:
        """Parse the head of a statement and see that nothing else is hidden in it."""
        if self.text.endswith(":"):
            raise self.error("a head ends without a colon in a template")
        module = cast("ast.Module", self.parse(before, f"{after}:pass", "exec"))
        statement, *rest = cast("list[ast.AST]", module.body)
        clause = statement
        if isinstance(statement, ast.Try):
            clause, *others = statement.handlers
            rest += others
        body = cast("list[ast.stmt]", getattr(clause, "body", []))
        end = body[-1].end_lineno, body[-1].end_col_offset
        lines = _LINE_END.split(f"{before}{self.text}{after}:pass")
        if not isinstance(statement, kind) or rest or end != (len(lines), len(lines[-1].encode())):
            raise self.error("this is more than the head of a block")
        return statement

    def snippet(self, tree: _Tree, nodes: Iterable[ast.AST], before: str) -> Snippet[_Tree]:
        """Move the code to its place and look at its names."""
        lines = self.source.first + self.line - 2 - before.count("\n")
        columns = self.column - len(before.rpartition("\n")[2])
        try:
            used = examine(nodes, 1 + before.count("\n"), lines, columns)
        except UnusableCodeError as error:
            raise self.error(str(error)) from None
        return Snippet(tree, used.reads, used.binds, used.awaits)
