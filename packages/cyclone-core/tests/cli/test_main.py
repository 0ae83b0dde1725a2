"""The console script: commands and exit statuses."""

import subprocess
import sys
from types import ModuleType

import pytest

from cyclone_core.cli import main as cli
from cyclone_core.cli.problems import PortInUse


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Each spelling of help prints every command and ends with 0."""
    for word in ("--help", "-h", "help"):
        assert cli.main([word]) == 0
        assert "  run  serve an application in the foreground" in capsys.readouterr().out


def test_version_names_cyclone_and_twisted(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints both and ends with 0."""
    for word in ("--version", "-V"):
        assert cli.main([word]) == 0
        first, second = capsys.readouterr().out.splitlines()
        assert first.startswith("cyclone 2.")
        assert second.startswith("Twisted 2")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "No command is given. Commands: run; or --help.\n"),
        (["rum"], "There is no command 'rum'. Commands: run; or --help.\n"),
        (["run", "--bogus"], "unrecognized arguments: --bogus. `cyclone run --help` lists"),
    ],
)
def test_a_wrong_command_is_status_2(
    capfd: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """One line on stderr with the list of commands."""
    assert cli.main(words) == 2
    line = capfd.readouterr().err
    assert line.startswith(told)
    assert line.count("\n") == 1


def test_the_words_of_the_process_are_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The console script calls main() without arguments."""
    monkeypatch.setattr(sys, "argv", ["cyclone", "--version"])
    assert cli.main() == 0
    assert capsys.readouterr().out.startswith("cyclone 2.")


@pytest.mark.parametrize(
    ("outcome", "expected"), [(None, 0), (PortInUse("taken"), 3), (KeyboardInterrupt(), 130)]
)
def test_the_status_is_that_of_the_command(
    monkeypatch: pytest.MonkeyPatch, outcome: BaseException | None, expected: int
) -> None:
    """What a command returns, or the problem it raises; 130 when Ctrl-C came during the start."""
    heard: list[list[str]] = []

    def command(words: list[str]) -> int:
        heard.append(words)
        if outcome is not None:
            raise outcome
        return 0

    module = ModuleType("cyclone_core_test_command")
    vars(module)["main"] = command
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(cli.COMMANDS, "test", (module.__name__, "do as told"))
    assert cli.main(["test", "-x", "y"]) == expected
    assert heard == [["-x", "y"]]


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "--help"], ["nothing"]])
def test_help_imports_neither_twisted_nor_the_framework(words: list[str]) -> None:
    """The answer to a mistake comes at once."""
    code = (
        "import sys\n"
        "from cyclone_core.cli.main import main\n"
        f"try:\n    main({words!r})\n"
        "except SystemExit:\n    pass\n"
        "sys.exit(' '.join({'twisted', 'cyclone_core.web'} & set(sys.modules)) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)  # noqa: S603 -- our own words
