"""Why a start failed: one line for the user, one exit status for the shell.

```
Problem               never raised itself
├── UsageProblem        2  the command line names something impossible or missing
├── ApplicationProblem  1  the application, its certificate or its address cannot be used
└── PortInUse           3  somebody else listens there
```
"""

import sys
from typing import ClassVar

from cyclone_core.errors import CycloneError

__all__ = ["ApplicationProblem", "PortInUse", "Problem", "UsageProblem", "complain", "one_line"]

# A longer message wraps over so many lines of a terminal that nobody reads its end.
_LONGEST_QUOTE = 300


class Problem(CycloneError):  # noqa: N818 -- it is told to a person, who need not see "Error"
    """What keeps a server from starting, told in one line.

    Attributes:
        status: The exit status of the process.
    """

    status: ClassVar[int] = 1


class UsageProblem(Problem):
    """The command line is wrong: an option, a name or a file that is not there."""

    status = 2


class ApplicationProblem(Problem):
    """The application, a file it needs, or the address cannot be used."""

    status = 1


class PortInUse(Problem):
    """The port or the socket is taken by another process."""

    status = 3


def one_line(text: object) -> str:
    """Fold any text into one bounded line.

    Args:
        text: What is shown with `str`, for instance an exception.

    Returns:
        The text without line breaks and runs of blanks, cut to 300 characters.
    """
    folded = " ".join(str(text).split())
    return folded if len(folded) <= _LONGEST_QUOTE else folded[:_LONGEST_QUOTE] + "..."


def complain(problem: Problem) -> None:
    """Write the problem's one line to the terminal.

    Args:
        problem: What happened.
    """
    # Once twistd logs, sys.stderr is the log: the person who typed the command reads the real one.
    stream = sys.__stderr__ or sys.stderr
    stream.write(f"{problem}\n")
    stream.flush()
