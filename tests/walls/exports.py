"""The public surface: every name in `__all__`, compared with a list that is changed on purpose."""

import ast
from collections.abc import Iterator
from pathlib import Path

from .source import Problem, Source, packages

__all__ = ["check_docstrings", "check_exports", "public_names", "write_public_names"]

LIST = "tests/public_names.txt"
HEAD = (
    "# The public names of all packages, one a line: module, name. A module with `= other` is an\n"
    "# alias. A test compares this list with the source; after a change that is meant:\n"
    "#     python tests/walls --write\n"
)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _public_modules(root: Path) -> list[Source]:
    """Return the modules without a private part in their name; plugin and `__main__` are none."""
    return [
        source
        for package in packages(root)
        for source in package.sources()
        if source.module.partition(".")[0] == package.module
        and not any(part.startswith("_") for part in source.module.split("."))
    ]


def _exported(source: Source) -> tuple[list[str] | None, int]:
    """Return the literal `__all__` of a module, or None, and its line."""
    names: list[str] | None = None
    line = 1
    for node in source.tree.body:
        if _assigns_all(node):
            line = node.lineno
            try:
                found = ast.literal_eval(getattr(node, "value", None) or ast.Constant(None))
            except ValueError:
                return None, line
            names = [*(names or []), *found] if isinstance(found, list | tuple) else None
    return names, line


def _assigns_all(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _aliased(source: Source) -> str:
    """Return the module that an alias module stands for, or an empty string."""
    stars = [item.module for item in source.imports() if item.name == "*"]
    return stars[0] if len(stars) == 1 and source.module.startswith("cyclone.") else ""


def public_names(root: Path) -> dict[str, list[str]]:
    """Return module to its sorted `__all__`; an alias module has one entry, `= module`."""
    surface: dict[str, list[str]] = {}
    for source in _public_modules(root):
        if target := _aliased(source):
            surface[source.module] = [f"= {target}"]
        else:
            surface[source.module] = sorted(_exported(source)[0] or [])
    return surface


def _lines(surface: dict[str, list[str]]) -> list[str]:
    return [f"{module} {name}" for module in sorted(surface) for name in surface[module]]


def write_public_names(root: Path) -> None:
    """Write the list of public names anew."""
    text = HEAD + "".join(f"{line}\n" for line in _lines(public_names(root)))
    (root / LIST).write_text(text, encoding="utf-8")


def check_exports(root: Path) -> list[Problem]:
    """List modules without a literal `__all__`, and names that the list has too many or too few."""
    problems: list[Problem] = []
    where: dict[str, tuple[Source, int]] = {}
    for source in _public_modules(root):
        names, line = _exported(source)
        where[source.module] = (source, line)
        if names is None and not _aliased(source):
            problems.append(source.problem(line, "needs a literal __all__ list"))
    lines = (root / LIST).read_text(encoding="utf-8").splitlines()
    listed = {text: number for number, text in enumerate(lines, 1) if not text.startswith("#")}
    surface = _lines(public_names(root))
    for text in surface:
        if text not in listed:
            source, line = where[text.partition(" ")[0]]
            problems.append(source.problem(line, f"new public name, not in {LIST}: {text}"))
    problems += [
        Problem(LIST, number, f"no longer a public name: {text}")
        for text, number in listed.items()
        if text not in set(surface)
    ]
    return problems


def check_docstrings(root: Path) -> list[Problem]:
    """List public modules, classes, functions and methods without a docstring."""
    problems: list[Problem] = []
    for source in _public_modules(root):
        if ast.get_docstring(source.tree) is None:
            problems.append(source.problem(1, f"module {source.module} has no docstring"))
        problems += [
            source.problem(node.lineno, f"{name} has no docstring")
            for name, node in _public_definitions(source.module, source.tree.body)
            if ast.get_docstring(node) is None
        ]
    return problems


def _public_definitions(prefix: str, body: list[ast.stmt]) -> Iterator[tuple[str, Definition]]:
    """Yield the definitions of a module or class, those under `if` and `try` too."""
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from _public_definitions(prefix, [*node.body, *node.orelse])
        elif isinstance(node, Definition) and not node.name.startswith("_"):
            if not _is_repeated(node):
                yield f"{prefix}.{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from _public_definitions(f"{prefix}.{node.name}", node.body)


def _is_repeated(node: Definition) -> bool:
    """Tell overloads, setters and overriding methods: what they do is said elsewhere."""
    names = {getattr(item, "attr", "") or getattr(item, "id", "") for item in node.decorator_list}
    return bool(names & {"overload", "override", "setter", "deleter"})
