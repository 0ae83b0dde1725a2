"""The console script `cyclone`: finds the command and hands over. It imports no Twisted."""

import sys
from collections.abc import Sequence
from importlib import import_module

from cyclone_core.cli.options import versions
from cyclone_core.cli.problems import Problem, UsageProblem, complain

__all__ = ["COMMANDS", "main"]

# Name of a command to its module and one sentence; the module has `main(arguments) -> status`.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("cyclone_core.cli.run", "serve an application in the foreground"),
}

# 128 + SIGINT: what a shell reports for a program that Ctrl-C ended.
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The words after `cyclone`; those of the process if None.

    Returns:
        The exit status: 0 fine, 1 application, 2 usage, 3 port in use, 130 interrupted.

    Raises:
        SystemExit: After --help and --version of a command.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except Problem as problem:
        complain(problem)
        return problem.status
    except KeyboardInterrupt:
        return _INTERRUPTED


def _dispatch(words: list[str]) -> int:
    if not words:
        raise UsageProblem(f"No command is given. Commands: {', '.join(COMMANDS)}; or --help.")
    command, *rest = words
    if command in {"-h", "--help", "help"}:
        print(_help())  # noqa: T201 -- a command line
        return 0
    if command in {"-V", "--version"}:
        print(versions())  # noqa: T201 -- a command line
        return 0
    if command not in COMMANDS:
        raise UsageProblem(
            f"There is no command {command!r}. Commands: {', '.join(COMMANDS)}; or --help."
        )
    status: int = import_module(COMMANDS[command][0]).main(rest)
    return status


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: cyclone COMMAND [options]",
            "",
            "commands:",
            *lines,
            "",
            "options:",
            "  --help     show this text; `cyclone COMMAND --help` shows a command's options",
            "  --version  show the versions of cyclone and Twisted",
        ]
    )
