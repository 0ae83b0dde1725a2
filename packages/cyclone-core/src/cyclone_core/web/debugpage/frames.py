"""What is shown of a traceback: exceptions with their causes, frames with their source."""

import linecache
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

from cyclone_template import ParseError

__all__ = ["Block", "Frame", "Section", "SourceLine", "sections", "shorten"]

Kind = Literal["application", "template", "library"]

_CONTEXT: Final = 5
"""Lines of source in front of the one that failed, and as many behind it."""

_MAX_SECTIONS: Final = 12
_MAX_FRAMES: Final = 40
"""Frames of one exception; of more, the first and the last are shown."""

_FIRST: Final = 10
_MAX_NOTES: Final = 10

_FRAMEWORK: Final = frozenset({"cyclone", "twisted", "zope"})


@dataclass(frozen=True)
class SourceLine:
    """One line of source.

    Attributes:
        number: Its number, from 1.
        before: Its text up to what failed; all of it in other lines.
        failed: What failed.
        behind: The rest.
        current: Whether it is the line that failed.
    """

    number: int
    before: str
    failed: str = ""
    behind: str = ""
    current: bool = False


@dataclass(frozen=True)
class Frame:
    """A place that an exception has come through.

    Attributes:
        kind: Whose code it is.
        module: The name of the module, as far as it is known.
        file: The path of the file, below the working directory if it is there.
        line: The number of the line, 0 if it is not known.
        function: The name of the function, with its class; empty outside of functions.
        lines: The source around it; empty if there is none.
        repeats: How often it was there in a row.
    """

    kind: Kind
    module: str
    file: str
    line: int
    function: str
    lines: tuple[SourceLine, ...]
    repeats: int = 1

    @property
    def text(self) -> str:
        """The line that failed, without its indentation."""
        for each in self.lines:
            if each.current:
                return (each.before + each.failed + each.behind).strip()
        return ""


@dataclass(frozen=True)
class Block:
    """Frames that are shown together: one of the application's own, or some of libraries in a row.

    Attributes:
        own: Whether it is one of the application's own.
        frames: The frames.
        left_out: The number of frames that are not shown, if these are what stands for them.
    """

    own: bool
    frames: tuple[Frame, ...]
    left_out: int = 0

    @property
    def packages(self) -> str:
        """Whose frames these are."""
        names = dict.fromkeys(each.module.partition(".")[0] for each in self.frames)
        return ", ".join(names)


@dataclass(frozen=True)
class Section:
    """One exception.

    Attributes:
        relation: What it has to do with another one; empty for the exception itself.
        name: The name of its class, with its module unless that is `builtins`.
        message: Its text.
        notes: What was added to it (PEP 678).
        blocks: Where it has come through, the oldest first.
    """

    relation: str
    name: str
    message: str
    notes: tuple[str, ...]
    blocks: tuple[Block, ...] = field(repr=False)


def sections(value: BaseException, trace: TracebackType | None) -> list[Section]:
    """Take an exception apart, and those that it belongs to.

    Args:
        value: The exception.
        trace: Its traceback.

    Returns:
        The exception, then the members of groups, and what has caused each; at most 12.
    """
    found: list[Section] = []
    seen: set[int] = set()
    waiting: list[tuple[str, BaseException, TracebackType | None]] = [("", value, trace)]
    while waiting and len(found) < _MAX_SECTIONS:
        relation, each, its_trace = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        found.append(_section(relation, each, its_trace))
        waiting += reversed(list(_related(each)))
    return found


def _related(
    error: BaseException,
) -> Iterator[tuple[str, BaseException, TracebackType | None]]:
    name = type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        for number, each in enumerate(error.exceptions, start=1):
            where = f"Exception {number} of {len(error.exceptions)} in {name}"
            yield where, each, each.__traceback__
    cause, context = error.__cause__, error.__context__
    if cause is not None:
        yield f"The cause of {name}", cause, cause.__traceback__
    elif context is not None and not error.__suppress_context__:
        yield f"Was being handled when {name} was raised", context, context.__traceback__


def _section(relation: str, error: BaseException, trace: TracebackType | None) -> Section:
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        name = f"{kind.__module__}.{name}"
    notes = getattr(error, "__notes__", None) or ()
    if not isinstance(notes, list | tuple):  # anybody may set anything
        notes = (notes,)
    frames = [*_frames(trace), *_place_of_text(error)]
    shown = tuple([_text(note) for note in notes[:_MAX_NOTES]])
    return Section(relation, name, _text(error), shown, tuple(_blocks(frames)))


def _text(thing: object) -> str:
    try:
        return str(thing)
    except Exception:  # noqa: BLE001 -- the application's
        return f"<this {type(thing).__name__} cannot be written as text>"


