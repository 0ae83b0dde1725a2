"""The code generator: a page to a Python function, as a person would write it by hand.

Theory of operation. All files of a page become one function: blocks and includes stand where they
are used, and neighbouring text is one constant. Variables are bound to local names once. What
stands between two statements becomes one f-string and one ``append``, and every value is tested
for being a ``str``, then a number, before anything is called::

    for row in rows:
        append(f"<td>{escape(v) if type(v := row['name']) is str else ...}</td>")

The function is made as a syntax tree and not as text: so each expression keeps its line and column
in its template. ``Template.code`` shows it as text.
"""

from __future__ import annotations

import ast
import builtins
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

from cyclone_template import nodes
from cyclone_template.body import (
    Body,
    Place,
    at,
    bind_value,
    call,
    function,
    name,
    place_of,
    type_in,
)
from cyclone_template.errors import ParseError
from cyclone_template.inheritance import Definition, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from cyclone_template.snippets import Snippet

__all__ = ["Program", "generate_code"]

FUNCTION: Final = "_tt_render"
# They look at the variables around them, which must then be global ones, as they are in Tornado.
_SEE_EVERYTHING: Final = frozenset({"dir", "eval", "exec", "globals", "locals", "vars"})


@dataclass(frozen=True, slots=True)
class Program:
    """A page as Python code."""

    tree: ast.Module
    """Defines the function ``_tt_render(_tt_names, _tt_holes)``."""
    builtins: dict[str, object]
    """Python's own names that the page uses; what is passed to it comes before them."""
    awaits: bool
    """Whether the function is a coroutine function."""
    sees_globals: bool
    """Whether the page's variables have to be the function's globals."""


def generate_code(page: Page, known: Collection[str]) -> Program:
    """Write the code of a page.

    Args:
        page: The page.
        known: Names of variables that are always passed to it.

    Returns:
        The code.

    Raises:
        ParseError: ``{% super %}`` has nothing above it.
    """
    return _Generator(page).program(known)


class _Names:
    """The names of one function: the page, or the body of an ``{% apply %}``."""

    def __init__(self) -> None:
        # Dicts keep the order.
        self.reads: dict[str, None] = {}
        self.binds: dict[str, None] = {}
        # Also what is bound only perhaps.
        self.stored: set[str] = set()
        self.awaits = False

    def use(self, reads: Sequence[str], binds: Sequence[str] = (), *, awaits: bool = False) -> None:
        """Note what a piece of code does, in the order in which it runs."""
        self.reads.update((name, None) for name in reads if name not in self.binds)
        self.binds.update((name, None) for name in binds)
        self.stored.update(binds)
        self.awaits = self.awaits or awaits

    @contextmanager
    def perhaps(self) -> Iterator[None]:
        """Take what is bound meanwhile for not bound afterwards: that code may not run."""
        before = self.binds.copy()
        yield
        self.binds = before


