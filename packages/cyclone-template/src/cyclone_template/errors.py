"""The errors of the template engine.

::

    TemplateError
    ├── ParseError               the text of a template is wrong; says the file and the line
    ├── TemplateNotFoundError    no such template, or its name leads out of the root
    └── UnfiredDeferredError     a directive needs a value that has not come yet

Errors raised by the Python code inside a template keep their own type. Their traceback shows the
template's file and line.
"""

from __future__ import annotations

import errno

__all__ = ["ParseError", "TemplateError", "TemplateNotFoundError", "UnfiredDeferredError"]


class TemplateError(Exception):
    """What all errors of this package have in common.

    Source: ``cyclone.template.TemplateError``. (cyclone 1.x turned every error inside a template
    into this class and lost its type; Tornado has no such class.)
    """


class ParseError(TemplateError):
    """The text of a template cannot be read.

    Source: ``tornado.template.ParseError``.

    Args:
        message: What is wrong, and what to write instead.
        filename: The name of the template.
        lineno: The line, counted from 1; 0 if it is not known.
    """

    def __init__(self, message: str, filename: str | None = None, lineno: int = 0) -> None:
        super().__init__(message, filename, lineno)
        self.message = message
        self.filename = filename
        self.lineno = lineno

    def __str__(self) -> str:
        """Return the message with file and line."""
        return f"{self.message} at {self.filename}:{self.lineno}"


# Tornado's Loader raises FileNotFoundError and its DictLoader KeyError, and programs catch them.
class TemplateNotFoundError(TemplateError, FileNotFoundError, KeyError):
    """There is no template of this name, or the name leads out of the loader's root.

    Args:
        message: What was looked for, and where.
        name: The name of the template.
    """

    def __init__(self, message: str, name: str) -> None:
        super().__init__(errno.ENOENT, message, name)
        self.message = message
        self.name = name

    def __str__(self) -> str:
        """Return the message."""
        return self.message

    def __reduce__(self) -> tuple[type[TemplateNotFoundError], tuple[str, str]]:
        """Tell pickle how to make it again."""
        # OSError would call the class with its own three arguments.
        return type(self), (self.message, self.name)


class UnfiredDeferredError(TemplateError, TypeError):
    """A directive needs the value of something that has no value yet.

    ``{{ }}`` waits for a Deferred by leaving a hole in the page. ``{% if %}``, ``{% for %}`` and
    ``{% set %}`` cannot: the rest of the page depends on them.
    """
