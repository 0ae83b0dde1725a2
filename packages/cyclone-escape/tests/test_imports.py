"""Imports by dotted name."""

import json
import json.decoder
import os.path
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cyclone_escape
from cyclone_escape import import_object

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Give a function that writes a module of the package `zoo`, which is importable."""
    package = tmp_path / "zoo"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write_module(name: str, source: str) -> None:
        (package / name).write_text(source, "utf-8")

    yield write_module
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_module_is_found() -> None:
    """A bare name and a dotted one both give the module itself."""
    assert import_object("json") is json
    assert import_object("json.decoder") is json.decoder


def test_an_attribute_is_found() -> None:
    """The last part may be anything that the module holds."""
    assert import_object("json.decoder.JSONDecoder") is json.JSONDecoder
    assert import_object("os.path.join") is os.path.join
    assert import_object("cyclone_escape.linkify") is cyclone_escape.linkify


def test_a_submodule_is_imported(write: Write) -> None:
    """A submodule that nobody has imported yet is imported."""
    write("lion.py", "NAME = 'Leo'\n")
    assert import_object("zoo.lion").NAME == "Leo"
    assert import_object("zoo.lion.NAME") == "Leo"


def test_an_attribute_wins_over_a_submodule(write: Write) -> None:
    """As in `from zoo import lion`, the name in the package comes first."""
    write("lion.py", "NAME = 'Leo'\n")
    write("__init__.py", "lion = 5\n")
    assert import_object("zoo.lion") == 5
    assert import_object("zoo.lion.NAME") == "Leo"


@pytest.mark.parametrize("name", ["zebra_farm", "zebra_farm.a", "zebra_farm.a.b"])
def test_missing_top_module(name: str) -> None:
    """The first part is reported as missing on sys.path, whatever follows it."""
    with pytest.raises(
        ImportError, match=r"there is no module 'zebra_farm' on sys\.path"
    ) as caught:
        import_object(name)
    assert f"cannot import {name!r}" in str(caught.value)
    assert (caught.value.name, caught.value.path) == ("zebra_farm", None)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize("name", ["zoo.owl", "zoo.owl.wing", "zoo.owl.wing.tip"])
def test_missing_part_of_a_package(name: str, write: Write, tmp_path: Path) -> None:
    """The error says that it is the package, and which file that is, that lacks the part."""
    write("lion.py", "")
    with pytest.raises(ImportError, match=r"has no (attribute or )?submodule 'owl'") as caught:
        import_object(name)
    assert f"'zoo' ({tmp_path / 'zoo' / '__init__.py'})" in str(caught.value)
    assert ("attribute" in str(caught.value)) == (name == "zoo.owl")
    assert caught.value.name == "zoo.owl"
    assert caught.value.path == str(tmp_path / "zoo" / "__init__.py")


@pytest.mark.parametrize("name", ["zoo.lion.mane", "zoo.lion.mane.hair"])
def test_missing_part_of_a_module(name: str, write: Write, tmp_path: Path) -> None:
    """A module that is no package is named with its file too."""
    write("lion.py", "")
    with pytest.raises(ImportError, match=r"'zoo\.lion' \(.*\) has no .*'mane'") as caught:
        import_object(name)
    assert caught.value.name == "zoo.lion.mane"
    assert caught.value.path == str(tmp_path / "zoo" / "lion.py")


def test_missing_part_of_a_builtin_module() -> None:
    """A module without a file is named alone."""
    with pytest.raises(ImportError, match=r"'sys' \(no file\) has no attribute or submodule 'x'"):
        import_object("sys.x")


@pytest.mark.parametrize("name", ["zoo.lion", "zoo.lion.NAME"])
def test_error_inside_a_module_is_not_masked(name: str, write: Write) -> None:
    """A module that imports something missing fails with its own error, not with ours."""
    write("lion.py", "import zebra_farm\n")
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'zebra_farm'$") as caught:
        import_object(name)
    assert caught.value.name == "zebra_farm"


def test_other_errors_inside_a_module_are_not_masked(write: Write) -> None:
    """An ImportError of another kind and any other exception come through as they are."""
    write("lion.py", "from json import roar\n")
    write("bear.py", "1 / 0\n")
    with pytest.raises(ImportError, match="cannot import name 'roar' from 'json'"):
        import_object("zoo.lion.x")
    with pytest.raises(ZeroDivisionError):
        import_object("zoo.bear")


@pytest.mark.parametrize("name", ["", ".", ".a", "a.", "a..b"])
def test_malformed_names_are_value_errors(name: str) -> None:
    """An empty, relative or broken name is refused before anything is imported."""
    with pytest.raises(ValueError, match="absolute dotted name"):
        import_object(name)


def test_a_name_is_text() -> None:
    """Bytes are refused with a message of ours."""
    with pytest.raises(TypeError, match="dotted name as str, not b'os'"):
        cyclone_escape.import_object(b"os")  # type: ignore[arg-type]
