"""Templates: compile a template and render it."""

from __future__ import annotations

import ast
import datetime as dt
from copy import deepcopy
from functools import cached_property
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

import cyclone_escape
from cyclone_template.body import WithoutFStrings
from cyclone_template.codegen import FUNCTION, Program, generate_code
from cyclone_template.errors import ParseError, TemplateError, TemplateNotFoundError
from cyclone_template.holes import fill
from cyclone_template.inheritance import Page, assemble
from cyclone_template.lines import LineMap, decode, new_source
from cyclone_template.parser import parse
from cyclone_template.runtime import HELPERS
from cyclone_template.tracebacks import LINES, rewrite
from cyclone_template.whitespace import filter_whitespace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cyclone_template.holes import Deferred, Hole
    from cyclone_template.loader import BaseLoader
    from cyclone_template.nodes import Extends, File, Include

__all__ = ["DEFAULT_NAMESPACE", "Template"]


class _Unset:
    """The type of a parameter that nobody passed, where None means something."""


_UNSET: Final = _Unset()

DEFAULT_NAMESPACE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "datetime": dt,
        "escape": cyclone_escape.xhtml_escape,
        "json_encode": cyclone_escape.json_encode,
        "linkify": cyclone_escape.linkify,
        "squeeze": cyclone_escape.squeeze,
        "url_escape": cyclone_escape.url_escape,
        "xhtml_escape": cyclone_escape.xhtml_escape,
    }
)
"""The names that every template knows (read-only)."""


class Template:
    """A compiled template.

    Its attributes ``name``, ``loader``, ``autoescape`` (as the file says in the end) and
    ``namespace`` are for reading.

    Source: ``Template`` of ``tornado.template`` and ``cyclone.template``.

    Args:
        template_string: The text of the template, or its UTF-8 bytes.
        name: Its name, for error messages; with a loader, what relative names start from. Names
            that end in ``.html`` or ``.js`` have less whitespace by default.
        loader: Finds what the template extends and includes.
        compress_whitespace: The older form of ``whitespace``: true for ``"single"``, false for
            ``"all"``, None (the default) for neither.
        autoescape: The name of the function that ``{{ }}`` applies, or None for none. Default: the
            loader's, or ``"xhtml_escape"``.
        whitespace: The whitespace mode; see ``filter_whitespace``. Default: the loader's, or by
            the name.
        path: The file that the text comes from, for tracebacks.

    Raises:
        ParseError: The template is wrong; says where.
        TemplateNotFoundError: There is no template that it extends or includes.
        TypeError: Both ``whitespace`` and ``compress_whitespace`` are given.
        ValueError: There is no such whitespace mode.
    """

    def __init__(
        self,
        template_string: str | bytes,
        name: str = "<string>",
        loader: BaseLoader | None = None,
        compress_whitespace: bool | None = None,
        autoescape: str | _Unset | None = _UNSET,
        whitespace: str | None = None,
        *,
        path: str | None = None,
    ) -> None:
        self.name = name
        self.loader = loader
        self.namespace: Mapping[str, Any] = {} if loader is None else loader.namespace
        mode = _whitespace_mode(name, loader, compress_whitespace, whitespace)
        if isinstance(autoescape, _Unset):
            autoescape = "xhtml_escape" if loader is None else loader.autoescape
        if not isinstance(template_string, str | bytes):
            raise TypeError(f"a template is str or bytes, not {type(template_string).__name__}")
        source = new_source(name, decode(template_string, name), path)
        self.file = parse(source, mode, autoescape)
        escape = self.file.autoescape
        self.autoescape = None if escape is None else escape.text
        self._page = assemble(self.file, self._find)
        # One that another template needs while it is compiled may never be rendered itself.
        if loader is None or not loader.needs_parts_only:
            self.prepare()

    def prepare(self) -> None:
        """Compile the template now, if that has not been done, and not when it is first rendered.

        Raises:
            ParseError: Python refuses the template's code; says where.
        """
        self._compiled  # noqa: B018  it is made when it is first read

    @property
    def is_prepared(self) -> bool:
        """Whether the template has been compiled."""
        return "_compiled" in vars(self)

    @property
    def is_async(self) -> bool:
        """Whether the template contains ``await``, and so needs ``generate_async()``."""
        return self._compiled.is_async

    def generate(self, /, **kwargs: Any) -> bytes | Deferred:  # noqa: ANN401  any variables
        """Render the template.

        Args:
            **kwargs: The template's variables.

        Returns:
            The page as UTF-8 bytes. If an expression gave a Deferred that has not fired, a Deferred
            that fires with them.

        Raises:
            TemplateError: The template awaits something: ``generate_async()`` renders it.
            Exception: What the template's code raises, with the template's file and line in its
                traceback.
        """
        compiled = self._compiled
        if compiled.is_async:
            raise TemplateError(
                f"{self.name} contains await: render it with generate_async(), in a coroutine"
            )
        holes: list[Hole] = []
        names = {**compiled.known, **self.namespace, **kwargs}
        function = compiled.bind(names)
        try:
            text = function(names, holes)
        except Exception as error:
            rewrite(error)
            raise
        return fill(text, holes) if holes else text.encode()

    async def generate_async(self, /, **kwargs: Any) -> bytes:  # noqa: ANN401  any variables
        """Render the template in a coroutine. A template without ``await`` is rendered too.

        Args:
            **kwargs: The template's variables.

        Returns:
            The page as UTF-8 bytes, when all its Deferreds have fired.

        Raises:
            Exception: What the template's code raises, with the template's file and line in its
                traceback.
        """
        compiled = self._compiled
        holes: list[Hole] = []
        names = {**compiled.known, **self.namespace, **kwargs}
        function = compiled.bind(names)
        try:
            text = function(names, holes)
            if compiled.is_async:
                text = await text
        except Exception as error:
            rewrite(error)
            raise
        page = fill(text, holes)
        return page if isinstance(page, bytes) else cast("bytes", await page)

    @property
    def code(self) -> str:
        """The Python function that the template is compiled to, as text, to look at."""
        tree = generate_code(self._page, DEFAULT_NAMESPACE).tree
        try:
            return ast.unparse(tree)
        except ValueError:
            # Before Python 3.12 an f-string cannot hold every string. The tree is also that of
            # other pages: only a copy may be changed.
            return ast.unparse(WithoutFStrings().visit(deepcopy(tree)))

    @cached_property
    def _compiled(self) -> _Compiled:
        return _compile(self._page, self.name)

    def _find(self, reference: Extends | Include, parent: File) -> File:
        """Return the file that another one extends or includes."""
        where, line = parent.source.name, reference.line
        loader = self.loader
        if loader is None:
            raise ParseError(
                f"Only a template that comes from a loader may use {reference.name!r}", where, line
            )
        loader.check_not_loading(reference.name, where, line)
        try:
            return loader.load(reference.name, where).file
        except TemplateNotFoundError as error:
            error.add_note(f"It is extended or included at {where}:{line}")
            raise


