"""Files that were compressed beforehand: which there are, and which a client likes best."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.web.files.siblings import choose_coding, find_siblings

SUFFIXES = {"br": ".br", "gzip": ".gz"}
BOTH = ("br", "gzip")


@pytest.mark.parametrize(
    ("field", "coding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("gzip; q=0.9 , br ; Q = 0.8", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("*", "br"),
        ("*;q=0.5, br;q=0", "gzip"),
        ("gzip;q=0.001", "gzip"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("br;q=2, gzip;q=0.9", "gzip"),
        ("br;q=x, gzip", "gzip"),
        ("br;level=1, gzip", "gzip"),
        ("br;q=1.9, gzip", "gzip"),
    ],
)
def test_chosen(field: str, coding: str) -> None:
    """The coding with the highest weight is chosen, of equal ones the first that there is."""
    assert choose_coding(field, BOTH) == coding


@pytest.mark.parametrize(
    "field",
    [
        "",
        "deflate",
        "identity",
        "gzip;q=0",
        "*;q=0",
        "gzip;q=0, br;q=0.0, *",
        "identity;q=1, gzip;q=0.5, br;q=0.9",
        "gzip;q=, br;q=-1",
    ],
)
def test_original(field: str) -> None:
    """The original is sent if nothing else is liked, or it is liked best."""
    assert choose_coding(field, BOTH) is None


def test_one_coding() -> None:
    """Only what there is can be chosen."""
    assert choose_coding("br, gzip;q=0.1", ("gzip",)) == "gzip"
    assert choose_coding("br", ("gzip",)) is None


def test_long_field() -> None:
    """A long field is read like any other."""
    assert choose_coding(", ".join(["x" * 50] * 20) + ", gzip", BOTH) == "gzip"


@given(st.text(alphabet="gzipbr*;q=01., \t"))
def test_anything(field: str) -> None:
    """Whatever a client sends, what is chosen exists."""
    assert choose_coding(field, BOTH) in (None, *BOTH)


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A file."""
    path = tmp_path / "style.css"
    path.write_text("x")
    os.utime(path, (1000.5, 1000.5))
    return path


def sibling(original: Path, suffix: str, modified: float = 1000.5) -> Path:
    """Put a file beside another one."""
    path = original.with_name(original.name + suffix)
    path.write_text("y")
    os.utime(path, (modified, modified))
    return path


def test_found(original: Path) -> None:
    """Those that are there are found, the best one first."""
    assert find_siblings(str(original), 1000, SUFFIXES) == ()
    sibling(original, ".gz")
    assert find_siblings(str(original), 1000, SUFFIXES) == ("gzip",)
    sibling(original, ".br")
    assert find_siblings(str(original), 1000, SUFFIXES) == ("br", "gzip")


def test_older(original: Path) -> None:
    """One that is older than the original does not count, but for parts of a second."""
    sibling(original, ".gz", 1000.1)
    sibling(original, ".br", 999.9)
    assert find_siblings(str(original), 1000.5, SUFFIXES) == ("gzip",)


def test_directory(original: Path) -> None:
    """What is no file does not count."""
    original.with_name("style.css.gz").mkdir()
    assert find_siblings(str(original), 1000, SUFFIXES) == ()
