"""Inheritance: which files one page is made of, and which definition of each block counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cyclone_template.errors import ParseError
from cyclone_template.nodes import Block, Extends, File, Include

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Definition", "Finder", "Page", "assemble"]


class Finder(Protocol):
    """Finds the file that another one extends or includes."""

    def __call__(self, reference: Extends | Include, parent: File) -> File:
        """Return the file.

        Args:
            reference: What the other file says.
            parent: The other file.
        """


class Definition(NamedTuple):
    """A block and the file that it stands in."""

    block: Block
    file: File


@dataclass(slots=True, eq=False)
class Page:
    """A template with everything that it extends and includes."""

    root: File
    """The file that extends no other one: the page begins with it."""
    blocks: dict[str, list[Definition]] = field(default_factory=dict)
    """The definitions of each block, from the root to the template itself. The last one counts."""
    included: dict[tuple[File, Include], Page | File] = field(default_factory=dict)
    """What stands for an include: a file, or the page of a file that extends another one."""
    files: dict[File, None] = field(default_factory=dict)
    """All files that the page is made of."""


def assemble(file: File, find: Finder) -> Page:
    """Put a page together.

    Args:
        file: The template.
        find: Finds the others.

    Returns:
        The page. An included file shares the blocks of the page; one that extends another file is
        a page of its own.

    Raises:
        ParseError: A template extends itself.
    """
    chain = list(_ancestors(file, find))
    page = Page(chain[-1])
    for ancestor in reversed(chain):
        own: dict[str, Definition] = {}
        _collect(ancestor, page, own, find)
        for name, definition in own.items():
            page.blocks.setdefault(name, []).append(definition)
    return page


def _ancestors(file: File, find: Finder) -> Iterator[File]:
    """Yield the file and those that it extends, the nearest one first."""
    seen = []
    while True:
        yield file
        seen.append(file)
        if file.extends is None:
            return
        parent = find(file.extends, file)
        if parent in seen:
            names = " → ".join(each.source.name for each in [*seen, parent])
            raise ParseError(
                f"A template may not extend itself: {names}", file.source.name, file.extends.line
            )
        file = parent


def _collect(file: File, page: Page, own: dict[str, Definition], find: Finder) -> None:
    """Collect the blocks of a file and of what it includes; of two with one name the last."""
    page.files[file] = None
    for definition in file.definitions:
        if isinstance(definition, Block):
            own[definition.name] = Definition(definition, file)
            continue
        included = find(definition, file)
        if included.extends is None:
            page.included[file, definition] = included
            _collect(included, page, own, find)
        else:
            inner = page.included[file, definition] = assemble(included, find)
            page.files.update(inner.files)
