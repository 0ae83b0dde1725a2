"""What the code may not do: need POSIX to be imported, take the reactor early, assert, print."""

import ast
from pathlib import Path

from .source import Import, Problem, Source, When, packages, statements

__all__ = ["check_asserts_and_prints", "check_posix_only", "check_reactor"]

POSIX_ONLY = frozenset(
    {
        "_posixshmem",
        "_posixsubprocess",
        "crypt",
        "fcntl",
        "grp",
        "nis",
        "ossaudiodev",
        "posix",
        "pty",
        "pwd",
        "readline",
        "resource",
        "spwd",
        "syslog",
        "termios",
        "tty",
        "twisted.internet.epollreactor",
        "twisted.internet.inotify",
        "twisted.internet.kqreactor",
        "twisted.internet.pollreactor",
        "twisted.internet.process",
        "twisted.internet.unix",
        "twisted.python.sendmsg",
        "twisted.python.syslog",
    }
)
COMMAND_LINE = "cyclone_core.cli"
COMMAND_LINE_TESTS = "packages/cyclone-core/tests/cli/"


def check_posix_only(root: Path) -> list[Problem]:
    """List imports, run at import, of modules that Windows does not have."""
    return [
        source.problem(item.line, f"{name} exists on POSIX only: import it inside a function")
        for package in packages(root)
        for source in package.sources()
        for item in source.imports()
        if item.when is When.IMPORT
        for name in item.candidates
        if name in POSIX_ONLY
    ]


def check_reactor(root: Path) -> list[Problem]:
    """List the modules and tests that install a reactor just by being imported."""
    return [
        source.problem(item.line, "importing this installs a reactor: import it inside a function")
        for package in packages(root)
        for source in [*package.sources(), *package.tests()]
        if not _is_command_line(source) and not source.module.startswith("twisted.plugins")
        for item in source.imports()
        if item.when is When.IMPORT and _is_reactor(item)
    ]


def _is_reactor(item: Import) -> bool:
    return "twisted.internet.reactor" in item.candidates


def _is_command_line(source: Source) -> bool:
    in_package = f"{source.module}.".startswith(f"{COMMAND_LINE}.")
    return in_package or source.where.startswith(COMMAND_LINE_TESTS)


def check_asserts_and_prints(root: Path) -> list[Problem]:
    """List `assert` in src, which `python -O` drops, and `print` outside of the command line."""
    problems: list[Problem] = []
    for package in packages(root):
        for source in package.sources():
            for node, _ in statements(source.tree):
                if isinstance(node, ast.Assert):
                    said = "assert does nothing under python -O: raise an error"
                    problems.append(source.problem(node.lineno, said))
                elif _is_print(node) and not _is_command_line(source):
                    said = "print is for the command line only: use a logger"
                    problems.append(source.problem(getattr(node, "lineno", 0), said))
    return problems


def _is_print(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"print", "pprint"}
    )
