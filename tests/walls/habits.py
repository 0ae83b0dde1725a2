"""How tests are written: a sentence each, no sleeping, no mocks, no hidden gaps in coverage."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from .source import Problem, Source, packages, python_files

__all__ = ["check_pragmas", "check_test_docstrings", "check_tests", "platform_pragmas"]

PRAGMA = re.compile(r"#\s*pragma:?\s*no\s*(cover|branch)", re.IGNORECASE)
ALLOWED_PRAGMA = re.compile(r"# pragma: no cover \(platform: .+\)")
TEST_FOLDERS = ("packages", "tests", "integration", "demos")


def _all_tests(root: Path) -> list[Source]:
    return [
        Source(root, path)
        for folder in TEST_FOLDERS
        for path in python_files(root / folder)
        if path.name.startswith("test_")
    ]


def check_test_docstrings(root: Path) -> list[Problem]:
    """List the test functions that do not say what they pin."""
    return [
        source.problem(node.lineno, f"{node.name} has no docstring: one sentence on what it pins")
        for source in _all_tests(root)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test")
        and not (ast.get_docstring(node) or "").strip()
    ]


def check_tests(root: Path) -> list[Problem]:
    """List sleeping and mock libraries in the tests of packages."""
    problems: list[Problem] = []
    for package in packages(root):
        for source in package.tests():
            for item in source.imports():
                names = {part for name in item.candidates for part in name.split(".")}
                if "mock" in names and item.module.partition(".")[0] in {"mock", "unittest"}:
                    said = "no mocks: use StringTransport, MemoryReactorClock or a real peer"
                    problems.append(source.problem(item.line, said))
            problems += [
                source.problem(line, "no sleeping in unit tests: use task.Clock")
                for line in _sleeps(source)
            ]
    return problems


def _sleeps(source: Source) -> Iterator[int]:
    for item in source.imports():
        if (item.module, item.name) == ("time", "sleep"):
            yield item.line
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep":
            yield node.lineno


def _pragmas(root: Path) -> Iterator[tuple[Source, int, str]]:
    """Yield the comments, and only comments, that keep a line out of the coverage figures."""
    for package in packages(root):
        for source in [*package.sources(), *package.tests()]:
            for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
                if token.type == tokenize.COMMENT and PRAGMA.search(token.string):
                    yield source, token.start[0], token.string


def check_pragmas(root: Path) -> list[Problem]:
    """List coverage pragmas in another form than `# pragma: no cover (platform: ...)`."""
    return [
        source.problem(line, "write '# pragma: no cover (platform: <which>)', or cover the line")
        for source, line, text in _pragmas(root)
        if not ALLOWED_PRAGMA.search(text)
    ]


def platform_pragmas(root: Path) -> list[str]:
    """Return where lines are kept out of the coverage figures, and why."""
    return [
        f"{source.where}:{line}: {text}"
        for source, line, text in _pragmas(root)
        if ALLOWED_PRAGMA.search(text)
    ]
