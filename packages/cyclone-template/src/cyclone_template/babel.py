"""The Babel extractor: the messages of templates for ``pybabel extract``.

Babel finds it as the extraction method ``cyclone``; it does not need Babel itself. Messages are
found where the template holds Python: in ``{{ }}`` and in the directives that take expressions or
statements. Text that merely looks like a call, in HTML or in a comment, is none.

What differs from Babel's extractor for Python: the line of a message is the line of the function's
name; a comma at the end adds no argument; a keyword in the arguments of another one ends neither; an
argument that is computed, such as ``"%s" % name``, is no message, since no catalogue is asked for it.
"""

from __future__ import annotations

import ast
import io
import logging
import re
import tokenize as python_tokenize
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

from cyclone_template.errors import ParseError
from cyclone_template.lexer import Token, TokenKind, tokenize
from cyclone_template.lines import Source
from cyclone_template.parser import parse
from cyclone_template.snippets import (
    parse_condition,
    parse_expression,
    parse_handler,
    parse_loop,
    parse_statements,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from cyclone_template.snippets import Snippet

__all__ = ["Extracted", "ReadableFile", "extract"]

Extracted: TypeAlias = tuple[int, str, str | tuple[str | None, ...] | None, list[str]]
"""The line, the name of the function, its arguments, and the translator comments.

The arguments are a tuple, with None for what is no string literal; one argument stands alone.
"""

# The functions of a locale that take a plural, with the number of their arguments then, and the name
# under which Babel knows these arguments.
_PLURALS: Final = {
    "_": (3, "ngettext"),
    "translate": (3, "ngettext"),
    "pgettext": (4, "npgettext"),
}
_TRUE: Final = {"1", "on", "true", "yes"}
_FALSE: Final = {"0", "off", "false", "no"}
_WORD = re.compile(r"(\w*)\s*")
# Behind every column: a comment of Python is the last thing on its line.
_END_OF_LINE: Final = 2**31

_log = logging.getLogger("cyclone.template")


class ReadableFile(Protocol):
    """What ``extract`` reads: a file that is open for reading, in binary or text mode."""

    def read(self) -> str | bytes:
        """Return the rest of the file."""


class _Call(NamedTuple):
    """A call of a keyword."""

    line: int
    column: int
    name: str
    arguments: list[str | None]


class _Comment(NamedTuple):
    """A comment of Python inside a tag."""

    line: int
    column: int
    text: str


def extract(
    fileobj: ReadableFile,
    keywords: Collection[str],
    comment_tags: Iterable[str],
    options: Mapping[str, Any],
) -> Iterator[Extracted]:
    """Find the messages in a template.

    A translator comment starts with one of the tags and ends on the line of its message or on the
    line before: ``{# NOTE: … #}``, ``{% comment NOTE: … %}``, or ``# NOTE: …`` inside a tag. A
    comment on the line below it goes on with it.

    Options:

    ``encoding``
        The encoding of the file; ``utf-8`` by default.
    ``infer_plurals``
        Whether calls with a plural as cyclone's locale takes it, ``_("…", "…", n)``,
        ``translate("…", "…", n)`` and ``pgettext("context", "…", "…", n)``, are yielded as calls of
        ``ngettext`` and ``npgettext``, which Babel knows by default. They are if these names are
        keywords and the plural is a string literal. ``true`` by default.
    ``silent``
        Whether a template that cannot be parsed is one warning of the logger ``cyclone.template``,
        and what stands before its mistake is yielded. ``false`` by default.

    Source: "Writing Extraction Methods" in the documentation of Babel.

    Args:
        fileobj: The template. Its attribute ``name`` is used in errors.
        keywords: The names of functions, called alone or as an attribute of anything.
        comment_tags: What translator comments start with.
        options: The options of the mapping file, as text or as they come out of TOML.

    Yields:
        The messages, in the order of the template.

    Raises:
        ParseError: The template cannot be parsed or decoded; says the file and the line.
        ValueError: An option is wrong.
    """
    silent = _flag(options, "silent", default=False)
    infer_plurals = _flag(options, "infer_plurals", default=True)
    name = str(getattr(fileobj, "name", "<template>"))
    try:
        source = Source(name, _read(fileobj, name, str(options.get("encoding", "utf-8"))), 1)
        found = _extract(source, keywords, _Notes(comment_tags))
        # The whole template, to the words of its directives: what is refused later, with the page
        # that is to be rendered, is refused here with the same words.
        _check(source)
    except ParseError as error:
        if not silent:
            raise
        _log.warning("Messages are missing: %s", error)
        if error.lineno == 0:
            return
    with suppress(ParseError):  # reported above
        for call, comments in found:
            function = _plural_function(call, keywords) if infer_plurals else call.name
            first, *others = call.arguments or [None]
            yield call.line, function, (first, *others) if others else first, comments
