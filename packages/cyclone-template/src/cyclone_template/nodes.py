"""Nodes: what a template consists of once it is read.

They are data. The parser makes them, the code generator turns them into Python; the names that they
mention (of blocks, of other templates) are looked up only then, since one file is a part of many
pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from cyclone_template.lines import Source
    from cyclone_template.snippets import Snippet

__all__ = [
    "Apply",
    "Autoescape",
    "Block",
    "Extends",
    "File",
    "For",
    "If",
    "Include",
    "Jump",
    "Node",
    "Output",
    "Statements",
    "Super",
    "Text",
    "Try",
    "While",
]


@dataclass(frozen=True, slots=True)
class Text:
    """Text for the output, its whitespace filtered already."""

    text: str


@dataclass(frozen=True, slots=True)
class Output:
    """``{{ expression }}``, ``{% raw expression %}`` or ``{% module expression %}``."""

    value: Snippet[ast.expr]
    raw: bool
    """Whether the value is written without escaping."""


@dataclass(frozen=True, slots=True)
class Statements:
    """``{% set %}``, ``{% import %}`` or ``{% from %}``."""

    body: Snippet[list[ast.stmt]]


@dataclass(frozen=True, slots=True)
class Jump:
    """``{% break %}`` or ``{% continue %}``."""

    keyword: str
    number: int
    """The line number, in the source's range."""


@dataclass(frozen=True, slots=True)
class If:
    """``{% if %}`` with its ``{% elif %}`` clauses and its ``{% else %}``."""

    clauses: Sequence[tuple[Snippet[ast.expr], Sequence[Node]]]
    otherwise: Sequence[Node]


@dataclass(frozen=True, slots=True)
class For:
    """``{% for %}`` with its ``{% else %}``."""

    head: Snippet[ast.For]
    body: Sequence[Node]
    otherwise: Sequence[Node]


@dataclass(frozen=True, slots=True)
class While:
    """``{% while %}`` with its ``{% else %}``."""

    condition: Snippet[ast.expr]
    body: Sequence[Node]
    otherwise: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Try:
    """``{% try %}`` with ``{% except %}``, ``{% else %}`` and ``{% finally %}``."""

    number: int
    """The line number, in the source's range."""
    body: Sequence[Node]
    handlers: Sequence[tuple[Snippet[ast.ExceptHandler], Sequence[Node]]]
    otherwise: Sequence[Node]
    final: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Apply:
    """``{% apply function %}``: the output of the body goes through a function."""

    function: Snippet[ast.expr]
    body: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Block:
    """``{% block name %}``: what a template that extends this one may replace."""

    name: str
    line: int
    body: Sequence[Node]


@dataclass(frozen=True, slots=True)
class Super:
    """``{% super %}``: what the block held before it was replaced."""

    line: int


@dataclass(frozen=True, slots=True)
class Include:
    """``{% include name %}``."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Extends:
    """``{% extends name %}``."""

    name: str
    line: int


Node: TypeAlias = (
    Text | Output | Statements | Jump | If | For | While | Try | Apply | Block | Super | Include
)


@dataclass(frozen=True, slots=True)
class Autoescape:
    """``{% autoescape function %}``, or what the loader says instead."""

    text: str
    """The function as it is written; the same text is the same function."""
    function: Snippet[ast.expr]


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """One template file."""

    source: Source
    body: Sequence[Node]
    extends: Extends | None
    autoescape: Autoescape | None
    """What ``{{ }}`` applies, or None for nothing. It holds for the whole file."""
    definitions: Sequence[Block | Include]
    """All blocks and includes of the file, nested ones too, in the order in which they start."""
