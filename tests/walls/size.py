"""How long modules and functions are."""

import ast
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .source import Problem, Source, packages

__all__ = ["Figures", "check_size", "figures"]

MODULE_LINES = 600
# 95 of 100 functions should fit a screen of 50 lines, which the figures show. None is longer:
FUNCTION_LINES = 80


@dataclass(frozen=True)
class Figures:
    """The figures of a tree, in lines."""

    modules: int
    module_median: float
    module_longest: int
    functions: int
    function_p95: int
    function_longest: int

    def __str__(self) -> str:
        return (
            f"{self.modules} modules, median {self.module_median:.0f} lines, "
            f"longest {self.module_longest}; {self.functions} functions, "
            f"p95 {self.function_p95} lines, longest {self.function_longest}"
        )


def _modules(root: Path) -> list[Source]:
    return [source for package in packages(root) for source in package.sources()]


def _functions(sources: list[Source]) -> list[tuple[int, Source, int]]:
    """Return length, source and line of every function, the longest first."""
    found = [
        ((node.end_lineno or node.lineno) - node.lineno + 1, source, node.lineno)
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return sorted(found, key=lambda item: -item[0])


def figures(root: Path) -> Figures:
    """Measure the modules below src of all packages."""
    sources = _modules(root)
    modules = [len(source.text.splitlines()) for source in sources]
    functions = [length for length, _, _ in _functions(sources)]
    return Figures(
        len(modules),
        median(modules),
        max(modules),
        len(functions),
        functions[len(functions) // 20] if functions else 0,
        max(functions, default=0),
    )


def check_size(root: Path) -> list[Problem]:
    """List the modules and functions that are too long."""
    sources = _modules(root)
    problems = [
        source.problem(lines, f"module of {lines} lines: at most {MODULE_LINES}, split it")
        for source in sources
        if (lines := len(source.text.splitlines())) > MODULE_LINES
    ]
    problems += [
        source.problem(line, f"function of {length} lines: at most {FUNCTION_LINES}, split it")
        for length, source, line in _functions(sources)
        if length > FUNCTION_LINES
    ]
    return problems
