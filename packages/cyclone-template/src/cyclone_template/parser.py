"""The parser: the tokens of a template to its nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from cyclone_template import nodes
from cyclone_template.errors import ParseError
from cyclone_template.lexer import Token, TokenKind, tokenize
from cyclone_template.snippets import (
    parse_condition,
    parse_expression,
    parse_handler,
    parse_loop,
    parse_statements,
)
from cyclone_template.whitespace import filter_whitespace

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from cyclone_template.lines import Source
    from cyclone_template.snippets import Snippet

__all__ = ["MAX_NESTING", "parse"]

MAX_NESTING: Final = 90
"""How deep blocks may stand in each other: Python's own limit for indentation is 100."""

_WORD = re.compile(r"(\w+)\s*")
# Which blocks a clause may stand in.
_CLAUSES = {
    "elif": ("if",),
    "else": ("if", "for", "while", "try"),
    "except": ("try",),
    "finally": ("try",),
}
# In which order clauses come; only those of the first kind may be repeated.
_ORDER = {"elif": 1, "except": 1, "else": 2, "finally": 3}
_HINTS = {
    "elseif": "write {% elif %}",
    "elsif": "write {% elif %}",
    "endapply": "every block ends with {% end %}",
    "endblock": "every block ends with {% end %}",
    "endfor": "every block ends with {% end %}",
    "endif": "every block ends with {% end %}",
    "endtry": "every block ends with {% end %}",
    "endwhile": "every block ends with {% end %}",
}


def parse(source: Source, whitespace: str, autoescape: str | None) -> nodes.File:
    """Read a template.

    Args:
        source: The template.
        whitespace: The whitespace mode that holds until ``{% whitespace %}`` changes it.
        autoescape: The function that ``{{ }}`` applies, unless ``{% autoescape %}`` says
            otherwise; None for none.

    Returns:
        The file.

    Raises:
        ParseError: The template is wrong; says where.
    """
    return _Parser(source, whitespace, autoescape).parse()


class _Clause(NamedTuple):
    """A block, or a clause of one, that has been read."""

    operator: str
    head: Snippet[Any] | None
    body: list[nodes.Node]


@dataclass
class _Frame:
    """A block, or a clause of one, while it is read."""

    block: str
    """``if``, ``for`` …, or ``""`` for the file."""
    token: Token | None
    operator: str
    """The clause of the block: the same as ``block``, or ``else``, ``except`` …."""
    in_loop: bool
    """Whether ``{% break %}`` may stand here."""
    in_block: bool
    """Whether ``{% super %}`` may stand here."""
    body: list[nodes.Node] = field(default_factory=list)