class _Generator:
    """Writes one page."""

    def __init__(self, page: Page, late: Collection[str] = ()) -> None:
        self.page = page
        # Escape functions that the page itself binds: they are looked up where they are used.
        self.late = late
        self.bound: set[str] = set()
        self.open: list[tuple[Page, nodes.Block]] = []
        self.file = page.root
        self.names = _Names()
        self.supers: list[Sequence[Definition]] = []
        self.escapes: dict[str, tuple[int, Snippet[ast.expr]]] = {}
        self.functions = 0

    def program(self, known: Collection[str]) -> Program:
        """Write the whole page."""
        out = Body(fuse=True)
        self.emit_all(self.page.root.body, out)
        names = self.names
        # What escapes text is looked up where the page begins. Only the whole page shows whether
        # that is right; it hardly ever is not.
        early = []
        late = set()
        for text, (number, snippet) in self.escapes.items():
            if text in self.late:
                continue
            if self.bound.isdisjoint(snippet.reads):
                early.append((number, snippet))
                names.reads.update(dict.fromkeys(snippet.reads))
            else:
                late.add(text)
        if late:
            return _Generator(self.page, late).program(known)
        used = {name: getattr(builtins, name) for name in names.reads if hasattr(builtins, name)}
        prologue = _bindings(names.reads, {*known, *used})
        prologue += [_escape_binding(number, snippet) for number, snippet in early]
        statements = prologue + out.as_function()
        parameters = "_tt_names, _tt_holes"
        tree = function(FUNCTION, parameters, statements, is_async=names.awaits)
        sees_globals = not _SEE_EVERYTHING.isdisjoint(names.reads)
        return Program(ast.Module([tree], []), used, names.awaits, sees_globals)

    # -- Nodes -----------------------------------------------------------------------------------

    def emit_all(self, body: Sequence[nodes.Node], out: Body) -> None:
        """Write nodes, one behind the other."""
        for node in body:
            self.emit(node, out)

    def emit(self, node: nodes.Node, out: Body) -> None:
        """Write one node."""
        _EMIT[type(node)](self, node, out)

    def emit_text(self, node: nodes.Text, out: Body) -> None:
        """Write text."""
        out.add_text(node.text)

    def emit_jump(self, node: nodes.Jump, out: Body) -> None:
        """Write ``break`` or ``continue``."""
        jump = ast.Break if node.keyword == "break" else ast.Continue
        out.add_statement(jump(**at(node.number)))

    def use(self, snippet: Snippet[Any]) -> None:
        """Note the names of some code."""
        self.names.use(snippet.reads, snippet.binds, awaits=snippet.awaits)
        self.bound.update(snippet.binds)

    def emit_output(self, node: nodes.Output, out: Body) -> None:
        """Write a value, escaped as its file says."""
        self.use(node.value)
        escape = None if node.raw else self.file.autoescape
        if escape is None:
            out.add_value(node.value.tree, None)
            return
        number = self.escape_number(escape)
        value = node.value.tree
        if escape.text in self.late:
            self.use(escape.function)
            place = place_of(value)
            # The value first: it may be what binds the function.
            kept = ast.Name("_tt_kept", ast.Store(), **place)
            out.add_statement(ast.Assign([kept], value, **place))
            out.add_statement(_escape_binding(number, escape.function))
            value = name("_tt_kept", place)
        out.add_value(value, number)

    def escape_number(self, escape: nodes.Autoescape) -> int:
        """Return the number under which the page knows an escape function."""
        return self.escapes.setdefault(escape.text, (len(self.escapes), escape.function))[0]

    def emit_statements(self, node: nodes.Statements, out: Body) -> None:
        """Write statements."""
        code = node.body
        self.use(code)
        for statement in code.tree:
            out.add_statement(_settled_statement(statement))

    def emit_block(self, node: nodes.Block, out: Body) -> None:
        """Write a block, as the page's last definition has it."""
        self.emit_definition(self.page.blocks[node.name], out)

    def emit_definition(self, chain: Sequence[Definition], out: Body) -> None:
        """Write the last definition of a block; the others are for ``{% super %}``."""
        *above, (block, file) = chain
        if any(page is self.page and each is block for page, each in self.open):
            raise ParseError(
                f"The block {block.name!r} contains itself, by way of {{% super %}}",
                file.source.name,
                block.line,
            )
        around, self.file = self.file, file
        self.supers.append(above)
        self.open.append((self.page, block))
        self.emit_all(block.body, out)
        self.open.pop()
        self.supers.pop()
        self.file = around

    def emit_super(self, node: nodes.Super, out: Body) -> None:
        """Write what the block held before."""
        above = self.supers[-1]
        if not above:
            raise ParseError(
                "{% super %} in a block that no parent template defines",
                self.file.source.name,
                node.line,
            )
        self.emit_definition(above, out)

    def emit_include(self, node: nodes.Include, out: Body) -> None:
        """Write an included file in place."""
        included = self.page.included[self.file, node]
        around, self.file = self.file, included.root if isinstance(included, Page) else included
        page = self.page
        if isinstance(included, Page):
            self.page = included
        self.emit_all(self.file.body, out)
        self.page, self.file = page, around

    def emit_apply(self, node: nodes.Apply, out: Body) -> None:
        """Write the body as a function, and a call that applies the other one to it."""
        self.use(node.function)
        outer, self.names = self.names, _Names()
        identifier = f"_tt_body{self.functions}"
        self.functions += 1
        body = Body(fuse=True)
        self.emit_all(node.body, body)
        inner, self.names = self.names, outer
        # What the body binds stays in it; the function around it binds what the body only reads.
        self.names.use(tuple(inner.reads), awaits=inner.awaits)
        # What it reads and then binds begins with the value that it has outside.
        both = [each for each in inner.reads if each in inner.stored]
        parameters = ", ".join(f"{each}={each}" for each in both if each in outer.binds)
        passed = _bindings([each for each in both if each not in outer.binds], ())
        statements = passed + body.as_function()
        definition = function(identifier, parameters, statements, is_async=inner.awaits)
        out.add_statement(definition)
        out.add_applied(node.function.tree, identifier, is_async=inner.awaits)

    def emit_body(self, body: Sequence[nodes.Node], out: Body, place: Place) -> list[ast.stmt]:
        """Write nodes as the body of a statement."""
        inner = Body(fuse=out.fuse)
        with self.names.perhaps():
            self.emit_all(body, inner)
        return inner.as_suite(place)

    def emit_if(self, node: nodes.If, out: Body) -> None:
        """Write an ``if`` with its clauses."""
        heads: list[ast.If] = []
        for condition, body in node.clauses:
            self.use(condition)
            place = place_of(condition.tree)
            test = _condition(condition.tree)
            heads.append(ast.If(test, self.emit_body(body, out, place), [], **place))
        if node.otherwise:
            heads[-1].orelse = self.emit_body(node.otherwise, out, place_of(heads[-1]))
        for head, following in pairwise(heads):
            head.orelse = [following]
        out.add_statement(heads[0])

    def emit_loop(self, node: nodes.For | nodes.While, out: Body) -> None:
        """Write a loop."""
        head = node.head if isinstance(node, nodes.For) else node.condition
        place = place_of(head.tree)
        with self.names.perhaps():
            self.use(head)
            body = self.emit_body(node.body, out, place)
        otherwise = self.emit_body(node.otherwise, out, place) if node.otherwise else []
        if isinstance(node, nodes.For):
            target, values = node.head.tree.target, _settled(node.head.tree.iter)
            out.add_statement(ast.For(target, values, body, otherwise, **place))
        else:
            test = _condition(node.condition.tree)
            out.add_statement(ast.While(test, body, otherwise, **place))

    def emit_try(self, node: nodes.Try, out: Body) -> None:
        """Write a ``try``. In its body each piece is written by itself, up to the one that fails."""
        place = at(node.number)
        guarded = Body(fuse=False)
        with self.names.perhaps():
            self.emit_all(node.body, guarded)
        handlers: list[ast.ExceptHandler] = []
        for head, body in node.handlers:
            with self.names.perhaps():
                self.use(head)
                suite = self.emit_body(body, out, place)
            tree = head.tree
            handlers.append(ast.ExceptHandler(tree.type, tree.name, suite, **place_of(tree)))
        otherwise = self.emit_body(node.otherwise, out, place) if node.otherwise else []
        # A `finally` may be empty, but without a handler it has to be there.
        needed = bool(node.final) or not handlers
        final = self.emit_body(node.final, out, place) if needed else []
        out.add_statement(
            ast.Try(guarded.as_suite(place), handlers, otherwise, final, **place),
        )


