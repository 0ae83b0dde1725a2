"""The blocks of code that cyclone's documents print: how tests get them, and what a test looks at.

The documents are the files of `documented/`. Each heading there names one block, and each block has one
test, which `printed` gives it to. `test_documented_examples.py` checks that none is forgotten.
"""

import re
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import pytest
from startup_processes import Process, until

import cyclone

__all__ = ["DOCUMENTED", "Block", "block", "blocks", "listens", "printed", "variables_of"]

DOCUMENTED = Path(__file__).parent / "documented"

_BLOCK = re.compile(r"^## ([^\n]+)\n\n```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block.

    Attributes:
        place: The document and the heading, as in `README: crawler.py`.
        text: The code.
    """

    place: str
    text: str

    @property
    def command(self) -> list[str]:
        """The words of the command that it begins with, or that its first comment tells to run."""
        words = self.text.partition("\n")[0].removeprefix("# run: ").removeprefix("$ ")
        return words.split()

    def run(self, **names: object) -> dict[str, Any]:
        """Run it as a part of a program.

        Args:
            names: What the program has beside `cyclone`. `__file__` is where it seems to stand.

        Returns:
            The names of the program afterwards.
        """
        namespace = {"cyclone": cyclone, "__name__": "documented", **names}
        code = compile(self.text, str(names.get("__file__", f"<{self.place}>")), "exec")
        exec(code, namespace)  # noqa: S102 -- the documents are our own
        return namespace

    def value(self, **names: object) -> Any:  # noqa: ANN401 -- whatever it is
        """Return its value; it is an expression.

        Args:
            names: As for `run`.
        """
        return eval(self.text, {"cyclone": cyclone, **names})  # noqa: S307 -- as above

    def method(self, name: str = "get", **names: object) -> FunctionType:
        """Make it the body of a method.

        Args:
            name: The method's name.
            names: As for `run`.
        """
        method = f"def {name}(self):\n" + textwrap.indent(self.text, "    ")
        found = Block(self.place, method).run(**names)[name]
        assert isinstance(found, FunctionType)
        return found


def blocks() -> dict[str, Block]:
    """Return all blocks by their place."""
    found: dict[str, Block] = {}
    for path in sorted(DOCUMENTED.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        document = page.partition("\n")[0].removeprefix("# ")
        for heading, text in _BLOCK.findall(page):
            place = f"{document}: {heading}"
            assert place not in found, place
            found[place] = Block(place, text)
    return found


def block(place: str) -> Block:
    """Return one block.

    Args:
        place: Where it stands, as in `README: crawler.py`.
    """
    return blocks()[place]


def printed(*places: str) -> pytest.MarkDecorator:
    """Run a test for blocks: its argument `example` is the block.

    Args:
        places: Where they stand. For one that two documents print there are two tests.
    """
    examples = [block(place) for place in places]
    return pytest.mark.parametrize("example", examples, ids=places)


def listens(process: Process, port: int) -> None:
    """Wait until a server tells that it listens, without asking it for a page.

    Args:
        process: Its process.
        port: Its port.

    Raises:
        AssertionError: It has an error instead.
    """

    def told() -> bool:
        assert "Traceback" not in process.output, process.output
        return f".Application starting on {port}" in process.output

    until("start", told)


@contextmanager
def variables_of(method: FunctionType) -> Iterator[dict[str, Any]]:
    """Look at the local variables of a method as it returns, for examples that only assign some.

    Args:
        method: The method.
    """
    found: dict[str, Any] = {}

    def look(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is method.__code__:
            found.update(frame.f_locals)

    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(None)
