"""The program that runs: how Python was told to run it, and how it is run once more."""

import os
import re
import runpy
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Final, Literal, Self
from zipfile import is_zipfile

__all__ = ["Command", "Program", "twistd_pid_file"]

WRAPPER: Final = "cyclone_core.autoreload"
"""The module that runs a program again, `python -m cyclone_core.autoreload PROGRAM`."""

# The options of `python` that take a value, the one that is in one word or in two included.
_TAKE_VALUE: Final = "WX"
_LONG_TAKES_VALUE: Final = "--check-hash-based-pycs"

_KINDS: Final[dict[str, Literal["code", "module"]]] = {"c": "code", "m": "module"}

_OPTIONS: Final[dict[str, list[str]]] = {"file": [], "module": ["-m"], "code": ["-c"]}

_PID_FILE: Final = re.compile(r"--pid[a-z]*(?:=(.*))?")


@dataclass(frozen=True)
class Program:
    """What Python is to run.

    Attributes:
        kind: A file (or a directory or archive with a `__main__.py`), a module, or a line of code.
        target: Its path, dotted name or text.
        arguments: The words behind it.
    """

    kind: Literal["file", "module", "code"]
    target: str
    arguments: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        """The words of a command line that name it."""
        option = _OPTIONS[self.kind]
        if self.kind == "file" and self.target.startswith("-"):
            option = ["--"]
        return [*option, self.target, *self.arguments]

    def run(self) -> None:
        """Run it as Python would, as `__main__` and with its own `sys.argv` and `sys.path`.

        Whatever it raises is not caught.
        """
        sys.argv = [self.target, *self.arguments]
        path = Path(self.target).absolute()
        if self.kind == "module":
            # What Python puts first for `-m`, the working directory, stands there already.
            runpy.run_module(self.target, run_name="__main__", alter_sys=True)
        elif self.kind == "code":
            sys.argv[0] = "-c"
            self._put_first("")
            self._run_code(self.target, "<string>", {})
        elif path.is_file() and not is_zipfile(path):
            # `runpy` makes another `__main__` of it: one that goes with the program's last line, and
            # before its threads.
            self._put_first(os.path.dirname(os.path.realpath(path)))  # noqa: PTH120
            loader = SourceFileLoader("__main__", str(path))
            names = {"__file__": str(path), "__cached__": None, "__loader__": loader}
            self._run_code(path.read_bytes(), str(path), names)
        else:
            self._put_first()
            runpy.run_path(str(path), run_name="__main__")

    @staticmethod
    def _put_first(*directory: str) -> None:
        """Replace the first place where modules are searched, which Python chose for the wrapper."""
        if not sys.flags.safe_path:
            sys.path[:1] = directory

    @staticmethod
    def _run_code(source: str | bytes, name: str, names: Mapping[str, object]) -> None:
        main = ModuleType("__main__")
        vars(main).update(names)
        sys.modules["__main__"] = main
        exec(compile(source, name, "exec", dont_inherit=True), vars(main))  # noqa: S102


@dataclass(frozen=True)
class Command:
    """A whole command line of Python.

    Attributes:
        options: Python's own options.
        program: What it runs, or None for a program that comes from a terminal or a pipe.
    """

    options: tuple[str, ...]
    program: Program | None

    @classmethod
    def read(cls, words: Sequence[str]) -> Self:
        """Take a command line apart.

        Args:
            words: What stands behind `python`, for instance `sys.orig_argv[1:]`.

        Returns:
            The options and the program.

        Source: the manual of Python, "Command line and environment".
        """
        at = end = 0
        while at < len(words):
            word = words[at]
            if word == "-" or not word.startswith("-"):
                break
            at += 1
            if word == "--":
                break
            end = at
            if word == _LONG_TAKES_VALUE:
                at = end = at + 1
            if word.startswith("--"):
                continue
            for place, letter in enumerate(word[1:], start=1):
                value = word[place + 1 :]
                if letter in _KINDS:
                    # Letters may stand in front of it in the same word: `-um package`.
                    options = [*words[: at - 1], word[:place]] if place > 1 else words[: at - 1]
                    rest = [value, *words[at:]] if value else words[at:]
                    program = Program(_KINDS[letter], rest[0], tuple(rest[1:])) if rest else None
                    return cls(tuple(options), program)
                if letter in _TAKE_VALUE:
                    at = end = at + (not value)
                    break
        options = tuple(words[:end])
        if at >= len(words) or words[at] == "-":
            return cls(options, None)
        return cls(options, Program("file", words[at], tuple(words[at + 1 :])))

    def again(self) -> list[str]:
        """Return the words behind `python` that run the program again, through the wrapper.

        Raises:
            ValueError: There is no program that could be.
        """
        program = self.program
        if program is None:
            raise ValueError(
                "this program came from a terminal or a pipe and cannot be started again:"
                " put it into a file"
            )
        if program.kind == "module" and program.target == WRAPPER:
            return [*self.options, *program.words]
        return [*self.options, "-m", WRAPPER, *program.words]


def twistd_pid_file(words: Sequence[str]) -> Path | None:
    """Find the file in which `twistd` has noted the number of this process.

    With it `twistd` would take the program that runs again for a second one.

    Args:
        words: The command line, `sys.argv`.

    Returns:
        Its path, or None if this is no `twistd` or there is no such file.
    """
    if not words or Path(words[0]).stem not in {"twistd", "twistd-script"}:
        return None
    name = "twistd.pid"
    for at, word in enumerate(words):
        found = _PID_FILE.fullmatch(word)
        if found is not None:
            name = found[1] if found[1] is not None else "".join(words[at + 1 : at + 2])
    path = Path(name)
    try:
        noted = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return path if noted == str(os.getpid()) else None
