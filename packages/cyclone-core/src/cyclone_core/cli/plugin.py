"""`twistd cyclone`: the options and the service maker that the plugin names.

twistd has its own idea of exit statuses: 1 with the whole help text for a wrong option, a traceback
for a failed start, and always 1 from a daemon. So a mistake ends here, with one line and the status
of `cyclone run`, before twistd sees it. In the background everything that can be tried is tried
before the fork, because afterwards only status 1 reaches the shell.
"""

import getopt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from twisted.python import usage

from cyclone_core.cli.bindings import Binding, Reactor
from cyclone_core.cli.options import OPTIONS, Settings, versions
from cyclone_core.cli.plan import make_bindings
from cyclone_core.cli.problems import Problem, UsageProblem, complain
from cyclone_core.cli.service import CycloneService

__all__ = ["ForegroundService", "Options", "makeService"]


def _end(problem: Problem) -> NoReturn:
    complain(problem)
    raise SystemExit(problem.status)


class Options(usage.Options):
    """The options of `twistd cyclone`, read from the shared table."""

    synopsis = "[options] [FILE.py]"
    longdesc = "Serves a cyclone application over HTTP, HTTPS or a unix socket."
    optParameters = [  # noqa: RUF012 -- Twisted's way to declare options
        [option.name, option.short, option.default, option.help] for option in OPTIONS
    ]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.file: str | None = None
        self.parent: Any = None

    def opt_version(self) -> NoReturn:
        """Show the versions of cyclone and Twisted and exit."""
        print(versions())  # noqa: T201 -- a command line
        raise SystemExit(0)

    def parseArgs(self, file: str | None = None, *more: str) -> None:
        """Take the positional FILE.py.

        Args:
            file: Its path, or None.
            more: What may not follow it.

        Raises:
            UsageError: Something does.
        """
        if more:
            raise usage.UsageError(f"{more[0]!r} is one word too many behind {file}")
        self.file = file

    def parseOptions(  # noqa: N802 -- Twisted's name
        self, options: Sequence[str] | None = None
    ) -> None:
        """Read the options; a mistake ends the process with one line and status 2.

        Args:
            options: The words after `cyclone`.

        Raises:
            SystemExit: For a mistake, and after --help and --version.
        """
        try:
            super().parseOptions(  # type: ignore[no-untyped-call]
                self._file_last(list(options or []))
            )
        except usage.UsageError as error:
            _end(
                UsageProblem(
                    f"{str(error).rstrip('.')}. `twistd cyclone --help` lists all options."
                )
            )

    def _file_last(self, words: list[str]) -> list[str]:
        """Put FILE.py behind the options: Twisted reads none after the first other word."""
        try:
            pairs, rest = getopt.gnu_getopt(words, self.shortOpt, self.longOpt)
        except getopt.GetoptError as error:
            raise usage.UsageError(str(error)) from None
        takes_value = {name.removesuffix("=") for name in self.longOpt if name.endswith("=")}
        flat: list[str] = []
        for name, value in pairs:
            if name.startswith("--"):
                flat.append(f"{name}={value}" if name[2:] in takes_value else name)
            else:
                # All short options take a value. As one word, an empty one would take the next word.
                flat += [name, value]
        return [*flat, "--", *rest]


class ForegroundService(CycloneService):
    """The service of `twistd -n`: a failure is one line, and no pid file stays behind.

    Args:
        bindings: The places to listen.
        pid_file: What twistd has written by the time ports are opened, or "" for none.
        reactor: The reactor; the global one if None.
    """

    def __init__(
        self, bindings: Sequence[Binding], pid_file: str = "", reactor: Reactor | None = None
    ) -> None:
        super().__init__(bindings, reactor)
        self._pid_file = pid_file

    def privilegedStartService(self) -> None:
        """Open the ports.

        Raises:
            SystemExit: With the problem's status, if that fails.
        """
        try:
            super().privilegedStartService()
        except Problem as problem:
            if self._pid_file:
                Path(self._pid_file).unlink(missing_ok=True)
            _end(problem)

    def startService(self) -> None:
        """Go on with the open ports, and look for changed files where an application wants that."""
        super().startService()
        self.reload_when_changed()


def makeService(options: Options) -> CycloneService:
    """Make the service of a command line (Twisted: `IServiceMaker`).

    Args:
        options: The parsed options.

    Returns:
        A service that opens its ports when it is started with privileges.

    Raises:
        SystemExit: With one line on stderr, if the application cannot be found or made; in the
            background also if a port is taken.
    """
    twistd: Mapping[str, Any] = options.parent or {}
    background = "nodaemon" in twistd and not twistd["nodaemon"]
    try:
        bindings = make_bindings(Settings.read(options, options.file), _directory(twistd))
        # Below a chroot the files have other paths until twistd has gone there.
        if background and not twistd.get("chroot"):
            for binding in bindings:
                binding.probe()
    except Problem as problem:
        _end(problem)
    if background:
        return CycloneService(bindings)
    return ForegroundService(bindings, twistd.get("pidfile") or "")


def _directory(twistd: Mapping[str, Any]) -> Path:
    """Return the directory in which the process is going to work (--rundir, --chroot)."""
    rundir = twistd.get("rundir") or "."
    chroot = twistd.get("chroot")
    return Path(chroot, rundir.lstrip("/")).resolve() if chroot else Path(rundir).resolve()