def _whitespace_mode(
    name: str, loader: BaseLoader | None, compress: bool | None, whitespace: str | None
) -> str:
    """Return the whitespace mode that a template begins with."""
    if compress is not None:
        if whitespace is not None:
            raise TypeError("pass whitespace or compress_whitespace, not both")
        whitespace = "single" if compress else "all"
    if whitespace is None and loader is not None:
        whitespace = loader.whitespace
    if whitespace is None:
        whitespace = "single" if name.endswith((".html", ".js")) else "all"
    filter_whitespace(whitespace, "")
    return whitespace


class _Compiled:
    """A page's function, and what it needs to be called.

    Args:
        program: The code.
        function: What was made of it.
    """

    __slots__ = ("function", "is_async", "known", "sees_globals")

    def __init__(self, program: Program, function: FunctionType) -> None:
        self.function = function
        self.is_async = program.awaits
        self.known = {**program.builtins, **DEFAULT_NAMESPACE}
        self.sees_globals = program.sees_globals

    def bind(self, names: dict[str, Any]) -> FunctionType:
        """Return the function with the variables as its globals, where that makes a difference."""
        own = self.function
        if not self.sees_globals:
            return own
        return FunctionType(own.__code__, {**names, **own.__globals__}, own.__name__)


def _compile(page: Page, name: str) -> _Compiled:
    """Compile a page; what only Python's compiler finds is a ParseError too."""
    lines = LineMap(file.source for file in page.files)
    try:
        program = generate_code(page, DEFAULT_NAMESPACE)
        code = compile(program.tree, f"<template {name}>", "exec", dont_inherit=True)
    except SyntaxError as error:
        source, line = lines.locate(error.lineno or 0)
        raise ParseError(str(error.msg), source.name, max(line, 1)) from error
    except (RecursionError, MemoryError, ValueError, OverflowError) as error:
        raise ParseError(f"Python cannot compile it: {error}", name, 1) from error
    scope = {**HELPERS, LINES: lines, "__name__": name}
    exec(code, scope)  # noqa: S102  a template is code, and trusted as such
    return _Compiled(program, cast("FunctionType", scope.pop(FUNCTION)))