_EMIT: Final[dict[type[nodes.Node], Callable[[_Generator, Any, Body], None]]] = {
    nodes.Apply: _Generator.emit_apply,
    nodes.Block: _Generator.emit_block,
    nodes.For: _Generator.emit_loop,
    nodes.If: _Generator.emit_if,
    nodes.Include: _Generator.emit_include,
    nodes.Jump: _Generator.emit_jump,
    nodes.Output: _Generator.emit_output,
    nodes.Statements: _Generator.emit_statements,
    nodes.Super: _Generator.emit_super,
    nodes.Text: _Generator.emit_text,
    nodes.Try: _Generator.emit_try,
    nodes.While: _Generator.emit_loop,
}

# Expressions whose value is of a type that Python itself decides.
_NEVER_DEFERRED: Final = (
    ast.Compare,
    ast.Constant,
    ast.Dict,
    ast.DictComp,
    ast.GeneratorExp,
    ast.JoinedStr,
    ast.Lambda,
    ast.List,
    ast.ListComp,
    ast.Set,
    ast.SetComp,
    ast.Tuple,
)


def _bindings(reads: Collection[str], known: Collection[str]) -> list[ast.stmt]:
    """Bind the variables that a page reads; one that is not passed stays unbound.

    Args:
        reads: The names.
        known: Those of them that are always there.
    """
    sure = "".join(f"{name} = _tt_names[{name!r}]\n" for name in reads if name in known)
    perhaps = "".join(
        f"try: {name} = _tt_names[{name!r}]\nexcept KeyError: pass\n"
        for name in reads
        if name not in known
    )
    # From text: Python parses it faster than nodes are made one by one.
    return ast.parse(sure + perhaps).body


