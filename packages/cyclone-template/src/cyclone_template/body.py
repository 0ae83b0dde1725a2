"""Bodies: the statements of a function or block, and the text and values that wait to be written.

What is written between two statements is collected, and comes out as one f-string.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Body",
    "Place",
    "WithoutFStrings",
    "at",
    "bind_value",
    "call",
    "function",
    "name",
    "place_of",
    "type_in",
]

# A value waits on the interpreter's stack until its f-string is put together.
_MOST_PIECES: Final = 200
_LOAD = ast.Load()
_STORE = ast.Store()
_VALUE: Final = "_tt_value"


class Place(TypedDict):
    """Where a node stands."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


def at(number: int) -> Place:
    """Return the place of a whole line.

    Args:
        number: The line number, in a source's range.
    """
    return Place(lineno=number, col_offset=0, end_lineno=number, end_col_offset=0)


def place_of(node: ast.expr | ast.stmt | ast.excepthandler) -> Place:
    """Return the place of a node that has been parsed."""
    return Place(
        lineno=node.lineno,
        col_offset=node.col_offset,
        end_lineno=cast("int", node.end_lineno),
        end_col_offset=cast("int", node.end_col_offset),
    )


def name(identifier: str, place: Place) -> ast.Name:
    """Return an expression that reads a variable."""
    return ast.Name(identifier, _LOAD, **place)


def call(function: str, arguments: Sequence[ast.expr], place: Place) -> ast.Call:
    """Return a call of a function with a name."""
    return ast.Call(name(function, place), list(arguments), [], **place)


def type_in(value: ast.expr, kinds: str, place: Place) -> ast.Compare:
    """Return the comparison ``type(value) in kinds``, with the name of a set of types."""
    return ast.Compare(call("_tt_type", [value], place), [ast.In()], [name(kinds, place)], **place)


def bind_value(value: ast.expr, place: Place) -> ast.NamedExpr:
    """Return an expression that keeps a value under a name, to test it and then to use it."""
    return ast.NamedExpr(ast.Name(_VALUE, _STORE, **place), value, **place)


def function(
    identifier: str, parameters: str, body: list[ast.stmt], *, is_async: bool
) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """Return the definition of a function."""
    # Parsed: which fields a definition must have depends on the version of Python.
    text = f"{'async ' * is_async}def {identifier}({parameters}): pass"
    tree = cast("ast.FunctionDef | ast.AsyncFunctionDef", ast.parse(text).body[0])
    tree.body = body
    return tree


class Body:
    """The body of a function, of a loop, of a branch.

    Args:
        fuse: Whether what is written may wait for the next statement. In a ``try`` it may not:
            what comes before an error has been written.
    """

    def __init__(self, *, fuse: bool) -> None:
        self.fuse = fuse
        self._statements: list[ast.stmt] = []
        self._pieces: list[ast.expr] = []
        self._text: list[str] = []
        # Text has no place that anybody asks for; the last one keeps line numbers close together.
        self._place = at(1)

    def add_text(self, text: str) -> None:
        """Write text."""
        self._text.append(text)
        self._flush_unfused()

    def add_value(self, value: ast.expr, escape: int | None) -> None:
        """Write the value of an expression.

        Args:
            value: The expression.
            escape: The number of the escape function, or None.
        """
        place = place_of(value)
        kept = name(_VALUE, place)
        holes = name("_tt_holes", place)
        # Not type_in(): this is asked of every value of every page.
        kind = call("_tt_type", [bind_value(value, place)], place)
        is_text = ast.Compare(kind, [ast.Is()], [name("_tt_str", place)], **place)
        if escape is None:
            arguments = [kept, ast.Constant(None, **place), holes]
            other = call("_tt_convert", arguments, place)
            self._add(ast.IfExp(is_text, kept, other, **place), place)
            return
        escape_name = f"_tt_escape{escape}"
        other = call("_tt_convert", [kept, name(escape_name, place), holes], place)
        is_plain = type_in(kept, f"_tt_plain{escape}", place)
        plain_or_other = ast.IfExp(is_plain, kept, other, **place)
        escaped = call(escape_name, [kept], place)
        self._add(ast.IfExp(is_text, escaped, plain_or_other, **place), place)

    def add_applied(self, applied: ast.expr, body: str, *, is_async: bool) -> None:
        """Write what ``{% apply %}`` makes of its body.

        Args:
            applied: The function that the template names.
            body: The name of the function that writes the body.
            is_async: Whether that is a coroutine function.
        """
        place = place_of(applied)
        arguments = [applied, name(body, place), name("_tt_holes", place)]
        if is_async:
            self._add(ast.Await(call("_tt_apply_async", arguments, place), **place), place)
        else:
            self._add(call("_tt_apply", arguments, place), place)

    def add_statement(self, statement: ast.stmt) -> None:
        """Add a statement; what waits is written before it."""
        self._flush()
        self._statements.append(statement)

    def as_suite(self, place: Place) -> list[ast.stmt]:
        """Return the body as that of a loop or branch.

        Args:
            place: Where the loop or branch stands.
        """
        self._flush()
        return self._statements or [ast.Pass(**place)]

    def as_function(self) -> list[ast.stmt]:
        """Return the body as that of a function that returns what is written."""
        if not self._statements:
            return [ast.Return(self._fused(), **self._place)]
        self._flush()
        return [*_START.body, *self._statements, *_RETURN.body]

    def _add(self, value: ast.expr, place: Place) -> None:
        """Let a value wait, behind the text that waits."""
        self._end_text()
        self._place = place
        self._pieces.append(ast.FormattedValue(value, -1, None, **place))
        if len(self._pieces) >= _MOST_PIECES:
            self._flush()
        self._flush_unfused()

    def _end_text(self) -> None:
        """Make one piece of the text that waits."""
        if self._text:
            text = "".join(self._text)
            self._text.clear()
            self._pieces.append(ast.Constant(text, **self._place))

    def _fused(self) -> ast.expr:
        """Return everything that waits as one expression."""
        self._end_text()
        pieces, self._pieces = self._pieces, []
        if len(pieces) == 1 and isinstance(pieces[0], ast.Constant):
            return pieces[0]
        return ast.JoinedStr(pieces, **self._place)

    def _flush_unfused(self) -> None:
        if not self.fuse:
            self._flush()

    def _flush(self) -> None:
        """Write what waits."""
        if self._pieces or self._text:
            written = self._fused()
            append = call("_tt_append", [written], self._place)
            self._statements.append(ast.Expr(append, **self._place))


_START = ast.parse("_tt_append = (_tt_buffer := []).append")
_RETURN = ast.parse("return ''.join(_tt_buffer)")


class WithoutFStrings(ast.NodeTransformer):
    """Writes ``''.join((…))`` in the place of f-strings."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Replace one, unless it says how a value is to be written: then a template wrote it."""
        values = [part for part in node.values if isinstance(part, ast.FormattedValue)]
        if any(part.format_spec is not None or part.conversion != -1 for part in values):
            return node
        parts = [
            ast.Call(ast.Name("str", _LOAD), [self.visit(part.value)], [])
            if isinstance(part, ast.FormattedValue)
            else part
            for part in node.values
        ]
        join = ast.Attribute(ast.Constant(""), "join", _LOAD)
        return ast.Call(join, [ast.Tuple(parts, _LOAD)], [])
