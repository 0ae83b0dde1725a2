"""Reading the repository: its packages, its Python files, its imports, what its pyprojects say."""

import ast
import itertools
import os
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# In dependency order, lowest layer first.
LAYERS = {
    "cyclone-escape": 0,
    "cyclone-locale": 0,
    "cyclone-template": 1,
    "cyclone-mail": 1,
    "cyclone-storage": 1,
    "cyclone-core": 2,
    "cyclone-rpc": 3,
    "cyclone-realtime": 3,
    "cyclone": 4,
}
PACKAGES = tuple(LAYERS)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SKIPPED_FOLDERS = frozenset(
    {
        ".git",
        ".hypothesis",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".venv",
        "__pycache__",
        "build",
        "dist",
        "results",
    },
)


@dataclass(frozen=True, order=True)
class Problem:
    """A broken rule: where, and what to do."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class When(Enum):
    """When an import statement runs."""

    IMPORT = "at import"
    CALL = "in a function"
    TYPING = "for type checkers only"


@dataclass(frozen=True)
class Import:
    """One name imported by one statement.

    `module` is the absolute name after `import` or `from`; `name` is what `from` takes out of it,
    or an empty string.
    """

    module: str
    name: str
    line: int
    when: When

    @property
    def candidates(self) -> tuple[str, ...]:
        """The module, and what would be a submodule if the imported name is one."""
        return (self.module, f"{self.module}.{self.name}") if self.name else (self.module,)


@dataclass(frozen=True)
class Source:
    """A Python file of the repository."""

    root: Path
    path: Path
    module: str = ""

    @property
    def where(self) -> str:
        """The path from the root, with slashes."""
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def text(self) -> str:
        """The source text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return _parse(self.text)

    @property
    def is_package(self) -> bool:
        """True for `__init__.py`."""
        return self.path.name == "__init__.py"

    def problem(self, line: int, message: str) -> Problem:
        """Make a problem of this file."""
        return Problem(self.where, line, message)

    def imports(self) -> list[Import]:
        """All imports, with absolute names."""
        package = self.module if self.is_package else self.module.rpartition(".")[0]
        found: list[Import] = []
        for node, when in statements(self.tree):
            if isinstance(node, ast.Import):
                found += [Import(alias.name, "", node.lineno, when) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                module = _absolute(package, node)
                found += [Import(module, alias.name, node.lineno, when) for alias in node.names]
            elif isinstance(node, ast.Call) and (name := _imported_by_call(node)):
                found.append(Import(name, "", node.lineno, when))
        return found


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


def _imported_by_call(node: ast.Call) -> str | None:
    """Return the name that `import_module("…")` or `__import__("…")` imports, if it is written out."""
    function = node.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    match node.args:
        case [ast.Constant(value=str(name)), *_] if called in {"import_module", "__import__"}:
            return name
    return None


def _absolute(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def statements(tree: ast.AST, when: When = When.IMPORT) -> Iterator[tuple[ast.AST, When]]:
    """Yield every node below `tree` and when it runs."""
    for field, value in ast.iter_fields(tree):
        inner = when
        if isinstance(tree, ast.If) and field == "body" and _is_type_checking(tree.test):
            inner = When.TYPING
        elif isinstance(tree, FUNCTIONS) and field == "body":
            inner = When.CALL
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child, inner
                yield from statements(child, inner)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


@dataclass(frozen=True)
class Package:
    """One distribution of the repository."""

    root: Path
    name: str

    @property
    def folder(self) -> Path:
        """Its directory."""
        return self.root / "packages" / self.name

    @property
    def module(self) -> str:
        """Its import name."""
        return self.name.replace("-", "_")

    @property
    def where(self) -> str:
        """The path of its pyproject.toml from the root."""
        return f"packages/{self.name}/pyproject.toml"

    @cached_property
    def pyproject(self) -> dict[str, dict[str, object]]:
        """The parsed pyproject.toml."""
        return tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))

    def problem(self, needle: str, message: str) -> Problem:
        """Make a problem at the first line of the pyproject.toml that holds `needle`."""
        lines = (self.folder / "pyproject.toml").read_text(encoding="utf-8").splitlines()
        line = next((number for number, text in enumerate(lines, 1) if needle in text), 0)
        return Problem(self.where, line, message)

    @property
    def dependencies(self) -> list[Requirement]:
        """What it always needs."""
        return _requirements(self.pyproject["project"].get("dependencies", []))

    @property
    def extras(self) -> dict[str, list[Requirement]]:
        """What its extras add; `test` is not one that users ask for."""
        table = self.pyproject["project"].get("optional-dependencies", {})
        assert isinstance(table, dict)
        return {extra: _requirements(items) for extra, items in table.items() if extra != "test"}

    def needs(self) -> set[str]:
        """Normalized names of the hard dependencies."""
        return {str(canonicalize_name(item.name)) for item in self.dependencies}

    def may_need(self) -> set[str]:
        """Normalized names of what only extras name."""
        items = itertools.chain.from_iterable(self.extras.values())
        names = {str(canonicalize_name(item.name)) for item in items}
        return names - self.needs()

    def sources(self) -> list[Source]:
        """The Python files below src, with their module names."""
        src = self.folder / "src"
        return [
            Source(self.root, path, _module_name(path.relative_to(src)))
            for path in python_files(src)
        ]

    def tests(self) -> list[Source]:
        """The Python files below tests."""
        return [Source(self.root, path) for path in python_files(self.folder / "tests")]


def _requirements(items: object) -> list[Requirement]:
    assert isinstance(items, list)
    return [Requirement(item) for item in items]


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def packages(root: Path) -> list[Package]:
    """The packages that the tree has, lowest layer first."""
    found = [Package(root, name) for name in PACKAGES]
    return [package for package in found if (package.folder / "pyproject.toml").is_file()]


def _walk(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder; caches and environments are not even looked into."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        yield from (Path(place, name) for name in names)


def python_files(folder: Path) -> list[Path]:
    """All .py files below a folder, sorted, without caches."""
    return sorted(path for path in _walk(folder) if path.suffix == ".py")


def repository_files(root: Path) -> list[Path]:
    """Every file that is, or may become, part of the repository, sorted.

    In a git checkout these are the tracked files and the new ones that no ignore rule names;
    elsewhere everything outside of cache folders.
    """
    if not (root / ".git").exists():
        return sorted(_walk(root))
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    names = {name.decode() for name in listed.split(b"\0") if name}
    return sorted(path for name in names if (path := root / name).is_file())
