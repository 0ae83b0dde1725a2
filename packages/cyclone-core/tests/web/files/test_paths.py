"""From paths in URLs to paths of files, as they are written."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.web import HTTPError
from cyclone_core.web.files.paths import absolute_path, check_inside, has_file_names, system_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.txt", "/srv/a.txt"),
        ("", "/srv"),
        ("sub/", "/srv/sub"),
        ("sub/../a.txt", "/srv/a.txt"),
        ("./a", "/srv/a"),
        ("a//b", "/srv/a/b"),
        ("...", "/srv/..."),
        ("..a", "/srv/..a"),
        ("/srv/a", "/srv/a"),
        ("~", "/srv/~"),
        ("a%2fb", "/srv/a%2fb"),
        ("console.js", "/srv/console.js"),
        ("a/nullable", "/srv/a/nullable"),
        ("com10", "/srv/com10"),
        ("x.con", "/srv/x.con"),
        ("x" * 300, "/srv/" + "x" * 300),
    ],
)
def test_inside(path: str, found: str) -> None:
    """A path below the directory is joined, and has no dots of its own any more."""
    assert absolute_path("/srv", path) == found


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../a",
        "a/../..",
        "../srv-private/a",
        "/etc/passwd",
        "//etc/passwd",
        "../" * 100 + "x",
    ],
)
def test_outside(path: str) -> None:
    """A path that leads out of the directory is refused."""
    with pytest.raises(HTTPError, match="is not in root static directory") as caught:
        absolute_path("/srv", path)
    assert caught.value.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "\0",
        "a\0.txt",
        "a\\b",
        "..\\a",
        "c:",
        "c:/windows",
        "a.txt:stream",
        "a.txt::$DATA",
        "con",
        "CON",
        "nul.txt",
        "sub/Aux.js",
        "sub/prn/a",
        "com1",
        "lpt9.x",
        "com\u00b9",
        "nul ",
        "nul .txt",
        "conin$",
        "CLOCK$",
    ],
)
def test_no_file_name(path: str) -> None:
    """What is the name of something else on some system is refused on each."""
    with pytest.raises(HTTPError, match="is not the name of a file") as caught:
        absolute_path("/srv", path)
    assert caught.value.status_code == 403


def test_relative_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative directory is meant from where the process is now."""
    monkeypatch.chdir(tmp_path)
    assert absolute_path("static", "a") == str(tmp_path / "static" / "a")
    monkeypatch.chdir("/")
    assert absolute_path("static", "a") == "/static/a"


def test_path_object() -> None:
    """The directory may be a `Path`."""
    assert absolute_path(Path("/srv"), "a") == "/srv/a"  # type: ignore[arg-type]


def test_whole_file_system() -> None:
    """The directory may be the root of all."""
    assert absolute_path("/", "etc/passwd") == "/etc/passwd"
    check_inside("/", "/etc", "etc")


def test_check() -> None:
    """A directory holds itself and what is below it, and no neighbour with a longer name."""
    check_inside("/srv/static", "/srv/static", "")
    check_inside("/srv/static/", "/srv/static/a", "a")
    for path in ("/srv", "/srv/static-private/a", "/"):
        with pytest.raises(HTTPError) as caught:
            check_inside("/srv/static", path, "shown")
        assert caught.value.get_message() == "shown is not in root static directory"


@given(st.text(alphabet="./a\\:\0cCoOnN", max_size=20))
def test_never_outside(path: str) -> None:
    """Whatever a client sends, the path is below the directory or is refused."""
    try:
        found = absolute_path("/srv", path)
    except HTTPError:
        return
    assert os.path.commonpath(["/srv", found]) == "/srv"


def test_other_separator() -> None:
    """On a system with another separator a path is written with it, and may not have it before."""
    assert system_path("a/b") == "a/b"
    assert system_path("a/b", "\\") == "a\\b"
    with pytest.raises(HTTPError):
        system_path("a\\b", "\\")
    assert has_file_names("a\\b", "\\")
    assert not has_file_names("a\\con", "\\")