def _blocks(frames: list[Frame]) -> Iterator[Block]:
    left_out = len(frames) - _MAX_FRAMES
    if left_out > 0:
        yield from _group(frames[:_FIRST])
        yield Block(own=False, frames=(), left_out=left_out)
        frames = frames[_FIRST + left_out :]
    yield from _group(frames)


def _group(frames: list[Frame]) -> Iterator[Block]:
    for is_library, group in groupby(frames, lambda frame: frame.kind == "library"):
        if is_library:
            yield Block(own=False, frames=tuple(group))
        else:
            yield from (Block(own=True, frames=(frame,)) for frame in group)


def _frames(trace: Any) -> Iterator[Frame]:  # noqa: ANN401 -- Twisted has tracebacks of its own
    for _, same in groupby(_entries(trace), lambda entry: (entry.tb_frame.f_code, entry.tb_lineno)):
        first, *others = same
        yield _frame(first, 1 + len(others))


def _entries(trace: Any) -> Iterator[Any]:  # noqa: ANN401 -- as above
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _frame(entry: Any, repeats: int) -> Frame:  # noqa: ANN401 -- as above
    code, names, line = entry.tb_frame.f_code, entry.tb_frame.f_globals, entry.tb_lineno or 0
    file = code.co_filename
    module = str(names.get("__name__") or "")
    linecache.checkcache(file)
    span = _span(code, entry.tb_lasti, line)
    function = getattr(code, "co_qualname", code.co_name)
    return Frame(
        _kind(code, module),
        module or Path(file).name,
        shorten(file),
        line,
        "" if function in {"<module>", "template"} else function,
        tuple(_source(file, line, names, span)),
        repeats,
    )


def _place_of_text(error: BaseException) -> Iterator[Frame]:
    """Yield the place that an error is about, if that is text: a file that cannot be read as code."""
    if not isinstance(error, SyntaxError | ParseError):
        return
    file, line = error.filename, error.lineno
    if file is not None and line:
        linecache.checkcache(file)
        lines = tuple(_source(file, line, {}, None))
        kind: Kind = "application" if file.endswith(".py") else "template"
        yield Frame(kind, Path(file).name, shorten(file), line, "", lines)


def _kind(code: Any, module: str) -> Kind:  # noqa: ANN401 -- as above
    file = code.co_filename
    top = module.partition(".")[0]
    if top in _FRAMEWORK or top.startswith("cyclone_"):
        return "library"
    # See `cyclone_template.tracebacks`: what takes the place of the code of a template.
    if code.co_name == "template" and not file.endswith(".py"):
        return "template"
    if file.startswith("<frozen ") or any(file.startswith(path) for path in _libraries()):
        return "library"
    return (
        "library" if {"site-packages", "dist-packages"} & set(Path(file).parts) else "application"
    )


@cache
def _libraries() -> tuple[str, ...]:
    """Return the directories of Python's own modules."""
    return tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})


def shorten(file: str) -> str:
    """Shorten the path of a file that lies below the working directory, or is installed.

    Args:
        file: The path.
    """
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        pass
    # The directory of an installed package says more of the machine than of the error.
    for path in sorted(filter(None, sys.path), key=len, reverse=True):
        if file.startswith(path + "/") and "-packages" in path:
            return file[len(path) + 1 :]
    return file


def _source(
    file: str, line: int, names: dict[str, Any], span: tuple[int, int] | None
) -> list[SourceLine]:
    every = linecache.getlines(file, names)
    first, last = max(1, line - _CONTEXT), min(len(every), line + _CONTEXT)
    while first < min(line, last) and not every[first - 1].strip():
        first += 1
    while last > line and not every[last - 1].strip():
        last -= 1
    return [
        _line(number, every[number - 1].rstrip("\r\n"), current=number == line, span=span)
        for number in range(first, last + 1)
    ]


def _line(number: int, text: str, *, current: bool, span: tuple[int, int] | None) -> SourceLine:
    if not current or span is None:
        return SourceLine(number, text, current=current)
    start, end = span
    return SourceLine(number, text[:start], text[start:end], text[end:], current=True)


def _span(code: Any, instruction: int, line: int) -> tuple[int, int] | None:  # noqa: ANN401 -- as above
    """Find the part of a line that failed, in characters; None if it is all of it or not known."""
    positions = getattr(code, "co_positions", None)
    if positions is None or instruction < 0:
        return None
    first, last, start, end = next(islice(positions(), instruction // 2, None), (None,) * 4)
    if first != line or start is None or end is None:
        return None
    text = linecache.getline(code.co_filename, line).rstrip("\r\n")
    data = text.encode()
    begin = len(data[:start].decode("utf-8", "replace"))
    stop = len(data[:end].decode("utf-8", "replace")) if last == line else len(text)
    return None if text[begin:stop].strip() == text.strip() else (begin, stop)
