"""`python -m cyclone_core.autoreload PROGRAM`: runs a program, and again whenever it changes.

Every program that is started again runs in here, however it was started first: so what it cannot be
replaced for any more, an exception on its way up, is waited for with its sockets open.
"""

import runpy
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Final

from cyclone_core.autoreload.changes import SETTLING, Changes
from cyclone_core.autoreload.process import Process
from cyclone_core.autoreload.program import Command, Program
from cyclone_core.autoreload.sockets import Open, listening
from cyclone_core.autoreload.telling import say

__all__ = ["Wrapper", "wait_for_change"]

_USAGE: Final = """\
usage: python -m cyclone_core.autoreload [--until-success] PROGRAM.py [arguments]
       python -m cyclone_core.autoreload [--until-success] -m MODULE [arguments]

Runs a program, and runs it again when one of its files has changed.

  --until-success  end when the program has ended with status 0
"""
_UNTIL_SUCCESS: Final = "--until-success"
_WRONG_USAGE: Final = 2
# 128 + SIGINT: what a shell reports for a program that Ctrl-C ended.
_INTERRUPTED: Final = 130

_INTERVAL: Final = 0.5

_GLOBAL_REACTOR: Final = "twisted.internet.reactor"


class Wrapper:
    """Runs one program.

    Args:
        process: The process.
        start: Begins to look for changes on a reactor.
        wait: Waits for a change and replaces the process.
    """

    def __init__(
        self,
        process: Process,
        start: Callable[[Any], object],
        wait: Callable[[], object],
    ) -> None:
        self._process = process
        self._start = start
        self._wait = wait
        self._is_up = False

    def main(self, words: Sequence[str]) -> None:
        """Run the program that a command line names.

        Args:
            words: The words behind `-m cyclone_core.autoreload`.

        Raises:
            SystemExit: The program has ended and is not to be run again, or there is none.
        """
        until_success = _UNTIL_SUCCESS in words[:1]
        command = Command.read(words[until_success:])
        program = command.program
        if program is None or command.options:
            asked = bool({"-h", "--help"}.intersection(words[:1]))
            say(_USAGE, sys.stdout if asked else sys.__stderr__)
            raise SystemExit(0 if asked else _WRONG_USAGE)
        self._process.sockets.offer(self._listened)
        status, failed = self._run(program)
        if self._is_last(failed=failed, until_success=until_success):
            raise SystemExit(status)
        self._watch_sources(program)
        how = f"has failed with status {status}" if failed else "has ended"
        say(f"The program {how}. It runs again when one of its files has changed.")
        try:
            self._wait()
        except KeyboardInterrupt:
            raise SystemExit(_INTERRUPTED) from None

    def _run(self, program: Program) -> tuple[object, bool]:
        """Run the program; returns its status, and whether it has failed."""
        try:
            program.run()
        except SystemExit as error:
            self._process.files.add_error(error)
            if isinstance(error.code, str):
                say(error.code)
                return 1, True
            return error.code, bool(error.code)
        except Exception as error:  # noqa: BLE001 -- whatever a program fails of
            self._process.files.add_error(error)
            shown = traceback.format_exception(error.with_traceback(_own(error.__traceback__)))
            say("".join(shown).rstrip())
            return 1, True
        return 0, False

    def _listened(self, reactor: Any) -> None:  # noqa: ANN401 -- mypy cannot read zope's interfaces
        reactor.callWhenRunning(self._running)
        if self._process.wrapped:
            self._start(reactor)

    def _running(self) -> None:
        self._is_up = True

    def _is_last(self, *, failed: bool, until_success: bool) -> bool:
        if not self._process.wrapped:
            # It came up and was ended, by whatever; or it did not, and that is what is waited for.
            return self._is_up or not failed
        # Who sends a signal to a server means the wrapper, too. (Before Twisted 22.10, it is not known.)
        signalled = getattr(sys.modules.get(_GLOBAL_REACTOR), "_exitSignal", None) is not None
        return signalled or (until_success and not failed)

    def _watch_sources(self, program: Program) -> None:
        """Watch the program itself: `runpy` leaves no module of it behind."""
        if program.kind == "file":
            self._process.files.add(program.target)
        elif program.kind == "module":
            try:
                spec = find_spec(program.target)
            except (ImportError, AttributeError, ValueError):
                return
            if spec is not None and spec.has_location and spec.origin is not None:
                self._process.files.add(spec.origin)


def wait_for_change(process: Process, sleep: Callable[[float], object] = time.sleep) -> None:
    """Wait without a reactor until files have changed, and replace the process.

    Args:
        process: The process. If it may not be replaced, this returns at once.
        sleep: Waits for some seconds.
    """
    objection = process.objection()
    if objection is not None:
        say(f"Changed files are not looked for: {objection}")
        return
    changes = Changes(process.files)
    while True:
        look = changes.look()
        for problem in look.problems:
            say(f"Not started: {problem}")
        if look.restart:
            say(f"Restarting: {', '.join(look.restart)} changed")
            process.restart(look.restart, _open_ports())
        sleep(SETTLING if look.settling else _INTERVAL)


def _open_ports() -> list[Open]:
    # None is open if there is no reactor, and asking for one would make it.
    reactor = sys.modules.get(_GLOBAL_REACTOR)
    return [] if reactor is None else listening(reactor)


def _own(trace: TracebackType | None) -> TracebackType | None:
    """Leave away the frames that are ours and those of `runpy`."""
    ours = {__file__, Program.run.__code__.co_filename, runpy.__file__, "<frozen runpy>"}
    while trace is not None and trace.tb_frame.f_code.co_filename in ours:
        trace = trace.tb_next
    return trace
