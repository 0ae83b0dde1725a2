"""Configuration files."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cyclone_core.options import Error
from cyclone_core.options.config import Configuration


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "app.conf"


def test_names(file: Path) -> None:
    """The file is executed as UTF-8, and its names are kept with the lines that assign them."""
    file.write_bytes(
        "\ufeffimport os.path\nport = 1\nif port:\n    port = 443\nuser: str = '李康'\n"
        "def later():\n    pass\nfor each in [1]: pass\n".encode()
    )
    found = Configuration(str(file))
    assert found.names["port"] == 443
    assert found.names["user"] == "李康"
    lines = {name: found.line_of(name) for name in ("os", "port", "user", "later", "each", "x")}
    assert lines == {"os": 1, "port": 4, "user": 5, "later": 6, "each": 8, "x": None}
    assert found.where(4) == f"{file}, line 4"
    assert found.where(None) == str(file)


def test_own_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`__file__` is the absolute path of the file, however it was named."""
    file.write_text("here = __file__")
    monkeypatch.chdir(file.parent)
    found = Configuration("app.conf")
    assert found.path == found.names["here"] == str(file)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a = 1\nb = = 2\n", ", line 2: invalid syntax"),
        (b"a = 1\n# caf\xe9\n", ", line 2: it is not UTF-8"),
        (b"a = 1\n\nb = 1 / 0\n", ", line 3: its code raises ZeroDivisionError: division by zero"),
        (b"import os\nos.stat('/nowhere/at/all')\n", ", line 2: its code raises FileNotFoundError"),
        (b"def f():\n  raise KeyError\nf()\n", ", line 2: its code raises KeyError"),
    ],
)
def test_wrong_file(file: Path, data: bytes, said: str) -> None:
    """What cannot be executed is an Error with file, line and the reason."""
    file.write_bytes(data)
    with pytest.raises(Error) as caught:
        Configuration(str(file))
    assert str(caught.value).startswith(f"{file}{said}")
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("text", ["a = 1\0", "a = " + "(" * 5000, "a = " + "-" * 200_000 + "1"])
def test_no_python(file: Path, text: str) -> None:
    """NUL bytes and what is nested too deeply are errors like any other."""
    file.write_text(text)
    with pytest.raises(Error, match=str(file)):
        Configuration(str(file))


def test_no_file(file: Path) -> None:
    """A file that is not there raises what opening it does."""
    with pytest.raises(FileNotFoundError):
        Configuration(str(file))


def test_end_is_wanted(file: Path) -> None:
    """A file may end the program."""
    file.write_text("raise SystemExit(3)")
    with pytest.raises(SystemExit):
        Configuration(str(file))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.binary() | st.text("ab=1 \n\"'()[]:#\\").map(str.encode))
def test_any_bytes(file: Path, data: bytes) -> None:
    """Any bytes are names or an Error."""
    file.write_bytes(data)
    error = None
    try:
        Configuration(str(file))
    except Error as raised:
        error = raised
    assert error is None or str(error).startswith(str(file))
