"""Configuration files: Python that is executed, and the lines where its names are."""

import ast
from pathlib import Path
from typing import Any

from cyclone_core.options.errors import Error

__all__ = ["Configuration"]


class Configuration:
    """What the execution of a configuration file has left.

    Attributes:
        path: The absolute path of the file.
        names: The names that it has assigned, and their values.
    """

    def __init__(self, path: str) -> None:
        """Execute a file.

        Args:
            path: Its path. It is UTF-8, and its name `__file__` is this path, made absolute.

        Raises:
            Error: It is no Python, no UTF-8, or its code raises; the message has file and line.
            OSError: It cannot be read.
        """
        # Not `resolve()`: Tornado gives `__file__` with symbolic links as they are.
        self.path = str(Path(path).absolute())
        data = Path(path).read_bytes()
        try:
            tree = ast.parse(data.decode("utf-8-sig"), self.path)
            code = compile(tree, self.path, "exec", dont_inherit=True)
        except UnicodeDecodeError as error:
            place = self.where(data.count(b"\n", 0, error.start) + 1)
            raise Error("it is not UTF-8", source=place) from error
        except SyntaxError as error:
            raise Error(error.msg, source=self.where(error.lineno)) from error
        except (ValueError, RecursionError, MemoryError) as error:
            # NUL bytes in Python 3.11, and what is nested too deeply.
            raise Error(f"it is no Python: {error}", source=self.where(None)) from error
        self._lines = _assigned_lines(tree)
        self.names: dict[str, Any] = {"__file__": self.path}
        try:
            exec(code, self.names)  # noqa: S102 -- what such a file is, here as in Tornado
        except Exception as error:
            said = f"its code raises {type(error).__name__}: {error}"
            place = self.where(_line_in(self.path, error))
            raise Error(said, source=place) from error

    def line_of(self, name: str) -> int | None:
        """Find where a name got its value.

        Args:
            name: One of `names`.

        Returns:
            The line of the last statement that assigns it, or None if no single one does: it may be
            imported with a star.
        """
        return self._lines.get(name)

    def where(self, line: int | None) -> str:
        """Say where something stands, for a message.

        Args:
            line: The line, or None if it is not known.

        Returns:
            The path, and the line.
        """
        return self.path if line is None else f"{self.path}, line {line}"


def _assigned_lines(tree: ast.Module) -> dict[str, int]:
    """Find the last line on which each name is assigned, imported or defined, in the order of the file."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names = [node.id]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [(each.asname or each.name).partition(".")[0] for each in node.names]
        else:
            continue
        for name in names:
            found[name] = max(found.get(name, 0), node.lineno)
    return found


def _line_in(path: str, error: Exception) -> int | None:
    line = None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == path:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
