"""The template engine of cyclone: Tornado's language, compiled to fast Python.

::

    from cyclone_template import Loader, Template

    Template("hello, {{ name }}").generate(name="<world>")  # b"hello, &lt;world&gt;"
    Loader("templates").load("page.html").generate(rows=rows)

Layers, low to high: ``lexer`` (text to tokens), ``parser`` (tokens to ``nodes``), ``inheritance``
(the files of a page), ``codegen`` (a page to a Python function), ``template`` and ``loader``.
``runtime``, ``holes`` and ``tracebacks`` are what the function calls while it runs.
"""

from cyclone_template.errors import (
    ParseError,
    TemplateError,
    TemplateNotFoundError,
    UnfiredDeferredError,
)
from cyclone_template.loader import BaseLoader, DictLoader, Loader, PackageLoader
from cyclone_template.speedups import use_escape
from cyclone_template.template import Template
from cyclone_template.whitespace import filter_whitespace

__all__ = [
    "BaseLoader",
    "DictLoader",
    "Loader",
    "PackageLoader",
    "ParseError",
    "Template",
    "TemplateError",
    "TemplateNotFoundError",
    "UnfiredDeferredError",
    "filter_whitespace",
    "use_escape",
]