class _Parser:
    """Reads one template.

    Each ``{% operator %}`` has a method of its own. The methods of blocks read on until the token
    that ends them; clauses (``else``, ``except`` …) and ``end`` are such tokens.
    """

    def __init__(self, source: Source, whitespace: str, autoescape: str | None) -> None:
        self.source = source
        self.tokens = tokenize(source.text, source.name)
        self.whitespace = whitespace
        self.extends: nodes.Extends | None = None
        self.definitions: list[nodes.Block | nodes.Include] = []
        self.depth = 0
        self.frame = _Frame("", None, "", in_loop=False, in_block=False)
        self.autoescape: nodes.Autoescape | None = None
        if autoescape is not None:
            # As if the file began with the directive.
            token = Token(TokenKind.DIRECTIVE, f"autoescape {autoescape}", 1, 0, 1)
            self.read_autoescape(token)

    def parse(self) -> nodes.File:
        """Read the file."""
        self._fill(self.frame)
        return nodes.File(
            self.source, self.frame.body, self.extends, self.autoescape, self.definitions
        )

    # -- Bodies ----------------------------------------------------------------------------------

    def _clauses(self, token: Token, *, loop: bool = False, **inside: bool) -> list[_Clause]:
        """Read a block with all its clauses, up to and with its end."""
        around = self.frame
        block = self._operator(token)
        clauses = []
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self._error(f"Blocks stand more than {MAX_NESTING} deep in each other", token)
        following: Token | None = token
        while following is not None:
            operator = self._operator(following)
            frame = _Frame(block, following, operator, around.in_loop, around.in_block)
            # The `else` of a loop is not in the loop.
            frame.in_loop = frame.in_loop or (loop and operator == block)
            vars(frame).update(inside)
            head = self._head(operator, following)
            self.frame = frame
            following = self._fill(frame)
            clauses.append(_Clause(operator, head, frame.body))
        self.frame = around
        self.depth -= 1
        return clauses

    def _head(self, operator: str, token: Token) -> Snippet[Any] | None:
        """Read what stands behind the operator of a block or clause."""
        if operator in {"if", "elif", "while"}:
            return parse_condition(self.source, token, self._skip(token, "a condition"))
        if operator == "for":
            self._skip(token, "its loop")
            return parse_loop(self.source, token)
        if operator == "except":
            return parse_handler(self.source, token)
        if operator == "apply":
            return parse_expression(self.source, token, self._skip(token, "a function"))
        if operator not in {"block", token.text}:
            hint = ": write {% elif %}" if token.text.startswith("else if") else ""
            raise self._error(f"{{% {operator} %}} takes nothing behind it{hint}", token)
        return None

    def _fill(self, frame: _Frame) -> Token | None:
        """Read a body, up to the next clause, which is returned, or up to the end."""
        for token in self.tokens:
            if token.kind is TokenKind.TEXT:
                self._text(token)
            elif token.kind is TokenKind.EXPRESSION:
                if not token.text:
                    raise self._error("Empty expression {{ }}", token)
                frame.body.append(nodes.Output(parse_expression(self.source, token), raw=False))
            elif token.kind is TokenKind.DIRECTIVE:
                operator = self._operator(token)
                if operator == "end" and frame.token is not None:
                    return None
                if operator in _CLAUSES:
                    self._check_clause(operator, token)
                    return token
                self._directive(operator, token)
        if frame.token is not None:
            raise self._error(f"Missing {{% end %}} of {{% {frame.operator} %}}", frame.token)
        return None

    def _text(self, token: Token) -> None:
        """Add text, with its whitespace filtered."""
        text = token.text
        if "<pre>" not in text:  # Tornado's way to leave preformatted text alone
            text = filter_whitespace(self.whitespace, text)
        self.frame.body.append(nodes.Text(text))

    def _directive(self, operator: str, token: Token) -> None:
        """Read a directive, with its body if it has one."""
        read = _DIRECTIVES.get(operator)
        if read is None:
            hint = _HINTS.get(operator, "see the list of directives in the documentation")
            raise self._error(f"Unknown directive {operator!r}: {hint}", token)
        read(self, token)

    def _check_clause(self, operator: str, token: Token) -> None:
        """Refuse a clause that belongs to no open block, or comes too late in it."""
        blocks = _CLAUSES[operator]
        if self.frame.block not in blocks:
            wanted = " or ".join(f"{{% {block} %}}" for block in blocks)
            found = f"{{% {self.frame.block} %}}" if self.frame.block else "no block"
            raise self._error(f"{{% {operator} %}} belongs to {wanted}, here is {found}", token)
        before, now = _ORDER.get(self.frame.operator, 0), _ORDER[operator]
        if before > now or before == now > 1:
            raise self._error(
                f"{{% {operator} %}} may not come after {{% {self.frame.operator} %}}", token
            )

    def _operator(self, token: Token) -> str:
        """Return the first word of a directive."""
        match = _WORD.match(token.text)
        if match is None:
            said = f"{{% {token.text} %}} is no directive" if token.text else "Empty {% %}"
            raise self._error(said, token)
        return match[1]

    def _skip(self, token: Token, what: str) -> int:
        """Return how long the operator is, with the blanks behind it; more must follow."""
        match = _WORD.match(token.text)
        if match is None or match.end() == len(token.text):
            raise self._error(f"{{% {token.text} %}} lacks {what}", token)
        return match.end()

    def _argument(self, token: Token, what: str) -> str:
        """Return what stands behind the operator; it must not be empty."""
        return token.text[self._skip(token, what) :]

    def _name(self, token: Token) -> str:
        """Return the name of a template, with or without quotes."""
        name = self._argument(token, "the name of a template").strip("\"'")
        if not name:
            raise self._error(f"{{% {token.text} %}} lacks the name of a template", token)
        return name

    def _alone(self, token: Token) -> str:
        """Return the operator; nothing may follow."""
        operator = self._operator(token)
        if token.text != operator:
            raise self._error(f"{{% {operator} %}} takes nothing behind it", token)
        return operator

    def _error(self, message: str, token: Token) -> ParseError:
        return ParseError(message, self.source.name, token.tag_line)

    # -- Directives without a body ---------------------------------------------------------------

    def read_comment(self, token: Token) -> None:
        """Leave ``{% comment … %}`` out."""

    def read_extra_end(self, token: Token) -> None:
        raise self._error("Extra {% end %}: no block is open", token)

    def read_extends(self, token: Token) -> None:
        name = self._name(token)
        if self.frame.block:
            raise self._error("{% extends %} may not stand in a block", token)
        if self.extends is not None:
            raise self._error("A template extends one other, not two", token)
        self.extends = nodes.Extends(name, token.tag_line)

    def read_include(self, token: Token) -> None:
        include = nodes.Include(self._name(token), token.tag_line)
        self.definitions.append(include)
        self.frame.body.append(include)

    def read_set(self, token: Token) -> None:
        skip = self._skip(token, "an assignment")
        self.frame.body.append(nodes.Statements(parse_statements(self.source, token, skip)))

    def read_import(self, token: Token) -> None:
        self._skip(token, "the name of a module")
        self.frame.body.append(nodes.Statements(parse_statements(self.source, token)))

    def read_autoescape(self, token: Token) -> None:
        skip = self._skip(token, "a function or None")
        text = token.text[skip:]
        self.autoescape = None
        if text != "None":
            function = parse_expression(self.source, token, skip)
            self.autoescape = nodes.Autoescape(text, function)

    def read_whitespace(self, token: Token) -> None:
        mode = self._argument(token, "a mode")
        try:
            filter_whitespace(mode, "")
        except ValueError as error:
            raise self._error(str(error), token) from None
        self.whitespace = mode

    def read_raw(self, token: Token) -> None:
        skip = self._skip(token, "an expression")
        value = parse_expression(self.source, token, skip)
        self.frame.body.append(nodes.Output(value, raw=True))

    def read_module(self, token: Token) -> None:
        skip = self._skip(token, "a call of a UI module")
        value = parse_expression(self.source, token, skip, "_tt_modules.")
        self.frame.body.append(nodes.Output(value, raw=True))

    def read_jump(self, token: Token) -> None:
        keyword = self._alone(token)
        if not self.frame.in_loop:
            raise self._error(f"{{% {keyword} %}} stands in no loop", token)
        number = self.source.first + token.tag_line - 1
        self.frame.body.append(nodes.Jump(keyword, number))

    def read_super(self, token: Token) -> None:
        self._alone(token)
        if not self.frame.in_block:
            raise self._error("{% super %} stands in no {% block %}", token)
        self.frame.body.append(nodes.Super(token.tag_line))

    # -- Blocks ----------------------------------------------------------------------------------

    def read_apply(self, token: Token) -> None:
        # The body becomes a function of its own: a loop around it cannot be left from there.
        ((_, function, body),) = self._clauses(token, in_loop=False)
        self.frame.body.append(nodes.Apply(cast("Snippet[ast.expr]", function), body))

    def read_block(self, token: Token) -> None:
        name = self._argument(token, "a name")
        place = len(self.definitions)
        ((_, _, body),) = self._clauses(token, in_block=True)
        block = nodes.Block(name, token.tag_line, body)
        self.definitions.insert(place, block)
        self.frame.body.append(block)

    def read_if(self, token: Token) -> None:
        clauses = self._clauses(token)
        otherwise = clauses.pop().body if clauses[-1].operator == "else" else []
        conditions = [(cast("Snippet[ast.expr]", head), body) for _, head, body in clauses]
        self.frame.body.append(nodes.If(conditions, otherwise))

    def read_for(self, token: Token) -> None:
        clauses = self._clauses(token, loop=True)
        otherwise = clauses.pop().body if clauses[-1].operator == "else" else []
        ((_, head, body),) = clauses
        self.frame.body.append(nodes.For(cast("Snippet[ast.For]", head), body, otherwise))

    def read_while(self, token: Token) -> None:
        clauses = self._clauses(token, loop=True)
        otherwise = clauses.pop().body if clauses[-1].operator == "else" else []
        ((_, head, body),) = clauses
        self.frame.body.append(nodes.While(cast("Snippet[ast.expr]", head), body, otherwise))

    def read_try(self, token: Token) -> None:
        clauses = self._clauses(token)
        bodies = {clause.operator: clause.body for clause in clauses}
        handlers = [
            (cast("Snippet[ast.ExceptHandler]", head), body)
            for operator, head, body in clauses
            if operator == "except"
        ]
        if not handlers and ("else" in bodies or "finally" not in bodies):
            raise self._error("{% try %} needs an {% except %} or a {% finally %}", token)
        number = self.source.first + token.tag_line - 1
        otherwise, final = bodies.get("else", []), bodies.get("finally", [])
        self.frame.body.append(nodes.Try(number, bodies["try"], handlers, otherwise, final))


_DIRECTIVES: dict[str, Callable[[_Parser, Token], None]] = {
    "apply": _Parser.read_apply,
    "autoescape": _Parser.read_autoescape,
    "block": _Parser.read_block,
    "break": _Parser.read_jump,
    "comment": _Parser.read_comment,
    "continue": _Parser.read_jump,
    "end": _Parser.read_extra_end,
    "extends": _Parser.read_extends,
    "for": _Parser.read_for,
    "from": _Parser.read_import,
    "if": _Parser.read_if,
    "import": _Parser.read_import,
    "include": _Parser.read_include,
    "module": _Parser.read_module,
    "raw": _Parser.read_raw,
    "set": _Parser.read_set,
    "super": _Parser.read_super,
    "try": _Parser.read_try,
    "while": _Parser.read_while,
    "whitespace": _Parser.read_whitespace,
}
