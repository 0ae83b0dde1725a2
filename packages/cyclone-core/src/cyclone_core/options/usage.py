"""The text of `--help`."""

import os
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from cyclone_core.options.option import Option

__all__ = ["usage"]

_COLUMN: Final = 34
_WIDTH: Final = 79


def usage(program: str, options: Iterable[Option]) -> str:
    """Describe options, group by group.

    Args:
        program: What is typed to start the program.
        options: Its options.

    Returns:
        Lines of at most 79 characters, if names allow.
    """
    groups: dict[str, list[Option]] = {}
    for option in options:
        groups.setdefault(option.group, []).append(option)
    lines = [f"Usage: {program} [OPTIONS]", "", "Options:", ""]
    for group, members in sorted(groups.items()):
        if group:
            lines += ["", f"{os.path.normpath(group)} options:", ""]
        for option in sorted(members, key=lambda each: each.name):
            lines += _describe(option)
    return "\n".join([*lines, "", ""])


def _describe(option: Option) -> Iterator[str]:
    head = "  --" + option.name.replace("_", "-")
    if option.metavar:
        head += f"={option.metavar}"
    text = [option.help or ""]
    if option.default is not None and option.default not in ("", []):
        text.append(f"(default {option.default})")
    if option.env is not None:
        text.append(f"(environment {option.env})")
    wrapped = textwrap.wrap(" ".join(text).strip(), _WIDTH - _COLUMN)
    if wrapped and len(head) < _COLUMN:
        head = head.ljust(_COLUMN) + wrapped.pop(0)
    yield head
    for line in wrapped:
        yield " " * _COLUMN + line
