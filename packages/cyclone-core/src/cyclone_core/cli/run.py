"""`cyclone run`: a server in the foreground, with the options of `twistd cyclone`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

from cyclone_core.cli.options import OPTIONS, Settings, versions
from cyclone_core.cli.problems import UsageProblem

if TYPE_CHECKING:
    from twisted.logger import ILogObserver

    from cyclone_core.cli.bindings import Binding, Reactor

__all__ = ["main", "parse", "serve"]


class _Parser(argparse.ArgumentParser):
    """Reports a mistake as one line instead of the usage text and a line."""

    def error(self, message: str) -> NoReturn:
        """Report a wrong option.

        Args:
            message: What argparse found.

        Raises:
            UsageProblem: Always.
        """
        raise UsageProblem(f"{message}. `{self.prog} --help` lists all options.")


class _Versions(argparse.Action):
    """Prints the versions and ends; they are looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print and end.

        Args:
            parser: The parser that met the option.

        Raises:
            SystemExit: Always, with status 0.
        """
        print(versions())  # noqa: T201 -- a command line
        parser.exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="cyclone run",
        description="Serves a cyclone application over HTTP, HTTPS or a unix socket until Ctrl-C.",
    )
    parser.add_argument("file", nargs="?", metavar="FILE.py", help="file with an application")
    parser.add_argument(
        "--version", action=_Versions, nargs=0, help="show the versions of cyclone and Twisted"
    )
    for option in OPTIONS:
        short = [] if option.short is None else [f"-{option.short}"]
        default = "" if option.default is None else f" [default: {option.default}]"
        parser.add_argument(
            *short,
            f"--{option.name}",
            dest=option.name,
            default=option.default,
            metavar=option.metavar,
            help=option.help + default,
        )
    return parser


def parse(arguments: Sequence[str]) -> Settings:
    """Read the words after `cyclone run`.

    Args:
        arguments: The words.

    Returns:
        The checked settings.

    Raises:
        UsageProblem: If something is wrong with them.
        SystemExit: After --help and --version.
    """
    typed = vars(_parser().parse_args(arguments))
    return Settings.read(typed, typed.pop("file"))


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal comes.

    Args:
        arguments: The words after `cyclone run`.

    Returns:
        0, the exit status after a clean stop.

    Raises:
        Problem: If the start fails.
    """
    settings = parse(arguments)
    # Twisted is loaded only now, so that `cyclone --help` is quick.
    from cyclone_core.cli.plan import make_bindings

    bindings = make_bindings(settings, Path.cwd())
    # After the application: it may install the reactor it needs.
    from twisted.internet import reactor

    return serve(bindings, cast("Reactor", reactor))


def serve(bindings: "Sequence[Binding]", reactor: "Reactor") -> int:
    """Log to stdout as `twistd -n` does, open the ports and run the reactor.

    Args:
        bindings: The places to listen.
        reactor: The reactor to run.

    Returns:
        0, once the reactor has stopped.

    Raises:
        Problem: If a place cannot be opened.
    """
    from twisted.logger import Logger, globalLogBeginner, textFileLogObserver
    from twisted.python.reflect import qual

    from cyclone_core.cli.service import CycloneService

    globalLogBeginner.beginLoggingTo([cast("ILogObserver", textFileLogObserver(sys.stdout))])
    Logger(namespace="cyclone.cli").info(
        "{versions}; reactor class: {reactor}.",
        versions=", ".join(versions().splitlines()),
        reactor=qual(type(reactor)),
    )
    service = CycloneService(bindings, reactor)
    service.privilegedStartService()
    service.startService()
    service.reload_when_changed()
    reactor.run()
    return 0
