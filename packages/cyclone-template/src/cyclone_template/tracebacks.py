"""Tracebacks: the template's file and line in the place of the compiled code's.

The frames of compiled code are replaced when an error leaves the page, and only then: pages without
errors pay nothing. A frame can only be had by running something, so what takes a frame's place is a
line of code that raises the same error, compiled with the right file name, line and columns.
"""

from __future__ import annotations

import ast
import linecache
import re
from types import TracebackType
from typing import TYPE_CHECKING, cast

from cyclone_template.lines import LineMap

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from cyclone_template.lines import Source

__all__ = ["LINES", "place_of", "rewrite"]

LINES = "_tt_lines"
"""The global name under which the code of a page has its ``LineMap``."""

_UNBOUND = re.compile(
    r"(?:cannot access (?:local|free) variable|local variable|free variable) '(\w+)'"
)


def place_of(frame: FrameType) -> str:
    """Say where in a template a frame stands.

    Args:
        frame: A frame of a page's code, or of code that it called.

    Returns:
        Name and line, or the words for a place that is not known.
    """
    lines = frame.f_globals.get(LINES)
    if not isinstance(lines, LineMap):
        return "a place inside of another Deferred's value"
    source, line = lines.locate(frame.f_lineno)
    return f"{source.name}:{line}"


def rewrite(error: Exception) -> None:
    """Let the traceback of an error name templates, and those of the errors behind it.

    Args:
        error: The error. Its traceback is replaced; of a name that is not defined, its text too.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            _rewrite_one(each)
            waiting += [each.__cause__, each.__context__]


def _rewrite_one(error: BaseException) -> None:
    """Replace one traceback, if there is a template in it."""
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    if all(LINES not in entry.tb_frame.f_globals for entry in frames):
        return
    _name_the_unbound(error, frames[-1])
    following: TracebackType | None = None
    for frame in reversed(frames):
        following = _replace(frame, following)
    error.__traceback__ = following


def _replace(old: TracebackType, following: TracebackType | None) -> TracebackType:
    """Return a traceback entry for a template, or the old one if it is none of a template."""
    frame = old.tb_frame
    lines = frame.f_globals.get(LINES)
    if not isinstance(lines, LineMap):
        return TracebackType(following, frame, old.tb_lasti, old.tb_lineno)
    source, line = lines.locate(old.tb_lineno)
    place = _columns(frame.f_code, old.tb_lasti)
    locals_ = {name: value for name, value in frame.f_locals.items() if name[:4] != "_tt_"}
    new = _frame_at(source, line, place, locals_)
    return TracebackType(following, new.tb_frame, new.tb_lasti, line)


def _columns(code: CodeType, instruction: int) -> tuple[int, int, int]:
    """Return how many lines an instruction spans, and its first and last column."""
    # Two bytes an instruction; the table has an entry for each.
    positions = list(code.co_positions())[instruction // 2]
    first, last, start, end = (0 if part is None else part for part in positions)
    return max(last - first, 0), start, end


def _frame_at(
    source: Source, line: int, place: tuple[int, int, int], variables: dict[str, object]
) -> TracebackType:
    """Return the traceback entry of an error raised at this place of a template."""
    height, start, end = place
    name = source.path or source.name
    _remember(source, name)
    module = ast.parse("raise _tt_error")
    for node in ast.walk(module):
        if hasattr(node, "lineno"):
            vars(node).update(
                lineno=line, end_lineno=line + height, col_offset=start, end_col_offset=end
            )
    code = compile(module, name, "exec").replace(co_name="template")
    scope = {"__name__": source.name, "__file__": name, **variables, "_tt_error": _FrameError}
    try:
        exec(code, scope)  # noqa: S102  nothing but the line above
    except _FrameError as error:
        # The first entry is this function's own.
        entries = error.__traceback__
    del scope["_tt_error"]
    return cast("TracebackType", cast("TracebackType", entries).tb_next)


class _FrameError(Exception):
    """Brings a frame with it."""


def _remember(source: Source, name: str) -> None:
    """Let the standard library find the source lines of a template that is no file."""
    if source.path is None:
        # Not splitlines(): it knows ten more ways to end a line.
        lines = [f"{line}\n" for line in source.text.split("\n")]
        linecache.cache[name] = (len(source.text), None, lines, name)


def _name_the_unbound(error: BaseException, last: TracebackType) -> None:
    """Say of a variable that nobody passed what Python says of a global one."""
    if not isinstance(error, NameError) or LINES not in last.tb_frame.f_globals:
        return
    match = _UNBOUND.match(str(error))
    if match is None:
        return
    name = match[1]
    error.name = name
    said = f"name {name!r} is not defined: pass it to generate(), or set it before"
    if name == "_tt_modules":
        said = "name 'modules' is not defined: {% module %} is for pages of a request handler"
    elif name in last.tb_frame.f_locals.get("_tt_names", ()):
        said = f"name {name!r} is not defined here: the template sets it, but has not come by there"
    error.args = (said,)
