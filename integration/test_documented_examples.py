"""No documented example is forgotten: the blocks, their tests and the page that lists them agree."""

import ast
import re
from pathlib import Path

import pytest
from documented_blocks import blocks

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "explanation" / "examples.md"
LATER = re.compile(r"needs `cyclone[\w.]+`, which is still to come")


def rows() -> dict[str, tuple[str, str]]:
    """Return the rows of the page: place of a block to its test and to what was changed."""
    found: dict[str, tuple[str, str]] = {}
    document = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        document = line.removeprefix("## ") if line.startswith("## ") else document
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells[0] in {"block", "---"}:
            continue
        assert len(cells) == 3, line
        place = f"{document}: {cells[0]}"
        assert place not in found, place
        found[place] = (cells[1].strip("`"), cells[2])
    return found


def functions_of(path: Path) -> dict[str, list[str]]:
    """Return the test functions of a file, each with the places that its decorator `printed` names."""
    return {
        node.name: [
            ast.literal_eval(argument)
            for call in node.decorator_list
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "printed"
            for argument in call.args
        ]
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def printed_tests() -> list[tuple[str, str]]:
    """Return each place with where its test is."""
    return [
        (place, f"{path.name}: {name}")
        for path in sorted(HERE.glob("test_documented_*.py"))
        for name, places in functions_of(path).items()
        for place in places
    ]


def test_each_block_has_one_test() -> None:
    """Each block that is kept has one test, and each test a block."""
    assert sorted(place for place, _ in printed_tests()) == sorted(blocks())


def test_the_page_names_the_test_of_each_block() -> None:
    """The page's row of a block names its test."""
    listed = {place: test for place, (test, _) in rows().items()}
    for place, test in printed_tests():
        assert listed[place] == test, place


@pytest.mark.parametrize("place", sorted(rows()))
def test_what_the_page_says_of_a_block(place: str) -> None:
    """The test of a row exists; a row without a test says which module it waits for."""
    test, remark = rows()[place]
    if test == "—":
        assert LATER.fullmatch(remark)
        assert place not in blocks()
    elif not test.startswith("nox -s "):
        file, name = test.split(": ")
        assert name in functions_of(HERE / file)
