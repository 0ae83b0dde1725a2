"""The template engines of the benchmark, each as it is used in production, behind one function.

An engine makes a fresh loader; a loader gives a page by the name of its file; a page is called
with the values and gives the bytes that go to the socket. Jinja2 and Mako render to `str`, so
encoding is part of their page, as it is of a request.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2
import tornado.template
from mako.lookup import TemplateLookup  # type: ignore[import-untyped]  # it ships no types

import cyclone_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Page = Callable[..., bytes]
    Load = Callable[[str], Page]

FOLDER = Path(__file__).resolve().parent / "templates"


def cyclone() -> Load:
    """Load with cyclone-template; it reads the same files as Tornado."""
    loader = cyclone_template.Loader(str(FOLDER / "cyclone"))
    return lambda name: loader.load(name).generate


def tornado_() -> Load:
    """Load with Tornado, which escapes as `html.escape` does."""
    loader = tornado.template.Loader(str(FOLDER / "cyclone"))
    return lambda name: loader.load(name).generate


def jinja() -> Load:
    """Load with Jinja2, which escapes with MarkupSafe's C code."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "jinja"),
        autoescape=True,
        auto_reload=False,
        keep_trailing_newline=True,  # as the others do
    )

    def load(name: str) -> Page:
        render = environment.get_template(name).render
        return lambda **values: render(values).encode()

    return load


def mako() -> Load:
    """Load with Mako; its filter `h` is MarkupSafe's C code too, and the only one it has to run."""
    lookup = TemplateLookup(
        directories=[str(FOLDER / "mako")], default_filters=["h"], filesystem_checks=False
    )

    def load(name: str) -> Page:
        render: Callable[..., str] = lookup.get_template(name).render
        return lambda **values: render(**values).encode()

    return load


class Engine(NamedTuple):
    """A name for the tables, a function that makes a loader, and what to do before it is used."""

    name: str
    fresh: Callable[[], Load]
    prepare: Callable[[], object] = lambda: None


CYCLONE = Engine("cyclone-template", cyclone, lambda: cyclone_template.use_escape("python"))
SPEEDUPS = Engine("cyclone-template[speedups]", cyclone, lambda: cyclone_template.use_escape("c"))
TORNADO = Engine("Tornado", tornado_)
JINJA = Engine("Jinja2", jinja)
MAKO = Engine("Mako", mako)
ENGINES = (CYCLONE, SPEEDUPS, TORNADO, JINJA, MAKO)


def by_hand(
    rows: list[Mapping[str, Any]],
    heading: str,
    user: str,
    _escape: Callable[[str], str] = html.escape,
) -> bytes:
    """Return `page.html` as a person would write it in Python for this very page: the ceiling."""
    parts = [
        "<!doctype html>\n<html><head><title>All members</title></head>\n<body><h1>",
        _escape(heading),
        "</h1>\n<table>\n",
    ]
    append = parts.append
    for row in rows:
        append(
            f"<tr><td>{row['id']}</td><td>{_escape(row['name'])}</td>"
            f"<td>{_escape(row['email'])}</td><td>{_escape(row['note'])}</td></tr>\n"
        )
    parts += ["</table>\n<footer>made for ", _escape(user), "</footer>\n</body></html>\n"]
    return "".join(parts).encode()
