"""Names: which variables a piece of Python code reads, and which it binds.

The compiled page binds every variable that it needs once, as a local variable. This is where it
learns which those are.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["UnusableCodeError", "Used", "examine"]

_Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_NO_NAMES: frozenset[str] = frozenset()


class UnusableCodeError(Exception):
    """The code would change what the compiled function is."""


class Used(NamedTuple):
    """The names that some code uses."""

    reads: tuple[str, ...]
    """Names that are read and have not been bound before, in order."""
    binds: tuple[str, ...]
    """Names that are bound in the function around the code, in order."""
    awaits: bool
    """Whether the code awaits something."""


def examine(nodes: Iterable[ast.AST], first: int, lines: int, columns: int) -> Used:
    """Move code to its place, and find the names that it uses.

    Both in one walk: it is a good part of what reading a template costs.

    Args:
        nodes: The code, in the order in which it runs. Its positions are changed.
        first: The line of the parsed text on which the code of the template starts.
        lines: What to add to every line number.
        columns: What to add to the columns of the first line.

    Returns:
        The names.

    Raises:
        UnusableCodeError: The code holds ``yield``, or a name of the compiled function itself.
    """
    walk = _Walk()
    walk.push(nodes, _NO_NAMES)
    while walk.stack:
        node, scope = walk.stack.pop()
        if hasattr(node, "lineno"):
            _move(node, first, lines, columns)
        walk.visit(node, scope)
    for name in (*walk.reads, *walk.binds):
        if name.startswith("_tt_") and (name != "_tt_modules" or name in walk.binds):
            raise UnusableCodeError(f"the name {name} is taken, as all that begin with _tt_")
    return Used(tuple(walk.reads), tuple(walk.binds), walk.awaits)


def _move(node: ast.AST, first: int, lines: int, columns: int) -> None:
    """Change the position of one node."""
    # The attributes are declared on subclasses that have no common base: mypy would want eight.
    place = node.__dict__
    if place["lineno"] == first:
        # Code put in front of the template's may begin before the line does.
        place["col_offset"] = max(place["col_offset"] + columns, 0)
    if place["end_lineno"] == first:
        place["end_col_offset"] = max(place["end_col_offset"] + columns, 0)
    place["lineno"] += lines
    place["end_lineno"] += lines


class _Walk:
    """A walk through code in the order in which it runs, without recursion.

    ``scope`` holds the names that comprehensions and lambdas around a node have for themselves.
    """

    def __init__(self) -> None:
        self.stack: list[tuple[ast.AST, frozenset[str]]] = []
        # Dicts keep the order, so that the same template gives the same code each time.
        self.reads: dict[str, None] = {}
        self.binds: dict[str, None] = {}
        self.awaits = False

    def push(self, nodes: Iterable[ast.AST | None], scope: frozenset[str]) -> None:
        """Visit these nodes next, the first one first."""
        self.stack += [(node, scope) for node in nodes if node is not None][::-1]

    def read(self, name: str, scope: frozenset[str]) -> None:
        """Note that a name is read."""
        if name not in scope and name not in self.binds and name != "__debug__":
            self.reads[name] = None

    def bind(self, name: str, scope: frozenset[str]) -> None:
        """Note that a name is bound."""
        if name not in scope:
            self.binds[name] = None

    def visit(self, node: ast.AST, scope: frozenset[str]) -> None:
        """Note what a node does, and push what it consists of."""
        match node:
            case ast.Name():
                self._name(node, scope)
            case ast.Constant():
                pass
            case ast.Lambda(args=arguments):
                names = frozenset(a.arg for a in ast.walk(arguments) if isinstance(a, ast.arg))
                self.push([node.body], scope | names)
                self.push([arguments], scope)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, scope)
            case ast.NamedExpr() | ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                self.push([node.value, *targets], scope)
            case ast.AugAssign(target=ast.Name(id=name)):
                self.read(name, scope)
                self.push([node.value, node.target], scope)
            case ast.For(iter=values, target=target):  # what stands in its body is no part of it
                self.push([values, target], scope)
            case ast.Yield() | ast.YieldFrom():
                raise UnusableCodeError("yield may not stand in a template")
            case _:
                self._other(node, scope)

    def _name(self, node: ast.Name, scope: frozenset[str]) -> None:
        if not isinstance(node.ctx, ast.Store):  # to delete a variable, one has to have it
            self.read(node.id, scope)
        if not isinstance(node.ctx, ast.Load):
            self.bind(node.id, scope)

    def _comprehension(self, node: _Comprehension, scope: frozenset[str]) -> None:
        outermost, *others = node.generators
        self.awaits = self.awaits or any(generator.is_async for generator in node.generators)
        names = frozenset(
            target.id
            for generator in node.generators
            for target in ast.walk(generator.target)
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
        )
        inner = scope | names
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.push([outermost.target, *outermost.ifs, *others, *parts], inner)
        self.push([outermost.iter], scope)

    def _other(self, node: ast.AST, scope: frozenset[str]) -> None:
        self.awaits = self.awaits or isinstance(node, ast.Await)
        match node:
            case ast.ExceptHandler(name=str(name)):
                self.bind(name, scope)
            case ast.alias(name=name, asname=asname):
                self.bind(asname or name.partition(".")[0], scope)
            case _:
                pass
        self.push(ast.iter_child_nodes(node), scope)
