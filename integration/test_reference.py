"""The pages of `docs/reference` tell all that there is, and nothing else."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import cyclone_core
from cyclone_core.httpserver import ServerOptions
from cyclone_core.limits import Limits

PAGES = Path(__file__).parents[1] / "docs"
SOURCES = Path(cyclone_core.__file__).parent

# Functions that look a setting up for their caller: which of their arguments is the name.
LOOKING_UP = {"get": 0, "require_setting": 0, "_number": 1, "setdefault": 0}


def settings_read() -> Iterator[str]:
    """The names of settings that the sources ask for."""
    for path in SOURCES.rglob("*.py"):
        if "bottle" in path.parts:  # its `create_app` passes arguments of the application on
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _looked_up(node)
            elif isinstance(node, ast.Subscript) and _is_settings(node.value):
                yield from _text(node.slice)


def _looked_up(call: ast.Call) -> Iterator[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    position = LOOKING_UP.get(name)
    of = function.value if isinstance(function, ast.Attribute) else None
    if position is None or len(call.args) <= position:
        return
    if name == "require_setting" or _is_settings(of) or _is_settings(call.args[0]):
        yield from _text(call.args[position])


def _is_settings(node: ast.AST | None) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "settings") or (
        isinstance(node, ast.Name) and node.id == "settings"
    )


def _text(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def rows(page: str) -> set[str]:
    """The names in the first column of a page's tables."""
    text = (PAGES / page).read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_settings() -> None:
    """`settings.md` lists each setting that the framework reads, and each option of the server."""
    listed = rows("reference/settings.md")
    options = {field.name for field in dataclasses.fields(ServerOptions)} - {"protocol"}
    read = set(settings_read())
    assert read >= {"debug", "cookie_secret", "compress_level"}, "the search finds nothing"
    assert sorted((read | options) - listed - {"gzip"}) == []
    assert sorted(listed - read - options) == []


def test_limits() -> None:
    """`limits.md` lists each field of `Limits` that may be set."""
    fields = {field.name for field in dataclasses.fields(Limits) if field.init}
    assert sorted(fields - rows("howto/limits.md")) == []
