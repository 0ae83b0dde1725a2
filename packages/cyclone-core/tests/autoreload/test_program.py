"""Command lines of Python: how they are read, and how they are run once more."""

import json
import os
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.autoreload.program import Command, Program, twistd_pid_file

SCRIPT = Program("file", "script.py", ("-x", "y"))
MODULE = Program("module", "package.module", ("-x",))
CODE = Program("code", "print(1)", ("a",))


@pytest.mark.parametrize(
    ("words", "options", "program"),
    [
        ("script.py -x y", "", SCRIPT),
        ("-u script.py -x y", "-u", SCRIPT),
        ("-W error -X dev -B script.py -x y", "-W error -X dev -B", SCRIPT),
        ("-Werror -Xdev -bb script.py -x y", "-Werror -Xdev -bb", SCRIPT),
        ("-uW error script.py -x y", "-uW error", SCRIPT),
        ("--check-hash-based-pycs always -O script.py -x y", None, SCRIPT),
        ("-O -- script.py -x y", "-O", SCRIPT),
        ("-m package.module -x", "", MODULE),
        ("-mpackage.module -x", "", MODULE),
        ("-um package.module -x", "-u", MODULE),
        ("-O -umpackage.module -x", "-O -u", MODULE),
        ("-c print(1) a", "", CODE),
        ("-Ic print(1) a", "-I", CODE),
        ("", "", None),
        ("-", "", None),
        ("-i -", "-i", None),
        ("-u", "-u", None),
        ("-m", "", None),
    ],
)
def test_read(words: str, options: str | None, program: Program | None) -> None:
    """Python's options, alone and in one word, and what it is to run."""
    found = Command.read(words.split())
    if options is None:
        options = "--check-hash-based-pycs always -O"
    assert found == Command(tuple(options.split()), program)


_WORDS = st.sampled_from(
    ["-u", "-B", "-W", "ignore", "-Xdev", "-m", "-c", "-uBm", "-", "--", "a.py", "x", "-Wd", "-X"]
)


@given(st.lists(_WORDS, max_size=6))
def test_again_is_stable(words: list[str]) -> None:
    """What is run again is the same program, however often, and Python's options are kept."""
    command = Command.read(words)
    if command.program is None:
        with pytest.raises(ValueError, match="put it into a file"):
            command.again()
        return
    again = Command.read(command.again())
    assert again.options == command.options
    assert again.program is not None
    assert again.program.target == "cyclone_core.autoreload"
    assert Command.read(again.program.arguments).program == command.program
    assert Command.read(again.again()) == again


def test_again() -> None:
    """The wrapper stands between Python's options and the program."""
    words = ["-O", "-m", "package", "x"]
    assert Command.read(words).again() == [
        *("-O", "-m", "cyclone_core.autoreload"),
        *("-m", "package", "x"),
    ]


SHOW = """
import sys, json
print(json.dumps([sys.argv, sys.path[0], __name__, __file__ if "__file__" in globals() else None,
    sys.modules["__main__"].__dict__ is globals(), __package__, __spec__ is None]))
"""
RUN = """
import sys
from cyclone_core.autoreload.program import Command
Command.read(sys.argv[1:]).program.run()
"""


@pytest.mark.parametrize(
    ("safe", "words"),
    [
        ([], ["folder/show.py", "-a", "b"]),
        (["-P"], ["link.py"]),
        ([], ["link.py"]),
        ([], ["--", "-odd.py"]),
        ([], ["-m", "package", "-a"]),
        (["-P"], ["-m", "package.inner"]),
        ([], ["-c", SHOW, "a"]),
        ([], ["application"]),
        (["-P"], ["application.pyz", "x"]),
    ],
)
def test_run_as_python(safe: list[str], words: list[str], tmp_path: Path) -> None:
    """`sys.argv`, `sys.path` and the module are what they are when Python runs the program."""
    modules = tmp_path / "modules"
    for name, text in {
        "folder/show.py": SHOW,
        "-odd.py": SHOW,
        "application/__main__.py": SHOW,
        "modules/package/__init__.py": "",
        "modules/package/__main__.py": SHOW,
        "modules/package/inner.py": SHOW,
        "modules/runner.py": RUN,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "link.py").symlink_to(tmp_path / "folder" / "show.py")
    zipapp.create_archive(tmp_path / "application", tmp_path / "application.pyz")

    def output(*command: str) -> list[object]:
        ran = subprocess.run(  # noqa: S603 -- our own words
            [sys.executable, *safe, *command],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(modules)},
        )
        told: list[object] = json.loads(ran.stdout)
        return told

    ours, python = output("-m", "runner", *words), output(*words)
    if words[0].startswith("application"):
        # `runpy` tells a program of this kind its absolute path.
        assert ours[0] == [str(tmp_path / words[0]), *words[1:]]
        ours[0] = python[0]
    assert ours == python


def test_pid_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file in which twistd has noted this process is found, wherever the options say it is."""
    monkeypatch.chdir(tmp_path)
    own = Path("own.pid")
    own.write_text(f"{os.getpid()}\n", encoding="ascii")
    for words in ("--pidfile=own.pid", "--pidfile own.pid", "--pid=own.pid -n"):
        assert twistd_pid_file(["/usr/bin/twistd", *words.split()]) == own
    assert twistd_pid_file(["twistd", "-n"]) is None
    Path("twistd.pid").write_text(f"{os.getpid()}", encoding="ascii")
    assert twistd_pid_file(["twistd", "-n"]) == Path("twistd.pid")


@pytest.mark.parametrize("content", [b"1", b"\xff", b""])
def test_pid_file_of_another(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of another process is left alone, and so is a file of another program."""
    monkeypatch.chdir(tmp_path)
    Path("twistd.pid").write_bytes(content)
    assert twistd_pid_file(["twistd", "-n", "--pidfile"]) is None
    assert twistd_pid_file(["twistd", "-n"]) is None
    assert twistd_pid_file([]) is None
    Path("twistd.pid").write_bytes(str(os.getpid()).encode())
    assert twistd_pid_file(["server.py"]) is None