def _escape_binding(number: int, snippet: Snippet[ast.expr]) -> ast.stmt:
    """Prepare an escape function under its number."""
    text = f"_tt_escape{number}, _tt_plain{number} = _tt_escaper(0)"
    statement = cast("ast.Assign", ast.parse(text).body[0])
    cast("ast.Call", statement.value).args[0] = snippet.tree
    return statement


# -- Values that must be there -------------------------------------------------------------------


def _condition(tree: ast.expr) -> ast.expr:
    """Return a condition in which no Deferred is taken for true: ``value and is_true(value)``."""
    match tree:
        case ast.BoolOp(operator, values):
            return ast.BoolOp(operator, [*map(_condition, values)], **place_of(tree))
        case ast.UnaryOp(ast.Not() as operator, operand):
            return ast.UnaryOp(operator, _condition(operand), **place_of(tree))
        case _ if isinstance(tree, _NEVER_DEFERRED):
            return tree
    place = place_of(tree)
    kept = name("_tt_value", place)
    # A Deferred is never false, and most true values are True: what is left is looked at.
    is_true = ast.Compare(kept, [ast.Is()], [ast.Constant(True, **place)], **place)
    looked_at = [
        is_true,
        type_in(kept, "_tt_sure_types", place),
        call("_tt_is_true", [kept], place),
    ]
    true = ast.BoolOp(ast.Or(), looked_at, **place)
    return ast.BoolOp(ast.And(), [bind_value(tree, place), true], **place)


def _settled(tree: ast.expr) -> ast.expr:
    """Return an expression in which a Deferred has become its value."""
    if isinstance(tree, _NEVER_DEFERRED):
        return tree
    place = place_of(tree)
    kept = name("_tt_value", place)
    is_sure = type_in(bind_value(tree, place), "_tt_sure_types", place)
    return ast.IfExp(is_sure, kept, call("_tt_settled", [kept], place), **place)


def _settled_statement(statement: ast.stmt) -> ast.stmt:
    """Return an assignment that assigns no Deferred, or any other statement as it is."""
    if isinstance(statement, ast.Assign):
        value = _settled(statement.value)
        return ast.Assign(statement.targets, value, **place_of(statement))
    return statement
