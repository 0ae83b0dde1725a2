"""The files that a program consists of, and which of them have changed."""

import os
import stat
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Final

__all__ = ["WatchedFiles", "problem_in"]

_COMPILED: Final = (".pyc", ".pyo")

# What makes a file another one: nanoseconds of its last change, and its size in bytes.
_State = tuple[int, int]


class WatchedFiles:
    """The source files of all imported modules, and what else is watched.

    A look costs one `stat` for each, some 5 microseconds.

    Args:
        since: When the program began to read its files, in seconds since 1970; what was changed
            between that and the first look counts as changed. None if nothing does.
    """

    def __init__(self, since: float | None = None) -> None:
        self._since = since
        self._states: dict[str, _State] = {}
        self._added: dict[str, None] = {}

    def add(self, path: str) -> None:
        """Watch a file, or all files in and below a directory.

        Args:
            path: Its path; it need not exist yet.
        """
        self._added[os.path.abspath(path)] = None  # noqa: PTH100 -- symbolic links are kept

    def add_error(self, error: BaseException) -> None:
        """Watch the files that an error has come through, and those of the errors behind it.

        A module that failed to be imported is none, so nothing else would tell of it.

        Args:
            error: The error.
        """
        following: BaseException | None = error
        seen: set[int] = set()
        while following is not None and id(following) not in seen:
            seen.add(id(following))
            for frame, _ in walk_tb(following.__traceback__):
                self.add(frame.f_code.co_filename)
            if isinstance(following, SyntaxError) and following.filename is not None:
                self.add(following.filename)
            following = following.__cause__ or following.__context__

    def changed(self) -> set[str]:
        """Look at all files.

        Returns:
            The paths of those that have changed since the last look. One that is new here, because it
            was imported or made since, is not among them; one that is missing is not, either: some
            editors remove a file before they write it again.
        """
        states = self._states
        first, found = not states, set()
        for path in self._paths():
            state = _state(path)
            if state is None:
                continue
            known = states.get(path)
            if known is None:
                states[path] = state
                if first and self._since is not None and self._is_recent(state[0] / 1e9):
                    found.add(path)
            elif known != state:
                states[path] = state
                found.add(path)
        return found

    def directories(self) -> set[str]:
        """Return the directories of the files that the last look has found."""
        return {os.path.dirname(path) for path in self._states}  # noqa: PTH120 -- many, often

    def _is_recent(self, modified: float) -> bool:
        # A time to come is that of another clock. It says nothing, and would say so for ever.
        return self._since is not None and self._since < modified <= time.time()

    def _paths(self) -> Iterator[str]:
        for module in list(sys.modules.values()):
            # Some programs put other things there, of which an attribute may do anything.
            if isinstance(module, ModuleType):
                path = module.__dict__.get("__file__")
                if isinstance(path, str) and path:
                    yield path[:-1] if path.endswith(_COMPILED) else path
        for path in self._added:
            yield path
            if os.path.isdir(path):  # noqa: PTH112 -- as above
                yield from _below(path)


def _state(path: str) -> _State | None:
    try:
        found = os.stat(path)  # noqa: PTH116 -- a Path for each would double the costs
    except (OSError, ValueError):
        return None
    # A directory is another one with every file in it; those are looked at by themselves.
    return (found.st_mtime_ns, found.st_size) if stat.S_ISREG(found.st_mode) else None


def _below(directory: str) -> Iterator[str]:
    for folder, _, names in os.walk(directory):
        for name in names:
            yield os.path.join(folder, name)  # noqa: PTH118 -- as above


def problem_in(path: str) -> str | None:
    """Say why Python could not read a source file.

    Args:
        path: Its path; other files than those of Python have no problem.

    Returns:
        File, line, what is wrong and the text of the line; or None if nothing is.
    """
    if not path.endswith((".py", ".pyw")):
        return None
    try:
        source = Path(path).read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the program's own start shows them
            compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        shown = "" if error.text is None else f"\n    {error.text.strip()}"
        return f"{path}, line {error.lineno}: {type(error).__name__}: {error.msg}{shown}"
    except (OSError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        return f"{path}: {type(error).__name__}: {error}"
    return None
