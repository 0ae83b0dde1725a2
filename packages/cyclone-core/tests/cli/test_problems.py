"""Problems: statuses and the one line."""

import sys

import pytest

from cyclone_core.cli.problems import (
    ApplicationProblem,
    PortInUse,
    Problem,
    UsageProblem,
    complain,
    one_line,
)
from cyclone_core.errors import CycloneError


def test_each_problem_has_its_exit_status() -> None:
    """Application 1, usage 2, port in use 3, and all of them are CycloneErrors."""
    statuses = [kind.status for kind in (ApplicationProblem, UsageProblem, PortInUse)]
    assert statuses == [1, 2, 3]
    assert issubclass(Problem, CycloneError)


def test_a_quoted_text_is_one_bounded_line() -> None:
    """Line breaks are folded, and what is too long is cut."""
    assert one_line("a\n  b\tc") == "a b c"
    assert one_line("x" * 300) == "x" * 300
    assert one_line("x" * 301) == "x" * 300 + "..."


def test_the_line_goes_to_the_terminal_although_stderr_is_redirected(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """complain() writes to the real stderr: twistd replaces sys.stderr by its log."""
    with capfd.disabled():
        redirected = sys.stderr
    monkeypatch.setattr(sys, "stderr", redirected)
    complain(UsageProblem("no such thing"))
    assert capfd.readouterr().err == "no such thing\n"


def test_without_a_terminal_the_line_goes_to_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was started without a stderr uses the stream that replaced it."""
    monkeypatch.setattr(sys, "__stderr__", None)
    complain(UsageProblem("no such thing"))
    assert capsys.readouterr().err == "no such thing\n"
