"""The public names of Tornado: each is there under cyclone, or the porting page says what to take instead.

A new release of Tornado is noticed here: what it adds fails these tests until it is here or on the page.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from inspect import Parameter
from pathlib import Path
from types import ModuleType

import pytest

import cyclone
from cyclone_core.httpclient import HTTPRequest, HTTPResponse
from cyclone_core.util import GzipDecompressor
from cyclone_core.web import HTTPError, MissingArgumentError

PAGE = Path(__file__).parents[1] / "docs" / "howto" / "port-from-tornado.md"

MODULES = [
    "autoreload",
    "escape",
    "httpclient",
    "httpserver",
    "httputil",
    "locale",
    "log",
    "options",
    "routing",
    "template",
    "testing",
    "util",
    "web",
    "wsgi",
]

# Classes whose attributes are set on the instance here.
REQUEST = HTTPRequest("http://a/")
EXAMPLES = {
    "httpclient.HTTPRequest": REQUEST,
    "httpclient.HTTPResponse": HTTPResponse(REQUEST, 200),
    "util.GzipDecompressor": GzipDecompressor(),
    "web.HTTPError": HTTPError(),
    "web.MissingArgumentError": MissingArgumentError("a"),
}


def assigned(body: list[ast.stmt]) -> Iterator[str]:
    """The names that statements at the top of a module define; not what they import."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (each.id for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If(body=first, orelse=second):
                yield from assigned(first + second)
            case ast.Try(body=first, handlers=handlers, orelse=second):
                yield from assigned(first + second)
                for handler in handlers:
                    yield from assigned(handler.body)


def public(module: ModuleType) -> list[str]:
    """The public names that a module of Tornado defines."""
    # A module or None is an optional import.
    return sorted(
        name
        for name in set(assigned(ast.parse(inspect.getsource(module)).body))
        if name[:1] != "_" and not isinstance(getattr(module, name, None), ModuleType | None)
    )


def own_attributes(kind: type) -> Iterator[str]:
    """The public attributes of a class of Tornado, without those of classes that are looked at, too."""
    for name in dir(kind):
        owner = next((each for each in kind.__mro__ if name in vars(each)), object)
        package, _, module = owner.__module__.partition(".")
        if name[:1] != "_" and (owner is kind or (package == "tornado" and module not in MODULES)):
            yield name


def differing(theirs: Callable[..., object], ours: Callable[..., object]) -> Iterator[str]:
    """The parameters of Tornado's function that ours does not take as well, by name or by place."""
    try:
        wanted = inspect.signature(theirs).parameters
        given = inspect.signature(ours).parameters
    except ValueError:  # some of C
        return
    kinds = {each.kind for each in given.values()}
    places = [
        name
        for name, each in given.items()
        if each.kind in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
    ]
    for place, (name, parameter) in enumerate(wanted.items()):
        if parameter.kind is Parameter.VAR_KEYWORD or parameter.kind is Parameter.VAR_POSITIONAL:
            fits = parameter.kind in kinds or parameter.kind is Parameter.VAR_POSITIONAL
        elif name in given:
            fits = (
                parameter.kind is not Parameter.POSITIONAL_OR_KEYWORD
                or places[place : place + 1] == [name]
                or Parameter.VAR_POSITIONAL in kinds
            )
            required = given[name].default is Parameter.empty
            fits = fits and (parameter.default is Parameter.empty or not required)
        else:
            fits = Parameter.VAR_KEYWORD in kinds or name[:1] == "_"
        if not fits:
            yield name


def lacking(module: str) -> Iterator[str]:
    """What a module of Tornado has and ours has not, as the page spells it."""
    theirs = importlib.import_module(f"tornado.{module}")
    ours = importlib.import_module(f"cyclone.{module}")
    for name in public(theirs):
        full, kind = f"{module}.{name}", getattr(theirs, name)
        if not hasattr(ours, name):
            yield full
            continue
        found = getattr(ours, name)
        if callable(kind):
            yield from (f"{full}({each})" for each in differing(kind, found))
        if not inspect.isclass(kind):
            continue
        for attribute in own_attributes(kind):
            if not hasattr(EXAMPLES.get(full, found), attribute):
                yield f"{full}.{attribute}"
                continue
            method, member = getattr(kind, attribute), getattr(found, attribute, None)
            if callable(method) and callable(member):
                yield from (f"{full}.{attribute}({each})" for each in differing(method, member))


def explained() -> set[str]:
    """The names in the page's table of what is not there."""
    text = PAGE.read_text("utf-8").partition("## Names that are not there")[2]
    rows = re.findall(r"^\| (`[^|]+) \|", text.partition("\n## ")[0], re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("module", MODULES)
def test_names(module: str) -> None:
    """Each public name of Tornado, attribute of a class and parameter is here or on the page, not both."""
    on_page = {name for name in explained() if name.partition(".")[0] == module}
    assert sorted(lacking(module)) == sorted(on_page)


def test_modules() -> None:
    """Each public module of Tornado is here, or in the page's table of modules."""
    package = importlib.import_module("tornado")
    folder = Path(str(package.__file__)).parent
    packages = {path.parent.name for path in folder.glob("*/__init__.py")} - {"test"}
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    missing = packages | modules - set(cyclone.ALIASES)
    text = PAGE.read_text("utf-8").partition("## In place of Tornado's other modules")[2]
    rows = re.findall(r"^\| `([a-z0-9_]+)` \|", text.partition("\n## ")[0], re.MULTILINE)
    assert sorted(missing) == sorted(rows)


def test_the_comparison_notices() -> None:
    """A name, an attribute and a parameter that ours lacks are found."""

    def theirs(a: int, b: int = 1, *, c: int = 2, **more: int) -> None: ...

    def ours(b: int, a: int) -> None: ...

    assert list(differing(theirs, ours)) == ["a", "b", "c", "more"]
    assert list(differing(ours, ours)) == []
    tree = ast.parse(
        "import a\nif 1:\n    b = 1\nelse:\n    c: int = 2\ndef d(): e = 1\nclass F: ..."
    )
    assert list(assigned(tree.body)) == ["b", "c", "d", "F"]
    web = importlib.import_module("tornado.web")
    assert "RequestHandler" in public(web)
    assert "utf8" not in public(web)
    assert "get_argument" in own_attributes(web.RequestHandler)
